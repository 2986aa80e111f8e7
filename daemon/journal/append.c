/*
 * append.c - the loop thread's side: records are sealed straight into the open batch's
 * arenas, one contiguous piece a table; submit hands them over as a whole.
 */
#include "journal_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARENA_FIRST = 64 << 10, ARENA_KEPT = 4 << 20, ARENA_IDLE = 64, BATCH_BODY = 8 };

int journal_fault_at(const journal_faults *faults, journal_fault point)
{
    return faults != NULL && faults->at != NULL ? faults->at(faults->context, point) : 0;
}

int journal_arena_reserve(journal_arena *arena, size_t more, const journal_faults *faults)
{
    if (journal_fault_at(faults, JOURNAL_FAULT_ALLOC) != 0)
        return -ENOMEM;
    if (arena->cap - arena->len >= more)
        return 0;
    if (more > SIZE_MAX / 4 - arena->len)
        return -ENOMEM;
    size_t cap = arena->cap < ARENA_FIRST ? ARENA_FIRST : arena->cap;
    while (cap < arena->len + more)
        cap *= 2;
    uint8_t *bytes = realloc(arena->bytes, cap);
    if (bytes == NULL)
        return -ENOMEM;
    arena->bytes = bytes;
    arena->cap = cap;
    return 0;
}

void journal_arena_free(journal_arena *arena)
{
    free(arena->bytes);
    *arena = (journal_arena){0};
}

void journal_arena_reset(journal_arena *arena)
{
    /* Fresh pages cost more than the copy into them, so a burst's memory stays for a while. */
    bool much = arena->cap > ARENA_KEPT && arena->len < arena->cap / 8;
    arena->idle = much ? arena->idle + 1 : 0;
    if (arena->idle > ARENA_IDLE)
        journal_arena_free(arena);
    arena->len = 0;
}

size_t journal_group_bytes(const journal_group *group)
{
    return group->base.len + group->log.len + group->alerts.len + group->rejects.len;
}

static int append_check(const journal *j)
{
    if (j->read_only)
        return -EROFS;
    return atomic_load(&j->failed) != 0 ? -ENOSPC : 0;
}

/* Keeps room for the batch record, which submit fills: it stands before what it opens. */
static int batch_begin(journal *j)
{
    if (j->batch_open)
        return 0;
    size_t bytes = journal_record_bytes(BATCH_BODY);
    int r = journal_arena_reserve(&j->open.log, bytes, j->faults);
    if (r < 0)
        return r;
    j->open.log.len += bytes;
    j->batch_open = true;
    return 0;
}

/* Room for one record behind what the arena holds; nothing counts until arena->len moves. */
static int record_begin(journal *j, journal_arena *arena, size_t body_len, uint8_t **ret_at)
{
    if (body_len > JOURNAL_BODY_MAX)
        return -EMSGSIZE;
    int r = journal_arena_reserve(arena, journal_record_bytes(body_len), j->faults);
    if (r < 0)
        return r;
    *ret_at = arena->bytes + arena->len;
    return 0;
}

static int log_begin(journal *j, size_t body_len, uint8_t **ret_at)
{
    int r = append_check(j);
    if (r == 0)
        r = batch_begin(j);
    return r < 0 ? r : record_begin(j, &j->open.log, body_len, ret_at);
}

int journal_append_report(journal *j, uint64_t journal_seq, const thaw_event *event)
{
    uint8_t *at;

    if (journal_seq != j->last_report + 1 || event->bytes == NULL)
        return -EINVAL;
    int r = log_begin(j, event->bytes_len, &at);
    if (r < 0)
        return r;
    memcpy(at + JOURNAL_RECORD_HEADER, event->bytes, event->bytes_len);
    journal_record_seal(at, JOURNAL_REPORT, journal_seq, j->last_batch + 1, event->bytes_len);
    j->open.log.len += journal_record_bytes(event->bytes_len);
    j->last_report = journal_seq;
    return 0;
}

int journal_append_advance(journal *j, int64_t now_ns)
{
    uint8_t *at;
    int r = log_begin(j, 8, &at);
    if (r < 0)
        return r;
    journal_put64(at + JOURNAL_RECORD_HEADER, (uint64_t)now_ns);
    journal_record_seal(at, JOURNAL_ADVANCE, j->last_batch + 1, j->last_batch + 1, 8);
    j->open.log.len += journal_record_bytes(8);
    return 0;
}

