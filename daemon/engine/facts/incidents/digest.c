/*
 * digest.c - the votes and dates of an incident of many reports, kept so that one more costs little.
 *
 *   voices   voice -> the dates that it gives, its vote (a hash table)
 *   votes    each different count among these, and how many voices give it
 *   dates    each different date, and how many voices give it
 *
 * What it says is the same as count_reports() and date_of() over all reports; those serve incidents of few
 * reports, and the model of tests/property holds both to one meaning. Reports are only ever added: where
 * one leaves, the digest is thrown away and made anew.
 */
#include <stdlib.h>

#include "facts/incidents/digest.h"
#include "facts/incidents/incidents.h"
#include "facts/memory/image_tables.h"

/* A voice, with the first of its dates and its vote. */
typedef struct voice_slot {
    uint32_t voice;      /* 0: the slot is free */
    uint32_t date : 30;  /* place of the date_line of its own date (items.c), from 1; 0: it gives none */
    uint32_t states : 1; /* they are stated, and not those of its reporting */
    uint32_t more : 1;   /* further ones stand among the `others` */
    uint32_t vote;
} voice_slot;

/* A further date of a voice. */
typedef struct other_date {
    uint32_t voice, date; /* place of the date_line, from 1 */
} other_date;

/* Votes that are alike. */
typedef struct vote_line {
    uint64_t count;
    uint32_t votes;
    uint32_t first; /* the one first reported; 0: to be looked up */
    uint8_t count_is, status;
    bool named;
} vote_line;

typedef struct date_line {
    span date;
    uint32_t voices, owners; /* that give it; whose own date it is */
    uint32_t first;          /* in name order, of all reports with that date */
} date_line;

/* One whole, or one part. */
typedef struct level {
    uint32_t part; /* symbol; 0: the whole */
    uint16_t parties_max; /* the most persons that one names */
    bool names_known;     /* one that is no rumour names some, or targets */
    voice_slot *voices;
    uint32_t voices_count, voices_size; /* a power of two */
    vote_line *votes;
    uint32_t votes_count, votes_capacity;
} level;

struct digest {
    level whole;
    level *parts;
    uint32_t parts_count, parts_capacity;
    date_line *dates;
    uint32_t dates_count, dates_capacity;
    other_date *others;
    uint32_t others_count, others_capacity;
};

digest *digest_new(facts *f)
{
    digest *d = calloc(1, sizeof *d);
    if (!d)
        f->failed = -ENOMEM;
    else
        f->held += sizeof *d;
    return d;
}

static void level_done(facts *f, level *l)
{
    array_free((void **)&l->voices, &l->voices_size, sizeof *l->voices, &f->held);
    array_free((void **)&l->votes, &l->votes_capacity, sizeof *l->votes, &f->held);
}

digest *digest_free(facts *f, digest *d)
{
    if (!d)
        return NULL;
    level_done(f, &d->whole);
    for (uint32_t i = 0; i < d->parts_count; i++)
        level_done(f, &d->parts[i]);
    array_free((void **)&d->parts, &d->parts_capacity, sizeof *d->parts, &f->held);
    array_free((void **)&d->dates, &d->dates_capacity, sizeof *d->dates, &f->held);
    array_free((void **)&d->others, &d->others_capacity, sizeof *d->others, &f->held);
    f->held -= sizeof *d;
    free(d);
    return NULL;
}

/* ---- voices ------------------------------------------------------------------------- */

static uint32_t slot_first(uint32_t size, uint32_t voice)
{
    return (uint32_t)(voice * 0x9e3779b1u) & (size - 1);
}

static voice_slot *slot_of(voice_slot *slots, uint32_t size, uint32_t voice)
{
    uint32_t i = slot_first(size, voice);
    while (slots[i].voice && slots[i].voice != voice)
        i = (i + 1) & (size - 1);
    return &slots[i];
}

static voice_slot *voice_of(facts *f, level *l, uint32_t voice)
{
    if ((l->voices_count + 1) * 4 > l->voices_size * 3) {
        uint32_t size = l->voices_size ? l->voices_size * 2 : 16;
        voice_slot *slots = calloc(size, sizeof *slots);
        if (!slots) {
            f->failed = -ENOMEM;
            return NULL;
        }
        for (uint32_t i = 0; i < l->voices_size; i++)
            if (l->voices[i].voice)
                *slot_of(slots, size, l->voices[i].voice) = l->voices[i];
        f->held += (uint64_t)(size - l->voices_size) * sizeof *slots;
        free(l->voices);
        l->voices = slots;
        l->voices_size = size;
    }
    voice_slot *slot = slot_of(l->voices, l->voices_size, voice);
    if (!slot->voice) {
        slot->voice = voice;
        l->voices_count++;
    }
    return slot;
}

