/*
 * rules_driver.c - runs cases through facts and rules and prints what comes of them.
 *
 * One JSON object a line comes in:
 *   {"case": 7, "rules": "YAML", "clock": "wall", "steps": [{"at": NS, "events": [...]}, ...],
 *    "until": NS, "kinds": ["release", ...]}
 * With `kinds` (clock: wall only) every instant at which something happens is printed with the
 * facts of these kinds, so that a model can work out the alerts from them; without, only the end
 * is:
 *   {"case": 7, "instants": [{"at": NS, "batch": true, "facts": [{"h": 1, "k": "release", ...}],
 *    "changes": [[handle, type, replaces, correction, [cause, ...], [from, ...]], ...]}, ...],
 *    "alerts": [body, ...], "active": [body, ...], "refused": 0}
 * "tally" is rules_limits.tallied. Instants without a batch are deadlines; times are nanoseconds. With
 * "quiet": true no alert is kept (for large cases), and of each step the microseconds of CPU are
 * printed, that of "until" and of a last reload with "reload": "YAML" after them:
 *   {"case": 7, "changes": 1200, "refused": 0, "us": [900, 1100, ...]}
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine.h"
#include "facts/facts.h"
#include "forms/json.h"
#include "forms/pack.h"
#include "rules/rules.h"
#include "rules/state.h"

enum { ENDS_MAX = 256, KNOWN_MAX = 256 };

typedef struct run {
    engine *engine; /* or, to watch the facts: */
    facts *facts;
    rules *rules;
    int64_t now_ns;
    FILE *instants, *alerts;
    char *instants_text, *alerts_text;
    size_t instants_len, alerts_len;
    char changes[1 << 16];
    size_t changes_len;
    int64_t ends[ENDS_MAX]; /* instants at which something runs out, rising */
    size_t ends_count;
    uint64_t known[KNOWN_MAX]; /* how many reports were known after each instant, rising */
    size_t known_count;
    json_t *kinds;
    uint64_t seq;
    unsigned refused;
    bool quiet;
} run;

static void die(const char *what, int error)
{
    fprintf(stderr, "%s: %s\n", what, strerror(error < 0 ? -error : error));
    exit(2);
}

/* ---- alerts ------------------------------------------------------------------------- */

static void print_packed(const void *data, size_t len, FILE *out)
{
    msgpack_zone zone;
    msgpack_object object;
    if (!msgpack_zone_init(&zone, 1024) || pack_decode(data, len, &zone, &object) != 0)
        die("alert", EBADMSG);
    json_write(&object, out);
    msgpack_zone_destroy(&zone);
}

static uint64_t on_alert(void *context, const thaw_alert *alert)
{
    run *r = context;
    thaw_alert numbered = *alert;
    uint8_t *data = NULL;
    size_t len = 0;
    numbered.seq = ++r->seq;
    int error = thaw_alert_encode(&numbered, &data, &len);
    if (error < 0)
        die("alert", error);
    fputs(r->seq > 1 ? "," : "", r->alerts);
    print_packed(data, len, r->alerts);
    free(data);
    return r->seq;
}

static void on_engine_alert(void *context, const thaw_alert *alert)
{
    run *r = context;
    if (r->quiet)
        r->seq++;
    else
        (void)on_alert(context, alert);
}

/* ---- facts -------------------------------------------------------------------------- */

/* Appends to the changes of this instant. */
__attribute__((format(printf, 2, 3))) static void changes_say(run *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n =
        vsnprintf(r->changes + r->changes_len, sizeof r->changes - r->changes_len, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof r->changes - r->changes_len)
        die("changes", ENOSPC);
    r->changes_len += (size_t)n;
}

static void on_change(void *context, const fact_change *change)
{
    run *r = context;
    changes_say(r, "%s[%" PRIu64 ",%d,%" PRIu64 ",%s,[", r->changes_len > 0 ? "," : "",
                change->handle, change->type, change->replaces,
                change->correction ? "true" : "false");
    for (uint32_t i = 0; i < change->causes_count; i++)
        changes_say(r, "%s%" PRIu64, i > 0 ? "," : "", change->causes[i]);
    changes_say(r, "],[");
    for (uint32_t i = 0; i < change->from_count; i++)
        changes_say(r, "%s%" PRIu64, i > 0 ? "," : "", change->from[i]);
    changes_say(r, "]]");
    if (r->rules != NULL)
        rules_on_change(r->rules, change);
}

