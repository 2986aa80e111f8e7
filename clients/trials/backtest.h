/*
 * backtest.h - rule sets run against history: reports from files or from a journal, the alerts they
 * would have raised, and what differs between two sets.
 */
#ifndef BACKTEST_H
#define BACKTEST_H

#include "trials/replay.h"

/* Where the reports come from. */
typedef struct backtest_source {
    const char *path;    /* file, "-", or a state folder */
    const char *country; /* only reports of it; NULL: all */
    engine_clock clock;
    int64_t until_ns; /* time goes on to there after the last report; INT64_MIN: it does not */
} backtest_source;

/* Runs every report through all the replays at once. Those of a file are taken as thawd would take
 * them today: none dated ahead of the machine's clock; those of a journal were taken once. What
 * cannot be read is told on stderr and counted as rejected. False after a complaint: nothing could
 * be read, or memory was short. */
bool backtest_run(const backtest_source *source, replay *const replays[], size_t count);

/* How an alert of the new set stands to the old one. */
typedef enum backtest_diff { DIFF_SAME, DIFF_ONLY_NEW, DIFF_ONLY_OLD, DIFF_OTHER } backtest_diff;

/* One line of the result: an alert of the new set, of the old one, or of both. */
typedef struct backtest_row {
    const replay_alert *alert; /* of the new set, else of the old */
    const replay_alert *other; /* the old one that it stands beside; NULL: none */
    backtest_diff diff;
} backtest_row;

/* Pairs the alerts of two runs: of one rule and group, those that fired at the same instant, then
 * those that fired at the same time for a while. Rows stand in order of firing, from malloc(). old
 * NULL: no comparison, all rows are DIFF_SAME. NULL: no memory. */
backtest_row *backtest_compare(const replay *now, const replay *old, size_t *ret_count);

#endif
