//! One test becomes one trial per engine; those of an engine that is not there are ignored.

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::database::{self, Database, Engine};

/// A test that hangs fails after this long.
const LIMIT: Duration = Duration::from_secs(120);

pub(crate) const BOTH: &[Engine] = &[Engine::Sqlite, Engine::Postgres];
pub(crate) const SQLITE: &[Engine] = &[Engine::Sqlite];
pub(crate) const POSTGRES: &[Engine] = &[Engine::Postgres];

/// A test and the engines whose promise it tries.
pub(crate) struct Test {
    pub(crate) name: &'static str,
    pub(crate) engines: &'static [Engine],
    pub(crate) run: for<'a> fn(&'a Database) -> Pin<Box<dyn Future<Output = ()> + 'a>>,
}

/// Declares the list `TESTS` of a module: functions that take an empty [`Database`], after the
/// engines they run on.
macro_rules! tests {
    ($($engines:ident: $($name:ident),+;)+) => {
        pub(crate) const TESTS: &[$crate::harness::Test] = &[$($(
            $crate::harness::Test {
                name: concat!(module_path!(), "::", stringify!($name)),
                engines: $crate::harness::$engines,
                run: |database| Box::pin($name(database)),
            },
        )+)+];
    };
}
pub(crate) use tests;

/// Runs what the command line asks for, as `cargo test` and nextest do.
pub(crate) fn run(modules: &[&[Test]]) -> ExitCode {
    let arguments = Arguments::from_args();
    let left_out = !database::postgres_is_wanted();
    let mut trials = Vec::new();
    for test in modules.iter().copied().flatten() {
        // The module's path begins with the name of this binary.
        let (_, name) = test.name.split_once("::").unwrap_or(("", test.name));
        for &engine in test.engines {
            let run = test.run;
            let trial = Trial::test(format!("{}::{name}", engine.name()), move || {
                run_on(engine, run)
            });
            trials.push(trial.with_ignored_flag(left_out && engine == Engine::Postgres));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if left_out && conclusion.num_ignored > 0 {
        eprintln!(
            "{} tests on PostgreSQL were left out; scripts/with-postgres cargo test runs them too",
            conclusion.num_ignored
        );
    }
    conclusion.exit_code()
}

fn run_on(
    engine: Engine,
    run: for<'a> fn(&'a Database) -> Pin<Box<dyn Future<Output = ()> + 'a>>,
) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async {
        let database = Database::create(engine).await;
        tokio::time::timeout(LIMIT, run(&database)).await
    });
    // What still blocks after a time-out must not keep the run from ending.
    runtime.shutdown_background();
    ended.map_err(|_| Failed::from(format!("not done after {} s", LIMIT.as_secs())))
}
