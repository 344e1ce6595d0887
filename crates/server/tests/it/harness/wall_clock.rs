//! A wall clock that tests move while the server runs: libfaketime shows it to the process.
//!
//! Only the wall clock moves; what the server waits by, the monotone clock, is the machine's.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicI64, Ordering};

use super::now_s;

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// The clock of a server and of the tokens that its tests sign.
pub(crate) struct WallClock {
    library: PathBuf,
    /// Says how far the clock is ahead of the machine's.
    file: PathBuf,
    ahead_s: AtomicI64,
}

impl WallClock {
    /// A clock that stands as the machine's, kept in this folder.
    pub(crate) fn new(folder: &Path) -> Self {
        let clock = Self {
            library: library().expect("libfaketime is installed; scripts/install does it"),
            file: folder.join("clock"),
            ahead_s: AtomicI64::new(0),
        };
        clock.write(0);
        clock
    }

    /// Moves the clock, back if negative.
    pub(crate) fn jump(&self, by_s: i64) {
        let ahead = self.ahead_s.fetch_add(by_s, Ordering::SeqCst) + by_s;
        self.write(ahead);
    }

    /// What the clock shows, in seconds since 1970.
    pub(crate) fn now_s(&self) -> i64 {
        now_s() + self.ahead_s.load(Ordering::SeqCst)
    }

    /// Makes the command's process see this clock.
    pub(super) fn show_to(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", &self.file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1");
    }

    /// The server reads the file each time it asks for the time: never half of it.
    fn write(&self, ahead_s: i64) {
        let new = self.file.with_extension("new");
        std::fs::write(&new, format!("{ahead_s:+}")).expect("the clock's file can be written");
        std::fs::rename(&new, &self.file).expect("the clock's file can be replaced");
    }
}

/// libfaketime, where Debian's package puts it.
fn library() -> Option<PathBuf> {
    let architectures = std::fs::read_dir("/usr/lib").ok()?;
    architectures
        .flatten()
        .map(|folder| folder.path().join("faketime/libfaketime.so.1"))
        .find(|library| library.exists())
}

/// Whether tests that move the clock can run. Where libfaketime is missing they are left out, and
/// say so; with `ORDERCHAT_TEST_CLOCK=required`, as `scripts/test` sets it, they fail instead.
pub(crate) fn can_move_clocks() -> bool {
    let found = library().is_some();
    let required = std::env::var("ORDERCHAT_TEST_CLOCK").is_ok_and(|value| value == "required");
    assert!(
        found || !required,
        "libfaketime is missing; run scripts/install"
    );
    if !found {
        eprintln!("left out: it moves the clock, which needs libfaketime (scripts/install)");
    }
    found
}
