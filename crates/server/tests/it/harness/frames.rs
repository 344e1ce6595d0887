//! RFC 6455 by hand over TCP, for frames that no client library would send.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// The longest that a test waits for bytes that must come.
const PATIENCE: Duration = Duration::from_secs(30);
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xA;

/// A frame of a client as it goes over the wire.
#[derive(Clone)]
pub(crate) struct RawFrame {
    first: u8,
    is_masked: bool,
    payload: Vec<u8>,
    /// The length that the header claims, where it is not the payload's.
    claimed: Option<u64>,
}

/// A whole frame with this opcode.
pub(crate) fn frame(opcode: u8, payload: &[u8]) -> RawFrame {
    RawFrame {
        first: 0x80 | opcode,
        is_masked: true,
        payload: payload.to_vec(),
        claimed: None,
    }
}

impl RawFrame {
    /// The same, to be continued.
    pub(crate) fn more(mut self) -> Self {
        self.first &= 0x7f;
        self
    }

    /// The same with reserved bits: 0x40, 0x20, 0x10.
    pub(crate) fn reserved(mut self, bits: u8) -> Self {
        self.first |= bits;
        self
    }

    pub(crate) fn unmasked(mut self) -> Self {
        self.is_masked = false;
        self
    }

    /// The same with a header that claims another length.
    pub(crate) fn claiming(mut self, length: u64) -> Self {
        self.claimed = Some(length);
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mask = if self.is_masked { 0x80 } else { 0 };
        let length = self.claimed.unwrap_or(self.payload.len() as u64);
        let mut bytes = vec![self.first];
        match length {
            0..=125 => bytes.push(mask | length as u8),
            126..=0xffff => {
                bytes.push(mask | 126);
                bytes.extend((length as u16).to_be_bytes());
            }
            _ => {
                bytes.push(mask | 127);
                bytes.extend(length.to_be_bytes());
            }
        }
        if self.is_masked {
            bytes.extend(KEY);
            let masked = self.payload.iter().zip(KEY.iter().cycle());
            bytes.extend(masked.map(|(byte, key)| byte ^ key));
        } else {
            bytes.extend(&self.payload);
        }
        bytes
    }
}

/// What the server says to an upgrade.
pub(crate) struct Upgrade {
    pub(crate) status: u16,
    pub(crate) head: String,
}

/// A WebSocket on which a test writes what it likes.
pub(crate) struct RawSocket {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl RawSocket {
    /// Asks for an upgrade with these further header lines; whatever the server answers.
    pub(crate) async fn ask(url: &str, headers: &str) -> (Self, Upgrade) {
        Self::ask_over(TcpSocket::new_v4().expect("a socket"), url, headers).await
    }

    async fn ask_over(socket: TcpSocket, url: &str, headers: &str) -> (Self, Upgrade) {
        let address = url.strip_prefix("http://").expect("plain HTTP");
        let to = address.parse().expect("an address");
        let stream = socket.connect(to).await.expect("the server accepts");
        let buffer = Vec::new();
        let mut raw = Self { stream, buffer };
        let request = format!(
            "GET /api/chat/ws/ HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: orderchat.v1\r\n{headers}\r\n"
        );
        raw.write(request.as_bytes()).await;
        let head = raw.head().await;
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status in {head:?}"));
        (raw, Upgrade { status, head })
    }

    /// An open WebSocket on which nothing was said.
    pub(crate) async fn open(url: &str) -> Self {
        let (raw, upgrade) = Self::ask(url, "").await;
        assert_eq!(upgrade.status, 101, "{}", upgrade.head);
        raw
    }

    /// The same with the smallest window that the kernel gives: the server's frames pile up soon.
    pub(crate) async fn open_narrow(url: &str) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a buffer");
        let (raw, upgrade) = Self::ask_over(socket, url, "").await;
        assert_eq!(upgrade.status, 101, "{}", upgrade.head);
        raw
    }

    /// Everything up to the empty line.
    async fn head(&mut self) -> String {
        loop {
            let end = self.buffer.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let head = self.buffer.drain(..end + 4).collect();
                return String::from_utf8(head).expect("headers are text");
            }
            assert!(self.read_more().await, "the server answers the upgrade");
        }
    }

    /// Writes bytes; whether the server still takes them shows when it is read.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    pub(crate) async fn put(&mut self, frame: &RawFrame) {
        self.write(&frame.bytes()).await;
    }

    /// `false` at the end.
    async fn read_more(&mut self) -> bool {
        let reading = self.stream.read_buf(&mut self.buffer);
        let read = tokio::time::timeout(PATIENCE, reading).await;
        // A reset is an end too.
        read.expect("bytes or the end within 30 s")
            .is_ok_and(|read| read > 0)
    }

    /// The next frame of the server: opcode and payload. `None` at the end of the connection.
    pub(crate) async fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let Some((opcode, start, end)) = bounds(&self.buffer) {
                let frame: Vec<u8> = self.buffer.drain(..end).collect();
                return Some((opcode, frame[start..].to_vec()));
            }
            if !self.read_more().await {
                return None;
            }
        }
    }

    /// Reads until the server closes; its close code, if it said one.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        let mut code = None;
        while let Some((opcode, payload)) = self.next().await {
            if opcode == CLOSE {
                let bytes = payload.get(..2).and_then(|bytes| bytes.try_into().ok());
                code = bytes.map(u16::from_be_bytes);
            }
        }
        code
    }
}

/// The opcode of the first frame in the buffer, and where its payload begins and ends.
fn bounds(buffer: &[u8]) -> Option<(u8, usize, usize)> {
    let (first, second) = (*buffer.first()?, *buffer.get(1)?);
    assert_eq!(second & 0x80, 0, "a server's frames are not masked");
    let (start, length) = match second {
        126 => (
            4,
            u64::from(u16::from_be_bytes(buffer.get(2..4)?.try_into().ok()?)),
        ),
        127 => (10, u64::from_be_bytes(buffer.get(2..10)?.try_into().ok()?)),
        short => (2, u64::from(short)),
    };
    let end = start + usize::try_from(length).ok()?;
    (buffer.len() >= end).then_some((first & 0x0f, start, end))
}
