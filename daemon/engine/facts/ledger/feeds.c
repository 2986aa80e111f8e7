/*
 * feeds.c - each source in each country: when it was last heard, whether its numbering has holes,
 * and what the importer of its list says. Everything here is about reports that came, living or not.
 */
#include <string.h>
#include <xxhash.h>

#include "facts/ledger/ledger.h"
#include "facts/state/known.h"
#include "facts/state/state.h"
#include "lower_bound.h"

static uint32_t kept_grow(facts *f, void **table, uint32_t *count, uint32_t *capacity, size_t size)
{
    if (array_reserve(table, capacity, (size_t)*count + 1, size, &f->kept) < 0) {
        f->failed = -ENOMEM;
        return 0;
    }
    memset((char *)*table + *count * size, 0, size);
    return (*count)++;
}

static void kept_put(facts *f, numbers *list, uint32_t value)
{
    if (numbers_put(list, value, &f->kept) < 0)
        f->failed = -ENOMEM;
}

/* ---- producers ---------------------------------------------------------------------- */

static uint32_t producer_index(facts *f, thaw_str name)
{
    uint32_t symbol, cursor = 0, i;
    if (symbols_put(f->symbols, name, &symbol) < 0) {
        f->failed = -ENOMEM;
        return 0;
    }
    uint64_t hash = mix(symbol, 11);
    while ((i = index_next(&f->producers_index, hash, &cursor)))
        if (f->producers[i].name == symbol)
            return i;
    i = kept_grow(f, (void **)&f->producers, &f->producers_count, &f->producers_capacity, sizeof *f->producers);
    f->producers[i].name = symbol;
    if (i && index_put(&f->producers_index, hash, i, &f->kept) < 0)
        f->failed = -ENOMEM;
    return i;
}

/* How many ranges begin at that number or before. */
static uint32_t ranges_upto(const producer *p, uint64_t number)
{
    uint32_t low = 0, high = p->count;
    LOWER_BOUND(low, high, p->ranges[middle].first <= number);
    return low;
}

static bool range_insert(facts *f, producer *p, uint32_t at, number_range range)
{
    if (array_reserve((void **)&p->ranges, &p->capacity, (size_t)p->count + 1, sizeof *p->ranges, &f->kept) < 0) {
        f->failed = -ENOMEM;
        return false;
    }
    memmove(&p->ranges[at + 1], &p->ranges[at], (p->count - at) * sizeof *p->ranges);
    p->ranges[at] = range;
    p->count++;
    return true;
}

/* Notes one number; ranges stay in order and apart. Returns whether the holes may have changed. */
static bool producer_note(facts *f, producer *p, uint64_t number)
{
    uint32_t at = ranges_upto(p, number);
    if (at && number <= p->ranges[at - 1].last) {
        p->repeats++;
        return false;
    }
    p->numbers++;
    bool extends = at && p->ranges[at - 1].last + 1 == number;
    bool precedes = at < p->count && number + 1 == p->ranges[at].first;
    if (extends && precedes) {
        p->ranges[at - 1].last = p->ranges[at].last;
        memmove(&p->ranges[at], &p->ranges[at + 1], (p->count - at - 1) * sizeof *p->ranges);
        p->count--;
        return true;
    }
    if (extends) {
        p->ranges[at - 1].last = number;
        return at < p->count; /* the hole before the next range shrank */
    }
    if (precedes) {
        p->ranges[at].first = number;
        return true;
    }
    return range_insert(f, p, at, (number_range){number, number});
}

uint64_t producer_holes(const producer *p)
{
    return p->count ? p->ranges[p->count - 1].last - p->ranges[0].first + 1 - p->numbers : 0;
}

uint64_t feed_holes(const facts *f, const feed *fd)
{
    uint64_t holes = 0;
    for (uint32_t i = 0; i < fd->producers.count; i++)
        holes += producer_holes(&f->producers[fd->producers.at[i]]);
    return holes;
}

void producer_heard(facts *f, const thaw_event *event)
{
    uint32_t p = event->producer.data && event->has_producer_seq ? producer_index(f, event->producer) : 0;
    if (p)
        (void)producer_note(f, &f->producers[p], event->producer_seq);
}

