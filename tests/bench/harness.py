"""What the cases of bench.py share: thawd in a private folder, the programs, CPU by thread."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import msgpack
import zmq

HERE = pathlib.Path(__file__).resolve().parent


class Wrong(Exception):
    """A figure that would not be true: something was lost, or did not come out right."""


def must(ok, what):
    if not ok:
        raise Wrong(what)


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def threads(pid):
    """CPU nanoseconds so far of each thread, by name."""
    spent = {}
    for task in os.listdir(f'/proc/{pid}/task'):
        name = pathlib.Path(f'/proc/{pid}/task/{task}/comm').read_text().strip()
        ns = int(pathlib.Path(f'/proc/{pid}/task/{task}/schedstat').read_text().split()[0])
        key = 'loop' if int(task) == pid else name
        spent[key] = spent.get(key, 0) + ns
    return spent


def resident(pid):
    return int(pathlib.Path(f'/proc/{pid}/statm').read_text().split()[1]) * os.sysconf('SC_PAGESIZE')


def since(before, after):
    return {k: after[k] - before.get(k, 0) for k in after}


def figures(text):
    """The lines "name value" of a program."""
    return {f[0]: float(f[1]) for f in (line.split() for line in text.splitlines()) if len(f) == 2}


class Program:
    """One of the programs beside this file, started; ended with the `with` block."""

    def __init__(self, place, name, *args, ready=False):
        self.name = name
        path = name if name.startswith('/') else str(place.bin / f'bench_{name}')
        self.process = subprocess.Popen([path] + [str(a) for a in args], stdout=subprocess.PIPE, text=True)
        if ready:
            self.process.stdout.readline()

    @property
    def pid(self):
        return self.process.pid

    def wait(self, timeout=120):
        out, _ = self.process.communicate(timeout=timeout)
        must(self.process.returncode == 0, f'{self.name} ended with {self.process.returncode}')
        return figures(out)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Server:
    """A peer on a port of its own, with its files in `folder`."""

    def __init__(self, command, port, folder):
        with open(folder / 'log', 'w') as log:
            self.process = subprocess.Popen([str(c) for c in command], stdout=log, stderr=log)
        for _ in range(200):
            with socket.socket() as s:
                if s.connect_ex(('127.0.0.1', port)) == 0:
                    return
            must(self.process.poll() is None, f'{command[0]}: {(folder / "log").read_text()[-300:]}')
            time.sleep(0.05)
        raise Wrong(f'{command[0]} does not listen')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)


class Place:
    """A private folder, and where the programs are."""

    def __init__(self, build):
        self.build = pathlib.Path(build)
        self.bin = self.build / 'tests'
        self.root = pathlib.Path(tempfile.mkdtemp(prefix='thaw-bench-'))
        self.count = 0

    def folder(self):
        self.count += 1
        path = self.root / str(self.count)
        path.mkdir()
        return path

    def rules(self, *args):
        path = self.root / ('rules-' + '-'.join(str(a) for a in args) + '.yaml')
        if not path.exists():
            path.write_text(subprocess.run(['python3', str(HERE / 'ruleset.py')] + [str(a) for a in args],
                                           check=True, capture_output=True, text=True).stdout)
        return path

    def npm(self, package):
        """The folder of a package's modules."""
        folder = self.root / 'npm'
        if not folder.exists():
            folder.mkdir()
            subprocess.run(['npm', 'install', '--silent', '--no-audit', '--no-fund', '--prefix', str(folder), package],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
        return folder / 'node_modules'

    def times(self, count):
        path = pathlib.Path('/dev/shm') / f'thaw-bench-{os.getpid()}'
        with open(path, 'wb') as f:
            f.truncate(count * 8)
        return path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root, ignore_errors=True)
        (pathlib.Path('/dev/shm') / f'thaw-bench-{os.getpid()}').unlink(missing_ok=True)


class Thawd:
    """thawd in a folder of its own, with the defaults of thawd.yaml but for addresses and queues
    (events.hwm as with the baselines; alerts.hwm so that the checking subscriber misses nothing)."""

    def __init__(self, place, rules=None, transport='ipc', hwm=10000, folder=None):
        self.place, self.folder = place, folder or place.folder()
        self.context = zmq.Context()
        address = (lambda name: f'ipc://{self.folder}/{name}') if transport == 'ipc' else (
            lambda name: f'tcp://127.0.0.1:{free_port()}')
        self.events, self.service, self.alerts = address('events'), address('service'), address('alerts')
        (self.folder / 'state').mkdir(exist_ok=True)
        lines = [f'state: {self.folder}/state', f'rules: [{rules}]' if rules else 'rules: []',
                 f'events: {{bind: ["{self.events}"], hwm: {hwm}}}', f'service: {{bind: ["{self.service}"]}}',
                 f'alerts: {{bind: ["{self.alerts}"], hwm: 1000000}}']
        (self.folder / 'thawd.yaml').write_text('\n'.join(lines) + '\n')
        self.log = open(self.folder / 'log', 'a')
        self.started = time.monotonic()
        self.process = subprocess.Popen([str(place.build / 'daemon' / 'thawd'), '--config',
                                         str(self.folder / 'thawd.yaml')], stderr=self.log)
        self.pid = self.process.pid
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(self.service)
        self.ask('status', wait_s=300)
        self.ready_s = time.monotonic() - self.started

    def ask(self, verb, body=None, wait_s=60):
        self.socket.send_multipart([verb.encode(), b'1', msgpack.packb(body or {})])
        until = time.monotonic() + wait_s
        while not self.socket.poll(200):
            must(self.process.poll() is None, f'thawd ended: {(self.folder / "log").read_text()[-500:]}')
            must(time.monotonic() < until, f'thawd does not answer {verb}')
        status, _, reply = self.socket.recv_multipart()
        must(status == b'OK', f'{verb}: {reply!r}')
        return msgpack.unpackb(reply, timestamp=0, strict_map_key=False)

    def wait_events(self, count, wait_s=600):
        """Until so many events were taken in and all of it is durable; the moment of that."""
        until = time.monotonic() + wait_s
        while True:
            status = self.ask('status')
            if status['counters']['events'] >= count:
                end_ns = time.monotonic_ns()
                must(status['counters']['events'] == count, f"{status['counters']['events']} events, sent {count}")
                while status['counters']['alerts'] > status['counters']['alerts_sent']: # they leave with their batch
                    status = self.ask('status')
                return end_ns, status
            must(time.monotonic() < until, f"{status['counters']['events']} of {count} events after {wait_s} s")
            time.sleep(0.002)

    def firing(self, prefix):
        return sum(r['firing'] for r in self.ask('rules')['rules'] if r['rule'].startswith(prefix))

    def __enter__(self):
        return self

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __exit__(self, *_):
        self.stop()
        self.context.destroy(0)
        self.log.close()
