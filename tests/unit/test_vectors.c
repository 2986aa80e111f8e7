/* The vectors of proto/vectors, read by libthaw: what is valid, what it means, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>
#include <msgpack.h>

#include "thaw.h"

#define NOW_NS (INT64_C(1767225600) * 1000000000) /* 2026-01-01 */

static json_t *load(const char *name, json_t **ret_vectors)
{
    char path[512];
    json_error_t error;

    snprintf(path, sizeof(path), "%s/proto/vectors/%s", THAW_SOURCE_DIR, name);
    json_t *file = json_load_file(path, 0, &error);
    if (file == NULL)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    *ret_vectors = json_object_get(file, "vectors");
    assert_true(json_array_size(*ret_vectors) > 2);
    return file;
}

static const char *text_of(json_t *vector, const char *key)
{
    const char *text = json_string_value(json_object_get(vector, key));
    if (text == NULL)
        fail_msg("a vector has no %s", key);
    return text;
}

/* The bytes, in memory of exactly their size: a sanitizer sees the first read beyond them. */
static uint8_t *bytes_of(json_t *vector, size_t *ret_len)
{
    const char *hex = text_of(vector, "hex");
    size_t len = strlen(hex) / 2;
    uint8_t *bytes = malloc(len > 0 ? len : 1);

    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        bytes[i] = (uint8_t)byte;
    }
    *ret_len = len;
    return bytes;
}

/* ---- an event as the vectors show it ---------------------------------------------------- */

static void set_str(json_t *view, const char *key, thaw_str text)
{
    if (text.data != NULL)
        json_object_set_new(view, key, json_stringn(text.data, text.len));
}

static void set_word(json_t *view, const char *key, const char *word)
{
    if (word != NULL)
        json_object_set_new(view, key, json_string(word));
}

static void set_number(json_t *view, const char *key, bool there, uint64_t number)
{
    if (there)
        json_object_set_new(view, key, json_integer((json_int_t)number));
}

static void set_date(json_t *view, const char *key, const thaw_date *date)
{
    static const char *const names[] = {NULL, "instant", "day", "month", "year"};
    char ns[24];

    if (date->precision == THAW_ABSENT)
        return;
    snprintf(ns, sizeof(ns), "%lld", (long long)date->at_ns);
    json_object_set_new(view, key,
                        json_pack("{s:s, s:s, s:b}", "at_ns", ns, "precision",
                                  names[date->precision], "approximate", date->approximate));
}

static json_t *strs_view(thaw_list list)
{
    json_t *view = json_array();
    thaw_str text;

    while (thaw_str_next(&list, &text))
        json_array_append_new(view, json_stringn(text.data, text.len));
    return view;
}

static void set_parties(json_t *view, const char *key, thaw_list list)
{
    json_t *parties = json_array();
    bool there = list.data != NULL;
    thaw_party party;

    while (thaw_party_next(&list, &party)) {
        json_t *one = json_object();
        set_str(one, "name", party.name);
        set_str(one, "type", party.type);
        if (party.ids.data != NULL)
            json_object_set_new(one, "ids", strs_view(party.ids));
        json_array_append_new(parties, one);
    }
    if (there)
        json_object_set(view, key, parties);
    json_decref(parties);
}

static json_t *event_view(const thaw_event *e)
{
    json_t *view = json_object();

    set_str(view, "id", e->id);
    set_word(view, "kind", thaw_kind_name(e->kind));
    json_object_set_new(view, "country", json_stringn(e->country, 2));
    set_str(view, "source", e->source);
    set_str(view, "attributed_to", e->attributed_to);
    set_word(view, "status", thaw_status_name(e->status));
    set_date(view, "occurred_at", &e->occurred_at);
    set_date(view, "reported_at", &e->reported_at);
    set_str(view, "revises", e->revises);
    set_str(view, "retracts", e->retracts);
    set_str(view, "incident", e->incident);
    set_number(view, "count", e->has_count, e->count);
    set_word(view, "count_is", thaw_count_is_name(e->count_is));
    set_word(view, "covers", thaw_covers_name(e->covers));
    set_str(view, "part", e->part);
    set_word(view, "of", thaw_of_name(e->of));
    set_date(view, "since", &e->since);
    set_str(view, "category", e->category);
    set_word(view, "form", thaw_form_name(e->form));
    set_str(view, "destination", e->destination);
    set_str(view, "authority", e->authority);
    set_word(view, "action", thaw_action_name(e->action));
    set_str(view, "program", e->program);
    set_str(view, "sector", e->sector);
    set_parties(view, "targets", e->targets);
    set_word(view, "state", thaw_feed_state_name(e->feed_state));
    set_date(view, "expires_at", &e->expires_at);
    set_word(view, "stage", thaw_stage_name(e->stage));
    set_number(view, "expected_count", e->has_expected_count, e->expected_count);
    set_date(view, "expected_by", &e->expected_by);
    if (e->parties.data != NULL)
        json_object_set_new(view, "parties", strs_view(e->parties));
    set_parties(view, "persons", e->persons);
    set_str(view, "title", e->title);
    set_str(view, "note", e->note);
    set_str(view, "url", e->url);
    set_str(view, "producer", e->producer);
    set_number(view, "producer_seq", e->has_producer_seq, e->producer_seq);
    return view;
}

