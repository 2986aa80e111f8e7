/* config.c - see config.h. */
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../proto/src/text.h"
#include "cel/cel.h"
#include "config/settle.h"
#include "config/values.h"

#define KIB UINT64_C(1024)
#define MIB (KIB * KIB)
#define GIB (KIB * MIB)
#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

typedef const char *(*item_check_fn)(const char *text, size_t len);

typedef struct config_key {
    const char *name;      /* "limits.message" */
    config_parse_fn parse; /* NULL: a list, whose items are checked by `check` */
    item_check_fn check;
    size_t offset;
    config_range range;
} config_key;

#define AT(member) offsetof(config, member)
#define ANY                                                                                        \
    {                                                                                              \
        0, UINT64_MAX                                                                              \
    }

static const config_key keys[] = {
    {"state", config_value_text, NULL, AT(state), ANY},
    {"rules", NULL, config_check_path, AT(rules), ANY},
    {"clock", config_value_clock, NULL, AT(clock), ANY},
    {"beat", config_value_duration, NULL, AT(beat_ns), {(uint64_t)SECOND / 100, (uint64_t)HOUR}},
    {"linger", config_value_duration, NULL, AT(linger_ns), {0, (uint64_t)SECOND * 60}},
    {"events.bind", NULL, config_check_bind, AT(events.bind), ANY},
    {"events.connect", NULL, config_check_address, AT(events.connect), ANY},
    {"events.topics", NULL, config_check_topic, AT(events.topics), ANY},
    {"events.hwm", config_value_count, NULL, AT(events.hwm_count), {1, 1000000}},
    {"events.mode", config_value_mode, NULL, AT(events.mode), ANY},
    {"service.bind", NULL, config_check_bind, AT(service.bind), ANY},
    {"service.publish", NULL, config_check_ipc, AT(service.publish), ANY},
    {"service.read", NULL, config_check_ipc, AT(service.read), ANY},
    {"service.hwm", config_value_count, NULL, AT(service.hwm_count), {1, 1000000}},
    {"service.mode", config_value_mode, NULL, AT(service.mode), ANY},
    {"alerts.bind", NULL, config_check_bind, AT(alerts.bind), ANY},
    {"alerts.hwm", config_value_count, NULL, AT(alerts.hwm_count), {1, 1000000}},
    {"alerts.mode", config_value_mode, NULL, AT(alerts.mode), ANY},
    {"tolerance.release",
     config_value_duration,
     NULL,
     AT(tolerance_release_ns),
     {(uint64_t)SECOND, 366 * (uint64_t)DAY}},
    {"tolerance.detention",
     config_value_duration,
     NULL,
     AT(tolerance_detention_ns),
     {(uint64_t)SECOND, 366 * (uint64_t)DAY}},
    {"tolerance.talks",
     config_value_duration,
     NULL,
     AT(tolerance_talks_ns),
     {(uint64_t)SECOND, 366 * (uint64_t)DAY}},
    {"tolerance.sanction",
     config_value_duration,
     NULL,
     AT(tolerance_sanction_ns),
     {(uint64_t)SECOND, 366 * (uint64_t)DAY}},
    {"limits.message", config_value_bytes32, NULL, AT(limits.message_bytes), {KIB, 64 * MIB}},
    {"limits.nesting", config_value_count32, NULL, AT(limits.nesting), {3, 32}},
    {"limits.events", config_value_count32, NULL, AT(limits.events), {1, 1000000}},
    {"limits.persons", config_value_count32, NULL, AT(limits.persons), {1, 1000000}},
    {"limits.ids", config_value_count32, NULL, AT(limits.ids), {1, 64}},
    {"limits.id", config_value_bytes32, NULL, AT(limits.id_bytes), {1, 128}},
    {"limits.text", config_value_bytes32, NULL, AT(limits.text_bytes), {1, 4 * KIB}},
    {"limits.future",
     config_value_duration,
     NULL,
     AT(limits.future_ns),
     {0, 36600 * (uint64_t)DAY}},
    {"limits.reply", config_value_bytes, NULL, AT(reply_bytes), {64 * KIB, GIB}},
    {"limits.request", config_value_bytes, NULL, AT(request_bytes), {KIB, MIB}},
    {"memory.reports", config_value_count, NULL, AT(memory_reports_count), {1, UINT64_MAX}},
    {"memory.bytes", config_value_bytes, NULL, AT(memory_bytes), {CONFIG_MEMORY_BYTES_MIN, UINT64_MAX}},
    {"memory.outbox", config_value_bytes, NULL, AT(outbox_bytes), {MIB, UINT64_MAX}},
    {"journal.queue", config_value_bytes, NULL, AT(queue_bytes), {MIB, UINT64_MAX}},
    {"journal.map", config_value_bytes, NULL, AT(map_bytes), {MIB, UINT64_C(1) << 46}},
    {"journal.image",
     config_value_duration,
     NULL,
     AT(image_ns),
     {(uint64_t)SECOND / 1000, INT64_MAX}},
    {"retain.age", config_value_duration, NULL, AT(retain_age_ns), {(uint64_t)DAY, INT64_MAX}},
    {"retain.size", config_value_bytes, NULL, AT(retain_bytes), {MIB, UINT64_MAX}},
    {"retain.ids", config_value_duration, NULL, AT(retain_ids_ns), {(uint64_t)DAY, INT64_MAX}},
    {"curve.server", config_value_text, NULL, AT(curve_server), ANY},
    {"curve.clients", NULL, config_check_path, AT(curve_clients), ANY},
    {"curve.upstream", config_value_text, NULL, AT(curve_upstream), ANY},
};
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

