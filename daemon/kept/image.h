/*
 * image.h - the image of the engine in STATE/image: a start reads it and the journal behind it,
 * instead of every report.
 *
 *   run:    due? ─► fork ─► child: image.new, synced ─► its batch is on the disk? ─► image
 *   stop:   the same, in the process itself
 *   start:  image whole, of this build, of this journal, not ahead of it?
 *           yes ─► engine, and its place in the journal
 *           no  ─► it is taken away with a line in the log, and all is replayed
 *
 * The journal is the truth, an image only spares work: it may be deleted at any time, and thawd
 * writes a new one. One is due when
 *
 *   - what came since the last took the engine so long as a start may take to do it again
 *     (journal.image, a second), and half as long as the last image took: the more is held, the
 *     more an image costs, and the more a start has to do in any case; or a tenth of journal.image, and then
 *     nothing came for a second and five times what the last image took: what came before a quiet hour is not to be
 *     done again after it;
 *   - the last was begun five times as long ago as it took: however much comes, and however slow the
 *     disk, no more than a fifth of the time something is written beside the journal.
 *
 * While the child writes, it and the loop share their memory: what the loop changes meanwhile is
 * held twice. One that writes nothing for half a minute, since it was stopped or the disk does not answer,
 * is ended. One that would leave too little room on the disk for the journal is not written; after
 * a failure the next is tried a minute later.
 */
#ifndef DAEMON_IMAGE_H
#define DAEMON_IMAGE_H

#include "daemon.h"

/* Where in the journal an image stands: it knows all up to this report and this batch. */
typedef struct image_place {
    uint64_t report, batch;
} image_place;

/* Makes d->engine (fresh), with its rules, what it was, and sets what else of d is in the image.
 * -ENOENT: there is none that can be used, d->engine is fresh; another error: no memory. */
int image_load(thawd *d, image_place *ret_place);
/* What follows in the journal did not fit: the image is taken away, d->engine is fresh again. */
int image_refuse(thawd *d);

/* Between two batches: starts to write one where it is due, and puts in place one that is written.
 * Failures are logged; thawd goes on. */
void image_look(thawd *d);
/* The past is about to be dropped: image and child go. 0, or the image may still be there. */
int image_forget(thawd *d);
/* The engine was made anew, from the journal or for a dropped past, and took so long for it: no image
 * knows of that, and none may be begun before all that was handed to the journal is on the disk. */
void image_owe(thawd *d, int64_t work_ns);
/* At the end: everything is on the disk, nothing follows. Ends the child and writes a last one. */
void image_stop(thawd *d, bool save);

#endif
