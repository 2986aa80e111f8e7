/* calendar.c: days and dates of the proleptic Gregorian calendar, by arithmetic. */
#include "internal.h"

#define DAYS_PER_ERA 146097 /* 400 years */
#define EPOCH_DAY 719468    /* of 1970-01-01, counted from 0000-03-01 */
#define DAY_SECONDS 86400

bool cel_year_is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

unsigned cel_month_days(int64_t year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && cel_year_is_leap(year) ? 29 : days[month - 1];
}

/* Years begin in March here, so that the leap day comes last. */
int64_t cel_days_from_civil(int64_t year, unsigned month, unsigned day)
{
    int64_t shifted = month <= 2 ? year - 1 : year;
    int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    int64_t year_of_era = shifted - era * 400;
    int64_t day_of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * DAYS_PER_ERA + day_of_era - EPOCH_DAY;
}

static void date_from_days(int64_t days, struct civil *civil)
{
    int64_t shifted = days + EPOCH_DAY;
    int64_t era = (shifted >= 0 ? shifted : shifted - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;

    civil->day = (unsigned)(day_of_year - (153 * month + 2) / 5 + 1);
    civil->month = (unsigned)(month < 10 ? month + 3 : month - 9);
    civil->year = year_of_era + era * 400 + (civil->month <= 2);
}

void cel_civil_from_seconds(int64_t seconds, struct civil *ret_civil)
{
    int64_t days = seconds / DAY_SECONDS;
    int64_t rest = seconds % DAY_SECONDS;

    if (rest < 0) {
        rest += DAY_SECONDS;
        days--;
    }
    date_from_days(days, ret_civil);
    ret_civil->hour = (unsigned)(rest / 3600);
    ret_civil->minute = (unsigned)(rest / 60 % 60);
    ret_civil->second = (unsigned)(rest % 60);
    ret_civil->weekday = (unsigned)(((days % 7) + 7 + 4) % 7); /* 1970-01-01 was a Thursday */
    ret_civil->day_of_year = (unsigned)(days - cel_days_from_civil(ret_civil->year, 1, 1));
}