int journal_append_rules(journal *j, int64_t at_ns, const void *packed, size_t packed_len)
{
    uint8_t *at;

    if (packed_len > JOURNAL_BODY_MAX - 8)
        return -EMSGSIZE;
    int r = log_begin(j, 8 + packed_len, &at);
    if (r < 0)
        return r;
    journal_put64(at + JOURNAL_RECORD_HEADER, (uint64_t)at_ns);
    if (packed_len > 0)
        memcpy(at + JOURNAL_RECORD_HEADER + 8, packed, packed_len);
    journal_record_seal(at, JOURNAL_RULES, j->last_batch + 1, j->last_batch + 1, 8 + packed_len);
    j->open.log.len += journal_record_bytes(8 + packed_len);
    return 0;
}

int journal_append_base(journal *j, int kind, uint64_t number, int64_t at_ns, const void *body,
                        size_t body_len)
{
    uint8_t *at;

    if (kind < JOURNAL_BASE_STATE || kind > JOURNAL_BASE_REPORT)
        return -EINVAL;
    int r = append_check(j);
    if (r < 0)
        return r;
    if (j->open.base.len == 0 && (atomic_load(&j->queued) > 0 || journal_group_bytes(&j->open) > 0))
        return -EBUSY;
    if (body_len > JOURNAL_BODY_MAX - 8)
        return -EMSGSIZE;
    r = record_begin(j, &j->open.base, 8 + body_len, &at);
    if (r < 0)
        return r;
    journal_put64(at + JOURNAL_RECORD_HEADER, (uint64_t)at_ns);
    if (body_len > 0)
        memcpy(at + JOURNAL_RECORD_HEADER + 8, body, body_len);
    journal_record_seal(at, (uint8_t)kind, number, j->last_batch, 8 + body_len);
    j->open.base.len += journal_record_bytes(8 + body_len);
    return 0;
}

void journal_trim_alerts(journal *j, uint64_t first_alert)
{
    j->open.first_alert = first_alert;
}

uint64_t journal_base_report(const journal *j)
{
    return atomic_load(&j->base_report);
}

uint64_t journal_base_mark(const journal *j)
{
    return atomic_load(&j->base_mark);
}

int journal_append_alert(journal *j, uint64_t seq, const void *topic, size_t topic_len,
                         const void *body, size_t body_len)
{
    uint8_t *at;

    if (seq != j->last_alert + 1)
        return -EINVAL;
    if (topic_len > JOURNAL_BODY_MAX / 2 || body_len > JOURNAL_BODY_MAX / 2 - 8)
        return -EMSGSIZE;
    size_t len = 8 + topic_len + body_len;
    int r = append_check(j);
    if (r == 0)
        r = batch_begin(j);
    if (r == 0)
        r = record_begin(j, &j->open.alerts, len, &at);
    if (r < 0)
        return r;
    uint8_t *to = at + JOURNAL_RECORD_HEADER;
    journal_put32(to, (uint32_t)topic_len);
    journal_put32(to + 4, 0);
    if (topic_len > 0)
        memcpy(to + 8, topic, topic_len);
    if (body_len > 0)
        memcpy(to + 8 + topic_len, body, body_len);
    journal_record_seal(at, JOURNAL_KIND_ALERT, seq, j->last_batch + 1, len);
    j->open.alerts.len += journal_record_bytes(len);
    j->last_alert = seq;
    return 0;
}

static size_t cut(size_t len, size_t max)
{
    return len < max ? len : max;
}

int journal_append_reject(journal *j, int64_t received_at_ns, thaw_code code, const char *message,
                          const char *endpoint, const void *bytes, size_t bytes_len)
{
    uint8_t *at;
    size_t message_len = message != NULL ? strnlen(message, sizeof(thaw_error)) : 0;
    size_t endpoint_len = endpoint != NULL ? strnlen(endpoint, 512) : 0;
    size_t kept = cut(bytes_len, JOURNAL_REJECT_BYTES);
    size_t len = 16 + message_len + 1 + endpoint_len + 1 + kept;

    int r = append_check(j);
    if (r == 0)
        r = record_begin(j, &j->open.rejects, len, &at);
    if (r < 0)
        return r;
    uint8_t *to = at + JOURNAL_RECORD_HEADER;
    journal_put64(to, (uint64_t)received_at_ns);
    journal_put16(to + 8, (uint16_t)code);
    journal_put16(to + 10, (uint16_t)message_len);
    journal_put16(to + 12, (uint16_t)endpoint_len);
    journal_put16(to + 14, (uint16_t)kept);
    to += 16;
    if (message_len > 0)
        memcpy(to, message, message_len);
    to[message_len] = 0;
    to += message_len + 1;
    if (endpoint_len > 0)
        memcpy(to, endpoint, endpoint_len);
    to[endpoint_len] = 0;
    if (kept > 0)
        memcpy(to + endpoint_len + 1, bytes, kept);
    journal_record_seal(at, JOURNAL_KIND_REJECT, j->last_reject + 1, j->last_batch, len);
    j->open.rejects.len += journal_record_bytes(len);
    j->last_reject++;
    return 0;
}

