//! The table of figures and targets of live connections.

use super::engine::Engine;
use super::live::{Figures, Pair};
use super::row::{self, Row};
use crate::live::Talked;
use crate::live::resume::Resumed;
use crate::measured::thousands;

/// A Markdown table for each engine.
pub(super) fn markdown(figures: &[Figures]) -> String {
    let tables = figures
        .iter()
        .map(|figures| row::table(figures.engine, figures.fsync_p50, &rows(figures)) + "\n");
    tables.collect()
}

/// What deliveries in rooms of one size have to reach.
struct Target {
    per_s: f64,
    share: f64,
    cpu_us: f64,
}

fn rows(figures: &Figures) -> Vec<Row> {
    let fives = Target {
        per_s: match figures.engine {
            Engine::Sqlite => 60_000.0,
            Engine::Postgres => 45_000.0,
        },
        share: 0.6,
        cpu_us: 10.0,
    };
    let fifties = Target {
        per_s: 150_000.0,
        share: 0.7,
        cpu_us: 5.0,
    };
    let mut rows = Vec::new();
    rows.extend(pair(&figures.fives, &fives));
    rows.extend(pair(&figures.fifties, &fifties));
    rows.push(offered(figures));
    rows.extend(across(figures));
    rows.push(idle(figures));
    rows.push(resumed(&figures.resumed));
    rows
}

fn pair(pair: &Pair, target: &Target) -> [Row; 2] {
    let Pair { server, limit } = pair;
    let of = format!(
        "{} connections in rooms of {}",
        server.connections, server.people
    );
    let share = server.deliveries_per_s / limit.deliveries_per_s.max(1.0);
    let cpu_us = server.server_cpu_us.unwrap_or(f64::INFINITY);
    let met =
        server.deliveries_per_s >= target.per_s && share >= target.share && cpu_us <= target.cpu_us;
    [
        row(
            &format!("bare broadcast, {of}"),
            format!(
                "{}, {} bytes an event",
                rate_and_cpu(limit),
                limit.event_bytes
            ),
            limit,
        ),
        row(
            &format!("deliveries, {of}"),
            format!("{}; {share:.2} of bare broadcast", rate_and_cpu(server)),
            server,
        )
        .target(
            format!(
                "≥ {}/s, ≥ {} of bare broadcast, CPU ≤ {} µs",
                thousands(target.per_s),
                target.share,
                target.cpu_us
            ),
            met,
        ),
    ]
}

fn offered(figures: &Figures) -> Row {
    let talked = &figures.offered;
    let latency = talked.delivery_ms;
    let most = row::ms(figures.fsync_p50) + 1.0;
    row(
        &format!(
            "delivery, {} sends/s offered in rooms of {}",
            talked.offered_per_s.unwrap_or(0),
            talked.people
        ),
        format!(
            "p50 {} ms, p99 {} ms, max {} ms",
            latency.p50, latency.p99, latency.max
        ),
        talked,
    )
    .target(
        format!("p50 ≤ 1 fsync + 1 ms = {most:.2} ms, p99 ≤ 15 ms"),
        latency.p50 <= most && latency.p99 <= 15.0,
    )
}

/// Beside the delivery on one node of the same run.
fn across(figures: &Figures) -> Option<Row> {
    let (two, one) = (figures.across.as_ref()?, &figures.offered);
    let latency = two.delivery_ms;
    let above = latency.p99 - one.delivery_ms.p99;
    let figure = format!(
        "delivery to another node, {} sends/s offered in rooms of {}",
        two.offered_per_s.unwrap_or(0),
        two.people
    );
    let measured = format!(
        "p50 {} ms, p99 {} ms, max {} ms; p99 {above:.2} ms above one node",
        latency.p50, latency.p99, latency.max
    );
    let target = "p99 ≤ 10 ms above one node".to_owned();
    Some(row(&figure, measured, two).target(target, above <= 10.0))
}

fn idle(figures: &Figures) -> Row {
    let idle = &figures.idle;
    Row::new(
        &format!("idle, {} connections", thousands_of(idle.connections)),
        format!("{} KiB each of the server's memory", idle.kib_each),
        "",
        "",
    )
    .target("≤ 6 KiB".to_owned(), idle.kib_each <= 6.0)
}