/* ---- votes -------------------------------------------------------------------------- */

static vote_line *vote_line_of(facts *f, level *l, const report *r, bool make)
{
    for (uint32_t i = 0; i < l->votes_count; i++) {
        vote_line *v = &l->votes[i];
        if (v->count == r->count && v->count_is == r->count_is && v->status == r->status && v->named == report_counts_named(r))
            return v;
    }
    if (!make)
        return NULL;
    if (array_reserve((void **)&l->votes, &l->votes_capacity, (size_t)l->votes_count + 1, sizeof *l->votes, &f->held) <
        0) {
        f->failed = -ENOMEM;
        return NULL;
    }
    l->votes[l->votes_count] =
        (vote_line){.count = r->count, .count_is = r->count_is, .status = r->status, .named = report_counts_named(r)};
    return &l->votes[l->votes_count++];
}

static void vote_take(facts *f, level *l, uint32_t number)
{
    vote_line *v = vote_line_of(f, l, report_of(f, number), false);
    if (!v)
        return;
    if (v->first == number)
        v->first = 0;
    if (--v->votes == 0)
        *v = l->votes[--l->votes_count];
}

static void vote_put(facts *f, level *l, uint32_t number)
{
    vote_line *v = vote_line_of(f, l, report_of(f, number), true);
    if (!v)
        return;
    if (!v->votes || (v->first && vote_reported_first(f, number, v->first)))
        v->first = number;
    v->votes++;
}

static void level_add(facts *f, level *l, voice_slot *slot, uint32_t number)
{
    const report *r = report_of(f, number);
    if (r->parties > l->parties_max && r->kind != THAW_SANCTION)
        l->parties_max = r->parties;
    l->names_known = l->names_known || (r->parties && r->status > THAW_RUMOURED);
    if (!r->has_count || (slot->vote && vote_stands_compare(f, number, slot->vote) < 0))
        return;
    if (slot->vote)
        vote_take(f, l, slot->vote);
    slot->vote = number;
    vote_put(f, l, number);
}

/* Finds, of votes that are alike, the one first reported. */
static void vote_first_look(facts *f, level *l, vote_line *v)
{
    if (v->first)
        return;
    uint32_t best = 0;
    for (uint32_t i = 0; i < l->voices_size; i++) {
        uint32_t vote = l->voices[i].vote;
        if (vote && vote_line_of(f, l, report_of(f, vote), false) == v && (!best || vote_reported_first(f, vote, best)))
            best = vote;
    }
    v->first = best;
}

/* Lines of the greatest weight are votes, the others are parts: counts.c. */
static uint64_t vote_line_weight(const vote_line *v)
{
    return v->named ? v->count : UINT64_MAX;
}

/* The count that most voices give among the votes of one sort and the best status, which is `least` or better. */
static bool level_winner(facts *f, level *l, uint8_t count_is, uint64_t weight, uint8_t least, uint64_t *ret_count)
{
    uint8_t best_status = 0;
    vote_line *best = NULL;
    for (uint32_t i = 0; i < l->votes_count; i++) {
        const vote_line *v = &l->votes[i];
        if (v->count_is == count_is && vote_line_weight(v) == weight && v->status > best_status)
            best_status = v->status;
    }
    for (uint32_t i = 0; best_status >= least && i < l->votes_count; i++) {
        vote_line *v = &l->votes[i];
        if (v->count_is != count_is || v->status != best_status || vote_line_weight(v) != weight ||
            (best && v->votes < best->votes))
            continue;
        if (best && v->votes == best->votes) {
            vote_first_look(f, l, v);
            vote_first_look(f, l, best);
            if (!vote_reported_first(f, v->first, best->first))
                continue;
        }
        best = v;
    }
    if (best)
        *ret_count = best->count;
    return best != NULL;
}

static void level_count(facts *f, level *l, counted *c)
{
    uint64_t weight = 0;
    bool range = false;
    c->known = c->known || l->names_known;
    for (uint32_t i = 0; i < l->votes_count; i++) {
        if (vote_line_weight(&l->votes[i]) > weight)
            weight = vote_line_weight(&l->votes[i]);
        c->known = c->known || l->votes[i].status > THAW_RUMOURED;
    }
    const uint8_t least = c->known ? THAW_ANNOUNCED : THAW_RUMOURED;
    if (l->parties_max)
        counted_raise(c, l->parties_max);
    for (uint32_t i = 0; i < l->votes_count; i++) {
        const vote_line *v = &l->votes[i];
        if (vote_line_weight(v) != weight)
            continue;
        if (v->count_is == THAW_AT_LEAST && v->status >= least)
            counted_raise(c, v->count);
        if (v->count_is != THAW_EXACT || v->named)
            continue;
        c->low = !range || v->count < c->low ? v->count : c->low;
        c->high = !range || v->count > c->high ? v->count : c->high;
        range = true;
    }
    c->has_winner = level_winner(f, l, THAW_EXACT, weight, least, &c->winner);
    c->rumoured_range = !c->has_winner;
    c->has_winner = c->has_winner || level_winner(f, l, THAW_ABOUT, weight, least, &c->winner);
    c->has_count = range; /* until counted_close: whether low and high are set */
}

