//! Files: forms that carry one, and what is downloaded.

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder};

use super::{Answer, Client, Room, contract};

/// A form, built byte by byte: tests send what no library would.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form(Vec<u8>);

/// A picture that a phone made: lies on its side, and says where it was taken.
pub(crate) const PHOTO: &[u8] = include_bytes!("../files/photo.jpg");

/// What ends a part of a form.
const BOUNDARY: &str = "----orderchat-test-boundary";

impl Form {
    /// A form with this file.
    pub(crate) fn file(name: &str, kind: &str, bytes: &[u8]) -> Self {
        Self::default().with_file(name, kind, bytes)
    }

    /// A photo that proves a delivery.
    pub(crate) fn proof() -> Self {
        let purpose = Self::default().with("purpose", "proof");
        purpose.with_file("door.jpg", "image/jpeg", PHOTO)
    }

    pub(crate) fn with_file(mut self, name: &str, kind: &str, bytes: &[u8]) -> Self {
        let quoted = name.replace('"', "%22");
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{quoted}\"\r\n"
        );
        self.0.extend_from_slice(head.as_bytes());
        if !kind.is_empty() {
            let kind = format!("Content-Type: {kind}\r\n");
            self.0.extend_from_slice(kind.as_bytes());
        }
        self.0.extend_from_slice(b"\r\n");
        self.0.extend_from_slice(bytes);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    pub(crate) fn with(mut self, name: &str, text: &str) -> Self {
        let part = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n"
        );
        self.0.extend_from_slice(part.as_bytes());
        self
    }

    /// Its `Content-Type`.
    pub(crate) fn kind() -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }

    /// As it goes over the wire.
    pub(crate) fn bytes(mut self) -> Vec<u8> {
        self.0
            .extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.0
    }

    /// Puts it into the request.
    pub(crate) fn into(self, request: RequestBuilder) -> RequestBuilder {
        request
            .header(CONTENT_TYPE, Self::kind())
            .body(self.bytes())
    }
}

/// What was downloaded.
#[derive(Debug)]
pub(crate) struct Download {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Download {
    /// The bytes. Fails unless the status is 200.
    #[track_caller]
    pub(crate) fn ok(self) -> Vec<u8> {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.bytes));
        self.bytes
    }

    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        let value = value.unwrap_or_else(|| panic!("there is no {name}"));
        value.to_str().expect("a header is text")
    }
}

/// A PDF as far as anybody looks at it, of so many bytes, none like another's.
pub(crate) fn pdf(size: usize) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut state = size as u64 | 1;
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

impl Client {
    /// `POST` of a form.
    pub(crate) async fn post_form(&self, path: &str, form: Form) -> Answer {
        self.dispatch(form.into(self.request(Method::POST, path)))
            .await
    }

    /// Uploads a file to the room, to be named in a message.
    pub(crate) async fn upload(&self, room: &Room, form: Form) -> Answer {
        self.post_form(&room.at("attachments/"), form).await
    }

    /// Sends a message with its file.
    pub(crate) async fn send_file(&self, room: &Room, form: Form) -> Answer {
        self.post_form(&room.at("messages/"), form).await
    }

    pub(crate) async fn download(&self, path: &str) -> Download {
        download(self.request(Method::GET, path)).await
    }
}

/// Sends the request and reads all that comes. Fails if it is not an answer that the OpenAPI
/// document names for the route.
pub(crate) async fn download(request: RequestBuilder) -> Download {
    let (http, request) = request.build_split();
    let request = request.expect("the test builds a valid request");
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let answer = http.execute(request).await.expect("the server answers");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let bytes = answer.bytes().await.expect("the answer comes whole");
    contract::check(&method, &path, status, &headers, &bytes);
    Download {
        status,
        headers,
        bytes: bytes.to_vec(),
    }
}
