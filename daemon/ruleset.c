/* ruleset.c - see ruleset.h. */
#include "ruleset.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../proto/src/cursor.h"
#include "reply.h"

#define ATTEMPTS 5 /* while somebody is writing the files */
#define FILES_MAX 10000
#define PACKED_BYTES_MAX ((size_t)1 << 30)

void ruleset_done(ruleset *r)
{
    rules_free(r->set);
    free(r->packed);
    *r = (ruleset){.set = NULL};
}

/* ---- packing the texts ------------------------------------------------------------------- */

static int pack_file(const char *path, reply_body *body, msgpack_packer *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st = {0};
    int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;

    if (r == 0 && !S_ISREG(st.st_mode))
        r = -EINVAL;
    char *bytes = r == 0 ? malloc((size_t)st.st_size + 1) : NULL;
    if (r == 0 && bytes == NULL)
        r = -ENOMEM;
    ssize_t got = r == 0 ? read(fd, bytes, (size_t)st.st_size) : 0;
    if (got < 0)
        r = -errno;
    if (r == 0) {
        msgpack_pack_map(out, 2);
        pack_key(out, "file");
        pack_text(out, path);
        pack_key(out, "text");
        msgpack_pack_str(out, (size_t)got);
        reply_body_write(body, bytes, (size_t)got);
    }
    free(bytes);
    if (fd >= 0)
        close(fd);
    return r;
}

