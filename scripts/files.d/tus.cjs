// Uploads by tus with the client of its makers, through a connection that is cut at random bytes.
//
// tus.cjs SIZE SEED: sends a PDF of SIZE bytes of noise into ORDERCHAT_ROOM as ORDERCHAT_TOKEN, reads it
// back, and compares; then one that is gone on with by another run of a client, one that was finished
// before, a wrong checksum, and an upload that is ended.
"use strict";

const { createHash } = require("node:crypto");
const net = require("node:net");
const tus = require("tus-js-client");

const SERVER = new URL(process.env.ORDERCHAT_URL);
const ROOM = process.env.ORDERCHAT_ROOM;
const BEARER = { Authorization: "Bearer " + process.env.ORDERCHAT_TOKEN };
const TUS = { ...BEARER, "Tus-Resumable": "1.0.0" };
const PIECE = { ...TUS, "Content-Type": "application/offset+octet-stream" };
const CUTS = 8;

// xorshift32: the same seed gives the same file and the same cuts.
function random(seed) {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

function pdf(size, dice) {
  const file = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) file.writeUInt32LE(dice(2 ** 32), at);
  file.write("%PDF-1.7\n");
  return file;
}

// Passes bytes on to the server, and breaks off after so many, CUTS times.
function cutter(dice, size) {
  let cuts = 0;
  const proxy = net.createServer((client) => {
    const server = net.connect(SERVER.port, SERVER.hostname);
    const both = [client, server];
    // All of them together are less than the file.
    let left = cuts < CUTS ? 1 + dice(Math.floor(size / CUTS) - 1) : Infinity;
    for (const socket of both) socket.on("error", () => both.forEach((one) => one.destroy()));
    client.on("data", (bytes) => {
      left -= bytes.length;
      if (left > 0) {
        if (!server.write(bytes)) client.pause();
        return;
      }
      cuts += 1;
      server.write(bytes.subarray(0, bytes.length + left), () => {
        both.forEach((socket) => socket.destroy());
      });
      left = Infinity;
    });
    server.on("drain", () => client.resume());
    server.on("data", (bytes) => client.write(bytes));
    server.on("end", () => client.end());
    client.on("end", () => server.end());
  });
  return new Promise((resolve) => {
    proxy.listen(0, "127.0.0.1", () => {
      const port = proxy.address().port;
      resolve({ port, cuts: () => cuts, close: () => proxy.close() });
    });
  });
}

function upload(file, base, options = {}) {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(file, {
      endpoint: base + "/api/chat/uploads/",
      retryDelays: new Array(4 * CUTS).fill(50),
      headers: BEARER,
      metadata: { room: ROOM, filename: "leaflet.pdf", filetype: "application/pdf" },
      onError: reject,
      onSuccess: () => resolve(upload.url),
      ...options,
    });
    upload.start();
  });
}

async function ask(path, init = {}) {
  return fetch(new URL(path, SERVER), { ...init, headers: { ...BEARER, ...init.headers } });
}

async function created(size) {
  const room = Buffer.from(ROOM).toString("base64");
  const answer = await ask("/api/chat/uploads/", {
    method: "POST",
    headers: { ...TUS, "Upload-Length": String(size), "Upload-Metadata": "room " + room },
  });
  check("an upload is begun", answer.status, 201);
  check("it says when it expires", answer.headers.has("upload-expires"), true);
  return answer.headers.get("location");
}

async function offset(place) {
  const answer = await ask(place, { method: "HEAD", headers: TUS });
  return answer.status === 200 ? Number(answer.headers.get("upload-offset")) : answer.status;
}

function check(what, found, wanted) {
  if (found !== wanted) throw new Error(`${what}: ${found} instead of ${wanted}`);
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

// Names what was uploaded in a message and reads it back.
async function sentAndRead(url, file, where) {
  const attachment = new URL(url, SERVER).pathname.split("/").filter(Boolean).pop();
  const message = await ask(`/api/chat/rooms/${ROOM}/messages/`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ attachment }),
  });
  check(`${where}: the message`, message.status, 201);
  const read = await ask((await message.json()).file_path);
  check(`${where}: the download`, read.status, 200);
  check(`${where}: its hash`, sha256(Buffer.from(await read.arrayBuffer())), sha256(file));
}

async function cutAtRandom(file, dice) {
  const proxy = await cutter(dice, file.length);
  const url = await upload(file, `http://127.0.0.1:${proxy.port}`);
  proxy.close();
  check("cuts", proxy.cuts(), CUTS);
  await sentAndRead(url, file, "cut at random bytes");
}

// The first client stops in the middle; the second knows the address only.
async function goneOnWith(file) {
  const url = await new Promise((resolve, reject) => {
    const first = new tus.Upload(file, {
      endpoint: SERVER.origin + "/api/chat/uploads/",
      chunkSize: file.length >> 2,
      headers: BEARER,
      metadata: { room: ROOM, filename: "leaflet.pdf" },
      onError: reject,
      onChunkComplete: () => resolve(first.abort().then(() => first.url)),
    });
    first.start();
  });
  check("a part has come", (await offset(url)) < file.length, true);
  const again = await upload(file, SERVER.origin, { uploadUrl: url });
  check("the same upload", again, url);
  await sentAndRead(url, file, "gone on with");
}

// A client that never got the last answer asks, and finds that nothing is left to send.
async function lastAnswerLost(file) {
  const url = await upload(file, SERVER.origin);
  check("a finished upload", await offset(url), file.length);
  check("taken up again", await upload(file, SERVER.origin, { uploadUrl: url }), url);
  await sentAndRead(url, file, "finished before");
  check("and when it was sent", await offset(url), file.length);
}

async function wrongChecksum() {
  const piece = Buffer.from("%PDF-1.7\nleaflet");
  const place = await created(piece.length);
  const patch = (checksum) =>
    ask(place, {
      method: "PATCH",
      headers: { ...PIECE, "Upload-Offset": "0", "Upload-Checksum": "sha256 " + checksum },
      body: piece,
    });
  const digest = (bytes) => createHash("sha256").update(bytes).digest("base64");
  check("a wrong checksum", (await patch(digest("something else"))).status, 460);
  check("nothing was kept", await offset(place), 0);
  check("the right checksum", (await patch(digest(piece))).status, 204);
}

async function terminated() {
  const place = await created(1000);
  const end = await ask(place, { method: "DELETE", headers: TUS });
  check("an upload is ended", end.status, 204);
  check("it is gone", [404, 410].includes(await offset(place)), true);
}

async function main() {
  const [size, seed] = process.argv.slice(2).map(Number);
  const dice = random(seed);
  const file = pdf(size, dice);
  await cutAtRandom(file, dice);
  await goneOnWith(file.subarray(0, size >> 2));
  await lastAnswerLost(file.subarray(0, size >> 3));
  await wrongChecksum();
  await terminated();
}

main().catch((error) => {
  console.error(String(error.stack || error));
  process.exit(1);
});
