//! Processor time of a process, from `/proc`.

use std::time::Duration;

use anyhow::{Context as _, Result};

/// User and system time of all threads since the process began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CpuTime(Duration);

impl CpuTime {
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let path = format!("/proc/{pid}/stat");
        let stat = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {path}; is {pid} the server's process?"))?;
        let ticks = ticks(&stat).with_context(|| format!("{path} has no processor times"))?;
        let per_second = rustix::param::clock_ticks_per_second();
        Ok(Self(Duration::from_nanos(
            ticks * (1_000_000_000 / per_second.max(1)),
        )))
    }

    pub(crate) fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// `utime + stime` of a line of `/proc/PID/stat` (proc(5), fields 14 and 15), in clock ticks.
fn ticks(stat: &str) -> Option<u64> {
    // The name (field 2) is in parentheses and may itself hold spaces and parentheses.
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_added_whatever_the_process_is_called() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 9 0 0 0 70 5 0 0 20 0 3 0 100 0 0";
        assert_eq!(ticks(stat), Some(75));
        assert_eq!(ticks("42 (cut"), None);
    }

    #[test]
    fn this_very_process_has_a_time() {
        CpuTime::of(std::process::id()).unwrap();
    }
}
