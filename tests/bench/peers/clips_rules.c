/*
 * clips_rules.c - CLIPS (Rete) with the rules of `ruleset.py sums R`: a sum over two weeks for each
 * country, five thresholds of it, an alert when one is reached from below.
 *
 *   bench_clips_rules R FILE      FILE: from bench_dump
 *
 * Facts are made through the C interface, nothing is parsed while the clock runs.
 */
#include <clips/clips.h>
#undef CHECK

#include "../common.h"

#define WINDOW_S (14 * 86400)

static void *env;

static void build(const char *construct)
{
    MUST(EnvBuild(env, construct));
}

static void put_number(void *fact, const char *slot, long long number)
{
    DATA_OBJECT value;

    SetType(value, INTEGER);
    SetValue(value, EnvAddLong(env, number));
    MUST(EnvPutFactSlot(env, fact, slot, &value));
}

static void put_symbol(void *fact, const char *slot, const char *text)
{
    DATA_OBJECT value;

    SetType(value, SYMBOL);
    SetValue(value, EnvAddSymbol(env, text));
    MUST(EnvPutFactSlot(env, fact, slot, &value));
}

/* One rule set: what comes raises the sum, what is past the window lowers it. */
static void build_set(unsigned k)
{
    char country[3] = {(char)('A' + k % 200 / 26), (char)('A' + k % 200 % 26), '\0'}, text[600];
    unsigned threshold = 700 + 200 * (k / 200);

    snprintf(text, sizeof(text), "(defglobal ?*sum%u* = 0)", k);
    build(text);
    snprintf(
        text, sizeof(text),
        "(defrule add%u (freed (country %s) (count ?n)) => "
        "(if (and (< ?*sum%u* %u) (>= (+ ?*sum%u* ?n) %u)) then (bind ?*alerts* (+ ?*alerts* 1))) "
        "(bind ?*sum%u* (+ ?*sum%u* ?n)))",
        k, country, k, threshold, k, threshold, k, k);
    build(text);
    snprintf(text, sizeof(text),
             "(defrule past%u (clock (now ?now)) (freed (country %s) (count ?n) (at ?at&:(<= ?at "
             "(- ?now %d)))) => "
             "(bind ?*sum%u* (- ?*sum%u* ?n)))",
             k, country, WINDOW_S, k, k);
    build(text);
}

int main(int argc, char *argv[])
{
    unsigned sets = argc > 2 ? (unsigned)atoi(argv[1]) : 0;
    FILE *file = argc > 2 ? fopen(argv[2], "r") : NULL;
    long long now, at, clock_at = -1, count, events = 0;
    char country[8], kind[16], action[16], text[200];
    DATA_OBJECT alerts;
    int64_t spent = 0;

    MUST(sets > 0 && file != NULL);
    env = CreateEnvironment();
    build("(deftemplate freed (slot country) (slot count) (slot at))");
    build("(deftemplate clock (slot now))");
    build("(defglobal ?*alerts* = 0)");
    snprintf(text, sizeof(text),
             "(defrule gone (declare (salience -10)) (clock (now ?now)) ?f <- (freed (at ?at&:(<= "
             "?at (- ?now %d)))) => "
             "(retract ?f))",
             WINDOW_S);
    build(text);
    build("(defrule ticked (declare (salience -20)) ?c <- (clock) => (retract ?c))");
    for (unsigned k = 0; k < sets; k++)
        build_set(k);
    EnvSetFactDuplication(env, TRUE);
    EnvReset(env);
    while (fscanf(file, "%lld %lld %7s %15s %15s %lld", &now, &at, country, kind, action, &count) ==
           6) {
        int64_t start = clock_of(CLOCK_THREAD_CPUTIME_ID);
        void *fact;
        events++;
        if (now != clock_at) {
            fact = EnvCreateFact(env, EnvFindDeftemplate(env, "clock"));
            put_number(fact, "now", clock_at = now);
            EnvAssert(env, fact);
            EnvRun(env, -1);
        }
        if (strcmp(kind, "release") == 0) {
            fact = EnvCreateFact(env, EnvFindDeftemplate(env, "freed"));
            put_symbol(fact, "country", country);
            put_number(fact, "count", count);
            put_number(fact, "at", at);
            EnvAssert(env, fact);
            EnvRun(env, -1);
        }
        spent += clock_of(CLOCK_THREAD_CPUTIME_ID) - start;
    }
    MUST(EnvGetDefglobalValue(env, "alerts", &alerts));
    tell("ns", (double)spent / (double)events);
    tell("fired", (double)DOToLong(alerts));
    return 0;
}
