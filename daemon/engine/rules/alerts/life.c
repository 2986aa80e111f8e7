/*
 * life.c - the life of an alert, one evaluation of its group at a time.
 *
 *              when                     `for` over
 *      NONE ─────────► PENDING ─────────────────────► FIRING ◄──── when again ──── KEPT
 *       ▲  ◄─ not when ─┘                              │  │                         │
 *       │                                              │  └─ ended, keep_for ──────►│
 *       └───────── resolved: the news ended it ────────┤                            │
 *       └───────── withdrawn: only corrections did ────┘◄──── keep_for over ────────┘
 *
 * When the condition ends in a round with corrections, it is asked once more over the news alone.
 * While an alert fires though `when` is false (until, keep_for), and after it is resolved, its
 * record holds what it stood on; a correction of that asks again (reconsider.c).
 */

#include "rules/state.h"

/* What an evaluation knows. News is looked at only where it matters. */
typedef struct verdict {
    rules *set;
    group *group;
    const totals *now;
    totals *news; /* room for them */
    bool news_read;
    bool when, until;
} verdict;

static int ask(verdict *v, const totals all[], const struct cel_program *program, bool *ret_holds)
{
    scope s = {.rule = v->group->rule, .by = v->group->by, .all = all};
    *ret_holds = false;
    if (!program || (program == s.rule->when && scope_empty(&s)))
        return 0;
    int res = scope_holds(v->set, &s, program, ret_holds);
    if (res == 0 && !*ret_holds && cel_evaluator_is_exhausted(v->set->evaluator))
        res = limit_note(v->set, v->group->rule, LIMIT_STEPS);
    return res;
}

static int ask_news(verdict *v, const struct cel_program *program, bool *ret_holds)
{
    int res = v->news_read ? 0 : totals_read(v->set, v->group, TOTALS_NEWS, v->news);
    v->news_read = true;
    return res < 0 ? res : ask(v, v->news, program, ret_holds);
}

static int start(verdict *v)
{
    group *g = v->group;
    if (!v->when || v->until)
        return 0;
    if (!g->rule->for_ns)
        return alert_fire(v->set, g, v->now, v->set->now_ns);
    g->state = LIFE_PENDING;
    g->since_ns = v->set->now_ns;
    g->rule->pending_count++;
    return deadline_set(&v->set->deadlines, &g->due, time_add(g->since_ns, g->rule->for_ns));
}

static int pending(verdict *v)
{
    group *g = v->group;
    if (v->when && !v->until && v->set->now_ns < time_add(g->since_ns, g->rule->for_ns)) {
        /* After a reload the duration may be another. */
        return deadline_set(&v->set->deadlines, &g->due, time_add(g->since_ns, g->rule->for_ns));
    }
    deadline_clear(&v->set->deadlines, &g->due);
    g->rule->pending_count--;
    g->state = LIFE_NONE;
    return v->when && !v->until ? alert_fire(v->set, g, v->now, g->since_ns) : 0;
}

static int end(verdict *v, bool withdrawn)
{
    deadline_clear(&v->set->deadlines, &v->group->due);
    return alert_end(v->set, v->group, withdrawn);
}

/* The condition has ended by the news: kept for a while, or resolved. */
static int ended(verdict *v)
{
    group *g = v->group;
    if (g->state == LIFE_FIRING && g->rule->keep_for_ns && !g->rule->recomputed) {
        g->state = LIFE_KEPT;
        g->since_ns = v->set->now_ns;
    }
    int64_t over = time_add(g->since_ns, g->rule->keep_for_ns);
    if (g->state == LIFE_KEPT && v->set->now_ns < over && !g->rule->recomputed)
        return deadline_set(&v->set->deadlines, &g->due, over);
    return end(v, false);
}

/* `when` is false. On return *ret_gone says that the alert was withdrawn. */
static int lost_ground(verdict *v, bool *ret_gone)
{
    group *g = v->group;
    bool holds = false;
    int res = 0;
    *ret_gone = false;
    if (!g->basis) {
        if (g->corrected)
            res = ask_news(v, g->rule->when, &holds);
        *ret_gone = holds;
        if (res == 0 && !holds)
            res = record_new(v->set, g, &g->basis);
    } else if (g->basis->touched) {
        v->set->view.of_known = 0;
        res = record_holds(v->set, g->basis, &holds);
        *ret_gone = !holds;
        g->basis->touched = false;
        if (holds)
            g->basis->causes_count = 0;
    }
    return res < 0 || !*ret_gone ? res : end(v, true);
}

/* `until` came true: by the news, or only by corrections? What is only kept has ended before. */
static int until_came(verdict *v)
{
    group *g = v->group;
    bool news_until = true;
    int res = g->corrected && g->state == LIFE_FIRING ? ask_news(v, g->rule->until, &news_until) : 0;
    if (res < 0)
        return res;
    return news_until ? ended(v) : end(v, true);
}

static int firing(verdict *v)
{
    group *g = v->group;
    bool gone;
    if (v->when && !v->until) {
        g->basis = record_free(v->set, g->basis);
        if (g->state == LIFE_KEPT) {
            g->state = LIFE_FIRING;
            deadline_clear(&v->set->deadlines, &g->due);
        }
        return alert_refresh(v->set, g, v->now);
    }
    if (!v->when) {
        int res = lost_ground(v, &gone);
        if (res < 0 || gone)
            return res;
    }
    if (v->until)
        return until_came(v);
    if (g->rule->until && g->state == LIFE_FIRING)
        return alert_refresh(v->set, g, v->now); /* goes on until `until` */
    return ended(v);
}

static int evaluate(rules *set, group *g)
{
    totals news[RULES_SELECTIONS_MAX];
    verdict v = {.set = set, .group = g, .now = g->totals, .news = news};
    int res = totals_refresh(set, g);
    if (res == 0)
        res = ask(&v, v.now, g->rule->when, &v.when);
    if (res == 0)
        res = ask(&v, v.now, g->rule->until, &v.until);
    if (res < 0)
        return res;
    switch (g->state) {
    case LIFE_NONE:
        return start(&v);
    case LIFE_PENDING:
        return pending(&v);
    default:
        return firing(&v);
    }
}

int group_evaluate(rules *set, group *g)
{
    if (g->rule->builtin)
        return 0;
    int64_t begun_ns = cost_begin(set, &g->rule->evaluations);
    int res = evaluate(set, g);
    cost_end(set, &g->rule->evaluations, begun_ns);
    return res;
}

int group_due(rules *set, group *g)
{
    deadline_clear(&set->deadlines, &g->due);
    return group_dirty(set, g);
}
