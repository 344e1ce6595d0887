//! The pages that `make web` builds: their folder, and when to build the program anew for them.

const PAGES: &str = "../../web/apps/chat/dist";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // An empty folder until they are built: what is embedded is named by its real path, which one that
    // is missing does not have. Where it cannot be made the program has no pages.
    let _ = std::fs::create_dir_all(PAGES);
    // A debug build reads them when asked, and is not built anew for a change of theirs.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo:rerun-if-changed={PAGES}");
    }
}