void producer_not_heard(facts *f, const thaw_event *event)
{
    uint32_t i = event->producer.data && event->has_producer_seq ? producer_index(f, event->producer) : 0;
    producer *p = &f->producers[i];
    uint64_t number = event->producer_seq;
    uint32_t at = ranges_upto(p, number);
    if (!i || !at || p->ranges[--at].last < number)
        return;
    p->numbers--;
    number_range whole = p->ranges[at];
    memmove(&p->ranges[at], &p->ranges[at + 1], (p->count - at - 1) * sizeof *p->ranges);
    p->count--;
    if (number < whole.last)
        (void)range_insert(f, p, at, (number_range){number + 1, whole.last});
    if (number > whole.first)
        (void)range_insert(f, p, at, (number_range){whole.first, number - 1});
}

void producer_restore(facts *f, thaw_str name, uint64_t repeats, const uint8_t *ranges, uint32_t count)
{
    uint32_t i = producer_index(f, name);
    producer *p = &f->producers[i];
    if (!i || array_reserve((void **)&p->ranges, &p->capacity, count, sizeof *p->ranges, &f->kept) < 0) {
        f->failed = -ENOMEM;
        return;
    }
    if (count)
        memcpy(p->ranges, ranges, count * sizeof *p->ranges);
    p->count = count;
    p->numbers = 0;
    for (uint32_t r = 0; r < count; r++)
        p->numbers += p->ranges[r].last - p->ranges[r].first + 1;
    p->repeats = repeats;
}

/* ---- feeds -------------------------------------------------------------------------- */

static uint32_t feed_find(const facts *f, uint32_t source, uint32_t country_)
{
    uint32_t cursor = 0, i;
    while ((i = index_next(&f->feeds_index, feed_hash(source, country_), &cursor)))
        if (f->feeds[i].source == source && f->feeds[i].country == country_)
            return i;
    return 0;
}

static uint32_t feed_index(facts *f, uint32_t source, const char code[2])
{
    uint32_t country_ = country_index(f, code);
    const feed *last = &f->feeds[f->feeds_last];
    if (f->feeds_last && last->source == source && last->country == country_)
        return f->feeds_last;
    uint32_t i = feed_find(f, source, country_);
    if (i)
        return f->feeds_last = i;
    i = kept_grow(f, (void **)&f->feeds, &f->feeds_count, &f->feeds_capacity, sizeof *f->feeds);
    thaw_str name = symbols_get(f->symbols, source);
    f->feeds[i] =
        (feed){.source = source,
               .country = country_,
               .first_at_ns = TIME_UNKNOWN,
               .last_at_ns = TIME_UNKNOWN,
               .id = XXH3_64bits_withSeed(name.data, name.len, (uint64_t)(uint8_t)code[0] << 8 | (uint8_t)code[1])};
    if (i && index_put(&f->feeds_index, feed_hash(source, country_), i, &f->kept) < 0)
        f->failed = -ENOMEM;
    if (i)
        kept_put(f, &f->countries[country_].feeds, i);
    return i;
}

/* A source that corrects itself speaks: what was silent was so. Only a word of its importer that is taken
 * back takes back something that was held of the feed. */
static void feed_mark(facts *f, uint32_t i, bool corrects)
{
    feed *fd = &f->feeds[i];
    causes_note(f, &fd->why);
    fd->correction = fd->correction || corrects;
    if (!fd->dirty) {
        fd->dirty = true;
        if (numbers_push(&f->dirty_feeds, i, &f->held) < 0)
            f->failed = -ENOMEM;
    }
}

void feed_note(facts *f, uint32_t number, const thaw_event *event)
{
    const report *r = report_of(f, number);
    uint32_t i = feed_index(f, r->source, event->country);
    feed *fd = &f->feeds[i];
    if (r->reported_ns != TIME_UNKNOWN) {
        if (fd->first_at_ns == TIME_UNKNOWN || r->reported_ns < fd->first_at_ns)
            fd->first_at_ns = r->reported_ns;
        if (r->reported_ns > fd->last_at_ns)
            fd->last_at_ns = r->reported_ns;
    }
    feed_mark(f, i, false);
    if (!event->producer.data || !event->has_producer_seq || f->restoring)
        return;
    uint32_t p = producer_index(f, event->producer);
    kept_put(f, &fd->producers, p);
    kept_put(f, &f->producers[p].feeds, i);
    if (producer_note(f, &f->producers[p], event->producer_seq))
        for (uint32_t k = 0; k < f->producers[p].feeds.count; k++)
            feed_mark(f, f->producers[p].feeds.at[k], false);
}

