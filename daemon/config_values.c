/* config_values.c - see config_values.h. */
#include "config_values.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "units.h"

#define TOPIC_BYTES_MAX 245 /* libzmq 4.3.4 loses subscriptions of 246 to 255 bytes */
#define NEAR_MAX 32         /* longest word that is compared */

const char *config_value_text(const char *text, size_t len, const config_range *range,
                              void *destination)
{
    char **place = destination;
    char *copy;

    (void)range;
    if (len == 0)
        return "a text";
    copy = strndup(text, len);
    if (copy == NULL)
        return "enough memory";
    free(*place);
    *place = copy;
    return NULL;
}

const char *config_value_clock(const char *text, size_t len, const config_range *range,
                               void *destination)
{
    engine_clock *clock = destination;

    (void)range;
    if (len == 4 && memcmp(text, "wall", 4) == 0)
        *clock = ENGINE_CLOCK_WALL;
    else if (len == 8 && memcmp(text, "reported", 8) == 0)
        *clock = ENGINE_CLOCK_REPORTED;
    else
        return "wall or reported";
    return NULL;
}

static bool in_range(uint64_t value, const config_range *range)
{
    return value >= range->min && value <= range->max;
}

/* One configuration is read at a time, and the text is used before the next. */
static const char *bounds(const char *what, const char *least, const char *most)
{
    static char text[128];

    snprintf(text, sizeof(text), "%s from %s to %s", what, least, most);
    return text;
}

const char *config_value_duration(const char *text, size_t len, const config_range *range,
                                  void *destination)
{
    int64_t ns;
    int r = units_parse_duration(text, len, &ns);

    if (r < 0)
        return "a duration as 500ms, 36h, 1d12h or forever";
    if (!in_range((uint64_t)ns, range)) {
        char least[UNITS_TEXT_BYTES], most[UNITS_TEXT_BYTES];
        units_write_duration((int64_t)range->min, least);
        units_write_duration((int64_t)range->max, most);
        return bounds("a duration", least, most);
    }
    *(int64_t *)destination = ns;
    return NULL;
}

const char *config_value_bytes(const char *text, size_t len, const config_range *range,
                               void *destination)
{
    uint64_t bytes;
    int r = units_parse_bytes(text, len, &bytes);

    if (r < 0)
        return "a size as 512B, 64KiB, 4MiB, 1GiB or unlimited";
    if (!in_range(bytes, range)) {
        char least[UNITS_TEXT_BYTES], most[UNITS_TEXT_BYTES];
        units_write_bytes(range->min, least);
        units_write_bytes(range->max, most);
        return bounds("a size", least, most);
    }
    *(uint64_t *)destination = bytes;
    return NULL;
}

const char *config_value_bytes32(const char *text, size_t len, const config_range *range,
                                 void *destination)
{
    uint64_t bytes;
    const char *expected = config_value_bytes(text, len, range, &bytes);

    if (expected == NULL)
        *(uint32_t *)destination = (uint32_t)bytes;
    return expected;
}

const char *config_value_count(const char *text, size_t len, const config_range *range,
                               void *destination)
{
    uint64_t count;
    int r = units_parse_count(text, len, &count);

    if (r < 0)
        return "a whole number or unlimited";
    if (!in_range(count, range)) {
        char least[UNITS_TEXT_BYTES], most[UNITS_TEXT_BYTES];
        snprintf(least, sizeof(least), "%" PRIu64, range->min);
        snprintf(most, sizeof(most), "%" PRIu64, range->max);
        return bounds("a number", least, range->max == UNITS_UNLIMITED ? "unlimited" : most);
    }
    *(uint64_t *)destination = count;
    return NULL;
}

const char *config_value_count32(const char *text, size_t len, const config_range *range,
                                 void *destination)
{
    uint64_t count;
    const char *expected = config_value_count(text, len, range, &count);

    if (expected == NULL)
        *(uint32_t *)destination = (uint32_t)count;
    return expected;
}