static void print_value(const fact_value *v, FILE *out)
{
    switch (v->type) {
    case FACT_BOOL:
        fputs(v->truth ? "true" : "false", out);
        break;
    case FACT_INT:
    case FACT_TIME:
    case FACT_DURATION:
        fprintf(out, "%" PRId64, v->number);
        break;
    case FACT_STRING:
        json_write_string(v->string.data, v->string.len, out);
        break;
    default:
        fputc('[', out);
        for (uint32_t i = 0; i < v->strings.count; i++) {
            fputs(i > 0 ? "," : "", out);
            json_write_string(v->strings.items[i].data, v->strings.items[i].len, out);
        }
        fputc(']', out);
    }
}

/* "people": [[hash, ...], ...] */
static void print_people(run *r, fact_handle handle)
{
    uint64_t *hashes = NULL;
    size_t count = 0;
    int error = facts_people(r->facts, handle, &hashes, &count);
    if (error < 0)
        die("people", error);
    fputs(",\"people\":[", r->instants);
    for (size_t i = 0; i < count; i++)
        fprintf(r->instants, "%s%" PRIu64,
                !(hashes[i] & 1) ? ","
                : i > 0          ? "],["
                                 : "[",
                hashes[i] & ~UINT64_C(1));
    fputs(count > 0 ? "]]" : "]", r->instants);
    free(hashes);
}

typedef struct printing {
    run *run;
    bool any;
} printing;

/* The fact as it reads at an instant. */
static void print_reading(run *r, fact_handle handle, int64_t at_ns)
{
    fact_kind kind = fact_handle_kind(handle);
    const char *name;
    fact_field field;
    fact_type type;
    FILE *out = r->instants;
    fprintf(out, "\"h\":%" PRIu64 ",\"k\":\"%s\"", handle, fact_kind_name(kind));
    for (size_t i = 0; fact_field_at(kind, i, &name, &field, &type); i++) {
        fact_value value;
        int error = facts_get(r->facts, handle, field, at_ns, &value);
        if (error < 0)
            die(name, error);
        if (value.type == FACT_NONE)
            continue;
        fprintf(out, ",\"%s\":", name);
        print_value(&value, out);
    }
    print_people(r, handle);
}

/* A measure changes by the clock when something runs out: "was" has [instant, how it read before]. */
static void print_past(run *r, fact_handle handle)
{
    bool any = false;
    fputs(",\"was\":[", r->instants);
    for (size_t i = 0; i < r->ends_count; i++) {
        if (r->ends[i] > r->now_ns)
            continue;
        fprintf(r->instants, "%s[%" PRId64 ",{", any ? "," : "", r->ends[i]);
        print_reading(r, handle, r->ends[i] - 1);
        fputs("}]", r->instants);
        any = true;
    }
    fputc(']', r->instants);
}

static int print_fact(void *context, fact_handle handle)
{
    printing *p = context;
    fact_value id;
    if (facts_get(p->run->facts, handle, FIELD_ID, p->run->now_ns, &id) == -ENOENT)
        return 0; /* none of its reports was known then */
    fputs(p->any ? ",{" : "{", p->run->instants);
    p->any = true;
    print_reading(p->run, handle, p->run->now_ns);
    if (fact_handle_kind(handle) == FACT_MEASURE)
        print_past(p->run, handle);
    fputc('}', p->run->instants);
    return 0;
}

static void print_facts(run *r)
{
    printing p = {.run = r};
    json_t *kind;
    size_t i;
    json_array_foreach(r->kinds, i, kind)
    {
        fact_kind k;
        if (fact_kind_parse(json_string_value(kind), json_string_length(kind), &k) < 0)
            die("kind", EINVAL);
        int error = facts_each(r->facts, k, NULL, print_fact, &p);
        if (error < 0)
            die("facts", error);
    }
}

