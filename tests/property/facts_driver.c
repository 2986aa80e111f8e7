/*
 * facts_driver.c - runs cases through the facts and prints what comes of them.
 *
 * One JSON object a line comes in:
 *   {"case": 7, "batches": [[event, ...], ...], "now": "2026-01-01",
 *    "nows": ["2025-05-01", ...], "each": true}
 * `nows` gives the clock of each batch (else `now`); after the last batch the clock goes to `end` (else `now`),
 * deadline by deadline. One JSON object a line comes out:
 *   {"case": 7, "facts": {kind: [fact, ...]}, "steps": [facts, ...], "accepted": 3,
 *    "duplicates": 0, "bytes": [before, after], "most": 5000, "problems": ["...", ...], "answers": [...]}
 * `most` are the bytes that were held at most, within a batch, too;
 * with `steps`, the facts after each batch, only where `each` asks for it, and `answers` to
 * "ask": [{"state": "BY", "since": "2024-07-01", "at": "2025-05-01"}, {"explain": ID}, {"incidents": "BY"}, ...];
 * with `at` the ledger as it was known at the start of that date.
 * "digest" is facts_config.digest_min. With "quiet": true no fact is looked at (for large cases):
 * `facts` is empty. With "image": true the facts are made anew of their image after each batch.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine.h"
#include "facts/memory/pages.h"
#include "facts_driver_watch.h"
#include "forms/json.h"

typedef struct run {
    facts *f;
    facts_config config;
    watch w;
    int64_t now_ns, clock_ns;
    uint64_t accepted, duplicates, bytes_most;
    bool quiet, images;
} run;

/* ---- JSON to MessagePack ---------------------------------------------------------------- */

static void pack_text(msgpack_packer *out, const char *text, size_t len)
{
    msgpack_pack_str(out, len);
    msgpack_pack_str_body(out, text, len);
}

static void pack_json(msgpack_packer *out, json_t *value)
{
    const char *key;
    json_t *item;
    size_t at;

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        msgpack_pack_map(out, json_object_size(value));
        json_object_foreach(value, key, item)
        {
            pack_text(out, key, strlen(key));
            pack_json(out, item);
        }
        break;
    case JSON_ARRAY:
        msgpack_pack_array(out, json_array_size(value));
        json_array_foreach(value, at, item) pack_json(out, item);
        break;
    case JSON_STRING:
        pack_text(out, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        msgpack_pack_int64(out, json_integer_value(value));
        break;
    case JSON_REAL:
        msgpack_pack_double(out, json_real_value(value));
        break;
    case JSON_TRUE:
        msgpack_pack_true(out);
        break;
    case JSON_FALSE:
        msgpack_pack_false(out);
        break;
    case JSON_NULL:
        msgpack_pack_nil(out);
        break;
    }
}

/* ---- running ---------------------------------------------------------------------------- */

static int64_t date_start(const char *text)
{
    thaw_date date;
    int64_t start_ns, end_ns;

    if (!text || thaw_date_parse(text, strlen(text), &date)) {
        fprintf(stderr, "not a date: %s\n", text ? text : "(none)");
        exit(2);
    }
    thaw_date_interval(&date, &start_ns, &end_ns);
    return start_ns;
}

static void run_add(run *r, const thaw_event *event)
{
    facts_verdict verdict = {.code = THAW_OK};
    int error = facts_add(r->f, event, facts_key(event), r->clock_ns, &verdict);

    if (error || verdict.code != THAW_OK)
        watch_problem(&r->w, "facts_add gives %d, %s", error, thaw_code_name(verdict.code));
    else if (verdict.duplicate)
        r->duplicates++;
    else
        r->accepted++;
    if (facts_bytes(r->f) > r->bytes_most)
        r->bytes_most = facts_bytes(r->f);
}

/* Before it is added: what it refers to lives until then. */
static void run_note_taken(run *r, const thaw_event *event)
{
    thaw_str targets[] = {event->kind == THAW_RETRACTION ? event->retracts : (thaw_str){0},
                          event->revises};

    for (size_t i = 0; i < 2; i++)
        if (targets[i].data && !facts_knows(r->f, facts_key(event)))
            watch_taken(&r->w, event->source, targets[i], facts_number(r->f) + 1);
}

static void run_look(run *r)
{
    if (!r->quiet)
        watch_look(&r->w, r->f);
    r->w.changes = 0;
}

