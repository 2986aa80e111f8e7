/* backtest.c - history through rule sets, and their alerts side by side. */
#include "trials/backtest.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "client.h"
#include "forms/input.h"
#include "forms/pack.h"
#include "journal.h"
#include "room.h"
#include "thaw.h"

typedef struct run {
    const backtest_source *source;
    replay *const *replays;
    size_t count;
    uint64_t read;
    const char *file; /* of the event at hand, for complaints */
    uint64_t line;
    int failed;
    /* The batch of a journal that is being collected. */
    msgpack_sbuffer bytes;
    size_t *ends, ends_count, ends_capacity;
    int64_t received_at_ns;
} run;

/* ---- events ------------------------------------------------------------------------- */

static void on_problem(void *context, size_t index, const char *message)
{
    const run *r = context;
    complain("backtest: %s:%" PRIu64 ": %s", r->file, r->line + index, message);
}

/* Whether the country of an event is wanted; a feed of many countries always is. */
static bool is_wanted(const run *r, const uint8_t *bytes, size_t len)
{
    msgpack_zone zone;
    msgpack_object object;
    if (r->source->country == NULL)
        return true;
    if (!msgpack_zone_init(&zone, 1024))
        return true;
    bool wanted = pack_decode(bytes, len, &zone, &object) != 0 ||
                  pack_is(&object, "country", r->source->country) ||
                  pack_is(&object, "country", "ZZ");
    msgpack_zone_destroy(&zone);
    return wanted;
}

/* One batch to every replay; only the first of them complains. */
static int apply(run *r, const replay_event events[], size_t count, int64_t received_at_ns)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < r->count; i++)
        result = replay_batch(r->replays[i], events, count, received_at_ns,
                              i == 0 ? on_problem : NULL, r);
    return result;
}

/* ---- files -------------------------------------------------------------------------- */

static int run_file(run *r)
{
    const char *const paths[] = {r->source->path, NULL};
    input_event event;
    input_problem problem;
    input *in = NULL;
    int result = input_new(paths, INPUT_AUTO, &in);
    bool more = result == 0, opened = true;
    while (more && result == 0) {
        int next = input_next(in, &event, &problem);
        if (next == -EAGAIN) {
            struct pollfd ready = {.fd = input_fd(in), .events = POLLIN};
            (void)poll(&ready, 1, -1);
            input_fill(in);
        } else if (next == -EBADMSG || next == -EIO) {
            opened = next != -EIO;
            for (size_t i = 0; i < r->count; i++)
                r->replays[i]->rejected++;
            if (problem.line > 0)
                complain("backtest: %s:%" PRIu64 ": %s", problem.file, problem.line,
                         problem.message);
            else
                complain("backtest: %s: %s", problem.file, problem.message);
        } else if (next == 1) {
            replay_event one = {event.bytes, event.len};
            r->file = event.file;
            r->line = event.line;
            r->read++;
            if (is_wanted(r, event.bytes, event.len))
                result = apply(r, &one, 1, 0);
        } else {
            more = false;
            result = next;
        }
    }
    input_free(in);
    return result == 0 && !opened && r->read == 0 ? -EIO : result;
}

/* ---- journals ----------------------------------------------------------------------- */

static int batch_flush(run *r)
{
    size_t count = r->ends_count;
    replay_event *events = calloc(count + 1, sizeof *events);
    size_t start = 0, used = 0;
    if (events == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *bytes = (const uint8_t *)r->bytes.data + start;
        if (is_wanted(r, bytes, r->ends[i] - start))
            events[used++] = (replay_event){bytes, r->ends[i] - start};
        start = r->ends[i];
    }
    int result = used > 0 ? apply(r, events, used, r->received_at_ns) : 0;
    free(events);
    r->line += count;
    r->ends_count = 0;
    msgpack_sbuffer_clear(&r->bytes);
    return result;
}

static int batch_add(run *r, const journal_record *record)
{
    if (room_for(&r->ends, &r->ends_capacity, r->ends_count + 1, sizeof *r->ends) < 0)
        return -ENOMEM;
    if (msgpack_sbuffer_write(&r->bytes, (const char *)record->body, record->body_len) != 0)
        return -ENOMEM;
    r->ends[r->ends_count++] = r->bytes.size;
    r->read++;
    return 0;
}

/* The rule sets of the journal are passed over: these are run with others. */
static int on_record(void *context, const journal_record *record)
{
    run *r = context;
    if (record->kind == JOURNAL_REPORT)
        r->failed = batch_add(r, record);
    else if (r->ends_count > 0)
        r->failed = batch_flush(r);
    if (record->kind == JOURNAL_BATCH)
        r->received_at_ns = record->at_ns;
    for (size_t i = 0; record->kind == JOURNAL_ADVANCE && r->source->clock == ENGINE_CLOCK_WALL &&
                       r->failed == 0 && i < r->count;
         i++)
        r->failed = replay_advance(r->replays[i], record->at_ns);
    return r->failed;
}

