/* values.c - see values.h. */
#include "config/values.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "config/units.h"

#define HOST_BYTES_MAX 253 /* the longest name of DNS */
#define NEAR_MAX 32        /* longest word that is compared */

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

static const char *check_ipc(const char *path, size_t len)
{
    if (path[0] != '/' && path[0] != '@' && path[0] != '$')
        return "ipc:// with an absolute path";
    if (len >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return "an ipc path of at most 107 bytes";
    if (len == 1 || path[len - 1] == '/')
        return "ipc:// with the name of a socket";
    return NULL;
}

/* [ADDRESS] or [ADDRESS%ZONE] */
static bool is_bracketed(const char *host, size_t len)
{
    char address[INET6_ADDRSTRLEN];
    struct in6_addr in6;
    struct in_addr in;
    size_t inner = len < 2 || host[len - 1] != ']' ? 0 : strcspn(host + 1, "%]");

    if (inner == 0 || inner >= sizeof(address))
        return false;
    memcpy(address, host + 1, inner);
    address[inner] = '\0';
    return inet_pton(AF_INET6, address, &in6) == 1 || inet_pton(AF_INET, address, &in) == 1;
}

static bool is_ipv4(const char *host, size_t len)
{
    char address[INET_ADDRSTRLEN];
    struct in_addr in;

    if (len >= sizeof(address))
        return false;
    memcpy(address, host, len);
    address[len] = '\0';
    return inet_aton(address, &in) != 0;
}

/* Whether a host can be one at all; whether it is there only its use can show. */
static const char *check_host(const char *host, size_t len)
{
    size_t digits = 0, graphic = 0;

    if (host[0] == '[' || memchr(host, ':', len) != NULL)
        return is_bracketed(host, len) ? NULL : "an IPv6 address in brackets, as tcp://[::1]:7301";
    for (size_t i = 0; i < len; i++) {
        digits += isdigit((unsigned char)host[i]) || host[i] == '.';
        graphic += isgraph((unsigned char)host[i]) && strchr("/*[]", host[i]) == NULL;
    }
    if (digits == len)
        return is_ipv4(host, len) ? NULL : "an IPv4 address as 192.0.2.1";
    return graphic == len && len <= HOST_BYTES_MAX ? NULL : "tcp://HOST:PORT with a host that can be";
}

/* A name can only be bound if it is an interface's. */
static bool is_no_interface(const char *host, size_t len)
{
    return (len == 9 && memcmp(host, "localhost", 9) == 0) ||
           (len >= IFNAMSIZ && isalpha((unsigned char)host[0]));
}

static const char *check_tcp(const char *rest, size_t len, bool bound)
{
    const char *colon = memrchr(rest, ':', len);
    size_t host_len = colon == NULL ? 0 : (size_t)(colon - rest);

    if (host_len == 0 || memchr(rest, ';', len) != NULL || !is_port(colon + 1, len - host_len - 1))
        return "tcp://HOST:PORT, the port being a number up to 65535";
    if (bound && host_len == 1 && rest[0] == '*')
        return NULL;
    if (bound && is_no_interface(rest, host_len))
        return "an address or interface, not a name: tcp://127.0.0.1:PORT, tcp://[::1]:PORT, "
               "tcp://lo:PORT";
    return check_host(rest, host_len);
}

static const char *check_address(const char *text, size_t len, bool bound)
{
    if (len > 6 && memcmp(text, "ipc://", 6) == 0)
        return check_ipc(text + 6, len - 6);
    if (len > 6 && memcmp(text, "tcp://", 6) == 0)
        return check_tcp(text + 6, len - 6, bound);
    return "an address as ipc:///PATH or tcp://HOST:PORT";
}

const char *config_check_address(const char *text, size_t len)
{
    return check_address(text, len, false);
}

const char *config_check_bind(const char *text, size_t len)
{
    return check_address(text, len, true);
}

const char *config_check_ipc(const char *text, size_t len)
{
    if (len < 6 || memcmp(text, "ipc://", 6) != 0)
        return "an address as ipc:///PATH; over tcp, keys decide who may connect";
    return config_check_address(text, len);
}

/* Whether a topic can begin so: KIND.CC, or less of it. */
static bool begins_topic(const char *text, size_t len, const char *kind)
{
    size_t kind_len = strlen(kind), country = kind_len + 1;

    if (strncmp(text, kind, len < kind_len ? len : kind_len) != 0)
        return false;
    if (len > kind_len && (text[kind_len] != '.' || len > country + 2))
        return false;
    for (size_t i = country; i < len; i++)
        if (text[i] < 'A' || text[i] > 'Z')
            return false;
    return true;
}

const char *config_check_topic(const char *text, size_t len)
{
    for (int kind = THAW_RELEASE; kind <= THAW_RETRACTION; kind++)
        if (begins_topic(text, len, thaw_kind_name((thaw_kind)kind)))
            return NULL;
    return "the beginning of a topic as release.BY";
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
