//! Files: what they may be called, what is kept of them, in which state they are. SPEC 9.

use serde::{Deserialize, Serialize};

use crate::event::Hash;
use crate::id::AttachmentId;
use crate::message::MessageType;
use crate::refusal::{Refusal, Rule};

/// Longest name of a file, in bytes.
pub const FILE_NAME_BYTES: usize = 255;

/// A file's name as it is shown and served: the last component of what was given, without controls
/// and without characters that turn the direction of writing around.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// Any text becomes a name. One of which nothing is left is called `file`; `extension` is put
    /// behind a name that has none.
    #[must_use]
    pub fn of(given: &str, extension: &str) -> Self {
        let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
        let shown: String = last.chars().filter(|c| is_shown(*c)).collect();
        let trimmed = shown.trim().trim_start_matches('.').trim_start();
        let (stem, end) = match trimmed.rsplit_once('.') {
            Some((stem, end)) if !stem.is_empty() && !end.is_empty() => (stem, end),
            _ => (trimmed, extension),
        };
        let stem = if stem.is_empty() { "file" } else { stem };
        let end = cut(end, 32);
        let stem = cut(stem, FILE_NAME_BYTES - 1 - end.len());
        Self(if end.is_empty() {
            stem.to_owned()
        } else {
            format!("{stem}.{end}")
        })
    }

    /// The same name with another end, for a file that is of another kind now.
    #[must_use]
    pub fn with_extension(&self, extension: &str) -> Self {
        let stem = self.0.rsplit_once('.').map_or(&*self.0, |(stem, _)| stem);
        let stem = cut(stem, FILE_NAME_BYTES - 1 - extension.len());
        Self(format!("{stem}.{extension}"))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<FileName> for String {
    fn from(name: FileName) -> Self {
        name.0
    }
}

/// No control, nothing that changes the direction of writing, no invisible space or joiner that
/// hides how a name ends.
fn is_shown(c: char) -> bool {
    !c.is_control()
        && !matches!(u32::from(c),
            0x061C | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF
            | 0xFFF9..=0xFFFB | 0xE0000..=0xE007F)
}

/// At most so many bytes of the text.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// The state of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileState {
    /// Its bytes are not all here.
    Receiving,
    /// It waits for the scanner and is not served.
    Pending,
    /// It can be downloaded.
    Ready,
    /// It was rejected; nobody is served it.
    Failed,
    /// Nobody wants it; it is about to be deleted.
    Leaving,
}

impl FileState {
    pub const ALL: [Self; 5] = [
        Self::Receiving,
        Self::Pending,
        Self::Ready,
        Self::Failed,
        Self::Leaving,
    ];

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Pending => "pending",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Leaving => "leaving",
        }
    }

    /// Whether all its bytes came, whatever became of it then.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::Pending | Self::Ready | Self::Failed)
    }

    /// Whether a message may name it.
    ///
    /// # Errors
    /// [`Rule::Invalid`] at `/attachment`, saying what to do.
    pub fn may_be_sent(self) -> Result<(), Refusal> {
        let detail = match self {
            Self::Pending | Self::Ready => return Ok(()),
            Self::Receiving => "is not uploaded whole yet; finish the upload first",
            Self::Failed => "was rejected; send another file",
            Self::Leaving => NO_SUCH_FILE,
        };
        Err(Refusal::invalid("/attachment", detail))
    }

    /// Whether it is served to those who may see it.
    ///
    /// # Errors
    /// [`Rule::FilePending`], [`Refusal::NotFound`].
    pub fn may_be_served(self) -> Result<(), Refusal> {
        match self {
            Self::Ready => Ok(()),
            Self::Pending => Err(Refusal::conflict(
                Rule::FilePending,
                "the file is still being scanned; ask again in a few seconds",
            )),
            Self::Receiving | Self::Failed | Self::Leaving => Err(Refusal::NotFound),
        }
    }
}

/// What is said of an attachment that a send cannot use, whatever the reason.
const NO_SUCH_FILE: &str =
    "is no file that you uploaded for this room and have not sent yet; upload it first";

/// The refusal of a send that names such an attachment.
#[must_use]
pub fn no_such_file() -> Refusal {
    Refusal::invalid("/attachment", NO_SUCH_FILE)
}

