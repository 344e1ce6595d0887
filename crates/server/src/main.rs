//! The program. All of it is in `lib.rs`, but for where its memory comes from.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    refuse_huge_pages();
    orderchat::run()
}

/// The allocator asks the kernel for pages of 2 MiB. One stays for as long as anything in it is used:
/// under load the server held twice the memory, for the same work in the same time.
fn refuse_huge_pages() {
    #[cfg(target_os = "linux")]
    // Where the kernel does not do it, there is more memory in use, and nothing else is different.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}
