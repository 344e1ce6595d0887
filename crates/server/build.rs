//! Pages that were built later belong into the next release build, too.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // A debug build reads them when asked, and is not built anew for a change of theirs.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo:rerun-if-changed=../../web/apps/chat/dist");
    }
}
