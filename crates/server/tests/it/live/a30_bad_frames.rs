//! A30: frames that RFC 6455 or we do not allow, each with the close code that it must get.

use rstest::rstest;
use serde_json::json;

use crate::harness::frames::{
    BINARY, CLOSE, CONTINUATION, PING, PONG, RawFrame, RawSocket, TEXT, frame,
};
use crate::harness::{Client, Live, Server};

const KIB: usize = 1024;
/// The largest frame that is taken.
const LARGEST: usize = 128 * KIB;

/// A socket whose hello was taken.
async fn welcomed(client: &Client) -> RawSocket {
    let mut socket = RawSocket::open(client.url()).await;
    let hello = json!({ "type": "hello", "token": client.token() }).to_string();
    socket.put(&frame(TEXT, hello.as_bytes())).await;
    let (opcode, payload) = socket.next().await.expect("a welcome");
    assert_eq!(opcode, TEXT);
    assert!(payload.starts_with(br#"{"type":"welcome""#));
    socket
}

/// What the server closes with when these frames come, after hello and instead of it.
async fn is_closed_with(frames: &[RawFrame], code: u16) {
    let server = Server::start().await;
    let mut other = Live::of(&server.customer("other")).await;
    let mut after = welcomed(&server.customer("c")).await;
    let mut instead = RawSocket::open(server.url()).await;
    for socket in [&mut after, &mut instead] {
        let bytes: Vec<u8> = frames.iter().flat_map(RawFrame::bytes).collect();
        socket.write(&bytes).await;
    }
    assert_eq!(after.close_code().await, Some(code), "after hello");
    // Without hello the first thing that is wrong may be that it is none.
    let early = instead.close_code().await;
    assert!(
        early == Some(code) || early == Some(4401),
        "instead of hello: {early:?}"
    );
    assert!(other.is_alive().await, "others are not concerned");
}

fn close(code: u16, reason: &[u8]) -> RawFrame {
    frame(CLOSE, &[&code.to_be_bytes()[..], reason].concat())
}

#[rstest]
// Masking.
#[case::unmasked_text(&[frame(TEXT, b"{}").unmasked()])]
#[case::unmasked_empty_text(&[frame(TEXT, b"").unmasked()])]
#[case::unmasked_ping(&[frame(PING, b"x").unmasked()])]
#[case::unmasked_close(&[close(1000, b"").unmasked()])]
#[case::unmasked_continuation(&[frame(TEXT, b"{").more(), frame(CONTINUATION, b"}").unmasked()])]
// Reserved bits.
#[case::rsv1(&[frame(TEXT, b"{}").reserved(0x40)])]
#[case::rsv2(&[frame(TEXT, b"{}").reserved(0x20)])]
#[case::rsv3(&[frame(TEXT, b"{}").reserved(0x10)])]
#[case::all_rsv(&[frame(TEXT, b"{}").reserved(0x70)])]
#[case::rsv1_in_ping(&[frame(PING, b"").reserved(0x40)])]
#[case::rsv1_in_continuation(&[frame(TEXT, b"{").more(), frame(CONTINUATION, b"}").reserved(0x40)])]
// Reserved opcodes.
#[case::opcode_3(&[frame(0x3, b"x")])]
#[case::opcode_4(&[frame(0x4, b"x")])]
#[case::opcode_5(&[frame(0x5, b"")])]
#[case::opcode_6(&[frame(0x6, b"x")])]
#[case::opcode_7(&[frame(0x7, b"x")])]
#[case::opcode_b(&[frame(0xB, b"x")])]
#[case::opcode_c(&[frame(0xC, b"")])]
#[case::opcode_f(&[frame(0xF, b"x")])]
// Fragments.
#[case::continuation_of_nothing(&[frame(CONTINUATION, b"{}")])]
#[case::continuation_of_nothing_to_be_continued(&[frame(CONTINUATION, b"{").more()])]
#[case::continuation_after_the_end(&[frame(TEXT, b"{").more(), frame(CONTINUATION, b"}"), frame(CONTINUATION, b"}")])]
#[case::text_within_a_text(&[frame(TEXT, b"{").more(), frame(TEXT, b"}")])]
#[case::text_to_be_continued_within_a_text(&[frame(TEXT, b"{").more(), frame(TEXT, b"}").more()])]
#[case::binary_within_a_text(&[frame(TEXT, b"{").more(), frame(BINARY, b"}")])]
// Control frames.
#[case::fragmented_ping(&[frame(PING, b"x").more()])]
#[case::fragmented_pong(&[frame(PONG, b"x").more()])]
#[case::fragmented_close(&[close(1000, b"").more()])]
#[case::long_ping(&[frame(PING, &[b'x'; 126])])]
#[case::long_pong(&[frame(PONG, &[b'x'; 126])])]
#[case::long_close(&[close(1000, &[b'x'; 124])])]
#[case::ping_of_64_kib(&[frame(PING, &[b'x'; 64 * KIB])])]
// Close frames.
#[case::close_of_one_byte(&[frame(CLOSE, b"x")])]
#[case::close_0(&[close(0, b"")])]
#[case::close_999(&[close(999, b"")])]
#[case::close_1004(&[close(1004, b"")])]
#[case::close_1005(&[close(1005, b"")])]
#[case::close_1006(&[close(1006, b"")])]
#[case::close_1015(&[close(1015, b"")])]
#[case::close_2999(&[close(2999, b"")])]
#[case::close_5000(&[close(5000, b"")])]
#[case::close_65535(&[close(65535, b"")])]
#[tokio::test]
async fn a30_what_is_not_rfc_6455_is_closed_with_1002(#[case] frames: &[RawFrame]) {
    is_closed_with(frames, 1002).await;
}

#[rstest]
#[case::binary(&[frame(BINARY, b"{}")])]
#[case::empty_binary(&[frame(BINARY, b"")])]
#[case::fragmented_binary(&[frame(BINARY, b"{").more(), frame(CONTINUATION, b"}")])]
#[tokio::test]
async fn a30_binary_messages_are_closed_with_1003(#[case] frames: &[RawFrame]) {
    is_closed_with(frames, 1003).await;
}

#[rstest]
#[case::lone_continuation_byte(&[frame(TEXT, b"\"\x80\"")])]
#[case::cut_character(&[frame(TEXT, b"\"\xe2\x82")])]
#[case::overlong_slash(&[frame(TEXT, b"\"\xc0\xaf\"")])]
#[case::surrogate(&[frame(TEXT, b"\"\xed\xa0\x80\"")])]
#[case::beyond_unicode(&[frame(TEXT, b"\"\xf4\x90\x80\x80\"")])]
#[case::byte_ff(&[frame(TEXT, b"\xff")])]
#[case::in_a_later_fragment(&[frame(TEXT, b"\"").more(), frame(CONTINUATION, b"\x80\"")])]
#[case::character_cut_by_the_end(&[frame(TEXT, b"\xe2").more(), frame(CONTINUATION, b"\x82")])]
#[case::reason_of_close(&[close(1000, b"\xff")])]
#[tokio::test]
async fn a30_what_is_not_utf_8_is_closed_with_1007(#[case] frames: &[RawFrame]) {
    is_closed_with(frames, 1007).await;
}

#[rstest]
#[case::text(&[frame(TEXT, &[b' '; LARGEST + 1])])]
#[case::only_claimed(&[frame(TEXT, b"").claiming(LARGEST as u64 + 1)])]
#[case::claimed_4_gib(&[frame(TEXT, b"").claiming(1 << 32)])]
#[case::claimed_2_to_the_62(&[frame(TEXT, b"").claiming(1 << 62)])]
#[case::binary(&[frame(BINARY, b"").claiming(LARGEST as u64 + 1)])]
#[case::in_fragments(&[
    frame(TEXT, &[b' '; LARGEST / 2]).more(),
    frame(CONTINUATION, &[b' '; LARGEST / 2]).more(),
    frame(CONTINUATION, b"  "),
])]
#[tokio::test]
async fn a30_what_is_too_large_is_closed_with_1009(#[case] frames: &[RawFrame]) {
    is_closed_with(frames, 1009).await;
}

