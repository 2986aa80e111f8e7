/*
 * alert_text.c - an alert as it was last published: its form on the wire, and as it is saved.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/state.h"

alert_text *alert_text_free(alert_text *a)
{
    if (!a)
        return NULL;
    free(a->id);
    free(a->rule);
    free(a->version);
    free(a->severity);
    free(a->title);
    msgpack_sbuffer_destroy(&a->labels);
    msgpack_sbuffer_destroy(&a->group);
    msgpack_sbuffer_destroy(&a->values);
    msgpack_sbuffer_destroy(&a->facts.data);
    msgpack_sbuffer_destroy(&a->reports.data);
    msgpack_sbuffer_destroy(&a->sources.data);
    msgpack_sbuffer_destroy(&a->because.data);
    free(a);
    return NULL;
}

static size_t word_bytes(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

/* A buffer doubles as it grows; an alert keeps its own for long. */
static size_t buffer_fit(msgpack_sbuffer *b)
{
    char *fitting = b->size && b->size < b->alloc ? realloc(b->data, b->size) : NULL;
    if (fitting) {
        b->data = fitting;
        b->alloc = b->size;
    }
    return b->size;
}

size_t alert_fit(alert_text *a)
{
    msgpack_sbuffer *buffers[] = {&a->labels,       &a->group,        &a->values,      &a->facts.data,
                                  &a->reports.data, &a->sources.data, &a->because.data};
    size_t bytes = sizeof *a + word_bytes(a->id) + word_bytes(a->rule) + word_bytes(a->version) +
                   word_bytes(a->severity) + word_bytes(a->title);
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        bytes += buffer_fit(buffers[i]);
    return bytes;
}

/* ---- the form on the wire ----------------------------------------------------------- */

static thaw_str str_of(const char *text)
{
    return (thaw_str){.data = text, .len = (uint32_t)strlen(text)};
}

static thaw_raw raw_of(const msgpack_sbuffer *b)
{
    return (thaw_raw){.data = (const uint8_t *)b->data, .len = (uint32_t)b->size};
}

static thaw_list list_of(const packed_list *l)
{
    return (thaw_list){
        .data = l->count ? (const uint8_t *)l->data.data : NULL, .bytes = (uint32_t)l->data.size, .count = l->count};
}

thaw_alert alert_view(const alert_text *a)
{
    thaw_alert t = {.seq = a->seq,
                    .id = str_of(a->id),
                    .rev = a->rev,
                    .state = a->state,
                    .rule = str_of(a->rule),
                    .rule_version = str_of(a->version),
                    .severity = str_of(a->severity),
                    .title = str_of(a->title),
                    .labels = raw_of(&a->labels),
                    .group = raw_of(&a->group),
                    .values = raw_of(&a->values),
                    .since_ns = a->since_ns,
                    .at_ns = a->at_ns,
                    .facts = list_of(&a->facts),
                    .reports = list_of(&a->reports),
                    .sources = list_of(&a->sources),
                    .because = list_of(&a->because)};
    if (a->country[0])
        t.country = str_of(a->country);
    return t;
}

void alert_pack(const alert_text *a, const char *epoch, msgpack_packer *out)
{
    thaw_alert t = alert_view(a);
    t.epoch = str_of(epoch);
    thaw_alert_pack(&t, out);
}

/* ---- as saved -------------------------------------------------------------------- */

static void put_word(saved_out *out, const char *text)
{
    saved_put_text(out, text ? text : "", text ? strlen(text) : 0);
}

static void put_list(saved_out *out, const packed_list *l)
{
    saved_put_number(out, l->count);
    saved_put_text(out, l->data.data, l->data.size);
}

void alert_put(saved_out *out, const alert_text *a)
{
    saved_put_number(out, a != NULL);
    if (!a)
        return;
    saved_put_number(out, a->seq);
    saved_put_number(out, (uint64_t)a->rev << 8 | a->state);
    saved_put_number(out, (uint64_t)a->since_ns);
    saved_put_number(out, (uint64_t)a->at_ns);
    saved_put_number(out, a->hash);
    const char *words[] = {a->country, a->id, a->rule, a->version, a->severity, a->title};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        put_word(out, words[i]);
    const msgpack_sbuffer *maps[] = {&a->labels, &a->group, &a->values};
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        saved_put_text(out, maps[i]->data, maps[i]->size);
    const packed_list *lists[] = {&a->facts, &a->reports, &a->sources, &a->because};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        put_list(out, lists[i]);
}

static char *get_word(saved_in *in)
{
    thaw_str text = saved_get_text(in);
    return strndup(text.data, text.len);
}

static bool get_map(saved_in *in, msgpack_sbuffer *map)
{
    thaw_str text = saved_get_text(in);
    return text.len == 0 || msgpack_sbuffer_write(map, text.data, text.len) == 0;
}

int alert_get(saved_in *in, alert_text **ret_alert)
{
    *ret_alert = NULL;
    if (!saved_get_number(in))
        return 0;
    alert_text *a = calloc(1, sizeof *a);
    if (!a)
        return -ENOMEM;
    a->seq = saved_get_number(in);
    uint64_t rev = saved_get_number(in);
    a->rev = (uint32_t)(rev >> 8);
    a->state = (uint8_t)rev;
    a->since_ns = (int64_t)saved_get_number(in);
    a->at_ns = (int64_t)saved_get_number(in);
    a->hash = saved_get_number(in);
    thaw_str country = saved_get_text(in);
    if (country.len == 2)
        memcpy(a->country, country.data, 2);
    char **words[] = {&a->id, &a->rule, &a->version, &a->severity, &a->title};
    bool whole = true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        whole = (*words[i] = get_word(in)) != NULL && whole;
    msgpack_sbuffer *maps[] = {&a->labels, &a->group, &a->values};
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        whole = get_map(in, maps[i]) && whole;
    packed_list *lists[] = {&a->facts, &a->reports, &a->sources, &a->because};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        lists[i]->count = (uint32_t)saved_get_number(in);
        whole = get_map(in, &lists[i]->data) && whole;
    }
    if (!whole || in->failed) {
        alert_text_free(a);
        return in->failed ? -EBADMSG : -ENOMEM;
    }
    *ret_alert = a;
    return 0;
}