const char *config_value_mode(const char *text, size_t len, const config_range *range,
                              void *destination)
{
    uint32_t mode;

    (void)range;
    if (units_parse_mode(text, len, &mode) < 0)
        return "octal permission bits as 0660";
    *(uint32_t *)destination = mode;
    return NULL;
}

/* A port is a number up to 65535, or * for a free one: libzmq takes what it can read of it, and
 * counts on from there. */
static bool is_port(const char *text, size_t len)
{
    unsigned port = 0;

    if (len == 1 && text[0] == '*')
        return true;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        port = port * 10 + (unsigned)(text[i] - '0');
    }
    return len >= 1 && len <= 5 && port <= UINT16_MAX;
}

const char *config_check_address(const char *text, size_t len)
{
    if (len > 6 && memcmp(text, "ipc://", 6) == 0) {
        if (text[6] != '/' && text[6] != '@' && text[6] != '$')
            return "ipc:// with an absolute path";
        if (len - 6 >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
            return "an ipc path of at most 107 bytes";
        return NULL;
    }
    if (len > 6 && memcmp(text, "tcp://", 6) == 0) {
        const char *colon = memrchr(text + 6, ':', len - 6);
        if (colon == NULL || colon == text + 6 || memchr(text, ';', len) != NULL ||
            !is_port(colon + 1, (size_t)(text + len - colon - 1)))
            return "tcp://HOST:PORT, the port being a number up to 65535";
        return NULL;
    }
    return "an address as ipc:///PATH or tcp://HOST:PORT";
}

const char *config_check_bind(const char *text, size_t len)
{
    if (len > 16 && memcmp(text, "tcp://localhost:", 16) == 0)
        return "an address or interface, not a name: tcp://127.0.0.1:PORT, tcp://[::1]:PORT, "
               "tcp://lo:PORT";
    return config_check_address(text, len);
}

const char *config_check_ipc(const char *text, size_t len)
{
    if (len < 6 || memcmp(text, "ipc://", 6) != 0)
        return "an address as ipc:///PATH; over tcp, keys decide who may connect";
    return config_check_address(text, len);
}

const char *config_check_topic(const char *text, size_t len)
{
    (void)text;
    return len > TOPIC_BYTES_MAX ? "a topic of at most 245 bytes" : NULL;
}

const char *config_check_path(const char *text, size_t len)
{
    (void)text;
    return len == 0 ? "a path" : NULL;
}

bool config_address_is_local(const char *address)
{
    static const char *const hosts[] = {"127.", "localhost:", "[::1]:", "lo:"};

    if (strncmp(address, "tcp://", 6) != 0)
        return true;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
        if (strncmp(address + 6, hosts[i], strlen(hosts[i])) == 0)
            /* "127.evil.example" is a name: of 127. only digits and dots may follow */
            return i != 0 || strspn(address + 6, "0123456789.") == strcspn(address + 6, ":");
    return false;
}

int config_list_add(config_list *list, const char *text, size_t len, int line, int column)
{
    config_item *items = reallocarray(list->items, list->count + 1, sizeof(*items));
    char *copy;

    if (items == NULL)
        return -ENOMEM;
    list->items = items;
    copy = strndup(text, len);
    if (copy == NULL)
        return -ENOMEM;
    list->items[list->count++] = (config_item){copy, line, column};
    return 0;
}

void config_list_clear(config_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].text);
    free(list->items);
    *list = (config_list){NULL, 0};
}

/* Levenshtein's distance, of words short enough for one row on the stack. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[NEAR_MAX + 1];

    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b_len];
}

const char *config_nearest(const char *text, size_t len, const char *const names[], size_t count)
{
    const char *nearest = NULL;
    size_t best = len / 2 + 1; /* farther than that is another word */

    if (len > NEAR_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t name_len = strlen(names[i]), d;
        if (name_len > NEAR_MAX)
            continue;
        d = distance(text, len, names[i], name_len);
        if (d < best) {
            best = d;
            nearest = names[i];
        }
    }
    return nearest;
}
