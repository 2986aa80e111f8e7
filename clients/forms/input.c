/*
 * input.c - events out of files or stdin.
 */
#include "forms/input.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <msgpack.h>

#include "forms/json.h"
#include "forms/pack.h"
#include "thaw.h"

/* A line of JSON may be somewhat longer than the message that it makes. */
enum { READ_BYTES = 256 * 1024, LINE_BYTES_MAX = 16 * 1024 * 1024 };

struct input {
    const char *const *paths;
    input_format wanted, format;
    const char *file;
    int fd;
    bool ended;  /* the current file has been read to its end */
    bool memory; /* the buffer holds all there is, without a file */
    int read_error;
    uint64_t line;
    uint8_t *buffer;
    size_t start, end, capacity;
    size_t searched; /* bytes from start that hold no newline */
    bool skipping;   /* inside a line that is too long */
    msgpack_sbuffer converted;
    /* The array that events are being taken from. */
    const uint8_t *array;
    size_t array_len;
    uint32_t array_left;
};

static const char *const stdin_only[] = {"-", NULL};

int input_new(const char *const paths[], input_format format, input **ret_input)
{
    input *in = calloc(1, sizeof *in);
    if (in == NULL)
        return -ENOMEM;
    in->paths = paths[0] != NULL ? paths : stdin_only;
    in->wanted = format;
    in->fd = -1;
    in->capacity = READ_BYTES;
    in->buffer = malloc(in->capacity);
    msgpack_sbuffer_init(&in->converted);
    if (in->buffer == NULL) {
        input_free(in);
        return -ENOMEM;
    }
    *ret_input = in;
    return 0;
}

int input_new_bytes(const char *name, const void *bytes, size_t len, input **ret_input)
{
    input *in = calloc(1, sizeof *in);
    if (in == NULL)
        return -ENOMEM;
    in->paths = &stdin_only[1]; /* none */
    in->file = name;
    in->format = INPUT_MSGPACK;
    in->fd = -1;
    in->memory = in->ended = true;
    in->capacity = in->end = len;
    in->buffer = malloc(len > 0 ? len : 1);
    msgpack_sbuffer_init(&in->converted);
    if (in->buffer == NULL) {
        input_free(in);
        return -ENOMEM;
    }
    memcpy(in->buffer, bytes, len);
    *ret_input = in;
    return 0;
}

static void file_close(input *in)
{
    if (in->fd > STDIN_FILENO)
        close(in->fd);
    in->fd = -1;
    in->memory = false;
}

input *input_free(input *in)
{
    if (in == NULL)
        return NULL;
    file_close(in);
    msgpack_sbuffer_destroy(&in->converted);
    free(in->buffer);
    free(in);
    return NULL;
}

int input_fd(const input *in)
{
    return in->fd;
}

__attribute__((format(printf, 4, 5))) static int
problem_set(const input *in, input_problem *problem, const char *code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    problem->file = in->file;
    problem->line = in->line;
    problem->code = code;
    vsnprintf(problem->message, sizeof problem->message, format, arguments);
    va_end(arguments);
    return -EBADMSG;
}

/* ---- files -------------------------------------------------------------------------- */

static int file_open(input *in, input_problem *problem)
{
    const char *path = *in->paths++;
    struct stat status;
    bool is_stdin = strcmp(path, "-") == 0;
    in->file = is_stdin ? "stdin" : path;
    in->line = 0;
    in->start = in->end = in->searched = 0;
    in->ended = in->skipping = false;
    in->read_error = 0;
    in->format = in->wanted;
    in->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0 || fstat(in->fd, &status) != 0 || S_ISDIR(status.st_mode)) {
        problem_set(in, problem, "unavailable", "cannot be read: %s",
                    in->fd < 0 ? strerror(errno) : "it is a folder");
        file_close(in);
        return -EIO;
    }
    return 0;
}

static bool buffer_room(input *in)
{
    if (in->start > 0) {
        memmove(in->buffer, in->buffer + in->start, in->end - in->start);
        in->end -= in->start;
        in->start = 0;
    }
    if (in->end < in->capacity)
        return true;
    uint8_t *larger = realloc(in->buffer, 2 * in->capacity);
    if (larger == NULL)
        return false;
    in->buffer = larger;
    in->capacity *= 2;
    return true;
}

void input_fill(input *in)
{
    if (in->fd < 0 || in->ended)
        return;
    if (!buffer_room(in)) {
        in->read_error = ENOMEM;
        in->ended = true;
        return;
    }
    ssize_t got = read(in->fd, in->buffer + in->end, in->capacity - in->end);
    if (got > 0) {
        in->end += (size_t)got;
    } else if (got == 0) {
        in->ended = true;
    } else if (errno != EINTR && errno != EAGAIN) {
        in->read_error = errno;
        in->ended = true;
    }
}

/* ---- values ------------------------------------------------------------------------- */

static void format_detect(input *in)
{
    uint8_t first = in->buffer[in->start];
    bool packed = (first >= 0x80 && first <= 0x9f) || (first >= 0xdc && first <= 0xdf);
    in->format = packed ? INPUT_MSGPACK : INPUT_JSON;
}

