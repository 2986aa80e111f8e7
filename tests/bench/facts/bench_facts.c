/*
 * bench_facts.c - what a report costs the facts: CPU time and memory, over many reports.
 *
 *   bench_facts [--reports N] [--countries N] [--batch N] [--late PER_THOUSAND] [--seed N]
 *               [--incident N] [--vague PER_THOUSAND] [--persons PER_THOUSAND]
 *               [--corrections PER_THOUSAND]
 *               [--voices N (of a country)] [--order time|backwards|shuffled] [--bare]
 *
 * Reports are made up batch by batch: twenty years of releases, detentions, talks and sanctions of
 * the countries, each incident with up to --incident reports (few have many). Made and decoded
 * outside the clock; measured is facts_add for each report (identity included) and facts_settle for
 * each batch. With --bare, only what stands below all facts: identity, the symbol of the source, the
 * record and the copy of the text, by the facts' own modules.
 */
#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "facts/facts.h"
#include "facts/state/reports.h"
#include "facts/memory/symbols.h"

#define KEYS 35u
#define YEARS 20
#define DAY_S 86400
#define START_S 1104537600 /* 2005-01-01 */

typedef struct options {
    uint64_t reports, seed;
    uint32_t countries, batch, late, incident, vague, persons, corrections, voices;
    const char *order;
    bool bare;
} options;

/* The incident that a key of a country is reported on at present. */
typedef struct stream {
    int64_t day_s;
    uint32_t left, count;
    uint32_t last_source; /* of the last report, for a revision of it */
    uint64_t last_id;
} stream;

typedef struct bench {
    options o;
    stream *streams; /* countries x keys */
    uint64_t random, made;
    msgpack_sbuffer bytes;
    msgpack_packer packer;
    thaw_event *events;
    thaw_hash *keys; /* of the events */
    facts *f;
    reports *bare_reports; /* with --bare, instead of `f` */
    symbols *bare_symbols;
    uint64_t changes;
    uint64_t add_ns, settle_ns, worst_ns, decode_ns;
} bench;

static uint64_t draw(bench *b)
{
    b->random ^= b->random << 13;
    b->random ^= b->random >> 7;
    b->random ^= b->random << 17;
    return b->random * 0x2545f4914f6cdd1du >> 11;
}

static bool chance(bench *b, uint32_t per_thousand)
{
    return draw(b) % 1000 < per_thousand;
}

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- making reports --------------------------------------------------------------------- */

static void put_text(bench *b, const char *key, const char *value)
{
    msgpack_pack_str_with_body(&b->packer, key, strlen(key));
    msgpack_pack_str_with_body(&b->packer, value, strlen(value));
}

static void put_number(bench *b, const char *key, uint64_t value)
{
    msgpack_pack_str_with_body(&b->packer, key, strlen(key));
    msgpack_pack_uint64(&b->packer, value);
}

static void put_date(bench *b, const char *key, int64_t at_s, bool vague)
{
    char text[32];
    time_t t = at_s;
    struct tm parts;
    gmtime_r(&t, &parts);
    strftime(text, sizeof text, vague ? "%Y-%m" : "%Y-%m-%d", &parts);
    put_text(b, key, text);
}

static uint32_t draw_key(bench *b)
{
    uint32_t r = (uint32_t)(draw(b) % 100);
    if (r < 40)
        return 0; /* releases, acts of grace */
    if (r < 45)
        return 1; /* sentences served */
    if (r < 70)
        return 2; /* detentions */
    if (r < 80)
        return 3 + (uint32_t)(draw(b) % 7);        /* talks, by stage */
    return 10 + (uint32_t)(draw(b) % (KEYS - 10)); /* sanctions, by authority and effect */
}

/* Few incidents have many reports: half have at most eight. */
static uint32_t draw_size(bench *b)
{
    double u = (double)(draw(b) % 1000000 + 1) / 1000000;
    double size = 4 / u;
    return size > b->o.incident ? b->o.incident : (uint32_t)size;
}

static void put_kind(bench *b, uint32_t key, uint32_t step, uint32_t *ret_fields)
{
    static const char *const stages[] = {"reported", "demanded", "offered",  "promised",
                                         "agreed",   "denied",   "collapsed"};
    static const char *const authorities[] = {"US", "EU", "UK", "CA", "CH", "UN"};
    static const char *const actions[] = {"imposed", "licensed", "delisted", "maintained"};
    if (key < 3) {
        put_text(b, "kind", key == 2 ? "detention" : "release");
        if (key == 1)
            put_text(b, "form", "sentence_served");
        *ret_fields += key == 1;
        return;
    }
    if (key < 10) {
        put_text(b, "kind", "talks");
        put_text(b, "stage", stages[key - 3]);
        *ret_fields += 1;
        return;
    }
    put_text(b, "kind", "sanction");
    put_text(b, "authority", authorities[(key - 10) % 6]);
    put_text(b, "action", actions[(key - 10) / 6 % 4]);
    char program[32];
    snprintf(program, sizeof program, "PROGRAM-%u", step % 50);
    put_text(b, "program", program);
    *ret_fields += 3;
}

