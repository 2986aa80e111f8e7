/*
 * room.h - growing an array without losing it.
 */
#ifndef ENGINE_ROOM_H
#define ENGINE_ROOM_H

#include <stddef.h>

/* Makes room for `need` elements of `size` bytes in an array that holds *capacity, which doubles; `array` is a pointer
 * to the pointer to it. -ENOMEM leaves everything as it was. */
int room_for(void *array, size_t *capacity, size_t need, size_t size);

#endif