static void expect_equal(const char *name, json_t *got, json_t *expected)
{
    if (json_equal(got, expected))
        return;
    char *left = json_dumps(got, JSON_SORT_KEYS), *right = json_dumps(expected, JSON_SORT_KEYS);
    fail_msg("%s:\n got      %.2000s\n expected %.2000s", name, left, right);
}

static void test_valid(void **state)
{
    json_t *vectors, *vector, *file = load("valid.json", &vectors);
    size_t i;

    (void)state;
    json_array_foreach(vectors, i, vector)
    {
        const char *name = text_of(vector, "name");
        json_t *views = json_array();
        thaw_error error = {.message = ""};
        thaw_event event;
        thaw_body body;
        size_t len;
        uint8_t *bytes = bytes_of(vector, &len);
        int r = thaw_body_open(&body, bytes, len, &thaw_limits_default, NOW_NS, &error);
        while (r == 0 && (r = thaw_body_next(&body, &event, &error)) > 0) {
            json_array_append_new(views, event_view(&event));
            r = 0;
        }
        if (r < 0)
            fail_msg("%s: refused as %s: %s", name, thaw_code_name(error.code), error.message);
        expect_equal(name, views, json_object_get(vector, "events"));
        json_decref(views);
        free(bytes);
    }
    json_decref(file);
}

/* Whether an event of the vectors has that word under a key. */
static bool is_said(json_t *vectors, const char *key, const char *word)
{
    json_t *vector, *view;
    size_t i, k;

    json_array_foreach(vectors, i, vector)
    {
        json_array_foreach(json_object_get(vector, "events"), k, view)
        {
            const char *said = json_string_value(json_object_get(view, key));
            if (said != NULL && strcmp(said, word) == 0)
                return true;
        }
    }
    return false;
}

