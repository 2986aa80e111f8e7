/* time.c: timestamps and durations as text, and their selectors. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct cursor {
    const char *at, *end;
};

static bool take(struct cursor *cursor, char c)
{
    if (cursor->at == cursor->end || *cursor->at != c)
        return false;
    cursor->at++;
    return true;
}

static bool next_is_digit(const struct cursor *cursor)
{
    return cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9';
}

/* Exactly count digits. */
static bool take_number(struct cursor *cursor, unsigned count, unsigned *ret_number)
{
    unsigned number = 0;

    for (unsigned i = 0; i < count; i++) {
        if (!next_is_digit(cursor))
            return false;
        number = number * 10 + (unsigned)(*cursor->at++ - '0');
    }
    *ret_number = number;
    return true;
}

/* ".5" as nanoseconds; nothing is 0. Digits behind the ninth are dropped. */
static bool take_fraction(struct cursor *cursor, int32_t *ret_nanos)
{
    int32_t unit = 100000000;

    *ret_nanos = 0;
    if (!take(cursor, '.'))
        return true;
    if (!next_is_digit(cursor))
        return false;
    for (; next_is_digit(cursor); cursor->at++, unit /= 10)
        *ret_nanos += (*cursor->at - '0') * unit;
    return true;
}

/* "+02:00" or "02:00", hours and minutes. */
static bool take_offset(struct cursor *cursor, bool sign_required, int32_t *ret_offset_seconds)
{
    unsigned hours, minutes;
    bool negative = take(cursor, '-');

    if (!negative && !take(cursor, '+') && sign_required)
        return false;
    if (!take_number(cursor, 2, &hours) || !take(cursor, ':') || !take_number(cursor, 2, &minutes) || hours > 23 ||
        minutes > 59)
        return false;
    int32_t offset = (int32_t)(hours * 3600 + minutes * 60);
    *ret_offset_seconds = negative ? -offset : offset;
    return true;
}

bool cel_zone_fixed_parse(struct cel_text name, int32_t *ret_offset_seconds)
{
    struct cursor cursor = {name.data, name.data + name.len};

    if ((name.len == 3 && memcmp(name.data, "UTC", 3) == 0) || (name.len == 1 && name.data[0] == 'Z')) {
        *ret_offset_seconds = 0;
        return true;
    }
    return take_offset(&cursor, false, ret_offset_seconds) && cursor.at == cursor.end;
}

/* Where the year alone has five digits or is 0000, the text is a timestamp out of range. */
static bool take_year(struct cursor *cursor, unsigned *ret_year, bool *ret_in_range)
{
    struct cursor long_year = *cursor;
    unsigned digits = 0;

    while (next_is_digit(&long_year)) {
        long_year.at++;
        digits++;
    }
    *ret_in_range = digits == 4;
    if (digits > 4) {
        *cursor = long_year;
        *ret_year = 9999;
        return true;
    }
    return take_number(cursor, 4, ret_year);
}

int cel_timestamp_parse(const char *text, size_t len, struct cel_value *ret_value)
{
    struct cursor cursor = {text, text + len};
    unsigned year, month, day, hour, minute, second;
    int32_t nanos, offset = 0;
    bool in_range;

    if (!take_year(&cursor, &year, &in_range) || !take(&cursor, '-') || !take_number(&cursor, 2, &month) ||
        !take(&cursor, '-') || !take_number(&cursor, 2, &day) || !take(&cursor, 'T') ||
        !take_number(&cursor, 2, &hour) || !take(&cursor, ':') || !take_number(&cursor, 2, &minute) ||
        !take(&cursor, ':') || !take_number(&cursor, 2, &second) || !take_fraction(&cursor, &nanos))
        return -EINVAL;
    if (!take(&cursor, 'Z') && !take_offset(&cursor, true, &offset))
        return -EINVAL;
    if (cursor.at != cursor.end || month < 1 || month > 12 || day < 1 || day > cel_month_days(year, month) ||
        hour > 23 || minute > 59 || second > 59)
        return -EINVAL;
    int64_t seconds =
        cel_days_from_civil(year, month, day) * 86400 + (int64_t)(hour * 3600 + minute * 60 + second) - offset;
    if (!in_range || seconds < TIMESTAMP_MIN_SECONDS || seconds > TIMESTAMP_MAX_SECONDS)
        return -ERANGE;
    *ret_value = cel_timestamp(seconds, nanos);
    return 0;
}

