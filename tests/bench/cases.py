"""What bench.py measures: each case with its contenders, the first being the baseline."""
import contextlib
import dataclasses
import os
import resource
import statistics
import subprocess
import time
import typing

from harness import HERE, Program, Server, Thawd, figures, free_port, must, since, threads


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


def publish(per, events, transport='ipc', rules=('world', 1000, 200)):
    def run(place, quick):
        n = size(events, quick)
        with Thawd(place, place.rules(*rules), transport) as d:
            before = threads(d.pid)
            with Program(place, 'publish', '--address', d.service, '--events', n, '--per', per) as p:
                got = p.wait()
            cpu = since(before, threads(d.pid))
            status = d.ask('status')
            must(status['counters']['accepted'] == n and status['journal_seq'] == n, 'accepted and journaled')
        return {'events/s': got['events/s'], **per_event(cpu, n)}
    return run


def bare_router(per, events, transport):
    """The floor: a ROUTER that says of each request that it was accepted, and does nothing else."""
    def run(place, quick):
        n, (address,) = size(events, quick), addresses(place, transport, 1)
        with Program(place, 'echo', address, per, ready=True) as echo:
            before = threads(echo.pid)
            with Program(place, 'publish', '--address', address, '--events', n, '--per', per) as p:
                got = p.wait()
            cpu = since(before, threads(echo.pid))
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


def plain_file(events, sync):
    def run(place, quick):
        with Program(place, 'file', place.folder() / 'events', '--events', size(events, quick), '--sync', sync) as p:
            return {'events/s': p.wait()['events/s']}
    return run


# ---- latency ----------------------------------------------------------------------------------

RATE = 10000


def waits(got):
    return {k: got[k] / 1e3 for k in ('p50_ns', 'p90_ns', 'p99_ns', 'p999_ns', 'max_ns') if k in got}


def in_us(figures):
    return {k.replace('_ns', '_us'): v for k, v in figures.items()}


