//! What fuzz targets feed (`fuzz/`): files from outside. None may panic, whatever comes; what is made
//! of one must hold what is promised.
//!
//! The committed corpora run through the same functions in every test run.

use std::path::Path;

use crate::{
    Kind, Limits, capture as read_capture, cost as read_cost, process, sniff as read_kind,
};

/// Pictures small enough that thousands a second are decoded.
const LIMITS: Limits = Limits {
    pixels: 1 << 16,
    frames: 100,
    metadata: 1 << 14,
    scans: 32,
    memory: 4 << 20,
    output: 4 << 20,
};

/// The first line is the declared type, the second the name; the content follows.
pub fn sniff(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == b'\n');
    let mut line = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let (declared, name) = (line(), line());
    let content = parts.next().unwrap_or_default();
    for whole in [false, true] {
        match read_kind(content, whole, Some(&declared), &name) {
            Ok(_) => assert!(read_kind(content, whole, None, "").is_ok()),
            Err(refused) => assert!(matches!(refused.status(), 415 | 422), "{refused}"),
        }
    }
}

/// A picture's headers.
pub fn cost(data: &[u8]) {
    let Some(kind) = picture(data) else { return };
    if let Ok(cost) = read_cost(data, kind, &LIMITS) {
        assert!(u64::from(cost.width) * u64::from(cost.height) <= LIMITS.pixels);
        assert!(cost.frames <= LIMITS.frames && cost.bytes <= LIMITS.memory);
    }
}

/// A picture. What is made of it is taken again, in the same size, and has nothing to say of where it
/// was taken.
pub fn picture_made(data: &[u8]) {
    let Some(kind) = picture(data) else { return };
    let Ok(made) = process(data, kind, &LIMITS) else {
        return;
    };
    assert!(made.bytes.len() <= LIMITS.output && made.thumbhash.len() <= 30);
    for (bytes, kind) in [
        (&made.bytes, made.kind),
        (&made.thumbnail, made.thumbnail_kind),
    ] {
        assert_eq!(read_kind(bytes, true, None, ""), Ok(kind));
        assert_eq!(read_capture(bytes, kind), None);
    }
    let again = read_cost(&made.bytes, made.kind, &Limits::default());
    assert_eq!(
        again.map(|cost| (cost.width, cost.height)),
        Ok((made.width, made.height))
    );
}

/// What a camera noted down.
pub fn capture(data: &[u8]) {
    let Some(kind) = picture(data) else { return };
    if let Some(position) = read_capture(data, kind).and_then(|capture| capture.position) {
        assert!(position.latitude.abs() <= 90.0 && position.longitude.abs() <= 180.0);
    }
}

fn picture(data: &[u8]) -> Option<Kind> {
    read_kind(data, true, None, "")
        .ok()
        .filter(|kind| kind.is_image())
}

/// Feeds what is committed of a target's corpus (`fuzz/corpus`), for the tests of both crates that have
/// targets.
///
/// # Panics
/// When an input breaks the parser, or there is no corpus to speak of.
pub fn feed_corpus(target: &str, feed: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let mut fed = 0;
    for entry in std::fs::read_dir(folder.join(target)).expect("a corpus") {
        let path = entry.expect("an entry").path();
        println!("{}", path.display());
        feed(&std::fs::read(&path).expect("an input"));
        fed += 1;
    }
    assert!(fed >= 5, "only {fed} inputs for {target}");
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("sniff", sniff)]
    #[case("cost", cost)]
    #[case("picture", picture_made)]
    #[case("capture", capture)]
    fn the_corpus_is_read_without_a_panic(#[case] target: &str, #[case] feed: fn(&[u8])) {
        feed_corpus(target, feed);
    }
}
