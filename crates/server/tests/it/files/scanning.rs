//! Files that are scanned first: A24. The scanner is one that speaks clamd's protocol.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::harness::sql::Sql;
use crate::harness::upload::{Form, pdf};
use crate::harness::{Fields, Room, Server, eventually, message_path};

/// The test file of EICAR, in two halves: this source is no virus either.
const EICAR: [&str; 2] = [
    r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD",
    "-ANTIVIRUS-TEST-FILE!$H+H*",
];

/// What the scanner finds too large to look at.
const HUGE: &str = "larger than StreamMaxLength";

#[derive(Clone, Copy, PartialEq)]
enum Clam {
    /// Hangs up on everybody.
    Down,
    /// Takes what comes, and answers once it is up.
    Slow,
    Up,
}

/// A scanner that finds EICAR, as long as it is up.
struct Clamd {
    address: String,
    state: watch::Sender<Clam>,
    /// How often it was connected to.
    asked: Arc<AtomicUsize>,
    /// How often it was sent what it finds too large.
    refused: Arc<AtomicUsize>,
}

impl Clamd {
    async fn start(state: Clam) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let (state, mut now) = watch::channel(state);
        let [asked, refused] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
        let [connections, count] = [&asked, &refused].map(Arc::clone);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                if *now.borrow() == Clam::Down {
                    continue;
                }
                connections.fetch_add(1, Ordering::SeqCst);
                if now.wait_for(|state| *state == Clam::Up).await.is_ok() {
                    // Who hangs up early is no matter.
                    let _ = serve(socket, &count).await;
                }
            }
        });
        Self {
            address,
            state,
            asked,
            refused,
        }
    }

    fn goes_up(&self) {
        self.state.send_replace(Clam::Up);
    }

    async fn server(&self) -> Server {
        let place = format!("tcp://{}", self.address);
        Server::with("ORDERCHAT_CLAMAV", &place).start().await
    }
}

async fn serve(mut socket: TcpStream, refused: &AtomicUsize) -> std::io::Result<()> {
    let mut command = Vec::new();
    while command.last() != Some(&0) {
        command.push(socket.read_u8().await?);
    }
    if command == b"zPING\0" {
        return socket.write_all(b"PONG\0").await;
    }
    assert_eq!(command, b"zINSTREAM\0");
    let mut file = Vec::new();
    loop {
        let length = socket.read_u32().await? as usize;
        if length == 0 {
            break;
        }
        let start = file.len();
        file.resize(start + length, 0);
        socket.read_exact(&mut file[start..]).await?;
        if file.starts_with(HUGE.as_bytes()) {
            refused.fetch_add(1, Ordering::SeqCst);
            // As clamd does: before all of it has come, and it hangs up then.
            let too_large = b"INSTREAM size limit exceeded. ERROR\0";
            return socket.write_all(too_large).await;
        }
    }
    let eicar = EICAR.concat();
    let found = file
        .windows(eicar.len())
        .any(|part| part == eicar.as_bytes());
    let answer: &[u8] = if found {
        b"stream: Eicar-Test-Signature FOUND\0"
    } else {
        b"stream: OK\0"
    };
    socket.write_all(answer).await
}

async fn read(room: &Room, message: &Value) -> Value {
    room.rider.get(&message_path(message, "")).await.ok(200)
}

#[tokio::test]
async fn a_file_waits_for_the_scanner_and_chat_does_not() {
    let clamd = Clamd::start(Clam::Down).await;
    let server = clamd.server().await;
    let room = server.open_room().await;
    let form = Form::file("a.pdf", "application/pdf", &pdf(200_000));
    let sent = room.customer.send_file(&room, form).await.ok(201);
    assert_eq!(sent["file"]["pending"], true);
    let waiting = room.rider.get(sent.str("file_path")).await.refused(409);
    assert_eq!(waiting["type"], "urn:orderchat:problem:file-pending");
    room.customer.say(&room, "Chat goes on.").await;

    clamd.goes_up();
    eventually("the file is clean", async || {
        (read(&room, &sent).await["file"]["pending"] == false).then_some(())
    })
    .await;
    assert_eq!(
        room.rider.download(sent.str("file_path")).await.ok(),
        pdf(200_000)
    );
}

