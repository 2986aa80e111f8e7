/*
 * memory.c - the list that an importer remembers.
 *
 * The file: a line {"thaw-import": 1, ...}, a line [FIELD, ...] for each record, a line
 * {"gone": [FIELD, ...]} for each that left, raw lines of the importer's own, and a last line with their number and a hash of all before it.
 */
#include "memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "forms/json.h"
#include "source.h"

enum { FORMAT = 1, PATH_BYTES = 4096 };
#define MEMORY_BYTES_MAX (UINT64_C(8) << 30)

struct memory {
    int folder, lock;
    char path[PATH_BYTES]; /* of the folder, for problems */
    char kind[40];
    char name[80];
};

/* ---- the folder --------------------------------------------------------------------- */

static int folder_make(const char *folder)
{
    char path[PATH_BYTES];
    if ((size_t)snprintf(path, sizeof path, "%s", folder) >= sizeof path)
        return -ENAMETOOLONG;
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return -errno;
        *at = '/';
    }
    return mkdir(path, 0777) == 0 || errno == EEXIST ? 0 : -errno;
}

static int lock_take(memory *m)
{
    char name[64];
    snprintf(name, sizeof name, "%s.lock", m->kind);
    m->lock = openat(m->folder, name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (m->lock < 0)
        return -errno;
    if (flock(m->lock, LOCK_EX | LOCK_NB) == 0)
        return 0;
    return errno == EWOULDBLOCK ? -EBUSY : -errno;
}

int memory_open(const char *folder, const char *kind, memory **ret_memory, problem *p)
{
    memory *m = calloc(1, sizeof *m);
    if (m == NULL)
        return -ENOMEM;
    m->folder = m->lock = -1;
    snprintf(m->path, sizeof m->path, "%s", folder);
    snprintf(m->kind, sizeof m->kind, "%s", kind);
    int result = folder_make(folder);
    if (result == 0)
        m->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (result == 0 && m->folder < 0)
        result = -errno;
    if (result == 0)
        result = lock_take(m);
    if (result == -EBUSY)
        problem_set(p, folder, 0, "another import of %s runs with this folder", kind);
    else if (result != 0)
        problem_set(p, folder, 0, "cannot be used: %s", strerror(-result));
    if (result != 0) {
        memory_close(m);
        return result;
    }
    *ret_memory = m;
    return 0;
}

memory *memory_close(memory *m)
{
    if (m == NULL)
        return NULL;
    if (m->lock >= 0)
        close(m->lock);
    if (m->folder >= 0)
        close(m->folder);
    free(m);
    return NULL;
}

void memory_name(memory *m, const char *name)
{
    m->name[0] = '\0';
    if (name[0] != '\0') {
        m->name[0] = '-';
        text_slug(name, m->name + 1, sizeof m->name - 1);
    }
}

void memory_name_of(const char *name, char *to, size_t room)
{
    if (text_slug(name, to, room) == 0)
        snprintf(to, room, "-");
}

/* Whether a file is a remembered list of the kind; of which name. */
static bool name_of_file(const memory *m, const char *file, char *to, size_t room)
{
    static const char end[] = ".list";
    size_t kind = strlen(m->kind);
    size_t len = strlen(file);
    if (len < kind + sizeof end - 1 || strncmp(file, m->kind, kind) != 0 ||
        strcmp(file + len - (sizeof end - 1), end) != 0)
        return false;
    len -= kind + sizeof end - 1;
    if ((len > 0 && file[kind] != '-') || len == 1 || len >= room)
        return false;
    snprintf(to, room, "%.*s", len > 0 ? (int)len - 1 : 1, len > 0 ? file + kind + 1 : "-");
    return true;
}

int memory_names(const memory *m, char *to, size_t room)
{
    char name[sizeof m->name];
    size_t used = 0;
    int result = 0;
    DIR *folder = opendir(m->path);
    to[0] = '\0';
    if (folder == NULL)
        return -errno;
    for (struct dirent *at = readdir(folder); at != NULL && result == 0; at = readdir(folder)) {
        if (!name_of_file(m, at->d_name, name, sizeof name))
            continue;
        if (used + strlen(name) + 2 > room)
            result = -ENOBUFS;
        else
            used += (size_t)snprintf(to + used, room - used, "%s%s", used > 0 ? " " : "", name);
    }
    closedir(folder);
    return result;
}

static void file_name(const memory *m, const char *end, char *to, size_t room)
{
    snprintf(to, room, "%s%s.%s", m->kind, m->name, end);
}

/* ---- writing ------------------------------------------------------------------------ */

/* Lines that go to a file and into a hash. */
typedef struct writer {
    FILE *out;
    char *line;
    size_t len;
    XXH3_state_t *hash;
    FILE *to; /* the stream that fills `line` */
} writer;

static int line_end(writer *w)
{
    fputc('\n', w->to);
    if (fflush(w->to) != 0)
        return -ENOMEM;
    XXH3_64bits_update(w->hash, w->line, w->len);
    int result = fwrite(w->line, 1, w->len, w->out) == w->len ? 0 : -errno;
    rewind(w->to);
    return result;
}

static void pair_write(writer *w, const char *key, const char *value, const char *before)
{
    fprintf(w->to, "%s\"%s\":", before, key);
    json_write_string(value, strlen(value), w->to);
}

static int head_write(writer *w, const memory *m, const list *l, bool baseline)
{
    fprintf(w->to, "{\"thaw-import\":%d", FORMAT);
    pair_write(w, "kind", m->kind, ",");
    pair_write(w, "name", l->name, ",");
    pair_write(w, "date", l->date, ",");
    pair_write(w, "reached", l->reached, ",");
    pair_write(w, "fetched", l->fetched, ",");
    fprintf(w->to, ",\"baseline\":%s}", baseline ? "true" : "false");
    return line_end(w);
}

static int record_write(writer *w, const record *r, bool gone)
{
    fputs(gone ? "{\"gone\":" : "", w->to);
    for (size_t i = 0; i < RECORD_FIELDS; i++) {
        fputc(i == 0 ? '[' : ',', w->to);
        json_write_string(r->at[i], strlen(r->at[i]), w->to);
    }
    fputs(gone ? "]}" : "]", w->to);
    return line_end(w);
}

static int list_write(writer *w, const memory *m, const list *l, bool baseline)
{
    int result = head_write(w, m, l, baseline);
    for (size_t i = 0; i < l->count && result == 0; i++)
        result = record_write(w, &l->at[i], false);
    for (size_t i = 0; l->gone != NULL && i < l->gone->count && result == 0; i++)
        result = record_write(w, &l->gone->at[i], true);
    for (size_t i = 0; i < l->raw_count && result == 0; i++) {
        fputs(l->raw[i], w->to);
        result = line_end(w);
    }
    if (result != 0)
        return result;
    fprintf(w->to, "{\"records\":%zu,\"raw\":%zu,\"xxh3\":\"%016" PRIx64 "\"}", l->count,
            l->raw_count, (uint64_t)XXH3_64bits_digest(w->hash));
    return line_end(w);
}

static int file_write(const memory *m, int fd, const list *l, bool baseline)
{
    writer w = {.out = fdopen(fd, "w"), .hash = XXH3_createState()};
    if (w.out == NULL) {
        close(fd);
        XXH3_freeState(w.hash);
        return -ENOMEM;
    }
    w.to = open_memstream(&w.line, &w.len);
    int result = w.hash != NULL && w.to != NULL ? 0 : -ENOMEM;
    if (result == 0) {
        XXH3_64bits_reset(w.hash);
        result = list_write(&w, m, l, baseline);
    }
    if (w.to != NULL)
        fclose(w.to);
    free(w.line);
    XXH3_freeState(w.hash);
    if (result == 0 && (fflush(w.out) != 0 || fsync(fileno(w.out)) != 0))
        result = -errno;
    if (fclose(w.out) != 0 && result == 0)
        result = -errno;
    return result;
}

/* What was written beside takes its place for good; an earlier failure takes it away. */
static int beside_rename(const memory *m, int result, const char *beside, const char *name,
                         problem *p)
{
    if (result == 0 && renameat(m->folder, beside, m->folder, name) != 0)
        result = -errno;
    if (result == 0 && fsync(m->folder) != 0)
        result = -errno;
    if (result != 0) {
        unlinkat(m->folder, beside, 0);
        problem_set(p, m->path, 0, "the list cannot be remembered: %s", strerror(-result));
    }
    return result;
}

int memory_save(const memory *m, const list *l, bool baseline, problem *p)
{
    char beside[160];
    char next[160];
    file_name(m, "new", beside, sizeof beside);
    file_name(m, "next", next, sizeof next);
    int fd = openat(m->folder, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int result = fd >= 0 ? file_write(m, fd, l, baseline) : -errno;
    return beside_rename(m, result, beside, next, p);
}

int memory_commit(const memory *m, problem *p)
{
    char next[160];
    char name[160];
    file_name(m, "next", next, sizeof next);
    file_name(m, "list", name, sizeof name);
    if (renameat(m->folder, next, m->folder, name) == 0 && fsync(m->folder) == 0)
        return 0;
    int result = -errno;
    problem_set(p, m->path, 0, "the list cannot be remembered: %s", strerror(-result));
    return result;
}

int memory_forget(const memory *m, problem *p)
{
    char name[160];
    file_name(m, "list", name, sizeof name);
    if ((unlinkat(m->folder, name, 0) == 0 || errno == ENOENT) && fsync(m->folder) == 0)
        return 0;
    int result = -errno;
    problem_set(p, m->path, 0, "%s cannot be taken away: %s", name, strerror(-result));
    return result;
}

/* ---- the last word ------------------------------------------------------------------ */

/* "broken 2024-03-04 32006r0765 32014r0269" */
enum { WORD_BYTES = 16 + THAW_DATE_TEXT + MEMORY_NAMES_BYTES };

void memory_word(const memory *m, feed_word *ret_word)
{
    char name[64];
    char line[WORD_BYTES] = "";
    thaw_date date;
    snprintf(name, sizeof name, "%s.word", m->kind);
    *ret_word = (feed_word){.date = ""};
    int fd = openat(m->folder, name, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, line, sizeof line - 1) : -1;
    if (fd >= 0)
        close(fd);
    const char *blank = got > 0 && line[got - 1] == '\n' ? strchr(line, ' ') : NULL;
    if (blank == NULL)
        return;
    line[got - 1] = '\0';
    size_t len = strcspn(blank + 1, " ");
    if (thaw_date_parse(blank + 1, len, &date) != 0)
        return;
    ret_word->ok = strncmp(line, "ok ", 3) == 0;
    snprintf(ret_word->date, sizeof ret_word->date, "%.*s", (int)len, blank + 1);
    if (blank[1 + len] == ' ')
        snprintf(ret_word->doubted, sizeof ret_word->doubted, "%s", blank + 2 + len);
}

static int word_write(int fd, const feed_word *word)
{
    char line[WORD_BYTES];
    int len = snprintf(line, sizeof line, "%s %s%s%s\n", word->ok ? "ok" : "broken", word->date,
                       word->doubted[0] != '\0' ? " " : "", word->doubted);
    ssize_t got = write(fd, line, (size_t)len);
    int result = got == len ? 0 : got < 0 ? -errno : -ENOSPC;
    if (result == 0 && fsync(fd) != 0)
        result = -errno;
    close(fd);
    return result;
}

int memory_word_save(const memory *m, const feed_word *word, problem *p)
{
    char beside[64];
    char name[64];
    snprintf(beside, sizeof beside, "%s.new", m->kind);
    snprintf(name, sizeof name, "%s.word", m->kind);
    int fd = openat(m->folder, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return beside_rename(m, fd >= 0 ? word_write(fd, word) : -errno, beside, name, p);
}

/* ---- reading ------------------------------------------------------------------------ */

typedef struct reader {
    const char *path;
    source *from;
    list *list;
    size_t before; /* records that it held already */
    bool *baseline;
    bool ended; /* the last line was seen */
    XXH3_state_t *hash;
} reader;

static int damaged(const reader *r, problem *p)
{
    return problem_set(p, r->path, source_line_number(r->from),
                       "the remembered list is damaged; move it away to begin anew with the next "
                       "list as baseline, or put back a good copy");
}

static void text_take(const json_t *object, const char *key, char *to, size_t room)
{
    const char *value = json_string_value(json_object_get(object, key));
    snprintf(to, room, "%s", value != NULL ? value : "");
}

static int head_read(reader *r, const json_t *line)
{
    if (json_integer_value(json_object_get(line, "thaw-import")) != FORMAT)
        return -EBADMSG;
    text_take(line, "name", r->list->name, sizeof r->list->name);
    text_take(line, "date", r->list->date, sizeof r->list->date);
    text_take(line, json_object_get(line, "reached") != NULL ? "reached" : "date", r->list->reached,
              sizeof r->list->reached);
    text_take(line, "fetched", r->list->fetched, sizeof r->list->fetched);
    *r->baseline = json_is_true(json_object_get(line, "baseline"));
    return 0;
}

static int tail_read(reader *r, const json_t *line)
{
    char hash[17];
    const char *said = json_string_value(json_object_get(line, "xxh3"));
    snprintf(hash, sizeof hash, "%016" PRIx64, (uint64_t)XXH3_64bits_digest(r->hash));
    bool good =
        said != NULL && strcmp(said, hash) == 0 &&
        (size_t)json_integer_value(json_object_get(line, "records")) == r->list->count - r->before;
    r->ended = good;
    return good ? 0 : -EBADMSG;
}

static int record_read(list *to, const json_t *line)
{
    if (json_array_size(line) != RECORD_FIELDS)
        return -EBADMSG;
    record *one = to != NULL ? records_add(to, 0) : NULL;
    if (one == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < RECORD_FIELDS; i++) {
        const json_t *field = json_array_get(line, i);
        if (!json_is_string(field))
            return -EBADMSG;
        int result = record_put(to, one, (record_field)i, json_string_value(field));
        if (result != 0)
            return result;
    }
    return 0;
}

static int line_read(reader *r, const char *line, size_t len)
{
    json_t *value = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    int result = -EBADMSG;
    if (value == NULL || r->ended)
        result = -EBADMSG;
    else if (source_line_number(r->from) == 1)
        result = head_read(r, value);
    else if (json_is_array(value))
        result = record_read(r->list, value);
    else if (json_object_get(value, "gone") != NULL)
        result = record_read(records_gone(r->list), json_object_get(value, "gone"));
    else if (json_object_get(value, "xxh3") != NULL)
        result = tail_read(r, value);
    else
        result = records_add_raw(r->list, line, len);
    json_decref(value);
    return result;
}

static int file_read(reader *r, problem *p)
{
    char *line = NULL;
    size_t len = 0;
    bool ended = false;
    int got = 0;
    XXH3_64bits_reset(r->hash);
    while ((got = source_line(r->from, &line, &len, &ended, p)) == 1) {
        int result = ended ? line_read(r, line, len) : -EBADMSG;
        if (result == -EBADMSG)
            return damaged(r, p);
        if (result != 0)
            return result;
        XXH3_64bits_update(r->hash, line, len);
        XXH3_64bits_update(r->hash, "\n", 1);
    }
    if (got == -ENOMEM)
        return got;
    return got == 0 && r->ended ? 1 : damaged(r, p);
}

int memory_load(const memory *m, bool next, list *ret_list, bool *ret_baseline, problem *p)
{
    char name[160];
    char path[PATH_BYTES + 200];
    reader r = {
        .path = path, .list = ret_list, .before = ret_list->count, .baseline = ret_baseline};
    file_name(m, next ? "next" : "list", name, sizeof name);
    snprintf(path, sizeof path, "%s/%s", m->path, name);
    int result = source_open(path, MEMORY_BYTES_MAX, &r.from);
    if (result == -ENOENT)
        return 0;
    if (result != 0) {
        problem_set(p, path, 0, "cannot be read: %s", strerror(-result));
        return result;
    }
    r.hash = XXH3_createState();
    result = r.hash != NULL ? file_read(&r, p) : -ENOMEM;
    XXH3_freeState(r.hash);
    source_close(r.from);
    return result;
}

/* The name of the list in front of the groups of its records. */
static int groups_name(list *l, size_t from)
{
    char group[400];
    int result = 0;
    for (size_t i = from; i < l->count && result == 0; i++) {
        snprintf(group, sizeof group, "%s, %.300s", l->name, l->at[i].at[RECORD_GROUP]);
        result = record_put(l, &l->at[i], RECORD_GROUP, group);
    }
    return result;
}

int memory_load_others(const memory *m, list *ret_list, problem *p)
{
    char names[MEMORY_NAMES_BYTES];
    char own[sizeof m->name];
    const char *rest = names;
    const char *name = NULL;
    size_t len = 0;
    if (m->name[0] == '\0')
        return 0;
    int result = memory_names(m, names, sizeof names);
    if (result != 0)
        problem_set(p, m->path, 0, "cannot be looked through: %s", strerror(-result));
    memory_name_of(m->name, own, sizeof own);
    while (result == 0 && text_next(&rest, ' ', &name, &len)) {
        memory other = *m;
        bool unused = false;
        size_t from = ret_list->count;
        if (name[0] == '-' || (len == strlen(own) && memcmp(name, own, len) == 0))
            continue;
        snprintf(other.name, sizeof other.name, "-%.*s", (int)len, name);
        result = memory_load(&other, true, ret_list, &unused, p);
        if (result == 0)
            result = memory_load(&other, false, ret_list, &unused, p);
        result = result < 0 ? result : groups_name(ret_list, from);
    }
    return result;
}
