/*
 * feed.c - sends the stream to an `events` endpoint, as a script would, without acknowledgement.
 *
 *   bench_feed --address A --events N [--first I] [--per M] [--countries C] [--of TOTAL]
 *              [--rate R] [--times FILE] [--again K] [--corrections P] [--until UNIX]
 *
 * The socket is an XPUB that waits where a queue is full instead of dropping: the receiver gets
 * everything, and what it takes in is what is measured. --of: the stream is one of TOTAL reports,
 * of which this is a part. --again: every message K times, one after the other. --rate: messages
 * a second; then FILE (N numbers of 64 bits, shared memory) gets the instant at which each went.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <zmq.h>

#include "common.h"
#include "messages.h"

#define PART 4000000u /* reports packed at a time */

typedef struct feeding {
    void *socket;
    uint32_t again;
    uint64_t rate, first;
    int64_t next_ns;
    volatile int64_t *times;
} feeding;

static void send_message(feeding *f, const messages *m, const message *one)
{
    const uint8_t *body = m->bytes + one->at;

    for (uint32_t k = 0; k < f->again; k++) {
        MUST(zmq_send(f->socket, one->topic, strlen(one->topic), ZMQ_SNDMORE) >= 0);
        MUST(zmq_send(f->socket, body, one->len, 0) >= 0);
    }
}

static void send_all(feeding *f, const messages *m)
{
    for (size_t i = 0; i < m->count; i++) {
        if (f->rate > 0) {
            f->next_ns += (int64_t)(UINT64_C(1000000000) / f->rate);
            sleep_until(f->next_ns);
            f->times[f->first + i] = clock_now();
        }
        send_message(f, m, &m->items[i]);
    }
    f->first += m->count;
}

static void *open_socket(void *context, const char *address, int hwm)
{
    void *socket = zmq_socket(context, ZMQ_XPUB);
    int one = 1, linger = -1;
    char subscription[8];

    MUST(socket != NULL);
    zmq_setsockopt(socket, ZMQ_SNDHWM, &hwm, sizeof(hwm));
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
    zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &one, sizeof(one));
    MUST(zmq_connect(socket, address) == 0);
    MUST(zmq_recv(socket, subscription, sizeof(subscription), 0) > 0);
    return socket;
}

static volatile int64_t *open_times(const char *file, uint64_t count)
{
    int fd = open(file, O_RDWR);
    void *at;

    MUST(fd >= 0);
    at = mmap(NULL, count * 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    MUST(at != MAP_FAILED);
    close(fd);
    return at;
}

int main(int argc, char *argv[])
{
    uint64_t events = option_count(argc, argv, "--events", 100000),
             first = option_count(argc, argv, "--first", 0);
    uint32_t per = (uint32_t)option_count(argc, argv, "--per", 1);
    int64_t until = (int64_t)option_count(argc, argv, "--until", (uint64_t)time(NULL));
    const char *times = option(argc, argv, "--times", NULL),
               *address = option(argc, argv, "--address", NULL);
    stream s = stream_until((uint32_t)option_count(argc, argv, "--countries", 200),
                            option_count(argc, argv, "--of", first + events), until);
    feeding f = {.again = (uint32_t)option_count(argc, argv, "--again", 1),
                 .rate = option_count(argc, argv, "--rate", 0)};
    void *context = zmq_ctx_new();
    int64_t spent = 0, start, end = 0;
    size_t sent = 0;

    MUST(address != NULL && (f.rate == 0 || times != NULL));
    s.corrections = (uint32_t)option_count(argc, argv, "--corrections", s.corrections);
    if (times != NULL)
        f.times = open_times(times, events);
    prctl(PR_SET_TIMERSLACK, 1);
    messages m = messages_make(&s, first, events < PART ? events : PART, per, false);
    f.socket = open_socket(context, address, per > 1 ? 200 : 10000);
    start = f.next_ns = clock_now();
    for (uint64_t at = 0; at < events;) {
        int64_t before = clock_now();
        send_all(&f, &m);
        spent += (end = clock_now()) - before;
        sent += m.events;
        at += m.events;
        messages_done(&m);
        if (at < events)
            m = messages_make(&s, first + at, events - at < PART ? events - at : PART, per, false);
    }
    MUST(sent == events);
    if (option_count(argc, argv, "--expect", 0)) {
        stream_sum sum = stream_expect(&s, first + events);
        tell("happenings", (double)sum.happenings);
        tell("mass", (double)sum.mass);
        tell("bytes", (double)sum.bytes);
    }
    tell("start_ns", (double)start);
    tell("end_ns", (double)end);
    tell("sending_ns", (double)spent);
    zmq_close(f.socket);
    zmq_ctx_term(context);
    tell("left_ns", (double)clock_now());
    return 0;
}
