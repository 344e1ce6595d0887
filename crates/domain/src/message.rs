//! What may be said, changed and taken back: SPEC 5.

mod draft;

use serde_json::{Map, Value};

pub use draft::{Asked, Draft, IdempotencyKey, Notice};

use crate::permission::Grant;
use crate::refusal::{Refusal, Rule};
use crate::time::Millis;

/// Largest `metadata` from people, as compact JSON.
pub const METADATA_BYTES: usize = 4 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageType {
    Text,
    Image,
    File,
    System,
    OrderUpdate,
    DeliveryUpdate,
}

impl MessageType {
    pub const ALL: [Self; 6] = [
        Self::Text,
        Self::Image,
        Self::File,
        Self::System,
        Self::OrderUpdate,
        Self::DeliveryUpdate,
    ];

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::File => "file",
            Self::System => "system",
            Self::OrderUpdate => "order_update",
            Self::DeliveryUpdate => "delivery_update",
        }
    }

    #[must_use]
    pub const fn display(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Image => "Image",
            Self::File => "File",
            Self::System => "System",
            Self::OrderUpdate => "Order Update",
            Self::DeliveryUpdate => "Delivery Update",
        }
    }

    /// Written by the server or the service, never by people.
    #[must_use]
    pub const fn is_system(self) -> bool {
        matches!(
            self,
            Self::System | Self::OrderUpdate | Self::DeliveryUpdate
        )
    }

    #[must_use]
    pub const fn is_media(self) -> bool {
        matches!(self, Self::Image | Self::File)
    }

    /// Whether it counts as unread (SPEC 6): everything but `system`.
    #[must_use]
    pub const fn counts_as_unread(self) -> bool {
        !matches!(self, Self::System)
    }

    /// News of the order: not for guests, who see no order data.
    #[must_use]
    pub const fn is_order_news(self) -> bool {
        matches!(self, Self::OrderUpdate | Self::DeliveryUpdate)
    }
}

/// Why somebody reports a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReportReason {
    Abuse,
    Spam,
    Privacy,
    Other,
}

impl ReportReason {
    pub const ALL: [Self; 4] = [Self::Abuse, Self::Spam, Self::Privacy, Self::Other];

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Abuse => "abuse",
            Self::Spam => "spam",
            Self::Privacy => "privacy",
            Self::Other => "other",
        }
    }
}

/// Metadata and preferences of people are small.
///
/// # Errors
/// [`Rule::Invalid`] at `pointer`.
pub fn check_metadata(pointer: &str, metadata: &Map<String, Value>) -> Result<(), Refusal> {
    let bytes = serde_json::to_string(metadata).map_or(usize::MAX, |json| json.len());
    if bytes > METADATA_BYTES {
        let detail = format!("is {bytes} bytes of JSON; at most {METADATA_BYTES} are allowed");
        return Err(Refusal::invalid(pointer, detail));
    }
    Ok(())
}

/// What the rules of editing and deleting ask of a message.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub message_type: MessageType,
    pub deleted: bool,
    pub own: bool,
    pub sent_at: Millis,
}

/// Whether the text may be changed. `window` is how long customers and riders may, in milliseconds.
///
/// # Errors
/// [`Rule::Ownership`], [`Rule::NotEditable`], [`Rule::Window`].
pub fn may_edit(grant: Grant, message: Standing, now: Millis, window: i64) -> Result<(), Refusal> {
    if !message.own {
        return Err(Refusal::forbidden(
            Rule::Ownership,
            "only its sender may edit a message",
        ));
    }
    if message.deleted || message.message_type != MessageType::Text {
        let detail = "only text messages that are not deleted can be edited";
        return Err(Refusal::conflict(Rule::NotEditable, detail));
    }
    check_window(grant, message, now, window, "edited")
}

/// Whether the message may be taken back. Who deletes another's message gives a reason.
///
/// # Errors
/// [`Rule::Ownership`], [`Rule::Window`], [`Rule::Invalid`] for a missing reason.
pub fn may_delete(
    grant: Grant,
    message: Standing,
    reason: Option<&str>,
    now: Millis,
    window: i64,
) -> Result<(), Refusal> {
    match (grant, message.own) {
        (Grant::Any, false) if reason.is_none() => Err(Refusal::invalid(
            "/reason",
            "is required to delete another's message",
        )),
        (Grant::Any, _) => Ok(()),
        (_, false) => Err(Refusal::forbidden(
            Rule::Ownership,
            "only its sender or support may delete a message",
        )),
        (_, true) => check_window(grant, message, now, window, "deleted"),
    }
}

fn check_window(
    grant: Grant,
    message: Standing,
    now: Millis,
    window: i64,
    done: &str,
) -> Result<(), Refusal> {
    let until = message.sent_at.plus(window);
    if grant == Grant::OwnInTime && now >= until {
        let detail = format!("this message could be {done} until {until}");
        return Err(Refusal::forbidden(Rule::Window, detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MINUTE;

    fn text_of(own: bool, minutes_ago: i64) -> Standing {
        Standing {
            message_type: MessageType::Text,
            deleted: false,
            own,
            sent_at: Millis(-minutes_ago * MINUTE),
        }
    }

    #[test]
    fn customers_edit_their_own_for_15_minutes_and_staff_for_ever() {
        let (now, window) = (Millis(0), 15 * MINUTE);
        assert!(may_edit(Grant::OwnInTime, text_of(true, 14), now, window).is_ok());
        assert!(may_edit(Grant::OwnInTime, text_of(true, 15), now, window).is_err());
        assert!(may_edit(Grant::Own, text_of(true, 999), now, window).is_ok());
        assert!(may_edit(Grant::Own, text_of(false, 1), now, window).is_err());
    }

    #[test]
    fn support_deletes_anybodys_with_a_reason() {
        let (now, window) = (Millis(0), 15 * MINUTE);
        assert!(may_delete(Grant::Any, text_of(false, 99), Some("rude"), now, window).is_ok());
        assert!(may_delete(Grant::Any, text_of(false, 99), None, now, window).is_err());
        assert!(may_delete(Grant::Any, text_of(true, 99), None, now, window).is_ok());
        assert!(may_delete(Grant::Own, text_of(false, 1), Some("rude"), now, window).is_err());
    }
}
