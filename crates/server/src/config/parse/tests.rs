use rstest::rstest;
use secrecy::ExposeSecret;

use super::*;

#[rstest]
#[case("https://shop.example", "https://shop.example")]
#[case("https://Shop.Example/", "https://shop.example")]
#[case("https://shop.example:443", "https://shop.example")]
#[case("http://localhost:3000", "http://localhost:3000")]
#[case("http://[::1]:3000", "http://[::1]:3000")]
fn an_origin_is_read_as_browsers_write_it(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(origin(text).unwrap().as_str(), expected);
}

#[rstest]
#[case("*")]
#[case("null")]
#[case("shop.example")]
#[case("https://shop.example/chat")]
#[case("https://shop.example?x=1")]
#[case("https://*.shop.example")]
#[case("https://user@shop.example")]
#[case("https://shop.example:99999")]
#[case("ftp://shop.example")]
#[case("https://")]
fn what_is_no_origin_is_refused(#[case] text: &str) {
    assert!(origin(text).is_err(), "{text} was taken");
}

#[rstest]
#[case("nats://nats.example")]
#[case("nats://nats.example:4222/")]
#[case("nats://[::1]:4222")]
#[case("nats://token@nats.example")]
#[case("tls://user:p%40ss@nats.example:4222")]
fn a_bus_is_the_url_of_a_nats_server(#[case] text: &str) {
    match bus(text).unwrap() {
        BusLocation::Nats(url) => assert_eq!(url.expose_secret(), text),
        BusLocation::Local => panic!("{text} was taken for local"),
    }
    assert!(matches!(bus("local").unwrap(), BusLocation::Local));
}

#[rstest]
#[case("nats")]
#[case("Local")]
#[case("nats.example:4222")]
#[case("nats://")]
#[case("nats://user:password@")]
#[case("nats://:password@nats.example")]
#[case("nats://nats.example:99999")]
#[case("nats://nats.example/orders")]
#[case("nats://nats.example?tls=1")]
#[case("nats://a.example,nats://b.example")]
#[case("nats://a.example,b.example")]
#[case("wss://nats.example")]
#[case("redis://nats.example")]
fn what_is_no_bus_is_refused(#[case] text: &str) {
    assert!(bus(text).is_err(), "{text} was taken");
}

#[rstest]
#[case("1/s burst 30", 1, 1, 30)]
#[case("30/min", 30, 60, 30)]
fn a_rate_has_a_count_a_period_and_a_burst(
    #[case] text: &str,
    #[case] count: u32,
    #[case] seconds: u64,
    #[case] burst: u32,
) {
    let read = rate(text).unwrap();
    assert_eq!(
        (read.count.get(), read.per.as_secs(), read.burst.get()),
        (count, seconds, burst)
    );
}

#[rstest]
#[case("")]
#[case("0/s")]
#[case("5")]
#[case("5/h")]
#[case("5/s burst 0")]
#[case("5/s burst")]
#[case("-5/s")]
#[case("5/s burst 9999999999")]
fn what_is_no_rate_is_refused(#[case] text: &str) {
    assert!(rate(text).is_err(), "{text} was taken");
}

#[test]
fn sizes_and_times_have_units_and_bounds() {
    assert_eq!(size(1..=1 << 20)("128KiB"), Ok(128 << 10));
    assert_eq!(size(1..=1 << 20)("1 MiB"), Ok(1 << 20));
    assert_eq!(size(1..=1 << 20)("4096"), Ok(4096));
    assert!(size(1..=1 << 20)("2MiB").is_err());
    assert!(size(1..=usize::MAX)("99999999999999999999KiB").is_err());
    assert_eq!(duration(1..=300)("5m"), Ok(Duration::from_mins(5)));
    assert!(duration(1..=300)("10").is_err());
    assert!(duration(1..=300)("0s").is_err());
    assert!(duration(1..=300)("1h").is_err());
}

#[test]
fn a_database_is_a_file_or_a_server() {
    assert!(matches!(database("sqlite:a.db"), Ok(Database::Sqlite(p)) if p.as_os_str() == "a.db"));
    assert!(
        matches!(database("sqlite:///v/a.db"), Ok(Database::Sqlite(p)) if p.as_os_str() == "/v/a.db")
    );
    assert!(matches!(
        database("postgresql://u:p@h/d"),
        Ok(Database::Postgres(url)) if url.expose_secret() == "postgresql://u:p@h/d"
    ));
    for wrong in [
        "",
        "sqlite:",
        "sqlite::memory:",
        "mysql://h/d",
        "postgres://",
        "orderchat.db",
    ] {
        assert!(database(wrong).is_err(), "{wrong} was taken");
    }
}

#[rstest]
#[case("short")]
#[case("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
#[case("abcabcabcabcabcabcabcabcabcabcabcabcabc")]
#[case("12345678901234567890123456789012")]
#[case("changeme-changeme-changeme-1234567890")]
#[case("a-string-secret-at-least-256-bits-long")]
#[case("kq3Jf0cLr8VxPz1nTbW5yHsD7mGaE4uQ\n")]
fn a_weak_secret_is_refused_without_being_shown(#[case] text: &str) {
    let remedy = secret(text).unwrap_err();
    assert!(!remedy.contains(text.trim()), "{remedy}");
}

#[test]
fn a_random_secret_of_32_bytes_is_taken() {
    assert!(secret("kq3Jf0cLr8VxPz1nTbW5yHsD7mGaE4uQ").is_ok());
}

#[test]
fn keys_come_from_a_file_or_over_tls() {
    assert_eq!(
        jwks("/etc/keys.json"),
        Ok(JwksLocation::File("/etc/keys.json".into()))
    );
    assert_eq!(
        jwks("file:keys.json"),
        Ok(JwksLocation::File("keys.json".into()))
    );
    assert!(matches!(
        jwks("https://shop.example/jwks"),
        Ok(JwksLocation::Url(_))
    ));
    assert!(matches!(
        jwks("http://127.0.0.1:9/jwks"),
        Ok(JwksLocation::Url(_))
    ));
    assert!(matches!(
        jwks("http://[::1]:9/jwks"),
        Ok(JwksLocation::Url(_))
    ));
    assert!(jwks("http://shop.example/jwks").is_err());
    assert!(jwks("ftp://shop.example/jwks").is_err());
}

#[test]
fn proxies_are_addresses_or_networks() {
    let nets = list(network)("10.0.0.0/8, 192.0.2.7,2001:db8::/32,").unwrap();
    assert_eq!(nets.len(), 3);
    assert!(nets[1].contains(&"192.0.2.7".parse::<IpAddr>().unwrap()));
    assert!(list(network)("10.0.0.0/33").is_err());
}

#[test]
fn a_log_filter_is_checked_before_it_is_used() {
    assert!(log_filter("info,orderchat::net=trace").is_ok());
    assert!(log_filter("orderchat=loud").is_err());
}
