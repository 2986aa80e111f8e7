/*
 * numbers.c - the number of a report inside and outside (after the past was dropped they differ), when it became
 * known, and the identities of reports that were dropped.
 */
#include "facts/state/state.h"
#include "lower_bound.h"

uint64_t report_seq(const facts *f, uint32_t number)
{
    return number <= f->seqs_count ? f->seqs[number - 1] : f->seq_base + (number - f->seqs_count);
}

uint32_t report_of_seq(const facts *f, uint64_t seq)
{
    if (seq > f->seq_base)
        return seq - f->seq_base + f->seqs_count <= reports_count(f->reports)
                   ? (uint32_t)(seq - f->seq_base) + f->seqs_count
                   : 0;
    uint32_t low = 0, high = f->seqs_count;
    LOWER_BOUND(low, high, f->seqs[middle] < seq);
    return low < f->seqs_count && f->seqs[low] == seq ? low + 1 : 0;
}

const identity *dropped_find(const facts *f, thaw_hash key)
{
    uint32_t cursor = 0, i;
    while ((i = index_next(&f->dropped_index, key.low, &cursor)))
        if (f->dropped[i - 1].key.high == key.high && f->dropped[i - 1].key.low == key.low)
            return &f->dropped[i - 1];
    return NULL;
}

/* From this report on, reports became known at this instant. */
bool known_note(facts *f, uint32_t number, int64_t at_ns)
{
    if (f->known_count && f->known[f->known_count - 1].at_ns == at_ns)
        return true;
    if (array_reserve((void **)&f->known, &f->known_capacity, (size_t)f->known_count + 1, sizeof *f->known, &f->kept) <
        0) {
        f->failed = -ENOMEM;
        return false;
    }
    f->known[f->known_count++] = (known_from){number, at_ns};
    return true;
}

int64_t report_known_at(const facts *f, uint32_t number)
{
    uint32_t low = 0, high = f->known_count;
    LOWER_BOUND(low, high, f->known[middle].number <= number);
    return low ? f->known[low - 1].at_ns : INT64_MIN;
}

uint64_t facts_number(const facts *f)
{
    return f->seq_base + (reports_count(f->reports) - f->seqs_count);
}
