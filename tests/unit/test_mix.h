/* test_mix.h - numbers that look like chance and follow from a number: what a test makes, it can make again. */
#ifndef TEST_MIX_H
#define TEST_MIX_H

#include <stdint.h>

static inline uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= UINT64_C(0x9e3779b97f4a7c15);
    x ^= x >> 29;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    return x ^ (x >> 32);
}

#endif