static bool take_unit(struct cursor *cursor, int64_t *ret_unit_ns)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {
        {"ns", 1},           {"us", 1000},         {"\xc2\xb5s", 1000}, /* micro sign */
        {"\xce\xbcs", 1000},                                            /* mu */
        {"ms", 1000000},     {"s", NS_PER_SECOND}, {"m", 60 * NS_PER_SECOND}, {"h", 3600 * NS_PER_SECOND},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        size_t len = strlen(units[i].name);
        if ((size_t)(cursor->end - cursor->at) < len || memcmp(cursor->at, units[i].name, len) != 0)
            continue;
        cursor->at += len;
        *ret_unit_ns = units[i].ns;
        return true;
    }
    return false;
}

/* One "1.5h", added (below zero, where there is one value more) to *total_ns. A fraction is
 * exact down to a nanosecond. */
static int take_term(struct cursor *cursor, int64_t *total_ns, bool *in_range)
{
    uint64_t whole = 0;
    bool has_digits = next_is_digit(cursor);
    int64_t unit;

    for (; next_is_digit(cursor); cursor->at++) {
        if (whole > (uint64_t)INT64_MAX / 10)
            *in_range = false;
        else
            whole = whole * 10 + (uint64_t)(*cursor->at - '0');
    }
    const char *fraction = NULL, *fraction_end = NULL;
    if (take(cursor, '.')) {
        fraction = cursor->at;
        while (next_is_digit(cursor))
            cursor->at++;
        fraction_end = cursor->at;
        has_digits = has_digits || fraction_end > fraction;
    }
    if (!has_digits || !take_unit(cursor, &unit))
        return -EINVAL;

    int64_t value, part = 0, rest = unit;
    for (const char *c = fraction; c < fraction_end && rest > 0; c++) {
        part += (*c - '0') * (rest / 10);
        if (rest % 10 != 0) /* 60 and 3600 are no powers of ten: what is lost is below 1 ns */
            part += (*c - '0') * (rest % 10) / 10;
        rest /= 10;
    }
    if (__builtin_mul_overflow(whole, -unit, &value) || __builtin_sub_overflow(value, part, &value) ||
        __builtin_add_overflow(*total_ns, value, total_ns))
        *in_range = false;
    return 0;
}

int cel_duration_parse(const char *text, size_t len, struct cel_value *ret_value)
{
    struct cursor cursor = {text, text + len};
    int64_t total_ns = 0; /* of the negative */
    bool in_range = true;
    bool negative = take(&cursor, '-');

    if (!negative)
        take(&cursor, '+');
    if (cursor.end - cursor.at == 1 && *cursor.at == '0') {
        *ret_value = cel_duration(0);
        return 0;
    }
    do {
        int r = take_term(&cursor, &total_ns, &in_range);
        if (r < 0)
            return r;
    } while (cursor.at < cursor.end);
    if (!in_range || (!negative && total_ns == INT64_MIN))
        return -ERANGE;
    *ret_value = cel_duration(negative ? total_ns : -total_ns);
    return 0;
}

/* Appends ".5" for 500000000, nothing for 0. */
static size_t fraction_text(int32_t nanos, char *buffer)
{
    if (nanos == 0)
        return 0;
    size_t len = (size_t)snprintf(buffer, 11, ".%09d", nanos);
    while (buffer[len - 1] == '0')
        len--;
    return len;
}

size_t cel_timestamp_text(const struct cel_value *value, char *buffer)
{
    struct civil civil;

    cel_civil_from_seconds(value->seconds, &civil);
    size_t used = (size_t)snprintf(buffer, CEL_TIME_TEXT_BYTES, "%04d-%02u-%02uT%02u:%02u:%02u", (int)civil.year,
                                   civil.month, civil.day, civil.hour, civil.minute, civil.second);
    used += fraction_text(value->nanos, buffer + used);
    buffer[used++] = 'Z';
    buffer[used] = '\0';
    return used;
}

