//! Versions of objects in S3, and the delete markers on top of them. The client lists none: it signs the request, and its own
//! connection sends it, so that proxies, certificates and time limits are those of all other requests. It signs in a header: a
//! signature in an address would stand in the logs of whoever passes the request on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use object_store::ClientOptions;
use object_store::aws::{AmazonS3, AmazonS3ConfigKey, AwsAuthorizer};
use object_store::client::{HttpClient, HttpConnector, HttpRequest, HttpRequestBody, ReqwestConnector};
use object_store::path::Path;
use object_store::signer::{Method, Signer as _, Url};
use quick_xml_of_stores::de::from_str;
use serde::Deserialize;

use super::{Fault, PAUSES, quoted, s3, unmade};
use crate::address::Scheme;
use crate::error::Error;

/// A version of an object, or a delete marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    /// The key of its object.
    pub(crate) key: String,
    /// Its id; `null` where it was stored without one.
    pub(crate) id: String,
    /// As conditions have it; none of a delete marker.
    pub(crate) etag: Option<String>,
    /// Bytes; `None` of a delete marker, which is no version of bytes.
    pub(crate) size: Option<u64>,
    /// When it was stored, as the store tells.
    pub(crate) modified: String,
    /// Whether it lies on top: what a request without a version finds.
    pub(crate) is_latest: bool,
}

impl Version {
    /// Whether it is a delete marker.
    pub(crate) fn is_marker(&self) -> bool {
        self.size.is_none()
    }
}

/// What lies on top of each key.
pub(crate) fn tops(versions: &[Version]) -> HashMap<&str, &Version> {
    versions.iter().filter(|it| it.is_latest).map(|it| (it.key.as_str(), it)).collect()
}

/// Every version of every object below a prefix, and every delete marker.
pub(crate) async fn list(bucket: &str, prefix: &str, retries: usize) -> Result<Vec<Version>, Error> {
    let (kept, builder) = (Kept::default(), s3(bucket, retries));
    let asked = |key| builder.get_config_value(&key);
    let region = asked(AmazonS3ConfigKey::Region).unwrap_or_else(|| "us-east-1".to_owned()); // as the client has it
    let pays = asked(AmazonS3ConfigKey::RequestPayer).is_some_and(|pays| pays == "true");
    let store = builder.with_http_connector(kept.clone()).build();
    let store = store.map_err(|error| unmade(Scheme::S3, bucket, &error))?;
    let client = kept.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    let client = client.ok_or_else(|| Error::new(format!("s3://{bucket}: no client for it")))?;
    let listed = async {
        let place = place(&store).await?;
        Bucket { store, place, region, pays, client, retries }.list(prefix).await
    };
    listed.await.map_err(|fault| {
        let is_refused = matches!(fault, Fault::Refused(_));
        let error = fault.into_error(&format!("s3://{bucket}/{prefix}: list versions"));
        let rights = "`--versions` needs s3:ListBucketVersions on the bucket, and s3:GetObjectVersion to judge";
        if is_refused { error.hinted(rights) } else { error }
    })
}

/// Keeps the connection that a client makes.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Option<HttpClient>>>);

impl HttpConnector for Kept {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = ReqwestConnector::default().connect(options)?;
        // that of the bucket is made after those that fetch credentials: the last is kept
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(client.clone());
        Ok(client)
    }
}

/// Where a bucket is, by the rules of its client, which tells it with a signature alone: that is taken off.
async fn place(store: &AmazonS3) -> Result<Url, Fault> {
    let signed = store.signed_url(Method::GET, &Path::default(), Duration::from_secs(1)).await;
    let mut url = signed.map_err(|error| Fault::of(&error))?;
    url.set_query(None);
    Ok(url)
}

/// The query of a request, each name and value encoded as signatures are made over it.
fn query(pairs: &[(&str, &str)]) -> String {
    let encoded = |text: &str| -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        text.bytes().map(one).collect()
    };
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    pairs.join("&")
}

struct Bucket {
    store: AmazonS3,
    place: Url,
    region: String,
    pays: bool,
    client: HttpClient,
    retries: usize,
}

impl Bucket {
    async fn list(&self, prefix: &str) -> Result<Vec<Version>, Fault> {
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let mut found = Vec::new();
        let mut after: Option<(String, String)> = None;
        loop {
            let page = self.page(&prefix, after.as_ref()).await?;
            let next = page.next();
            found.extend(page.versions());
            if next.is_none() {
                return Ok(found);
            }
            if next == after {
                return Err(Fault::Unavailable("a page that leads to itself".to_owned()));
            }
            after = next;
        }
    }

    async fn page(&self, prefix: &str, after: Option<&(String, String)>) -> Result<Page, Fault> {
        let mut pairs = vec![("versions", ""), ("prefix", prefix)];
        if let Some((key, version)) = after {
            pairs.push(("key-marker", key));
            if !version.is_empty() {
                pairs.push(("version-id-marker", version));
            }
        }
        let body = self.ask(&self::query(&pairs)).await?;
        // a store that knows no versions passes over the question, and lists objects
        let page = body.contains("<ListVersionsResult").then(|| from_str(&body).ok()).flatten();
        page.ok_or_else(|| Fault::Refused("its answer lists no versions".to_owned()))
    }

