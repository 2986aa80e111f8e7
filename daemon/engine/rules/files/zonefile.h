/* zonefile.h: the machine's time zone data, for conditions that name a zone.
 *
 * The expression language itself reads no files; whoever compiles expressions hands it this. */
#ifndef THAW_ZONEFILE_H
#define THAW_ZONEFILE_H

#include <stddef.h>

/* Loads the compiled zone (TZif) of a name such as "Europe/Minsk" from $TZDIR, else from
 * /usr/share/zoneinfo. *ret_bytes is freed by the caller with free(). context is not used.
 * Returns 0; -EINVAL for a name that could leave the directory, -ENOENT, -EFBIG above 64 KiB,
 * -ENOMEM, or what open() and read() say. */
int zonefile_load(void *context, const char *name, void **ret_bytes, size_t *ret_byte_count);

#endif
