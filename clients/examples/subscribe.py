#!/usr/bin/python3
"""Prints alerts as they come, none missed. Debian: python3-zmq python3-msgpack."""
import os, sys, time, msgpack, zmq

topic = sys.argv[1] if len(sys.argv) > 1 else "alert."
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


alerts, service = connected(zmq.SUB, "alerts"), connected(zmq.DEALER, "service")
for prefix in topic, "beat":
    alerts.subscribe(prefix)  # first subscribe, then ask
epoch, seq, before, number = None, 0, 0, 0  # before: the number of the last message


def ask(verb, **body):
    """Asks until an answer comes: a thawd that ends takes the question with it."""
    global number
    wait = 5000
    while True:
        number += 1
        service.send_multipart([verb, b"%d" % number, msgpack.packb(dict(body, topic=topic))])
        while service.poll(wait):
            status, request, reply = service.recv_multipart()
            if request == b"%d" % number:
                return status == b"OK", msgpack.unpackb(reply)
        print("no answer from thawd; asking again", file=sys.stderr)
        wait = min(2 * wait, 30000)


def show(alert):
    print(alert["seq"], alert["id"], alert["state"], alert["title"], flush=True)


def snapshot():
    """The active alerts, page after page; the position is that of the first page."""
    global epoch, seq, before
    after, more, first, before = {}, True, None, 0
    while alerts.poll(0):
        alerts.recv_multipart()  # the snapshot stands for it; it may be of a journal that is no more
    while more:
        ok, page = ask(b"snapshot", **after)
        if not ok:
            raise SystemExit(page["message"])
        if first and page["epoch"] != first["epoch"]:  # another journal since the page before: all anew
            time.sleep(1)  # not as fast as it can, should it always be another
            return snapshot()
        if not first:
            first = page
            print("these are all active alerts; what was held is old", file=sys.stderr)
        for alert in page["alerts"]:
            if alert["seq"] <= first["seq"]:  # later ones come again, by replay
                show(alert)
        more, last = page["more"], page["alerts"][-1]["id"] if page["alerts"] else ""
        if more and last <= after.get("after", ""):  # it would be asked for without end
            raise SystemExit("a page of the snapshot is not behind the one before")
        after = {"after": last}
    epoch, seq = first["epoch"], first["seq"]


def heal():
    """What came after the position."""
    global seq
    while True:
        ok, page = ask(b"replay", **{"from": seq})
        if not ok and page["code"] != "gone":
            raise SystemExit(page["message"])
        if not ok or page["epoch"] != epoch or page["head"] < seq:  # no longer kept, another journal
            return snapshot()
        for alert in page["alerts"]:
            show(alert)
        if page["next"] <= seq < page["head"]:
            raise SystemExit("a page of the replay is not behind the one before")
        seq = page["next"]
        if seq >= page["head"]:
            return


snapshot()
while True:
    if not alerts.poll(10000):  # not even a beat
        print("nothing is heard from thawd", file=sys.stderr)
        continue
    kind, body = alerts.recv_multipart()
    message = msgpack.unpackb(body)
    back = message["seq"] < before + (kind != b"beat")  # the journal was put back to an older copy
    before = message["seq"]
    if message["epoch"] != epoch or back:
        snapshot()
    elif message["seq"] > seq:
        if kind != b"beat" and topic == "alert." and message["seq"] == seq + 1:
            seq += 1
            show(message)
        else:
            heal()