/* Adds the open batch to what waits: all of it or nothing. Where nothing waits the two change
 * places, and nothing is copied. */
static int group_hand_over(journal *j)
{
    journal_group *from = &j->open, *to = &j->waiting;
    if (journal_group_bytes(to) == 0) {
        journal_group emptied = *to;
        *to = *from;
        *from = emptied;
        from->first_alert = 0;
        return 0;
    }
    if (from->base.len > 0)
        return -EBUSY; /* journal_append_base saw to it */
    journal_arena *source[] = {&from->log, &from->alerts, &from->rejects};
    journal_arena *target[] = {&to->log, &to->alerts, &to->rejects};
    for (int i = 0; i < 3; i++) {
        int r = journal_arena_reserve(target[i], source[i]->len, j->faults);
        if (r < 0)
            return r;
    }
    for (int i = 0; i < 3; i++) {
        if (source[i]->len > 0)
            memcpy(target[i]->bytes + target[i]->len, source[i]->bytes, source[i]->len);
        target[i]->len += source[i]->len;
        journal_arena_reset(source[i]);
    }
    return 0;
}

int journal_submit(journal *j, int64_t received_at_ns, uint64_t *ret_ticket)
{
    int r = append_check(j);
    if (r < 0)
        return r;
    size_t bytes = journal_group_bytes(&j->open);
    if (bytes == 0) {
        *ret_ticket = j->last_ticket;
        return 0;
    }
    if (j->batch_open) {
        uint8_t *at = j->open.log.bytes;
        journal_put64(at + JOURNAL_RECORD_HEADER, (uint64_t)received_at_ns);
        journal_record_seal(at, JOURNAL_BATCH, j->last_batch + 1, j->last_batch + 1, BATCH_BODY);
    }

    pthread_mutex_lock(&j->mutex);
    r = group_hand_over(j);
    if (r == 0) {
        j->waiting.ticket = j->last_ticket + 1;
        atomic_fetch_add(&j->queued, bytes);
        pthread_cond_signal(&j->wake);
    }
    pthread_mutex_unlock(&j->mutex);
    if (r < 0)
        return r;

    j->last_batch += j->batch_open;
    j->batch_open = false;
    *ret_ticket = ++j->last_ticket;
    return 0;
}

int journal_fd(const journal *j)
{
    return j->event_fd;
}

uint64_t journal_durable(journal *j)
{
    uint64_t count;
    ssize_t n;

    /* Cleared before the ticket is read: a rise in between wakes once more, for nothing. */
    if (j->event_fd >= 0) {
        do
            n = read(j->event_fd, &count, sizeof count);
        while (n < 0 && errno == EINTR);
    }
    return atomic_load(&j->durable);
}

bool journal_full(const journal *j)
{
    return atomic_load(&j->queued) > j->queue_max;
}

int journal_failed(const journal *j, const char **ret_text)
{
    int failed = atomic_load(&j->failed);
    if (failed != 0 && ret_text != NULL)
        *ret_text = j->failed_text;
    return failed;
}

void journal_count(const journal *j, journal_counters *ret_counters)
{
    *ret_counters = (journal_counters){
        .reports = atomic_load(&j->done_reports),
        .alerts = atomic_load(&j->done_alerts),
        .rejects = atomic_load(&j->done_rejects),
        .batches = atomic_load(&j->done_batches),
        .commits = atomic_load(&j->commits),
        .queue_bytes = atomic_load(&j->queued),
        .map_bytes = atomic_load(&j->map_bytes),
        .used_bytes = atomic_load(&j->used_bytes),
        .live_bytes = atomic_load(&j->live_bytes),
        .commit_ns_last = atomic_load(&j->commit_ns_last),
        .commit_ns_max = atomic_load(&j->commit_ns_max),
    };
}