static void run_batch(run *r, json_t *batch)
{
    msgpack_sbuffer bytes;
    msgpack_packer packer;
    thaw_body body;
    thaw_event event;
    thaw_error error;
    int got;

    msgpack_sbuffer_init(&bytes);
    msgpack_packer_init(&packer, &bytes, msgpack_sbuffer_write);
    pack_json(&packer, batch);
    if (thaw_body_open(&body, bytes.data, bytes.size, &thaw_limits_default, r->now_ns, &error)) {
        watch_problem(&r->w, "batch rejected: %s", error.message);
    } else {
        while ((got = thaw_body_next(&body, &event, &error)) != 0) {
            if (got < 0)
                watch_problem(&r->w, "event rejected: %s", error.message);
            else {
                run_note_taken(r, &event);
                run_add(r, &event);
            }
        }
    }
    msgpack_sbuffer_destroy(&bytes);
    int settled = facts_settle(r->f, r->clock_ns);
    if (settled)
        watch_problem(&r->w, "facts_settle gives %d", settled);
    run_look(r);
}

static void run_advance(run *r, int64_t now_ns)
{
    int error = facts_advance(r->f, now_ns);

    if (error)
        watch_problem(&r->w, "facts_advance gives %d", error);
    r->clock_ns = now_ns;
}

/* Brings the clock to an instant, deadline by deadline: nothing may happen between two of them. */
static void run_clock(run *r, int64_t now_ns)
{
    for (int64_t next; (next = facts_next_deadline(r->f)) <= now_ns;) {
        if (next <= r->clock_ns) {
            watch_problem(&r->w, "a deadline at %" PRId64 " that is over at %" PRId64, next,
                          r->clock_ns);
            break;
        }
        run_advance(r, next - 1);
        if (r->w.changes)
            watch_problem(&r->w, "%zu changes before the deadline at %" PRId64, r->w.changes, next);
        run_look(r);
        run_advance(r, next);
        run_look(r);
    }
    run_advance(r, now_ns);
    if (r->w.changes)
        watch_problem(&r->w, "%zu changes without a deadline", r->w.changes);
    run_look(r);
}

static void run_new_facts(run *r)
{
    if (facts_new(&r->config, r->quiet ? NULL : watch_change, &r->w, &r->f)) {
        fprintf(stderr, "facts_new failed\n");
        exit(2);
    }
}

