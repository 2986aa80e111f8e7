/*
 * input.h - events out of files or stdin: JSON lines or MessagePack, told apart by the first byte.
 *
 * The input never waits: input_next takes what is buffered, input_fill reads once. Memory is
 * bounded by one line (or one MessagePack value), whatever the file's size.
 */
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <stdint.h>

typedef enum input_format { INPUT_AUTO, INPUT_JSON, INPUT_MSGPACK } input_format;

typedef struct input input;

/* One event as MessagePack, and where it stood. The bytes live until the next call. */
typedef struct input_event {
    const uint8_t *bytes;
    size_t len;
    const char *file; /* lives as long as the input */
    uint64_t line;    /* line of JSON, or number of the MessagePack value, from 1 */
} input_event;

/* Why something could not be read as an event. */
typedef struct input_problem {
    const char *file;
    uint64_t line;
    const char *code; /* a code of the protocol */
    char message[240];
} input_problem;

/* paths ends with NULL and must outlive the input; "-" is stdin; an empty list is stdin. */
int input_new(const char *const paths[], input_format format, input **ret_input);
/* Events that stand in memory as MessagePack, one behind the other; `name` stands for the file and
 * must outlive the input, the bytes are copied. */
int input_new_bytes(const char *name, const void *bytes, size_t len, input **ret_input);
input *input_free(input *in);

/* 1: *event is the next event. 0: the end. -EAGAIN: nothing whole is buffered, call input_fill.
 * -EBADMSG: *problem says what was skipped; call again. -EIO: *problem says what could not be
 * opened or read further; call again for the next file. -ENOMEM. */
int input_next(input *in, input_event *event, input_problem *problem);

/* Reads once from the current file; may wait where input_fd is not readable. */
void input_fill(input *in);

/* The descriptor to wait for, or -1 where none is open. */
int input_fd(const input *in);

#endif
