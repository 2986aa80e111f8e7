/*
 * file.c - the least that keeping costs: the events appended to a plain file, with fdatasync after
 * every `--sync` of them.
 *
 *   bench_file FILE --events N [--sync S]
 */
#include <fcntl.h>
#include <unistd.h>

#include "common.h"
#include "messages.h"

int main(int argc, char *argv[])
{
    uint64_t events = option_count(argc, argv, "--events", 100000),
             sync = option_count(argc, argv, "--sync", 1000);
    stream s = stream_until(200, events, INT64_C(1767225600));
    messages m = messages_make(&s, 0, events, 1, false);
    int fd = argc > 1 ? open(argv[1], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    uint64_t bytes = 0;

    MUST(fd >= 0 && sync > 0);
    int64_t start = clock_of(CLOCK_MONOTONIC);
    for (size_t i = 0; i < m.count;) {
        size_t from = m.items[i].at, last = i + sync < m.count ? i + sync : m.count;
        size_t len = m.items[last - 1].at + m.items[last - 1].len - from;
        for (size_t done = 0; done < len;) {
            ssize_t n = write(fd, m.bytes + from + done, len - done);
            MUST(n > 0);
            done += (size_t)n;
        }
        MUST(fdatasync(fd) == 0);
        bytes += len;
        i = last;
    }
    double took = (double)(clock_of(CLOCK_MONOTONIC) - start);
    MUST(lseek(fd, 0, SEEK_END) == (off_t)bytes);
    MUST(close(fd) == 0);
    tell("events/s", (double)events / took * 1e9);
    messages_done(&m);
    return 0;
}
