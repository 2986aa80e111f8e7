/* rule_test_event.c - reports and times as rule tests write them. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "forms/pack.h"
#include "thaw.h"
#include "trials/rule_test.h"

/* ---- times -------------------------------------------------------------------------- */

/* "2025-09-11T10:00:00Z", "2025-09-11", or "+3d": after the step before. */
bool rule_test_time(rule_test_run *run, struct fy_node *node, int64_t *ret_ns)
{
    char *text = yaml_text(node);
    int64_t length_ns;
    thaw_date date;
    bool done = true;
    if (text != NULL && text[0] == '+' && duration_parse(text + 1, &length_ns) == 0) {
        if (run->now_ns == INT64_MIN)
            done = yaml_complain(run->file, node,
                                 "at: nothing comes before it; expected a time or a date");
        else if (__builtin_add_overflow(run->now_ns, length_ns, ret_ns))
            done = yaml_complain(run->file, node, "at: too far ahead");
    } else if (text != NULL && thaw_date_parse(text, strlen(text), &date) == 0 &&
               !date.approximate) {
        *ret_ns = date.at_ns;
    } else {
        done = yaml_complain(
            run->file, node,
            "at: expected a time (2025-09-11T10:00:00Z), a date or +DURATION (+3d, +90m)");
    }
    free(text);
    return done;
}

/* ---- values ------------------------------------------------------------------------- */

static const char *const number_keys[] = {"count", "expected_count", "producer_seq", NULL};

static bool is_number_key(const char *key)
{
    size_t k = 0;
    while (number_keys[k] != NULL && strcmp(number_keys[k], key) != 0)
        k++;
    return number_keys[k] != NULL;
}

static void pack_scalar(const char *key, const char *text, msgpack_packer *out)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (is_number_key(key) && errno == 0 && end != text && *end == '\0' &&
        isdigit((unsigned char)text[0]))
        msgpack_pack_uint64(out, number);
    else
        pack_text(out, text);
}

/* Nothing in an event is deeper than {name, ids} in a list. NOLINTNEXTLINE(misc-no-recursion) */
static bool pack_node(rule_test_run *run, const char *key, struct fy_node *node, unsigned depth,
                      msgpack_packer *out)
{
    void *walk = NULL;
    struct fy_node *item;
    struct fy_node_pair *pair;
    char *text = yaml_text(node);
    bool done = true;
    if (text != NULL) {
        pack_scalar(key, text, out);
    } else if (depth > 6) {
        done = yaml_complain(run->file, node, "nested too deeply");
    } else if (fy_node_get_type(node) == FYNT_SEQUENCE) {
        msgpack_pack_array(out, (size_t)fy_node_sequence_item_count(node));
        while (done && (item = fy_node_sequence_iterate(node, &walk)) != NULL)
            done = pack_node(run, "", item, depth + 1, out);
    } else if (fy_node_get_type(node) == FYNT_MAPPING) {
        msgpack_pack_map(out, (size_t)fy_node_mapping_item_count(node));
        while (done && (pair = fy_node_mapping_iterate(node, &walk)) != NULL) {
            char *name = yaml_text(fy_node_pair_key(pair));
            pack_text(out, name != NULL ? name : "");
            done =
                pack_node(run, name != NULL ? name : "", fy_node_pair_value(pair), depth + 1, out);
            free(name);
        }
    } else {
        done = yaml_complain(run->file, node, "anchors and aliases are not supported");
    }
    free(text);
    return done;
}

/* ---- events ------------------------------------------------------------------------- */

static struct fy_node *map_get(struct fy_node *map, const char *key)
{
    return map != NULL ? fy_node_mapping_lookup_by_string(map, key, strlen(key)) : NULL;
}

/* The event's own value of a key, else that of the defaults. */
static struct fy_node *event_get(const rule_test_run *run, struct fy_node *event, const char *key)
{
    struct fy_node *value = map_get(event, key);
    for (size_t i = 0; value == NULL && i < 2; i++)
        value = map_get(run->defaults[i], key);
    return value;
}

