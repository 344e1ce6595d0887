//! The figures of files: uploads and downloads beside a bare server on the same disk, messages while
//! photos are looked at, and memory over a thousand uploads.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::engine::{Bench, Engine};
use super::row::{self, Row};
use crate::client::Target;
use crate::files::{Document, Downloads, Uploads, document, photo};
use crate::fsync;
use crate::load;
use crate::measured::{Measured, round, thousands};
use crate::memory::Memory;
use crate::send::Sends;
use crate::server::Launch;
use crate::setup::World;
use crate::text;
use crate::token::Minter;

const SIZE: usize = 5_000_000;
/// Uploads, and downloads, at once.
const PARALLEL: usize = 8;
/// Files that are read again and again.
const READ: u64 = 16;
/// Messages per second of the open loop.
const OFFERED: u32 = 200;
const CONNECTIONS: usize = 32;
/// Uploads after which memory is looked at, and then again.
const SETTLED: u64 = 200;
const MANY: u64 = 1_000;
/// Of the uploads of that figure: large enough to be received in pieces.
const SMALL: usize = 2 << 20;
/// Memory that may come and go.
const FLAT_MIB: f64 = 32.0;

/// What was measured on one engine.
#[derive(Debug)]
pub(super) struct Figures {
    engine: Engine,
    fsync_p50: Duration,
    bare: Transfers,
    server: Transfers,
    /// Messages alone, and while photos are uploaded.
    alone: Measured,
    beside_photos: Measured,
    photos: Measured,
    peak_mib: f64,
    settled_mib: f64,
    after_many_mib: f64,
}

#[derive(Debug)]
struct Transfers {
    uploads: Measured,
    downloads: Measured,
}

impl Bench {
    pub(super) async fn measure_files(&self, engine: Engine, database: &str) -> Result<Figures> {
        let measured = self.file_figures(engine, database).await;
        measured.with_context(|| format!("measuring files on {}", engine.name()))
    }

    async fn file_figures(&self, engine: Engine, database: &str) -> Result<Figures> {
        let fsync_p50 = fsync::p50(&self.folder)?;
        let secret = text::secret();
        let minter = Minter::new(&secret)?;
        let files = self.folder.join("files");
        let launch = Launch::orderchat(&self.server, &self.folder, database, &secret)?
            .with("ORDERCHAT_STORAGE", format!("file:{}", files.display()))
            // A few people here upload what a shop's do in a day.
            .with("ORDERCHAT_USER_UPLOADS", 8 * PARALLEL)
            .with("ORDERCHAT_FILE_SHARE", "65536MiB");
        let server = launch.start().await?;
        let (target, pid) = (&server.target, server.pid()?);
        let world = Arc::new(World::open(target, &minter, self.size).await?);
        // Before gigabytes are written, which the disk is busy with for a while.
        let talk = |tag| Arc::new(Sends::new(Arc::clone(&world), tag, None));
        let plan = self.plan(CONNECTIONS, Some(OFFERED), Some(pid));
        let alone = load::run(target, &talk("alone"), &plan).await?;
        alone.print(&format!("{} messages", engine.name()))?;
        let photos = Arc::new(Uploads::new(Arc::clone(&world), photo()?));
        let (beside, photo_plan) = (talk("photos"), self.plan(PARALLEL, None, Some(pid)));
        let (beside_photos, photos) = tokio::try_join!(
            load::run(target, &beside, &plan),
            load::run(target, &photos, &photo_plan)
        )?;
        beside_photos.print(&format!("{} messages beside photos", engine.name()))?;
        photos.print(&format!("{} photos", engine.name()))?;
        let peak_mib = mib(Memory::of(pid)?.peak);
        let (settled_mib, after_many_mib) = memory(target, &world, pid).await?;
        let bare = self.bare_files(&minter).await?;
        let transfers = self.transfers(target, &world, engine.name(), pid).await?;
        server.stop().await?;
        // A few gigabytes, which nobody reads again.
        std::fs::remove_dir_all(&files).context("removing the files")?;
        Ok(Figures {
            engine,
            fsync_p50,
            bare,
            server: transfers,
            alone,
            beside_photos,
            photos,
            peak_mib,
            settled_mib,
            after_many_mib,
        })
    }

    async fn bare_files(&self, minter: &Minter) -> Result<Transfers> {
        let folder = self.folder.join("bare");
        let arguments = ["limit-files", "--folder"].map(str::to_owned);
        let arguments = arguments.into_iter().chain([folder.display().to_string()]);
        let server = Launch::yardstick(&self.folder, arguments.collect())?
            .start()
            .await?;
        let world = Arc::new(World::unreported(minter, self.size)?);
        let transfers = self
            .transfers(&server.target, &world, "bare", server.pid()?)
            .await?;
        server.stop().await?;
        std::fs::remove_dir_all(&folder).context("removing the yardstick's files")?;
        Ok(transfers)
    }

