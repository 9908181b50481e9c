//! Connections on loopback: TLS, limits, and what becomes of each request.

use std::convert::Infallible;
use std::future::{Future as _, poll_fn};
use std::io;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{ACCEPT, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, WARNING};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::answer::Answer;
use crate::api::{Api, Reply};
use crate::error::Error;
use crate::guard::{self, Refused, Token, Way};
use crate::request::{Request, User};
use crate::socket::Socket;
use crate::status::Status;
use crate::watch::Watch;

/// Connections at a time.
const CONNECTIONS: usize = 64;
/// Requests that are worked on at a time.
const AT_WORK: usize = 8;
/// The largest body, in bytes, and how long one may take.
const LARGEST_BODY: usize = 3 << 20;
const PATIENCE_FOR_BODIES: Duration = Duration::from_secs(30);
/// Events of a watch that wait for their client.
const EVENTS: usize = 64;
/// A client has so long to say hello, and as long to say what it wants first.
const PATIENCE: Duration = Duration::from_secs(5);
/// One that was answered may be silent for so long before it asks again.
const IDLE: Duration = Duration::from_secs(60);
/// The most that the head of a request may hold, in bytes.
const LARGEST_HEAD: usize = 64 << 10;

/// What requests are answered with.
pub(crate) struct Server {
    listener: TcpListener,
    socket: Option<Socket>,
    port: u16,
    shared: Arc<Shared>,
    tls: TlsAcceptor,
}

/// A connection that came in.
enum Came {
    Tcp(TcpStream),
    Socket(UnixStream),
}

struct Shared {
    api: Api,
    token: Token,
    at_work: Semaphore,
    log: Option<crate::log::Log>,
}

impl Server {
    /// Listens on loopback, nowhere else.
    pub(crate) async fn bind(port: u16) -> Result<TcpListener, Error> {
        let failed = |error| Error::new(format!("127.0.0.1:{port}: {error}"));
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)
    }

    /// Answers for `api` whoever has the token.
    pub(crate) fn new(
        listener: TcpListener,
        socket: Option<Socket>,
        tls: Arc<rustls::ServerConfig>,
        token: Token,
        api: Api,
        log: Option<crate::log::Log>,
    ) -> Result<Self, Error> {
        let address = listener.local_addr().map_err(|error| Error::new(error.to_string()))?;
        let shared = Shared { api, token, at_work: Semaphore::new(AT_WORK), log };
        Ok(Self { listener, socket, port: address.port(), shared: Arc::new(shared), tls: tls.into() })
    }

    async fn accept(&self) -> io::Result<Came> {
        let of_socket = async {
            match &self.socket {
                Some(socket) => socket.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            tcp = self.listener.accept() => tcp.map(|(stream, _)| Came::Tcp(stream)),
            stream = of_socket => stream.map(Came::Socket),
        }
    }

    /// Takes connections for as long as it is polled.
    pub(crate) async fn run(&self) -> Infallible {
        let connections = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let Ok(permit) = Arc::clone(&connections).acquire_owned().await else { continue };
            let Ok(came) = self.accept().await else {
                // out of descriptors: some are given back before long
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let shared = Arc::clone(&self.shared);
            match came {
                Came::Tcp(stream) => {
                    tokio::spawn(over_tls(stream, self.tls.clone(), shared, self.port, permit));
                }
                Came::Socket(stream) => {
                    tokio::spawn(async move {
                        let _permit = permit;
                        converse(stream, shared, Way::Socket).await;
                    });
                }
            }
        }
    }
}

async fn over_tls(stream: TcpStream, tls: TlsAcceptor, shared: Arc<Shared>, port: u16, _permit: OwnedSemaphorePermit) {
    // an answer is written in several pieces, and none is to wait for the client's word of the one before
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = timeout(PATIENCE, tls.accept(stream)).await else { return };
    converse(stream, shared, Way::Loopback(port)).await;
}