typedef struct place {
    int line, column;
} place;

static place node_place(struct fy_node *node, place otherwise)
{
    struct fy_token *token = fy_node_is_scalar(node) ? fy_node_get_scalar_token(node) : NULL;
    const struct fy_mark *mark = token == NULL ? NULL : fy_token_start_mark(token);

    return mark == NULL ? otherwise : (place){mark->line + 1, mark->column + 1};
}

/* libfyaml takes only an empty value for nothing; YAML has words for it, too. */
static bool is_nothing(struct fy_node *node)
{
    static const char *const words[] = {"~", "null", "Null", "NULL"};
    const char *text;
    size_t len;

    if (node == NULL || fy_node_is_null(node))
        return true;
    if (!fy_node_is_scalar(node) || fy_node_get_style(node) != FYNS_PLAIN)
        return false;
    text = fy_node_get_scalar(node, &len);
    for (size_t i = 0; text != NULL && i < sizeof(words) / sizeof(words[0]); i++)
        if (strlen(words[i]) == len && memcmp(words[i], text, len) == 0)
            return true;
    return false;
}

static const char *node_what(struct fy_node *node)
{
    if (is_nothing(node))
        return "nothing";
    if (fy_node_is_mapping(node))
        return "a mapping";
    return fy_node_is_sequence(node) ? "a list" : "a single value";
}

static int fail_node(const config_reading *r, place at, struct fy_node *node, const char *expected)
{
    snprintf(r->error, CONFIG_ERROR_BYTES, "%s:%d:%d: found %s, expected %s", r->file, at.line,
             at.column, node_what(node), expected);
    return -EINVAL;
}

static int read_item(const config_reading *r, const config_key *key, struct fy_node *node, place at,
                     config_list *list)
{
    const char *text, *expected;
    size_t len;

    at = node_place(node, at);
    if (!fy_node_is_scalar(node))
        return fail_node(r, at, node, "a text");
    text = fy_node_get_scalar(node, &len);
    if (text == NULL)
        text = "";
    expected = memchr(text, '\0', len) != NULL ? "a text without a NUL" : key->check(text, len);
    if (expected != NULL)
        return config_fail(r, at.line, at.column, text, len, expected);
    if (list->count == CONFIG_ITEMS_MAX)
        return config_fail(r, at.line, at.column, text, len, "at most 256 items in a list");
    return config_list_add(list, text, len, at.line, at.column);
}

/* A list, or one text in its place. The list replaces the default. */
static int read_list(const config_reading *r, const config_key *key, struct fy_node *node, place at)
{
    config_list *list = (config_list *)((char *)r->into + key->offset);
    void *iterator = NULL;
    struct fy_node *item;

    if (node == NULL || fy_node_is_mapping(node))
        return fail_node(r, at, node, "a list");
    config_list_clear(list);
    if (is_nothing(node))
        return 0;
    if (fy_node_is_scalar(node))
        return read_item(r, key, node, at, list);
    while ((item = fy_node_sequence_iterate(node, &iterator)) != NULL) {
        int e = read_item(r, key, item, at, list);
        if (e < 0)
            return e;
    }
    return 0;
}

