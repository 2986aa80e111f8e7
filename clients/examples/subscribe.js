#!/usr/bin/env node
// Prints alerts as they come, none missed. npm: zeromq @msgpack/msgpack
import { encode, decode } from "@msgpack/msgpack";
import { setTimeout } from "node:timers/promises";
import { Dealer, Subscriber } from "zeromq";

const topic = process.argv[2] ?? "alert.";
const addresses = {
  alerts: process.env.THAW_ALERTS ?? "ipc:///run/thaw/alerts",
  service: process.env.THAW_SERVICE ?? "ipc:///run/thaw/service",
};
const alerts = new Subscriber({ linger: 0, ipv6: addresses.alerts.includes("[") });
const service = new Dealer({ linger: 0, ipv6: addresses.service.includes("[") });
alerts.connect(addresses.alerts);
service.connect(addresses.service);
alerts.subscribe(topic, "beat"); // first subscribe, then ask
let epoch, seq, before = 0, number = 0; // before: the number of the last message

// The next message; nothing where none comes in time.
async function receive(socket, milliseconds) {
  socket.receiveTimeout = milliseconds;
  try {
    return await socket.receive();
  } catch (error) {
    if (error.code !== "EAGAIN") throw error;
  }
}

// Asks until an answer comes: a thawd that ends takes the question with it.
async function ask(verb, body) {
  for (let wait = 5000; ; wait = Math.min(2 * wait, 30000)) {
    const id = String(++number);
    await service.send([verb, id, encode({ ...body, topic })]);
    for (let answer; (answer = await receive(service, wait)); ) {
      const [status, request, reply] = answer;
      if (request.toString() === id) return [status.toString() === "OK", decode(reply)];
    }
    console.error("no answer from thawd; asking again");
  }
}

function show(alert) {
  console.log(alert.seq, alert.id, alert.state, alert.title);
}

// The active alerts, page after page; the position is that of the first page.
async function snapshot() {
  // What came before: the snapshot stands for it, or it is of a journal that is no more.
  while (await receive(alerts, 0));
  before = 0;
  let first, page, last = "";
  do {
    let ok;
    const after = last;
    [ok, page] = await ask("snapshot", after ? { after } : {});
    if (!ok) throw new Error(page.message);
    if (first && page.epoch !== first.epoch) { // another journal since the page before: all anew
      await setTimeout(1000); // not as fast as it can, should it always be another
      return snapshot();
    }
    if (!first) console.error("these are all active alerts; what was held is old");
    first ??= page;
    for (const alert of page.alerts) {
      if (alert.seq <= first.seq) show(alert); // later ones come again, by replay
    }
    last = page.alerts.at(-1)?.id ?? "";
    if (page.more && Buffer.compare(Buffer.from(last), Buffer.from(after)) <= 0) // asked for without end
      throw new Error("a page of the snapshot is not behind the one before");
  } while (page.more);
  ({ epoch, seq } = first);
}

// What came after the position.
async function heal() {
  for (;;) {
    const [ok, page] = await ask("replay", { from: seq });
    if (!ok && page.code !== "gone") throw new Error(page.message);
    if (!ok || page.epoch !== epoch || page.head < seq) return snapshot(); // no longer kept, another journal
    page.alerts.forEach(show);
    if (page.next <= seq && seq < page.head) throw new Error("a page of the replay is not behind the one before");
    seq = page.next;
    if (seq >= page.head) return;
  }
}

await snapshot();
for (;;) {
  const frames = await receive(alerts, 10000);
  if (!frames) {
    console.error("nothing is heard from thawd"); // not even a beat
    continue;
  }
  const [kind, body] = frames;
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
