//! `loadgen timers`: what orders cost that are over and only wait for their rooms to close.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::{Caller, order_path};
use crate::client::Target;
use crate::cpu::CpuTime;
use crate::live;
use crate::measured::{elsewhere, round};
use crate::setup::{ServerArgs, Size, World};
use crate::token::{Minter, Role};

/// Until what setting up left to do is done: checkpoints of the log, of the record.
const SETTLE: Duration = Duration::from_secs(5);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    size: Size,
    /// How long to look at the server that has nothing else to do
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// The server's process
    #[arg(long, value_name = "PID")]
    server_pid: u32,
}

/// A share of one processor, in percent.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Waiting {
    pub(crate) orders: usize,
    /// Before they were reported.
    pub(crate) before_percent: f64,
    pub(crate) with_percent: f64,
    elsewhere_cores: f64,
}

impl Waiting {
    pub(crate) fn print(&self, what: &str) -> Result<()> {
        let sentence = format!(
            "{what}, {} orders with open timers: {} % of a processor, {} % without{}",
            self.orders,
            self.with_percent,
            self.before_percent,
            self.elsewhere()
        );
        live::print(what, self, &sentence)
    }

    pub(crate) fn elsewhere(&self) -> String {
        elsewhere(Some(self.elsewhere_cores))
    }
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let minter = args.server.minter()?;
    let looked = Duration::from_secs(args.seconds);
    wait(
        &args.server.url,
        &minter,
        args.size,
        looked,
        args.server_pid,
    )
    .await?
    .print("timers")
}

/// Reports that many orders, which are over then, and looks at the server's processor time before and
/// after.
///
/// # Errors
/// When an order is not taken.
pub(crate) async fn wait(
    target: &Target,
    minter: &Minter,
    size: Size,
    looked: Duration,
    pid: u32,
) -> Result<Waiting> {
    let (before_percent, _) = idle(pid, looked).await?;
    let world = World::open(target, minter, size).await?;
    let service = minter.bearer("loadgen-service", Role::Service, None)?;
    let mut shop = Caller::open(target, service).await?;
    for n in 0..world.rooms.len() {
        let over = json!({ "status": "delivered" });
        let _: Value = shop.put(&order_path(&world.order(n)), &over).await?;
    }
    let (with_percent, elsewhere_cores) = idle(pid, looked).await?;
    Ok(Waiting {
        orders: world.rooms.len(),
        before_percent,
        with_percent,
        elsewhere_cores,
    })
}

/// The server's share of one processor in percent, and the processors that others kept busy.
async fn idle(pid: u32, looked: Duration) -> Result<(f64, f64)> {
    tokio::time::sleep(SETTLE).await;
    let before = CpuTime::now(pid)?;
    tokio::time::sleep(looked).await;
    let used = CpuTime::now(pid)?.since(before);
    let share = |cpu: Duration| cpu.as_secs_f64() / looked.as_secs_f64();
    Ok((
        round(share(used.server) * 100.0),
        round(share(used.elsewhere)),
    ))
}