static int read_value(const config_reading *r, const config_key *key, struct fy_node *node,
                      place at)
{
    const char *text, *expected;
    size_t len;

    if (key->parse == NULL)
        return read_list(r, key, node, at);
    at = node == NULL ? at : node_place(node, at);
    if (is_nothing(node) || !fy_node_is_scalar(node))
        return fail_node(r, at, node, "a single value");
    text = fy_node_get_scalar(node, &len);
    if (text == NULL)
        return fail_node(r, at, NULL, "a single value");
    expected = memchr(text, '\0', len) != NULL
                   ? "a text without a NUL"
                   : key->parse(text, len, &key->range, (char *)r->into + key->offset);
    return expected == NULL ? 0 : config_fail(r, at.line, at.column, text, len, expected);
}

/* The names that may stand at this level: what follows `prefix` up to the next dot. */
static size_t names_of_level(const char *prefix, char names[KEY_COUNT][24],
                             const char *ret_names[KEY_COUNT])
{
    size_t count = 0, prefix_len = strlen(prefix);

    for (size_t i = 0; i < KEY_COUNT; i++) {
        const char *rest = keys[i].name + prefix_len;
        if (strncmp(keys[i].name, prefix, prefix_len) != 0)
            continue;
        snprintf(names[count], 24, "%.*s", (int)strcspn(rest, "."), rest);
        if (count > 0 && strcmp(names[count], names[count - 1]) == 0)
            continue;
        ret_names[count] = names[count];
        count++;
    }
    return count;
}

static int fail_key(const config_reading *r, place at, const char *prefix, const char *text,
                    size_t len)
{
    char names[KEY_COUNT][24], expected[320];
    const char *known[KEY_COUNT];
    size_t count = names_of_level(prefix, names, known), used = 0;
    const char *near = config_nearest(text, len, known, count);

    if (near != NULL) {
        snprintf(expected, sizeof(expected), "a known key: is it \"%s\"?", near);
        return config_fail(r, at.line, at.column, text, len, expected);
    }
    used = (size_t)snprintf(expected, sizeof(expected), "one of");
    for (size_t i = 0; i < count && used < sizeof(expected); i++)
        used += (size_t)snprintf(expected + used, sizeof(expected) - used, " %s", known[i]);
    return config_fail(r, at.line, at.column, text, len, expected);
}

static int read_mapping(const config_reading *r, const char *prefix, struct fy_node *node,
                        place at);

static int read_pair(const config_reading *r, const char *prefix, struct fy_node_pair *pair,
                     place at)
{
    struct fy_node *key_node = fy_node_pair_key(pair), *value = fy_node_pair_value(pair);
    const char *text = NULL;
    size_t len = 0;
    char name[64];

    if (key_node != NULL && fy_node_is_scalar(key_node)) {
        text = fy_node_get_scalar(key_node, &len);
        at = node_place(key_node, at);
    }
    if (text == NULL)
        return fail_node(r, at, key_node, "the name of a key");
    /* With a dot it would be found in the table, and a second time where it is nested. */
    if (memchr(text, '.', len) != NULL ||
        snprintf(name, sizeof(name), "%s%.*s", prefix, (int)len, text) >= (int)sizeof(name))
        return fail_key(r, at, prefix, text, len);
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strcmp(keys[i].name, name) == 0)
            return read_value(r, &keys[i], value, at);
    strncat(name, ".", sizeof(name) - strlen(name) - 1);
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strncmp(keys[i].name, name, strlen(name)) == 0)
            return read_mapping(r, name, value, at);
    return fail_key(r, at, prefix, text, len);
}

static int read_mapping(const config_reading *r, const char *prefix, struct fy_node *node, place at)
{
    void *iterator = NULL;
    struct fy_node_pair *pair;

    if (is_nothing(node))
        return 0;
    if (!fy_node_is_mapping(node))
        return fail_node(r, node_place(node, at), node, "a mapping of keys to values");
    while ((pair = fy_node_mapping_iterate(node, &iterator)) != NULL) {
        int e = read_pair(r, prefix, pair, at);
        if (e < 0)
            return e;
    }
    return 0;
}