typedef struct building {
    rule_test_run *run;
    struct fy_node *event;
    msgpack_sbuffer pairs;
    msgpack_packer packer;
    uint32_t count;
    bool retraction, feed;
} building;

/* Keys of the defaults that this kind of event does not have. */
static bool is_foreign(const building *b, const char *key)
{
    static const char *const happening[] = {"occurred_at", "status", NULL};
    for (size_t i = 0; (b->retraction || b->feed) && happening[i] != NULL; i++)
        if (strcmp(key, happening[i]) == 0)
            return true;
    return false;
}

static bool add_pairs(building *b, struct fy_node *map, bool own)
{
    void *walk = NULL;
    struct fy_node_pair *pair;
    bool done = true;
    while (done && map != NULL && (pair = fy_node_mapping_iterate(map, &walk)) != NULL) {
        char *key = yaml_text(fy_node_pair_key(pair));
        struct fy_node *value = fy_node_pair_value(pair);
        bool mine = key != NULL && (own || event_get(b->run, b->event, key) == value);
        if (key == NULL)
            done = yaml_complain(b->run->file, map, "an event has keys that are text");
        else if (mine && strcmp(key, "reported_at") != 0 && (own || !is_foreign(b, key))) {
            pack_text(&b->packer, key);
            done = pack_node(b->run, key, value, 0, &b->packer);
            b->count++;
        }
        free(key);
    }
    return done;
}

static void add_id(building *b)
{
    char id[32];
    b->run->events++;
    if (event_get(b->run, b->event, "id") != NULL)
        return;
    snprintf(id, sizeof id, "e%u", b->run->events);
    pack_text(&b->packer, "id");
    pack_text(&b->packer, id);
    b->count++;
}

/* reported_at: as given; `none`; or the time of the step. */
static bool add_reported(building *b, int64_t *ret_reported_ns)
{
    struct fy_node *node = event_get(b->run, b->event, "reported_at");
    char *text = node != NULL ? yaml_text(node) : NULL;
    thaw_date date;
    *ret_reported_ns = INT64_MIN;
    if (text != NULL && strcmp(text, "none") == 0) {
        free(text);
        return true;
    }
    if (text != NULL && thaw_date_parse(text, strlen(text), &date) == 0)
        *ret_reported_ns = date.at_ns;
    if (text != NULL || b->run->now_ns != INT64_MIN) {
        pack_text(&b->packer, "reported_at");
        if (text != NULL)
            pack_text(&b->packer, text);
        else
            pack_instant(&b->packer, b->run->now_ns);
        b->count++;
    }
    free(text);
    return true;
}

bool rule_test_event(rule_test_run *run, struct fy_node *node, msgpack_sbuffer *out,
                     int64_t *ret_reported_ns)
{
    building b = {.run = run, .event = node};
    if (fy_node_get_type(node) != FYNT_MAPPING)
        return yaml_complain(run->file, node, "event: expected a map of the keys of a report");
    char *kind = yaml_text(event_get(run, node, "kind"));
    b.retraction = kind != NULL && strcmp(kind, "retraction") == 0;
    b.feed = kind != NULL && strcmp(kind, "feed") == 0;
    free(kind);
    msgpack_sbuffer_init(&b.pairs);
    msgpack_packer_init(&b.packer, &b.pairs, msgpack_sbuffer_write);
    bool done = add_pairs(&b, node, true) && add_pairs(&b, run->defaults[0], false) &&
                add_pairs(&b, run->defaults[1], false);
    add_id(&b);
    done = done && add_reported(&b, ret_reported_ns);
    if (done) {
        msgpack_packer packer;
        msgpack_packer_init(&packer, out, msgpack_sbuffer_write);
        msgpack_pack_map(&packer, b.count);
        msgpack_sbuffer_write(out, b.pairs.data, b.pairs.size);
    }
    msgpack_sbuffer_destroy(&b.pairs);
    return done;
}
