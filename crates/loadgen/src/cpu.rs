//! Processor time, from `/proc`: of the server, of this program, and of everything else.

use std::time::Duration;

use anyhow::{Context as _, Result};

/// Processor time of all threads, up to a moment or between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CpuTime {
    pub(crate) server: Duration,
    /// This program.
    pub(crate) client: Duration,
    /// All other processes: PostgreSQL where the server uses it, and what should not run beside a
    /// measurement.
    pub(crate) elsewhere: Duration,
}

impl CpuTime {
    /// All that was used so far.
    pub(crate) fn now(server_pid: u32) -> Result<Self> {
        let server = of_process(server_pid)?;
        let client = of_process(std::process::id())?;
        let path = "/proc/stat";
        let stat = std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
        let machine = machine_ticks(&stat).with_context(|| format!("{path} has no times"))?;
        Ok(Self {
            server,
            client,
            elsewhere: duration(machine).saturating_sub(server + client),
        })
    }

    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            server: self.server.saturating_sub(earlier.server),
            client: self.client.saturating_sub(earlier.client),
            elsewhere: self.elsewhere.saturating_sub(earlier.elsewhere),
        }
    }
}

fn of_process(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let stat = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {path}; is {pid} the server's process?"))?;
    let ticks = process_ticks(&stat).with_context(|| format!("{path} has no processor times"))?;
    Ok(duration(ticks))
}

fn duration(ticks: u64) -> Duration {
    let per_second = rustix::param::clock_ticks_per_second();
    Duration::from_nanos(ticks * (1_000_000_000 / per_second.max(1)))
}

/// `utime + stime` of a line of `/proc/PID/stat` (proc(5), fields 14 and 15), in clock ticks.
fn process_ticks(stat: &str) -> Option<u64> {
    // The name (field 2) is in parentheses and may itself hold spaces and parentheses.
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// What all processors did, in clock ticks: of the first line of `/proc/stat` (proc(5)) user, nice,
/// system, irq and softirq. Not idle, not waiting for the disk, not taken away by the host.
fn machine_ticks(stat: &str) -> Option<u64> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = line
        .split_whitespace()
        .map(|field| field.parse().ok())
        .collect::<Option<_>>()?;
    match ticks[..] {
        [user, nice, system, _idle, _iowait, irq, softirq, ..] => {
            Some(user + nice + system + irq + softirq)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_added_whatever_the_process_is_called() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 9 0 0 0 70 5 0 0 20 0 3 0 100 0 0";
        assert_eq!(process_ticks(stat), Some(75));
        assert_eq!(process_ticks("42 (cut"), None);
    }

    #[test]
    fn a_processor_that_waits_is_not_used() {
        let stat = "cpu  100 20 3 9999 888 4 5 77 0 0\ncpu0 50 10 1 5000 400 2 2 30 0 0\n";
        assert_eq!(machine_ticks(stat), Some(132));
        assert_eq!(machine_ticks("cpu 1 2"), None);
    }

    #[test]
    fn this_very_process_has_a_time() {
        let now = CpuTime::now(std::process::id()).unwrap();
        assert!(now.elsewhere > Duration::ZERO);
    }
}