#define EVERY_WORD(key, list, last)                                                                \
    for (int i = 1; i <= (last); i++)                                                              \
        if (!is_said(vectors, key, thaw_##list##_name((thaw_##list)i)))                            \
    fail_msg("no vector has %s: %s", key, thaw_##list##_name((thaw_##list)i))

static void test_every_word_has_a_vector(void **state)
{
    json_t *vectors, *file = load("valid.json", &vectors);

    (void)state;
    EVERY_WORD("kind", kind, THAW_KIND_COUNT - 1);
    EVERY_WORD("status", status, THAW_CONFIRMED);
    EVERY_WORD("count_is", count_is, THAW_ABOUT);
    EVERY_WORD("covers", covers, THAW_WIDER);
    EVERY_WORD("of", of, THAW_OF_RELEASED);
    EVERY_WORD("state", feed_state, THAW_FEED_BROKEN);
    EVERY_WORD("form", form, THAW_FORM_COUNT - 1);
    EVERY_WORD("action", action, THAW_ACTION_COUNT - 1);
    EVERY_WORD("stage", stage, THAW_STAGE_COUNT - 1);
    assert_false(is_said(vectors, "form", "no-such-word"));
    json_decref(file);
}

static void test_invalid(void **state)
{
    json_t *vectors, *vector, *file = load("invalid.json", &vectors);
    size_t i;

    (void)state;
    json_array_foreach(vectors, i, vector)
    {
        const char *name = text_of(vector, "name"), *code = text_of(vector, "code");
        const char *field = text_of(vector, "field"), *found = text_of(vector, "found");
        thaw_error error = {.code = THAW_OK, .message = ""};
        thaw_event event;
        thaw_body body;
        size_t len;
        uint8_t *bytes = bytes_of(vector, &len);
        int r = thaw_body_open(&body, bytes, len, &thaw_limits_default, NOW_NS, &error);
        while (r == 0 && (r = thaw_body_next(&body, &event, &error)) > 0)
            r = 0;
        free(bytes);
        if (error.code == THAW_OK)
            fail_msg("%s: was not refused", name);
        if (strcmp(thaw_code_name(error.code), code) != 0)
            fail_msg("%s: refused as %s (%s), expected %s", name, thaw_code_name(error.code),
                     error.message, code);
        if (strncmp(error.message, field, strlen(field)) != 0 ||
            strchr(": [.", error.message[strlen(field)]) == NULL)
            fail_msg("%s: \"%s\" does not begin with %s", name, error.message, field);
        if (strstr(error.message, found) == NULL)
            fail_msg("%s: \"%s\" does not tell %s", name, error.message, found);
    }
    json_decref(file);
}

/* Whether a refusal is that of a name or id that says nothing. */
static bool is_of_nothing(const thaw_error *error)
{
    static const char *const sentences[] = {"that is not blank", "an id, or none",
                                            "neither of them blank", "a name behind"};
    for (size_t i = 0; i < sizeof(sentences) / sizeof(*sentences); i++)
        if (error->code == THAW_INVALID && strstr(error->message, sentences[i]) != NULL)
            return true;
    return false;
}

/* A journal may hold what was accepted when blanks could stand for names. */
static void test_names_of_nothing_that_are_stored(void **state)
{
    json_t *vectors, *vector, *file = load("invalid.json", &vectors);
    size_t i, met = 0;

    (void)state;
    json_array_foreach(vectors, i, vector)
    {
        thaw_error error = {.code = THAW_OK, .message = ""};
        thaw_event event;
        thaw_body body;
        size_t len;
        uint8_t *bytes = bytes_of(vector, &len);
        int r = thaw_body_open(&body, bytes, len, &thaw_limits_default, NOW_NS, &error);
        if (r == 0 && thaw_body_next(&body, &event, &error) < 0 && is_of_nothing(&error)) {
            assert_int_equal(thaw_body_open(&body, bytes, len, &thaw_limits_stored, 0, &error), 0);
            assert_int_equal(thaw_body_next(&body, &event, &error), 1);
            met++;
        }
        free(bytes);
    }
    assert_true(met > 100);
    json_decref(file);
}

static void test_dates(void **state)
{
    json_t *vectors, *vector, *file = load("dates.json", &vectors);
    size_t i;

    (void)state;
    json_array_foreach(vectors, i, vector)
    {
        const char *text = text_of(vector, "text");
        char again[THAW_DATE_TEXT];
        int64_t start, end;
        thaw_date date, second;
        assert_int_equal(thaw_date_parse(text, strlen(text), &date), 0);
        thaw_date_interval(&date, &start, &end);
        if (start != strtoll(text_of(vector, "start_ns"), NULL, 10) ||
            end != strtoll(text_of(vector, "end_ns"), NULL, 10))
            fail_msg("%s: from %lld to %lld", text, (long long)start, (long long)end);
        /* what is written reads as the same */
        int len = thaw_date_format(&date, again);
        assert_int_equal(thaw_date_parse(again, (size_t)len, &second), 0);
        assert_int_equal(second.at_ns, date.at_ns);
        assert_int_equal(second.precision, date.precision);
        assert_int_equal(second.approximate, date.approximate);
    }
    json_decref(file);
}

/* ---- alerts and beats ------------------------------------------------------------------- */

static json_t *map_view(thaw_raw raw)
{
    msgpack_unpacked unpacked;
    size_t offset = 0;
    json_t *view = json_object();

    msgpack_unpacked_init(&unpacked);
    if (raw.data != NULL && msgpack_unpack_next(&unpacked, (const char *)raw.data, raw.len,
                                                &offset) == MSGPACK_UNPACK_SUCCESS)
        for (uint32_t i = 0; i < unpacked.data.via.map.size; i++) {
            const msgpack_object_kv *pair = &unpacked.data.via.map.ptr[i];
            json_t *value = pair->val.type == MSGPACK_OBJECT_STR
                                ? json_stringn(pair->val.via.str.ptr, pair->val.via.str.size)
                                : json_integer((json_int_t)pair->val.via.u64);
            char key[64];
            snprintf(key, sizeof(key), "%.*s", (int)pair->key.via.str.size, pair->key.via.str.ptr);
            json_object_set_new(view, key, value);
        }
    msgpack_unpacked_destroy(&unpacked);
    return view;
}

static json_t *refs_view(thaw_list list)
{
    json_t *view = json_array();
    thaw_report_ref ref;

    while (thaw_report_next(&list, &ref)) {
        json_t *one = json_object();
        set_str(one, "source", ref.source);
        set_str(one, "id", ref.id);
        json_array_append_new(view, one);
    }
    return view;
}

static void set_ns(json_t *view, const char *key, int64_t ns)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)ns);
    json_object_set_new(view, key, json_string(text));
}

