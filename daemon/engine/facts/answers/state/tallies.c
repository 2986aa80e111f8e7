/* tallies.c - totals that others state, compared with the ledger. */
#include "facts/answers/state/lists.h"

#include <string.h>

enum { FITS_MAX = 16 };

static void write_fit(msgpack_packer *out, const definition *d)
{
    msgpack_pack_map(out, 4);
    write_key(out, "since");
    write_time(out, d->from_ns);
    write_key(out, "reading");
    write_text(out, reading_name(d->reading));
    write_key(out, "form");
    write_text(out, thaw_form_name(d->form));
    write_key(out, "category");
    write_str(out, d->category);
}

/* The definitions under which the ledger comes to the number that is stated: of the same beginning, or if
 * none of these is known to fit, of any. */
static void write_definition_fits(facts *f, msgpack_packer *out, ledger_pages *pages, const tally *t,
                                  const tally_view *v)
{
    const report *r = report_of(f, v->report);
    definition fits[FITS_MAX], d;
    thaw_event event;
    uint32_t fitting = 0;
    bool comparable = tally_definition(f, r, &d);
    report_event(f->reports, r, &event);
    if (comparable && v->state == TALLY_OTHER)
        fitting =
            definitions_fitting(f, pages_lines(f, pages, t->country, tally_kind(f, r)), &d, r->count, fits, FITS_MAX);
    else if (event.of && r->has_count && (v->state == TALLY_DIFFERS || v->state == TALLY_NOT_COMPARABLE))
        fitting =
            definitions_since(f, pages_lines(f, pages, t->country, tally_kind(f, r)), &d, r->count, fits, FITS_MAX);
    msgpack_pack_array(out, fitting);
    for (uint32_t i = 0; i < fitting; i++)
        write_fit(out, &fits[i]);
}

static void write_tally(facts *f, msgpack_packer *out, ledger_pages *pages, const tally *t)
{
    tally_view v;
    thaw_event event;
    char date[THAW_DATE_TEXT];
    tally_look(f, t, pages, &v);
    const report *r = report_of(f, v.report);
    report_event(f->reports, r, &event);
    bool compared = v.state != TALLY_NOT_COMPARABLE;
    msgpack_pack_map(out, 13);
    write_key(out, "source");
    write_str(out, symbols_get(f->symbols, t->voice));
    write_key(out, "of");
    write_text(out, thaw_of_name(event.of));
    write_count(out, "count", event.has_count, event.count);
    write_key(out, "count_is");
    write_text(out, thaw_count_is_name(event.count_is));
    write_key(out, "since");
    if (event.since.precision)
        write_str(out, (thaw_str){date, (uint32_t)thaw_date_format(&event.since, date)});
    else
        msgpack_pack_nil(out);
    write_key(out, "form");
    write_text(out, thaw_form_name(event.form));
    write_key(out, "category");
    write_str(out, event.category);
    write_key(out, "date");
    write_date(f, out, r);
    write_key(out, "state");
    write_text(out, tally_state_name(v.state));
    write_count(out, "ledger", compared, v.ledger.count);
    write_count(out, "ledger_low", compared, v.ledger.low);
    write_count(out, "ledger_high", compared, v.ledger.high);
    write_key(out, "fits");
    write_definition_fits(f, out, pages, t, &v);
}

/* What tells a series of its source from the others. */
static void key_series(rows *r, const thaw_event *event)
{
    const char *names[] = {thaw_of_name(event->of), thaw_form_name(event->form)};
    char since[THAW_DATE_TEXT];
    for (int i = 0; i < 2; i++)
        rows_key_str(r, (thaw_str){names[i], names[i] ? (uint32_t)strlen(names[i]) : 0});
    rows_key_str(r, event->category);
    if (event->since.precision)
        rows_key_str(r, (thaw_str){since, (uint32_t)thaw_date_format(&event->since, since)});
}

void fill_tallies(asked *a, rows *r)
{
    thaw_event event;
    const country *c = &a->f->countries[a->country];
    for (uint32_t i = 0; i < c->tallies.count; i++) {
        const tally *t = &a->f->tallies[c->tallies.at[i]];
        write_tally(a->f, &r->out, &a->pages, t);
        rows_key_str(r, symbols_get(a->f->symbols, t->voice));
        report_event(a->f->reports, report_of(a->f, t->latest), &event);
        key_series(r, &event);
        rows_end(r);
    }
}