/* "then": the facts as what was known at earlier instants, and at this one, says now. A correction asks for them. */
static void print_known(run *r)
{
    uint64_t now = facts_number(r->facts);
    if (now > 0 && (r->known_count == 0 || r->known[r->known_count - 1] < now) &&
        r->known_count < KNOWN_MAX)
        r->known[r->known_count++] = now;
    for (size_t i = 0; i < r->known_count && strstr(r->changes, ",true,[") != NULL; i++) {
        fprintf(r->instants, "%s\"%" PRIu64 "\":[", i > 0 ? "," : "", r->known[i]);
        facts_read_known(r->facts, r->known[i]);
        print_facts(r);
        fputc(']', r->instants);
    }
    facts_read_known(r->facts, 0);
}

static void print_instant(run *r, bool batch)
{
    fprintf(r->instants, "%s{\"at\":%" PRId64 ",\"batch\":%s,\"changes\":[%.*s],\"facts\":[",
            ftell(r->instants) > 0 ? "," : "", r->now_ns, batch ? "true" : "false",
            (int)r->changes_len, r->changes);
    print_facts(r);
    fputs("],\"then\":{", r->instants);
    print_known(r);
    fputs("}}", r->instants);
    r->changes_len = 0;
    r->changes[0] = '\0';
}

/* ---- running ------------------------------------------------------------------------ */

static int64_t next_deadline(const run *r)
{
    int64_t f = facts_next_deadline(r->facts), u = rules_next_deadline(r->rules);
    return f < u ? f : u;
}

static void act(run *r, int64_t at_ns)
{
    r->now_ns = at_ns > r->now_ns ? at_ns : r->now_ns;
    int error = facts_advance(r->facts, r->now_ns);
    if (error == 0)
        error = rules_advance(r->rules, r->now_ns);
    if (error < 0)
        die("advance", error);
    print_instant(r, false);
}

/* As engine_advance does it. */
static void advance(run *r, int64_t at_ns)
{
    if (r->engine != NULL) {
        int error = engine_advance(r->engine, at_ns);
        if (error < 0)
            die("advance", error);
        return;
    }
    while (r->now_ns != INT64_MIN && next_deadline(r) <= at_ns) {
        int64_t before = r->now_ns, deadline = next_deadline(r);
        act(r, deadline);
        if (r->now_ns == before && next_deadline(r) <= deadline)
            break;
    }
    if (at_ns > r->now_ns)
        act(r, at_ns);
}

/* What the events say runs out, in order. */
static void note_ends(run *r, const thaw_event events[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t span[2];
        if (events[i].expires_at.precision == 0)
            continue;
        thaw_date_interval(&events[i].expires_at, &span[0], &span[1]);
        for (int k = 0; k < 2 && r->ends_count < ENDS_MAX; k++) {
            size_t at = r->ends_count++;
            for (; at > 0 && r->ends[at - 1] > span[k]; at--)
                r->ends[at] = r->ends[at - 1];
            r->ends[at] = span[k];
        }
    }
}

static void take(run *r, const thaw_event events[], size_t count, int64_t at_ns)
{
    engine_verdict *verdicts = calloc(count + 1, sizeof *verdicts);
    note_ends(r, events, count);
    int error = verdicts != NULL ? 0 : -ENOMEM;
    if (error == 0 && r->engine != NULL) {
        error = engine_apply(r->engine, events, count, at_ns, verdicts);
        for (size_t i = 0; i < count; i++)
            r->refused += verdicts[i].code != THAW_OK;
    } else if (error == 0) {
        advance(r, at_ns);
        for (size_t i = 0; error == 0 && i < count; i++) {
            facts_verdict verdict = {.code = THAW_OK};
            error = facts_add(r->facts, &events[i], facts_key(&events[i]), r->now_ns, &verdict);
            r->refused += verdict.code != THAW_OK;
        }
        if (error == 0)
            error = facts_settle(r->facts, r->now_ns);
        if (error == 0)
            error = rules_evaluate(r->rules, r->now_ns);
        print_instant(r, true);
    }
    if (error < 0)
        die("apply", error);
    free(verdicts);
}

