/* settle.c - see settle.h. */
#include "config/settle.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../proto/src/text.h"
#include "config/values.h"
#include "memory.h"

int config_fail(const config_reading *r, int line, int column, const char *found, size_t found_len,
                const char *expected)
{
    char quoted[80];

    wire_text_quote(quoted, sizeof(quoted), found, found_len);
    snprintf(r->error, CONFIG_ERROR_BYTES, "%s:%d:%d: found %s, expected %s", r->file, line, column,
             quoted, expected);
    return -EINVAL;
}

/* tcp beyond this machine carries reports about people: it needs keys. */
static int check_security(const config_reading *r)
{
    const config *c = r->into;
    const config_list *lists[] = {&c->events.bind, &c->service.bind, &c->alerts.bind,
                                  &c->events.connect};

    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < lists[i]->count; j++) {
            const config_item *item = &lists[i]->items[j];
            if (config_address_is_local(item->text))
                continue;
            if (i < 3 && c->curve_server == NULL)
                return config_fail(r, item->line, item->column, item->text, strlen(item->text),
                                   "loopback, ipc, or CURVE keys for it: set curve.server and "
                                   "curve.clients (thaw keygen makes them)");
            if (i == 3 && (c->curve_upstream == NULL || c->curve_server == NULL))
                return config_fail(r, item->line, item->column, item->text, strlen(item->text),
                                   "loopback, ipc, or CURVE keys for it: set curve.server and "
                                   "curve.upstream, the publisher's public key");
        }
    return 0;
}

/* Half of the keys would keep nobody out, or everybody. */
static int check_keys(const config_reading *r)
{
    const config *c = r->into;
    const char *found;

    if (c->curve_server != NULL)
        found = c->curve_clients.count > 0
                    ? NULL
                    : "curve.server without curve.clients, expected the keys, files or folders of "
                      "the clients that may connect";
    else if (c->curve_clients.count > 0)
        found = "curve.clients without curve.server, expected the file of thawd's secret key too";
    else
        found = c->curve_upstream == NULL ? NULL
                                          : "curve.upstream without curve.server, expected the "
                                            "file of thawd's secret key too";
    if (found == NULL)
        return 0;
    snprintf(r->error, CONFIG_ERROR_BYTES, "%s: found %s", r->file, found);
    return -EINVAL;
}

/* A port that is chosen when it is bound is another each time. */
static bool is_wild(const char *address)
{
    const char *port = strrchr(address, ':') + 1;

    return strncmp(address, "tcp://", 6) == 0 && (strcmp(port, "*") == 0 || strcmp(port, "0") == 0);
}

/* libzmq takes a path as it is written, the disk does not. */
static const char *skip_nothing(const char *path)
{
    while (path[0] == '/' && (path[1] == '/' || (path[1] == '.' && path[2] == '/')))
        path += path[1] == '/' ? 1 : 2;
    return path;
}

static bool is_same(const char *a, const char *b)
{
    bool paths = strncmp(a, "ipc:///", 7) == 0 && strncmp(b, "ipc:///", 7) == 0;

    if (!paths)
        return strcmp(a, b) == 0;
    for (a = skip_nothing(a + 6), b = skip_nothing(b + 6); *a == *b && *a != '\0';
         a = skip_nothing(a + 1), b = skip_nothing(b + 1))
        ;
    return *a == *b;
}

static int check_other(const config_reading *r, const config_item *item, const config_list *other)
{
    for (size_t i = 0; i < other->count; i++) {
        const config_item *at = item->line > 0 ? item : &other->items[i]; /* else it is a default */
        if (is_same(other->items[i].text, item->text) && !is_wild(item->text))
            return config_fail(
                r, at->line, at->column, at->text, strlen(at->text),
                "an address that no other endpoint has, and no other part of service");
    }
    return 0;
}

/* At an address of two parts of service the larger one would be answered. */
static int check_addresses(const config_reading *r)
{
    const config *c = r->into;
    const config_list *lists[] = {&c->events.bind, &c->alerts.bind, &c->service.bind,
                                  &c->service.publish, &c->service.read};
    int e = 0;

    for (size_t i = 1; i < sizeof(lists) / sizeof(lists[0]); i++)
        for (size_t j = 0; j < lists[i]->count; j++)
            for (size_t k = 0; e == 0 && k < i; k++)
                e = check_other(r, &lists[i]->items[j], lists[k]);
    return e;
}

_Static_assert(CONFIG_ADDRESSES_MAX == 32 && CONFIG_STATE_BYTES_MAX == 3000, "said in messages");

/* Each endpoint has room for so many; those that systemd passes come on top when it starts. */
static int check_count(const config_reading *r, const config_endpoint *e)
{
    const config_list *lists[] = {&e->bind, &e->publish, &e->read};
    size_t count = 0;

    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < lists[i]->count; j++) {
            const config_item *item = &lists[i]->items[j];
            if (++count > CONFIG_ADDRESSES_MAX)
                return config_fail(r, item->line, item->column, item->text, strlen(item->text),
                                   "at most 32 addresses of an endpoint");
        }
    return 0;
}

/* That it is not there yet is no mistake: systemd makes it. */
static int check_state(const config_reading *r)
{
    const char *state = r->into->state, *expected = NULL;
    struct stat st;

    if (strlen(state) > CONFIG_STATE_BYTES_MAX)
        expected = "a path of at most 3000 bytes";
    else if (stat(state, &st) < 0 ? errno == ENOTDIR : !S_ISDIR(st.st_mode))
        expected = "a folder";
    if (expected == NULL)
        return 0;
    snprintf(r->error, CONFIG_ERROR_BYTES, "%s: found state %.200s, expected %s", r->file, state,
             expected);
    return -EINVAL;
}