size_t cel_duration_text(const struct cel_value *value, char *buffer)
{
    int64_t seconds = value->duration_ns / NS_PER_SECOND;
    int32_t nanos = (int32_t)(value->duration_ns % NS_PER_SECOND);

    size_t used = (size_t)snprintf(buffer, CEL_TIME_TEXT_BYTES, "%s%lld", value->duration_ns < 0 ? "-" : "",
                                   (long long)(seconds < 0 ? -seconds : seconds));
    used += fraction_text(nanos < 0 ? -nanos : nanos, buffer + used);
    buffer[used++] = 's';
    buffer[used] = '\0';
    return used;
}

/* The date and time of the receiver, in the zone of the second argument or in UTC; false with the
 * error for an unknown zone. */
static bool local_time(const struct call *call, struct civil *ret_civil, struct cel_value *ret_error)
{
    int64_t seconds = call->args[0].seconds;
    int32_t offset = 0;

    if (call->node->arg_count == 2) {
        struct cel_text name = call->args[1].text;
        if (call->node->zone != NULL) {
            offset = cel_zone_offset_seconds(call->node->zone, seconds);
        } else if (!cel_zone_fixed_parse(name, &offset)) {
            *ret_error = cel_error_format(call->evaluator,
                                          "unknown time zone \"%.*s\"; a computed zone is UTC or an "
                                          "offset as +02:00",
                                          name.len > 40 ? 40 : (int)name.len, name.data);
            return false;
        }
    }
    cel_civil_from_seconds(seconds + offset, ret_civil);
    return true;
}

struct cel_value cel_select_full_year(const struct call *call)
{
    struct civil civil;
    struct cel_value error;

    return local_time(call, &civil, &error) ? cel_int(civil.year) : error;
}

struct cel_value cel_select_month(const struct call *call)
{
    struct civil civil;
    struct cel_value error;

    return local_time(call, &civil, &error) ? cel_int(civil.month - 1) : error;
}

struct cel_value cel_select_date(const struct call *call)
{
    struct civil civil;
    struct cel_value error;

    return local_time(call, &civil, &error) ? cel_int(civil.day) : error;
}

struct cel_value cel_select_day_of_month(const struct call *call)
{
    struct civil civil;
    struct cel_value error;

    return local_time(call, &civil, &error) ? cel_int(civil.day - 1) : error;
}

struct cel_value cel_select_day_of_week(const struct call *call)
{
    struct civil civil;
    struct cel_value error;

    return local_time(call, &civil, &error) ? cel_int(civil.weekday) : error;
}

struct cel_value cel_select_day_of_year(const struct call *call)
{
    struct civil civil;
    struct cel_value error;

    return local_time(call, &civil, &error) ? cel_int(civil.day_of_year) : error;
}

/* A duration is converted whole, a timestamp gives its part. */
struct cel_value cel_select_hours(const struct call *call)
{
    struct civil civil;
    struct cel_value error;

    if (call->args[0].kind == CEL_DURATION)
        return cel_int(call->args[0].duration_ns / (3600 * NS_PER_SECOND));
    return local_time(call, &civil, &error) ? cel_int(civil.hour) : error;
}

struct cel_value cel_select_minutes(const struct call *call)
{
    struct civil civil;
    struct cel_value error;

    if (call->args[0].kind == CEL_DURATION)
        return cel_int(call->args[0].duration_ns / (60 * NS_PER_SECOND));
    return local_time(call, &civil, &error) ? cel_int(civil.minute) : error;
}

struct cel_value cel_select_seconds(const struct call *call)
{
    struct civil civil;
    struct cel_value error;

    if (call->args[0].kind == CEL_DURATION)
        return cel_int(call->args[0].duration_ns / NS_PER_SECOND);
    return local_time(call, &civil, &error) ? cel_int(civil.second) : error;
}

/* Of both, only the part below a second. */
struct cel_value cel_select_milliseconds(const struct call *call)
{
    struct civil civil;
    struct cel_value error;

    if (call->args[0].kind == CEL_DURATION)
        return cel_int(call->args[0].duration_ns % NS_PER_SECOND / 1000000);
    return local_time(call, &civil, &error) ? cel_int(call->args[0].nanos / 1000000) : error;
}
