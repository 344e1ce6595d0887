//! What a load came to, and how it is printed.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::client::Lost;
use crate::cpu::CpuTime;
use crate::load::{Exchange, Plan};

/// Latencies are kept in microseconds, exact to three digits, up to two minutes: more than any
/// deadline and drain together.
const MAX_LATENCY_US: u64 = 120_000_000;

/// The kernel's own work for sockets and disk stays below; another program that computes does not.
const NOTABLE_CORES: f64 = 0.25;

/// One client's count.
#[derive(Debug)]
pub(crate) struct Tally {
    latency_us: Histogram<u64>,
    errors: BTreeMap<String, u64>,
    last_return_ns: u64,
    first_invoke_ns: u64,
}

impl Tally {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            latency_us: histogram()?,
            errors: BTreeMap::new(),
            last_return_ns: 0,
            first_invoke_ns: u64::MAX,
        })
    }

    /// Counts an exchange; only successes have a latency, or failing fast would look good.
    pub(crate) fn count(&mut self, exchange: &Exchange, latency: Duration) {
        self.first_invoke_ns = self.first_invoke_ns.min(exchange.invoke_ns);
        self.last_return_ns = self.last_return_ns.max(exchange.return_ns);
        let error = match &exchange.result {
            Ok(answer) if answer.status.is_success() => {
                let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
                self.latency_us.saturating_record(us);
                return;
            }
            Ok(answer) => answer.status.as_u16().to_string(),
            Err(Lost::Timeout) => "timeout".to_owned(),
            Err(Lost::Broken(_)) => "connection".to_owned(),
        };
        *self.errors.entry(error).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) -> Result<()> {
        self.latency_us
            .add(&other.latency_us)
            .context("adding histograms")?;
        for (error, count) in &other.errors {
            *self.errors.entry(error.clone()).or_default() += count;
        }
        self.first_invoke_ns = self.first_invoke_ns.min(other.first_invoke_ns);
        self.last_return_ns = self.last_return_ns.max(other.last_return_ns);
        Ok(())
    }
}

/// The result of a run, as its JSON line shows it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Measured {
    pub(crate) connections: usize,
    /// Requests per second offered by an open loop.
    pub(crate) offered_per_s: Option<u32>,
    /// Successful answers in the counted time.
    pub(crate) answers: u64,
    pub(crate) per_s: f64,
    /// By HTTP status, or `timeout`, or `connection`.
    pub(crate) errors: BTreeMap<String, u64>,
    /// Due in an open loop and not sent, because the server did not keep up.
    pub(crate) unsent: u64,
    pub(crate) latency_ms: Latency,
    /// The server's user and system time, all threads, per successful answer.
    pub(crate) server_cpu_us: Option<f64>,
    /// This program's.
    pub(crate) client_cpu_us: Option<f64>,
    /// Processors that were busy with neither of the two: with PostgreSQL, or with what should not
    /// run beside a measurement.
    pub(crate) elsewhere_cores: Option<f64>,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}

impl Latency {
    pub(crate) fn of(us: &Histogram<u64>) -> Self {
        let ms = |quantile| round(micros(us.value_at_quantile(quantile)) / 1000.0);
        Self {
            p50: ms(0.5),
            p90: ms(0.9),
            p99: ms(0.99),
            p999: ms(0.999),
            max: ms(1.0),
        }
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            p50,
            p90,
            p99,
            p999,
            max,
        } = self;
        write!(f, "p50 {p50} p90 {p90} p99 {p99} p99.9 {p999} max {max}")
    }
}

/// No latency yet.
pub(crate) fn histogram() -> Result<Histogram<u64>> {
    Histogram::new_with_bounds(1, MAX_LATENCY_US, 3).context("the bounds of the histogram")
}

impl Measured {
    pub(crate) fn new(plan: &Plan, tally: Tally, unsent: u64, cpu: Option<CpuTime>) -> Self {
        let answers = tally.latency_us.len();
        // An open loop that falls behind ends late: what it drained after the end is not a rate
        // that the server sustained within the duration.
        let took = tally.last_return_ns.saturating_sub(tally.first_invoke_ns);
        let seconds = plan.duration.max(Duration::from_nanos(took)).as_secs_f64();
        let each = |cpu: Duration| round(cpu.as_secs_f64() * 1e6 / micros(answers.max(1)));
        Self {
            connections: plan.connections,
            offered_per_s: plan.rate,
            answers,
            per_s: round(micros(answers) / seconds),
            unsent,
            latency_ms: Latency::of(&tally.latency_us),
            server_cpu_us: cpu.map(|cpu| each(cpu.server)),
            client_cpu_us: cpu.map(|cpu| each(cpu.client)),
            elsewhere_cores: cpu
                .map(|cpu| round(cpu.elsewhere.as_secs_f64() / plan.duration.as_secs_f64())),
            errors: tally.errors,
        }
    }