static void put_persons(bench *b)
{
    char id[32], name[32];
    uint32_t person = (uint32_t)(draw(b) % 100000);
    snprintf(id, sizeof id, "list:%u", person);
    snprintf(name, sizeof name, "Person Number-%u", person);
    msgpack_pack_str_with_body(&b->packer, "persons", 7);
    msgpack_pack_array(&b->packer, 1);
    msgpack_pack_map(&b->packer, 2);
    put_text(b, "name", name);
    msgpack_pack_str_with_body(&b->packer, "ids", 3);
    msgpack_pack_array(&b->packer, 1);
    msgpack_pack_str_with_body(&b->packer, id, strlen(id));
}

/* Where the time of the n-th report lies. */
static int64_t time_of(bench *b, uint64_t n)
{
    const int64_t span_s = (int64_t)YEARS * 365 * DAY_S;
    if (*b->o.order == 's')
        return START_S + (int64_t)(draw(b) % (uint64_t)span_s);
    double share = (double)n / (double)b->o.reports;
    return START_S + (int64_t)((*b->o.order == 'b' ? 1 - share : share) * (double)span_s);
}

static void make_report(bench *b)
{
    uint64_t n = b->made++;
    char text[64];
    uint32_t country = (uint32_t)(draw(b) % b->o.countries), key = draw_key(b), fields = 5;
    int64_t now_s = time_of(b, n);
    stream *s = &b->streams[country * KEYS + key];
    if (!s->left || *b->o.order == 's') {
        s->left = draw_size(b);
        s->day_s = now_s;
        s->count = 1 + (uint32_t)(draw(b) % 200);
        s->last_id = 0;
    }
    s->left--;
    bool late = chance(b, b->o.late), vague = chance(b, b->o.vague), attributed = chance(b, 300);
    bool revises = s->last_id && chance(b, b->o.corrections),
         persons = key < 3 && chance(b, b->o.persons);
    bool part = key < 3 && !persons && chance(b, 50), counted = key < 3 && !persons;
    uint32_t source = revises ? s->last_source : (uint32_t)(draw(b) % b->o.voices);
    /* The number of fields is known only at the end: the body first, behind a map16 header. */
    size_t header = b->bytes.size;
    msgpack_sbuffer_write(&b->bytes, "\xde\0\0", 3);
    put_kind(b, key, s->count, &fields);
    snprintf(text, sizeof text, "%c%c", 'A' + country / 26 % 26, 'A' + country % 26);
    put_text(b, "country", text);
    snprintf(text, sizeof text, "outlet-%u-%u.example", country, source);
    put_text(b, "source", text);
    snprintf(text, sizeof text, "item-%" PRIu64, n + 1);
    put_text(b, "id", text);
    put_date(b, "occurred_at",
             late ? START_S + (int64_t)(draw(b) % (uint64_t)(now_s - START_S + DAY_S)) : s->day_s,
             vague);
    msgpack_pack_str_with_body(&b->packer, "reported_at", 11);
    msgpack_pack_int64(&b->packer, now_s);
    fields++;
    put_text(b, "status", draw(b) % 3 ? "announced" : "confirmed");
    fields++;
    put_text(b, "title", "A line such as outlets print above their reports, of a usual length");
    fields++;
    if (counted)
        put_number(b, "count", s->count + (draw(b) % 10 == 0)), fields++;
    if (counted && draw(b) % 5 == 0)
        put_text(b, "count_is", "at_least"), fields++;
    if (part) {
        put_text(b, "covers", "part");
        put_text(b, "part", draw(b) % 2 ? "destination=LT" : "destination=UA");
        fields += 2;
    }
    if (attributed) {
        snprintf(text, sizeof text, "office-%u", (unsigned)(draw(b) % 50));
        put_text(b, "attributed_to", text);
        fields++;
    }
    if (persons) {
        put_number(b, "count", 1);
        put_persons(b);
        fields += 2;
    }
    if (revises) {
        snprintf(text, sizeof text, "item-%" PRIu64, s->last_id);
        put_text(b, "revises", text);
        fields++;
    }
    s->last_id = n + 1;
    s->last_source = source;
    b->bytes.data[header + 1] = (char)(fields >> 8);
    b->bytes.data[header + 2] = (char)fields;
}