#[tokio::test]
async fn a_rejected_file_is_never_served_and_the_room_is_told() {
    // It answers once the message is there: a file that is known to be bad is not taken.
    let clamd = Clamd::start(Clam::Slow).await;
    let server = clamd.server().await;
    let room = server.open_room().await;
    let form = Form::file("a.txt", "text/plain", EICAR.concat().as_bytes());
    let sent = room.customer.send_file(&room, form).await.ok(201);
    clamd.goes_up();
    eventually("the message has failed", async || {
        (read(&room, &sent).await["status"] == "failed").then_some(())
    })
    .await;
    let failed = read(&room, &sent).await;
    assert_eq!(
        (&failed["file"], &failed["file_path"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(failed["file_name"], "a.txt");
    for who in [&room.customer, &room.rider, &room.admin] {
        who.get(sent.str("file_path")).await.refused(404);
    }
    let log = room.log_seen_by(&room.rider).await;
    let last = log.last().expect("events");
    assert_eq!(last["kind"], "message.failed");
    assert_eq!(last["data"]["message"]["id"], sent["id"]);
    assert_eq!(failed["version"], last["seq"]);
    let verified = server.run(&["audit", "verify"], &[]).await;
    assert!(verified.status.success(), "{}", verified.output);
}

#[tokio::test]
async fn the_bytes_of_a_rejected_file_go_also_if_the_server_ends_before_they_are_deleted() {
    let clamd = Clamd::start(Clam::Slow).await;
    let mut server = clamd.server().await;
    let room = server.open_room().await;
    let form = Form::file("a.txt", "text/plain", EICAR.concat().as_bytes());
    let sent = room.customer.send_file(&room, form).await.ok(201);
    eventually("the scanner is asked", async || {
        clamd.asked.load(Ordering::SeqCst).gt(&0).then_some(())
    })
    .await;
    // Which has been opened for it by now: nothing can be deleted until the folder is back.
    let folder = server.folder().join("orderchat-files");
    let away = server.folder().join("away");
    std::fs::rename(&folder, &away).expect("the folder goes");
    clamd.goes_up();
    eventually("the message has failed", async || {
        (read(&room, &sent).await["status"] == "failed").then_some(())
    })
    .await;
    server.kill();
    std::fs::rename(&away, &folder).expect("the folder is back");
    assert_eq!(server.stored().len(), 1, "the file's bytes are there");
    // Should the collector have tried meanwhile, it would try again in a minute.
    let sql = Sql::connect(server.database_url()).await;
    sql.execute("UPDATE attachment SET until = 0 WHERE until IS NOT NULL")
        .await;
    server.start_again();
    eventually("the file's bytes are gone", async || {
        server.stored().is_empty().then_some(())
    })
    .await;
    let room = room.renewed(&server);
    assert_eq!(read(&room, &sent).await["file_name"], "a.txt");
}

/// As the node that was quicker, whose scanner knows less, leaves the record.
#[tokio::test]
async fn a_file_that_another_node_found_clean_keeps_its_bytes() {
    let clamd = Clamd::start(Clam::Slow).await;
    let server = clamd.server().await;
    let room = server.open_room().await;
    let text = EICAR.concat();
    let form = Form::file("a.txt", "text/plain", text.as_bytes());
    let sent = room.customer.send_file(&room, form).await.ok(201);
    eventually("the scanner is asked", async || {
        clamd.asked.load(Ordering::SeqCst).gt(&0).then_some(())
    })
    .await;
    let sql = Sql::connect(server.database_url()).await;
    sql.execute("UPDATE attachment SET state = 'ready' WHERE state = 'pending'")
        .await;
    sql.execute("UPDATE message_state SET file_pending = 0")
        .await;
    clamd.goes_up();
    eventually("the file was rejected too late", async || {
        let said = "rejected a file that was found clean before";
        server.log().contains(said).then_some(())
    })
    .await;
    let served = room.rider.download(sent.str("file_path")).await.ok();
    assert_eq!(served, text.as_bytes());
    let shown = read(&room, &sent).await;
    assert_ne!(shown["status"], "failed");
    assert_eq!(shown["file"]["pending"], false);
}

#[tokio::test]
async fn who_names_a_rejected_file_is_told_so_and_nothing_is_sent() {
    let clamd = Clamd::start(Clam::Up).await;
    let server = clamd.server().await;
    let room = server.open_room().await;
    let form = Form::file("a.txt", "text/plain", EICAR.concat().as_bytes());
    let rejected = room.customer.upload(&room, form).await.ok(201);
    // Files are scanned in the order in which they came.
    let form = Form::file("b.txt", "text/plain", b"good");
    let good = room.customer.send_file(&room, form).await.ok(201);
    eventually("the file behind it is clean", async || {
        (read(&room, &good).await["file"]["pending"] == false).then_some(())
    })
    .await;
    let log = room.log_seen_by(&room.rider).await;
    let draft = json!({ "attachment": rejected["id"] });
    let refused = room.customer.send(&room, draft).await.refused(422);
    assert_eq!(
        refused["errors"],
        json!([{ "pointer": "/attachment", "detail": "was rejected; send another file" }])
    );
    assert_eq!(room.log_seen_by(&room.rider).await, log);
}

#[tokio::test]
async fn a_file_that_cannot_be_scanned_holds_up_no_other() {
    let clamd = Clamd::start(Clam::Down).await;
    let server = clamd.server().await;
    let room = server.open_room().await;
    let text = |text: &str| Form::file("a.txt", "text/plain", text.as_bytes());
    let huge = HUGE.to_owned() + &"0".repeat(3 << 20);
    let huge = room.customer.send_file(&room, text(&huge)).await.ok(201);
    let lost = room.customer.send_file(&room, text("lost")).await.ok(201);
    let id = lost["file"].str("attachment").replace('-', "");
    let stored = server.stored();
    let lost_place = stored.iter().find(|path| path.ends_with(&id));
    let place = server.folder().join("orderchat-files");
    std::fs::remove_file(place.join(lost_place.expect("the file"))).expect("it goes");
    let good = room.customer.send_file(&room, text("good")).await.ok(201);
    clamd.goes_up();
    eventually("the file behind them is clean", async || {
        (read(&room, &good).await["file"]["pending"] == false).then_some(())
    })
    .await;
    for waiting in [huge, lost] {
        assert_eq!(read(&room, &waiting).await["file"]["pending"], true);
    }
}

#[tokio::test]
async fn a_file_that_clamd_will_not_judge_is_not_sent_to_it_all_the_time() {
    let clamd = Clamd::start(Clam::Up).await;
    let server = clamd.server().await;
    let room = server.open_room().await;
    let text = |text: &str| Form::file("a.txt", "text/plain", text.as_bytes());
    let huge = HUGE.to_owned() + &"0".repeat(3 << 20);
    room.customer.send_file(&room, text(&huge)).await.ok(201);
    eventually("it was looked at", async || {
        (clamd.refused.load(Ordering::SeqCst) == 1).then_some(())
    })
    .await;
    // Each file has all that wait looked for.
    for n in 0..8 {
        let form = text(&format!("good {n}"));
        let good = room.customer.send_file(&room, form).await.ok(201);
        eventually("the file behind it is clean", async || {
            (read(&room, &good).await["file"]["pending"] == false).then_some(())
        })
        .await;
    }
    // A second time if all that took longer than the pause.
    assert!(clamd.refused.load(Ordering::SeqCst) <= 2);
    let said = server.log().matches("a file cannot be scanned").count();
    assert!(said <= 2, "{said} lines");
}
