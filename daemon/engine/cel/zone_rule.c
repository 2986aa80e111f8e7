/* zone_rule.c: the rule that continues a time zone for ever, as POSIX writes it in TZ:
 * "CET-1CEST,M3.5.0,M10.5.0/3" is UTC+1, and UTC+2 from the last Sunday of March at 2:00 to the
 * last Sunday of October at 3:00. */
#include "internal.h"

#include <errno.h>

#define HOUR_SECONDS 3600
#define DAY_SECONDS 86400
#define OFFSET_MAX_HOURS 24
#define TIME_MAX_HOURS 167

struct reader {
    const char *at, *end;
};

static bool take(struct reader *reader, char c)
{
    if (reader->at == reader->end || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

static bool take_number(struct reader *reader, unsigned max, unsigned *ret_number)
{
    const char *begin = reader->at;
    unsigned number = 0;

    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9' && number <= max)
        number = number * 10 + (unsigned)(*reader->at++ - '0');
    *ret_number = number;
    return reader->at > begin && number <= max;
}

static bool take_name(struct reader *reader)
{
    const char *begin = reader->at;

    if (take(reader, '<')) {
        while (reader->at < reader->end && *reader->at != '>')
            reader->at++;
        return take(reader, '>');
    }
    while (reader->at < reader->end &&
           ((*reader->at >= 'a' && *reader->at <= 'z') || (*reader->at >= 'A' && *reader->at <= 'Z')))
        reader->at++;
    return reader->at - begin >= 3;
}

/* [+-]h[:mm[:ss]] in seconds. */
static bool take_time(struct reader *reader, unsigned max_hours, int32_t *ret_seconds)
{
    unsigned hours, minutes = 0, seconds = 0;
    bool negative = take(reader, '-');

    if (!negative)
        take(reader, '+');
    if (!take_number(reader, max_hours, &hours))
        return false;
    if (take(reader, ':') && !take_number(reader, 59, &minutes))
        return false;
    if (take(reader, ':') && !take_number(reader, 59, &seconds))
        return false;
    *ret_seconds = (int32_t)(hours * HOUR_SECONDS + minutes * 60 + seconds);
    if (negative)
        *ret_seconds = -*ret_seconds;
    return true;
}

static bool take_day(struct reader *reader, struct zone_day *ret_day)
{
    struct zone_day day = {.form = 'N', .time_seconds = 2 * HOUR_SECONDS};

    if (take(reader, 'M')) {
        day.form = 'M';
        if (!take_number(reader, 12, &day.month) || day.month < 1 || !take(reader, '.') ||
            !take_number(reader, 5, &day.week) || day.week < 1 || !take(reader, '.') ||
            !take_number(reader, 6, &day.day))
            return false;
    } else {
        if (take(reader, 'J'))
            day.form = 'J';
        if (!take_number(reader, 365, &day.day) || (day.form == 'J' && day.day < 1))
            return false;
    }
    if (take(reader, '/') && !take_time(reader, TIME_MAX_HOURS, &day.time_seconds))
        return false;
    *ret_day = day;
    return true;
}

int cel_zone_rule_parse(const char *text, size_t len, struct zone_rule *ret_rule)
{
    struct reader reader = {text, text + len};
    struct zone_rule rule = {0};
    int32_t west;

    if (!take_name(&reader) || !take_time(&reader, OFFSET_MAX_HOURS, &west))
        return -EINVAL;
    rule.standard_seconds = -west;
    if (reader.at < reader.end) {
        rule.has_summer = true;
        rule.summer_seconds = rule.standard_seconds + HOUR_SECONDS;
        if (!take_name(&reader))
            return -EINVAL;
        if (reader.at < reader.end && *reader.at != ',') {
            if (!take_time(&reader, OFFSET_MAX_HOURS, &west))
                return -EINVAL;
            rule.summer_seconds = -west;
        }
        if (!take(&reader, ',') || !take_day(&reader, &rule.begin) || !take(&reader, ',') ||
            !take_day(&reader, &rule.end) || reader.at != reader.end)
            return -EINVAL;
    }
    *ret_rule = rule;
    return 0;
}

/* The instant of a change in a year, as local seconds since 1970. */
static int64_t change_seconds(const struct zone_day *day, int64_t year)
{
    int64_t days = cel_days_from_civil(year, 1, 1);

    if (day->form == 'N') {
        days += day->day;
    } else if (day->form == 'J') { /* 29 February is never counted */
        days += day->day - 1;
        if (cel_year_is_leap(year) && day->day >= 60)
            days++;
    } else {
        days = cel_days_from_civil(year, day->month, 1);
        unsigned first_weekday = (unsigned)(((days + 4) % 7 + 7) % 7);
        unsigned date = (day->day + 7 - first_weekday) % 7 + (day->week - 1) * 7;
        while (date >= cel_month_days(year, day->month))
            date -= 7;
        days += date;
    }
    return days * DAY_SECONDS + day->time_seconds;
}

int32_t cel_zone_rule_offset_seconds(const struct zone_rule *rule, int64_t seconds)
{
    struct civil civil;

    if (!rule->has_summer)
        return rule->standard_seconds;
    cel_civil_from_seconds(seconds + rule->standard_seconds, &civil);
    int64_t begin = change_seconds(&rule->begin, civil.year) - rule->standard_seconds;
    int64_t end = change_seconds(&rule->end, civil.year) - rule->summer_seconds;
    bool is_summer =
        begin < end ? seconds >= begin && seconds < end : seconds >= begin || seconds < end; /* south of the equator */
    return is_summer ? rule->summer_seconds : rule->standard_seconds;
}
