/* common.h - what the programs of tests/bench share: clocks, result lines, giving up. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Ends the program where something is not as it must be: no figure is better than a wrong one. */
#define MUST(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #x);                        \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static inline int64_t clock_of(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline int64_t clock_now(void)
{
    return clock_of(CLOCK_MONOTONIC); /* the same for all processes */
}

static inline void sleep_until(int64_t at_ns)
{
    struct timespec t = {at_ns / 1000000000, at_ns % 1000000000};

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* A line for bench.py: name and value. */
static inline void tell(const char *name, double value)
{
    printf("%s %.17g\n", name, value);
    fflush(stdout);
}

/* The value of an option "--name VALUE", or what stands for it when it is not given. */
static inline const char *option(int argc, char *argv[], const char *name, const char *otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return otherwise;
}

static inline uint64_t option_count(int argc, char *argv[], const char *name, uint64_t otherwise)
{
    const char *text = option(argc, argv, name, NULL);

    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

#endif
