/* persons.c - what the reports that name a person say of them: FACTS.md, section 4. */
#include <stdlib.h>

#include "facts/entities/entities.h"
#include "facts/entities/history.h"
#include "facts/state/known.h"

const char *person_status_name(person_status status)
{
    static const char *const names[] = {NULL, "released", "deported", "detained", "re-detained"};
    return names[status];
}

/* What one report says of the person at its date. */
typedef struct episode {
    int64_t at_ns; /* an approximate date counts where it is stated */
    uint32_t report;
    bool free, stock, away; /* freed, else held; held as a tally says; taken over a border */
} episode;

static int episode_order(const void *a_, const void *b_, void *f)
{
    const episode *a = a_, *b = b_;
    if (a->at_ns != b->at_ns)
        return a->at_ns < b->at_ns ? -1 : 1;
    return report_name_compare(f, a->report, b->report);
}

static uint32_t episodes_of(facts *f, const numbers *mentioned, episode *list)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < mentioned->count; i++) {
        uint32_t number = mentioned->at[i];
        const report *r = report_of(f, number);
        if (!report_is_read(f, number))
            continue;
        if (r->status == THAW_RUMOURED || r->covers == THAW_WIDER || r->start_ns == TIME_UNKNOWN ||
            (n && list[n - 1].report == number))
            continue;
        int64_t at_ns = report_stated_ns(r);
        if (r->kind == THAW_RELEASE)
            list[n++] = (episode){at_ns, number, true, false, r->away};
        else if (r->kind == THAW_DETENTION)
            list[n++] = (episode){at_ns, number, false, false, false};
        else if (r->kind == THAW_TALLY && r->of_detained)
            list[n++] = (episode){at_ns, number, false, true, false};
    }
    if (n > 1)
        qsort_r(list, n, sizeof *list, episode_order, f);
    return n;
}

/* Of the episodes [from, to) that start together: whether more voices say freed than held. */
static bool voices_say_free(const facts *f, const episode *list, uint32_t from, uint32_t to)
{
    uint32_t votes[2] = {0, 0};
    for (uint32_t i = from; i < to; i++) {
        bool first = true;
        for (uint32_t j = from; j < i && first; j++)
            first = list[j].free != list[i].free ||
                    report_of(f, list[j].report)->voice != report_of(f, list[i].report)->voice;
        votes[list[i].free] += first;
    }
    return votes[1] > votes[0];
}

/* Called for each instant at which the episodes [from, to) begin, with what the person is after it. */
typedef void (*row_fn)(void *context, const episode *list, uint32_t from, uint32_t to, const person_view *after);

static void status_of(const facts *f, const episode *list, uint32_t count, person_view *v, row_fn on_row, void *context)
{
    bool run_free = false, freed_before = false, any = false, detention = false, away = false;
    for (uint32_t i = 0; i < count;) {
        uint32_t j = i;
        int64_t start = list[i].at_ns;
        while (j < count && list[j].at_ns == start)
            j++;
        bool free = voices_say_free(f, list, i, j);
        if (!any || free != run_free) {
            freed_before = freed_before || (any && run_free);
            run_free = free;
            v->since_ns = start;
            detention = away = false;
        }
        for (uint32_t m = i; m < j; m++) {
            away = away || (free && list[m].away);
            detention = detention || (!list[m].free && !list[m].stock);
        }
        any = true;
        if (run_free)
            v->status = away ? PERSON_DEPORTED : PERSON_RELEASED;
        else
            v->status = freed_before && detention ? PERSON_REDETAINED : PERSON_DETAINED;
        if (on_row)
            on_row(context, list, i, j, v);
        i = j;
    }
}

static void span_take_in(span *into, span one)
{
    into->start_ns = one.start_ns < into->start_ns ? one.start_ns : into->start_ns;
    into->end_ns = one.end_ns > into->end_ns ? one.end_ns : into->end_ns;
}

/* Whether one of the releases and one of the detentions overlap, of each those that start last: these have an
 * instant in common, so that together they are a span. */
static bool last_ones_overlap(const facts *f, const episode *list, uint32_t count, int64_t freed, int64_t taken)
{
    span release = {freed, freed}, detention = {taken, taken};
    for (uint32_t i = 0; i < count; i++) {
        span s = report_span(report_of(f, list[i].report));
        if (list[i].free && list[i].at_ns == freed)
            span_take_in(&release, s);
        else if (!list[i].free && !list[i].stock && list[i].at_ns == taken)
            span_take_in(&detention, s);
    }
    return span_overlaps(release, detention);
}

