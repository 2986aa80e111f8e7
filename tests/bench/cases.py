"""What bench.py measures: each case with its contenders, the first being the baseline."""
import dataclasses
import typing

from harness import Program, Server, Thawd, free_port, must, since, threads


@dataclasses.dataclass
class Case:
    what: str
    contenders: typing.Dict[str, typing.Callable]
    rounds: int = 0  # 0: as bench.py was asked


def size(count, quick):
    return count // 10 if quick else count


def per_event(cpu, events):
    return {f'{k}_ns': v / events for k, v in cpu.items() if v / events >= 1}


# ---- throughput: feeder -> contender -> done -------------------------------------------------


def addresses(place, transport, count):
    folder = place.folder()
    return [f'ipc://{folder}/{i}' if transport == 'ipc' else f'tcp://127.0.0.1:{free_port()}' for i in range(count)]


def check_sink(sent, got, events):
    must(got['events'] == events, f"{got['events']} events arrived, sent {events}")
    must(got['end_ns'] > sent['start_ns'], 'time')


def direct(transport, per, events):
    """Baseline below all: the feeder and a bare receiver."""
    def run(place, quick):
        n, (address,) = size(events, quick), addresses(place, transport, 1)
        with Program(place, 'sink', 'events', '--address', address, '--bind', 1, '--events', n, '--hwm', hwm(per)) as sink, \
                Program(place, 'feed', '--address', address, '--events', n, '--per', per) as feed:
            sent, got = feed.wait(), sink.wait()
        check_sink(sent, got, n)
        return {'events/s': n / (got['end_ns'] - sent['start_ns']) * 1e9, 'loop_ns': got['loop_cpu_ns'] / n}
    return run


def hwm(per):
    return 10000 if per == 1 else 200


def proxy(transport, per, events):
    def run(place, quick):
        n, (front, back) = size(events, quick), addresses(place, transport, 2)
        with Program(place, 'proxy', front, back, hwm(per), ready=True) as middle, \
                Program(place, 'sink', 'events', '--address', back, '--events', n, '--hwm', hwm(per)) as sink, \
                Program(place, 'feed', '--address', front, '--events', n, '--per', per) as feed:
            before = threads(middle.pid)
            got = sink.wait()
            cpu = since(before, threads(middle.pid))
            sent = feed.wait()
        check_sink(sent, got, n)
        return {'events/s': n / (got['end_ns'] - sent['start_ns']) * 1e9, **per_event(cpu, n)}
    return run


def thawd(transport, per, events, rules=('world', 1000, 200), countries=200, again=1, corrections=None):
    def run(place, quick):
        n = size(events, quick)
        extra = ['--corrections', corrections] if corrections is not None else []
        with Thawd(place, place.rules(*rules) if rules else None, transport, hwm(per)) as d, \
                Program(place, 'sink', 'alerts', '--address', d.alerts, '--hwm', 1000000) as sink:
            wait_subscriber(d)
            before = threads(d.pid)
            with Program(place, 'feed', '--address', d.events, '--events', n, '--per', per, '--countries', countries,
                         '--again', again, '--expect', 1, *extra) as feed:
                sent = feed.wait()
                end_ns, status = d.wait_events(n * again)
            cpu = since(before, threads(d.pid))
            check_thawd(d, status, sent, n, again, corrections, rules, countries)
            alerts = sink.stop()
        must(alerts['alerts'] == alerts['last_seq'] and alerts['last_seq'] == status_seq(status),
             f'{alerts["alerts"]} alerts arrived, the last is {alerts["last_seq"]}, given out {status_seq(status)}')
        total = n * again
        return {'events/s': total / (end_ns - sent['start_ns']) * 1e9, **per_event(cpu, total), 'alerts': alerts['alerts'],
                'commit_us_mean': status['journal']['commits'] and (end_ns - sent['start_ns']) / 1e3 / status['journal']['commits']}
    return run


def status_seq(status):
    return status['seq']


def wait_subscriber(d):
    while d.ask('status')['subscribers'] < 1:
        pass


def check_thawd(d, status, sent, n, again, corrections, rules, countries):
    c, e = status['counters'], status['engine']
    must(c['accepted'] == n and c['rejected'] == 0, f"{c['accepted']} accepted, {c['rejected']} rejected, sent {n}")
    must(c['duplicates'] == n * (again - 1), f"{c['duplicates']} duplicates, sent {n * (again - 1)}")
    must(status['journal_seq'] == n, f"{status['journal_seq']} reports in the journal, sent {n}")
    if corrections is None:
        must(e['incidents'] == sent['happenings'], f"{e['incidents']} incidents, expected {sent['happenings']}")
        if rules and rules[0] == 'world' and rules[1] >= 5 * countries:
            firing = d.firing('mass-')
            must(firing == sent['mass'], f"{firing} alerts of mass releases, expected {sent['mass']}")


# ---- acknowledged publishing ------------------------------------------------------------------


def publish(per, events, rules=('world', 1000, 200)):
    def run(place, quick):
        n = size(events, quick)
        with Thawd(place, place.rules(*rules)) as d:
            before = threads(d.pid)
            with Program(place, 'publish', '--address', d.service, '--events', n, '--per', per) as p:
                got = p.wait()
            cpu = since(before, threads(d.pid))
            status = d.ask('status')
            must(status['counters']['accepted'] == n and status['journal_seq'] == n, 'accepted and journaled')
        return {'events/s': got['events/s'], **per_event(cpu, n)}
    return run


def jetstream(per, events):
    def run(place, quick):
        n, port, folder = size(events, quick), free_port(), place.folder()
        with Server(['nats-server', '-a', '127.0.0.1', '-p', port, '-js', '-sd', folder], port, folder):
            with Program(place, 'nats_publish', '--url', f'nats://127.0.0.1:{port}', '--events', n, '--per', per) as p:
                return {'events/s': p.wait()['events/s']}
    return run


def redis(per, events, fsync):
    """The binary is called by its other name: redis-tools has it, and starts no service."""
    def run(place, quick):
        n, port, folder = size(events, quick), free_port(), place.folder()
        command = ['bash', '-c', 'exec -a redis-server redis-check-rdb "$@"', 'redis', '--bind', '127.0.0.1', '--port', port,
                   '--dir', folder, '--save', '', '--appendonly', 'yes', '--appendfsync', fsync]
        with Server(command, port, folder):
            with Program(place, 'redis_publish', '--port', port, '--events', n, '--per', per) as p:
                return {'events/s': p.wait()['events/s']}
    return run


def all_cases():
    cases = {}
    for transport in ('ipc', 'tcp'):
        for per, events in ((1, 1000000), (100, 2000000)):
            cases[f'{transport}-{per}'] = Case(
                f'{events} events of 200 bytes, {per} a message, {transport}; thawd with 1 000 rules, everything on',
                {'zmq_proxy': proxy(transport, per, events), 'thawd': thawd(transport, per, events),
                 'bare receive': direct(transport, per, events)})
    for per, events in ((1, 200000), (100, 1000000)):
        cases[f'publish-{per}'] = Case(
            f'acknowledged publishing, pipelined, {per} reports a request; thawd syncs, with 1 000 rules',
            {'JetStream file': jetstream(1, 100000), f'thawd {per}': publish(per, events),
             'Redis AOF always': redis(1, 100000, 'always'), 'Redis AOF everysec': redis(1, 100000, 'everysec'),
             **({'JetStream 100 a message': jetstream(100, 1000000)} if per == 100 else {})})
    return cases