/* ---- parts -------------------------------------------------------------------------- */

static level *part_of(facts *f, digest *d, uint32_t part)
{
    for (uint32_t i = 0; i < d->parts_count; i++)
        if (d->parts[i].part == part)
            return &d->parts[i];
    if (array_reserve((void **)&d->parts, &d->parts_capacity, (size_t)d->parts_count + 1, sizeof *d->parts, &f->held) <
        0) {
        f->failed = -ENOMEM;
        return NULL;
    }
    d->parts[d->parts_count] = (level){.part = part};
    return &d->parts[d->parts_count++];
}

/* For each dimension the sum of its values is a lower bound of the whole. */
static void digest_count_parts(facts *f, digest *d, counted *c)
{
    uint64_t *counts = malloc(d->parts_count * sizeof *counts);
    uint32_t *parts = malloc(d->parts_count * sizeof *parts);
    if (!counts || !parts)
        f->failed = -ENOMEM;
    for (uint32_t i = 0; counts && parts && i < d->parts_count; i++) {
        counted one = {0};
        level_count(f, &d->parts[i], &one);
        c->known = c->known || one.known;
        counted_close(&one);
        c->disagrees = c->disagrees || one.disagrees;
        parts[i] = d->parts[i].part;
        counts[i] = one.count;
    }
    if (counts && parts)
        counted_raise_by_parts(f, c, parts, counts, d->parts_count);
    free(counts);
    free(parts);
}

/* ---- dates -------------------------------------------------------------------------- */

/* Its place, from 1; 0: no memory. Lines stay where they are, also those that no voice gives any more. */
static uint32_t date_place(facts *f, digest *d, span date)
{
    for (uint32_t i = 0; i < d->dates_count; i++)
        if (d->dates[i].date.start_ns == date.start_ns && d->dates[i].date.end_ns == date.end_ns)
            return i + 1;
    if (array_reserve((void **)&d->dates, &d->dates_capacity, (size_t)d->dates_count + 1, sizeof *d->dates, &f->held) <
        0) {
        f->failed = -ENOMEM;
        return 0;
    }
    d->dates[d->dates_count] = (date_line){.date = date};
    return ++d->dates_count;
}

static bool gives_date(const digest *d, const voice_slot *slot, uint32_t place)
{
    bool gives = slot->date == place;
    for (uint32_t i = 0; slot->more && !gives && i < d->others_count; i++)
        gives = d->others[i].voice == slot->voice && d->others[i].date == place;
    return gives;
}

/* Takes the dates of a voice away: it states a date for the first time, and the days on which it only reported count
 * no longer. */
static void dates_take(digest *d, voice_slot *slot)
{
    if (slot->date) {
        d->dates[slot->date - 1].voices--;
        d->dates[slot->date - 1].owners--;
    }
    for (uint32_t i = slot->more ? d->others_count : 0; i-- > 0;)
        if (d->others[i].voice == slot->voice) {
            d->dates[d->others[i].date - 1].voices--;
            d->others[i] = d->others[--d->others_count];
        }
    slot->date = slot->more = 0;
}

static void date_own(digest *d, voice_slot *slot, uint32_t place)
{
    if (slot->date)
        d->dates[slot->date - 1].owners--;
    d->dates[place - 1].owners++;
    slot->date = place & 0x3fffffff;
}

static void date_give(facts *f, digest *d, voice_slot *slot, uint32_t place)
{
    if (gives_date(d, slot, place))
        return;
    uint32_t other = slot->date;
    d->dates[place - 1].voices++;
    if (!other || spans_order(d->dates[place - 1].date, d->dates[other - 1].date) < 0)
        date_own(d, slot, place);
    else
        other = place;
    if (!other)
        return;
    if (array_reserve((void **)&d->others, &d->others_capacity, (size_t)d->others_count + 1, sizeof *d->others,
                      &f->held) < 0) {
        f->failed = -ENOMEM;
        return;
    }
    d->others[d->others_count++] = (other_date){slot->voice, other};
    slot->more = 1;
}

static void date_add(facts *f, digest *d, voice_slot *slot, uint32_t number)
{
    const report *r = report_of(f, number);
    uint32_t place = r->start_ns == TIME_UNKNOWN ? 0 : date_place(f, d, report_span(r));
    if (!place)
        return;
    date_line *l = &d->dates[place - 1];
    if (!l->first || report_name_compare(f, number, l->first) < 0)
        l->first = number;
    if (r->states_date && !slot->states)
        dates_take(d, slot);
    slot->states |= r->states_date;
    if (r->states_date == slot->states)
        date_give(f, d, slot, place);
}

