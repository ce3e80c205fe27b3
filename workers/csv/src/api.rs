//! The HTTP side, for people and the web app: `POST /preview`, `PUT /uploads/{table}/{file}`, `GET /uploads`, for tokens with the scope
//! `upload`.

use bytes::Bytes;
use futures_util::future::join_all;
use living_kit::{Host, ObjectStore, ObjectWriter, Problem, QueryString, StoreError, percent_decoded};
use living_tables::Preview;
use serde::{Deserialize, Serialize};

use crate::{
    Converter, Record,
    config::Route,
    content::Content,
    failure::Failure,
    output,
    record::{self, State},
};

/// Bytes of a body that is previewed, at most: it's held whole. What is larger is put first, and previewed by its key.
pub(crate) const MAX_PREVIEWED_BODY: usize = 16 << 20;

/// Records in one answer.
const PAGE: usize = 50;

/// Longest name of a table or a file in a path, in bytes.
const MAX_NAME: usize = 255;

/// What the state of an upload says before its event has come.
const NOT_YET: &str = "its event has not come yet";

/// An upload to look at.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewRequest {
    bucket: Option<String>,
    key: String,
}

/// What would be read of a file.
#[derive(Debug, Serialize)]
pub(crate) struct PreviewAnswer {
    file: String,
    #[serde(flatten)]
    preview: Preview,
}

/// An upload that was put.
#[derive(Debug, Serialize)]
pub(crate) struct UploadAnswer<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) key: &'a str,
    pub(crate) source_table: String,
    pub(crate) etag: &'a str,
    pub(crate) size: u64,
    /// Where its state is told.
    pub(crate) status: String,
}

/// A page of uploads.
#[derive(Debug, Serialize)]
pub(crate) struct UploadList {
    uploads: Vec<Record>,
    /// There may be more: send the request again with this.
    cursor: Option<String>,
}

impl<S: ObjectStore + ObjectWriter, H: Host> Converter<S, H> {
    /// `POST /preview` with a file.
    pub(crate) async fn preview_body(&self, name: &str, body: Bytes) -> Result<PreviewAnswer, Problem> {
        preview(name, Content::<S>::Bytes(body)).await
    }

    /// `POST /preview` with the name of an upload.
    pub(crate) async fn preview_upload(&self, body: &[u8]) -> Result<PreviewAnswer, Problem> {
        let request: PreviewRequest =
            serde_json::from_slice(body).map_err(|error| Problem::bad_request(format!("body: {error}")))?;
        let (bucket, _) = self.route(request.bucket.as_deref(), &request.key)?;
        let head = self.store.head(bucket, &request.key).await.map_err(|error| unavailable(&error))?;
        let head = head.ok_or_else(|| no_upload(bucket, &request.key))?;
        let name = request.key.rsplit('/').next().unwrap_or_default();
        preview(name, Content::Object { store: &self.store, bucket, key: &request.key, head: &head }).await
    }

    /// Where `PUT /uploads/{table}/{file}` puts its body: bucket and key. `path`: what follows `/uploads/`.
    pub(crate) fn place(&self, path: &str) -> Result<(&Route, String), Problem> {
        let names = || Problem::bad_request("an upload's path is /uploads/{table}/{file}");
        let (table, file) = path.split_once('/').ok_or_else(names)?;
        let (table, file) = (name("table", table)?, name("file", file)?);
        let route = self.config.routes.first().ok_or_else(Problem::not_found)?;
        Ok((route, format!("{}{table}/{file}", route.prefix)))
    }

    /// `GET /uploads?key=`: what became of an upload.
    pub(crate) async fn status(&self, query: &QueryString, key: &str) -> Result<Record, Problem> {
        query.only(&["bucket", "key"])?;
        let (bucket, route) = self.route(query.get("bucket"), key)?;
        let head = self.store.head(bucket, key).await.map_err(|error| unavailable(&error))?;
        let head = head.ok_or_else(|| no_upload(bucket, key))?;
        let record = record::read(&self.store, route, bucket, key).await.map_err(|error| unavailable(&error))?;
        let is_current = |record: &Record| {
            record.etag == head.etag && (record.uploaded_at == head.uploaded_at || record.state.is_converted())
        };
        Ok(record.filter(is_current).unwrap_or_else(|| Record {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            source_table: output::source_table(route, key),
            etag: head.etag.clone(),
            size: head.size,
            uploaded_at: head.uploaded_at,
            build: self.build.clone(),
            at: head.uploaded_at,
            state: State::Waiting { reason: NOT_YET.to_owned() },
            written: Vec::new(),
        }))
    }

