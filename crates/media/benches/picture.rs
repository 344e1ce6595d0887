//! What a photo of twelve megapixels costs, in CPU time and memory:
//! `cargo bench --package orderchat-media`.
//!
//! CPU time and not the time on the wall: it hardly depends on what else the machine does.

use std::{fs, hint::black_box, time::Duration};

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use orderchat_media::{Kind, Limits, cost, process};
use rustix::time::{ClockId, clock_gettime};

const ROUNDS: u32 = 10;

/// Each in a process of its own, so that its peak is not another's.
const CASES: [(&str, u32, u32, Change); 6] = [
    ("photo", 4_000, 3_000, Change::None),
    ("photo, on its side", 4_000, 3_000, Change::OnItsSide),
    ("photo, Display P3", 4_000, 3_000, Change::DisplayP3),
    ("photo, progressive", 4_000, 3_000, Change::Progressive),
    (
        "photo of 20 megapixels, on its side",
        5_164,
        3_872,
        Change::OnItsSide,
    ),
    (
        "photo of 20 megapixels, progressive",
        5_164,
        3_872,
        Change::Progressive,
    ),
];

#[derive(Clone, Copy, PartialEq)]
enum Change {
    None,
    OnItsSide,
    DisplayP3,
    Progressive,
}

fn main() {
    let wanted = std::env::args().nth(1).and_then(|index| index.parse().ok());
    if let Some((name, width, height, change)) = wanted.and_then(|index: usize| CASES.get(index)) {
        measure(name, *width, *height, *change);
        return;
    }
    let this = std::env::current_exe().expect("this program");
    for index in 0..CASES.len() {
        let status = std::process::Command::new(&this)
            .arg(index.to_string())
            .status();
        assert!(status.expect("a process").success());
    }
}

fn measure(name: &str, width: u32, height: u32, change: Change) {
    let file = photo(width, height, change);
    let limits = Limits::default();
    let cost = cost(&file, Kind::Jpeg, &limits).expect("a photo");
    // The peak from here on, not that of making the photo.
    fs::write("/proc/self/clear_refs", "5").expect("Linux");
    let rest = memory("VmRSS:");
    let mut spent = Vec::new();
    for _ in 0..ROUNDS {
        let before = cpu();
        black_box(process(&file, Kind::Jpeg, &limits).expect("a picture"));
        spent.push(cpu() - before);
    }
    spent.sort();
    println!(
        "{name}: {:.1} MB; CPU {} ms (median of {ROUNDS}; {} to {}); peak {} MiB, {} MiB above rest; \
         cost says {} MiB",
        file.len() as f64 / 1e6,
        spent[spent.len() / 2].as_millis(),
        spent[0].as_millis(),
        spent[spent.len() - 1].as_millis(),
        memory("VmHWM:") >> 10,
        (memory("VmHWM:") - rest) >> 10,
        cost.bytes >> 20,
    );
}

/// KiB, as the kernel counts them.
fn memory(line: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let value = status
        .lines()
        .find_map(|found| found.strip_prefix(line))
        .expect("a line");
    value
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .expect("a number")
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Like a photo: large shapes, small ones, and the noise of a sensor.
fn photo(width: u32, height: u32, change: Change) -> Vec<u8> {
    let mut state: u32 = 20_261_129;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state >> 8
    };
    let sizes = [512_u32, 128, 32, 8];
    let grids = sizes.map(|size| {
        let points = (width / size + 2) * (height / size + 2) * 3;
        (0..points)
            .map(|_| (random() % 256) as f32)
            .collect::<Vec<_>>()
    });
    let mut samples = Vec::with_capacity(width as usize * height as usize * 3);
    for y in 0..height {
        for x in 0..width {
            for colour in 0..3 {
                let mut value = (random() % 8) as f32;
                let mut share = 0.55;
                for (size, grid) in sizes.iter().zip(&grids) {
                    value += share * between(grid, *size, width / size + 2, x, y, colour);
                    share *= 0.45;
                }
                samples.push(value as u8);
            }
        }
    }
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, 92);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_progressive(change == Change::Progressive);
    if change == Change::OnItsSide {
        // One entry: orientation, a short, 6.
        let tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        encoder.add_exif_metadata(tiff).expect("EXIF");
    }
    if change == Change::DisplayP3 {
        let profile = moxcms::ColorProfile::new_display_p3()
            .encode()
            .expect("a profile");
        encoder.add_icc_profile(&profile).expect("a profile");
    }
    encoder
        .encode(&samples, width as u16, height as u16, ColorType::Rgb)
        .expect("a JPEG");
    out
}

/// The value of a coarse grid between its points.
fn between(grid: &[f32], size: u32, columns: u32, x: u32, y: u32, colour: u32) -> f32 {
    let (column, row) = (x / size, y / size);
    let right = (x % size) as f32 / size as f32;
    let down = (y % size) as f32 / size as f32;
    let at = |column: u32, row: u32| grid[((row * columns + column) * 3 + colour) as usize];
    let above = at(column, row) * (1.0 - right) + at(column + 1, row) * right;
    let below = at(column, row + 1) * (1.0 - right) + at(column + 1, row + 1) * right;
    above * (1.0 - down) + below * down
}