/* ---- the whole ---------------------------------------------------------------------- */

void digest_add(facts *f, digest *d, uint32_t number)
{
    const report *r = report_of(f, number);
    if (r->covers == THAW_WIDER)
        return;
    voice_slot *slot = voice_of(f, &d->whole, r->voice);
    if (!slot)
        return;
    date_add(f, d, slot, number);
    if (r->covers == THAW_EVENT) {
        level_add(f, &d->whole, slot, number);
    } else if (r->has_count || r->parties) {
        level *part = part_of(f, d, r->part);
        slot = part ? voice_of(f, part, r->voice) : NULL;
        if (slot)
            level_add(f, part, slot, number);
    }
}

void digest_add_date(facts *f, digest *d, uint32_t number)
{
    const report *r = report_of(f, number);
    voice_slot *slot = r->covers == THAW_WIDER ? NULL : voice_of(f, &d->whole, r->voice);
    if (slot)
        date_add(f, d, slot, number);
}

void digest_count(facts *f, digest *d, counted *ret_counted)
{
    counted c = {0};
    if (d->parts_count)
        digest_count_parts(f, d, &c);
    level_count(f, &d->whole, &c);
    counted_close(&c);
    *ret_counted = c;
}

span digest_date(const digest *d, uint32_t *ret_report)
{
    date_line *best = NULL;
    for (uint32_t i = 0; i < d->dates_count; i++) {
        date_line *l = &d->dates[i];
        if (!l->voices || (best && l->voices < best->voices))
            continue;
        if (best && l->voices == best->voices && spans_order(best->date, l->date) < 0)
            continue;
        best = l;
    }
    *ret_report = best ? best->first : 0;
    return best ? best->date : (span){TIME_UNKNOWN, TIME_UNKNOWN};
}

days_said digest_days(const digest *d)
{
    overlap all = overlap_any, own = overlap_any;
    for (uint32_t i = 0; i < d->dates_count; i++) {
        const date_line *l = &d->dates[i];
        if (l->voices)
            overlap_add(&all, l->date);
        if (l->owners)
            overlap_add(&own, l->date);
    }
    return days_of(&all, &own);
}

size_t digest_bytes(void)
{
    return sizeof(digest);
}

void digest_fetch(const digest *d, uint32_t voice)
{
    if (!d)
        return;
    if (voice && d->whole.voices_size)
        __builtin_prefetch(&d->whole.voices[slot_first(d->whole.voices_size, voice)]);
    __builtin_prefetch(d->whole.votes);
    __builtin_prefetch(d->dates);
}

/* ---- as bytes ----------------------------------------------------------------------- */

static const image_list digest_lists[] = {
    {offsetof(digest, parts), offsetof(digest, parts_count), sizeof(level)},
    {offsetof(digest, dates), offsetof(digest, dates_count), sizeof(date_line)},
    {offsetof(digest, others), offsetof(digest, others_count), sizeof(other_date)}};
static const image_list vote_list = {offsetof(level, votes), offsetof(level, votes_count), sizeof(vote_line)};
_Static_assert(sizeof(digest) == 88 && sizeof(level) == 40,
               "a digest looks otherwise: are its lists named above? then write the new sizes here");

static void level_put_image(const level *l, saved_out *out)
{
    image_put(out, l->voices, l->voices_size * sizeof *l->voices);
    image_put_lists(out, l, &vote_list, 1);
}

static void level_get_image(level *l, saved_in *in)
{
    l->voices = image_get_new(in, l->voices_size * sizeof *l->voices, l->voices_size * sizeof *l->voices);
    if (!l->voices)
        l->voices_size = l->voices_count = 0;
    image_get_lists(in, l, &vote_list, 1);
}

void digest_put_image(const digest *d, saved_out *out)
{
    image_put(out, d, sizeof *d);
    image_put_lists(out, d, digest_lists, sizeof digest_lists / sizeof *digest_lists);
    level_put_image(&d->whole, out);
    for (uint32_t i = 0; i < d->parts_count; i++)
        level_put_image(&d->parts[i], out);
}

digest *digest_get_image(saved_in *in)
{
    digest *d = image_get_new(in, sizeof *d, sizeof *d);
    if (!d)
        return NULL;
    image_get_lists(in, d, digest_lists, sizeof digest_lists / sizeof *digest_lists);
    level_get_image(&d->whole, in);
    for (uint32_t i = 0; i < d->parts_count; i++)
        level_get_image(&d->parts[i], in);
    return d;
}
