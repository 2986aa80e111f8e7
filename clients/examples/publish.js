#!/usr/bin/env node
// Publishes one event, acknowledged (Dealer) and not (XPublisher). npm: zeromq @msgpack/msgpack
import { encode, decode } from "@msgpack/msgpack";
import { Dealer, XPublisher } from "zeromq";

const event = {
  id: `example-js-${Date.now()}-${process.pid}`,
  kind: "release",
  country: "BY",
  source: "example.org",
  occurred_at: new Date().toISOString().slice(0, 10),
  count: 14,
};

const addresses = {
  service: process.env.THAW_SERVICE ?? "ipc:///run/thaw/service",
  events: process.env.THAW_EVENTS ?? "ipc:///run/thaw/events",
};
const service = new Dealer({ linger: 0, receiveTimeout: 10000, ipv6: addresses.service.includes("[") });
service.connect(addresses.service);
await service.send(["publish", "request-1", encode(event)]);
const [status, , body] = await service.receive();
console.log(status.toString(), JSON.stringify(decode(body))); // OK {"accepted":1, ...}: it is on the disk
service.close();

// Without acknowledgement. A Publisher drops what it sends before thawd's subscription has come; an
// XPublisher can wait for it.
const events = new XPublisher({ linger: 10000, receiveTimeout: 10000, ipv6: addresses.events.includes("[") });
events.connect(addresses.events);
await events.receive(); // thawd's subscription
await events.send(["release.BY", encode({ ...event, id: `${event.id}-2` })]);
events.close();
