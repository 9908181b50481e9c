use artifact::Reading;
use assay::Question;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::{Instant, advance};

use super::*;
use crate::source::Source;
use crate::world::Showing;

/// Runs on a clock that stands still, and jumps to the next moment that somebody waits for.
fn virtually(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(test);
}

fn shared() -> Arc<Shared> {
    let question = Question::at(Timestamp::UNIX_EPOCH);
    let opened = Source::open(&fixtures::named("plain-etcd34").snapshot(), &Reading::default(), &question);
    let source: &'static Source = Box::leak(Box::new(opened.unwrap_or_else(|error| panic!("{error}"))));
    let api = Api::new(vec![source], Showing { reveal: false, ages_to_now: false });
    Arc::new(Shared { api, token: Token::new().unwrap(), at_work: Semaphore::new(AT_WORK), log: None })
}

/// A client, and how long it waits for the end of its connection, on that clock.
struct Client(DuplexStream);

impl Client {
    fn of(shared: &Arc<Shared>, way: Way) -> Self {
        let (own, other) = duplex(1 << 20);
        tokio::spawn(converse(other, Arc::clone(shared), way));
        Self(own)
    }

    async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Asks for what is answered without a backup: 404.
    async fn ask(&mut self) {
        self.say("GET /nosuch HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    }

    async fn hear(&mut self) -> String {
        let mut said = Vec::new();
        while !said.ends_with(b"404 page not found\n") {
            assert!(self.0.read_buf(&mut said).await.unwrap() > 0, "{}", String::from_utf8_lossy(&said));
        }
        String::from_utf8(said).unwrap()
    }

    async fn end(mut self) -> (String, Duration) {
        let (began, mut said) = (Instant::now(), Vec::new());
        let _ = self.0.read_to_end(&mut said).await;
        (String::from_utf8(said).unwrap(), began.elapsed())
    }
}

/// On this clock nothing takes time but waiting.
fn about(waited: Duration, limit: Duration) -> bool {
    (limit..limit + Duration::from_secs(1)).contains(&waited)
}

#[test]
fn who_says_nothing_or_half_of_it_is_not_waited_for() {
    let shared = shared();
    virtually(async {
        for half in ["", "GET /nosuch HTTP/1.1\r\nHost: "] {
            let mut client = Client::of(&shared, Way::Socket);
            client.say(half).await;
            let (said, waited) = client.end().await;
            assert!(said.is_empty() && about(waited, PATIENCE), "{half}: {said} {waited:?}");
        }
    });
}

#[test]
fn who_was_answered_may_be_silent_for_a_minute() {
    let shared = shared();
    virtually(async {
        let mut client = Client::of(&shared, Way::Socket);
        for _ in 0..3 {
            client.ask().await;
            client.hear().await;
            advance(IDLE - Duration::from_secs(1)).await;
        }
        client.ask().await;
        client.hear().await;
        let (said, waited) = client.end().await;
        assert!(said.is_empty() && about(waited, IDLE), "{said} {waited:?}");
    });
}

#[test]
fn who_has_no_token_holds_no_connection() {
    let shared = shared();
    virtually(async {
        let mut client = Client::of(&shared, Way::Loopback(1));
        client.ask().await;
        let (said, waited) = client.end().await;
        assert!(said.starts_with("HTTP/1.1 401 ") && about(waited, Duration::ZERO), "{said} {waited:?}");
    });
}

#[test]
fn eight_requests_are_worked_on_and_the_others_wait() {
    let shared = shared();
    assert_eq!((AT_WORK, CONNECTIONS), (8, 64));
    virtually(async {
        let held = shared.at_work.acquire_many(8).await.unwrap();
        let mut client = Client::of(&shared, Way::Socket);
        client.ask().await;
        assert!(timeout(Duration::from_secs(3600), client.hear()).await.is_err());
        drop(held);
        client.hear().await;
        assert_eq!(shared.at_work.available_permits(), 8);
    });
}

#[test]
fn heads_and_bodies_end() {
    let shared = shared();
    virtually(async {
        let mut client = Client::of(&shared, Way::Socket);
        let large = "x".repeat(LARGEST_HEAD + 1);
        client.say(&format!("GET / HTTP/1.1\r\nHost: localhost\r\nA: {large}\r\n\r\n")).await;
        let (said, _) = client.end().await;
        assert!(said.starts_with("HTTP/1.1 431 "), "{said}");
        let mut client = Client::of(&shared, Way::Socket);
        client.say("POST /nosuch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{").await;
        let (said, waited) = client.end().await;
        assert!(said.starts_with("HTTP/1.1 408 ") && waited >= PATIENCE_FOR_BODIES, "{said} {waited:?}");
    });
}
