//! Loads of files: uploads, downloads, and photos while people talk.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Method, Request};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use serde::Deserialize;

use crate::api;
use crate::client::{Connection, Target};
use crate::load::Workload;
use crate::setup::{Person, World};

/// Between the parts of a form; the files hold none of it.
const BOUNDARY: &str = "loadgen-5f1d7c2e9b";

/// The same noise in every run.
const SEED: u64 = 20_261_129;

/// Something to upload.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) bytes: Bytes,
    kind: &'static str,
    name: &'static str,
}

/// A PDF of that many bytes, by its beginning, and noise: nothing that a server might make smaller.
pub(crate) fn document(bytes: usize) -> Document {
    let mut content = vec![0; bytes];
    SmallRng::seed_from_u64(SEED).fill_bytes(&mut content);
    let head = b"%PDF-1.7\n";
    let length = head.len().min(bytes);
    content[..length].copy_from_slice(&head[..length]);
    Document {
        bytes: content.into(),
        kind: "application/pdf",
        name: "leaflet.pdf",
    }
}

/// A photo of 4,000 by 3,000 pixels: slopes, and the noise of a sensor.
///
/// # Errors
/// When it cannot be encoded.
pub(crate) fn photo() -> Result<Document> {
    const WIDTH: u16 = 4_000;
    const HEIGHT: u16 = 3_000;
    let mut noise = SmallRng::seed_from_u64(SEED);
    let (width, height) = (u32::from(WIDTH), u32::from(HEIGHT));
    let mut pixels = Vec::with_capacity(usize::from(WIDTH) * usize::from(HEIGHT) * 3);
    for y in 0..height {
        for x in 0..width {
            let grain = noise.next_u32();
            let slopes = [x * 220 / width, y * 220 / height, (x + y) % 509 * 220 / 509];
            for (colour, value) in slopes.into_iter().enumerate() {
                pixels.push(u8::try_from(value + (grain >> (8 * colour)) % 16).unwrap_or(u8::MAX));
            }
        }
    }
    let mut file = Vec::new();
    jpeg_encoder::Encoder::new(&mut file, 85)
        .encode(&pixels, WIDTH, HEIGHT, jpeg_encoder::ColorType::Rgb)
        .context("encoding a photo")?;
    Ok(Document {
        bytes: file.into(),
        kind: "image/jpeg",
        name: "photo.jpg",
    })
}

impl Document {
    fn form(&self) -> Bytes {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\
             Content-Type: {}\r\n\r\n",
            self.name, self.kind
        );
        let end = format!("\r\n--{BOUNDARY}--\r\n");
        [head.as_bytes(), &self.bytes, end.as_bytes()]
            .concat()
            .into()
    }
}

/// Everybody sends the same as a message in turn, each to a room of theirs.
#[derive(Debug)]
pub(crate) struct Uploads {
    world: Arc<World>,
    form: Bytes,
}

impl Uploads {
    pub(crate) fn new(world: Arc<World>, document: Document) -> Self {
        let form = document.form();
        Self { world, form }
    }

    fn person(&self, n: u64) -> (&str, &Person) {
        let n = usize::try_from(n).unwrap_or(usize::MAX);
        let rooms = &self.world.rooms;
        let room = &rooms[n % rooms.len()];
        let person = &room.people[n / rooms.len() % room.people.len()];
        (&room.id, person)
    }
}

impl Workload for Uploads {
    fn request(&self, n: u64) -> Result<Request<Full<Bytes>>> {
        let (room, person) = self.person(n);
        Request::builder()
            .method(Method::POST)
            .uri(api::room_path(room, "messages/"))
            .header(AUTHORIZATION, &person.bearer)
            .header(
                CONTENT_TYPE,
                format!("multipart/form-data; boundary={BOUNDARY}"),
            )
            .body(Full::new(self.form.clone()))
            .context("an upload")
    }
}

/// Files that were uploaded, each read again and again by who uploaded it.
#[derive(Debug)]
pub(crate) struct Downloads {
    world: Arc<World>,
    uploads: Uploads,
    paths: Vec<String>,
}

impl Downloads {
    /// Uploads `count` files.
    ///
    /// # Errors
    /// When one is not taken.
    pub(crate) async fn prepare(
        target: &Target,
        world: Arc<World>,
        document: Document,
        count: u64,
    ) -> Result<Self> {
        #[derive(Deserialize)]
        struct Uploaded {
            file_path: String,
        }
        let uploads = Uploads::new(Arc::clone(&world), document);
        let mut connection = Connection::open(target).await?;
        let mut paths = Vec::new();
        for n in 0..count {
            let answer = connection.exchange(uploads.request(n)?).await?;
            ensure!(answer.status.is_success(), "{}", api::refusal(&answer));
            paths.push(api::parse::<Uploaded>(&answer)?.file_path);
        }
        Ok(Self {
            world,
            uploads,
            paths,
        })
    }
}

impl Workload for Downloads {
    fn request(&self, n: u64) -> Result<Request<Full<Bytes>>> {
        let file = n % (self.paths.len() as u64).max(1);
        let (_, person) = self.uploads.person(file);
        let path = self
            .paths
            .get(usize::try_from(file)?)
            .with_context(|| format!("no file {file} in {}", self.world.run))?;
        api::request(Method::GET, path, &person.bearer, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_its_length_and_begins_as_a_pdf() {
        let made = document(5_000_000);
        assert_eq!(made.bytes.len(), 5_000_000);
        assert!(made.bytes.starts_with(b"%PDF-"));
        assert!(made.form().len() > made.bytes.len());
    }

    #[test]
    fn a_photo_is_a_jpeg_of_a_photo_s_size() {
        let made = photo().unwrap();
        assert!(made.bytes.starts_with(b"\xff\xd8\xff"));
        assert!(
            (1_000_000..12_000_000).contains(&made.bytes.len()),
            "{}",
            made.bytes.len()
        );
    }
}
