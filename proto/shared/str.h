/*
 * str.h - strings by their bytes.
 */
#ifndef SHARED_STR_H
#define SHARED_STR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "thaw.h"

/* Bytewise order of two strings; the shorter first where one begins the other. */
static inline int str_compare(thaw_str a, thaw_str b)
{
    uint32_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* The same of two thaw_str, for qsort(). */
static inline int str_order(const void *a, const void *b)
{
    return str_compare(*(const thaw_str *)a, *(const thaw_str *)b);
}

static inline bool str_equal(thaw_str a, thaw_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

#endif
