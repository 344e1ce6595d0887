//! `multipart/form-data`: some texts and one file, which is read as it comes.

mod incoming;

use std::collections::HashMap;

use axum::body::{Bytes, HttpBody};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};
use multer::{Field, Multipart};

use super::body::check_coding;
use crate::media::MediaError;
use crate::problem::Problem;
use incoming::{Handed, Incoming};

/// What the texts of a form, its boundaries and headers take beside the file.
const AROUND: u64 = 256 << 10;
/// Bytes of one text.
const TEXT: usize = 64 << 10;

/// Whether the request brings a form.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| {
            let essence = kind.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case("multipart/form-data")
        })
}

/// A form that is being read.
pub(super) struct Form {
    form: Multipart<'static>,
    /// What of it was handed on.
    handed: Handed,
    /// The texts that came so far.
    texts: HashMap<String, String>,
    /// Names of the texts that it may have.
    known: &'static [&'static str],
}

/// The file of a form.
pub(super) struct FilePart {
    /// As given.
    pub(super) name: String,
    pub(super) declared: Option<String>,
    field: Field<'static>,
    handed: Handed,
}

impl FilePart {
    /// Its bytes, as they come.
    pub(super) fn bytes(self) -> BoxStream<'static, Result<Bytes, MediaError>> {
        let next = |(mut field, handed): (Field<'static>, Handed)| async move {
            match field.chunk().await {
                Ok(Some(bytes)) => {
                    handed.on(&bytes);
                    Ok(Some((bytes, (field, handed))))
                }
                Ok(None) => Ok(None),
                Err(_) => Err(MediaError::BrokeOff),
            }
        };
        stream::try_unfold((self.field, self.handed), next).boxed()
    }
}

impl Form {
    /// Begins to read; the file may have `largest` bytes. A body that says that it is larger is refused
    /// before anything of it is read.
    pub(super) fn of(
        request: Request,
        largest: u64,
        known: &'static [&'static str],
    ) -> Result<Self, Problem> {
        check_coding(request.headers())?;
        let boundary = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .and_then(|kind| multer::parse_boundary(kind).ok())
            .ok_or_else(|| Problem::malformed("the Content-Type names no boundary of the form"))?;
        let declared = request.body().size_hint().lower();
        if declared > largest.saturating_add(AROUND) {
            return Err(Problem::file_too_large(largest));
        }
        let (bytes, handed) = Incoming::of(request.into_body(), AROUND);
        Ok(Self {
            form: Multipart::new(bytes, boundary),
            handed,
            texts: HashMap::new(),
            known,
        })
    }

    /// Reads texts until the file comes; `None` at the end.
    pub(super) async fn next_file(&mut self) -> Result<Option<FilePart>, Problem> {
        while let Some(field) = self.form.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "file" {
                return Ok(Some(FilePart {
                    name: field.file_name().unwrap_or_default().to_owned(),
                    declared: field.content_type().map(ToString::to_string),
                    field,
                    handed: self.handed.clone(),
                }));
            }
            if !self.known.contains(&name.as_str()) {
                let taken = self.known.join(", ");
                let detail = format!("is unknown; taken is file, {taken}");
                return Err(Problem::invalid(pointer(&name), detail));
            }
            let text = text(&name, field).await?;
            if self.texts.insert(name.clone(), text).is_some() {
                return Err(Problem::invalid(pointer(&name), "is there twice"));
            }
        }
        Ok(None)
    }

    /// A text that came so far.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }
}

fn pointer(name: &str) -> String {
    let cut = &name[..name.floor_char_boundary(64)];
    format!("/{}", cut.replace('~', "~0").replace('/', "~1"))
}

async fn text(name: &str, mut field: Field<'static>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        if bytes.len() + chunk.len() > TEXT {
            return Err(Problem::invalid(
                pointer(name),
                format!("has more than {TEXT} bytes"),
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| Problem::invalid(pointer(name), "is not UTF-8"))
}

fn broken(error: multer::Error) -> Problem {
    if let multer::Error::StreamReadFailed(why) = &error
        && why.is::<incoming::TooMuch>()
    {
        return Problem::form_too_large(AROUND);
    }
    Problem::malformed("the form broke off, or is not well-formed")
}
