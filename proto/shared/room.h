/*
 * room.h - growing an array without losing it.
 */
#ifndef SHARED_ROOM_H
#define SHARED_ROOM_H

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for `need` elements of `size` bytes in an array that holds *capacity, which doubles; `array` is a pointer
 * to the pointer to it. -ENOMEM leaves everything as it was. */
static inline int room_for(void *array, size_t *capacity, size_t need, size_t size)
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

#endif
