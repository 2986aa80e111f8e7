/*
 * bench_rules.c - what a fact costs with ten rules, and with a hundred thousand of which ten match.
 *
 *   bench_rules [ROUNDS [FACTS]]
 *   bench_rules FACTS few|many      one set, once: for callgrind (--collect-atstart=no)
 *
 * Both sets hold the same ten rules that match every fact, one of them the persons named. The large
 * one has 100 000 more of the kinds that people write: another country, another authority, a
 * number, one person, a destination of another country; and ten watchlists of 100 000 ids each. The
 * same reports, each a release of its own that names two people, go through both in turn, ROUNDS
 * times; CPU time of the thread after the first WARM facts, medians. Exit code 1 where the large
 * set costs more than 1.3 times the small one.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_TOGGLE_COLLECT (void)0
#endif

#include "engine.h"
#include "rules/rules.h"

enum {
    BATCH = 100,
    WARM = 2000,
    OTHERS = 100000,
    WATCHLISTS = 10,
    WATCHED = 100000,
    ROUNDS_MAX = 101
};

#define DAY_NS INT64_C(86400000000000)
#define RATIO_MAX 1.3

static void die(const char *what)
{
    fprintf(stderr, "bench_rules: %s\n", what);
    exit(2);
}

/* ---- rules -------------------------------------------------------------------------- */

static void matching_rules(FILE *out)
{
    static const char *const wheres[] = {"country == \"BY\"", "status == \"confirmed\"",
                                         "country == \"BY\" && status != \"rumoured\"",
                                         "count >= 1", "!disagrees"};
    fputs("  - rule: match-person\n    by: [country]\n    select: {p: {kind: person, where: "
          "'status == \"released\"', "
          "within: 7d}}\n    when: p.count >= 1000000000\n",
          out);
    for (int i = 0; i < 9; i++)
        fprintf(out,
                "  - rule: match-%d\n    by: [country]\n    select: {freed: {kind: release, where: "
                "'%s', within: %dd}}\n"
                "    when: freed.sum >= 1000000000\n",
                i, wheres[i % 5], 7 + i);
}

static void other_rule(FILE *out, int i)
{
    char where[160];
    const char *kind = "release";
    switch (i % 5) {
    case 0:
        snprintf(where, sizeof where, "country == \"%c%c\" && count > %d", 'C' + i / 5 % 20,
                 'A' + i / 100 % 26, i);
        break;
    case 1:
        kind = "sanction";
        snprintf(where, sizeof where, "authority == \"X%d\" && effect == \"relief\"", i);
        break;
    case 2:
        snprintf(where, sizeof where, "count == %d", 1000000 + i);
        break;
    case 3:
        snprintf(where, sizeof where, "persons.exists(p, p == \"register:other-%d\")", i);
        break;
    default:
        snprintf(where, sizeof where, "\"%c%c\" in destinations && country in [\"LT\", \"UA\"]",
                 'A' + i / 5 % 26, 'A' + i / 130 % 26);
    }
    fprintf(out,
            "  - rule: other-%d\n    by: [country]\n    select: {a: {kind: %s, where: '%s', "
            "within: 30d}}\n"
            "    when: a.count > 0\n",
            i, kind, where);
}

static void watchlist(FILE *out, int number)
{
    fprintf(out,
            "  - rule: watch-%d\n    by: [country]\n    select:\n      a:\n        kind: %s\n      "
            "  where: '%s in [",
            number, number % 2 ? "person" : "release",
            number % 2 ? "person" : "persons.exists(p, p");
    for (int i = 0; i < WATCHED; i++)
        fprintf(out, "%s\"register:watched-%d-%d\"", i ? ", " : "", number, i);
    fprintf(out, "]%s'\n    when: a.count > 0\n", number % 2 ? "" : ")");
}

static char *rules_text(bool large, size_t *ret_len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_len);
    if (!out)
        die("no memory");
    fputs("rules:\n", out);
    matching_rules(out);
    for (int i = 0; large && i < OTHERS; i++)
        other_rule(out, i);
    for (int i = 0; large && i < WATCHLISTS; i++)
        watchlist(out, i);
    fclose(out);
    return text;
}

typedef struct loading {
    const char *text;
    size_t len;
    rules *set;
} loading;

static void *loading_run(void *context)
{
    loading *l = context;
    rules_complaints complaints = {.at = NULL};
    if (rules_load_text("bench", l->text, l->len, NULL, false, &l->set, &complaints) < 0)
        die(complaints.count ? complaints.at[0].text : "rules");
    rules_complaints_done(&complaints);
    return NULL;
}

/* In a thread of its own, as thawd does it (ruleset.c). */
static rules *rules_of(const char *text, size_t len)
{
    loading l = {.text = text, .len = len};
    pthread_t thread;
    if (pthread_create(&thread, NULL, loading_run, &l) != 0)
        die("no thread");
    pthread_join(thread, NULL);
    return l.set;
}

/* ---- reports ------------------------------------------------------------------------ */

static void pack_str(msgpack_packer *out, const char *key, const char *text)
{
    msgpack_pack_str_with_body(out, key, strlen(key));
    msgpack_pack_str_with_body(out, text, strlen(text));
}