static int is_rule_file(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

/* Packs the files of one path; counts them. */
static int pack_path(const char *path, reply_body *body, msgpack_packer *out, uint32_t *count)
{
    struct dirent **entries;
    struct stat st;
    int n, r = 0;

    if (stat(path, &st) < 0)
        return -errno;
    if (!S_ISDIR(st.st_mode)) {
        ++*count;
        return pack_file(path, body, out);
    }
    n = scandir(path, &entries, is_rule_file, alphasort);
    if (n < 0)
        return -errno;
    for (int i = 0; i < n; i++) {
        char *file = NULL;
        if (r == 0 && asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0)
            r = -ENOMEM;
        if (r == 0) {
            ++*count;
            r = pack_file(file, body, out);
            free(file);
        }
        free(entries[i]);
    }
    free(entries);
    return r;
}

static void pack_meaning(const config *c, msgpack_packer *out)
{
    pack_key(out, "clock");
    pack_text(out, c->clock == ENGINE_CLOCK_WALL ? "wall" : "reported");
    pack_key(out, "tolerance");
    msgpack_pack_array(out, 4);
    msgpack_pack_int64(out, c->tolerance_release_ns);
    msgpack_pack_int64(out, c->tolerance_detention_ns);
    msgpack_pack_int64(out, c->tolerance_talks_ns);
    msgpack_pack_int64(out, c->tolerance_sanction_ns);
}

static int pack_all(const config *c, uint8_t **ret_packed, size_t *ret_len)
{
    reply_body files, whole;
    msgpack_packer files_out, out;
    uint32_t count = 0;
    int r = 0;

    reply_body_init(&files, PACKED_BYTES_MAX, &files_out);
    for (size_t i = 0; r == 0 && i < c->rules.count; i++)
        r = pack_path(c->rules.items[i].text, &files, &files_out, &count);
    reply_body_init(&whole, PACKED_BYTES_MAX + 4096, &out);
    msgpack_pack_map(&out, 3);
    pack_meaning(c, &out);
    pack_key(&out, "files");
    msgpack_pack_array(&out, count);
    if (files.size > 0)
        reply_body_write(&whole, files.data, files.size);
    if (r == 0 && (files.failed || whole.failed))
        r = -ENOMEM;
    if (r == 0 && (files.over || whole.over))
        r = -EFBIG;
    reply_body_done(&files);
    if (r < 0) {
        reply_body_done(&whole);
        return r;
    }
    *ret_packed = (uint8_t *)whole.data;
    *ret_len = whole.size;
    return 0;
}

/* ---- loading ----------------------------------------------------------------------------- */

static void first_complaint(const rules_complaints *all, char error[RULESET_ERROR_BYTES])
{
    for (size_t i = 0; i < all->count; i++) {
        const rules_complaint *one = &all->at[i];
        char more[48] = "";
        if (one->warning)
            continue;
        if (all->errors > 1)
            snprintf(more, sizeof(more), " (and %zu more)", all->errors - 1);
        if (one->line > 0)
            snprintf(error, RULESET_ERROR_BYTES, "%.200s:%u:%u: %.200s%s", one->file, one->line,
                     one->column, one->text, more);
        else /* of the file as a whole */
            snprintf(error, RULESET_ERROR_BYTES, "%.200s: %.200s%s", one->file, one->text, more);
        return;
    }
    snprintf(error, RULESET_ERROR_BYTES, "the rules could not be read");
}

static int load_paths(const char *const paths[], size_t count, rules **ret_set,
                      char error[RULESET_ERROR_BYTES])
{
    rules_complaints complaints = {.at = NULL};
    int r = rules_load(paths, count, NULL, false, ret_set, &complaints);

    if (r == -ENOMEM)
        snprintf(error, RULESET_ERROR_BYTES, "out of memory for the rules");
    else if (r < 0)
        first_complaint(&complaints, error);
    rules_complaints_done(&complaints);
    return r;
}

/* Nobody named the folder, and it is not there. It counts as an error and not as empty: an alert must not
 * end because a folder was not mounted. */
static int default_missing(const config *c, char error[RULESET_ERROR_BYTES])
{
    const config_item *first = c->rules.items;

    if (c->rules.count == 0 || first->line > 0 || access(first->text, F_OK) == 0 || errno != ENOENT)
        return 0;
    snprintf(error, RULESET_ERROR_BYTES,
             "%.100s: there is no such folder, expected the rules in it, since %.200s does not say "
             "where they are: make "
             "the folder (it may stay empty), or set rules (to [] for none)",
             first->text, c->file);
    return -EINVAL;
}

static int load_files(const config *c, rules **ret_set, char error[RULESET_ERROR_BYTES])
{
    const char **paths;
    int r = default_missing(c, error);

    if (r < 0)
        return r;
    paths = calloc(c->rules.count + 1, sizeof(*paths));
    if (paths == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < c->rules.count; i++)
        paths[i] = c->rules.items[i].text;
    r = load_paths(paths, c->rules.count, ret_set, error);
    free(paths);
    return r;
}

/* The texts are read before and after the rules: only if they are the same do they belong to the
 * set. */
int ruleset_load(const config *c, ruleset *ret_ruleset, char error[RULESET_ERROR_BYTES])
{
    for (int i = 0; i < ATTEMPTS; i++) {
        ruleset made = {.set = NULL};
        uint8_t *again = NULL;
        size_t again_len = 0;
        int r = load_files(c, &made.set, error);
        bool same = false;
        if (r < 0)
            return r;
        r = pack_all(c, &made.packed, &made.packed_len);
        if (r == 0)
            r = pack_all(c, &again, &again_len);
        if (r == 0)
            same = again_len == made.packed_len && memcmp(again, made.packed, again_len) == 0;
        free(again);
        if (same) {
            *ret_ruleset = made;
            return 0;
        }
        ruleset_done(&made);
        if (r == -ENOMEM)
            return r;
    }
    snprintf(error, RULESET_ERROR_BYTES, "the rule files change while they are read; try again");
    return -EINVAL;
}

/* ---- unpacking --------------------------------------------------------------------------- */

static bool enter_map(wire_cursor *at, uint32_t *ret_pairs)
{
    wire_item item;

    if (!wire_read(at, &item) || item.type != WIRE_MAP)
        return false;
    *ret_pairs = item.len;
    return true;
}

/* Stands the cursor before the value of a key of the map at the front of the bytes. */
static bool find_value(const uint8_t *packed, size_t len, const char *key, wire_cursor *ret_at)
{
    wire_cursor at = wire_cursor_over(packed, len);
    uint32_t pairs;

    if (!enter_map(&at, &pairs))
        return false;
    while (pairs-- > 0) {
        thaw_str name;
        if (!wire_read_str(&at, &name))
            return false;
        if (name.len == strlen(key) && memcmp(name.data, key, name.len) == 0) {
            *ret_at = at;
            return true;
        }
        if (!wire_skip(&at))
            return false;
    }
    return false;
}

bool ruleset_same_meaning(const uint8_t *packed, size_t len, const config *c,
                          char error[RULESET_ERROR_BYTES])
{
    static const char *const names[] = {"tolerance.release", "tolerance.detention",
                                        "tolerance.talks", "tolerance.sanction"};
    const int64_t values[] = {c->tolerance_release_ns, c->tolerance_detention_ns,
                              c->tolerance_talks_ns, c->tolerance_sanction_ns};
    bool wall = c->clock == ENGINE_CLOCK_WALL, was_wall;
    wire_cursor at;
    wire_item item;
    thaw_str clock;

    if (!find_value(packed, len, "clock", &at) || !wire_read_str(&at, &clock))
        return true;
    was_wall = clock.len == 4;
    if (wall != was_wall) {
        snprintf(error, RULESET_ERROR_BYTES,
                 "found clock: %s, but this journal was written with clock: %s; set it back, or "
                 "give this configuration a state folder of its own",
                 wall ? "wall" : "reported", was_wall ? "wall" : "reported");
        return false;
    }
    if (!find_value(packed, len, "tolerance", &at) || !wire_read(&at, &item))
        return true;
    for (int i = 0; i < 4 && wire_read(&at, &item); i++)
        if (item.type == WIRE_UINT && item.u != (uint64_t)values[i]) {
            snprintf(error, RULESET_ERROR_BYTES,
                     "found %s of %" PRId64 " s, but this journal was written with %" PRIu64
                     " s; set it back, or give this configuration a state folder of its own",
                     names[i], values[i] / 1000000000, item.u / 1000000000);
            return false;
        }
    return true;
}

/* A text as a file without a name. */
static int text_file(const wire_item *text)
{
    int fd = memfd_create("rules", MFD_CLOEXEC);
    size_t written = 0;

    while (fd >= 0 && written < text->len) {
        ssize_t n = write(fd, text->bytes + written, text->len - written);
        if (n < 0) {
            int r = -errno;
            close(fd);
            return r;
        }
        written += (size_t)n;
    }
    return fd < 0 ? -errno : fd;
}

typedef struct text_files {
    int *fds;
    char (*paths)[32];
    const char **list;
    uint32_t count;
} text_files;

static void text_files_done(text_files *t)
{
    for (uint32_t i = 0; t->fds != NULL && i < t->count; i++)
        close(t->fds[i]);
    free(t->fds);
    free(t->paths);
    free(t->list);
}

static int text_files_make(wire_cursor *at, uint32_t count, text_files *t)
{
    t->fds = calloc(count + 1, sizeof(*t->fds));
    t->paths = calloc(count + 1, sizeof(*t->paths));
    t->list = calloc(count + 1, sizeof(*t->list));
    if (t->fds == NULL || t->paths == NULL || t->list == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        wire_cursor value;
        wire_item text;
        int fd;
        if (!find_value(at->at, (size_t)(at->end - at->at), "text", &value) ||
            !wire_read(&value, &text) || text.type != WIRE_STR || !wire_skip(at))
            return -EBADMSG;
        fd = text_file(&text);
        if (fd < 0)
            return fd;
        t->fds[t->count++] = fd;
        snprintf(t->paths[i], sizeof(t->paths[i]), "/proc/self/fd/%d", fd);
        t->list[i] = t->paths[i];
    }
    return 0;
}

int ruleset_unpack(const uint8_t *packed, size_t len, rules **ret_set,
                   char error[RULESET_ERROR_BYTES])
{
    text_files t = {.count = 0};
    wire_cursor at;
    wire_item item;
    int r = -EBADMSG;

    if (find_value(packed, len, "files", &at) && wire_read(&at, &item) && item.type == WIRE_ARRAY &&
        item.len <= FILES_MAX)
        r = text_files_make(&at, item.len, &t);
    if (r < 0)
        snprintf(error, RULESET_ERROR_BYTES, "a journaled rule set cannot be read: %s",
                 strerror(-r));
    else
        r = load_paths(t.list, t.count, ret_set, error);
    text_files_done(&t);
    return r;
}