fn resumed(resumed: &Resumed) -> Row {
    let faults = resumed.faults.ensure_none().err();
    let failures = faults.map_or_else(String::new, |error| format!("; errors: {error}"));
    let memory = resumed.peak_rss_kib.map_or_else(String::new, |kib| {
        format!("; memory at most {} MiB", kib / 1024)
    });
    Row::new(
        &format!(
            "resume of {} connections after a restart, {} missed events each",
            thousands_of(resumed.connections),
            resumed.missed
        ),
        format!("{} s{memory}", resumed.seconds),
        "",
        &failures,
    )
    .target("≤ 5 s".to_owned(), resumed.seconds <= 5.0)
}

fn row(figure: &str, measured: String, of: &Talked) -> Row {
    Row::new(figure, measured, &of.elsewhere(), &of.failures())
}

fn rate_and_cpu(talked: &Talked) -> String {
    let mut text = format!("{} deliveries/s", thousands(talked.deliveries_per_s));
    if let Some(us) = talked.server_cpu_us {
        text += &format!(", server CPU {us:.1} µs each");
    }
    text
}

fn thousands_of(count: usize) -> String {
    // Far below 2^52, where a float is still exact.
    thousands(count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Faults;
    use crate::live::idle::Idle;
    use crate::measured::Latency;
    use std::collections::BTreeMap;
    use std::time::Duration;

    fn talked(people: usize, deliveries_per_s: f64, cpu_us: f64, ms: f64) -> Talked {
        let latency = Latency {
            p50: ms,
            p90: ms,
            p99: ms,
            p999: ms,
            max: ms,
        };
        Talked {
            connections: 1000,
            people,
            offered_per_s: None,
            sends: 1,
            sends_per_s: 1.0,
            deliveries: 1,
            deliveries_per_s,
            faults: Faults::default(),
            errors: BTreeMap::new(),
            unsent: 0,
            delivery_ms: latency,
            ack_ms: latency,
            server_cpu_us: Some(cpu_us),
            client_cpu_us: Some(2.0),
            elsewhere_cores: Some(0.0),
            server_rss_kib: Some(1),
            event_bytes: 1100,
            ok_bytes: 1000,
        }
    }

    fn figures(engine: Engine) -> Figures {
        Figures {
            engine,
            fsync_p50: Duration::from_micros(400),
            fives: Pair {
                server: talked(5, 50_000.0, 9.9, 3.0),
                limit: talked(5, 80_000.0, 5.0, 3.0),
            },
            fifties: Pair {
                server: talked(50, 150_000.0, 5.1, 3.0),
                limit: talked(50, 200_000.0, 4.0, 3.0),
            },
            offered: talked(5, 2000.0, 9.0, 1.4),
            across: None,
            idle: Idle {
                connections: 15_000,
                rss_before_kib: 0,
                rss_kib: 0,
                kib_each: 6.01,
            },
            resumed: Resumed {
                connections: 10_000,
                missed: 20,
                seconds: 5.0,
                events: 200_000,
                faults: Faults::default(),
                peak_rss_kib: Some(204_800),
            },
        }
    }

    fn verdicts(figures: &Figures) -> Vec<Option<bool>> {
        rows(figures).into_iter().map(|row| row.met).collect()
    }

    #[test]
    fn targets_are_those_of_the_engine() {
        let (met, missed) = (Some(true), Some(false));
        assert_eq!(
            verdicts(&figures(Engine::Sqlite)),
            [None, missed, None, missed, met, missed, met]
        );
        assert_eq!(
            verdicts(&figures(Engine::Postgres)),
            [None, met, None, missed, met, missed, met]
        );
    }

    #[test]
    fn two_nodes_are_measured_against_one() {
        let mut figures = figures(Engine::Postgres);
        for (p99, met) in [(11.4, true), (11.5, false)] {
            figures.across = Some(talked(5, 2000.0, 9.0, p99));
            assert_eq!(verdicts(&figures)[5], Some(met), "{p99}");
        }
    }

    #[test]
    fn what_did_not_arrive_meets_no_target() {
        let mut figures = figures(Engine::Postgres);
        figures.fives.server.faults.lost = 1;
        figures.resumed.faults.repeated = 1;
        let rows = rows(&figures);
        assert_eq!((rows[1].met, rows[6].met), (Some(false), Some(false)));
        let table = markdown(&[figures]);
        assert!(table.contains("; errors: 1 × lost | ≥ 45,000/s"), "{table}");
    }
}
