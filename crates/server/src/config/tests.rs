use std::io::Write;

use clap::{Args, Command, FromArgMatches};
use rstest::rstest;
use secrecy::ExposeSecret;

use super::layers::Source;
use super::*;

const SECRET: &str = "kq3Jf0cLr8VxPz1nTbW5yHsD7mGaE4uQ";

fn flags(flags: &[&str]) -> SettingsArgs {
    let command = SettingsArgs::augment_args(Command::new("orderchat"));
    let matches = command
        .try_get_matches_from(["orderchat"].iter().chain(flags))
        .unwrap();
    SettingsArgs::from_arg_matches(&matches).unwrap()
}

fn variables(given: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    given
        .iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

fn load(given: &[(&str, &str)], args: &[&str]) -> Result<Settings, ConfigError> {
    Settings::load(&flags(args), variables(given), Need::Nothing)
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let settings = load(&[], &[]).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.metrics_listen.to_string(), "127.0.0.1:9090");
    assert!(
        matches!(settings.database, Database::Sqlite(path) if path.as_os_str() == "orderchat.db")
    );
    assert_eq!(
        (
            settings.auth_issuer.as_str(),
            settings.auth_audience.as_str()
        ),
        ("orderchat", "orderchat")
    );
    assert!(matches!(settings.bus, BusLocation::Local));
    assert!(settings.rate_limits);
    assert_eq!(settings.message_length, 8_000);
    assert_eq!(settings.max_body, 128 << 10);
    assert_eq!(settings.max_in_flight, 256);
    assert_eq!(settings.request_deadline.as_secs(), 10);
    assert_eq!(settings.online_window.as_secs(), 300);
}

#[test]
fn flags_win_over_variables_over_the_file_over_defaults() {
    let file = file("max_in_flight = 1\nmax_connections = 1\nlog = \"warn\"\n");
    let path = file.path().to_str().unwrap();
    let settings = load(
        &[
            ("ORDERCHAT_CONFIG", path),
            ("ORDERCHAT_MAX_IN_FLIGHT", "2"),
            ("ORDERCHAT_MAX_CONNECTIONS", "2"),
        ],
        &["--max-in-flight", "3"],
    )
    .unwrap();
    assert_eq!((settings.max_in_flight, settings.max_connections), (3, 2));
    assert_eq!(
        (settings.log.as_str(), settings.max_body),
        ("warn", 128 << 10)
    );
    let source = |name: &str| {
        settings
            .listing()
            .find(|listed| listed.name == name)
            .unwrap()
            .source
    };
    assert_eq!(source("ORDERCHAT_MAX_IN_FLIGHT"), Source::Flag);
    assert_eq!(source("ORDERCHAT_MAX_CONNECTIONS"), Source::Variable);
    assert_eq!(source("ORDERCHAT_LOG"), Source::File);
    assert_eq!(source("ORDERCHAT_MAX_BODY"), Source::Default);
}

#[rstest]
#[case("loud", false)]
#[case("orderchat", true)]
#[case("off", true)]
#[case("WARN", true)]
#[case("info,orderchat::net=debug", true)]
#[case("orderchat::net", true)]
fn a_log_level_is_one_of_those_there_are(#[case] given: &str, #[case] is_good: bool) {
    let loaded = load(&[("ORDERCHAT_LOG", given)], &[]);
    assert_eq!(loaded.is_ok(), is_good, "{given}");
}

#[rstest]
#[case("0123456789abcdef0123456789abcdef", true)]
#[case("secret-secret-secret-secret-secret", false)]
#[case("aaaaaaaabbbbbbbbccccccccdddddddd", false)]
#[case("changeme-changeme-0123456789abcdef", false)]
fn a_secret_that_is_no_secret_is_refused(#[case] given: &str, #[case] is_good: bool) {
    let loaded = load(&[("ORDERCHAT_AUTH_SECRET", given)], &[]);
    assert_eq!(loaded.is_ok(), is_good, "{given}");
}

#[test]
fn the_file_takes_numbers_switches_and_lists() {
    let file = file(
        "rate_limits = false\nmax_in_flight = 7\norigins = [\"https://a.example\", \"https://b.example\"]\n",
    );
    let settings = load(&[], &["--config", file.path().to_str().unwrap()]).unwrap();
    assert!(!settings.rate_limits);
    assert_eq!(settings.max_in_flight, 7);
    assert_eq!(settings.origins.len(), 2);
}

