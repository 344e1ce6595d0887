//! The signing key: where it comes from, who may read it, and what its public part is good for.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::Record;
use crate::harness::Server;

const KEY: &str = "orderchat-signing.key";
/// RFC 8410, section 10.3: known to everybody.
const OTHER: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
    -----END PRIVATE KEY-----\n";
const OTHER_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
    -----END PUBLIC KEY-----\n";

fn mode(file: &Path) -> u32 {
    let metadata = std::fs::metadata(file).expect("the key is there");
    metadata.permissions().mode() & 0o777
}

#[tokio::test]
async fn a_key_is_made_once_for_nobody_else_to_read() {
    let mut server = Server::start().await;
    let file = server.folder().join(KEY);
    assert_eq!(mode(&file), 0o600);
    let made = std::fs::read_to_string(&file).expect("the key is text");
    assert!(made.starts_with("-----BEGIN PRIVATE KEY-----"));
    server.stop().await;
    server.start_again();
    let kept = std::fs::read_to_string(&file).expect("the key is text");
    assert!(kept == made, "a second start made another key");
}

#[tokio::test]
async fn a39_a_key_that_everybody_can_read_is_mended_and_warned_of() {
    let mut server = Server::start().await;
    let file = server.folder().join(KEY);
    server.stop().await;
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&file, open).expect("chmod");
    let doctor = server.run(&["doctor"], &[]).await;
    let remedy = format!("chmod 600 {}", file.display());
    assert!(
        doctor.output.contains(&remedy) || doctor.output.contains(&format!("chmod 600 {KEY}")),
        "{}",
        doctor.output
    );
    server.start_again();
    assert_eq!(mode(&file), 0o600);
    assert!(server.log().contains("its mode is 0600 now"));
}

#[tokio::test]
async fn the_public_part_alone_verifies_and_another_does_not() {
    let record = Record::stopped().await;
    let folder = record.server.folder();
    let public = record.server.run(&["audit", "public-key"], &[]).await;
    assert!(public.status.success(), "{}", public.output);
    let (ours, theirs) = (folder.join("ours.pub"), folder.join("theirs.pub"));
    std::fs::write(&ours, &public.stdout).expect("the public key is kept");
    std::fs::write(&theirs, OTHER_PUBLIC).expect("the public key is kept");
    std::fs::remove_file(folder.join(KEY)).expect("the key was there");

    let without = record.verify(&[]).await;
    assert_eq!(without.status.code(), Some(1));
    assert!(
        without.output.contains("--public-key"),
        "{}",
        without.output
    );
    let ours = ours.to_str().expect("a path in UTF-8");
    let theirs = theirs.to_str().expect("a path in UTF-8");
    let verified = record.verify(&["--public-key", ours]).await;
    assert!(verified.status.success(), "{}", verified.output);
    let refused = record.verify(&["--public-key", theirs]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        refused
            .output
            .contains("was signed with a key that was not given"),
        "{}",
        refused.output
    );
    let both = ["--public-key", theirs, "--public-key", ours];
    let verified = record.verify(&both).await;
    assert!(verified.status.success(), "{}", verified.output);
}

#[tokio::test]
async fn the_key_can_be_given_in_the_settings_or_as_a_file() {
    let mut server = Server::with("ORDERCHAT_SIGNING_KEY", OTHER).start().await;
    server.open_room().await;
    server.stop().await;
    assert!(!server.folder().join(KEY).exists(), "no key was needed");
    let file = server.folder().join("given.pub");
    std::fs::write(&file, OTHER_PUBLIC).expect("the public key is kept");
    let path = file.to_str().expect("a path in UTF-8");
    let verified = server
        .run(&["audit", "verify", "--public-key", path], &[])
        .await;
    assert!(verified.status.success(), "{}", verified.output);

    std::fs::write(server.folder().join("given.key"), OTHER).expect("the key is kept");
    let given = [("ORDERCHAT_SIGNING_KEY", "given.key")];
    let verified = server.run(&["audit", "verify"], &given).await;
    assert!(verified.status.success(), "{}", verified.output);
}

/// Two nodes with a key each, or a key that was lost and made anew.
#[tokio::test]
async fn another_key_than_the_one_that_signed_is_noticed() {
    let mut server = Server::start().await;
    server.open_room().await;
    server.stop().await;
    let says = "checkpoint was signed with another key";
    let doctor = server.run(&["doctor"], &[]).await;
    assert!(!doctor.output.contains(says), "{}", doctor.output);
    let given = [("ORDERCHAT_SIGNING_KEY", OTHER)];
    let doctor = server.run(&["doctor"], &given).await;
    assert!(doctor.output.contains(says), "{}", doctor.output);
    assert!(doctor.output.contains("--public-key"), "{}", doctor.output);
    let head = server.run(&["audit", "head"], &given).await;
    assert_eq!(head.status.code(), Some(1), "{}", head.output);
    assert!(head.output.contains(says), "{}", head.output);

    server.start_again();
    server.stop().await;
    assert!(!server.log().contains(says), "{}", server.log());
    let key = server.folder().join(KEY);
    std::fs::remove_file(&key).expect("the key was there");
    let head = server.run(&["audit", "head"], &[]).await;
    assert!(
        head.output.contains("there is no signing key"),
        "{}",
        head.output
    );
    assert!(!key.exists(), "looking for a key makes none");
    server.start_again();
    assert!(server.log().contains(says), "{}", server.log());
}

#[tokio::test]
async fn a39_a_key_that_is_none_or_not_there_is_refused_by_name() {
    for wrong in ["missing.key", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n"] {
        let given = [("ORDERCHAT_SIGNING_KEY", wrong)];
        let refused = crate::harness::process::run(&["serve"], &given).await;
        assert!(!refused.status.success(), "{}", refused.output);
        assert!(
            refused.output.contains("ORDERCHAT_SIGNING_KEY"),
            "{}",
            refused.output
        );
        assert!(!refused.output.contains("c2VjcmV0"), "{}", refused.output);
    }
}