/* Whether a tally says held when the last release starts or later, and no detention starts in between. */
static bool held_since(const episode *list, uint32_t count, int64_t freed)
{
    for (uint32_t i = 0; i < count; i++) {
        int64_t held = list[i].at_ns;
        bool parted = false;
        if (!list[i].stock || held < freed)
            continue;
        for (uint32_t j = 0; j < count && !parted; j++) {
            int64_t at = list[j].at_ns;
            parted = !list[j].free && !list[j].stock && at >= freed && at <= held;
        }
        if (!parted)
            return true;
    }
    return false;
}

static bool contradicts(const facts *f, const episode *list, uint32_t count)
{
    int64_t freed = TIME_UNKNOWN, taken = TIME_UNKNOWN; /* the last starts; the list is in their order */
    for (uint32_t i = 0; i < count; i++) {
        if (list[i].free)
            freed = list[i].at_ns;
        else if (!list[i].stock)
            taken = list[i].at_ns;
    }
    return freed != TIME_UNKNOWN && ((taken != TIME_UNKNOWN && last_ones_overlap(f, list, count, freed, taken)) ||
                                     held_since(list, count, freed));
}

void person_look(facts *f, const entity *e, person_view *ret_view)
{
    numbers mentioned = {0}, parties = {0}, releases = {0}, detentions = {0};
    *ret_view = (person_view){.since_ns = TIME_UNKNOWN};
    entity_mentions(f, e, &mentioned, &parties);
    episode *list = calloc(mentioned.count ? mentioned.count : 1, sizeof *list);
    if (list) {
        uint32_t count = episodes_of(f, &mentioned, list);
        status_of(f, list, count, ret_view, NULL, NULL);
        ret_view->contradiction = contradicts(f, list, count);
    } else {
        f->failed = -ENOMEM;
    }
    for (uint32_t i = 0; i < mentioned.count; i++) {
        const report *r = report_of(f, mentioned.at[i]);
        bool counts = r->covers != THAW_WIDER && r->status != THAW_RUMOURED; /* a rumour frees nobody */
        item it = counts ? report_item(f, mentioned.at[i]) : 0;
        uint32_t incident = it ? item_incident(f, it) : 0;
        if (incident && r->kind == THAW_RELEASE)
            add(f, &releases, incident);
        else if (incident && r->kind == THAW_DETENTION)
            add(f, &detentions, incident);
    }
    numbers_unique(&releases);
    numbers_unique(&detentions);
    ret_view->releases = releases.count;
    ret_view->detentions = detentions.count;
    free(list);
    numbers_done(&mentioned, &f->held);
    numbers_done(&parties, &f->held);
    numbers_done(&releases, &f->held);
    numbers_done(&detentions, &f->held);
}

/* ---- row by row --------------------------------------------------------------------- */

typedef struct turn_list {
    const facts *f;
    history *h;
} turn_list;

static void turn_take(void *context, const episode *list, uint32_t from, uint32_t to, const person_view *after)
{
    const turn_list *l = context;
    bool freed = after->status == PERSON_RELEASED || after->status == PERSON_DEPORTED;
    turn t = {.at_ns = list[from].at_ns,
              .ends_ns = TIME_UNKNOWN,
              .state = person_status_name(after->status)};
    for (uint32_t i = from; i < to; i++)
        if (list[i].free == freed)
            turn_report(l->f, &t, list[i].report);
    history_add(l->h, &t);
}

void person_history(facts *f, const entity *e, history *h)
{
    numbers mentioned = {0}, parties = {0};
    person_view v = {.since_ns = TIME_UNKNOWN};
    *h = (history){0};
    entity_mentions(f, e, &mentioned, &parties);
    episode *list = calloc(mentioned.count ? mentioned.count : 1, sizeof *list);
    if (list) {
        turn_list turns = {f, h};
        uint32_t count = episodes_of(f, &mentioned, list);
        status_of(f, list, count, &v, turn_take, &turns);
    } else {
        f->failed = -ENOMEM;
    }
    free(list);
    numbers_done(&mentioned, &f->held);
    numbers_done(&parties, &f->held);
}
