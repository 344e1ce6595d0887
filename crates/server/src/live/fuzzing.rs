//! Frames of clients, for fuzz targets.

use super::protocol::ClientFrame;

/// A frame is read, or refused with what is wrong; with a `ref` that goes back as it came.
pub(crate) fn frame(text: &str) {
    let read = ClientFrame::parse(text);
    if let Err(problem) = &read.it {
        let body = serde_json::to_value(problem.body()).unwrap_or_default();
        assert!(
            body["status"] == 400 || body["status"] == 422,
            "{text:?} {body}"
        );
    }
    let Some(reference) = read.reference else {
        return;
    };
    let given: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let back = serde_json::to_value(&reference).ok();
    assert_eq!(
        given.as_ref().and_then(|frame| frame.get("ref")),
        back.as_ref()
    );
}