uint32_t feed_restore(facts *f, thaw_str source, const char code[2], int64_t first_at_ns, int64_t last_at_ns)
{
    uint32_t symbol = 0;
    if (symbols_put(f->symbols, source, &symbol) < 0)
        f->failed = -ENOMEM;
    uint32_t i = feed_index(f, symbol, code);
    f->feeds[i].first_at_ns = first_at_ns;
    f->feeds[i].last_at_ns = last_at_ns;
    return i;
}

void feed_restore_producer(facts *f, uint32_t feed_index_, uint64_t producer_index_)
{
    if (!producer_index_ || producer_index_ >= f->producers_count)
        return;
    kept_put(f, &f->feeds[feed_index_].producers, (uint32_t)producer_index_);
    kept_put(f, &f->producers[producer_index_].feeds, feed_index_);
}

void feed_enter(facts *f, uint32_t number, const thaw_event *event)
{
    const report *r = report_of(f, number);
    uint32_t i = feed_index(f, r->source, event->country);
    f->feeds[i].living++;
    if (r->kind == THAW_FEED)
        kept_put(f, &f->feeds[i].words, number);
    feed_mark(f, i, false);
}

void feed_leave(facts *f, uint32_t number, const thaw_event *event)
{
    const report *r = report_of(f, number);
    uint32_t i = feed_index(f, r->source, event->country);
    f->feeds[i].living--;
    numbers_take(&f->feeds[i].words, number);
    feed_mark(f, i, f->cause_corrects && r->kind == THAW_FEED);
}

bool feed_is_broken(facts *f, const feed *fd)
{
    uint32_t latest = 0;
    for (uint32_t i = 0; i < fd->words.count; i++)
        if (report_is_read(f, fd->words.at[i]) && (!latest || report_later_compare(f, fd->words.at[i], latest) > 0))
            latest = fd->words.at[i];
    thaw_event event = {0};
    if (latest)
        report_event(f->reports, report_of(f, latest), &event);
    return event.feed_state == THAW_FEED_BROKEN;
}

static void feed_settle(facts *f, uint32_t i)
{
    feed *fd = &f->feeds[i];
    uint64_t fingerprint = mix(mix((uint64_t)fd->last_at_ns, feed_holes(f, fd)), feed_is_broken(f, fd));
    fingerprint = mix(mix(fingerprint, fd->living), (uint64_t)fd->first_at_ns) | 1;
    for (uint32_t w = 0; w < fd->words.count; w++)
        fingerprint += mix(fd->words.at[w], 5) << 1;
    fd->dirty = false;
    if (!fd->living && fd->handle) {
        tell(f, FACT_GONE, fd->handle, true, &fd->why);
        handle_drop(f, fd->handle, i);
        fd->handle = 0;
    } else if (fd->living && !fd->handle) {
        fd->handle = handle_new(f, FACT_FEED, i);
        tell(f, FACT_APPEARED, fd->handle, false, &fd->why);
    } else if (fd->living && fingerprint != fd->fingerprint) {
        tell(f, FACT_CHANGED, fd->handle, fd->correction, &fd->why);
    }
    fd->fingerprint = fingerprint;
    fd->correction = false;
    fd->why.news = 0;
    numbers_done(&fd->why.corrections, &f->held);
}

void feeds_settle(facts *f)
{
    const numbers *dirty = &f->dirty_feeds;
    for (uint32_t i = 0; i < dirty->count && !f->failed; i++) {
        if (i + 8 < dirty->count) /* they lie anywhere: fetched while others are worked on */
            fetch_ahead(&f->feeds[dirty->at[i + 8]], sizeof *f->feeds);
        feed_settle(f, dirty->at[i]);
    }
    f->dirty_feeds.count = 0;
}