#[rstest]
#[case("ORDERCHAT_LISTN", "ORDERCHAT_LISTEN")]
#[case("ORDERCHAT_AUTH_SECERT", "ORDERCHAT_AUTH_SECRET")]
#[case("ORDERCHAT_CONFIGS", "ORDERCHAT_CONFIG")]
fn an_unknown_variable_is_refused_and_the_nearest_named(#[case] given: &str, #[case] meant: &str) {
    let error = load(&[(given, "x")], &[]).unwrap_err().to_string();
    assert!(
        error.contains(given) && error.contains(&format!("did you mean {meant}?")),
        "{error}"
    );
}

#[test]
fn variables_of_scripts_and_tests_are_no_settings() {
    let given = [
        ("ORDERCHAT_URL", "http://127.0.0.1:8080"),
        ("ORDERCHAT_TOKEN", "abc"),
        ("ORDERCHAT_TEST_ENGINE", "sqlite"),
        ("PATH", "/bin"),
    ];
    assert!(load(&given, &[]).is_ok());
}

#[cfg(not(feature = "sabotage"))]
#[test]
fn a_server_for_use_does_not_know_how_to_do_wrong() {
    let error = load(&[("ORDERCHAT_SABOTAGE", "forget-blocks")], &[]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("ORDERCHAT_SABOTAGE is no setting")
    );
}

#[test]
fn an_unknown_key_in_the_file_is_refused_with_the_file_s_name() {
    for key in ["lisen", "LISTEN", "ORDERCHAT_LISTEN"] {
        let file = file(&format!("{key} = \"127.0.0.1:1\"\n"));
        let path = file.path().to_str().unwrap();
        let error = load(&[], &["--config", path]).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("{key} in {path} is no setting; did you mean listen?")
        );
    }
}