    /// Prints a JSON line for programs and a line for people.
    pub(crate) fn print(&self, what: &str) -> Result<()> {
        #[derive(Serialize)]
        struct Line<'a> {
            what: &'a str,
            #[serde(flatten)]
            measured: &'a Measured,
        }
        let line = Line {
            what,
            measured: self,
        };
        println!("{}", serde_json::to_string(&line)?);
        println!("{}", self.sentence(what));
        Ok(())
    }

    pub(crate) fn sentence(&self, what: &str) -> String {
        let pace = match self.offered_per_s {
            Some(rate) => format!("{rate}/s offered on {} connections", self.connections),
            None => format!("{} connections", self.connections),
        };
        let mut sentence = format!(
            "{what}, {pace}: {}/s; ms {}",
            thousands(self.per_s),
            self.latency_ms
        );
        if let (Some(server), Some(client)) = (self.server_cpu_us, self.client_cpu_us) {
            sentence += &format!("; CPU µs each: server {server}, client {client}");
        }
        sentence += &self.elsewhere();
        sentence += &self.failures();
        sentence
    }

    /// "; … cores busy elsewhere", or nothing when hardly any.
    pub(crate) fn elsewhere(&self) -> String {
        elsewhere(self.elsewhere_cores)
    }

    /// "; errors …" or nothing.
    pub(crate) fn failures(&self) -> String {
        let mut parts: Vec<String> = self
            .errors
            .iter()
            .map(|(error, count)| format!("{count} × {error}"))
            .collect();
        if self.unsent > 0 {
            parts.push(format!("{} not sent in time", self.unsent));
        }
        if parts.is_empty() {
            String::new()
        } else {
            format!("; errors: {}", parts.join(", "))
        }
    }
}

/// "; … cores busy elsewhere", or nothing when hardly any.
pub(crate) fn elsewhere(cores: Option<f64>) -> String {
    match cores {
        Some(cores) if cores >= NOTABLE_CORES => format!("; {cores} cores busy elsewhere"),
        _ => String::new(),
    }
}

/// 12345.6 as "12,346".
pub(crate) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Counts and microseconds stay far below 2^52, where a float is still exact.
pub(crate) fn micros(value: u64) -> f64 {
    value as f64
}

/// To two decimals: what is printed should not promise more than was measured.
pub(crate) fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Answer;
    use hyper::StatusCode;

    fn plan(rate: Option<u32>) -> Plan {
        Plan {
            connections: 8,
            warm_up: Duration::ZERO,
            duration: Duration::from_secs(2),
            rate,
            server_pid: None,
        }
    }

    fn exchange(status: u16) -> Exchange {
        Exchange {
            client: 0,
            n: 0,
            invoke_ns: 1_000,
            return_ns: 2_000,
            due_ns: 1_000,
            counts: true,
            result: Ok(Answer {
                status: StatusCode::from_u16(status).unwrap(),
                body: hyper::body::Bytes::new(),
            }),
        }
    }

    #[test]
    fn only_successes_have_a_latency_and_a_rate() {
        let mut tally = Tally::new().unwrap();
        for ms in 1..=100 {
            tally.count(&exchange(201), Duration::from_millis(ms));
        }
        tally.count(&exchange(503), Duration::from_micros(1));
        let cpu = CpuTime {
            server: Duration::from_millis(5),
            client: Duration::from_millis(1),
            elsewhere: Duration::from_millis(500),
        };
        let measured = Measured::new(&plan(None), tally, 0, Some(cpu));
        assert_eq!(measured.answers, 100);
        assert_eq!(measured.per_s, 50.0);
        assert_eq!(measured.latency_ms.max.round(), 100.0);
        assert_eq!(measured.latency_ms.p50.round(), 50.0);
        assert_eq!(measured.server_cpu_us, Some(50.0));
        assert_eq!(measured.client_cpu_us, Some(10.0));
        assert_eq!(measured.elsewhere(), "; 0.25 cores busy elsewhere");
        assert_eq!(measured.errors["503"], 1);
        assert_eq!(measured.failures(), "; errors: 1 × 503");
    }

    #[test]
    fn the_rate_of_an_open_loop_that_ends_late_is_over_the_time_it_took() {
        let mut tally = Tally::new().unwrap();
        let mut late = exchange(201);
        late.return_ns = 4_000_001_000;
        tally.count(&late, Duration::from_secs(4));
        let measured = Measured::new(&plan(Some(1)), tally, 3, None);
        assert_eq!(measured.per_s, 0.25);
        assert!(
            measured
                .sentence("send")
                .ends_with("; errors: 3 not sent in time")
        );
    }

    #[test]
    fn counts_of_clients_add_up() {
        let mut all = Tally::new().unwrap();
        for _ in 0..3 {
            let mut one = Tally::new().unwrap();
            one.count(&exchange(201), Duration::from_millis(1));
            one.count(&exchange(429), Duration::from_millis(1));
            all.add(&one).unwrap();
        }
        let measured = Measured::new(&plan(None), all, 0, None);
        assert_eq!((measured.answers, measured.errors["429"]), (3, 3));
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(thousands(0.4), "0");
        assert_eq!(thousands(999.0), "999");
        assert_eq!(thousands(1_234_567.0), "1,234,567");
    }
}