    /// Asks, and again where the store was not ready.
    async fn ask(&self, query: &str) -> Result<String, Fault> {
        let mut pause = PAUSES.0;
        for _ in 0..self.retries {
            match self.once(query).await {
                Err(Fault::Unavailable(_)) => {}
                answer => return answer,
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(PAUSES.1);
        }
        self.once(query).await
    }

    async fn once(&self, query: &str) -> Result<String, Fault> {
        let mut url = self.place.clone();
        url.set_query(Some(query));
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.uri_mut() = url.as_str().parse().map_err(|_| Fault::Refused("no address".to_owned()))?;
        let fault = |error: object_store::Error| Fault::of(&error);
        let credential = self.store.credentials().get_credential().await.map_err(fault)?;
        let signer = AwsAuthorizer::new(&credential, "s3", &self.region).with_request_payer(self.pays);
        signer.try_authorize(&mut request, None).map_err(fault)?;
        let unheard = |_| Fault::Unavailable("no answer".to_owned());
        let answer = self.client.execute(request).await.map_err(unheard)?;
        let status = answer.status();
        let body = answer.into_body().bytes().await.map_err(unheard)?;
        let body = String::from_utf8_lossy(&body).into_owned();
        if status.is_success() { Ok(body) } else { Err(Fault::answered(status.as_u16(), &body)) }
    }
}

/// A page of the answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    is_truncated: bool,
    next_key_marker: Option<String>,
    next_version_id_marker: Option<String>,
    #[serde(default)]
    version: Vec<Entry>,
    #[serde(default)]
    delete_marker: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    key: String,
    version_id: String,
    is_latest: bool,
    last_modified: String,
    #[serde(rename = "ETag")]
    etag: Option<String>,
    size: Option<u64>,
}

impl Page {
    /// What the next page comes after.
    fn next(&self) -> Option<(String, String)> {
        let key = self.next_key_marker.clone().filter(|_| self.is_truncated)?;
        Some((key, self.next_version_id_marker.clone().unwrap_or_default()))
    }

    fn versions(self) -> impl Iterator<Item = Version> {
        let version = |entry: Entry, size: Option<u64>| Version {
            key: entry.key,
            id: entry.version_id,
            etag: entry.etag.as_deref().map(quoted),
            size,
            modified: entry.last_modified,
            is_latest: entry.is_latest,
        };
        let of_bytes = self.version.into_iter().map(move |it| {
            let size = it.size.unwrap_or(0);
            version(it, Some(size))
        });
        of_bytes.chain(self.delete_marker.into_iter().map(move |it| version(it, None)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix/><KeyMarker/>
<MaxKeys>4</MaxKeys><IsTruncated>true</IsTruncated><NextKeyMarker>a &amp; b/c.db</NextKeyMarker>
<NextVersionIdMarker>V2</NextVersionIdMarker>
<Version><Key>a &amp; b/c.db</Key><VersionId>V3</VersionId><IsLatest>true</IsLatest>
<LastModified>2026-11-29T11:00:00.000Z</LastModified><ETag>&quot;d-2&quot;</ETag><Size>7</Size>
<Owner><ID>x</ID></Owner><StorageClass>STANDARD</StorageClass></Version>
<DeleteMarker><Key>gone.db</Key><VersionId>M1</VersionId><IsLatest>true</IsLatest>
<LastModified>2026-11-29T11:00:00.000Z</LastModified><Owner><ID>x</ID></Owner></DeleteMarker>
<Version><Key>gone.db</Key><VersionId>null</VersionId><IsLatest>false</IsLatest>
<LastModified>2026-11-28T11:00:00.000Z</LastModified><ETag>0x8D</ETag><Size>0</Size></Version>
</ListVersionsResult>"#;

    #[test]
    fn a_page_tells_versions_and_delete_markers_and_what_comes_after() {
        let page: Page = from_str(PAGE).unwrap();
        assert_eq!(page.next(), Some(("a & b/c.db".to_owned(), "V2".to_owned())));
        let found: Vec<Version> = page.versions().collect();
        let told: Vec<_> = found
            .iter()
            .map(|it| (it.key.as_str(), it.id.as_str(), it.etag.as_deref(), it.size, it.is_latest))
            .collect();
        assert_eq!(
            told,
            [
                ("a & b/c.db", "V3", Some("\"d-2\""), Some(7), true),
                ("gone.db", "null", Some("\"0x8D\""), Some(0), false),
                ("gone.db", "M1", None, None, true),
            ]
        );
        assert!(tops(&found)["gone.db"].is_marker());
        let last: Page = from_str(&PAGE.replace(">true</IsTruncated>", ">false</IsTruncated>")).unwrap();
        assert_eq!(last.next(), None);
    }

    #[test]
    fn a_query_is_encoded_as_it_is_signed() {
        assert_eq!(query(&[("versions", ""), ("prefix", "a b+c/é")]), "versions=&prefix=a%20b%2Bc%2F%C3%A9");
    }
}