    /// `GET /uploads`: what became of uploads, by their keys; of those in one state only, if `state` says which.
    pub(crate) async fn list(&self, query: &QueryString) -> Result<UploadList, Problem> {
        query.only(&["bucket", "prefix", "state", "cursor"])?;
        let state = query.get("state");
        if let Some(state) = state.filter(|state| !State::NAMES.contains(state)) {
            let known = State::NAMES.join(", ");
            return Err(Problem::bad_request(format!("parameter \"state\": {state:?} is none; there are {known}")));
        }
        let (bucket, route) = self.route(query.get("bucket"), query.get("prefix").unwrap_or_default())?;
        let records = output::records_prefix(route, bucket);
        let prefix = format!("{records}{}", query.get("prefix").unwrap_or_default());
        let after = query.get("cursor").map(|after| format!("{records}{after}"));
        let keys = self.record_keys(route, &prefix, after.as_deref()).await.map_err(|error| unavailable(&error))?;
        let cursor = if keys.len() == PAGE { keys.last() } else { None };
        let cursor = cursor.and_then(|key| key.strip_prefix(&records)).map(str::to_owned);
        let read = keys.iter().map(|key| record::read_at(&self.store, &route.output_bucket, key));
        let mut uploads = Vec::new();
        for record in join_all(read).await {
            uploads.extend(record.map_err(|error| unavailable(&error))?);
        }
        uploads.retain(|upload: &Record| state.is_none_or(|state| upload.state.name() == state));
        Ok(UploadList { uploads, cursor })
    }

    /// Keys of a page of records, those that come after `after`.
    async fn record_keys(&self, route: &Route, prefix: &str, after: Option<&str>) -> Result<Vec<String>, StoreError> {
        let mut keys: Vec<String> = Vec::new();
        let mut cursor = None;
        loop {
            let page = self.store.list(&route.output_bucket, prefix, cursor).await?;
            let new = page
                .objects
                .into_iter()
                .map(|(key, _)| key)
                .filter(|key| after.is_none_or(|after| key.as_str() > after));
            keys.extend(new.take(PAGE - keys.len()));
            cursor = page.cursor;
            if cursor.is_none() || keys.len() == PAGE {
                return Ok(keys);
            }
        }
    }

    /// The bucket and the route of an upload; without a bucket that of the first route.
    fn route<'a>(&'a self, bucket: Option<&'a str>, key: &str) -> Result<(&'a str, &'a Route), Problem> {
        let first = self.config.routes.first().map(|route| route.bucket.as_str()).unwrap_or_default();
        let bucket = bucket.unwrap_or(first);
        let route = self.config.routes.find(bucket, key).ok_or_else(|| {
            Problem::new(404, "Not found", format!("no route takes uploads as {key:?} in the bucket {bucket:?}"))
        })?;
        Ok((bucket, route))
    }
}

async fn preview<S: ObjectStore>(name: &str, content: Content<'_, S>) -> Result<PreviewAnswer, Problem> {
    match content.survey().await {
        Ok(surveyed) => Ok(PreviewAnswer { file: name.to_owned(), preview: surveyed.preview().named_after(name) }),
        Err(Failure::Refused(reason)) => Err(Problem::new(422, "Not read", reason)),
        Err(failure @ Failure::Changed) => Err(Problem::new(409, "Conflict", failure.to_string())),
        Err(Failure::Passing(reason)) => Err(Problem::unavailable().because(reason)),
    }
}

/// A name in a path.
fn name(what: &str, text: &str) -> Result<String, Problem> {
    let wrong = |rule: &str| Problem::bad_request(format!("the name of the {what}, {text:?}, {rule}"));
    let name = percent_decoded(text).ok_or_else(|| wrong("is no percent-encoded UTF-8"))?;
    if name.is_empty() || name.len() > MAX_NAME {
        return Err(wrong("has to have 1 to 255 bytes"));
    }
    if name.starts_with('.') || name.contains(['/', '\\']) || name.chars().any(char::is_control) {
        return Err(wrong("begins with a dot, or has a slash or a control character in it"));
    }
    Ok(name)
}

fn no_upload(bucket: &str, key: &str) -> Problem {
    Problem::new(404, "Not found", format!("there is no upload {key:?} in the bucket {bucket:?}"))
}

fn unavailable(error: &StoreError) -> Problem {
    Problem::unavailable().because(format!("R2: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_a_path_are_plain() {
        assert_eq!(name("file", "a%20b.csv").unwrap(), "a b.csv");
        for wrong in ["", ".", "..", ".hidden", "a%2Fb", "a%5Cb", "a%00", "%ff", &"x".repeat(256)] {
            assert_eq!(name("file", wrong).unwrap_err().status, 400, "{wrong}");
        }
    }
}
