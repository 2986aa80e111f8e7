/* endpoint.c - see endpoint.h. */
#include "sockets/endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include <zmq.h>

#include "config/values.h"
#include "sockets/paths.h"

#define HANDSHAKE_MS 5000
#define KEEPALIVE_IDLE_S 30
#define KEEPALIVE_INTERVAL_S 10
#define KEEPALIVE_COUNT 3
#define LAST_ENDPOINT_BYTES 256

const char *const endpoint_roles[ROLE_COUNT] = {"", "publish", "read"};
#define SUBSCRIPTION_BYTES_MAX 4096 /* what subscribers send: topics of at most 245 bytes */

static int set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

/* libzmq ends a connection over which a larger message comes, without a word. Up to twice the limit
 * thawd takes it in, and the producer is told that it is too large. */
static int64_t message_bytes_max(int type, const config *c)
{
    return type == ZMQ_XPUB ? SUBSCRIPTION_BYTES_MAX : 2 * (int64_t)c->limits.message_bytes;
}

/* What every socket gets, before it is bound anywhere. */
static int set_common(void *socket, int type, const config *c, uint64_t hwm_count)
{
    const struct {
        int option, value;
    } options[] = {
        {ZMQ_LINGER, (int)(c->linger_ns / 1000000)},
        {ZMQ_RCVHWM, (int)hwm_count},
        {ZMQ_SNDHWM, (int)hwm_count},
        {ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS},
        {ZMQ_TCP_KEEPALIVE, 1},
        {ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S},
        {ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_INTERVAL_S},
        {ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_COUNT},
    };
    int64_t message_bytes = message_bytes_max(type, c);

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        int r = set_int(socket, options[i].option, options[i].value);
        if (r < 0)
            return r;
    }
    return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_bytes, sizeof(message_bytes)) < 0
               ? -errno
               : 0;
}

static int set_type(void *socket, int type, const config_endpoint *addresses)
{
    if (type == ZMQ_ROUTER)
        return set_int(socket, ZMQ_ROUTER_MANDATORY, 1);
    if (type == ZMQ_XPUB)
        return set_int(socket, ZMQ_XPUB_VERBOSER, 1);
    if (addresses->topics.count == 0)
        return zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0) < 0 ? -errno : 0;
    for (size_t i = 0; i < addresses->topics.count; i++) {
        const char *topic = addresses->topics.items[i].text;
        if (zmq_setsockopt(socket, ZMQ_SUBSCRIBE, topic, strlen(topic)) < 0)
            return -errno;
    }
    return 0;
}

/* ipc: no keys, and a domain where the address has a role. */
static int set_role(endpoint *e, endpoint_role role)
{
    char domain[32];
    int r = zmq_has("curve") ? set_int(e->socket, ZMQ_CURVE_SERVER, 0) : 0;

    if (r < 0 || (role == ROLE_ALL && !e->has_domain))
        return r;
    snprintf(domain, sizeof(domain), ENDPOINT_DOMAIN "%s", endpoint_roles[role]);
    if (zmq_setsockopt(e->socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) < 0)
        return -errno;
    e->has_domain = true;
    return 0;
}

/* Options hold for the addresses that are opened after them: tcp with keys, ipc without. */
static int set_security(endpoint *e, bool tcp, bool outward, const endpoint_keys *keys)
{
    char domain[32];
    int r;

    if (!tcp || keys == NULL || keys->secret == NULL)
        return tcp ? 0 : set_role(e, ROLE_ALL);
    if (zmq_setsockopt(e->socket, ZMQ_CURVE_SECRETKEY, keys->secret, 41) < 0)
        return -errno;
    if (outward) {
        if (zmq_setsockopt(e->socket, ZMQ_CURVE_PUBLICKEY, keys->public, 41) < 0 ||
            zmq_setsockopt(e->socket, ZMQ_CURVE_SERVERKEY, keys->upstream, 41) < 0)
            return -errno;
        return 0;
    }
    snprintf(domain, sizeof(domain), "thaw.%s", e->name);
    r = set_int(e->socket, ZMQ_CURVE_SERVER, 1);
    if (r == 0 && zmq_setsockopt(e->socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) < 0)
        r = -errno;
    e->has_domain = true;
    return r;
}

/* With ZMQ_IPV6 libzmq takes a name that has both for an IPv6 address alone, at which nobody may listen, and writes
 * an IPv4 address as if it were one. */
static int set_family(endpoint *e, const char *address)
{
    return set_int(e->socket, ZMQ_IPV6, strncmp(address, "tcp://[", 7) == 0);
}

static int lock_path(endpoint *e, const char *path, char *error)
{
    int fd = path_lock(e->name, path, error);

    if (fd < 0)
        return fd;
    e->locks[e->lock_count++] = fd;
    return 0;
}

