/*
 * save.c - what goes on when the past is dropped, as bytes and back: results, the identities of reports, producers
 * and feeds. FACTS.md, section 7.
 */
#include <stdlib.h>
#include <string.h>

#include "facts/incidents/incidents.h"
#include "facts/ledger/ledger.h"
#include "facts/state/state.h"

#define RESULTS_MAX 100000u /* kept one by one; beyond, the oldest of one day are added up */

#define IDENTITY_BYTES 40u

static void identity_put(saved_out *out, const identity *id)
{
    saved_put_number(out, id->key.low);
    saved_put_number(out, id->key.high);
    saved_put_number(out, id->content);
    saved_put_number(out, id->seq);
    saved_put_number(out, (uint64_t)id->known_at_ns);
}

int facts_load_identities(facts *f, const uint8_t *packed, size_t len)
{
    saved_in in = {packed, len, len % IDENTITY_BYTES != 0};
    while (in.left && !in.failed && !f->failed) {
        identity id;
        id.key.low = saved_get_number(&in);
        id.key.high = saved_get_number(&in);
        id.content = saved_get_number(&in);
        id.seq = saved_get_number(&in);
        id.known_at_ns = (int64_t)saved_get_number(&in);
        if (array_reserve((void **)&f->dropped, &f->dropped_capacity, (size_t)f->dropped_count + 1, sizeof id,
                          &f->kept) < 0 ||
            index_put(&f->dropped_index, id.key.low, f->dropped_count + 1, &f->kept) < 0)
            return f->failed = -ENOMEM;
        f->dropped[f->dropped_count++] = id;
    }
    return in.failed ? -EBADMSG : f->failed;
}

/* What an incident comes to, at the moment of being dropped. */
static result result_of(facts *f, const incident *inc)
{
    const key *k = &f->keys[inc->key_index];
    const counted *v = &inc->now.votes;
    result r = {.id = inc->now.id,
                .count = v->count,
                .low = v->low,
                .high = v->high,
                .largest = v->count,
                .start_ns = inc->now.occurred.start_ns,
                .incidents = 1,
                .authority = k->authority,
                .kind = k->kind,
                .discriminator = k->discriminator,
                .status = inc->now.status,
                .has_count = v->has_count};
    numbers list = {0};
    memcpy(r.country, k->country, 2);
    if (inc->now.dated_by) {
        thaw_event event;
        report_event(f->reports, report_of(f, inc->now.dated_by), &event);
        r.date = event.occurred_at.precision ? event.occurred_at : event.reported_at;
    }
    incident_reports(f, inc, false, &list);
    for (uint32_t i = 0; k->kind == THAW_RELEASE && i < list.count; i++)
        if (report_of(f, list.at[i])->detail)
            r.forms |= (uint16_t)(1u << report_of(f, list.at[i])->detail);
    numbers_done(&list, &f->held);
    return r;
}

static void result_put(const facts *f, saved_out *out, const result *r)
{
    thaw_str authority = symbols_get(f->symbols, r->authority);
    saved_put_number(out, r->id);
    saved_put_number(out, r->count);
    saved_put_number(out, r->low);
    saved_put_number(out, r->high);
    saved_put_number(out, r->largest);
    saved_put_number(out, (uint64_t)r->start_ns);
    saved_put_number(out, (uint64_t)r->date.at_ns);
    saved_put_number(out, (uint64_t)r->date.precision << 8 | r->date.approximate);
    saved_put_number(out, (uint64_t)r->incidents << 32 | (uint64_t)r->forms << 8 | r->has_count);
    saved_put_number(out, (uint64_t)r->kind << 32 | (uint64_t)r->discriminator << 24 | (uint64_t)r->status << 16 |
                              (uint64_t)(uint8_t)r->country[0] << 8 | (uint8_t)r->country[1]);
    saved_put_text(out, authority.data, authority.len);
}

