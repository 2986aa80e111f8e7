/*
 * repeats.c - the commonest report: one more voice that says what its incident says already.
 *
 * Where all exact votes of an incident are the same and no lower bound is above them, one more report of that
 * count changes nothing of what they come to, whoever tells it and whatever that voice said before: the votes that
 * decide stay the same, and what the voice takes back could only have raised a bound. (A rumour is none of them where
 * anything else is known: by it a voice could take back the only vote that kept other rumours from voting. Nor is one
 * that names people and is no rumour: where only rumours gave the number, they decide no more, and its own vote need not
 * be the latest of its voice.)
 *
 * The date that most voices give gets one more voice, or keeps them; others may lose some. And dates that all overlap go
 * on doing so.
 *
 * So the other reports need not be looked at.
 */
#include "facts/incidents/incidents.h"
#include "facts/state/state.h"

/* The winner stands unopposed: `low` and `high` are it, and bounds are not above. */
static bool votes_agree(const counted *c, uint64_t count)
{
    return c->has_winner && c->low == c->winner && c->high == c->winner && count == c->winner &&
           (!c->has_bound || c->bound <= c->winner);
}

bool votes_repeat(const facts *f, const summary *s, uint32_t number)
{
    const report *r = report_of(f, number);
    if (s->targets || (r->kind == THAW_SANCTION && r->has_targets))
        return false; /* other reports may have shown that two of them are one */
    if (r->covers == THAW_WIDER || r->kind == THAW_TALKS)
        return true; /* has no vote */
    if (r->covers != THAW_EVENT)
        return false;
    if (!r->has_count)
        return r->parties == 0;
    if (r->status == THAW_RUMOURED ? s->status > THAW_RUMOURED : r->parties != 0)
        return false;
    /* One that counts just the persons it names votes only where no other does. */
    return r->count_is == THAW_EXACT && r->parties < r->count && votes_agree(&s->votes, r->count);
}

bool date_repeats(const facts *f, const summary *s, uint32_t number)
{
    const report *r = report_of(f, number);
    if (r->covers == THAW_WIDER)
        return true; /* has no part in it */
    return s->days == DAYS_AGREE && s->dated_by && r->start_ns == s->occurred.start_ns &&
           report_end_ns(r) == s->occurred.end_ns;
}

void date_repeat(const facts *f, summary *s, uint32_t number)
{
    if (report_of(f, number)->covers != THAW_WIDER && report_name_compare(f, number, s->dated_by) < 0)
        s->dated_by = number;
}