static int note_address(endpoint *e, endpoint_role role)
{
    char address[LAST_ENDPOINT_BYTES];
    size_t size = sizeof(address);

    if (zmq_getsockopt(e->socket, ZMQ_LAST_ENDPOINT, address, &size) < 0)
        return -errno;
    e->addresses[e->count] = strdup(address);
    if (e->addresses[e->count] == NULL)
        return -ENOMEM;
    e->roles[e->count++] = role;
    return 0;
}

/* zmq_bind with the umask that gives ipc sockets their mode from their first moment. */
static int bind_address(endpoint *e, const char *address, endpoint_role role, uint32_t mode,
                        char *error)
{
    mode_t old = umask((mode_t)(~mode & 0777));
    int r = zmq_bind(e->socket, address) < 0 ? -errno : 0;

    umask(old);
    if (r == -EADDRINUSE)
        return socket_fail(error, r,
                           "%s: %s is in use by another program; stop it, or choose another "
                           "address",
                           e->name, address);
    if (r < 0)
        return socket_fail(error, r, "%s: cannot bind %s: %s", e->name, address, zmq_strerror(-r));
    return note_address(e, role);
}

static int open_bind(endpoint *e, const config_endpoint *c, const char *address, endpoint_role role,
                     const endpoint_keys *keys, char *error)
{
    bool tcp = strncmp(address, "tcp://", 6) == 0;
    int r;

    if (e->count == ENDPOINT_ADDRESSES_MAX)
        return socket_fail(error, -EINVAL, "%s: found more than %d addresses", e->name,
                           ENDPOINT_ADDRESSES_MAX);
    if (!tcp && address[6] == '/') { /* no lock for the abstract names: the kernel has it */
        r = lock_path(e, address + 6, error);
        if (r == 0)
            r = path_check(e->name, address + 6, error);
        if (r < 0)
            return r;
    }
    r = set_security(e, tcp, false, keys);
    if (r == 0 && role != ROLE_ALL)
        r = set_role(e, role);
    if (r == 0)
        r = set_family(e, address);
    if (r < 0)
        return socket_fail(error, r, "%s: cannot prepare %s: %s", e->name, address,
                           zmq_strerror(-r));
    return bind_address(e, address, role, c->mode, error);
}

int endpoint_connect(endpoint *e, const char *address, const endpoint_keys *keys,
                     char error[SOCKET_ERROR_BYTES])
{
    bool tcp = strncmp(address, "tcp://", 6) == 0 && !config_address_is_local(address);
    int r = set_security(e, tcp, true, keys);

    if (r == 0)
        r = set_family(e, address);
    if (r == 0 && zmq_connect(e->socket, address) < 0)
        r = -errno;
    if (r < 0)
        return socket_fail(error, r, "%s: cannot connect to %s: %s", e->name, address,
                           zmq_strerror(-r));
    return 0;
}

/* Whether a socket of systemd's may serve a role; takes the lock of a file. */
static int check_passed(endpoint *e, const char *address, endpoint_role role,
                        const endpoint_keys *keys, char *error)
{
    bool tcp = strncmp(address, "tcp://", 6) == 0;

    if (!tcp && address[6] == '/' && lock_path(e, address + 6, error) == -EADDRINUSE)
        return -EADDRINUSE; /* without any lock, where the folder is systemd's alone, it goes on */
    if (tcp && role != ROLE_ALL)
        return socket_fail(
            error, -EINVAL,
            "%s: systemd passed %s for %s only, expected ipc; over tcp, keys decide who "
            "may connect",
            e->name, address, endpoint_roles[role]);
    if (!config_address_is_local(address) && (keys == NULL || keys->secret == NULL))
        return socket_fail(error, -EPERM,
                           "%s: systemd passed %s, which is not loopback: set curve.server "
                           "and curve.clients",
                           e->name, address);
    return 0;
}

static int open_passed(endpoint *e, int fd, const config_endpoint *c, endpoint_role role,
                       const endpoint_keys *keys, char *error)
{
    char address[LAST_ENDPOINT_BYTES] = "";
    int r;

    if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0) /* libzmq would end the process */
        return socket_fail(
            error, -EINVAL,
            "%s: systemd passed something to which nothing can connect, expected only "
            "ListenStream= in a socket's unit",
            e->name);
    r = passed_address(fd, address, sizeof(address));
    if (r < 0)
        return socket_fail(error, -EINVAL,
                           "%s: systemd passed a socket that is neither ipc nor tcp: %s", e->name,
                           strerror(-r));
    r = check_passed(e, address, role, keys, error);
    if (r < 0)
        return r;
    r = set_security(e, strncmp(address, "tcp://", 6) == 0, false, keys);
    if (r == 0 && role != ROLE_ALL)
        r = set_role(e, role);
    if (r == 0)
        r = set_family(e, address);
    if (r == 0)
        r = set_int(e->socket, ZMQ_USE_FD, fd);
    if (r == 0)
        r = bind_address(e, address, role, c->mode, error);
    else
        socket_fail(error, r, "%s: cannot take %s over: %s", e->name, address, zmq_strerror(-r));
    (void)set_int(e->socket, ZMQ_USE_FD, -1);
    return r;
}