static int default_address(config_list *list, const char *name)
{
    const char *folder = getenv("RUNTIME_DIRECTORY");
    char address[256];

    if (folder == NULL || *folder == '\0')
        folder = "/run/thaw";
    snprintf(address, sizeof(address), "ipc://%.*s/%s", (int)strcspn(folder, ":"), folder, name);
    return config_list_add(list, address, strlen(address), 0, 0);
}

static int default_texts(config *c)
{
    const char *state = getenv("STATE_DIRECTORY");

    if (state == NULL || *state == '\0')
        state = "/var/lib/thaw";
    c->state = strndup(state, strcspn(state, ":"));
    if (c->state == NULL || config_list_add(&c->rules, "/etc/thaw/rules.d", 17, 0, 0) < 0 ||
        default_address(&c->events.bind, "events") < 0 ||
        default_address(&c->service.bind, "service") < 0 ||
        default_address(&c->alerts.bind, "alerts") < 0)
        return -ENOMEM;
    return 0;
}

static int config_default(config *ret_config)
{
    config c = {
        .clock = ENGINE_CLOCK_WALL,
        .events = {.hwm_count = 1000, .mode = 0660},
        .service = {.hwm_count = 10000, .mode = 0660},
        .alerts = {.hwm_count = 10000, .mode = 0660},
        .beat_ns = SECOND,
        .linger_ns = SECOND / 4,
        .tolerance_release_ns = 36 * HOUR,
        .tolerance_detention_ns = 36 * HOUR,
        .tolerance_talks_ns = 36 * HOUR,
        .tolerance_sanction_ns = 7 * DAY,
        .limits = thaw_limits_default,
        .reply_bytes = 16 * MIB,
        .request_bytes = 64 * KIB,
        .memory_reports_count = engine_config_default.reports_max,
        .outbox_bytes = 64 * MIB,
        .queue_bytes = 64 * MIB,
        .map_bytes = GIB,
        .image_ns = SECOND,
        .retain_age_ns = INT64_MAX,
        .retain_ids_ns = INT64_MAX,
        .retain_bytes = UINT64_MAX,
    };
    int r = default_texts(&c);

    if (r < 0) {
        config_done(&c);
        return r;
    }
    *ret_config = c;
    return 0;
}

void config_done(config *c)
{
    config_list *lists[] = {&c->rules,         &c->events.bind,  &c->events.connect,
                            &c->events.topics, &c->service.bind, &c->service.publish,
                            &c->service.read,  &c->alerts.bind,  &c->curve_clients};

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        config_list_clear(lists[i]);
    free(c->file);
    free(c->state);
    free(c->curve_server);
    free(c->curve_upstream);
    *c = (config){.file = NULL};
}

/* The first error that libfyaml found, with its place. */
static int fail_yaml(const config_reading *r, struct fy_diag *diag)
{
    void *iterator = NULL;
    const struct fy_diag_error *e = fy_diag_errors_iterate(diag, &iterator);

    if (e == NULL)
        snprintf(r->error, CONFIG_ERROR_BYTES, "%s:1:1: found no YAML, expected a mapping of keys",
                 r->file);
    else
        snprintf(r->error, CONFIG_ERROR_BYTES, "%s:%d:%d: found no valid YAML (%s), expected it",
                 r->file, e->line, e->column, e->msg);
    return -EINVAL;
}

static int fail_second(const config_reading *r, struct fy_document *second)
{
    struct fy_node *root = fy_document_root(second);
    struct fy_node_pair *first =
        fy_node_is_mapping(root) ? fy_node_mapping_get_by_index(root, 0) : NULL;
    place at = node_place(first == NULL ? root : fy_node_pair_key(first), (place){1, 1});

    snprintf(r->error, CONFIG_ERROR_BYTES, "%s:%d:%d: found a second YAML document, expected one",
             r->file, at.line, at.column);
    return -EINVAL;
}

/* The one document; a second would be passed over in silence. */
static int read_documents(const config_reading *r, struct fy_parser *parser, struct fy_diag *diag)
{
    struct fy_document *document = fy_parse_load_document(parser);
    struct fy_document *second = document == NULL ? NULL : fy_parse_load_document(parser);
    int e;

    if (document == NULL || fy_parser_get_stream_error(parser))
        e = fail_yaml(r, diag);
    else if (second != NULL)
        e = fail_second(r, second);
    else
        e = read_mapping(r, "", fy_document_root(document), (place){1, 1});
    fy_parse_document_destroy(parser, second);
    fy_parse_document_destroy(parser, document);
    return e;
}