    async fn transfers(
        &self,
        target: &Target,
        world: &Arc<World>,
        name: &str,
        pid: u32,
    ) -> Result<Transfers> {
        let plan = self.plan(PARALLEL, None, Some(pid));
        let uploads = Arc::new(Uploads::new(Arc::clone(world), document(SIZE)));
        let uploads = load::run(target, &uploads, &plan).await?;
        uploads.print(&format!("{name} uploads"))?;
        let downloads = Downloads::prepare(target, Arc::clone(world), document(SIZE), READ).await?;
        let downloads = load::run(target, &Arc::new(downloads), &plan).await?;
        downloads.print(&format!("{name} downloads"))?;
        Ok(Transfers { uploads, downloads })
    }
}

/// The server's memory after the first uploads, and after many.
async fn memory(target: &Target, world: &Arc<World>, pid: u32) -> Result<(f64, f64)> {
    let small: Document = document(SMALL);
    let uploads = Arc::new(Uploads::new(Arc::clone(world), small));
    load::each(target, &uploads, PARALLEL as u64, SETTLED).await?;
    let settled = mib(Memory::of(pid)?.now);
    load::each(target, &uploads, PARALLEL as u64, MANY).await?;
    Ok((settled, mib(Memory::of(pid)?.now)))
}

fn mib(kib: u64) -> f64 {
    round(kib as f64 / 1024.0)
}

/// A Markdown table for each engine.
pub(super) fn markdown(figures: &[Figures]) -> String {
    let tables = figures.iter().map(|figures| {
        let rows = [
            bare("bare sink, uploads", &figures.bare.uploads),
            share(
                "uploads",
                &figures.server.uploads,
                &figures.bare.uploads,
                0.7,
            ),
            bare("bare file server, downloads", &figures.bare.downloads),
            share(
                "downloads",
                &figures.server.downloads,
                &figures.bare.downloads,
                0.8,
            ),
            beside(figures),
            photos(figures),
            flat(figures),
        ];
        row::table(figures.engine, figures.fsync_p50, &rows) + "\n"
    });
    tables.collect()
}

fn megabytes(measured: &Measured) -> String {
    let bytes = measured.per_s * SIZE as f64 / 1e6;
    let cpu = measured.server_cpu_us.unwrap_or_default() / 1e3;
    format!("{} MB/s, server CPU {cpu:.1} ms each", thousands(bytes))
}

fn bare(what: &str, measured: &Measured) -> Row {
    let figure = format!("{what} of 5 MB at {PARALLEL} parallel");
    Row::new(
        &figure,
        megabytes(measured),
        &measured.elsewhere(),
        &measured.failures(),
    )
}

fn share(what: &str, measured: &Measured, bare: &Measured, least: f64) -> Row {
    let share = measured.per_s / bare.per_s.max(f64::MIN_POSITIVE);
    let figure = format!("{what} of 5 MB at {PARALLEL} parallel");
    let text = format!("{}; {share:.2} of bare", megabytes(measured));
    Row::new(&figure, text, &measured.elsewhere(), &measured.failures())
        .target(format!("≥ {least} of bare"), share >= least)
}

fn beside(figures: &Figures) -> Row {
    let (alone, beside) = (&figures.alone, &figures.beside_photos);
    let times = beside.latency_ms.p99 / alone.latency_ms.p99.max(f64::MIN_POSITIVE);
    let figure = format!("messages, {OFFERED}/s offered, while {PARALLEL} photos are processed");
    let text = format!(
        "p99 {} ms, {} ms without: {times:.2} times",
        beside.latency_ms.p99, alone.latency_ms.p99
    );
    Row::new(&figure, text, &beside.elsewhere(), &beside.failures())
        .target("p99 ≤ 1.3 times".to_owned(), times <= 1.3)
}

fn photos(figures: &Figures) -> Row {
    let photos = &figures.photos;
    let cpu = photos.server_cpu_us.unwrap_or_default() / 1e3;
    let text = format!(
        "{}/s, p50 {} ms; server CPU {cpu:.0} ms each, messages beside it included; memory at most {} MiB",
        photos.per_s, photos.latency_ms.p50, figures.peak_mib
    );
    let figure = format!("photos of 12 megapixels, {PARALLEL} at once");
    Row::new(&figure, text, &photos.elsewhere(), &photos.failures())
}

fn flat(figures: &Figures) -> Row {
    let more = figures.after_many_mib - figures.settled_mib;
    let figure = format!("memory over {} uploads of 2 MiB", thousands(MANY as f64));
    let text = format!(
        "{} MiB after {SETTLED}, {} MiB after {} more",
        figures.settled_mib,
        figures.after_many_mib,
        thousands(MANY as f64)
    );
    Row::new(&figure, text, "", "").target(format!("≤ {FLAT_MIB} MiB more"), more <= FLAT_MIB)
}
