/* date.c - times and dates: RFC 3339, vague dates, the intervals they stand for. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "thaw.h"

#define SECOND_NS INT64_C(1000000000)
#define DAY_NS (86400 * SECOND_NS)
#define YEAR_FIRST 1900
#define YEAR_LAST 2200
#define VAGUE_DAYS 14

typedef struct civil {
    int year, month, day;
} civil;

/* Days since 1970-01-01 of a day of the Gregorian calendar. A year is counted from March, so
 * that the leap day is its last and the lengths of the months follow one line. */
static int64_t days_from_civil(civil date)
{
    int year = date.month > 2 ? date.year : date.year - 1;
    int month = date.month > 2 ? date.month - 3 : date.month + 9; /* March is 0 */
    int64_t leaps = year / 4 - year / 100 + year / 400;

    return (int64_t)year * 365 + leaps + (153 * month + 2) / 5 + date.day - 719469;
}

/* The other way round: centuries, years of a century and months are counted from March, so that the day a leap year
 * has more comes last. */
static civil civil_from_days(int64_t days)
{
    int64_t day = days + 719468; /* since 1 March of the year 0, which an instant is never before */
    int64_t century = (4 * day + 3) / 146097;
    day -= 146097 * century / 4;
    int year = (int)((4 * day + 3) / 1461);
    day -= 1461 * (int64_t)year / 4;
    int month = (int)((5 * day + 2) / 153); /* March is 0 */
    day -= (153 * month + 2) / 5;
    return (civil){(int)century * 100 + year + (month > 9), month > 9 ? month - 9 : month + 3,
                   (int)day + 1};
}

static int days_of_month(int year, int month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

static int64_t civil_ns(civil date)
{
    return days_from_civil(date) * DAY_NS;
}

/* The civil day of an instant, rounding towards the past. */
static civil civil_of_ns(int64_t at_ns)
{
    int64_t days = at_ns / DAY_NS;
    return civil_from_days(at_ns % DAY_NS < 0 ? days - 1 : days);
}

/* The first of the month `months` after that of `date`. */
static civil civil_add_months(civil date, int months)
{
    int month = date.year * 12 + date.month - 1 + months;
    return (civil){month / 12, month % 12 + 1, 1};
}

void thaw_date_interval(const thaw_date *date, int64_t *ret_start_ns, int64_t *ret_end_ns)
{
    int wide = date->approximate ? 1 : 0;
    civil start;

    switch (date->precision) {
    case THAW_DAY:
        *ret_start_ns = date->at_ns - wide * VAGUE_DAYS * DAY_NS;
        *ret_end_ns = date->at_ns + (1 + wide * VAGUE_DAYS) * DAY_NS;
        return;
    case THAW_MONTH:
        start = civil_of_ns(date->at_ns);
        *ret_start_ns = civil_ns(civil_add_months(start, -wide));
        *ret_end_ns = civil_ns(civil_add_months(start, 1 + wide));
        return;
    case THAW_YEAR:
        start = civil_of_ns(date->at_ns);
        *ret_start_ns = civil_ns((civil){start.year - wide, 1, 1});
        *ret_end_ns = civil_ns((civil){start.year + 1 + wide, 1, 1});
        return;
    default:
        *ret_start_ns = date->at_ns;
        *ret_end_ns = date->at_ns + 1;
    }
}

/* What is left of a text that is being read. */
typedef struct date_scan {
    const char *at, *end;
} date_scan;

static bool scan_char(date_scan *scan, char wanted)
{
    if (scan->at == scan->end || *scan->at != wanted)
        return false;
    scan->at++;
    return true;
}

/* Exactly `digits` decimal digits. */
static bool scan_number(date_scan *scan, int digits, int *ret_number)
{
    int number = 0;

    if (scan->end - scan->at < digits)
        return false;
    for (int i = 0; i < digits; i++) {
        if (scan->at[i] < '0' || scan->at[i] > '9')
            return false;
        number = number * 10 + (scan->at[i] - '0');
    }
    scan->at += digits;
    *ret_number = number;
    return true;
}

/* ".5" and so on, up to nine digits; none is 0. */
static bool scan_fraction(date_scan *scan, int64_t *ret_ns)
{
    int64_t scale = SECOND_NS, ns = 0;

    *ret_ns = 0;
    if (!scan_char(scan, '.'))
        return true;
    const char *first = scan->at;
    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9') {
        if (scale == 1)
            return false;
        scale /= 10;
        ns += (*scan->at++ - '0') * scale;
    }
    *ret_ns = ns;
    return scan->at > first;
}

