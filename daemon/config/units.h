/*
 * units.h - durations, sizes and modes as people write them in a configuration.
 *
 * All functions take the text with its length, return 0 or -EINVAL (not of that form) or
 * -ERANGE (of that form, but it does not fit), and leave the result untouched on failure.
 */
#ifndef DAEMON_UNITS_H
#define DAEMON_UNITS_H

#include <stddef.h>
#include <stdint.h>

#define UNITS_FOREVER INT64_MAX    /* "forever" as a duration */
#define UNITS_UNLIMITED UINT64_MAX /* "unlimited" as a size or a count */

/* "36h", "1d12h", "500ms", "0s", "forever": whole numbers, each with one of ms s m h d w. */
int units_parse_duration(const char *text, size_t len, int64_t *ret_ns);

/* "4MiB", "64 KiB", "512B", "4096", "unlimited"; KiB, MiB, GiB, TiB are powers of 1024. */
int units_parse_bytes(const char *text, size_t len, uint64_t *ret_bytes);

/* "1000", "1_000_000", "unlimited". */
int units_parse_count(const char *text, size_t len, uint64_t *ret_count);

/* A duration (`forever` for UNITS_FOREVER), a size (`unlimited`) with the largest unit that leaves no rest; "" of a
 * duration that is no whole number of milliseconds. */
#define UNITS_TEXT_BYTES 32
void units_write_duration(int64_t ns, char text[UNITS_TEXT_BYTES]);
void units_write_bytes(uint64_t bytes, char text[UNITS_TEXT_BYTES]);

/* "0660": octal permission bits up to 0777. */
int units_parse_mode(const char *text, size_t len, uint32_t *ret_mode);

#endif
