//! A message as it is asked for, until it is stored.

use serde_json::{Map, Value};

use super::{MessageType, check_metadata};
use crate::attachment::{self, DraftFile};
use crate::id::{AttachmentId, MessageId};
use crate::refusal::Refusal;
use crate::{card, system, text};

/// The key that makes a send repeatable: 1–128 printable ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// # Errors
    /// [`Refusal::Invalid`] at `pointer`.
    pub fn parse(pointer: &str, text: &str) -> Result<Self, Refusal> {
        let fits =
            (1..=128).contains(&text.len()) && text.bytes().all(|b| (0x20..0x7F).contains(&b));
        if !fits {
            return Err(Refusal::invalid(
                pointer,
                "must be 1 to 128 printable ASCII characters",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// From the body and from the header: both must agree.
    ///
    /// # Errors
    /// [`Refusal::Invalid`].
    pub fn from_request(body: Option<&str>, header: Option<&str>) -> Result<Option<Self>, Refusal> {
        let body = body
            .map(|key| Self::parse("/client_message_id", key))
            .transpose()?;
        let header = header
            .map(|key| Self::parse("Idempotency-Key", key))
            .transpose()?;
        match (body, header) {
            (Some(body), Some(header)) if body != header => Err(Refusal::invalid(
                "/client_message_id",
                "differs from the header Idempotency-Key; give one of them, or the same in both",
            )),
            (body, header) => Ok(body.or(header)),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A message as asked for: cleaned, of a type its sender may write, not yet masked or stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    pub message_type: MessageType,
    pub content: String,
    pub reply_to: Option<MessageId>,
    pub metadata: Option<Map<String, Value>>,
    pub key: Option<IdempotencyKey>,
    pub file: Option<DraftFile>,
}

/// A message as it stands in a request.
#[derive(Clone, Debug, Default)]
pub struct Asked<'a> {
    pub message_type: Option<&'a str>,
    pub content: &'a str,
    pub reply_to: Option<&'a str>,
    pub attachment: Option<&'a str>,
    pub metadata: Option<Map<String, Value>>,
    pub key: Option<IdempotencyKey>,
}

impl Draft {
    /// A message that names no file, or one that was uploaded before.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] at the field.
    pub fn parse(by_service: bool, asked: Asked<'_>, longest: usize) -> Result<Self, Refusal> {
        let file = asked.attachment.map(parse_attachment).transpose()?;
        let file = file.map(|attachment| DraftFile {
            attachment: Some(attachment),
            facts: None,
        });
        Self::with_file(by_service, asked, file, longest)
    }

    /// A message with this file, if there is one.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] at the field.
    pub fn with_file(
        by_service: bool,
        asked: Asked<'_>,
        file: Option<DraftFile>,
        longest: usize,
    ) -> Result<Self, Refusal> {
        let message_type = if file.is_some() {
            parse_file_type(by_service, asked.message_type)?
        } else {
            parse_type(by_service, asked.message_type)?
        };
        let (metadata, key) = (asked.metadata, asked.key);
        let reply_to = asked
            .reply_to
            .map(|id| {
                MessageId::parse(id)
                    .ok_or_else(|| Refusal::invalid("/reply_to", "is no message of this room"))
            })
            .transpose()?;
        if let Some(metadata) = &metadata {
            check_metadata("/metadata", metadata)?;
            if message_type.is_system() {
                system::check_metadata(metadata)?;
            }
        }
        let content = if file.is_some() {
            text::clean_optional("/content", Some(asked.content), longest)?.unwrap_or_default()
        } else {
            text::clean("/content", asked.content, longest)?
        };
        let draft = Self {
            message_type,
            content,
            reply_to,
            metadata,
            key,
            file,
        };
        draft.of_its_kind(asked.message_type.is_some())
    }

    /// The draft once more is known of its file.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] at `/message_type` for a type that the file is not of.
    pub fn knowing(mut self, file: DraftFile, given: Option<&str>) -> Result<Self, Refusal> {
        self.file = Some(file);
        self.of_its_kind(given.is_some())
    }

    /// What the content of the file says wins over no type, and must agree with a given one.
    fn of_its_kind(mut self, is_given: bool) -> Result<Self, Refusal> {
        let facts = self.file.as_ref().and_then(|file| file.facts);
        let Some(facts) = facts else {
            return Ok(self);
        };
        let kind = facts.message_type();
        if is_given && kind != self.message_type {
            let detail = format!(
                "does not fit the file; give {} or leave it out",
                kind.as_str()
            );
            return Err(Refusal::invalid("/message_type", detail));
        }
        self.message_type = kind;
        Ok(self)
    }

    /// What a repeated request is compared by: all that was asked for, before masking. In which order
    /// an object's fields came says nothing: who asks again may not keep it.
    #[must_use]
    pub fn request(&self) -> Vec<u8> {
        let reply_to = self.reply_to.map(|id| id.to_string());
        let mut asked = vec![
            Value::from(self.message_type.as_str()),
            Value::from(self.content.as_str()),
            Value::from(reply_to),
            self.metadata.clone().map_or(Value::Null, Value::Object),
        ];
        if let Some(file) = &self.file {
            let source = file.facts.map(|facts| facts.source.to_vec());
            asked.push(Value::from(source));
        }
        let mut asked = Value::Array(asked);
        asked.sort_all_objects();
        asked.to_string().into_bytes()
    }

    /// The pre-send step: card numbers are masked; what the sender must be told comes beside.
    #[must_use]
    pub fn moderated(mut self) -> (Self, Vec<Notice>) {
        let notices = match card::mask(&self.content) {
            Some(masked) => {
                self.content = masked;
                vec![Notice::CARD_MASKED]
            }
            None => Vec::new(),
        };
        (self, notices)
    }
}

/// Something the sender is told about what became of their message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Notice {
    /// `card_masked`
    pub code: &'static str,
    pub detail: &'static str,
}

impl Notice {
    pub const CARD_MASKED: Self = Self {
        code: "card_masked",
        detail: "A card number was masked before the message was stored; never send one in a chat.",
    };
}

fn parse_type(by_service: bool, given: Option<&str>) -> Result<MessageType, Refusal> {
    let (own, fallback): (&[MessageType], _) = if by_service {
        let own = &[
            MessageType::System,
            MessageType::OrderUpdate,
            MessageType::DeliveryUpdate,
        ];
        (own, MessageType::System)
    } else {
        (&[MessageType::Text], MessageType::Text)
    };
    let Some(given) = given else {
        return Ok(fallback);
    };
    MessageType::parse(given)
        .filter(|kind| own.contains(kind))
        .ok_or_else(|| {
            let names: Vec<_> = own.iter().map(|kind| kind.as_str()).collect();
            let detail = format!(
                "is not a type you may write here; give {}",
                names.join(", ")
            );
            Refusal::invalid("/message_type", detail)
        })
}

fn parse_attachment(text: &str) -> Result<AttachmentId, Refusal> {
    AttachmentId::parse(text).ok_or_else(attachment::no_such_file)
}

/// The type of a message with a file, as far as the request says; the file's content decides.
fn parse_file_type(by_service: bool, given: Option<&str>) -> Result<MessageType, Refusal> {
    if by_service {
        let detail = "is not for the service, which writes system messages; leave it out";
        return Err(Refusal::invalid("/attachment", detail));
    }
    let Some(given) = given else {
        return Ok(MessageType::File);
    };
    MessageType::parse(given)
        .filter(|kind| kind.is_media())
        .ok_or_else(|| {
            let detail =
                "is not a type of a message with a file; give image or file, or leave it out";
            Refusal::invalid("/message_type", detail)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_text_and_the_service_system_messages() {
        let parse = |service, message_type| {
            let asked = Asked {
                message_type,
                content: "hi",
                ..Asked::default()
            };
            Draft::parse(service, asked, 10)
        };
        assert!(parse(false, None).is_ok_and(|draft| draft.message_type == MessageType::Text));
        assert!(parse(true, None).is_ok_and(|draft| draft.message_type == MessageType::System));
        assert!(parse(false, Some("system")).is_err());
        assert!(parse(true, Some("text")).is_err());
    }

    #[test]
    fn body_and_header_must_give_the_same_key() {
        assert!(IdempotencyKey::from_request(Some("a"), Some("b")).is_err());
        assert!(IdempotencyKey::from_request(Some("a"), Some("a")).is_ok_and(|key| key.is_some()));
        assert!(IdempotencyKey::from_request(Some("é"), None).is_err());
        assert!(IdempotencyKey::from_request(Some(&"a".repeat(129)), None).is_err());
    }

    #[test]
    fn what_a_repeat_is_compared_by_is_the_text_before_masking() {
        let draft = |content| {
            let asked = Asked {
                content,
                ..Asked::default()
            };
            Draft::parse(false, asked, 100).ok()
        };
        let [first, second] = ["4111111111111111", "4111112222221111"].map(draft);
        assert_ne!(
            first.map(|draft| draft.request()),
            second.map(|draft| draft.request())
        );
    }

    fn with_file(given: Option<&str>, content: &str, is_image: bool) -> Result<Draft, Refusal> {
        let facts = crate::attachment::FileFacts {
            source: [7; 32],
            is_image,
        };
        let file = DraftFile {
            attachment: None,
            facts: Some(facts),
        };
        let asked = Asked {
            message_type: given,
            content,
            ..Asked::default()
        };
        Draft::with_file(false, asked, Some(file), 100)
    }

    #[test]
    fn the_content_of_a_file_says_of_which_type_its_message_is() {
        let kind = |draft: Result<Draft, Refusal>| draft.ok().map(|draft| draft.message_type);
        assert_eq!(kind(with_file(None, "", true)), Some(MessageType::Image));
        assert_eq!(kind(with_file(None, "", false)), Some(MessageType::File));
        assert_eq!(
            kind(with_file(Some("image"), "", true)),
            Some(MessageType::Image)
        );
        for wrong in ["file", "text", "system", "picture"] {
            assert!(with_file(Some(wrong), "", true).is_err(), "{wrong}");
        }
        assert!(with_file(Some("image"), "", false).is_err());
    }

    #[test]
    fn the_caption_of_a_file_may_be_empty_and_is_a_text_like_others() {
        assert!(with_file(None, " ", true).is_ok_and(|draft| draft.content.is_empty()));
        assert!(with_file(None, "a\u{0}", true).is_err());
        assert!(with_file(None, &"a".repeat(101), true).is_err());
    }

    #[test]
    fn another_file_under_the_same_key_is_another_request() {
        let one = with_file(None, "", true).map(|draft| draft.request());
        let other = with_file(None, "", true).map(|mut draft| {
            if let Some(facts) = draft.file.as_mut().and_then(|file| file.facts.as_mut()) {
                facts.source = [8; 32];
            }
            draft.request()
        });
        assert_ne!(one, other);
    }

    #[test]
    fn the_service_sends_no_files() {
        let asked = Asked {
            attachment: Some("0191f6a8-2f00-7000-8000-000000000000"),
            ..Asked::default()
        };
        assert!(Draft::parse(true, asked, 10).is_err());
    }
}
