//! What `doctor` says of the place where files lie, and of who looks at them.

use crate::harness::Server;

#[tokio::test]
async fn doctor_tries_the_storage_and_leaves_nothing_there() {
    let server = Server::start().await;
    let well = server.run(&["doctor"], &[]).await;
    let good = "good   storage: wrote, read and deleted a file";
    assert!(well.output.contains(good), "{}", well.output);
    assert_eq!(server.stored(), Vec::<String>::new());
    assert!(!well.output.contains("scanner"), "{}", well.output);

    let nowhere = [("ORDERCHAT_STORAGE", "file:/proc/nowhere")];
    let ill = server.run(&["doctor"], &nowhere).await;
    assert!(ill.output.contains("WRONG  storage:"), "{}", ill.output);
    assert!(ill.output.contains("check ORDERCHAT_STORAGE"));
    assert_eq!(ill.status.code(), Some(1));
}

#[tokio::test]
async fn doctor_says_that_the_scanner_is_away() {
    let server = Server::start().await;
    let away = [("ORDERCHAT_CLAMAV", "unix:/nowhere/clamd.ctl")];
    let ill = server.run(&["doctor"], &away).await;
    assert!(ill.output.contains("WRONG  scanner:"), "{}", ill.output);
    assert!(ill.output.contains("check ORDERCHAT_CLAMAV"));
}
