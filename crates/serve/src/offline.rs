//! The same answers without a connection: for fuzz targets and whoever measures.

use std::path::Path;

use artifact::Reading;
use assay::Question;
use hyper::Method;
use jiff::Timestamp;

use crate::api::{Api, Reply};
use crate::request::Request;
use crate::source::Source;
use crate::world::Showing;

/// A backup that answers in this process, to whoever has it.
pub struct Offline {
    api: Api,
    id: String,
}

impl Offline {
    /// Opens a snapshot, for as long as the process lives.
    ///
    /// # Errors
    /// Where it cannot be read, in words.
    pub fn open(path: &Path) -> Result<Self, String> {
        let question = Question::at(Timestamp::UNIX_EPOCH);
        let source = Source::open(path, &Reading::default(), &question).map_err(|error| error.to_string())?;
        let id = source.id.clone();
        let source: &'static Source = Box::leak(Box::new(source));
        let api = Api::new(vec![source], Showing { reveal: false, ages_to_now: false });
        Ok(Self { api, id })
    }

    /// The code and the body of the answer to a request; of a watch, all events that there are. The path is one below the
    /// backup's own, with its query.
    pub fn answer(&self, method: &str, path: &str, accept: &str, content_type: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let Ok(method) = Method::from_bytes(method.as_bytes()) else { return (400, Vec::new()) };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            method,
            path: format!("/{}{path}", self.id),
            query: query.to_owned(),
            accept: Some(accept.to_owned()),
            content_type: Some(content_type.to_owned()),
            impersonated: None,
            body: body.to_vec(),
        };
        match self.api.answer(&request) {
            Reply::Whole(answer) => (answer.code, answer.body),
            Reply::Watch(watch) => {
                let mut events = Vec::new();
                watch.run(&mut |event| {
                    events.extend(event);
                    true
                });
                (200, events)
            }
        }
    }
}