/* Remembers a value as the one to take events from: itself, or the elements of an array. */
static void value_begin(input *in, const uint8_t *data, size_t len)
{
    uint32_t count = 0;
    size_t head = pack_array_open(data, len, &count);
    in->array = data + head;
    in->array_len = len - head;
    in->array_left = head > 0 ? count : 1;
}

/* An array that is sent as one event would be answered as the events in it. */
static int value_take(input *in, input_event *event, input_problem *problem)
{
    uint32_t count = 0;
    ssize_t len = pack_measure(in->array, in->array_len, PACK_DEPTH_MAX);
    if (len <= 0) {
        in->array_left = 0;
        return problem_set(in, problem, "malformed", "nested deeper than %d", PACK_DEPTH_MAX);
    }
    bool is_array = pack_array_open(in->array, (size_t)len, &count) > 0;
    *event = (input_event){in->array, (size_t)len, in->file, in->line};
    in->array += len;
    in->array_len -= (size_t)len;
    in->array_left--;
    if (is_array)
        return problem_set(in, problem, "malformed",
                           "found an array within an array, expected an event");
    if ((size_t)len > thaw_limits_default.message_bytes)
        return problem_set(in, problem, "too-large",
                           "the event has %zd bytes, at most %" PRIu32 " fit", len,
                           thaw_limits_default.message_bytes);
    return 1;
}

static bool is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0')
            return false;
    return true;
}

/* A line that is too long is thrown away as it comes. */
static int line_skip(input *in, const uint8_t *newline, input_problem *problem)
{
    in->skipping = newline == NULL && !in->ended;
    in->start = newline != NULL ? (size_t)(newline - in->buffer) + 1 : in->end;
    in->searched = 0;
    if (in->skipping)
        return -EAGAIN;
    in->line++;
    return problem_set(in, problem, "too-large", "the line is longer than %d bytes",
                       LINE_BYTES_MAX);
}

/* A byte order mark in front of a file is no part of its text. */
static void mark_skip(const uint8_t **from, size_t *len)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    if (*len >= sizeof mark && memcmp(*from, mark, sizeof mark) == 0) {
        *from += sizeof mark;
        *len -= sizeof mark;
    }
}

/* 1: a value stands ready; else as input_next. */
static int line_read(input *in, input_problem *problem)
{
    char error[JSON_ERROR_BYTES];
    const uint8_t *from = in->buffer + in->start;
    size_t len = in->end - in->start;
    const uint8_t *newline = memchr(from + in->searched, '\n', len - in->searched);
    if (in->skipping || (newline == NULL && len > LINE_BYTES_MAX))
        return line_skip(in, newline, problem);
    in->searched = len;
    if (newline == NULL && !in->ended)
        return -EAGAIN;
    size_t length = newline != NULL ? (size_t)(newline - from) : len;
    in->start += newline != NULL ? length + 1 : length;
    in->searched = 0;
    in->line++;
    if (in->line == 1)
        mark_skip(&from, &length);
    if (is_blank((const char *)from, length))
        return 0;
    msgpack_sbuffer_clear(&in->converted);
    int result = json_read((const char *)from, length, &in->converted, error);
    if (result == -EBADMSG)
        return problem_set(in, problem, "malformed",
                           "%s; expected one event or an array of events on each line", error);
    if (result != 0)
        return result;
    value_begin(in, (const uint8_t *)in->converted.data, in->converted.size);
    return 1;
}

static int message_read(input *in, input_problem *problem)
{
    const uint8_t *from = in->buffer + in->start;
    size_t len = in->end - in->start;
    ssize_t measured = pack_measure(from, len, PACK_DEPTH_MAX);
    bool unending = measured == 0 && (in->ended || len > LINE_BYTES_MAX);
    if (measured == 0 && !unending)
        return -EAGAIN;
    in->line++;
    if (measured <= 0) {
        /* Nothing says where the next value would begin. */
        in->start = in->end;
        in->ended = true;
        return problem_set(in, problem, "malformed", "%s; the rest of the file is left out",
                           measured < 0 ? "no MessagePack" : "the value is cut off or too large");
    }
    in->start += (size_t)measured;
    value_begin(in, from, (size_t)measured);
    return 1;
}

/* Brings the next value of the current file; 0: look again. */
static int value_read(input *in, input_problem *problem)
{
    if (in->start == in->end && !in->skipping)
        return in->ended ? 0 : -EAGAIN;
    if (in->format == INPUT_AUTO)
        format_detect(in);
    return in->format == INPUT_MSGPACK ? message_read(in, problem) : line_read(in, problem);
}

static int file_finish(input *in, input_problem *problem)
{
    int error = in->read_error;
    file_close(in);
    if (error == 0)
        return 0;
    problem_set(in, problem, "unavailable", "cannot be read further: %s", strerror(error));
    return -EIO;
}

int input_next(input *in, input_event *event, input_problem *problem)
{
    for (;;) {
        if (in->array_left > 0)
            return value_take(in, event, problem);
        if (in->fd < 0 && !in->memory) {
            if (*in->paths == NULL)
                return 0;
            int opened = file_open(in, problem);
            if (opened != 0)
                return opened;
        }
        int result = value_read(in, problem);
        if (result < 0)
            return result;
        if (result == 0 && in->start == in->end && in->ended && !in->skipping) {
            int finished = file_finish(in, problem);
            if (finished != 0)
                return finished;
        }
    }
}
