/*
 * image_file.h - what an image (image.h) holds. Only the build that wrote it reads it, over the
 * journal that it was written beside.
 */
#ifndef DAEMON_IMAGE_FILE_H
#define DAEMON_IMAGE_FILE_H

#include "kept/image.h"

/* Whether this build can be told from others: without a build id no image is written or read. */
bool image_file_usable(void);

/* Writes the image of d as it stands, and syncs; the file is none before all of it is on the
 * disk. With patience systemd is asked for more time meanwhile. -errno. */
int image_file_write(const thawd *d, int fd, bool patience);

/* Makes d->engine (fresh), d->rules_packed and d->retained_ns what they were. NULL: done, and
 * *ret_place is where in the journal; else what is wrong with the image, and d->engine may have
 * been begun with. Static. */
const char *image_file_read(thawd *d, int fd, image_place *ret_place);

#endif