/* Others go on from the image of these; as engine_image_load, but for the head. */
static void run_take_over(run *r)
{
    saved_out out = {0};
    uint64_t bytes = facts_bytes(r->f);

    int error = facts_put_image(r->f, &out);
    facts_put_image_pages(r->f, &out);
    uint8_t *pages =
        mmap(NULL, out.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (error || out.failed || pages == MAP_FAILED) {
        fprintf(stderr, "an image fails: %d\n", error);
        exit(2);
    }
    memcpy(pages, out.bytes, out.len);
    saved_in in = {pages, out.len, false};
    facts_free(r->f);
    run_new_facts(r);
    facts_get_image(r->f, &in);
    saved_get_until(&in, pages_size());
    size_t head = (size_t)(in.at - pages);
    facts_get_image_pages(r->f, &in);
    if (in.failed || in.left)
        watch_problem(&r->w, "the image is not read to its end: %zu bytes are left", in.left);
    if (head)
        munmap(pages, head);
    free(out.bytes);
    if (facts_bytes(r->f) != bytes)
        watch_problem(&r->w, "bytes went from %" PRIu64 " to %" PRIu64 " by an image", bytes,
                      facts_bytes(r->f));
}

static void run_batches(run *r, json_t *root, json_t *steps)
{
    json_t *nows = json_object_get(root, "nows"), *batch;
    size_t at;

    json_array_foreach(json_object_get(root, "batches"), at, batch)
    {
        run_clock(r, nows ? date_start(json_string_value(json_array_get(nows, at))) : r->now_ns);
        run_batch(r, batch);
        if (r->images)
            run_take_over(r);
        if (steps) {
            char *text = watch_print(&r->w);
            json_array_append_new(steps, json_loads(text, 0, NULL));
            free(text);
        }
    }
    json_t *end = json_object_get(root, "end");
    run_clock(r, end ? date_start(json_string_value(end)) : r->now_ns);
}

/* ---- questions -------------------------------------------------------------------------- */

static int ask_state(run *r, engine_state_query query, const char *at, msgpack_packer *out)
{
    facts *past = NULL;

    if (!at)
        return facts_write_state(r->f, &query, r->clock_ns, out);
    query.at_ns = date_start(at);
    int error = facts_as_known(r->f, query.country, query.at_ns, false, &past);
    if (!error)
        error = facts_write_state(past, &query, query.at_ns, out);
    facts_free(past);
    return error;
}

static int ask_one(run *r, json_t *question, msgpack_packer *out)
{
    const char *state = json_string_value(json_object_get(question, "state"));
    const char *incidents = json_string_value(json_object_get(question, "incidents"));
    const char *explain = json_string_value(json_object_get(question, "explain"));
    const char *since = json_string_value(json_object_get(question, "since"));
    thaw_date date = {0};

    if (since && thaw_date_parse(since, strlen(since), &date))
        return -EINVAL;
    if (state)
        return ask_state(r, (engine_state_query){.country = state, .at_ns = INT64_MAX, .since = date},
                         json_string_value(json_object_get(question, "at")), out);
    if (incidents)
        return facts_write_incidents(
            r->f, &(engine_incidents_query){.country = incidents, .since = date}, out);
    if (explain)
        return facts_write_explain(r->f, (thaw_str){explain, (uint32_t)strlen(explain)},
                                   &(engine_explain_query){.bytes = 0}, out);
    return -EINVAL;
}

static void print_answers(run *r, json_t *questions)
{
    json_t *question;
    size_t at;

    fputs(",\"answers\":[", stdout);
    json_array_foreach(questions, at, question)
    {
        msgpack_sbuffer bytes;
        msgpack_packer packer;
        msgpack_unpacked answer;
        msgpack_sbuffer_init(&bytes);
        msgpack_packer_init(&packer, &bytes, msgpack_sbuffer_write);
        msgpack_unpacked_init(&answer);
        int error = ask_one(r, question, &packer);
        if (error == -ENOENT) /* nothing is known of it: nil */
            error = msgpack_pack_nil(&packer);
        if (error ||
            msgpack_unpack_next(&answer, bytes.data, bytes.size, NULL) != MSGPACK_UNPACK_SUCCESS) {
            fprintf(stderr, "question %zu gives %d\n", at, error);
            exit(2);
        }
        fputs(at ? "," : "", stdout);
        json_write(&answer.data, stdout);
        msgpack_unpacked_destroy(&answer);
        msgpack_sbuffer_destroy(&bytes);
    }
    fputc(']', stdout);
}

static facts_config config_default(uint32_t digest_min)
{
    const int64_t hour_ns = INT64_C(3600) * 1000000000;
    facts_config config = {
        .reports_max = 1000000, .bytes_max = UINT64_C(1) << 32, .digest_min = digest_min};

    config.tolerance_ns[THAW_RELEASE] = 36 * hour_ns;
    config.tolerance_ns[THAW_DETENTION] = 36 * hour_ns;
    config.tolerance_ns[THAW_TALKS] = 36 * hour_ns;
    config.tolerance_ns[THAW_SANCTION] = 7 * 24 * hour_ns;
    return config;
}

static void run_case(json_t *root)
{
    run r = {.config =
                 config_default((uint32_t)json_integer_value(json_object_get(root, "digest"))),
             .images = json_is_true(json_object_get(root, "image")),
             .clock_ns = INT64_MIN,
             .now_ns = date_start(json_string_value(json_object_get(root, "now")))};
    json_t *steps = json_is_true(json_object_get(root, "each")) ? json_array() : NULL;

    r.quiet = json_is_true(json_object_get(root, "quiet"));
    r.w = (watch){.problems = json_array(), .now_ns = r.now_ns};
    run_new_facts(&r);
    uint64_t before = facts_bytes(r.f);
    run_batches(&r, root, steps);
    char *printed = r.quiet ? strdup("{}") : watch_print(&r.w);
    char *problems = json_dumps(r.w.problems, JSON_COMPACT);
    printf("{\"case\":%" JSON_INTEGER_FORMAT ",\"facts\":%s,\"accepted\":%" PRIu64
           ",\"duplicates\":%" PRIu64 ",\"bytes\":[%" PRIu64 ",%" PRIu64 "],\"most\":%" PRIu64
           ",\"problems\":%s",
           json_integer_value(json_object_get(root, "case")), printed, r.accepted, r.duplicates,
           before, facts_bytes(r.f), r.bytes_most, problems);
    if (steps) {
        char *text = json_dumps(steps, JSON_SORT_KEYS | JSON_COMPACT);
        printf(",\"steps\":%s", text);
        free(text);
    }
    if (json_object_get(root, "ask"))
        print_answers(&r, json_object_get(root, "ask"));
    puts("}");
    fflush(stdout);
    free(printed);
    free(problems);
    json_decref(steps);
    json_decref(r.w.problems);
    watch_clear(&r.w);
    facts_free(r.f);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;

    while (getline(&line, &room, stdin) > 0) {
        json_error_t error;
        json_t *root = json_loads(line, 0, &error);
        if (!root) {
            fprintf(stderr, "not JSON: %s\n", error.text);
            return 2;
        }
        run_case(root);
        json_decref(root);
    }
    free(line);
    return 0;
}
