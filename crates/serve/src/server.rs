//! Connections on loopback: TLS, limits, and what becomes of each request.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WARNING};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::answer::Answer;
use crate::api::{Api, Request};
use crate::error::Error;
use crate::guard::{self, Refused, Token};
use crate::status::Status;

/// Connections at a time.
const CONNECTIONS: usize = 64;
/// Requests that are worked on at a time.
const AT_WORK: usize = 8;
/// A client has so long to say hello, and as long to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// What requests are answered with.
pub(crate) struct Server {
    listener: TcpListener,
    port: u16,
    shared: Arc<Shared>,
    tls: TlsAcceptor,
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
        tls: Arc<rustls::ServerConfig>,
        token: Token,
        api: Api,
        log: Option<crate::log::Log>,
    ) -> Result<Self, Error> {
        let address = listener.local_addr().map_err(|error| Error::new(error.to_string()))?;
        let shared = Shared { api, token, at_work: Semaphore::new(AT_WORK), log };
        Ok(Self { listener, port: address.port(), shared: Arc::new(shared), tls: tls.into() })
    }

    /// Takes connections for as long as it is polled.
    pub(crate) async fn run(&self) -> Infallible {
        let connections = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let Ok(permit) = Arc::clone(&connections).acquire_owned().await else { continue };
            let Ok((stream, _)) = self.listener.accept().await else {
                // out of descriptors: some are given back before long
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let (tls, shared, port) = (self.tls.clone(), Arc::clone(&self.shared), self.port);
            tokio::spawn(async move {
                let _permit = permit;
                let Ok(Ok(stream)) = timeout(PATIENCE, tls.accept(stream)).await else { return };
                let service = service_fn(|request| {
                    let shared = Arc::clone(&shared);
                    async move { Ok::<_, Infallible>(respond(&shared, port, request).await) }
                });
                let mut http = http1::Builder::new();
                http.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(64 << 10);
                let _ = http.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    }
}

async fn respond(shared: &Arc<Shared>, port: u16, request: hyper::Request<Incoming>) -> hyper::Response<Out> {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let is_head = head.method == Method::HEAD;
    let (method, path) = (head.method.clone(), head.uri.path().to_owned());
    let answer = match guard::check(&shared.token, &head.headers, port, target) {
        Err(refused) => refusal(refused, is_head),
        Ok(()) => work(shared, &head, body).await,
    };
    if let Some(log) = &shared.log {
        log.line(method.as_str(), &path, answer.code);
    }
    response(answer, is_head)
}

async fn work(shared: &Arc<Shared>, head: &hyper::http::request::Parts, _body: Incoming) -> Answer {
    let request = Request {
        method: head.method.clone(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        accept: head.headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).map(str::to_owned),
    };
    let Ok(_permit) = shared.at_work.acquire().await else { return Answer::text(503, "ending\n") };
    let shared = Arc::clone(shared);
    let answered = tokio::task::spawn_blocking(move || shared.api.answer(&request)).await;
    if artifact::map::any_fault() {
        return Answer::text(500, "assay-serve: the backup's file was cut off while it was served\n");
    }
    answered.unwrap_or_else(|_| Answer::text(500, "assay-serve: a request went wrong\n"))
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

fn response(answer: Answer, is_head: bool) -> hyper::Response<Out> {
    let Answer { code, content_type, body, warning } = answer;
    let length = body.len();
    let mut response = hyper::Response::new(Out(if is_head { None } else { Some(Bytes::from(body)) }));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    if is_head {
        headers.insert(hyper::header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    let warning = warning
        .and_then(|text| HeaderValue::from_str(&format!("299 assay \"{}\"", text.replace(['"', '\\'], "'"))).ok());
    if let Some(warning) = warning {
        headers.insert(WARNING, warning);
    }
    response
}

/// A body that is there.
struct Out(Option<Bytes>);

impl Body for Out {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().filter(|bytes| !bytes.is_empty()).map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
