//! The kinds of file that are taken, and no others.

use crate::sniff::extension;

/// What a file is, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Jpeg,
    Png,
    Webp,
    Gif,
    Pdf,
    Text,
    Mp4,
    M4a,
    Ogg,
    Webm,
}

impl Kind {
    pub const ALL: [Self; 10] = [
        Self::Jpeg,
        Self::Png,
        Self::Webp,
        Self::Gif,
        Self::Pdf,
        Self::Text,
        Self::Mp4,
        Self::M4a,
        Self::Ogg,
        Self::Webm,
    ];

    /// The media type to serve it with. Texts are UTF-8: [`sniff`](crate::sniff()) takes no others.
    #[must_use]
    pub fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
            Self::Pdf => "application/pdf",
            Self::Text => "text/plain; charset=utf-8",
            Self::Mp4 => "video/mp4",
            Self::M4a => "audio/mp4",
            Self::Ogg => "audio/ogg",
            Self::Webm => "video/webm",
        }
    }

    /// The usual ending of such a file's name, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        self.extensions()[0]
    }

    /// Whether the name ends as one of such a file may.
    #[must_use]
    pub fn may_be_called(self, file_name: &str) -> bool {
        extension(file_name).is_some_and(|ending| self.extensions().contains(&ending.as_str()))
    }

    #[must_use]
    pub fn is_image(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Webp | Self::Gif)
    }

    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "a JPEG picture",
            Self::Png => "a PNG picture",
            Self::Webp => "a WebP picture",
            Self::Gif => "a GIF picture",
            Self::Pdf => "a PDF document",
            Self::Text => "plain text",
            Self::Mp4 | Self::M4a => "an MP4 recording",
            Self::Ogg => "an Ogg recording",
            Self::Webm => "a WebM recording",
        }
    }

    /// The endings that a name of such a file may have; the first is the usual one. MP4 and M4A are
    /// one container, which recorders brand as they like.
    pub(crate) fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Jpeg => &["jpg", "jpeg", "jpe", "jfif"],
            Self::Png => &["png"],
            Self::Webp => &["webp"],
            Self::Gif => &["gif"],
            Self::Pdf => &["pdf"],
            Self::Text => &["txt", "text", "log", "md", "csv"],
            Self::Mp4 => &["mp4", "m4a", "m4v"],
            Self::M4a => &["m4a", "mp4"],
            Self::Ogg => &["ogg", "oga", "opus"],
            Self::Webm => &["webm", "weba"],
        }
    }

    /// The media types, without parameters, under which such a file may come.
    pub(crate) fn declared_as(self) -> &'static [&'static str] {
        match self {
            Self::Jpeg => &["image/jpeg", "image/jpg", "image/pjpeg"],
            Self::Png => &["image/png", "image/x-png", "image/apng"],
            Self::Webp => &["image/webp"],
            Self::Gif => &["image/gif"],
            Self::Pdf => &["application/pdf", "application/x-pdf"],
            Self::Text => &["text/plain", "text/csv", "text/markdown"],
            Self::Mp4 | Self::M4a => &["video/mp4", "audio/mp4", "audio/x-m4a", "audio/m4a"],
            Self::Ogg => &["audio/ogg", "application/ogg", "audio/opus", "video/ogg"],
            Self::Webm => &["video/webm", "audio/webm"],
        }
    }
}
