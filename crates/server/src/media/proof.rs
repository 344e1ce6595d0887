//! A photo that proves a delivery: when and where it was taken is read before it is made clean, and
//! stands signed on the order's timeline.

use orderchat_domain::Millis;
use orderchat_domain::text::hex;
use orderchat_media::{Capture, Taken};
use orderchat_store::attachments::Finished;
use serde_json::json;

use super::Media;
use crate::chat::Context;
use crate::chat::attachments::Begun;

impl Media {
    /// What the photo proves, signed, as JSON for the timeline. The signature is over the same object
    /// without it, as compact JSON with its fields in this order.
    pub(super) fn statement(
        &self,
        ctx: &Context,
        begun: &Begun,
        finished: &Finished,
        capture: Option<Capture>,
    ) -> String {
        let position = capture.as_ref().and_then(|capture| capture.position);
        let taken = capture.and_then(|capture| capture.taken_at);
        let body = json!({
            "kind": "photo",
            "attachment": begun.id,
            "sha256": hex(&finished.digest),
            "lat": position.map(|at| at.latitude),
            "lon": position.map(|at| at.longitude),
            "taken_at": taken.map(time),
            "received_at": ctx.now,
            "by": ctx.caller.role.as_str(),
        });
        self.0.settings.signing_key.seal(&body.to_string())
    }
}

/// In UTC, where the photo says in which zone its clock stood; else as the clock showed.
fn time(taken: Taken) -> String {
    let local = taken.local;
    match taken
        .offset
        .and_then(|offset| offset.to_timestamp(local).ok())
    {
        Some(at) => Millis(at.as_millisecond()).to_string(),
        None => local.to_string(),
    }
}