/// Answers one request after the other, until the client ends, or says nothing for too long.
async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Shared>, way: Way) {
    let asked = Notify::new();
    let service = service_fn(|request| {
        asked.notify_one();
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(respond(&shared, way, request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(IDLE).max_header_size(LARGEST_HEAD).max_buf_size(LARGEST_HEAD);
    let silence = async {
        if timeout(PATIENCE, asked.notified()).await.is_ok() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        _ = http.serve_connection(TokioIo::new(stream), service) => {}
        () = silence => {}
    }
}

async fn respond(shared: &Arc<Shared>, way: Way, request: hyper::Request<Incoming>) -> hyper::Response<Out> {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let is_head = head.method == Method::HEAD;
    let (method, path) = (head.method.clone(), head.uri.path().to_owned());
    let checked = guard::check(&shared.token, &head.headers, way, target);
    let reply = match checked {
        Err(refused) => Reply::Whole(refusal(refused, is_head)),
        Ok(()) => work(shared, &head, body).await,
    };
    let mut response = match reply {
        Reply::Whole(answer) => whole(answer, is_head),
        Reply::Watch(watch) => events(watch),
    };
    if checked == Err(Refused::Token) {
        // who has no token holds no connection
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(log) = &shared.log {
        log.line(method.as_str(), &path, response.status().as_u16());
    }
    response
}

async fn work(shared: &Arc<Shared>, head: &hyper::http::request::Parts, body: Incoming) -> Reply {
    let body = match head.method {
        Method::POST | Method::PATCH => match timeout(PATIENCE_FOR_BODIES, taken(body)).await {
            Ok(Some(body)) => body,
            Ok(None) => return Reply::Whole(Status::too_large(LARGEST_BODY).into()),
            Err(_) => return Reply::Whole(Answer::text(408, "the body did not come\n")),
        },
        _ => Vec::new(),
    };
    let request = Request {
        method: head.method.clone(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        accept: head.headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).map(str::to_owned),
        content_type: head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(without_parameters),
        impersonated: impersonated(&head.headers),
        body,
    };
    let plain = |code, text| Reply::Whole(Answer::text(code, text));
    let Ok(_permit) = shared.at_work.acquire().await else { return plain(503, "ending\n") };
    let shared = Arc::clone(shared);
    let answered = tokio::task::spawn_blocking(move || shared.api.answer(&request)).await;
    if artifact::map::any_fault() {
        return plain(500, "assay-serve: the backup's file was cut off while it was served\n");
    }
    answered.unwrap_or_else(|_| plain(500, "assay-serve: a request went wrong\n"))
}

/// A body, as long as it is no larger than any client's.
async fn taken(mut body: Incoming) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        if bytes.len() + data.len() > LARGEST_BODY {
            return None;
        }
        bytes.extend_from_slice(&data);
    }
    Some(bytes)
}

fn without_parameters(kind: &str) -> String {
    kind.split(';').next().unwrap_or_default().trim().to_owned()
}

/// For whom a client asks: `Impersonate-User`, `Impersonate-Group`.
fn impersonated(headers: &HeaderMap) -> Option<User> {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let name = headers.get("impersonate-user").and_then(text)?;
    Some(User { name, groups: headers.get_all("impersonate-group").iter().filter_map(text).collect() })
}

/// A response whose events come as the client takes them. It is no work while there are none.
fn events(watch: Box<Watch>) -> hyper::Response<Out> {
    let (sender, receiver) = mpsc::channel(EVENTS);
    let (end, warnings) = (Box::pin(tokio::time::sleep(watch.lasts)), watch.warnings());
    tokio::task::spawn_blocking(move || watch.run(&mut |event| sender.blocking_send(Bytes::from(event)).is_ok()));
    let mut response = hyper::Response::new(Out::Events(receiver, end));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(crate::answer::JSON));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    warn(headers, &warnings);
    response
}

fn refusal(refused: Refused, is_head: bool) -> Answer {
    match refused {
        // `oc login` takes a body for an answer that it did not ask for
        Refused::Token if is_head => Answer::of(401, crate::answer::JSON, Vec::new()),
        Refused::Token => Status::unauthorized().into(),
        Refused::Host => Status::refused(421, "assay-serve answers to 127.0.0.1 and localhost alone").into(),
        Refused::Origin => Status::refused(403, "assay-serve answers no web page").into(),
        Refused::TooLong => Status::refused(414, "the path is too long").into(),
    }
}

fn whole(answer: Answer, is_head: bool) -> hyper::Response<Out> {
    let Answer { code, content_type, body, warnings } = answer;
    let length = body.len();
    let mut response = hyper::Response::new(Out::Whole((!is_head).then(|| Bytes::from(body))));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    if is_head {
        headers.insert(hyper::header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    warn(headers, &warnings);
    response
}

/// Says what a client should say: kubectl and oc do, on standard error.
fn warn(headers: &mut HeaderMap, warnings: &[String]) {
    for text in warnings {
        let text = format!("299 assay \"{}\"", text.replace(['"', '\\'], "'"));
        if let Ok(warning) = HeaderValue::from_str(&text) {
            headers.append(WARNING, warning);
        }
    }
}

/// A body.
enum Out {
    /// That is there.
    Whole(Option<Bytes>),
    /// That comes event by event, and stays open until a time.
    Events(mpsc::Receiver<Bytes>, Pin<Box<Sleep>>),
}

impl Body for Out {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = match self.get_mut() {
            Self::Whole(bytes) => bytes.take().filter(|bytes| !bytes.is_empty()),
            Self::Events(events, end) => match (events.poll_recv(context), end.as_mut().poll(context)) {
                (Poll::Ready(Some(event)), _) => Some(event),
                (_, Poll::Ready(())) => None,
                (_, Poll::Pending) => return Poll::Pending,
            },
        };
        Poll::Ready(next.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.as_ref().is_none_or(Bytes::is_empty))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Events(..) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests;
