use serde::Serialize;
use serde_json::{Map, Value};

use super::{ActorRecord, ActorView, Viewer, actor};
use crate::Millis;
use crate::event::EventKind;

/// What a message was at one time, as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct RevisionRecord {
    /// Of the event that made it.
    pub seq: u64,
    pub kind: EventKind,
    pub at: Millis,
    /// `None`: the system, or the service.
    pub by: Option<ActorRecord>,
    /// The text, or the reason for deleting; `None` when it was erased.
    pub text: Option<String>,
    pub metadata: Option<Map<String, Value>>,
}

/// One step in the history of a message: as it was sent, an edit, its deletion.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevisionView {
    /// The seq of the event that made it, which was the message's `version` then.
    pub version: u64,
    /// `created`, `edited` or `deleted`.
    pub kind: &'static str,
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Millis,
    /// Null for the system and the service.
    pub by: Option<ActorView>,
    /// What it said from then on; null for a deletion, and when the text was erased.
    pub content: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<Map<String, Value>>,
    /// Why it was deleted, if somebody said.
    pub reason: Option<String>,
}

/// The revision for this viewer, who must be one who may read the history.
#[must_use]
pub fn revision(viewer: Viewer<'_>, record: RevisionRecord) -> RevisionView {
    let deleted = record.kind == EventKind::MessageDeleted;
    let (content, reason) = if deleted {
        (None, record.text.filter(|reason| !reason.is_empty()))
    } else {
        (record.text, None)
    };
    RevisionView {
        version: record.seq,
        kind: match record.kind {
            EventKind::MessageDeleted => "deleted",
            EventKind::MessageEdited => "edited",
            _ => "created",
        },
        at: record.at,
        by: record.by.as_ref().map(|by| actor(viewer, by)),
        content,
        metadata: record.metadata.filter(|_| !deleted),
        reason,
    }
}
