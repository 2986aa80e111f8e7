/*
 * state.c - the ledger of a country: what is known of it, added up; its lists whole or in pages.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "facts/answers/state/lists.h"

typedef struct list {
    const char *name;
    void (*fill)(asked *a, rows *r);
} list;

static const list lists[] = {
    {"open", fill_open},       {"measures", fill_measures}, {"talks", fill_talks},
    {"persons", fill_persons}, {"possible", fill_possible}, {"disagreements", fill_disagreements},
    {"tallies", fill_tallies}, {"sources", fill_sources},   {"feeds", fill_feeds},
};
enum { LISTS = sizeof lists / sizeof *lists };

/* What is behind a page; without rows left: more than thaw tells. */
typedef struct rest {
    const list *of;
    uint32_t left;
    rows_place end;
} rest;

/* whole: the bytes that the answer may take, where the list does not end before; 0: any. */
static void write_list(asked *a, const list *l, const rows_place *from, size_t bytes, size_t whole, msgpack_packer *out,
                       rest *ret_rest)
{
    rows r;
    *ret_rest = (rest){.of = l};
    rows_begin_page(&r, from, bytes ? bytes : whole);
    r.whole = !bytes && whole && !from;
    l->fill(a, &r);
    write_key(out, l->name);
    ret_rest->left = rows_write_page(a->f, &r, bytes, out, &ret_rest->end);
}

static bool goes_on(const asked *a, const rest *r)
{
    return r->left || (r->of->fill == fill_possible && a->possible_cut);
}

static void write_more(const asked *a, const rest rests[], uint32_t count, msgpack_packer *out)
{
    char text[32 + ROWS_PLACE_TEXT];
    uint32_t going = 0;
    for (uint32_t i = 0; i < count; i++)
        going += goes_on(a, &rests[i]);
    write_key(out, "more");
    msgpack_pack_map(out, going);
    for (uint32_t i = 0; i < count; i++) {
        if (!goes_on(a, &rests[i]))
            continue;
        write_key(out, rests[i].of->name);
        msgpack_pack_map(out, rests[i].left ? 2 : 0);
        if (!rests[i].left)
            continue;
        int len = snprintf(text, sizeof text, "%s ", rests[i].of->name);
        rows_place_write(&rests[i].end, text + len);
        write_uint(out, "count", rests[i].left);
        write_key(out, "next");
        write_text(out, text);
    }
}

/* "LIST PLACE", as it was written; -EBADMSG. */
static int place_read(thaw_str text, const list **ret_list, rows_place *ret_place)
{
    for (uint32_t i = 0; i < LISTS; i++) {
        uint32_t len = (uint32_t)strlen(lists[i].name);
        if (text.len <= len || memcmp(text.data, lists[i].name, len) != 0 || text.data[len] != ' ' ||
            rows_place_read((thaw_str){text.data + len + 1, text.len - len - 1}, ret_place) < 0)
            continue;
        *ret_list = &lists[i];
        return 0;
    }
    return -EBADMSG;
}

/* ---- the whole ---------------------------------------------------------------------- */

static void write_country(asked *a, const engine_state_query *query, msgpack_packer *out)
{
    const thaw_date *since = &query->since;
    char since_text[THAW_DATE_TEXT];
    rest rests[LISTS];
    msgpack_pack_map(out, 6 + LISTS);
    write_key(out, "country");
    write_str(out, (thaw_str){a->code, 2});
    write_key(out, "as_of");
    write_time(out, a->now_ns);
    write_key(out, "since");
    write_str(out,
              since->precision ? (thaw_str){since_text, (uint32_t)thaw_date_format(since, since_text)} : (thaw_str){0});
    write_key(out, "released");
    write_people(a->f, out, a->country, THAW_RELEASE, since);
    write_key(out, "detained");
    write_people(a->f, out, a->country, THAW_DETENTION, since);
    for (uint32_t i = 0; i < LISTS; i++) {
        if (out->callback(out->data, "", 0) < 0)
            return; /* too large already */
        write_list(a, &lists[i], NULL, query->list_bytes, query->bytes, out, &rests[i]);
    }
    write_more(a, rests, LISTS, out);
}

static int write_rest(asked *a, const engine_state_query *query, msgpack_packer *out)
{
    const list *one;
    rows_place from;
    rest behind;
    int r = place_read(query->after, &one, &from);
    if (r < 0)
        return r;
    msgpack_pack_map(out, 3);
    write_key(out, "country");
    write_str(out, (thaw_str){a->code, 2});
    write_list(a, one, &from, query->list_bytes, query->bytes, out, &behind);
    write_more(a, &behind, 1, out);
    return 0;
}

int facts_write_state(facts *f, const engine_state_query *query, int64_t now_ns, msgpack_packer *out)
{
    if (query->country) {
        asked a = {.f = f, .code = query->country, .country = country_find(f, query->country), .now_ns = now_ns};
        int error = a.country ? 0 : -ENOENT;
        if (!error && query->after.len)
            error = write_rest(&a, query, out);
        else if (!error)
            write_country(&a, query, out);
        pages_done(f, &a.pages);
        return error ? error : f->failed;
    }
    write_countries(f, &query->since, out);
    return f->failed;
}
