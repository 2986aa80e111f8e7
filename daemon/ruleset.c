/* ruleset.c - see ruleset.h. */
#include "ruleset.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../proto/src/cursor.h"
#include "config/units.h"
#include "service/reply.h"

#define ATTEMPTS 5 /* while somebody is writing the files */
#define FILES_MAX 10000
#define PACKED_BYTES_MAX ((size_t)1 << 30)

void ruleset_done(ruleset *r)
{
    rules_free(r->set);
    free(r->packed);
    *r = (ruleset){.set = NULL};
}

void ruleset_tell_beyond(const ruleset *r, const config *c, log *l)
{
    const char *rule = NULL;
    int64_t window_ns = 0;
    size_t count = rules_beyond(r->set, c->retain_age_ns, &rule, &window_ns);
    char window[UNITS_TEXT_BYTES], age[UNITS_TEXT_BYTES], more[48] = "";

    if (count == 0)
        return;
    units_write_duration(window_ns, window);
    units_write_duration(c->retain_age_ns, age);
    if (count > 1)
        snprintf(more, sizeof(more), " (%zu more too far)", count - 1);
    log_say(l, SAY_RULE_BEYOND, &(log_fields){.rule = log_str(rule)},
            "rule %s looks back %s%s, and retain.age keeps %s: what is dropped leaves its window, "
            "so that alerts end or do not come; give a larger retain.age, or a shorter window",
            rule, window, more, age);
}

/* ---- packing the texts ------------------------------------------------------------------- */

static int pack_file(const char *path, reply_body *body, msgpack_packer *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st = {0};
    int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;

    if (r == 0 && !S_ISREG(st.st_mode))
        r = -EINVAL;
    if (r == 0 && (uint64_t)st.st_size > rules_limits_default.file_bytes)
        r = -EFBIG;
    char *bytes = r == 0 ? malloc((size_t)st.st_size + 1) : NULL;
    if (r == 0 && bytes == NULL)
        r = -ENOMEM;
    ssize_t got = r == 0 ? read(fd, bytes, (size_t)st.st_size) : 0;
    if (got < 0)
        r = -errno;
    if (r == 0) {
        msgpack_pack_map(out, 2);
        pack_text(out, "file");
        pack_text(out, path);
        pack_text(out, "text");
        msgpack_pack_str(out, (size_t)got);
        reply_body_write(body, bytes, (size_t)got);
    }
    free(bytes);
    if (fd >= 0)
        close(fd);
    return r;
}

typedef struct packing {
    reply_body files;
    msgpack_packer out;
    uint32_t count;
} packing;

static int on_file(void *context, const char *path)
{
    packing *p = context;

    if (p->count++ == FILES_MAX)
        return -EFBIG;
    return pack_file(path, &p->files, &p->out);
}

static void pack_meaning(const config *c, msgpack_packer *out)
{
    pack_text(out, "clock");
    pack_text(out, c->clock == ENGINE_CLOCK_WALL ? "wall" : "reported");
    pack_text(out, "tolerance");
    msgpack_pack_array(out, 4);
    msgpack_pack_int64(out, c->tolerance_release_ns);
    msgpack_pack_int64(out, c->tolerance_detention_ns);
    msgpack_pack_int64(out, c->tolerance_talks_ns);
    msgpack_pack_int64(out, c->tolerance_sanction_ns);
}

static int pack_all(const config *c, uint8_t **ret_packed, size_t *ret_len)
{
    packing p = {.count = 0};
    reply_body whole;
    msgpack_packer out;
    int r = 0;

    reply_body_init(&p.files, PACKED_BYTES_MAX, &p.out);
    for (size_t i = 0; r == 0 && i < c->rules.count; i++)
        r = rules_walk(c->rules.items[i].text, on_file, &p);
    reply_body_init(&whole, PACKED_BYTES_MAX + 4096, &out);
    msgpack_pack_map(&out, 3);
    pack_meaning(c, &out);
    pack_text(&out, "files");
    msgpack_pack_array(&out, p.count);
    if (p.files.size > 0)
        reply_body_write(&whole, p.files.data, p.files.size);
    if (r == 0 && (p.files.failed || whole.failed))
        r = -ENOMEM;
    if (r == 0 && (p.files.over || whole.over))
        r = -EFBIG;
    reply_body_done(&p.files);
    if (r == 0)
        r = reply_body_take(&whole, ret_packed, ret_len);
    if (r < 0)
        reply_body_done(&whole);
    return r;
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

/* One reading of rules: from files, or of texts that were. */
typedef struct loading {
    const char *const *paths; /* NULL: the texts */
    const rules_source *texts;
    size_t count;
    const rules_limits *limits; /* NULL: the default */
    rules *set;
    rules_complaints complaints;
    int result;
} loading;

static void *loading_run(void *context)
{
    loading *l = context;

    if (l->paths != NULL)
        l->result = rules_load(l->paths, l->count, l->limits, false, &l->set, &l->complaints);
    else
        l->result = rules_load_texts(l->texts, l->count, l->limits, false, &l->set, &l->complaints);
    return NULL;
}

/* In a thread, for the heap that the C library gives it: a hundred thousand rules leave behind so
 * many holes between them that whatever the engine allocated afterwards would lie scattered. */
static int load(loading *l, rules **ret_set, char error[RULESET_ERROR_BYTES])
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, loading_run, l) == 0)
        pthread_join(thread, NULL);
    else
        loading_run(l);
    if (l->result == -ENOMEM)
        snprintf(error, RULESET_ERROR_BYTES, "out of memory for the rules");
    else if (l->result < 0)
        first_complaint(&l->complaints, error);
    else
        *ret_set = l->set;
    rules_complaints_done(&l->complaints);
    return l->result;
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
    loading l = {.count = c->rules.count};
    int r = default_missing(c, error);

    if (r < 0)
        return r;
    paths = calloc(c->rules.count + 1, sizeof(*paths));
    if (paths == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < c->rules.count; i++)
        paths[i] = c->rules.items[i].text;
    l.paths = paths;
    r = load(&l, ret_set, error);
    free(paths);
    return r;
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

