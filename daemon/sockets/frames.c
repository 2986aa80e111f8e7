/* frames.c - see frames.h. */
#include "sockets/frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Reads one frame into `part`; > 0: another follows. */
static int receive_part(void *socket, zmq_msg_t *part)
{
    int r;

    do {
        r = zmq_msg_recv(part, socket, ZMQ_DONTWAIT);
    } while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : zmq_msg_more(part);
}

int frames_receive(void *socket, frames *ret_frames)
{
    frames *f = ret_frames;
    int more;

    f->kept = f->count = f->bytes = 0;
    do {
        zmq_msg_t spare, *part = f->kept < FRAMES_MAX ? &f->part[f->kept] : &spare;
        zmq_msg_init(part);
        more = receive_part(socket, part);
        if (more < 0) {
            zmq_msg_close(part);
            frames_done(f);
            return more;
        }
        f->count++;
        f->bytes += zmq_msg_size(part);
        if (part == &spare)
            zmq_msg_close(&spare);
        else
            f->kept++;
    } while (more > 0);
    return 0;
}

void frames_done(frames *f)
{
    for (size_t i = 0; i < f->kept; i++)
        zmq_msg_close(&f->part[i]);
    f->kept = 0;
}

void frames_move(frames *to, frames *from)
{
    for (size_t i = 0; i < from->kept; i++) { /* zmq_msg_t must be moved by its own function */
        zmq_msg_init(&to->part[i]);
        zmq_msg_move(&to->part[i], &from->part[i]);
    }
    to->kept = from->kept;
    to->count = from->count;
    to->bytes = from->bytes;
    from->kept = 0;
}

int frames_send(void *socket, frames *f)
{
    for (size_t i = 0; i < f->kept; i++) {
        int flags = ZMQ_DONTWAIT | (i + 1 < f->kept ? ZMQ_SNDMORE : 0);
        int r;
        do {
            r = zmq_msg_send(&f->part[i], socket, flags);
        } while (r < 0 && errno == EINTR);
        if (r < 0) {
            /* libzmq decides at the first frame; a later failure would leave the message cut,
             * and the socket drops what it has of it with the peer. */
            return -errno;
        }
    }
    f->kept = 0;
    return 0;
}

int frames_add_copy(frames *f, const void *data, size_t len)
{
    if (zmq_msg_init_size(&f->part[f->kept], len) < 0)
        return -ENOMEM;
    if (len > 0)
        memcpy(zmq_msg_data(&f->part[f->kept]), data, len);
    f->kept++;
    f->bytes += len;
    return 0;
}

/* libzmq's thread frees what the loop made. ThreadSanitizer does not see libzmq order the two, and took
 * each message for a race: looking each up and passing over it held libzmq's thread up for minutes. */
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#define HAND_OVER(data) __tsan_release(data)
#define TAKE_OVER(data) __tsan_acquire(data)
#else
#define HAND_OVER(data) (void)(data)
#define TAKE_OVER(data) (void)(data)
#endif

static void free_data(void *data, void *hint)
{
    TAKE_OVER(data);
    free(data);
    readers_let_go(hint);
}

int frames_add_owned(frames *f, void *data, size_t len, unread *counted)
{
    HAND_OVER(data);
    if (zmq_msg_init_data(&f->part[f->kept], data, len, free_data, counted) < 0)
        return -ENOMEM;
    f->kept++;
    f->bytes += len;
    return 0;
}