static bool result_get(facts *f, saved_in *in, result *r)
{
    *r = (result){.id = saved_get_number(in), .count = 0};
    r->count = saved_get_number(in);
    r->low = saved_get_number(in);
    r->high = saved_get_number(in);
    r->largest = saved_get_number(in);
    r->start_ns = (int64_t)saved_get_number(in);
    r->date.at_ns = (int64_t)saved_get_number(in);
    uint64_t date = saved_get_number(in), sizes = saved_get_number(in), what = saved_get_number(in);
    thaw_str authority = saved_get_text(in);
    r->date.precision = (uint8_t)(date >> 8);
    r->date.approximate = date & 1;
    r->incidents = (uint32_t)(sizes >> 32);
    r->forms = (uint16_t)(sizes >> 8);
    r->has_count = sizes & 1;
    r->kind = (uint8_t)(what >> 32);
    r->discriminator = (uint8_t)(what >> 24);
    r->status = (uint8_t)(what >> 16);
    r->country[0] = (char)(what >> 8);
    r->country[1] = (char)what;
    if (authority.len && symbols_put(f->symbols, authority, &r->authority) < 0)
        f->failed = -ENOMEM;
    bool upper = r->country[0] >= 'A' && r->country[0] <= 'Z' && r->country[1] >= 'A' && r->country[1] <= 'Z';
    in->failed = in->failed || !upper || r->kind < THAW_RELEASE || r->kind > THAW_TALKS;
    return !in->failed && !f->failed;
}

/* Producers with what was seen of their numbering, and the feeds they number. */
static void producers_put(const facts *f, saved_out *out)
{
    saved_put_number(out, f->producers_count - 1);
    for (uint32_t i = 1; i < f->producers_count; i++) {
        const producer *p = &f->producers[i];
        thaw_str name = symbols_get(f->symbols, p->name);
        saved_put_text(out, name.data, name.len);
        saved_put_number(out, p->repeats);
        saved_put_number(out, p->count);
        saved_put(out, p->ranges, p->count * sizeof *p->ranges);
    }
}

static void feeds_put(const facts *f, saved_out *out)
{
    saved_put_number(out, f->feeds_count - 1);
    for (uint32_t i = 1; i < f->feeds_count; i++) {
        const feed *fd = &f->feeds[i];
        thaw_str source = symbols_get(f->symbols, fd->source);
        saved_put_text(out, source.data, source.len);
        saved_put_text(out, f->countries[fd->country].code, 2);
        saved_put_number(out, (uint64_t)fd->first_at_ns);
        saved_put_number(out, (uint64_t)fd->last_at_ns);
        saved_put_number(out, fd->producers.count);
        for (uint32_t p = 0; p < fd->producers.count; p++)
            saved_put_number(out, fd->producers.at[p]);
    }
}

#define STATE_MAGIC 0x3174636166776174u

int facts_save_state(facts *f, const uint8_t *plan, int64_t horizon_ns, saved_out *out)
{
    uint32_t count = f->results_count;
    for (uint32_t i = 1; i < f->incidents_count; i++) {
        const incident *inc = f->incidents[i];
        if (!inc || !inc->used || !inc->now.earliest || plan[inc->now.earliest])
            continue;
        result r = result_of(f, inc);
        result_add(f, &r);
    }
    saved_put_number(out, STATE_MAGIC);
    saved_put_number(out, (uint64_t)(horizon_ns > f->horizon_ns ? horizon_ns : f->horizon_ns));
    saved_put_number(out, facts_number(f));
    saved_put_number(out, f->duplicates);
    saved_put_number(out, f->conflicts);
    if (f->results_count > RESULTS_MAX)
        results_fold(f);
    saved_put_number(out, f->results_count);
    for (uint32_t i = 0; i < f->results_count; i++)
        result_put(f, out, &f->results[i]);
    if (f->results_count >= count)
        f->results_count = count; /* these facts live on as they were, if the caller wants them to */
    producers_put(f, out);
    feeds_put(f, out);
    return out->failed ? -ENOMEM : f->failed;
}

static int identities_flush(saved_out *out, const facts_sink *sink)
{
    int r = out->failed ? -ENOMEM : out->len ? sink->identities(sink->context, out->bytes, out->len) : 0;
    out->len = 0;
    return r;
}

static uint64_t content_of(const report *r)
{
    const thaw_event event = {.bytes = r->text, .bytes_len = r->text_bytes};
    return thaw_event_content_hash(&event).low;
}

