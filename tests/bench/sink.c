/*
 * sink.c - receives what a feeder or a proxy sends, or the alerts of thawd, and checks it.
 *
 *   bench_sink events --address A --events N [--bind 1] [--rate 1 --times FILE]
 *       every message of the stream; ends after N events. With --times: one-way latency.
 *   bench_sink alerts --address A --file F [--times FILE --events N]
 *       alerts until SIGTERM and the last on its way: their numbers must have no holes. With --times:
 *       from the moment a report was sent to the moment the first alert that names it is here.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zmq.h>

#include "common.h"
#include "stream.h"
#include "thaw.h"

typedef struct sink {
    void *socket;
    uint64_t events, bytes, messages;
    const int64_t *times;
    int64_t *waits; /* by report; 0: not seen */
    uint64_t times_count;
} sink;

static volatile sig_atomic_t stopping;

static void on_stop(int number)
{
    (void)number;
    stopping = 1;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The first twentieth warms up and does not count. */
static void tell_waits(sink *s)
{
    int64_t *seen = malloc(s->times_count * sizeof(*seen));
    size_t count = 0;

    MUST(seen != NULL);
    for (uint64_t i = s->times_count / 20; i < s->times_count; i++)
        if (s->waits[i] > 0)
            seen[count++] = s->waits[i];
    tell("measured", (double)count);
    if (count > 0) {
        qsort(seen, count, sizeof(*seen), compare);
        tell("p50_ns", (double)seen[count / 2]);
        tell("p90_ns", (double)seen[count - 1 - count / 10]);
        tell("p99_ns", (double)seen[count - 1 - count / 100]);
        tell("p999_ns", (double)seen[count - 1 - count / 1000]);
        tell("max_ns", (double)seen[count - 1]);
    }
    free(seen);
}

static void open_times(sink *s, const char *file, uint64_t count)
{
    int fd = open(file, O_RDWR);

    MUST(fd >= 0);
    s->times = mmap(NULL, count * 8, PROT_READ, MAP_SHARED, fd, 0);
    MUST(s->times != MAP_FAILED);
    s->waits = calloc(count, sizeof(*s->waits));
    MUST(s->waits != NULL);
    s->times_count = count;
    close(fd);
}

static void note_wait(sink *s, uint64_t number, int64_t now)
{
    if (number < s->times_count && s->waits[number] == 0 && s->times[number] > 0)
        s->waits[number] = now - s->times[number];
}

/* ---- events ------------------------------------------------------------------------- */

static uint32_t count_events(const uint8_t *body, size_t len)
{
    if (len >= 3 && body[0] == 0xdc)
        return (uint32_t)body[1] << 8 | body[2];
    MUST(len > 12 && (body[0] & 0xf0) == 0x80);
    return 1;
}

/* The id of a bare event: it stands first. */
static uint64_t event_number(const uint8_t *body)
{
    return stream_number((const char *)body + 5, body[4] & 0x1f);
}

static void receive_events(sink *s, uint64_t wanted)
{
    int64_t first = 0, cpu = 0;
    zmq_msg_t topic, body;

    zmq_msg_init(&topic);
    zmq_msg_init(&body);
    while (s->events < wanted) {
        MUST(zmq_msg_recv(&topic, s->socket, 0) >= 3 && zmq_msg_more(&topic));
        MUST(zmq_msg_recv(&body, s->socket, 0) > 0 && !zmq_msg_more(&body));
        if (first == 0) {
            first = clock_now();
            cpu = clock_of(CLOCK_THREAD_CPUTIME_ID);
        }
        s->events += count_events(zmq_msg_data(&body), zmq_msg_size(&body));
        s->bytes += zmq_msg_size(&body);
        s->messages++;
        if (s->times != NULL)
            note_wait(s, event_number(zmq_msg_data(&body)), clock_now());
    }
    tell("end_ns", (double)clock_now());
    tell("loop_cpu_ns", (double)(clock_of(CLOCK_THREAD_CPUTIME_ID) - cpu));
    tell("first_ns", (double)first);
    MUST(s->events == wanted);
}

/* ---- alerts ------------------------------------------------------------------------- */

static void take_alert(sink *s, zmq_msg_t *body, uint64_t *seq)
{
    int64_t now = clock_now();
    thaw_alert alert;
    thaw_error error;
    thaw_report_ref ref;

    memset(&alert, 0, sizeof(alert));
    MUST(thaw_alert_decode(&alert, zmq_msg_data(body), zmq_msg_size(body), &error) == 0);
    MUST(*seq == 0 || alert.seq == *seq + 1);
    *seq = alert.seq;
    s->events++;
    while (s->times != NULL && thaw_report_next(&alert.reports, &ref))
        note_wait(s, stream_number(ref.id.data, ref.id.len), now);
}

static void receive_alerts(sink *s)
{
    uint64_t seq = 0, first = 0;
    zmq_msg_t topic, body;

    zmq_msg_init(&topic);
    zmq_msg_init(&body);
    for (;;) {
        if (zmq_msg_recv(&topic, s->socket, 0) < 0) {
            MUST(zmq_errno() == EINTR || zmq_errno() == EAGAIN);
            if (stopping && zmq_errno() == EAGAIN)
                break; /* nothing more is on its way */
            continue;
        }
        MUST(zmq_msg_recv(&body, s->socket, 0) > 0);
        if (memcmp(zmq_msg_data(&topic), "alert.", 6) == 0)
            take_alert(s, &body, &seq);
        if (first == 0)
            first = seq;
    }
    tell("alerts", (double)s->events);
    tell("first_seq", (double)first);
    tell("last_seq", (double)seq);
}

int main(int argc, char *argv[])
{
    const char *address = option(argc, argv, "--address", NULL),
               *times = option(argc, argv, "--times", NULL);
    uint64_t events = option_count(argc, argv, "--events", 0);
    void *context = zmq_ctx_new();
    sink s = {.socket = zmq_socket(context, ZMQ_SUB)};
    int hwm = (int)option_count(argc, argv, "--hwm", 10000), wait_ms = 200;
    bool alerts = argc > 1 && strcmp(argv[1], "alerts") == 0;
    struct sigaction stop = {.sa_handler = on_stop};

    MUST(argc > 1 && address != NULL && s.socket != NULL);
    sigaction(SIGTERM, &stop, NULL);
    zmq_setsockopt(s.socket, ZMQ_RCVHWM, &hwm, sizeof(hwm));
    if (alerts)
        zmq_setsockopt(s.socket, ZMQ_RCVTIMEO, &wait_ms, sizeof(wait_ms));
    if (times != NULL)
        open_times(&s, times, events);
    if (option_count(argc, argv, "--bind", 0))
        MUST(zmq_bind(s.socket, address) == 0);
    else
        MUST(zmq_connect(s.socket, address) == 0);
    zmq_setsockopt(s.socket, ZMQ_SUBSCRIBE, "", 0);
    if (alerts)
        receive_alerts(&s);
    else
        receive_events(&s, events);
    tell("events", (double)s.events);
    tell("bytes", (double)s.bytes);
    tell("messages", (double)s.messages);
    if (times != NULL)
        tell_waits(&s);
    zmq_close(s.socket);
    zmq_ctx_term(context);
    return 0;
}
