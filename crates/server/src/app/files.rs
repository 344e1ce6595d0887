//! Where files lie, from the settings.

use anyhow::Context as _;

use crate::chat::Chat;
use crate::config::{Settings, StorageLocation};
use crate::media::{Blobs, Media, MediaSettings};

/// Opens the storage.
pub(super) fn open(settings: &Settings, chat: &Chat) -> anyhow::Result<Media> {
    let blobs = match &settings.storage {
        StorageLocation::Folder(folder) => Blobs::folder(folder).with_context(|| {
            format!(
                "ORDERCHAT_STORAGE: the folder {} cannot be used",
                folder.display()
            )
        })?,
    };
    let at_once = settings.user_uploads;
    Ok(Media::new(chat.clone(), blobs, MediaSettings { at_once }))
}