int facts_save_rest(facts *f, const uint8_t *plan, int64_t ids_from_ns, const facts_sink *sink)
{
    saved_out out = {0};
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < f->dropped_count; i++) {
        if (f->dropped[i].known_at_ns >= ids_from_ns)
            identity_put(&out, &f->dropped[i]);
        if (out.len > 1u << 15)
            r = identities_flush(&out, sink);
    }
    for (uint32_t n = 1; r == 0 && n <= reports_count(f->reports); n++) {
        const report *rep = report_of(f, n);
        if (!plan[n] && report_known_at(f, n) >= ids_from_ns)
            identity_put(&out, &(identity){rep->key, content_of(rep), report_seq(f, n), report_known_at(f, n)});
        if (out.len > 1u << 15)
            r = identities_flush(&out, sink);
    }
    if (r == 0)
        r = identities_flush(&out, sink);
    free(out.bytes);
    for (uint32_t n = 1; r == 0 && n <= reports_count(f->reports); n++) {
        const report *rep = report_of(f, n);
        if (plan[n])
            r = sink->report(sink->context, report_seq(f, n), report_known_at(f, n), rep->text, rep->text_bytes);
    }
    return r;
}

static void producers_get(facts *f, saved_in *in)
{
    uint64_t count = saved_get_number(in);
    for (uint64_t i = 0; i < count && !in->failed && !f->failed; i++) {
        thaw_str name = saved_get_text(in);
        uint64_t repeats = saved_get_number(in), ranges = saved_get_number(in);
        if (in->failed || ranges > in->left / sizeof(number_range)) {
            in->failed = true;
            return;
        }
        producer_restore(f, name, repeats, in->at, (uint32_t)ranges);
        in->at += ranges * sizeof(number_range);
        in->left -= ranges * sizeof(number_range);
    }
}

static void feeds_get(facts *f, saved_in *in)
{
    uint64_t count = saved_get_number(in);
    for (uint64_t i = 0; i < count && !in->failed && !f->failed; i++) {
        thaw_str source = saved_get_text(in), code = saved_get_text(in);
        int64_t first = (int64_t)saved_get_number(in), last = (int64_t)saved_get_number(in);
        uint64_t producers = saved_get_number(in);
        if (in->failed || code.len != 2) {
            in->failed = true;
            return;
        }
        uint32_t at = feed_restore(f, source, code.data, first, last);
        for (uint64_t p = 0; p < producers && !in->failed; p++)
            feed_restore_producer(f, at, saved_get_number(in));
    }
}

int facts_load_state(facts *f, saved_in *in)
{
    if (saved_get_number(in) != STATE_MAGIC)
        return -EBADMSG;
    f->horizon_ns = (int64_t)saved_get_number(in);
    f->seq_base = saved_get_number(in);
    f->duplicates = saved_get_number(in);
    f->conflicts = saved_get_number(in);
    uint64_t count = saved_get_number(in);
    for (uint64_t i = 0; i < count && !in->failed && !f->failed; i++) {
        result r;
        if (result_get(f, in, &r))
            result_add(f, &r);
    }
    producers_get(f, in);
    feeds_get(f, in);
    results_set_records(f);
    return in->failed ? -EBADMSG : f->failed;
}

int facts_add_kept(facts *f, const thaw_event *event, uint64_t seq, int64_t known_at_ns)
{
    facts_verdict verdict;
    uint64_t base = f->seq_base;
    bool orders = seq && seq <= base && (!f->seqs_count || f->seqs[f->seqs_count - 1] < seq);
    if (!orders || f->seqs_count != reports_count(f->reports))
        return -EBADMSG;
    if (array_reserve((void **)&f->seqs, &f->seqs_capacity, (size_t)f->seqs_count + 1, sizeof *f->seqs, &f->kept) < 0)
        return f->failed = -ENOMEM;
    f->seqs[f->seqs_count++] = seq;
    f->restoring = true;
    int r = facts_add(f, event, facts_key(event), known_at_ns, &verdict);
    f->restoring = false;
    if (r == 0 && (verdict.code != THAW_OK || verdict.duplicate))
        return verdict.code == THAW_LIMIT ? -ENOSPC : -EBADMSG;
    return r;
}
