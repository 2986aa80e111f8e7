/*
 * frames.h - one message of several frames, received or to be sent.
 *
 * A message may come with any number of frames; those beyond FRAMES_MAX are read, counted and
 * dropped, so that a strange message costs no more than its reading.
 */
#ifndef DAEMON_FRAMES_H
#define DAEMON_FRAMES_H

#include <stddef.h>
#include <zmq.h>

#include "service/readers.h"

#define FRAMES_MAX 5 /* route, delimiter, verb, request id, body */

typedef struct frames {
    zmq_msg_t part[FRAMES_MAX];
    size_t kept;  /* frames in `part` */
    size_t count; /* frames that came */
    size_t bytes; /* of all that came */
} frames;

/* 0; -EAGAIN: nothing waits; or another negative errno. Only after 0 must frames_done follow. */
int frames_receive(void *socket, frames *ret_frames);
void frames_done(frames *f);
/* All frames into `to`, which has none; `from` has none afterwards. */
void frames_move(frames *to, frames *from);

/* Sends all frames as one message without waiting. On success the frames are the socket's and
 * f->kept is 0. -EAGAIN: the peer's queue is full; -EHOSTUNREACH: it is gone. */
int frames_send(void *socket, frames *f);

/* Appends frames; -ENOMEM. The last takes over `data`, which free() must be able to free, and what
 * is counted for it (or NULL). */
int frames_add_copy(frames *f, const void *data, size_t len);
int frames_add_owned(frames *f, void *data, size_t len, unread *counted);

static inline const char *frames_data(const frames *f, size_t i)
{
    return zmq_msg_data((zmq_msg_t *)&f->part[i]);
}

static inline size_t frames_size(const frames *f, size_t i)
{
    return zmq_msg_size(&f->part[i]);
}

#endif
