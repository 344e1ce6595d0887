//! How much room the disk has left.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::copy::folder_of;

/// Of a small disk at most so much is kept free, whatever was asked for.
const LARGEST_SHARE: u64 = 20;

/// A disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    pub free: u64,
    pub all: u64,
}

impl Disk {
    /// The disk of this file, or of the folder that it is to be made in.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn of(file: &Path) -> std::io::Result<Self> {
        let asked = rustix::fs::statvfs(file);
        let disk = asked.or_else(|_| rustix::fs::statvfs(folder_of(file)))?;
        Ok(Self {
            free: disk.f_bavail.saturating_mul(disk.f_frsize),
            all: disk.f_blocks.saturating_mul(disk.f_frsize),
        })
    }

    /// How much of it is kept free when so much is asked for.
    #[must_use]
    pub fn kept(self, asked: u64) -> u64 {
        asked.min(self.all / LARGEST_SHARE)
    }
}

/// Whether less is free than is to be kept free, as it was seen last.
#[derive(Debug)]
pub(super) struct Space {
    file: PathBuf,
    keep: AtomicU64,
    is_low: AtomicBool,
}

impl Space {
    /// Of the disk that this file is on; nothing is to be kept free yet.
    pub(super) fn of(file: &Path) -> Self {
        Self {
            file: file.to_owned(),
            keep: AtomicU64::new(0),
            is_low: AtomicBool::new(false),
        }
    }

    /// Keeps so many bytes free from now on, or a twentieth of the disk where that is less.
    pub(super) fn keep(&self, bytes: u64) {
        self.keep.store(bytes, Ordering::Relaxed);
        self.look();
    }

    pub(super) fn is_low(&self) -> bool {
        self.is_low.load(Ordering::Relaxed)
    }

    /// Looks at the disk. One that cannot be asked stays what it was: a write then tells.
    pub(super) fn look(&self) {
        let Ok(disk) = Disk::of(&self.file) else {
            return;
        };
        let (free, keep) = (disk.free, disk.kept(self.keep.load(Ordering::Relaxed)));
        let is_low = free < keep;
        if self.is_low.swap(is_low, Ordering::Relaxed) != is_low {
            if is_low {
                tracing::error!(
                    file = %self.file.display(),
                    free,
                    keep,
                    "the disk is nearly full: nothing new is taken; make room on the database's, or lower \
                     ORDERCHAT_DISK_RESERVE"
                );
            } else {
                tracing::info!(free, keep, "the disk has room again");
            }
        }
    }
}
