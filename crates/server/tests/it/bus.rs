//! Several nodes and the bus between them, as an operator meets it. What hints do is tested beside
//! the code.

use crate::harness::nats::nats_url;
use crate::harness::process::run;
use crate::harness::server::{Node, Options};
use crate::harness::{Server, eventually};

/// Where nobody listens.
const NOBODY: &str = "nats://orderchat:canary@127.0.0.1:1";

/// The key that the first server made, in the folder that it shares with its other nodes.
pub(crate) const KEY: (&str, &str) = ("ORDERCHAT_SIGNING_KEY", "orderchat-signing.key");

/// A node with this bus; `None` where only one server can have the database open.
fn node_on(server: &Server, bus: &str) -> Option<Node> {
    let options = Options::default().with("ORDERCHAT_BUS", bus);
    server.another_node_with(&options.with(KEY.0, KEY.1))
}

async fn get(url: String) -> (u16, String) {
    let answer = reqwest::get(url).await.expect("the node answers");
    let status = answer.status().as_u16();
    (status, answer.text().await.expect("the answer is text"))
}

/// Waits until the metrics listener at `url` shows this line.
pub(crate) async fn until_metrics_say(url: &str, line: &str) {
    let url = format!("{url}/metrics");
    eventually(line, async || {
        let (_, metrics) = get(url.clone()).await;
        metrics.lines().any(|found| found == line).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_bus_needs_a_database_and_a_key_that_nodes_can_share() {
    let refused = run(&["serve"], &[("ORDERCHAT_BUS", NOBODY)]).await;
    assert!(!refused.status.success());
    for part in [
        "ORDERCHAT_BUS is nats://…@127.0.0.1:1 and ORDERCHAT_DATABASE is sqlite:",
        "set ORDERCHAT_BUS to local",
        "ORDERCHAT_BUS is nats://…@127.0.0.1:1 and ORDERCHAT_SIGNING_KEY is not given",
        "openssl genpkey",
    ] {
        assert!(refused.output.contains(part), "{}", refused.output);
    }
    assert!(!refused.output.contains("canary"), "{}", refused.output);
}

#[tokio::test]
async fn a_node_starts_and_is_ready_while_nats_is_away_and_says_so() {
    let server = Server::start().await;
    let Some(node) = node_on(&server, NOBODY) else {
        return;
    };
    let (status, _) = get(format!("{}/readyz", node.url())).await;
    assert_eq!(status, 200);
    until_metrics_say(node.metrics_url(), "orderchat_bus_connected 0").await;
    eventually("the log names the problem", async || {
        server.log().contains("the bus has a problem").then_some(())
    })
    .await;
    assert!(!server.log().contains("canary"), "{}", server.log());
}

#[tokio::test]
async fn a_node_connects_and_doctor_finds_the_bus_well() {
    let Some(nats) = nats_url() else { return };
    let server = Server::start().await;
    let Some(node) = node_on(&server, &nats) else {
        return;
    };
    until_metrics_say(node.metrics_url(), "orderchat_bus_connected 1").await;
    let doctor = server
        .run(&["doctor"], &[("ORDERCHAT_BUS", &nats), KEY])
        .await;
    assert!(
        doctor.output.contains("good   bus: NATS passes on"),
        "{}",
        doctor.output
    );
}

#[tokio::test]
async fn doctor_says_what_to_do_about_a_bus_that_is_away() {
    let server = Server::start().await;
    let doctor = server.run(&["doctor"], &[]).await;
    assert!(
        doctor.output.contains("good   bus: local"),
        "{}",
        doctor.output
    );

    let doctor = server
        .run(&["doctor"], &[("ORDERCHAT_BUS", NOBODY), KEY])
        .await;
    let output = &doctor.output;
    let known = ["WRONG  bus: NATS did not", "→ check ORDERCHAT_BUS"];
    let refused = output.contains("nodes cannot share a SQLite file");
    assert!(!doctor.status.success());
    assert!(
        refused || known.iter().all(|part| output.contains(part)),
        "{output}"
    );
    assert!(!output.contains("canary"), "{output}");
}