/// What an image has beside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRecord {
    pub width: u32,
    pub height: u32,
    /// [thumbhash](https://evanw.github.io/thumbhash/) in base64.
    pub thumbhash: String,
}

/// The file of a message. It is stored with the message's text, under the same digest, and goes
/// when the text is erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    pub attachment: AttachmentId,
    pub name: String,
    pub size: u64,
    /// Media type.
    pub r#type: String,
    /// SHA-256 of what is served, in hex: the record proves which bytes were sent.
    pub sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageRecord>,
}

/// What a send has to know of the file that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// SHA-256 of what was uploaded: a repeated send has the same.
    pub source: Hash,
    pub is_image: bool,
}

impl FileFacts {
    #[must_use]
    pub const fn message_type(&self) -> MessageType {
        if self.is_image {
            MessageType::Image
        } else {
            MessageType::File
        }
    }
}

/// The file of a message that is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DraftFile {
    /// `None`: it was looked at and not kept, because only a repeat of an earlier send would be
    /// answered.
    pub attachment: Option<AttachmentId>,
    /// `None`: there is no such file.
    pub facts: Option<FileFacts>,
}

/// The bytes that one user's files may take. `taken` is with those that are being uploaded.
///
/// # Errors
/// [`Rule::FileShare`].
pub fn check_share(taken: u64, more: u64, share: u64) -> Result<(), Refusal> {
    if taken.saturating_add(more) <= share {
        return Ok(());
    }
    let detail = format!("your files take {taken} bytes of {share}; this one does not fit");
    Err(Refusal::conflict(Rule::FileShare, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(given: &str) -> String {
        FileName::of(given, "jpg").into()
    }

    #[test]
    fn a_name_is_the_last_component_of_what_was_given() {
        assert_eq!(name("../../etc/passwd.txt"), "passwd.txt");
        assert_eq!(name("C:\\Users\\me\\photo.png"), "photo.png");
        assert_eq!(name("a/b\\c.pdf"), "c.pdf");
    }

    #[test]
    fn a_name_has_no_controls_and_cannot_turn_its_end_around() {
        assert_eq!(name("a\0b\r\nc.txt"), "abc.txt");
        assert_eq!(name("invoice\u{202e}gpj.exe"), "invoicegpj.exe");
        assert_eq!(name("a\u{200b}\u{feff}.pdf"), "a.pdf");
    }

    #[test]
    fn what_has_no_name_gets_one_and_a_hidden_file_is_not_hidden() {
        assert_eq!(name(""), "file.jpg");
        assert_eq!(name(".."), "file.jpg");
        assert_eq!(name("/"), "file.jpg");
        assert_eq!(name(".htaccess"), "htaccess.jpg");
        assert_eq!(name("photo"), "photo.jpg");
    }

    #[test]
    fn a_long_name_is_cut_and_keeps_its_end() {
        let long = name(&format!("{}.pdf", "é".repeat(4096)));
        assert!(long.len() <= FILE_NAME_BYTES && long.ends_with("é.pdf"));
        let end = name(&format!("a.{}", "x".repeat(4096)));
        assert!(end.len() <= FILE_NAME_BYTES);
        let file = FileName::of(&format!("{}.gif", "x".repeat(300)), "gif");
        let changed = file.with_extension("jpeg");
        assert!(changed.as_str().len() <= FILE_NAME_BYTES && changed.as_str().ends_with("x.jpeg"));
    }

    #[test]
    fn only_a_whole_file_may_be_sent_and_only_a_ready_one_is_served() {
        let may = |asked: fn(FileState) -> bool| FileState::ALL.map(asked);
        assert_eq!(
            may(|state| state.may_be_sent().is_ok()),
            [false, true, true, false, false]
        );
        assert_eq!(
            may(|state| state.may_be_served().is_ok()),
            [false, false, true, false, false]
        );
    }

    #[test]
    fn a_share_is_never_exceeded() {
        assert!(check_share(90, 10, 100).is_ok());
        assert!(check_share(91, 10, 100).is_err());
        assert!(check_share(u64::MAX, 1, u64::MAX - 1).is_err());
    }
}