static int run_journal(run *r)
{
    journal_config config = journal_config_default;
    journal *j = NULL;
    char error[512] = "";
    config.folder = r->source->path;
    config.read_only = true;
    int result = journal_open(&config, &j, error);
    r->file = r->source->path;
    r->line = 1;
    if (result == 0)
        result = journal_read(j, 0, on_record, r, error);
    if (result == 0 && r->ends_count > 0)
        result = batch_flush(r);
    journal_close(j);
    if (result < 0 && error[0] != '\0')
        complain("backtest: %s: %s", r->source->path, error);
    return result;
}

/* ---- both --------------------------------------------------------------------------- */

/* One report dated ahead would age all others, under clock: reported. */
static void file_limits(replay *r)
{
    r->limits.future_ns = thaw_limits_default.future_ns;
    r->limits.blanks = thaw_limits_default.blanks;
    r->now_ns = realtime_ns();
}

bool backtest_run(const backtest_source *source, replay *const replays[], size_t count)
{
    struct stat status;
    run r = {.source = source, .replays = replays, .count = count, .file = source->path};
    bool folder = stat(source->path, &status) == 0 && S_ISDIR(status.st_mode);
    msgpack_sbuffer_init(&r.bytes);
    for (size_t i = 0; !folder && i < count; i++)
        file_limits(replays[i]);
    int result = folder ? run_journal(&r) : run_file(&r);
    for (size_t i = 0; result == 0 && source->until_ns != INT64_MIN && i < count; i++)
        result = replay_advance(replays[i], source->until_ns);
    msgpack_sbuffer_destroy(&r.bytes);
    free(r.ends);
    if (result == -ENOMEM)
        complain("backtest: out of memory");
    else if (result != 0 && result != -EIO)
        complain("backtest: %s: %s", source->path, strerror(-result));
    return result == 0;
}

/* ---- comparing ---------------------------------------------------------------------- */

static bool same_place(const replay_alert *a, const replay_alert *b)
{
    size_t len = replay_place_len(a->id);
    return len == replay_place_len(b->id) && memcmp(a->id, b->id, len) == 0;
}

/* When an alert ended; INT64_MAX: it still fires. */
static int64_t ended_at(const replay_alert *a)
{
    return a->state == THAW_FIRING ? INT64_MAX : a->changed_at_ns;
}

static bool overlap(const replay_alert *a, const replay_alert *b)
{
    return a->fired_at_ns <= ended_at(b) && b->fired_at_ns <= ended_at(a);
}

static const replay_alert *partner(const replay *old, const replay_alert *a, bool exact,
                                   bool taken[])
{
    for (size_t i = 0; old != NULL && i < old->count; i++) {
        const replay_alert *b = old->alerts[i];
        if (taken[i] || !same_place(a, b) || !overlap(a, b) ||
            (exact && a->fired_at_ns != b->fired_at_ns))
            continue;
        taken[i] = true;
        return b;
    }
    return NULL;
}

static int row_order(const void *a, const void *b)
{
    const backtest_row *x = a, *y = b;
    if (x->alert->fired_at_ns != y->alert->fired_at_ns)
        return x->alert->fired_at_ns < y->alert->fired_at_ns ? -1 : 1;
    int order = strcmp(x->alert->id, y->alert->id);
    return order != 0 ? order : (int)x->diff - (int)y->diff;
}

static backtest_diff row_diff(const backtest_row *row, bool comparing)
{
    if (!comparing)
        return DIFF_SAME;
    if (row->other == NULL)
        return DIFF_ONLY_NEW;
    return row->alert->fired_at_ns == row->other->fired_at_ns &&
                   row->alert->state == row->other->state &&
                   ended_at(row->alert) == ended_at(row->other)
               ? DIFF_SAME
               : DIFF_OTHER;
}

backtest_row *backtest_compare(const replay *now, const replay *old, size_t *ret_count)
{
    size_t old_count = old != NULL ? old->count : 0, count = 0;
    backtest_row *rows = calloc(now->count + old_count + 1, sizeof *rows);
    bool *taken = calloc(old_count + 1, sizeof *taken);
    for (size_t i = 0; rows != NULL && taken != NULL && i < now->count; i++)
        rows[count++] =
            (backtest_row){now->alerts[i], partner(old, now->alerts[i], true, taken), DIFF_SAME};
    for (size_t i = 0; i < count; i++) {
        if (rows[i].other == NULL)
            rows[i].other = partner(old, rows[i].alert, false, taken);
        rows[i].diff = row_diff(&rows[i], old != NULL);
    }
    for (size_t i = 0; rows != NULL && taken != NULL && i < old_count; i++)
        if (!taken[i])
            rows[count++] = (backtest_row){old->alerts[i], NULL, DIFF_ONLY_OLD};
    if (taken == NULL) {
        free(rows);
        return NULL;
    }
    free(taken);
    if (rows != NULL && count > 1)
        qsort(rows, count, sizeof *rows, row_order);
    *ret_count = count;
    return rows;
}
