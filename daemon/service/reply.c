/* reply.c - see reply.h. */
#include "service/reply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COPIED_BYTES_MAX 512

void reply_body_init(reply_body *body, size_t max, msgpack_packer *out)
{
    body->data = body->small;
    body->capacity = sizeof(body->small);
    body->size = 0;
    body->max = max;
    body->over = body->failed = false;
    msgpack_packer_init(out, body, reply_body_write);
}

void reply_body_done(reply_body *body)
{
    if (body->data != body->small)
        free(body->data);
    body->data = NULL;
    body->size = body->capacity = 0;
    body->over = body->failed = false;
}

int reply_body_take(reply_body *body, uint8_t **ret_bytes, size_t *ret_len)
{
    char *own = body->data;

    if (own == body->small) {
        own = malloc(body->size + 1);
        if (own == NULL)
            return -ENOMEM;
        memcpy(own, body->small, body->size);
    }
    *ret_bytes = (uint8_t *)own;
    *ret_len = body->size;
    body->data = body->small;
    reply_body_done(body);
    return 0;
}

int reply_body_write(void *place, const char *data, size_t len)
{
    reply_body *body = place;

    if (body->failed || body->over || len > body->max - body->size) {
        body->over = !body->failed;
        return -1;
    }
    if (len > body->capacity - body->size) {
        size_t wanted = (body->size + len) * 2 + 256;
        char *bigger = body->data == body->small ? malloc(wanted) : realloc(body->data, wanted);
        if (bigger == NULL) {
            body->failed = true;
            return -1;
        }
        if (body->data == body->small)
            memcpy(bigger, body->small, body->size);
        body->data = bigger;
        body->capacity = wanted;
    }
    memcpy(body->data + body->size, data, len);
    body->size += len;
    return 0;
}

void reply_body_add(reply_body *body, reply_body *part)
{
    if (part->size > 0)
        reply_body_write(body, part->data, part->size);
    body->over |= part->over;
    body->failed |= part->failed;
    reply_body_done(part);
}

/* The frames before the body. */
static int put_head(frames *message, const envelope *to, const char *status)
{
    zmq_msg_t *route = (zmq_msg_t *)&to->route;
    int r = frames_add_copy(message, zmq_msg_data(route), zmq_msg_size(route));

    if (r == 0 && to->delimiter)
        r = frames_add_copy(message, "", 0);
    if (r == 0)
        r = frames_add_copy(message, status, strlen(status));
    if (r == 0)
        r = frames_add_copy(message, to->id, to->id_len);
    return r;
}

/* A small body is cheaper copied than handed over: libzmq frees what it was given from its own
 * thread. */
static int put_body(thawd *d, const envelope *to, frames *message, reply_body *body)
{
    zmq_msg_t *route = (zmq_msg_t *)&to->route;
    unread *counted;
    int r;

    if (body->failed || body->over || body->data == NULL)
        return -ENOMEM; /* nothing was packed */
    if (body->size <= COPIED_BYTES_MAX)
        return frames_add_copy(message, body->data, body->size);
    counted = readers_owe(d->readers, zmq_msg_data(route), zmq_msg_size(route), body->capacity);
    r = frames_add_owned(message, body->data, body->size, counted);
    if (r == 0)
        body->data = NULL;
    else
        readers_let_go(counted);
    return r;
}

static int put(thawd *d, const envelope *to, const char *status, reply_body *body)
{
    frames *message = NULL;
    int r = outbox_place(d->outbox, &message);

    if (r == 0)
        r = put_head(message, to, status);
    if (r == 0)
        r = put_body(d, to, message, body);
    reply_body_done(body);
    if (r == 0)
        outbox_put(d->outbox, OUTBOX_SERVICE, 0);
    else if (message != NULL)
        frames_done(message);
    return r;
}

int reply_ok(thawd *d, const envelope *to, reply_body *body)
{
    thaw_error error = {.code = THAW_UNAVAILABLE,
                        .message = "memory ran out while this was answered: ask again"};

    if (!body->over) {
        int r = put(d, to, "OK", body);
        return r == -ENOMEM ? reply_error(d, to, &error) : r;
    }
    error.code = THAW_TOO_LARGE;
    snprintf(error.message, sizeof(error.message),
             "the answer would be larger than %zu bytes: ask for less where the verb lets you (a limit, "
             "a country, a date), or raise limits.reply in thawd's configuration",
             body->max);
    reply_body_done(body);
    return reply_error(d, to, &error);
}

static void pack_error(msgpack_packer *out, const thaw_error *error)
{
    pack_text(out, "code");
    pack_text(out, thaw_code_name(error->code));
    pack_text(out, "message");
    pack_text(out, error->message);
}

int reply_error(thawd *d, const envelope *to, const thaw_error *error)
{
    reply_body buffer;
    msgpack_packer out;

    d->counters.refused++;
    reply_body_init(&buffer, SIZE_MAX, &out);
    msgpack_pack_map(&out, 2);
    pack_error(&out, error);
    int r = put(d, to, "ERR", &buffer);
    d->counters.requests_dropped += r == -ENOMEM;
    return r == -ENOMEM ? 0 : r;
}

/* Bytes of MessagePack that are always the same: a map's size, a key. One such answer is given for each report that
 * is acknowledged by itself. */
#define put_fixed(body, literal) (void)reply_body_write(body, literal, sizeof(literal) - 1)

int reply_publish(thawd *d, const batch_request *request)
{
    reply_body buffer;
    msgpack_packer out;

    reply_body_init(&buffer, SIZE_MAX, &out); /* bounded by limits.events */
    put_fixed(&buffer, "\x84\xa8"
                       "accepted");
    msgpack_pack_uint64(&out, request->accepted);
    put_fixed(&buffer, "\xaa"
                       "duplicates");
    msgpack_pack_uint64(&out, request->duplicates);
    put_fixed(&buffer, "\xa8"
                       "rejected");
    msgpack_pack_array(&out, request->rejected_count);
    for (size_t i = 0; i < request->rejected_count; i++) {
        const batch_rejected *rejected = &request->rejected[i];
        msgpack_pack_map(&out, 4);
        pack_count(&out, "index", rejected->index);
        pack_text(&out, "id");
        pack_str(&out, (thaw_str){rejected->id, rejected->id_len});
        pack_error(&out, &rejected->error);
    }
    put_fixed(&buffer, "\xab"
                       "journal_seq");
    msgpack_pack_uint64(&out, request->journal_seq);
    return put(d, &request->from, "OK", &buffer);
}
