//! How long the disk takes to make a write durable: every durable send costs a share of one.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

const ROUNDS: usize = 200;
const BLOCK: [u8; 4096] = [0x5a; 4096];

/// The median time of an fdatasync after appending 4 KiB to a file in `folder`, of 200.
pub(crate) fn p50(folder: &Path) -> Result<Duration> {
    let mut file = tempfile::tempfile_in(folder)
        .with_context(|| format!("cannot write in {}", folder.display()))?;
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        file.write_all(&BLOCK)?;
        let begun = Instant::now();
        // fdatasync(2) on Linux, as SQLite's write-ahead log uses it.
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok(times[ROUNDS / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_can_be_written_has_a_time_and_another_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(p50(folder.path()).unwrap() > Duration::ZERO);
        let missing = folder.path().join("missing");
        assert!(p50(&missing).unwrap_err().to_string().contains("missing"));
    }
}
