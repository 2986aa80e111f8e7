/* totals.c - the people of a country's ledger: added up over its lines. */
#include "facts/answers/state/lists.h"

#include <stdlib.h>
#include <time.h>

static int year_of(int64_t at_ns)
{
    time_t seconds = (time_t)(at_ns / 1000000000 - (at_ns % 1000000000 < 0));
    struct tm parts;
    return gmtime_r(&seconds, &parts) ? parts.tm_year + 1900 : 0;
}

static void write_total(msgpack_packer *out, const ledger_total *t, uint32_t incidents)
{
    msgpack_pack_map(out, 4);
    write_uint(out, "count", t->count);
    write_uint(out, "low", t->low);
    write_uint(out, "high", t->high);
    write_uint(out, "incidents", incidents);
}

typedef bool (*line_fn)(const ledger_line *line, int64_t argument);

static bool line_told(const ledger_line *l, int64_t unused)
{
    (void)unused;
    return l->status > THAW_RUMOURED;
}
static bool line_rumoured(const ledger_line *l, int64_t unused)
{
    (void)unused;
    return l->status <= THAW_RUMOURED;
}
static bool line_since(const ledger_line *l, int64_t since_ns)
{
    return line_told(l, 0) && l->start_ns != TIME_UNKNOWN && l->start_ns >= since_ns;
}

static void write_sum(msgpack_packer *out, const ledger_line *lines, uint32_t count, line_fn in, int64_t argument)
{
    ledger_total t = {0};
    uint32_t incidents = 0;
    for (uint32_t i = 0; i < count; i++)
        if (in(&lines[i], argument)) {
            total_add(&t, &(ledger_total){lines[i].low, lines[i].count, lines[i].high});
            incidents += lines[i].incidents;
        }
    write_total(out, &t, incidents);
}

/* Lines of one year, which are beside each other; year 0: undated. */
typedef struct year_span {
    int year;
    uint32_t first, end;
} year_span;

/* Of lines that are told, so many years at most: dates are of 1900 to 2200. */
enum { YEARS_MAX = 512 };

static uint32_t years_find(const ledger_line *lines, uint32_t count, year_span years[YEARS_MAX])
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!line_told(&lines[i], 0))
            continue;
        int year = lines[i].start_ns == TIME_UNKNOWN ? 0 : year_of(lines[i].start_ns);
        if (found && years[found - 1].year == year)
            years[found - 1].end = i + 1;
        else if (found < YEARS_MAX)
            years[found++] = (year_span){year, i, i + 1};
    }
    return found;
}

static void write_years(msgpack_packer *out, const ledger_line *lines, uint32_t count)
{
    year_span years[YEARS_MAX];
    uint32_t found = years_find(lines, count, years);
    write_key(out, "by_year");
    msgpack_pack_array(out, found);
    for (uint32_t i = 0; i < found; i++) {
        msgpack_pack_map(out, 2);
        write_key(out, "year");
        if (years[i].year)
            msgpack_pack_int(out, years[i].year);
        else
            msgpack_pack_nil(out);
        write_key(out, "people");
        write_sum(out, lines + years[i].first, years[i].end - years[i].first, line_told, 0);
    }
}

void write_people(facts *f, msgpack_packer *out, uint32_t country_, uint8_t kind, const thaw_date *since)
{
    ledger_line *lines;
    uint32_t count = ledger_collect(f, country_, kind, &lines);
    msgpack_pack_map(out, since->precision ? 4 : 3);
    write_key(out, "total");
    write_sum(out, lines, count, line_told, 0);
    write_key(out, "rumoured");
    write_sum(out, lines, count, line_rumoured, 0);
    write_years(out, lines, count);
    if (since->precision) {
        int64_t start, end;
        thaw_date_interval(since, &start, &end);
        write_key(out, "since");
        write_sum(out, lines, count, line_since, start);
    }
    free(lines);
}