/* A path that does not begin at the root is meant from the configuration's own folder. */
static int path_anchor(const char *file, char **path)
{
    char folder[PATH_MAX], *whole;

    if (**path == '/' || **path == '$')
        return 0;
    snprintf(folder, sizeof(folder), "%s", file);
    if (asprintf(&whole, "%s/%s", dirname(folder), *path) < 0)
        return -ENOMEM;
    free(*path);
    *path = whole;
    return 0;
}

/* "$NAME/rest" and "ipc://$NAME/rest" with what systemd put into NAME. */
static int path_expand(const config_reading *r, char **path)
{
    static const char *const names[] = {"STATE_DIRECTORY", "RUNTIME_DIRECTORY",
                                        "CREDENTIALS_DIRECTORY", "CONFIGURATION_DIRECTORY"};
    size_t head = strncmp(*path, "ipc://", 6) == 0 ? 6 : 0;

    if ((*path)[head] != '$')
        return 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t len = strlen(names[i]);
        const char *value = getenv(names[i]);
        char *whole;
        if (strncmp(*path + head + 1, names[i], len) != 0 || value == NULL)
            continue;
        if (asprintf(&whole, "%.*s%.*s%s", (int)head, *path, (int)strcspn(value, ":"), value,
                     *path + head + 1 + len) < 0)
            return -ENOMEM;
        free(*path);
        *path = whole;
        return 0;
    }
    snprintf(r->error, CONFIG_ERROR_BYTES,
             "%s: found \"%s\", expected a folder that systemd has set: $STATE_DIRECTORY, "
             "$RUNTIME_DIRECTORY, $CREDENTIALS_DIRECTORY or $CONFIGURATION_DIRECTORY",
             r->file, *path);
    return -EINVAL;
}

static int settle_paths(const config_reading *r, config_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        int e = path_expand(r, &list->items[i].text);
        if (e == 0)
            e = path_anchor(r->file, &list->items[i].text);
        if (e < 0)
            return e;
    }
    return 0;
}

/* What systemd has set may be too long. */
static int settle_addresses(const config_reading *r, config_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        config_item *item = &list->items[i];
        int e = path_expand(r, &item->text);
        const char *expected = e < 0 ? NULL : config_check_address(item->text, strlen(item->text));
        if (e == 0 && strncmp(item->text, "ipc://", 6) == 0 && expected != NULL)
            e = config_fail(r, item->line, item->column, item->text, strlen(item->text), expected);
        if (e < 0)
            return e;
    }
    return 0;
}

static int settle_path(const config_reading *r, char **path)
{
    int e = *path == NULL ? 0 : path_expand(r, path);

    return *path == NULL || e < 0 ? e : path_anchor(r->file, path);
}

bool config_is_key(const char *text)
{
    static const char z85[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              ".-:+=^!/*?&<>()[]{}@%$#";

    return strlen(text) == 40 && strspn(text, z85) == 40 && access(text, F_OK) < 0;
}

/* A path, or a key in its place, which stays as it is: it may have slashes, but no file is there. */
static int settle_key(const config_reading *r, char **text)
{
    char *path = *text == NULL || !config_is_key(*text) ? NULL : strdup(*text);
    int e = path == NULL ? 0 : path_anchor(r->file, &path);
    bool is_key = e == 0 && path != NULL && access(path, F_OK) < 0;

    free(path);
    return e < 0 || is_key ? e : settle_path(r, text);
}

/* thawd takes up to 1.4 times the bound, and 2.5 times where the past is dropped (thaw-runbook(7)). */
static void settle_memory(config *c)
{
    bool drops = c->retain_age_ns < INT64_MAX || c->retain_bytes < UINT64_MAX;
    uint64_t share = memory_there() / (drops ? 3 : 2);

    if (c->memory_bytes == 0)
        c->memory_bytes = share > CONFIG_MEMORY_BYTES_MIN ? share : CONFIG_MEMORY_BYTES_MIN;
}

int config_settle(const config_reading *r)
{
    config *c = r->into;
    config_list *addresses[] = {&c->events.bind,     &c->events.connect, &c->service.bind,
                                &c->service.publish, &c->service.read,   &c->alerts.bind};
    const config_endpoint *endpoints[] = {&c->events, &c->service, &c->alerts};
    int e = settle_path(r, &c->state);

    settle_memory(c);
    if (e == 0)
        e = settle_path(r, &c->curve_server);
    if (e == 0)
        e = settle_key(r, &c->curve_upstream);
    if (e == 0)
        e = settle_paths(r, &c->rules);
    for (size_t i = 0; e == 0 && i < sizeof(addresses) / sizeof(addresses[0]); i++)
        e = settle_addresses(r, addresses[i]);
    for (size_t i = 0; e == 0 && i < c->curve_clients.count; i++)
        e = settle_key(r, &c->curve_clients.items[i].text);
    if (e == 0)
        e = check_security(r);
    if (e == 0)
        e = check_keys(r);
    for (size_t i = 0; e == 0 && i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
        e = check_count(r, endpoints[i]);
    if (e == 0)
        e = check_state(r);
    return e == 0 ? check_addresses(r) : e;
}