/* Makes and decodes the reports of one batch; returns how many. */
static uint32_t make_batch(bench *b)
{
    uint64_t left = b->o.reports - b->made;
    uint32_t count = left < b->o.batch ? (uint32_t)left : b->o.batch;
    msgpack_sbuffer_clear(&b->bytes);
    msgpack_pack_array(&b->packer, count);
    for (uint32_t i = 0; i < count; i++)
        make_report(b);
    thaw_limits limits = thaw_limits_default;
    limits.events = count;
    limits.message_bytes = UINT32_MAX;
    thaw_body body;
    thaw_error error = {0};
    uint64_t before = cpu_ns();
    if (thaw_body_open(&body, b->bytes.data, b->bytes.size, &limits, INT64_MAX / 2, &error) < 0) {
        fprintf(stderr, "a batch was rejected: %s\n", error.message);
        exit(1);
    }
    for (uint32_t i = 0; i < count; i++)
        if (thaw_body_next(&body, &b->events[i], &error) != 1) {
            fprintf(stderr, "a report was rejected: %s\n", error.message);
            exit(1);
        }
    b->decode_ns += cpu_ns() - before;
    return count;
}

/* ---- measuring -------------------------------------------------------------------------- */

static void on_change(void *context, const fact_change *change)
{
    (void)change;
    ((bench *)context)->changes++;
}

static void run_batch(bench *b, uint32_t count, uint64_t at)
{
    uint64_t start = cpu_ns();
    for (uint32_t i = 0; i < count; i++) {
        facts_verdict v;
        if (i % FACTS_AHEAD == 0)
            facts_look_ahead(b->f, &b->events[i], count - i < FACTS_AHEAD ? count - i : FACTS_AHEAD,
                             &b->keys[i]);
        if (facts_add(b->f, &b->events[i], b->keys[i], (int64_t)at, &v) || v.code != THAW_OK ||
            v.duplicate) {
            fprintf(stderr, "report %" PRIu64 " was not taken: %s\n", at + i,
                    thaw_code_name(v.code));
            exit(1);
        }
    }
    uint64_t added = cpu_ns();
    if (facts_settle(b->f, (int64_t)at)) {
        fprintf(stderr, "facts_settle failed\n");
        exit(1);
    }
    uint64_t settled = cpu_ns();
    b->add_ns += added - start;
    b->settle_ns += settled - added;
    if (settled - start > b->worst_ns)
        b->worst_ns = settled - start;
}

/* The floor: what has to be known of a report before any fact can follow. */
static void run_bare(bench *b, uint32_t count)
{
    uint64_t start = cpu_ns();
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number, source;
        for (uint32_t k = i; i % FACTS_AHEAD == 0 && k < count && k < i + FACTS_AHEAD; k++) {
            b->keys[k] = facts_key(&b->events[k]);
            reports_prefetch(b->bare_reports, b->keys[k]);
        }
        if (reports_find(b->bare_reports, b->keys[i]) ||
            symbols_put(b->bare_symbols, b->events[i].source, &source) ||
            reports_append(b->bare_reports, b->keys[i], b->events[i].bytes, b->events[i].bytes_len,
                           &number)) {
            fprintf(stderr, "a report was not taken\n");
            exit(1);
        }
        report *r = reports_at(b->bare_reports, number);
        r->source = source;
        r->count = b->events[i].count;
    }
    b->add_ns += cpu_ns() - start;
}

static uint64_t counter_of(bench *b, const char *name)
{
    msgpack_sbuffer bytes;
    msgpack_packer packer;
    msgpack_unpacked result;
    uint64_t value = 0;
    msgpack_sbuffer_init(&bytes);
    msgpack_packer_init(&packer, &bytes, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, facts_write_counters(b->f, NULL));
    facts_write_counters(b->f, &packer);
    msgpack_unpacked_init(&result);
    if (msgpack_unpack_next(&result, bytes.data, bytes.size, NULL) == MSGPACK_UNPACK_SUCCESS)
        for (uint32_t i = 0; i < result.data.via.map.size; i++) {
            msgpack_object_kv *kv = &result.data.via.map.ptr[i];
            if (kv->key.via.str.size == strlen(name) &&
                memcmp(kv->key.via.str.ptr, name, strlen(name)) == 0)
                value = kv->val.via.u64;
        }
    msgpack_unpacked_destroy(&result);
    msgpack_sbuffer_destroy(&bytes);
    return value;
}