/* "Z" or "+01:00". */
static bool scan_offset(date_scan *scan, int64_t *ret_seconds)
{
    int hours, minutes, sign;

    if (scan_char(scan, 'Z') || scan_char(scan, 'z')) {
        *ret_seconds = 0;
        return true;
    }
    sign = scan_char(scan, '+') ? 1 : scan_char(scan, '-') ? -1 : 0;
    if (sign == 0 || !scan_number(scan, 2, &hours) || !scan_char(scan, ':') ||
        !scan_number(scan, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

/* The rest of an RFC 3339 time after its day. A second of 60 is the one that ends a day of UTC;
 * it stands for the midnight that follows. */
static int parse_time(date_scan *scan, civil day, thaw_date *ret_date)
{
    int hour, minute, second;
    int64_t fraction_ns, offset, seconds;

    if (!scan_number(scan, 2, &hour) || !scan_char(scan, ':') || !scan_number(scan, 2, &minute) ||
        !scan_char(scan, ':') || !scan_number(scan, 2, &second) ||
        !scan_fraction(scan, &fraction_ns) || !scan_offset(scan, &offset) || scan->at != scan->end)
        return -EINVAL;
    if (hour > 23 || minute > 59 || second > 60)
        return -EINVAL;
    seconds = days_from_civil(day) * 86400 + hour * 3600 + minute * 60 + second - offset;
    if (second == 60 && (seconds % 86400 != 0 || fraction_ns != 0))
        return -EINVAL;
    if (seconds < days_from_civil((civil){YEAR_FIRST, 1, 1}) * 86400 ||
        seconds >= days_from_civil((civil){YEAR_LAST + 1, 1, 1}) * 86400)
        return -ERANGE;
    *ret_date = (thaw_date){seconds * SECOND_NS + fraction_ns, THAW_INSTANT, false};
    return 0;
}

/* The end of a date: nothing, or `~`. */
static int parse_end(date_scan *scan, civil start, thaw_precision precision, thaw_date *ret_date)
{
    bool approximate = scan_char(scan, '~');

    if (scan->at != scan->end)
        return -EINVAL;
    if (start.year < YEAR_FIRST || start.year > YEAR_LAST)
        return -ERANGE;
    *ret_date = (thaw_date){civil_ns(start), (uint8_t)precision, approximate};
    return 0;
}

int thaw_date_parse(const char *text, size_t len, thaw_date *ret_date)
{
    date_scan scan = {text, text + len};
    civil date = {0, 1, 1};

    if (!scan_number(&scan, 4, &date.year))
        return -EINVAL;
    if (!scan_char(&scan, '-'))
        return parse_end(&scan, date, THAW_YEAR, ret_date);
    if (!scan_number(&scan, 2, &date.month) || date.month < 1 || date.month > 12)
        return -EINVAL;
    if (!scan_char(&scan, '-'))
        return parse_end(&scan, date, THAW_MONTH, ret_date);
    if (!scan_number(&scan, 2, &date.day) || date.day < 1 ||
        date.day > days_of_month(date.year, date.month))
        return -EINVAL;
    if (scan_char(&scan, 'T') || scan_char(&scan, 't'))
        return parse_time(&scan, date, ret_date);
    return parse_end(&scan, date, THAW_DAY, ret_date);
}

static int format_instant(int64_t at_ns, civil day, char text[THAW_DATE_TEXT])
{
    int64_t within = at_ns - civil_ns(day), ns = within % SECOND_NS;
    int seconds = (int)(within / SECOND_NS), decimals = 9;
    int used = snprintf(text, THAW_DATE_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", day.year % 10000,
                        day.month % 100, day.day % 100, seconds / 3600 % 100, seconds / 60 % 60,
                        seconds % 60);

    while (decimals > 0 && ns % 10 == 0) {
        ns /= 10;
        decimals--;
    }
    if (decimals > 0)
        used += snprintf(text + used, THAW_DATE_TEXT - (size_t)used, ".%0*" PRId64, decimals, ns);
    return used + snprintf(text + used, THAW_DATE_TEXT - (size_t)used, "Z");
}

int thaw_date_format(const thaw_date *date, char text[THAW_DATE_TEXT])
{
    civil day = civil_of_ns(date->at_ns);
    const char *about = date->approximate ? "~" : "";

    switch (date->precision) {
    case THAW_YEAR:
        return snprintf(text, THAW_DATE_TEXT, "%04d%s", day.year, about);
    case THAW_MONTH:
        return snprintf(text, THAW_DATE_TEXT, "%04d-%02d%s", day.year, day.month, about);
    case THAW_DAY:
        return snprintf(text, THAW_DATE_TEXT, "%04d-%02d-%02d%s", day.year, day.month, day.day,
                        about);
    case THAW_INSTANT:
        return format_instant(date->at_ns, day, text);
    default:
        text[0] = '\0';
        return 0;
    }
}