static void run_step(run *r, json_t *step)
{
    json_t *list = json_object_get(step, "events");
    size_t count = json_array_size(list), used = 0;
    thaw_event *events = calloc(count + 1, sizeof *events);
    char *text = json_dumps(list, JSON_COMPACT), error_text[JSON_ERROR_BYTES];
    msgpack_sbuffer bytes;
    thaw_limits limits = thaw_limits_default;
    thaw_body body;
    thaw_error error;
    int got;
    limits.future_ns = INT64_MAX;
    msgpack_sbuffer_init(&bytes);
    if (events == NULL || text == NULL || json_read(text, strlen(text), &bytes, error_text) < 0 ||
        thaw_body_open(&body, bytes.data, bytes.size, &limits, 0, &error) < 0)
        die("step", EINVAL);
    while (used < count && (got = thaw_body_next(&body, &events[used], &error)) != 0) {
        if (got < 0) {
            fprintf(stderr, "event: %s\n", error.message);
            exit(2);
        }
        used++;
    }
    take(r, events, used, json_integer_value(json_object_get(step, "at")));
    msgpack_sbuffer_destroy(&bytes);
    free(text);
    free(events);
}

/* False: the rules are refused. */
static bool load(run *r, json_t *input)
{
    json_t *text = json_object_get(input, "rules");
    const char *clock = json_string_value(json_object_get(input, "clock"));
    rules_complaints complaints = {.at = NULL};
    facts_config fc = {.reports_max = 100000, .bytes_max = UINT64_C(1) << 30};
    engine_config ec = engine_config_default;
    rules_limits limits = rules_limits_default;
    if (json_is_integer(json_object_get(input, "tally")))
        limits.tallied = (uint32_t)json_integer_value(json_object_get(input, "tally"));
    int error = rules_load_text("rules", json_string_value(text), json_string_length(text), &limits,
                                false, &r->rules, &complaints);
    if (error == -EINVAL) {
        printf("{\"case\":%" JSON_INTEGER_FORMAT ",\"refusal\":",
               json_integer_value(json_object_get(input, "case")));
        json_write_string(complaints.at[0].text, strlen(complaints.at[0].text), stdout);
        printf(",\"line\":%u}\n", complaints.at[0].line);
    } else if (error < 0) {
        die("rules", error);
    }
    rules_complaints_done(&complaints);
    if (error < 0)
        return false;
    if (json_is_array(r->kinds)) {
        rules_sink sink = {.context = r, .alert = on_alert};
        fc.tolerance_ns[THAW_RELEASE] = ec.tolerance_release_ns;
        fc.tolerance_ns[THAW_DETENTION] = ec.tolerance_detention_ns;
        fc.tolerance_ns[THAW_TALKS] = ec.tolerance_talks_ns;
        fc.tolerance_ns[THAW_SANCTION] = ec.tolerance_sanction_ns;
        error = facts_new(&fc, on_change, r, &r->facts);
        if (error == 0)
            error = rules_replace(NULL, r->rules, r->facts, INT64_MIN, &sink, false, NULL, NULL);
    } else {
        engine_sink sink = {.context = r, .alert = on_engine_alert};
        ec.clock = clock != NULL && strcmp(clock, "reported") == 0 ? ENGINE_CLOCK_REPORTED
                                                                   : ENGINE_CLOCK_WALL;
        error = engine_new(&ec, &sink, &r->engine);
        if (error == 0)
            error = engine_set_rules(r->engine, r->rules, false, NULL, NULL);
    }
    if (error < 0)
        die("new", error);
    return true;
}

