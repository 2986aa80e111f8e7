/*
 * hotpath.c - the hot path alone, in one thread and without sockets: bodies decoded, the engine
 * with facts and rules, records into a journal's format. The same work every time: for callgrind,
 * perf, and for the figures that sockets would only blur.
 *
 *   bench_hotpath EVENTS [--per M] [--batch B] [--rules FILE] [--countries C]
 *                 [--stage msgpack|decode|hash|all] [--before N] [--corrections P] [--again K] [--clock wall|reported]
 *
 * --stage msgpack: the bodies as objects of msgpack-c in one zone that is used again, nothing
 * looked at: the baseline of decode. --before: so many reports are taken in first and not measured
 * (at 1 000 a batch).
 */
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_TOGGLE_COLLECT (void)0
#endif

#include <msgpack.h>

#include "common.h"
#include "engine.h"
#include "messages.h"
#include "rules/rules.h"

#define START_S INT64_C(1767225600)
#define CHUNK 1000000u

typedef struct path {
    engine *engine;
    thaw_event *events;
    engine_verdict *verdicts;
    size_t capacity, count, batch;
    int64_t now_ns;
    uint64_t accepted, duplicates, alerts;
    int stage;
    thaw_hash sum;
    uint64_t fired; /* alerts that began */
} path;

enum { STAGE_MSGPACK, STAGE_DECODE, STAGE_HASH, STAGE_ALL };

static void on_alert(void *context, const thaw_alert *alert)
{
    path *p = context;

    p->alerts++;
    p->fired += alert->rev == 1 && alert->state == THAW_FIRING;
}

static void apply(path *p)
{
    if (p->stage == STAGE_HASH)
        for (size_t i = 0; i < p->count; i++) {
            thaw_hash content = thaw_event_content_hash(&p->events[i]);
            thaw_hash key = thaw_report_key(p->events[i].source, p->events[i].id);
            p->sum.low ^= content.low ^ key.low;
        }
    if (p->stage == STAGE_ALL) {
        p->now_ns += 1000000;
        MUST(engine_apply(p->engine, p->events, p->count, p->now_ns, p->verdicts) == 0);
        for (size_t i = 0; i < p->count; i++) {
            MUST(p->verdicts[i].code == THAW_OK);
            p->duplicates += p->verdicts[i].duplicate;
            p->accepted += !p->verdicts[i].duplicate;
        }
    }
    p->count = 0;
}

static void run(path *p, const messages *m, uint32_t again)
{
    thaw_body body;
    thaw_error error;

    for (size_t i = 0; i < m->count * again; i++) {
        const message *one = &m->items[i / again];
        MUST(thaw_body_begin(&body, m->bytes + one->at, one->len, &thaw_limits_default, p->now_ns,
                             &error) == 0);
        while (thaw_body_next(&body, &p->events[p->count], &error) == 1) {
            MUST(thaw_topic_check(one->topic, strlen(one->topic), &p->events[p->count], &error) ==
                 THAW_OK);
            p->count++;
        }
        MUST(body.index == body.count);
        if (p->count >= p->batch)
            apply(p);
    }
    apply(p);
}

static void run_msgpack(const messages *m, uint32_t again)
{
    msgpack_zone zone;
    msgpack_object object;

    MUST(msgpack_zone_init(&zone, MSGPACK_ZONE_CHUNK_SIZE));
    for (size_t i = 0; i < m->count * again; i++) {
        const message *one = &m->items[i / again];
        size_t off = 0;
        MUST(msgpack_unpack((const char *)m->bytes + one->at, one->len, &off, &zone, &object) ==
             MSGPACK_UNPACK_SUCCESS);
        MUST(off == one->len && object.via.map.size > 0);
        msgpack_zone_clear(&zone);
    }
    msgpack_zone_destroy(&zone);
}

static void load_rules(path *p, const char *file)
{
    rules_complaints complaints = {0};
    rules *set;

    int r = rules_load(&file, 1, NULL, false, &set, &complaints);
    for (size_t i = 0; r < 0 && i < complaints.count; i++)
        fprintf(stderr, "%s:%u: %s\n", complaints.at[i].file, complaints.at[i].line,
                complaints.at[i].text);
    MUST(r == 0);
    MUST(engine_set_rules(p->engine, set, false, NULL, NULL) == 0);
    rules_complaints_done(&complaints);
}

static long resident_kb(void)
{
    long total, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    MUST(f != NULL && fscanf(f, "%ld %ld", &total, &resident) == 2);
    fclose(f);
    return resident * 4;
}

int main(int argc, char *argv[])
{
    uint64_t events = argc > 1 ? strtoull(argv[1], NULL, 10) : 0,
             before = option_count(argc, argv, "--before", 0);
    uint32_t per = (uint32_t)option_count(argc, argv, "--per", 1);
    uint32_t again = (uint32_t)option_count(argc, argv, "--again", 1);
    const char *rules_file = option(argc, argv, "--rules", NULL),
               *stage = option(argc, argv, "--stage", "all");
    path p = {.batch = option_count(argc, argv, "--batch", 1000), .now_ns = START_S * 1000000000};
    engine_sink sink = {.context = &p, .alert = on_alert};
    engine_config config = engine_config_default;
    stream s = stream_until((uint32_t)option_count(argc, argv, "--countries", 200), before + events,
                            START_S);
    int64_t cpu = 0;

    MUST(events > 0);
    if (strcmp(option(argc, argv, "--clock", "wall"), "reported") == 0)
        config.clock = ENGINE_CLOCK_REPORTED;
    s.corrections = (uint32_t)option_count(argc, argv, "--corrections", s.corrections);
    p.stage = strcmp(stage, "msgpack") == 0  ? STAGE_MSGPACK
              : strcmp(stage, "decode") == 0 ? STAGE_DECODE
              : strcmp(stage, "hash") == 0   ? STAGE_HASH
                                             : STAGE_ALL;
    p.capacity = p.batch + (size_t)per + 1;
    p.events = calloc(p.capacity, sizeof(*p.events));
    p.verdicts = calloc(p.capacity, sizeof(*p.verdicts));
    MUST(p.events != NULL && p.verdicts != NULL && engine_new(&config, &sink, &p.engine) == 0);
    if (rules_file != NULL)
        load_rules(&p, rules_file);
    for (uint64_t at = 0; at < before;) {
        uint64_t part = before - at < CHUNK ? before - at : CHUNK;
        messages m = messages_make(&s, at, part, 1, false);
        run(&p, &m, 1);
        messages_done(&m);
        at += part;
    }
    p.accepted = p.duplicates = 0;
    messages m = messages_make(&s, before, events, per, false);
    long resident = resident_kb();
    CALLGRIND_TOGGLE_COLLECT;
    cpu = clock_of(CLOCK_THREAD_CPUTIME_ID);
    if (p.stage == STAGE_MSGPACK)
        run_msgpack(&m, again);
    else
        run(&p, &m, again);
    cpu = clock_of(CLOCK_THREAD_CPUTIME_ID) - cpu;
    CALLGRIND_TOGGLE_COLLECT;
    MUST(p.stage != STAGE_ALL || (p.accepted == events && p.duplicates == events * (again - 1)));
    tell("ns_per_event", (double)cpu / (double)(events * again));
    tell("alerts", (double)p.alerts);
    tell("fired", (double)p.fired);
    tell("resident_kb", (double)resident_kb());
    tell("grown_kb", (double)(resident_kb() - resident));
    messages_done(&m);
    engine_free(p.engine);
    free(p.events);
    free(p.verdicts);
    return (int)(p.sum.low & 0); /* the sum is used */
}