#[test]
fn what_is_no_toml_is_named_by_its_place_and_not_shown() {
    let file = file("log = \"info\"\nauth_secret = hunter2hunter2\n");
    let path = file.path().to_str().unwrap();
    let error = load(&[], &["--config", path]).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("{path}, line 2, column 15: ")),
        "{error}"
    );
    assert!(error.contains("texts in quotes"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn a_bucket_that_cannot_be_one_is_told_apart_from_a_prefix() {
    for (place, why) in [
        ("s3://b/p", "at least 3 characters"),
        ("s3://a_bucket", "the name of a bucket"),
        ("s3://bucket/a b", "the prefix in a bucket"),
        ("bucket", "write file:FOLDER"),
    ] {
        let error = load(&[("ORDERCHAT_STORAGE", place)], &[]).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn all_wrong_values_are_named_at_once_with_value_and_remedy() {
    let given = [
        ("ORDERCHAT_LISTEN", "everywhere"),
        ("ORDERCHAT_RATE_LIMITS", "maybe"),
    ];
    let error = load(&given, &["--max-body", "1TB"]).unwrap_err();
    assert_eq!(error.problems.len(), 3);
    let text = error.to_string();
    for part in [
        "ORDERCHAT_LISTEN is \"everywhere\"",
        "write on or off",
        "--max-body is \"1TB\"",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_broken_file_is_named_with_its_line_and_without_its_text() {
    let file = file("log = \"info\"\nauth_secret = \"canary\n");
    let error = load(&[], &["--config", file.path().to_str().unwrap()])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("line 2") && !error.contains("canary"),
        "{error}"
    );
}

#[test]
fn no_secret_is_in_errors_listing_or_debug_output() {
    let error = load(&[("ORDERCHAT_AUTH_SECRET", "canary")], &[])
        .unwrap_err()
        .to_string();
    assert!(!error.contains("canary"), "{error}");

    let given = [
        ("ORDERCHAT_AUTH_SECRET", SECRET),
        (
            "ORDERCHAT_DATABASE",
            "postgres://u:canary@db.example/orders?password=canary",
        ),
    ];
    let settings = load(&given, &[]).unwrap();
    let shown = format!("{settings:?}{:?}", settings.listing().collect::<Vec<_>>());
    assert!(
        !shown.contains("canary") && !shown.contains(SECRET),
        "{shown}"
    );
    assert!(shown.contains("postgres://…@db.example/orders"), "{shown}");
    assert_eq!(settings.auth_secret.unwrap().expose_secret(), SECRET);
}

#[test]
fn serving_needs_a_secret_or_a_key_set() {
    let serve = |given: &[(&str, &str)]| {
        Settings::load(&SettingsArgs::default(), variables(given), Need::Identity)
    };
    assert!(
        serve(&[])
            .unwrap_err()
            .to_string()
            .contains("ORDERCHAT_AUTH_SECRET")
    );
    assert!(serve(&[("ORDERCHAT_AUTH_SECRET", "")]).is_err());
    assert!(serve(&[("ORDERCHAT_AUTH_SECRET", SECRET)]).is_ok());
    assert!(serve(&[("ORDERCHAT_AUTH_JWKS", "keys.json")]).is_ok());
    let both = [
        ("ORDERCHAT_AUTH_SECRET", SECRET),
        ("ORDERCHAT_AUTH_JWKS", "keys.json"),
    ];
    assert!(serve(&both).is_err());
}

#[rstest]
#[case("127.0.0.1:8080", "127.0.0.1:9090", true)]
#[case("[::1]:8080", "127.0.0.1:9090", true)]
#[case("0.0.0.0:8080", "127.0.0.1:9090", false)]
#[case("127.0.0.1:8080", "192.0.2.1:9090", false)]
fn rate_limits_go_off_only_when_every_listener_is_loopback(
    #[case] listen: &str,
    #[case] metrics: &str,
    #[case] allowed: bool,
) {
    let given = [
        ("ORDERCHAT_LISTEN", listen),
        ("ORDERCHAT_METRICS_LISTEN", metrics),
        ("ORDERCHAT_RATE_LIMITS", "off"),
    ];
    assert_eq!(load(&given, &[]).is_ok(), allowed);
}

#[rstest]
#[case("local", "sqlite:a.db", "", 0)]
#[case("nats://n", "postgres://h/d", "key.pem", 0)]
#[case("nats://n", "postgres://h/d", "", 1)]
#[case("nats://n", "sqlite:a.db", "key.pem", 1)]
#[case("tls://n", "sqlite:a.db", "", 2)]
fn nodes_with_a_bus_share_a_database_and_a_key(
    #[case] bus: &str,
    #[case] database: &str,
    #[case] key: &str,
    #[case] problems: usize,
) {
    let given = [
        ("ORDERCHAT_BUS", bus),
        ("ORDERCHAT_DATABASE", database),
        ("ORDERCHAT_SIGNING_KEY", key),
    ];
    let found = load(&given, &[]).map_or_else(|error| error.problems, |_| Vec::new());
    assert_eq!(found.len(), problems, "{found:#?}");
}

#[test]
fn metrics_do_not_share_the_public_listener() {
    let given = [("ORDERCHAT_METRICS_LISTEN", "127.0.0.1:8080")];
    assert!(load(&given, &[]).is_err());
    let any_port = [
        ("ORDERCHAT_LISTEN", "127.0.0.1:0"),
        ("ORDERCHAT_METRICS_LISTEN", "127.0.0.1:0"),
    ];
    assert!(load(&any_port, &[]).is_ok());
}

#[test]
fn a_file_of_settings_with_secrets_is_told_from_one_without() {
    let of = |text: &str| {
        let file = file(text);
        let settings = load(&[], &["--config", file.path().to_str().unwrap()]).unwrap();
        settings
            .file_with_secrets()
            .is_some_and(|found| found == file.path())
    };
    assert!(of(&format!("auth_secret = \"{SECRET}\"\n")));
    assert!(!of("log = \"info\"\n"));
}

#[test]
fn every_setting_is_in_the_help_with_its_variable_and_default() {
    let mut command = SettingsArgs::augment_args(Command::new("orderchat"));
    let help = command.render_long_help().to_string();
    for listed in load(&[], &[]).unwrap().listing() {
        assert!(help.contains(&listed.name), "{} is missing", listed.name);
    }
    assert!(help.contains("--request-deadline <TIME>"), "{help}");
    assert!(help.contains("default 127.0.0.1:8080"), "{help}");
}