static void print_active(run *r)
{
    msgpack_sbuffer data;
    msgpack_packer out;
    thaw_str none = {NULL, 0};
    msgpack_sbuffer_init(&data);
    msgpack_packer_init(&out, &data, msgpack_sbuffer_write);
    int error = r->engine != NULL
                    ? engine_write_snapshot(r->engine, none, none, 100000, &out)
                    : rules_write_snapshot(r->rules, "", r->seq, none, none, 100000, &out);
    if (error < 0)
        die("snapshot", error);
    print_packed(data.data, data.size, stdout);
    msgpack_sbuffer_destroy(&data);
}

static void print_end(run *r, json_t *input)
{
    printf("{\"case\":%" JSON_INTEGER_FORMAT
           ",\"instants\":[%s],\"alerts\":[%s],\"refused\":%u,\"active\":",
           json_integer_value(json_object_get(input, "case")), r->instants_text, r->alerts_text,
           r->refused);
    print_active(r);
    puts("}");
}

/* ---- what it costs ------------------------------------------------------------------ */

static int64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void reload(run *r, json_t *text)
{
    rules_complaints complaints = {.at = NULL};
    rules *set = NULL;
    if (rules_load_text("rules", json_string_value(text), json_string_length(text), NULL, false,
                        &set, &complaints) < 0 ||
        engine_set_rules(r->engine, set, false, NULL, NULL) < 0)
        die("reload", EINVAL);
    r->rules = set;
    rules_complaints_done(&complaints);
}

static void run_quiet(run *r, json_t *input)
{
    json_t *step, *until = json_object_get(input, "until"),
                  *rules = json_object_get(input, "reload");
    size_t i;
    printf("{\"case\":%" JSON_INTEGER_FORMAT ",\"us\":[",
           json_integer_value(json_object_get(input, "case")));
    json_array_foreach(json_object_get(input, "steps"), i, step)
    {
        int64_t before = cpu_us();
        run_step(r, step);
        printf("%s%" PRId64, i > 0 ? "," : "", cpu_us() - before);
    }
    int64_t before = cpu_us();
    if (until != NULL)
        advance(r, json_integer_value(until));
    printf(",%" PRId64, cpu_us() - before);
    before = cpu_us();
    if (rules != NULL)
        reload(r, rules);
    printf(",%" PRId64 "],\"changes\":%" PRIu64 ",\"refused\":%u}\n", cpu_us() - before, r->seq,
           r->refused);
}

/* What is counted of the state's memory comes to nothing with the state. */
static void check_held(run *r)
{
    if (r->rules == NULL)
        return;
    set_clear(r->rules);
    if (rules_bytes(r->rules) != 0) {
        fprintf(stderr, "rules_driver: %" PRIu64 " bytes are counted of no state\n", rules_bytes(r->rules));
        exit(1);
    }
}

static void run_case(json_t *input)
{
    run *r = calloc(1, sizeof *r);
    json_t *step;
    size_t i;
    if (r == NULL)
        die("run", ENOMEM);
    r->now_ns = INT64_MIN;
    r->kinds = json_object_get(input, "kinds");
    r->instants = open_memstream(&r->instants_text, &r->instants_len);
    r->alerts = open_memstream(&r->alerts_text, &r->alerts_len);
    r->quiet = json_is_true(json_object_get(input, "quiet"));
    bool loaded = load(r, input);
    if (loaded && r->quiet)
        run_quiet(r, input);
    loaded = loaded && !r->quiet;
    json_array_foreach(loaded ? json_object_get(input, "steps") : NULL, i, step) run_step(r, step);
    if (loaded && json_object_get(input, "until") != NULL)
        advance(r, json_integer_value(json_object_get(input, "until")));
    fclose(r->instants);
    fclose(r->alerts);
    if (loaded)
        print_end(r, input);
    check_held(r);
    if (r->engine == NULL)
        rules_free(r->rules);
    engine_free(r->engine);
    facts_free(r->facts);
    free(r->instants_text);
    free(r->alerts_text);
    free(r);
}
int main(void)
{
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) >= 0) {
        json_error_t error;
        json_t *input = json_loads(line, 0, &error);
        if (input == NULL) {
            fprintf(stderr, "input: %s\n", error.text);
            return 2;
        }
        run_case(input);
        fflush(stdout);
        json_decref(input);
    }
    free(line);
    return 0;
}
