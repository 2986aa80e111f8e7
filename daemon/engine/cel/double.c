/* double.c: the text of a double. */
#include "internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes digits d.ddd with their exponent as 0.0001 ... 123456 or 1.2e+06. */
static size_t place_point(const char *digits, size_t count, int exponent, char *buffer, size_t size_bytes)
{
    if (exponent < -4 || exponent >= 21)
        return (size_t)snprintf(buffer, size_bytes, "%c%s%.*se%c%02d", digits[0], count > 1 ? "." : "", (int)count - 1,
                                digits + 1, exponent < 0 ? '-' : '+', abs(exponent));
    if (exponent < 0)
        return (size_t)snprintf(buffer, size_bytes, "0.%.*s%.*s", -exponent - 1, "0000", (int)count, digits);
    if ((size_t)exponent + 1 >= count)
        return (size_t)snprintf(buffer, size_bytes, "%.*s%.*s", (int)count, digits, exponent + 1 - (int)count,
                                "000000000000000000000");
    return (size_t)snprintf(buffer, size_bytes, "%.*s.%s", exponent + 1, digits, digits + exponent + 1);
}

size_t cel_double_text(double real, char *buffer, size_t size_bytes)
{
    char scientific[40], digits[20];
    size_t count = 0;

    if (isnan(real))
        return (size_t)snprintf(buffer, size_bytes, "NaN");
    if (isinf(real))
        return (size_t)snprintf(buffer, size_bytes, "%sInf", real < 0 ? "-" : "+");
    for (int precision = 0; precision <= 16; precision++) {
        snprintf(scientific, sizeof(scientific), "%.*e", precision, fabs(real));
        if (strtod(scientific, NULL) == fabs(real))
            break;
    }
    char *mark = strchr(scientific, 'e');
    for (const char *c = scientific; c < mark; c++)
        if (*c >= '0' && *c <= '9')
            digits[count++] = *c;
    digits[count] = '\0';
    size_t used = signbit(real) && size_bytes > 1 ? 1 : 0;
    if (used == 1)
        buffer[0] = '-';
    return used + place_point(digits, count, (int)strtol(mark + 1, NULL, 10), buffer + used, size_bytes - used);
}
