#!/usr/bin/python3
"""Publishes one event, acknowledged (DEALER) and not (PUB). Debian: python3-zmq python3-msgpack."""
import os, time, msgpack, zmq

event = {"id": f"example-{time.time_ns()}", "kind": "release", "country": "BY", "source": "example.org",
         "occurred_at": time.strftime("%Y-%m-%d", time.gmtime()), "count": 14}
context = zmq.Context()


def connected(kind, name):
    """A socket at an address of thawd; over tcp beyond this machine with keys, as `thaw keygen` makes them."""
    socket = context.socket(kind)
    if "THAW_SERVER_KEY" in os.environ:
        socket.curve_serverkey = os.environ["THAW_SERVER_KEY"].encode()
        secret = os.environ["THAW_SECRET_KEY"].encode()
        socket.curve_publickey, socket.curve_secretkey = zmq.curve_public(secret), secret
    address = os.environ.get("THAW_" + name.upper(), "ipc:///run/thaw/" + name)
    socket.ipv6 = "[" in address
    socket.connect(address)
    return socket


service = connected(zmq.DEALER, "service")
service.send_multipart([b"publish", b"request-1", msgpack.packb(event)])
if not service.poll(10000):
    raise SystemExit("no answer")
status, request, body = service.recv_multipart()
print(status.decode(), msgpack.unpackb(body))  # OK {'accepted': 1, ...}: it is on the disk

# Without acknowledgement. A PUB drops what it sends before thawd's subscription has come, so that a
# short script would lose its only message: an XPUB is a PUB that can wait for the subscription.
events = connected(zmq.XPUB, "events")
events.linger = 10000  # and close() may take that long to hand over what was sent
if not events.poll(10000):
    raise SystemExit("nobody subscribes")
events.recv()  # thawd's subscription
events.send_multipart([b"release.BY", msgpack.packb(dict(event, id=event["id"] + "-2"))])
context.destroy()