static json_t *alert_view(const thaw_alert *a)
{
    json_t *view = json_object();

    set_str(view, "epoch", a->epoch);
    set_number(view, "seq", true, a->seq);
    set_str(view, "id", a->id);
    set_number(view, "rev", true, a->rev);
    set_word(view, "state", thaw_alert_state_name(a->state));
    set_str(view, "rule", a->rule);
    set_str(view, "rule_version", a->rule_version);
    set_str(view, "severity", a->severity);
    set_str(view, "title", a->title);
    json_object_set_new(view, "labels", map_view(a->labels));
    set_str(view, "country", a->country);
    json_object_set_new(view, "group", map_view(a->group));
    json_object_set_new(view, "values", map_view(a->values));
    set_ns(view, "since", a->since_ns);
    set_ns(view, "at", a->at_ns);
    json_object_set_new(view, "facts", strs_view(a->facts));
    json_object_set_new(view, "reports", refs_view(a->reports));
    json_object_set_new(view, "sources", strs_view(a->sources));
    if (a->state == THAW_WITHDRAWN)
        json_object_set_new(view, "because", refs_view(a->because));
    return view;
}

static void test_alerts(void **state)
{
    json_t *vectors, *vector, *file = load("alerts.json", &vectors);
    size_t i;

    (void)state;
    json_array_foreach(vectors, i, vector)
    {
        const char *name = text_of(vector, "name");
        char topic[THAW_TOPIC_BYTES];
        thaw_error error = {.message = ""};
        thaw_alert alert;
        uint8_t *again;
        size_t len, again_len;
        uint8_t *bytes = bytes_of(vector, &len);
        if (thaw_alert_decode(&alert, bytes, len, &error) < 0)
            fail_msg("%s: %s", name, error.message);
        json_t *view = alert_view(&alert);
        expect_equal(name, view, json_object_get(vector, "alert"));
        json_decref(view);
        assert_true(thaw_alert_topic(alert.country, alert.rule, topic) > 0);
        assert_string_equal(topic, text_of(vector, "topic"));
        /* what is packed is what was read, up to the width of numbers */
        assert_int_equal(thaw_alert_encode(&alert, &again, &again_len), 0);
        assert_int_equal(again_len, len);
        assert_memory_equal(again, bytes, len);
        free(again);
        free(bytes);
    }
    json_decref(file);
}

static void test_bad_alerts(void **state)
{
    json_t *vectors, *vector, *file = load("bad_alerts.json", &vectors);
    size_t i;

    (void)state;
    json_array_foreach(vectors, i, vector)
    {
        thaw_error error = {.message = ""};
        thaw_alert alert;
        size_t len;
        uint8_t *bytes = bytes_of(vector, &len);
        if (thaw_alert_decode(&alert, bytes, len, &error) == 0)
            fail_msg("%s: was taken", text_of(vector, "name"));
        assert_true(error.message[0] != '\0');
        free(bytes);
    }
    json_decref(file);
}

static void test_beats(void **state)
{
    json_t *vectors, *vector, *file = load("beats.json", &vectors);
    size_t i;

    (void)state;
    json_array_foreach(vectors, i, vector)
    {
        json_t *meant = json_object_get(vector, "beat");
        uint8_t again[THAW_BEAT_BYTES];
        thaw_error error;
        thaw_beat beat;
        size_t len;
        uint8_t *bytes = bytes_of(vector, &len);
        assert_int_equal(thaw_beat_decode(&beat, bytes, len, &error), 0);
        assert_int_equal(beat.seq, strtoull(text_of(meant, "seq"), NULL, 10));
        assert_int_equal(beat.at_ns, strtoll(text_of(meant, "at"), NULL, 10));
        assert_int_equal(beat.epoch.len, strlen(text_of(meant, "epoch")));
        assert_memory_equal(beat.epoch.data, text_of(meant, "epoch"), beat.epoch.len);
        assert_int_equal(thaw_beat_encode(&beat, again), len);
        assert_memory_equal(again, bytes, len);
        for (size_t cut = 0; cut < len; cut++)
            assert_true(thaw_beat_decode(&beat, bytes, cut, &error) < 0);
        free(bytes);
    }
    json_decref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_every_word_has_a_vector),
        cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_names_of_nothing_that_are_stored),
        cmocka_unit_test(test_alerts),
        cmocka_unit_test(test_bad_alerts),
        cmocka_unit_test(test_beats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
