#!/usr/bin/env node
// Prints alerts as they come, none missed. npm: zeromq @msgpack/msgpack
import { encode, decode } from "@msgpack/msgpack";
import { Dealer, Subscriber } from "zeromq";

const topic = process.argv[2] ?? "alert.";
const alerts = new Subscriber({ linger: 0 });
const service = new Dealer({ linger: 0, receiveTimeout: 10000 });
alerts.connect(process.env.THAW_ALERTS ?? "ipc:///run/thaw/alerts");
service.connect(process.env.THAW_SERVICE ?? "ipc:///run/thaw/service");
alerts.subscribe(topic, "beat"); // first subscribe, then ask
let epoch, seq, number = 0;

async function ask(verb, body) {
  const id = String(++number);
  await service.send([verb, id, encode({ ...body, topic })]);
  for (;;) {
    const [status, request, reply] = await service.receive();
    if (request.toString() === id) return [status.toString() === "OK", decode(reply)];
  }
}

function show(alert) {
  console.log(alert.seq, alert.id, alert.state, alert.title);
}

// The active alerts, page after page; the position is that of the first page.
async function snapshot() {
  let first, page, after = {};
  do {
    let ok;
    [ok, page] = await ask("snapshot", after);
    if (!ok) throw new Error(page.message);
    first ??= page;
    for (const alert of page.alerts) {
      if (alert.seq <= first.seq) show(alert); // later ones come again, by replay
      after = { after: alert.id };
    }
  } while (page.more);
  ({ epoch, seq } = first);
}

// What came after the position.
async function heal() {
  for (;;) {
    const [ok, page] = await ask("replay", { from: seq });
    if (!ok || page.epoch !== epoch || page.head < seq) return snapshot(); // no longer kept, another journal
    page.alerts.forEach(show);
    seq = page.next;
    if (seq >= page.head) return;
  }
}

await snapshot();
let before = 0;
for await (const [kind, body] of alerts) {
  const message = decode(body);
  const beat = kind.toString() === "beat";
  const back = message.seq < before + !beat; // the journal was put back to an older copy
  before = message.seq;
  if (message.epoch !== epoch || back) {
    await snapshot();
  } else if (message.seq > seq) {
    if (!beat && topic === "alert." && message.seq === seq + 1) {
      seq += 1;
      show(message);
    } else {
      await heal();
    }
  }
}
