/*
 * source.c - a list as a file.
 */
#include "source.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "client.h"
#include "thaw.h"

struct source {
    const char *path;
    gzFile file; /* NULL: from memory */
    const char *memory;
    size_t memory_left;
    uint64_t most, read;
    int64_t time_ns; /* of the file, or of the opening */
    char *buffer;
    size_t start, end, room;
    uint64_t line;
    bool ended, is_archive;
};

enum { BUFFER_BYTES = 256 * 1024 };

static int file_open(source *s, const char *path)
{
    struct stat status;
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int result = fstat(fd, &status) != 0 ? -errno : S_ISDIR(status.st_mode) ? -EISDIR : 0;
    if (result != 0) {
        close(fd);
        return result;
    }
    s->time_ns = S_ISREG(status.st_mode)
                     ? (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec
                     : realtime_ns();
    s->path = is_stdin ? "stdin" : path;
    s->file = gzdopen(fd, "rb");
    if (s->file == NULL) {
        close(fd);
        return -ENOMEM;
    }
    gzbuffer(s->file, BUFFER_BYTES);
    return 0;
}

int source_open(const char *path, uint64_t most, source **ret_source)
{
    source *s = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    s->most = most;
    int result = file_open(s, path);
    if (result != 0) {
        source_close(s);
        return result;
    }
    *ret_source = s;
    return 0;
}

int source_of_bytes(const char *name, const void *data, size_t len, source **ret_source)
{
    source *s = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    s->path = name;
    s->memory = data;
    s->memory_left = len;
    s->most = UINT64_MAX;
    *ret_source = s;
    return 0;
}

source *source_close(source *s)
{
    if (s == NULL)
        return NULL;
    if (s->file != NULL)
        gzclose(s->file);
    free(s->buffer);
    free(s);
    return NULL;
}

const char *source_name(const source *s)
{
    return s->path;
}

uint64_t source_line_number(const source *s)
{
    return s->line;
}

/* ---- dates -------------------------------------------------------------------------- */

/* A date of the years in which such lists exist. */
static bool date_accept(const char *text)
{
    thaw_date date;
    return thaw_date_parse(text, strlen(text), &date) == 0 && strcmp(text, "1990") > 0 &&
           strcmp(text, "2100") < 0;
}

/* A run of digits that is a day or an instant: 20240527, 20240527194702. */
static bool digits_date(const char *at, size_t len, char *ret_text)
{
    if (len == 8)
        snprintf(ret_text, THAW_DATE_TEXT, "%.4s-%.2s-%.2s", at, at + 4, at + 6);
    else if (len == 14)
        snprintf(ret_text, THAW_DATE_TEXT, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", at, at + 4, at + 6,
                 at + 8, at + 10, at + 12);
    else
        return false;
    return date_accept(ret_text);
}

static size_t digits(const char *at)
{
    size_t n = 0;
    while (isdigit((unsigned char)at[n]))
        n++;
    return n;
}

/* YYYY-MM-DD or YYYY-MM. */
static bool dashed_date(const char *at, char *ret_text)
{
    if (digits(at) != 4 || at[4] != '-' || digits(at + 5) != 2)
        return false;
    size_t len = at[7] == '-' && digits(at + 8) == 2 ? 10 : 7;
    snprintf(ret_text, THAW_DATE_TEXT, "%.*s", (int)len, at);
    return date_accept(ret_text);
}

bool source_date_of_name(const char *path, char *ret_text)
{
    const char *slash = strrchr(path, '/');
    for (const char *at = slash != NULL ? slash + 1 : path; *at != '\0';) {
        size_t n = digits(at);
        if (n > 0 && (digits_date(at, n, ret_text) || dashed_date(at, ret_text)))
            return true;
        at += n > 0 ? n : 1;
    }
    return false;
}

void source_date(const source *s, char *ret_text)
{
    thaw_date exact = {.at_ns = s->time_ns / 1000000000 * 1000000000, .precision = THAW_INSTANT};
    char instant[THAW_DATE_TEXT];
    thaw_date_format(&exact, instant);
    if (!source_date_of_name(s->path, ret_text)) {
        snprintf(ret_text, THAW_DATE_TEXT, "%s", instant);
        return;
    }
    if (strlen(ret_text) == 10 && strncmp(ret_text, instant, 10) == 0)
        snprintf(ret_text, THAW_DATE_TEXT, "%s", instant);
}

/* ---- bytes -------------------------------------------------------------------------- */

static ssize_t file_read(source *s, void *to, size_t room, problem *p)
{
    int code = Z_OK;
    int got = gzread(s->file, to, (unsigned)(room < INT32_MAX ? room : INT32_MAX));
    const char *message = got <= 0 ? gzerror(s->file, &code) : "";
    if (got < 0 || (got == 0 && code != Z_OK)) {
        if (code == Z_BUF_ERROR)
            return problem_set(p, s->path, 0, "the gzip file is cut off; expected its end");
        return problem_set(p, s->path, 0, "cannot be read on: %s",
                           code == Z_ERRNO ? strerror(errno) : message);
    }
    return got;
}

static ssize_t memory_read(source *s, void *to, size_t room)
{
    size_t len = room < s->memory_left ? room : s->memory_left;
    memcpy(to, s->memory, len);
    s->memory += len;
    s->memory_left -= len;
    return (ssize_t)len;
}

/* Reads some bytes; 0 at the end. -EBADMSG: it cannot be read on (a cut gzip file, a read error,
 * more than `most`), with the problem. */
static ssize_t source_read(source *s, void *to, size_t room, problem *p)
{
    ssize_t got = s->file != NULL ? file_read(s, to, room, p) : memory_read(s, to, room);
    if (got <= 0)
        return got;
    s->read += (uint64_t)got;
    if (s->read > s->most)
        return problem_set(p, s->path, 0, "has more than %" PRIu64 " bytes; that is no such list",
                           s->most);
    return got;
}

static int buffer_grow(source *s)
{
    if (s->start > 0) {
        memmove(s->buffer, s->buffer + s->start, s->end - s->start);
        s->end -= s->start;
        s->start = 0;
    }
    if (s->room - s->end > 1 && s->room > 0)
        return 0;
    size_t room = s->room > 0 ? 2 * s->room : BUFFER_BYTES;
    char *larger = realloc(s->buffer, room);
    if (larger == NULL)
        return -ENOMEM;
    s->buffer = larger;
    s->room = room;
    return 0;
}

static bool begins_with(const source *s, const char *bytes)
{
    size_t len = strlen(bytes);
    return s->end - s->start >= len && memcmp(s->buffer + s->start, bytes, len) == 0;
}

/* What a file begins with: a byte order mark is no part of its text, and an archive is no list. */
static void front_take(source *s)
{
    if (begins_with(s, "\xef\xbb\xbf"))
        s->start += 3;
    s->is_archive = begins_with(s, "PK\x03\x04");
    if (s->is_archive)
        s->start = s->end;
}

/* Brings more bytes into the buffer; 0 and `ended` at the end. */
static int buffer_fill(source *s, problem *p)
{
    bool first = s->read == 0;
    int result = buffer_grow(s);
    if (result != 0)
        return result;
    ssize_t got = source_read(s, s->buffer + s->end, s->room - s->end - 1, p);
    if (got < 0)
        return (int)got;
    s->ended = got == 0;
    s->end += (size_t)got;
    if (first)
        front_take(s);
    if (s->is_archive)
        return problem_set(p, s->path, 0, "is a ZIP archive; expected the file within it");
    return 0;
}

void source_peek(source *s, const char **ret_data, size_t *ret_len)
{
    problem p;
    if (s->end == s->start && !s->ended && buffer_fill(s, &p) != 0) {
        *ret_data = "";
        *ret_len = 0;
        return;
    }
    *ret_data = s->buffer + s->start;
    *ret_len = s->end - s->start;
}

int source_all(source *s, char **ret_data, size_t *ret_len, problem *p)
{
    while (!s->ended) {
        int result = buffer_fill(s, p);
        if (result != 0)
            return result;
    }
    s->end -= s->start;
    memmove(s->buffer, s->buffer + s->start, s->end);
    s->buffer[s->end] = '\0';
    *ret_data = s->buffer;
    *ret_len = s->end;
    s->buffer = NULL;
    s->start = s->end = s->room = 0;
    return 0;
}

/* ---- lines -------------------------------------------------------------------------- */

static int line_give(source *s, size_t len, bool ended, char **ret_line, size_t *ret_len,
                     bool *ret_ended)
{
    char *line = s->buffer + s->start;
    s->start += len + (ended ? 1 : 0);
    if (len > 0 && line[len - 1] == '\r')
        len--;
    line[len] = '\0';
    s->line++;
    *ret_line = line;
    *ret_len = len;
    *ret_ended = ended;
    return 1;
}

int source_line(source *s, char **ret_line, size_t *ret_len, bool *ret_ended, problem *p)
{
    size_t searched = 0;
    for (;;) {
        size_t held = s->end - s->start;
        char *newline =
            held > searched ? memchr(s->buffer + s->start + searched, '\n', held - searched) : NULL;
        if (newline != NULL)
            return line_give(s, (size_t)(newline - s->buffer) - s->start, true, ret_line, ret_len,
                             ret_ended);
        if (s->ended)
            return held == 0 ? 0 : line_give(s, held, false, ret_line, ret_len, ret_ended);
        if (held > SOURCE_LINE_MAX)
            return problem_set(p, s->path, s->line + 1, "the line is longer than %d bytes",
                               SOURCE_LINE_MAX);
        searched = held;
        int result = buffer_fill(s, p);
        if (result != 0)
            return result;
    }
}