static int read_yaml(const config_reading *r, const char *text, size_t len)
{
    struct fy_diag_cfg diag_config;
    struct fy_diag *diag;
    struct fy_parse_cfg parse = {.flags = FYPCF_QUIET | FYPCF_RESOLVE_DOCUMENT};
    struct fy_parser *parser;
    int e = -ENOMEM;

    fy_diag_cfg_default(&diag_config);
    diag_config.fp = NULL;
    diag = fy_diag_create(&diag_config);
    if (diag == NULL)
        return -ENOMEM;
    fy_diag_set_collect_errors(diag, true);
    parse.diag = diag;
    parser = fy_parser_create(&parse);
    if (parser != NULL && fy_parser_set_string(parser, text, len) == 0)
        e = read_documents(r, parser, diag);
    if (parser != NULL)
        fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    return e;
}

/* Whether there is anything but comments and white space: libfyaml takes an empty text as an
 * error, while an empty configuration means the defaults. */
static bool is_empty(const char *text, size_t len)
{
    bool comment = false;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            comment = false;
        else if (text[i] == '#')
            comment = true;
        else if (!comment && text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
            return false;
    }
    return true;
}

/* libfyaml would end at a NUL, and in a directive go round for ever at a byte that is not UTF-8. */
static int check_text(const config_reading *r, const char *text, size_t len)
{
    const char *nul = memchr(text, '\0', len);
    size_t valid = cel_utf8_check(text, nul != NULL ? (size_t)(nul - text) : len);
    const char *end = text + valid;
    int line = 1, column = 1;

    if (valid == len)
        return 0;
    for (; text < end; text++) {
        column = *text == '\n' ? 1 : column + ((*text & 0xc0) != 0x80);
        line += *text == '\n';
    }
    snprintf(r->error, CONFIG_ERROR_BYTES, "%s:%d:%d: found %s, expected a text in UTF-8", r->file,
             line, column, end == nul ? "a NUL" : "a byte that is not UTF-8");
    return -EINVAL;
}

int config_parse(const char *file, const char *text, size_t len, config *ret_config,
                 char error[CONFIG_ERROR_BYTES])
{
    config c;
    config_reading r = {file, &c, error};
    int e = config_default(&c);

    if (e == 0) {
        c.file = strdup(file);
        e = c.file == NULL ? -ENOMEM : 0;
        if (e == 0)
            e = check_text(&r, text, len);
        if (e == 0 && !is_empty(text, len))
            e = read_yaml(&r, text, len);
        if (e == 0)
            e = config_settle(&r);
        if (e < 0)
            config_done(&c);
    }
    if (e == -ENOMEM)
        snprintf(error, CONFIG_ERROR_BYTES, "%s: out of memory", file);
    if (e == 0)
        *ret_config = c;
    return e;
}

static int read_whole(const char *file, char **ret_text, size_t *ret_len,
                      char error[CONFIG_ERROR_BYTES])
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *text = fd < 0 ? NULL : malloc(CONFIG_FILE_BYTES_MAX + 1);
    size_t len = 0;
    ssize_t got = -1;

    if (text != NULL)
        while ((got = read(fd, text + len, CONFIG_FILE_BYTES_MAX + 1 - len)) > 0)
            len += (size_t)got;
    if (got < 0 || len > CONFIG_FILE_BYTES_MAX) {
        snprintf(error, CONFIG_ERROR_BYTES, "%s: %s, expected a readable file of at most 1 MiB",
                 file, got < 0 ? strerror(errno) : "found a larger file");
        free(text);
        text = NULL;
    }
    if (fd >= 0)
        close(fd);
    if (text == NULL)
        return -EINVAL;
    *ret_text = text;
    *ret_len = len;
    return 0;
}

int config_load(const char *file, config *ret_config, char error[CONFIG_ERROR_BYTES])
{
    char *text;
    size_t len;
    int r = read_whole(file, &text, &len, error);

    if (r < 0)
        return r;
    r = config_parse(file, text, len, ret_config, error);
    free(text);
    return r;
}