/* The text that stands under a key of the map at the front of the bytes. */
static bool find_text(const wire_cursor *map, const char *key, thaw_str *ret_text)
{
    wire_cursor value;

    return find_value(map->at, (size_t)(map->end - map->at), key, &value) &&
           wire_read_str(&value, ret_text);
}

static void texts_free(rules_source *texts, uint32_t count)
{
    for (uint32_t i = 0; texts != NULL && i < count; i++)
        free((char *)texts[i].name);
    free(texts);
}

static int texts_read(wire_cursor *at, uint32_t count, rules_source *texts)
{
    for (uint32_t i = 0; i < count; i++) {
        thaw_str file, text;
        if (!find_text(at, "file", &file) || !find_text(at, "text", &text) || !wire_skip(at))
            return -EBADMSG;
        texts[i] = (rules_source){strndup(file.data, file.len), text.data, text.len};
        if (texts[i].name == NULL)
            return -ENOMEM;
    }
    return 0;
}

/* limits NULL: the default, as for files. */
static int load_packed(const uint8_t *packed, size_t len, const rules_limits *limits, rules **ret_set,
                       char error[RULESET_ERROR_BYTES])
{
    rules_source *texts = NULL;
    uint32_t count = 0;
    wire_cursor at;
    wire_item item;
    int r = -EBADMSG;

    if (find_value(packed, len, "files", &at) && wire_read(&at, &item) && item.type == WIRE_ARRAY &&
        item.len <= FILES_MAX) {
        count = item.len;
        texts = calloc((size_t)count + 1, sizeof(*texts));
        r = texts == NULL ? -ENOMEM : texts_read(&at, count, texts);
    }
    if (r < 0)
        snprintf(error, RULESET_ERROR_BYTES, "a journaled rule set cannot be read: %s",
                 strerror(-r));
    else
        r = load(&(loading){.texts = texts, .count = count, .limits = limits}, ret_set, error);
    texts_free(texts, count);
    return r;
}

int ruleset_unpack(const uint8_t *packed, size_t len, rules **ret_set,
                   char error[RULESET_ERROR_BYTES])
{
    rules_limits limits = rules_limits_default;

    limits.accepted_once = true;
    return load_packed(packed, len, &limits, ret_set, error);
}

/* ---- reading both ------------------------------------------------------------------------ */

/* What is wrong with files that cannot be packed. -EAGAIN: nothing any more. */
static int complain(const config *c, char error[RULESET_ERROR_BYTES])
{
    rules *set = NULL;
    int r = load_files(c, &set, error);

    rules_free(set);
    return r == 0 ? -EAGAIN : r;
}

static bool still_same(const config *c, const ruleset *made)
{
    uint8_t *packed = NULL;
    size_t len = 0;
    bool same = pack_all(c, &packed, &len) == 0 && len == made->packed_len &&
                memcmp(packed, made->packed, len) == 0;

    free(packed);
    return same;
}

/* The set is made of the texts as they are packed, not of the files: whatever happens to these meanwhile,
 * replay has the rules that are in force. Where they have changed by then, somebody may be in the midst of
 * writing them. */
int ruleset_load(const config *c, ruleset *ret_ruleset, char error[RULESET_ERROR_BYTES])
{
    for (int i = 0; i < ATTEMPTS; i++) {
        ruleset made = {.set = NULL};
        int r = pack_all(c, &made.packed, &made.packed_len);
        if (r == 0)
            r = load_packed(made.packed, made.packed_len, NULL, &made.set, error);
        else if (r != -ENOMEM)
            r = complain(c, error);
        if (r == 0 && still_same(c, &made)) {
            *ret_ruleset = made;
            return 0;
        }
        ruleset_done(&made);
        if (r < 0 && r != -EAGAIN)
            return r;
    }
    snprintf(error, RULESET_ERROR_BYTES, "the rule files change while they are read; try again");
    return -EINVAL;
}
