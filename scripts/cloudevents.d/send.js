// Sends one order's events with the official CloudEvents SDK of npm, structured, binary and as a batch,
// and reads it back. Of a batch the SDK knows the media type; that it is a JSON array of events is all
// that there is to it.
//
// ORDERCHAT_URL, ORDERCHAT_TOKEN as in examples/shop.py.
"use strict";

const { CloudEvent, CONSTANTS, HTTP } = require("cloudevents");

const ORDER = "npm / 1";
const URL = process.env.ORDERCHAT_URL;
const BEARER = { Authorization: "Bearer " + process.env.ORDERCHAT_TOKEN };

async function ask(path, init = {}) {
  const answer = await fetch(URL + path, { ...init, headers: { ...init.headers, ...BEARER } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

function send({ headers, body }) {
  return ask("/api/orders/events/", { method: "POST", headers, body });
}

function batch(events) {
  const headers = { [CONSTANTS.HEADER_CONTENT_TYPE]: CONSTANTS.MIME_CE_BATCH };
  return { headers, body: JSON.stringify(events) };
}

function event(sequence, type, data) {
  const source = "https://shop.example/npm";
  return new CloudEvent({
    id: `npm-${sequence}`, source, type, subject: ORDER, datacontenttype: "application/json",
    data: { ...data, sequence },
  });
}

function check(what, found, wanted) {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new Error(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
  }
}

async function main() {
  const events = [
    event(1, "order.created", {
      number: "8", status: "accepted",
      customer: { id: "c2", name: "Björn" }, pharmacy: { id: "ph1", name: "Corner" },
    }),
    event(3, "order.status_changed", { status: "picked_up" }),
    event(2, "order.status_changed", { status: "preparing" }),
    event(4, "delivery.assigned", { rider: { id: "r2", name: "Zoë" } }),
  ];
  for (const [place, one] of events.entries()) {
    const ways = [HTTP.structured, HTTP.binary];
    if (place % 2) ways.reverse();
    const taken = await send(ways[0](one));
    const again = await send(ways[1](one));
    check(`event ${place}`, [taken.accepted, again.repeated], [1, 1]);
  }
  const more = [
    event(5, "delivery.status_changed", { delivery_status: "delivering" }),
    event(6, "order.status_changed", { status: "delivered" }),
  ];
  const taken = await send(batch([...more, events[0]]));
  check("the batch", taken, { accepted: 2, repeated: 1, errors: [] });
  const order = await ask(`/api/orders/${encodeURIComponent(ORDER)}/`);
  const { status, delivery_status, sequence } = order;
  check("the order", [status, delivery_status, order.rider.name, sequence],
    ["delivered", "delivering", "Zoë", 6]);
  console.log("the CloudEvents SDK of npm sends, and the order is what it said");
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
