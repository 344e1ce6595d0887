//! Where files lie and who looks at them, from the settings.

use anyhow::Context as _;

use crate::chat::Chat;
use crate::config::{ScannerLocation, Settings, StorageLocation};
use crate::media::{Blobs, Media, MediaSettings, Scanner};
use crate::signing::SigningKey;

/// The storage that the settings name.
pub(super) fn storage(settings: &Settings) -> anyhow::Result<Blobs> {
    match &settings.storage {
        StorageLocation::Folder(folder) => Blobs::folder(folder).with_context(|| {
            let folder = folder.display();
            format!("ORDERCHAT_STORAGE: the folder {folder} cannot be used")
        }),
        StorageLocation::Bucket { bucket, prefix } => Blobs::bucket(bucket, prefix)
            .context("ORDERCHAT_STORAGE: the AWS_* variables do not fit together"),
    }
}

/// The same, to read alone: no folder is made, or closed to others.
pub(super) fn storage_to_read(settings: &Settings) -> anyhow::Result<Blobs> {
    match &settings.storage {
        StorageLocation::Folder(folder) => Blobs::folder_as_it_is(folder).with_context(|| {
            let folder = folder.display();
            format!("ORDERCHAT_STORAGE: the folder {folder} cannot be read")
        }),
        StorageLocation::Bucket { .. } => storage(settings),
    }
}

/// The scanner that the settings name, if they name one.
pub(super) fn scanner(settings: &Settings) -> Option<Scanner> {
    settings.clamav.as_ref().map(|place| match place {
        ScannerLocation::Socket(path) => Scanner::Socket(path.clone()),
        ScannerLocation::Tcp(address) => Scanner::Tcp(address.clone()),
    })
}

/// Opens the storage.
pub(super) fn open(settings: &Settings, chat: &Chat, key: &SigningKey) -> anyhow::Result<Media> {
    let more = MediaSettings {
        at_once: settings.user_uploads,
        redirect: settings.storage_redirect,
        scanner: scanner(settings),
        signing_key: key.clone(),
    };
    Ok(Media::new(chat.clone(), storage(settings)?, more))
}