/* Three days apart, so that each is a release of its own. */
static void pack_report(msgpack_packer *out, int i)
{
    char id[32], day[16];
    time_t at = (time_t)(946684800 + (int64_t)(i % 2000) * 3 * 86400);
    struct tm parts;
    gmtime_r(&at, &parts);
    strftime(day, sizeof day, "%Y-%m-%d", &parts);
    snprintf(id, sizeof id, "r%d", i);
    msgpack_pack_map(out, 9);
    pack_str(out, "id", id);
    pack_str(out, "kind", "release");
    pack_str(out, "country", "BY");
    pack_str(out, "source", "bench");
    pack_str(out, "status", "confirmed");
    pack_str(out, "occurred_at", day);
    pack_str(out, "incident", id);
    pack_str(out, "reported_at", day);
    msgpack_pack_str_with_body(out, "persons", 7);
    msgpack_pack_array(out, 2);
    for (int p = 0; p < 2; p++) {
        char person[48];
        snprintf(person, sizeof person, "register:%d-%d", i, p);
        msgpack_pack_map(out, 1);
        msgpack_pack_str_with_body(out, "ids", 3);
        msgpack_pack_array(out, 1);
        msgpack_pack_str_with_body(out, person, strlen(person));
    }
}

static thaw_event *reports_new(int count)
{
    msgpack_sbuffer *bytes = malloc(sizeof *bytes); /* as long as the program */
    thaw_event *events = calloc((size_t)count, sizeof *events);
    thaw_limits limits = thaw_limits_default;
    msgpack_packer out;
    thaw_body body;
    thaw_error error;
    if (!bytes || !events)
        die("no memory");
    msgpack_sbuffer_init(bytes);
    msgpack_packer_init(&out, bytes, msgpack_sbuffer_write);
    msgpack_pack_array(&out, (size_t)count);
    for (int i = 0; i < count; i++)
        pack_report(&out, i);
    limits.events = limits.message_bytes = UINT32_MAX;
    if (thaw_body_open(&body, bytes->data, bytes->size, &limits, INT64_MAX / 2, &error) < 0)
        die(error.message);
    for (int i = 0; i < count; i++)
        if (thaw_body_next(&body, &events[i], &error) <= 0)
            die(error.message);
    return events;
}

/* ---- measuring ---------------------------------------------------------------------- */

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Nanoseconds of CPU a fact. */
static double one_round(const char *text, size_t len, const thaw_event *events, int count)
{
    engine *e;
    engine_verdict verdicts[BATCH];
    int64_t now = INT64_C(946684800000000000);
    if (engine_new(&engine_config_default, NULL, &e) < 0 ||
        engine_set_rules(e, rules_of(text, len), false, NULL, NULL) < 0)
        die("engine");
    int64_t before = 0;
    for (int i = 0; i < count; i += BATCH, now += DAY_NS / 10) {
        if (i == WARM) { /* tables that were just made have been touched once */
            before = cpu_ns();
            CALLGRIND_TOGGLE_COLLECT;
        }
        if (engine_apply(e, events + i, (size_t)(count - i < BATCH ? count - i : BATCH), now,
                         verdicts) < 0)
            die("apply");
    }
    CALLGRIND_TOGGLE_COLLECT;
    double cost = (double)(cpu_ns() - before) / (count - WARM);
    engine_free(e);
    return cost;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *all, int count)
{
    qsort(all, (size_t)count, sizeof *all, by_size);
    return all[count / 2];
}

static int one_set(int count, bool large)
{
    size_t len;
    if (count <= WARM)
        die("too few facts");
    char *text = rules_text(large, &len);
    thaw_event *events = reports_new(count);
    printf("%d facts: %.0f ns a fact\n", count, one_round(text, len, events, count));
    free(text);
    free(events);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && (strcmp(argv[2], "few") == 0 || strcmp(argv[2], "many") == 0))
        return one_set(atoi(argv[1]), argv[2][0] == 'm');
    int rounds = argc > 1 ? atoi(argv[1]) : 5, count = argc > 2 ? atoi(argv[2]) : 20000;
    double small[ROUNDS_MAX], large[ROUNDS_MAX];
    size_t small_len, large_len;
    if (rounds < 1 || rounds > ROUNDS_MAX || count <= WARM)
        die("usage: bench_rules [ROUNDS [FACTS]]");
    char *small_text = rules_text(false, &small_len), *large_text = rules_text(true, &large_len);
    thaw_event *events = reports_new(count);
    for (int i = 0; i < rounds; i++) {
        small[i] = one_round(small_text, small_len, events, count);
        large[i] = one_round(large_text, large_len, events, count);
    }
    double few = median(small, rounds), many = median(large, rounds);
    printf("%d facts, %d rounds: %.0f ns a fact with 10 rules, %.0f ns with %d (%d watchlists of "
           "%d ids): %.2f times\n",
           count, rounds, few, many, 10 + OTHERS + WATCHLISTS, WATCHLISTS, WATCHED, many / few);
    free(small_text);
    free(large_text);
    free(events);
    return many / few <= RATIO_MAX ? 0 : 1;
}
