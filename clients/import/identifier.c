/*
 * identifier.c - identifiers of parties.
 */
#include "identifier.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
    NUMBER_BYTES = 64,
    LEAST_PASSPORT = 6,
    LEAST_OTHER = 8,
    UNP_DIGITS = 9,
    IMO_DIGITS = 7,
    LEI_LETTERS = 20
};

/* Letters and digits in capitals; 0 where there is anything else but blanks and -./ in it. */
static size_t number_clean(const char *number, size_t len, char to[NUMBER_BYTES], bool *ret_digits)
{
    size_t out = 0;
    *ret_digits = true;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)number[i];
        if (strchr(" -./", c) != NULL && c != '\0')
            continue;
        if (!isalnum(c) || out + 1 == NUMBER_BYTES)
            return 0;
        *ret_digits &= isdigit(c) != 0;
        to[out++] = (char)toupper(c);
    }
    to[out] = '\0';
    return out;
}

static bool has_digit(const char *number)
{
    return strpbrk(number, "0123456789") != NULL;
}

/* Seven digits, a letter, three digits, two letters, a digit. */
static bool is_belarusian(const char *clean)
{
    static const char form[] = "9999999A999AA9";
    size_t at = 0;
    for (; form[at] != '\0' && clean[at] != '\0'; at++)
        if (form[at] == '9' ? !isdigit((unsigned char)clean[at])
                            : !isupper((unsigned char)clean[at]))
            return false;
    return form[at] == '\0' && clean[at] == '\0';
}

void identifier_add(text *ids, const char *kind, const char *country, const char *number,
                    size_t len)
{
    char clean[NUMBER_BYTES];
    char line[NUMBER_BYTES + 40];
    bool digits = false;
    size_t out = number_clean(number, len, clean, &digits);
    size_t least = strcmp(kind, "passport") == 0 ? LEAST_PASSPORT : LEAST_OTHER;
    bool unp = country != NULL && strcmp(country, "BY") == 0 && digits && out == UNP_DIGITS &&
               (strcmp(kind, "tax") == 0 || strcmp(kind, "registration") == 0);
    if (out > 0 && strcmp(kind, "national-id") == 0 && is_belarusian(clean))
        country = "BY";
    if (country == NULL || out < least || !has_digit(clean))
        return;
    snprintf(line, sizeof line, "%s:%s:%s", unp ? "tax" : kind, country, clean);
    text_join(ids, "\n", line, strlen(line));
}

void identifier_add_imo(text *ids, const char *number, size_t len)
{
    char clean[NUMBER_BYTES];
    bool digits = false;
    int sum = 0;
    if (number_clean(number, len, clean, &digits) != IMO_DIGITS || !digits)
        return;
    for (int i = 0; i < IMO_DIGITS - 1; i++)
        sum += (clean[i] - '0') * (IMO_DIGITS - i);
    if (sum % 10 == clean[IMO_DIGITS - 1] - '0')
        identifier_add_world(ids, "imo", clean, IMO_DIGITS);
}

void identifier_add_lei(text *ids, const char *number, size_t len)
{
    char clean[NUMBER_BYTES];
    bool digits = false;
    if (number_clean(number, len, clean, &digits) == LEI_LETTERS)
        identifier_add_world(ids, "lei", clean, LEI_LETTERS);
}

void identifier_add_world(text *ids, const char *kind, const char *number, size_t len)
{
    char clean[NUMBER_BYTES];
    char line[NUMBER_BYTES + 40];
    bool digits = false;
    if (number_clean(number, len, clean, &digits) == 0)
        return;
    snprintf(line, sizeof line, "%s:%s", kind, clean);
    text_join(ids, "\n", line, strlen(line));
}
