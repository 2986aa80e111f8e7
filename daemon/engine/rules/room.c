/*
 * room.c - the one place where sizes are multiplied and instants added.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/state.h"

int room_for(void *array, size_t *capacity, size_t need, size_t size)
{
    if (need <= *capacity)
        return 0;
    size_t wanted = *capacity ? *capacity * 2 : 16;
    if (wanted < need)
        wanted = need;
    void *old;
    memcpy(&old, array, sizeof old);
    void *grown = reallocarray(old, wanted, size);
    if (!grown)
        return -ENOMEM;
    memcpy(array, &grown, sizeof grown);
    *capacity = wanted;
    return 0;
}

int64_t time_add(int64_t at_ns, int64_t add_ns)
{
    int64_t sum;
    if (__builtin_add_overflow(at_ns, add_ns, &sum))
        return add_ns > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}