def proxy_latency(seconds):
    def run(place, quick):
        n, (front, back) = size(seconds * RATE, quick), addresses(place, 'ipc', 2)
        times = place.times(n)
        with Program(place, 'proxy', front, back, 10000, ready=True), \
                Program(place, 'sink', 'events', '--address', back, '--events', n, '--times', times) as sink, \
                Program(place, 'feed', '--address', front, '--events', n, '--rate', RATE, '--times', times) as feed:
            got = sink.wait()
            feed.wait()
        must(got['measured'] == n - n // 20, f"{got['measured']} measured")
        return in_us(waits(got))
    return run


def thawd_latency(seconds):
    """From the sending of a report of a release to its alert here. Two in three reports raise one."""
    def run(place, quick):
        n = size(seconds * RATE, quick)
        times = place.times(n)
        with Thawd(place, place.rules('each')) as d, \
                Program(place, 'sink', 'alerts', '--address', d.alerts, '--hwm', 1000000, '--times', times,
                        '--events', n) as sink:
            wait_subscriber(d)
            with Program(place, 'feed', '--address', d.events, '--events', n, '--rate', RATE, '--times', times) as feed:
                commits = []
                while feed.process.poll() is None:
                    commits.append(d.ask('status')['journal']['commit_us_last'])
                    time.sleep(0.05)
                feed.wait()
                _, status = d.wait_events(n)
            raised = d.firing('each')
            got = sink.stop()
        must(got['alerts'] == status['seq'] and got['first_seq'] == 1, f"{got['alerts']} alerts of {status['seq']}")
        must(raised > n / 2 and got['measured'] > 0.9 * raised, f"{got['measured']} measured of {raised} raised")
        commits = [c for c in commits if c]
        return {**in_us(waits(got)), 'commit_us': statistics.median(commits)}
    return run


# ---- the hot path alone, in one process ---------------------------------------------------------


def hotpath(events, *args, rules=None):
    def run(place, quick):
        extra = ['--rules', place.rules(*rules)] if rules else []
        with Program(place, 'hotpath', size(events, quick), *args, *extra) as p:
            got = p.wait(600)
        return {'ns': got['ns_per_event'], 'alerts': got['alerts'], 'resident_MB': got['resident_kb'] / 1024,
                **({'bytes_each': got['grown_kb'] * 1024 / size(events, quick)} if not args else {})}
    return run


def held(events, before):
    def run(place, quick):
        return hotpath(events, '--batch', 4000, '--before', size(before, quick))(place, quick)
    return run


# ---- other rule engines, on the same events with the same sums --------------------------------


def dumped(place, events):
    path = place.root / f'events-{events}'
    if not path.exists():
        path.write_bytes(subprocess.run([str(place.bin / 'bench_dump'), str(events)], check=True, capture_output=True).stdout)
    return path


def fired(place, events, sets):
    """What the alerts are, by thaw with the clock of the reports: the others must agree."""
    with Program(place, 'hotpath', events, '--corrections', 0, '--clock', 'reported', '--rules', place.rules('sums', sets)) as p:
        return p.wait()


def engine_thaw(events, sets):
    def run(place, quick):
        got = fired(place, size(events, quick), sets)
        return {'ns': got['ns_per_event'], 'fired': got['fired']}
    return run


def engine_thaw_batched(events, sets):
    """As the daemon runs under load: rules evaluated once a batch, by the wall clock."""
    def run(place, quick):
        with Program(place, 'hotpath', size(events, quick), '--batch', 1000, '--corrections', 0, '--rules',
                     place.rules('sums', sets)) as p:
            return {'ns': p.wait()['ns_per_event']}
    return run


def engine_clips(events, sets):
    def run(place, quick):
        n = size(events, quick)
        with Program(place, 'clips_rules', sets, dumped(place, n)) as p:
            got = p.wait()
        must(got['fired'] == fired(place, n, sets)['fired'], f"CLIPS fired {got['fired']}")
        return got
    return run


def engine_js(events, sets):
    def run(place, quick):
        n, modules = size(events, quick), place.npm('json-rules-engine')
        run = subprocess.run(['node', str(HERE / 'peers' / 'rules.js'), str(sets), str(dumped(place, n))], check=True,
                             capture_output=True, text=True, env={**os.environ, 'NODE_PATH': str(modules)}, timeout=300)
        got = figures(run.stdout)
        must(got['fired'] == fired(place, n, sets)['fired'], f"json-rules-engine fired {got['fired']}")
        return got
    return run


def engine_sec(events, sets):
    """SEC has no time of events and no sums: it counts lines within two weeks of its own clock."""
    def run(place, quick):
        n, folder = size(events, quick), place.folder()
        with open(folder / 'rules', 'w') as f:
            for k in range(sets):
                c = chr(65 + k % 200 // 26) + chr(65 + k % 200 % 26)
                f.write(f'type=SingleWithThreshold\nptype=RegExp\npattern=^\\d+ \\d+ {c} release - \\d+\n'
                        f'continue=TakeNext\ndesc=sum {k}\naction=none\nwindow=1209600\nthresh={20 + k // 200}\n\n')
        used = []
        for source in (os.devnull, dumped(place, n)):  # starting up does not count
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(['sec', f'--conf={folder}/rules', f'--input={source}', '--fromstart', '--notail', '--debug=1'],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return {'ns': (used[1] - used[0]) / n * 1e9}
    return run


# ---- restart ------------------------------------------------------------------------------------


def replay(events, rules, image):
    """The same state folder twice: what the second start takes until it answers, from the image of the engine
    or by taking in every report again."""
    def run(place, quick):
        n, folder = size(events, quick), place.folder()
        with Thawd(place, place.rules(*rules), folder=folder) as d:
            with Program(place, 'feed', '--address', d.events, '--events', n, '--expect', 1) as feed:
                sent = feed.wait()
                _, before = d.wait_events(n)
        if not image:
            (folder / 'state' / 'image').unlink()
        with Thawd(place, place.rules(*rules), folder=folder) as d:
            cpu, after = threads(d.pid), d.ask('status')
            must(after['journal_seq'] == n and after['epoch'] == before['epoch'], 'reports after the restart')
            must(after['seq'] == before['seq'], f"alert {after['seq']} after the restart, {before['seq']} before")
            must(after['engine']['incidents'] == sent['happenings'], 'incidents after the restart')
            must(d.firing('mass-') == sent['mass'], 'alerts of mass releases after the restart')
            return {'events/s': n / d.ready_s, 'events/s of CPU': n / cpu['loop'] * 1e9, 'ready_s': d.ready_s}
    return run


# ---- many subscribers ---------------------------------------------------------------------------


def subscribers(count, events):
    def run(place, quick):
        n = size(events, quick)
        with Thawd(place, place.rules('world', 1000, 200)) as d, contextlib.ExitStack() as stack:
            sinks = [stack.enter_context(Program(place, 'sink', 'alerts', '--address', d.alerts, '--hwm', 1000000))
                     for _ in range(count)]
            while d.ask('status')['subscribers'] < count:
                pass
            before = threads(d.pid)
            with Program(place, 'feed', '--address', d.events, '--events', n) as feed:
                sent = feed.wait()
                end_ns, status = d.wait_events(n)
            cpu = since(before, threads(d.pid))
            for sink in sinks:
                got = sink.stop()
                must(got['alerts'] == status['seq'], f"{got['alerts']} alerts of {status['seq']}")
        return {'events/s': n / (end_ns - sent['start_ns']) * 1e9, **per_event(cpu, n)}
    return run


def all_cases():
    cases = {}
    for transport in ('ipc', 'tcp'):
        for per, events in ((1, 400000), (100, 600000)):
            cases[f'{transport}-{per}'] = Case(
                f'{events} events of 200 bytes, {per} a message, {transport}; thawd with 1 000 rules, everything on',
                {'zmq_proxy': proxy(transport, per, events), 'thawd': thawd(transport, per, events),
                 'bare receive': direct(transport, per, events)})
    for per, events in ((1, 100000), (100, 300000)):
        cases[f'publish-{per}'] = Case(
            f'acknowledged publishing, pipelined, {per} reports a request; thawd syncs, with 1 000 rules',
            {'JetStream file': jetstream(1, 100000), f'thawd {per}': publish(per, events),
             f'thawd {per}, tcp': publish(per, events, 'tcp'),
             'bare ROUTER': bare_router(per, events, 'ipc'), 'bare ROUTER, tcp': bare_router(per, events, 'tcp'),
             'plain file, sync each 1 000': plain_file(events, 1000),
             'Redis AOF always': redis(1, 100000, 'always'), 'Redis AOF everysec': redis(1, 100000, 'everysec'),
             **({'JetStream 100 a message': jetstream(100, 1000000)} if per == 100 else {})})
    cases['latency'] = Case(f'one way at {RATE} a second over ipc: proxy to receiver, report to alert; microseconds',
                            {'zmq_proxy': proxy_latency(5), 'thawd': thawd_latency(5)})
    cases['rules'] = Case('CPU of the hot path by number of rules, of which ten match', {
        str(count): hotpath(200000, '--batch', 4000, rules=('ten', count)) for count in (10, 1000, 100000)}, 3)
    cases['rules-world'] = Case('CPU of the hot path by number of rules, five to a country', {
        'none': hotpath(200000, '--batch', 4000),
        **{str(count): hotpath(200000, '--batch', 4000, rules=('world', count, 200)) for count in (1, 10, 1000, 10000)}}, 3)
    cases['countries'] = Case('CPU of the hot path by number of countries', {
        str(count): hotpath(60000, '--batch', 4000, '--countries', count, rules=('world', 5 * count, count))
        for count in (200, 10)}, 3)
    cases['held'] = Case('CPU of the hot path by reports held before, no rules', {
        name: held(200000, count)
        for name, count in (('10 k', 10000), ('1 M', 1000000), ('10 M', 10000000))}, 1)
    cases['corrections'] = Case('CPU of the hot path with duplicates and retractions, 1 000 rules', {
        'plain': hotpath(200000, '--batch', 4000, rules=('world', 1000, 200)),
        'each report twice': hotpath(200000, '--batch', 4000, '--again', 2, rules=('world', 1000, 200)),
        'a fifth of happenings retracted from': hotpath(200000, '--batch', 4000, '--corrections', 200,
                                                        rules=('world', 1000, 200))}, 3)
    cases['memory'] = Case('memory a report, its text of 200 bytes included, no rules', {'1 M reports': hotpath(1000000)}, 1)
    cases['stages'] = Case('CPU of the hot path by stage', {
        'msgpack-c objects': hotpath(500000, '--stage', 'msgpack'),
        'decode and validate': hotpath(500000, '--stage', 'decode'), 'and hash': hotpath(500000, '--stage', 'hash'),
        'and facts': hotpath(500000, '--batch', 4000),
        'and 1 000 rules': hotpath(500000, '--batch', 4000, rules=('world', 1000, 200))}, 3)
    cases['engines'] = Case('1 000 rule sets (a sum over two weeks by country, five thresholds), CPU an event in one process; '
                            'the alerts of CLIPS and json-rules-engine must be those of thaw', {
        'thaw, each report': engine_thaw(20000, 1000), 'thaw, 1 000 a batch': engine_thaw_batched(200000, 1000),
        'CLIPS': engine_clips(20000, 1000), 'SEC': engine_sec(2000, 1000), 'json-rules-engine': engine_js(400, 1000)}, 3)
    cases['replay'] = Case('restart with the journal of 300 000 reports, 1 000 rules',
                           {'whole journal': replay(300000, ('world', 1000, 200), False),
                           'from an image': replay(300000, ('world', 1000, 200), True)}, 2)
    cases['subscribers'] = Case('200 000 events with 1 and 50 subscribers to all alerts', {
        str(count): subscribers(count, 200000) for count in (1, 50)}, 2)
    return cases
