#!/usr/bin/python3
import os, msgpack, zmq
alerts, service, events = (zmq.Context.instance().socket(kind) for kind in (zmq.SUB, zmq.DEALER, zmq.XPUB))
for name, socket in ("alerts", alerts), ("service", service), ("events", events):
    socket.connect(os.environ.get(f"THAW_{name.upper()}", f"ipc:///run/thaw/{name}"))
[alerts.subscribe(topic) for topic in ("alert.BY.", "beat")]
ready = alerts.recv_multipart(), events.recv()  # a beat, and thawd's subscription: nothing is lost from now on
report = {"id": "1", "kind": "release", "country": "BY", "source": "example.org", "occurred_at": "2025-06-21", "count": 14}
events.send_multipart([b"release.BY", msgpack.packb(report)])
service.send_multipart([b"publish", b"request-1", msgpack.packb(dict(report, id="2"))])
print(service.recv_multipart()[0], next(topic for topic, body in iter(alerts.recv_multipart, None) if topic != b"beat"))
