/* instant.c - see instant.h. */
#include "instant.h"

#include <time.h>

static int64_t clock_ns(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t instant_stopwatch_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

bool instant_take(instant *now)
{
    int64_t machine = clock_ns(CLOCK_REALTIME);
    bool fell = now->machine_ns != 0 && machine < now->machine_ns - INSTANT_FALL_NS;

    now->machine_ns = machine;
    if (machine > now->wall_ns)
        now->wall_ns = machine;
    now->mono.ns = instant_stopwatch_ns();
    int64_t apart_ns = machine - now->mono.ns, jump_ns = apart_ns - now->apart_ns;
    if (now->even_since.ns == 0 || jump_ns > INSTANT_JUMP_NS || jump_ns < -INSTANT_JUMP_NS)
        now->even_since = now->mono;
    now->apart_ns = apart_ns;
    return fell;
}

bool instant_is_even(const instant *now)
{
    return now->mono.ns - now->even_since.ns >= INSTANT_EVEN_NS;
}

void instant_trust(instant *now)
{
    now->even_since.ns = now->mono.ns - INSTANT_EVEN_NS;
}
