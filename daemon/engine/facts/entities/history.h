/*
 * history.h - how a measure or a person came to be what it is: turn by turn, in order of time.
 *
 * A turn is what some reports say of one instant, or the end of a licence or a measure, which no
 * report says. Only the latest HISTORY_MAX are kept; `turns` says how many there were.
 *
 *   history h;
 *   told_programs told = {0};                   // one for all measures that are looked at together
 *   measure_history(f, e, f->now_ns, &told, &h, &view);
 *   write_history(f, out, &h);                  // the array of `history` in PROTOCOL.md
 *   told_programs_done(f, &told);
 */
#ifndef FACTS_HISTORY_H
#define FACTS_HISTORY_H

#include "facts/entities/entities.h"

enum { HISTORY_MAX = 32 };

typedef struct turn {
    int64_t at_ns, ends_ns; /* ends_ns: of what the step says that it runs out; TIME_UNKNOWN: nothing */
    int64_t said_ns;        /* when the step is said to be: a vague one comes after what it follows from */
    uint16_t days;          /* measure_step */
    uint8_t action;         /* of a measure; 0: time ran out, or of a person */
    const char *state;      /* after it; NULL: none yet */
    uint32_t program;       /* symbol, 0: none named */
    uint32_t report;        /* the first reported one of them, 0: none */
    uint32_t reports;       /* how many say so */
    bool of_program;        /* the step ended the program that it was listed under */
} turn;

typedef struct history {
    turn at[HISTORY_MAX]; /* a ring: the first is at[turns % HISTORY_MAX] once it is full */
    uint32_t turns;
} history;

void history_add(history *h, const turn *t);
/* A report that says what the turn says: counted, and its name kept if it was reported first. */
void turn_report(const facts *f, turn *t, uint32_t number);
/* How many are kept; and the n-th of them, the earliest first. */
uint32_t history_kept(const history *h);
turn *history_at(history *h, uint32_t n);

/* Who says the steps of programs that reach parties (told.c), read once for all parties under them. */
typedef struct told_program told_program;
typedef struct told_programs {
    told_program *at;
    uint32_t count, capacity;
    hash_index places; /* + 1, by entity */
} told_programs;
/* Gives the turns that came of a program (symbol; its entity) the reports that say so. */
void told_name(facts *f, told_programs *all, uint32_t program, const entity *of, history *h);
void told_programs_done(facts *f, told_programs *all);

/* And what it is after all of it, as measure_look() (measures.c). */
void measure_history(facts *f, entity *e, int64_t now_ns, told_programs *told, history *h, measure_view *ret_view);
void person_history(facts *f, const entity *e, history *h); /* persons.c */

#endif
