//! How much memory a process holds, from `/proc`.

use anyhow::{Context as _, Result};

/// In KiB, as the kernel counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) now: u64,
    /// The most since the process began.
    pub(crate) peak: u64,
}

impl Memory {
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let path = format!("/proc/{pid}/status");
        let status = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {path}; is {pid} the server's process?"))?;
        Self::parse(&status).with_context(|| format!("{path} does not say VmRSS and VmHWM"))
    }

    fn parse(status: &str) -> Option<Self> {
        let kib = |name: &str| -> Option<u64> {
            let mut lines = status.lines();
            let value = lines.find_map(|line| line.strip_prefix(name))?;
            value.trim().strip_suffix(" kB")?.parse().ok()
        };
        Some(Self {
            now: kib("VmRSS:")?,
            peak: kib("VmHWM:")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_numbers_are_read_where_they_stand() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nThreads:\t3\n";
        let memory = Memory::parse(status).unwrap();
        assert_eq!((memory.now, memory.peak), (1024, 2048));
        assert_eq!(Memory::parse("VmRSS:\t1 kB\n"), None);
    }

    #[test]
    fn this_very_process_holds_some() {
        let memory = Memory::of(std::process::id()).unwrap();
        assert!(memory.now > 0 && memory.peak >= memory.now);
    }
}