/* The role in a name that systemd passed, "service" or "service-read"; ROLE_COUNT: another's. */
static endpoint_role passed_role(const endpoint *e, const char *name)
{
    size_t len = strlen(e->name);

    if (strncmp(name, e->name, len) != 0 || (name[len] != '\0' && name[len] != '-'))
        return ROLE_COUNT;
    for (endpoint_role role = ROLE_ALL; role < ROLE_COUNT; role++)
        if (strcmp(name + len + (name[len] == '-'), endpoint_roles[role]) == 0)
            return role;
    return ROLE_COUNT;
}

/* Opens what systemd passed under this name. */
static int open_all_passed(endpoint *e, const passed_sockets *passed, const config_endpoint *c,
                           const endpoint_keys *keys, char *error)
{
    int r = 0;

    for (int i = 0; r == 0 && passed != NULL && i < passed->count; i++) {
        endpoint_role role = passed_role(e, passed->names[i]);
        if (role == ROLE_COUNT)
            continue;
        if (e->count == ENDPOINT_ADDRESSES_MAX)
            return socket_fail(error, -EINVAL, "%s: systemd passed more than %d sockets", e->name,
                               ENDPOINT_ADDRESSES_MAX);
        r = open_passed(e, SD_LISTEN_FDS_START + i, c, role, keys, error);
    }
    e->passed_count = e->count;
    return r;
}

/* Which of the open ones a configured address is, taken over from systemd; e->count: none. */
static size_t find_open(const endpoint *e, const char *address)
{
    size_t i = 0;
    char plain[LAST_ENDPOINT_BYTES];

    snprintf(plain, sizeof(plain), "%s", address);
    if (strncmp(address, "tcp://*:", 8) == 0)
        snprintf(plain, sizeof(plain), "tcp://0.0.0.0:%s", address + 8);
    while (i < e->count && strcmp(e->addresses[i], plain) != 0)
        i++;
    return i;
}

static const char *role_text(endpoint_role role)
{
    return role == ROLE_ALL ? "everything" : role == ROLE_READ ? "reading" : "publishing";
}

static int open_list(endpoint *e, const config_endpoint *c, const config_list *list,
                     endpoint_role role, const endpoint_keys *keys, char *error)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < list->count; i++) {
        const char *address = list->items[i].text;
        size_t open = find_open(e, address);
        if (open == e->count)
            r = open_bind(e, c, address, role, keys, error);
        else if (e->roles[open] != role)
            r = socket_fail(
                error, -EINVAL,
                "%s: systemd holds %s open for %s, and the configuration has it for %s; take "
                "it out of one",
                e->name, address, role_text(e->roles[open]), role_text(role));
    }
    return r;
}

static int open_addresses(endpoint *e, const config_endpoint *c, const endpoint_keys *keys,
                          const passed_sockets *passed, char *error)
{
    int r = open_all_passed(e, passed, c, keys, error);

    if (r == 0)
        r = open_list(e, c, &c->bind, ROLE_ALL, keys, error);
    if (r == 0)
        r = open_list(e, c, &c->publish, ROLE_PUBLISH, keys, error);
    if (r == 0)
        r = open_list(e, c, &c->read, ROLE_READ, keys, error);
    return r;
}

int endpoint_open(endpoint *ret_endpoint, const char *name, void *zmq, int type,
                  const config_endpoint *addresses, const config *c, const endpoint_keys *keys,
                  const passed_sockets *passed, char error[SOCKET_ERROR_BYTES])
{
    endpoint e = {.name = name, .socket = zmq_socket(zmq, type)};
    int r;

    if (e.socket == NULL)
        return socket_fail(error, -errno, "%s: cannot make a socket: %s", name,
                           zmq_strerror(errno));
    r = set_common(e.socket, type, c, addresses->hwm_count);
    if (r == 0)
        r = set_type(e.socket, type, addresses);
    if (r < 0)
        socket_fail(error, r, "%s: cannot set up the socket: %s", name, zmq_strerror(-r));
    else
        r = open_addresses(&e, addresses, keys, passed, error);
    if (r < 0) {
        endpoint_close(&e);
        return r;
    }
    *ret_endpoint = e;
    return 0;
}

/* libzmq leaves the files of ipc sockets behind. Ours to take away are those that we made, as long
 * as we hold their locks; those that systemd passed are its own. */
static void unlink_paths(const endpoint *e)
{
    for (size_t i = e->passed_count; i < e->count; i++)
        if (strncmp(e->addresses[i], "ipc:///", 7) == 0)
            (void)unlink(e->addresses[i] + 6);
}

void endpoint_close(endpoint *e)
{
    if (e->socket != NULL)
        zmq_close(e->socket);
    unlink_paths(e);
    for (size_t i = 0; i < e->count; i++)
        free(e->addresses[i]);
    for (size_t i = 0; i < e->lock_count; i++)
        close(e->locks[i]);
    *e = (endpoint){.name = e->name};
}
