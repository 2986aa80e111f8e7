/*
 * image.c - an engine as bytes and back: see engine.h.
 *
 *   what it is of │ clock │ facts │ rules │ to a whole page │ records and texts of reports │ checksum
 */
#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "engine_internal.h"
#include "facts/memory/pages.h"

#define IMAGE_MAGIC UINT64_C(0x3167616d69616874)
#define CHECKSUM_BYTES sizeof(uint64_t)

/* ---- what an image is of ------------------------------------------------------------ */

static void put_kind(const engine *e, saved_out *out)
{
    const engine_config *c = &e->config;
    const uint64_t kind[] = {IMAGE_MAGIC,
                             facts_image_layout(),
                             rules_image_layout(),
                             c->clock,
                             (uint64_t)c->tolerance_release_ns,
                             (uint64_t)c->tolerance_detention_ns,
                             (uint64_t)c->tolerance_talks_ns,
                             (uint64_t)c->tolerance_sanction_ns};
    for (size_t i = 0; i < sizeof kind / sizeof *kind; i++)
        saved_put_number(out, kind[i]);
}

static bool is_kind(const engine *e, saved_in *in)
{
    saved_out kind = {0};
    put_kind(e, &kind);
    const uint8_t *theirs = saved_get(in, kind.len);
    bool same = theirs && !kind.failed && memcmp(theirs, kind.bytes, kind.len) == 0;
    free(kind.bytes);
    return same;
}

/* ---- saving ------------------------------------------------------------------------- */

typedef struct image_sink {
    engine_image_fn on_bytes;
    void *context;
    XXH3_state_t *sum;
} image_sink;

static int hand(void *context, const void *bytes, size_t len)
{
    image_sink *s = context;
    XXH3_64bits_update(s->sum, bytes, len);
    return s->on_bytes(s->context, bytes, len);
}

static int put_engine(const engine *e, saved_out *out)
{
    put_kind(e, out);
    saved_put_number(out, (uint64_t)e->now_ns);
    saved_put_number(out, e->alert_seq);
    saved_put_number(out, e->rules != NULL);
    int r = facts_put_image(e->facts, out);
    if (r == 0 && e->rules)
        r = rules_put_image(e->rules, out);
    if (r < 0)
        return r;
    facts_put_image_pages(e->facts, out);
    saved_flush(out);
    return out->failed ? out->error < 0 ? out->error : -ENOMEM : 0;
}

int engine_image_save(const engine *e, engine_image_fn on_bytes, void *context)
{
    image_sink s = {on_bytes, context, XXH3_createState()};
    saved_out out = {.hand = hand, .context = &s};
    if (!s.sum)
        return -ENOMEM;
    XXH3_64bits_reset(s.sum);
    int r = put_engine(e, &out);
    uint64_t sum = htole64(XXH3_64bits_digest(s.sum));
    if (r == 0)
        r = on_bytes(context, &sum, sizeof sum);
    XXH3_freeState(s.sum);
    free(out.bytes);
    return r;
}

/* ---- loading ------------------------------------------------------------------------ */

static bool sum_fits(const uint8_t *pages, size_t len)
{
    uint64_t sum;
    if (len < CHECKSUM_BYTES)
        return false;
    memcpy(&sum, pages + len - CHECKSUM_BYTES, sizeof sum);
    return le64toh(sum) == XXH3_64bits(pages, len - CHECKSUM_BYTES);
}

/* All but the pages that stay. */
static int get_engine(engine *e, rules *set, saved_in *in)
{
    rules_sink sink = {e, engine_on_alert, e->sink.stopwatch_ns};
    if (!is_kind(e, in))
        return -ESTALE;
    e->now_ns = (int64_t)saved_get_number(in);
    e->alert_seq = saved_get_number(in);
    if (saved_get_number(in) != (set != NULL))
        return -ESTALE;
    facts_get_image(e->facts, in);
    int r = in->failed ? -ENOMEM : 0;
    return r == 0 && set ? rules_get_image(set, e->facts, &sink, in) : r;
}

int engine_image_load(engine *e, rules *set, void *pages, size_t len)
{
    uint8_t *begin = pages, *end = begin + len;
    saved_in in = {begin, len - CHECKSUM_BYTES, false};
    uint8_t *kept = end, *kept_end = end;
    int r = sum_fits(begin, len) ? get_engine(e, set, &in) : -EBADMSG;
    if (r == 0) {
        saved_get_until(&in, pages_size());
        kept = (uint8_t *)pages + (in.at - begin);
        facts_get_image_pages(e->facts, &in);
        kept_end = (uint8_t *)pages + (in.at - begin);
        r = in.failed ? -EBADMSG : 0;
    }
    if (kept > begin)
        pages_free(begin, (size_t)(kept - begin));
    if (kept_end < end)
        pages_free(kept_end, (size_t)(end - kept_end));
    if (r == 0)
        e->rules = set;
    return r;
}

bool engine_report_text(const engine *e, uint64_t journal_seq, const uint8_t **ret_text, size_t *ret_len)
{
    return facts_report_text(e->facts, journal_seq, ret_text, ret_len);
}
