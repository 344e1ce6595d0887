//! Why a file is not taken, in words for whoever sent it.

use thiserror::Error;

use crate::Kind;

/// A file that is not taken. The text names the value and what to do instead.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Refused {
    #[error("the file is empty: choose it again, and check that it can be opened")]
    Empty,
    #[error(
        "{found} cannot be sent: send JPEG, PNG, WebP or GIF pictures, PDF, plain text (UTF-8), or \
         MP4, M4A, Ogg or WebM recordings"
    )]
    Unsupported { found: &'static str },
    #[error(
        "the content is {}, but it was declared as `{declared}`: declare it as `{}`, or leave the \
         type out", content.name(), content.mime()
    )]
    DeclaredOtherwise { content: Kind, declared: String },
    #[error(
        "the content is {}, but its name ends in `.{extension}`: call it `.{}`", content.name(),
        content.extension()
    )]
    NamedOtherwise { content: Kind, extension: String },
    #[error(
        "the text begins like markup (`{beginning}`), which a browser might run: send it as a PDF, \
         or put the text into a message"
    )]
    Markup { beginning: String },
    #[error(
        "the picture has {pixels} pixels ({width} × {height}), {limit} are allowed: scale it down"
    )]
    TooManyPixels {
        width: u32,
        height: u32,
        pixels: u64,
        limit: u64,
    },
    #[error("the animation has more than {limit} frames: send a shorter one")]
    TooManyFrames { limit: u32 },
    #[error(
        "the picture is saved in more than {limit} passes (scans): save it anew as a plain JPEG"
    )]
    TooManyScans { limit: u32 },
    #[error(
        "the picture carries {bytes} bytes of {what}, {limit} are allowed: save it without, and \
         send it again"
    )]
    TooMuchMetadata {
        what: &'static str,
        bytes: usize,
        limit: usize,
    },
    #[error(
        "the picture needs {bytes} bytes of memory to be decoded, {limit} are allowed: scale it \
         down, or save it as a plain JPEG"
    )]
    TooMuchMemory { bytes: u64, limit: u64 },
    #[error(
        "the picture without its metadata takes more than {limit} bytes: scale it down, or save it \
         as a JPEG"
    )]
    TooLargeAfterwards { limit: usize },
    #[error("{} cannot be read ({reason}): save it anew, and send that", content.name())]
    Broken { content: Kind, reason: String },
}

impl Refused {
    /// The status of the answer: 415 where it is not the file's kind that is taken, 422 where such
    /// files are, but not this one.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Unsupported { .. }
            | Self::DeclaredOtherwise { .. }
            | Self::NamedOtherwise { .. }
            | Self::Markup { .. } => 415,
            Self::Empty
            | Self::TooManyPixels { .. }
            | Self::TooManyFrames { .. }
            | Self::TooManyScans { .. }
            | Self::TooMuchMetadata { .. }
            | Self::TooMuchMemory { .. }
            | Self::TooLargeAfterwards { .. }
            | Self::Broken { .. } => 422,
        }
    }

    pub(crate) fn broken(content: Kind, reason: impl ToString) -> Self {
        Self::Broken {
            content,
            reason: reason.to_string(),
        }
    }
}
