//! What the process uses, from `/proc`, in Prometheus' usual names.

use std::fmt::Write;
use std::fs;

/// The kernel counts CPU time in these ticks per second (`USER_HZ`, 100 on every Linux that Rust
/// runs on).
const TICKS_PER_SECOND: f64 = 100.0;

/// Appends the process' metrics; what cannot be read (not Linux) is left out.
pub(super) fn write(text: &mut String) {
    let mut put = |name: &str, kind: &str, value: Option<f64>| {
        if let Some(value) = value {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# TYPE {name} {kind}\n{name} {value}");
        }
    };
    put("process_resident_memory_bytes", "gauge", resident_bytes());
    put("process_open_fds", "gauge", open_files());
    put("process_max_fds", "gauge", max_files());
    put("process_cpu_seconds_total", "counter", cpu_seconds());
}

fn resident_bytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0)
}

/// Less the one that is open for counting.
fn open_files() -> Option<f64> {
    let count = fs::read_dir("/proc/self/fd").ok()?.count();
    u32::try_from(count.saturating_sub(1)).ok().map(f64::from)
}

fn max_files() -> Option<f64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The command's name stands in brackets and may hold anything; utime and stime are the 12th
    // and 13th field after it.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let user: f64 = times.next()?.parse().ok()?;
    let system: f64 = times.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_process_uses_memory_files_and_time() {
        let mut text = String::new();
        write(&mut text);
        let value = |name: &str| -> f64 {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .unwrap();
            line.trim().parse().unwrap()
        };
        assert!(value("process_resident_memory_bytes ") > 1_000_000.0);
        assert!(value("process_open_fds ") >= 3.0);
        assert!(value("process_max_fds ") > value("process_open_fds "));
        assert!(value("process_cpu_seconds_total ") >= 0.0);
    }
}