static void print_line(bench *b)
{
    double n = (double)b->made;
    if (b->o.bare) {
        printf("%10" PRIu64 " reports: %6.0f ns for identity, symbol, record and text alone\n",
               b->made, (double)b->add_ns / n);
        return;
    }
    printf("%10" PRIu64
           " reports: add %6.0f ns, settle %6.0f ns, both %6.0f ns; dearest batch %6.2f ms; "
           "%5.1f bytes a report beside its text; %" PRIu64 " incidents, %" PRIu64
           " persons, %" PRIu64 " changes\n",
           b->made, (double)b->add_ns / n, (double)b->settle_ns / n,
           (double)(b->add_ns + b->settle_ns) / n, (double)b->worst_ns / 1e6,
           (double)counter_of(b, "memory_bytes") / n, counter_of(b, "incidents"),
           counter_of(b, "persons"), b->changes);
    fflush(stdout);
}

static uint64_t number_option(const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (*end || end == text) {
        fprintf(stderr, "not a number: %s\n", text);
        exit(2);
    }
    return value;
}

static options read_options(int argc, char **argv)
{
    static const struct option names[] = {{"reports", 1, 0, 'r'},
                                          {"countries", 1, 0, 'c'},
                                          {"batch", 1, 0, 'b'},
                                          {"late", 1, 0, 'l'},
                                          {"seed", 1, 0, 's'},
                                          {"incident", 1, 0, 'i'},
                                          {"vague", 1, 0, 'v'},
                                          {"persons", 1, 0, 'p'},
                                          {"corrections", 1, 0, 'x'},
                                          {"voices", 1, 0, 'w'},
                                          {"order", 1, 0, 'o'},
                                          {"bare", 0, 0, 'B'},
                                          {0, 0, 0, 0}};
    options o = {.reports = 1000000,
                 .countries = 200,
                 .batch = 1000,
                 .late = 10,
                 .seed = 1,
                 .incident = 1000,
                 .vague = 2,
                 .persons = 5,
                 .corrections = 2,
                 .voices = 40,
                 .order = "time"};
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        uint64_t n = c == 'o' || c == 'B' || c == '?' ? 0 : number_option(optarg);
        uint32_t *fields[] = {
            ['c'] = &o.countries, ['b'] = &o.batch,   ['l'] = &o.late,        ['i'] = &o.incident,
            ['v'] = &o.vague,     ['p'] = &o.persons, ['x'] = &o.corrections, ['w'] = &o.voices};
        if (c == 'r')
            o.reports = n;
        else if (c == 's')
            o.seed = n;
        else if (c == 'o')
            o.order = optarg;
        else if (c == 'B')
            o.bare = true;
        else if (c == '?')
            exit(2);
        else
            *fields[c] = (uint32_t)n;
    }
    if (!o.countries || o.countries > 676 || !o.batch || !o.incident || !o.voices || !o.reports) {
        fprintf(stderr, "1 to 676 countries; batch, incident, voices and reports not 0\n");
        exit(2);
    }
    return o;
}

int main(int argc, char **argv)
{
    bench b = {.o = read_options(argc, argv)};
    facts_config config = {.reports_max = UINT32_MAX, .bytes_max = UINT64_MAX};
    b.random = b.o.seed * 0x9e3779b97f4a7c15u + 1;
    b.streams = calloc((size_t)b.o.countries * KEYS, sizeof *b.streams);
    b.events = calloc(b.o.batch, sizeof *b.events);
    b.keys = calloc(b.o.batch, sizeof *b.keys);
    msgpack_sbuffer_init(&b.bytes);
    msgpack_packer_init(&b.packer, &b.bytes, msgpack_sbuffer_write);
    for (int k = 0; k < THAW_KIND_COUNT; k++)
        config.tolerance_ns[k] = (k == THAW_SANCTION ? 168 : 36) * INT64_C(3600000000000);
    if (!b.streams || !b.events || !b.keys || facts_new(&config, on_change, &b, &b.f) ||
        reports_new(UINT32_MAX, UINT64_MAX, &b.bare_reports) || symbols_new(&b.bare_symbols)) {
        fprintf(stderr, "no memory\n");
        return 1;
    }
    uint64_t next = b.o.reports / 10;
    while (b.made < b.o.reports) {
        uint64_t at = b.made;
        uint32_t count = make_batch(&b);
        if (b.o.bare)
            run_bare(&b, count);
        else
            run_batch(&b, count, at);
        if (b.made >= next && b.made < b.o.reports) {
            print_line(&b);
            next += b.o.reports / 10;
        }
    }
    print_line(&b);
    printf("decoding beside it: %.0f ns a report; the process holds %.1f bytes a report with all "
           "text\n",
           (double)b.decode_ns / (double)b.made,
           (double)mallinfo2().hblkhd / (double)b.made +
               (double)mallinfo2().uordblks / (double)b.made);
    facts_free(b.f);
    reports_free(b.bare_reports);
    symbols_free(b.bare_symbols);
    msgpack_sbuffer_destroy(&b.bytes);
    free(b.streams);
    free(b.events);
    free(b.keys);
    return 0;
}