#[tokio::test]
async fn a30_what_is_allowed_is_taken() {
    let server = Server::start().await;
    let mut socket = welcomed(&server.customer("c")).await;
    let ping = r#"{"type":"ping","ref":"large"}"#;
    let ping = [ping, &" ".repeat(LARGEST - ping.len())].concat();
    for frames in [
        vec![frame(TEXT, ping.as_bytes())],
        vec![
            frame(TEXT, br#"{"type":"ping","#).more(),
            frame(PING, b"between"),
            frame(CONTINUATION, b"").more(),
            frame(CONTINUATION, br#""ref":"cut "#).more(),
            frame(CONTINUATION, b"\xe2\x82").more(),
            frame(CONTINUATION, b"\xac\"}"),
        ],
        vec![
            frame(TEXT, b"").more(),
            frame(CONTINUATION, br#"{"type":"ping"}"#),
        ],
        vec![frame(PONG, b"unasked"), frame(TEXT, br#"{"type":"ping"}"#)],
    ] {
        for part in &frames {
            socket.put(part).await;
        }
        loop {
            let (opcode, payload) = socket.next().await.expect("it stays open");
            if opcode == TEXT && payload.starts_with(br#"{"type":"pong""#) {
                break;
            }
            assert!([TEXT, PONG, PING].contains(&opcode), "opcode {opcode}");
        }
    }
    socket.put(&close(1000, b"done")).await;
    assert_eq!(socket.close_code().await, Some(1000));
}

#[rstest]
#[case::pings(frame(PING, b"x"))]
#[case::pongs(frame(PONG, b"x"))]
#[case::texts(frame(TEXT, br#"{"type":"ping"}"#))]
#[case::bad_texts(frame(TEXT, b"{"))]
#[tokio::test]
async fn a30_a_flood_is_closed_with_4008(#[case] one: RawFrame) {
    let server = Server::with("ORDERCHAT_FRAME_RATE", "10/s burst 50")
        .with_rate_limits()
        .start()
        .await;
    let mut other = Live::of(&server.customer("other")).await;
    let mut socket = welcomed(&server.customer("c")).await;
    socket.write(&one.bytes().repeat(2_000)).await;
    assert_eq!(socket.close_code().await, Some(4008));
    assert!(other.is_alive().await);
}

#[tokio::test]
async fn a30_empty_fragments_do_not_go_on_for_ever() {
    let server = Server::start().await;
    let mut other = Live::of(&server.customer("other")).await;
    let mut socket = welcomed(&server.customer("c")).await;
    socket.put(&frame(TEXT, b"{").more()).await;
    let empty = frame(CONTINUATION, b"").more().bytes();
    socket.write(&empty.repeat(100_000)).await;
    assert_eq!(socket.close_code().await, Some(4008));
    assert!(other.is_alive().await);
}
