/* endpoint.c - see endpoint.h. */
#include "sockets/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include <zmq.h>

#include "config/values.h"

#define HANDSHAKE_MS 5000
#define KEEPALIVE_IDLE_S 30
#define KEEPALIVE_INTERVAL_S 10
#define KEEPALIVE_COUNT 3
#define LAST_ENDPOINT_BYTES 256

const char *const endpoint_roles[ROLE_COUNT] = {"", "publish", "read"};
#define SUBSCRIPTION_BYTES_MAX 4096 /* what subscribers send: topics of at most 245 bytes */

__attribute__((format(printf, 3, 4))) static int fail(char *error, int code, const char *format,
                                                      ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(error, ENDPOINT_ERROR_BYTES, format, args);
    va_end(args);
    return code;
}

/* ---- what systemd passed ----------------------------------------------------------------- */

static bool is_passed_name(const char *name)
{
    static const char *const known[] = {"events", "service", "service-publish", "service-read",
                                        "alerts"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(name, known[i]) == 0)
            return true;
    return false;
}

int endpoint_passed_take(endpoint_passed *ret_passed, char error[ENDPOINT_ERROR_BYTES])
{
    endpoint_passed p = {0, NULL};
    int r = sd_listen_fds_with_names(1, &p.names);

    if (r < 0)
        return fail(error, r,
                    "cannot take over what systemd passed (LISTEN_FDS, LISTEN_FDNAMES): %s",
                    strerror(-r));
    p.count = r;
    for (int i = 0; i < p.count; i++)
        if (!is_passed_name(p.names[i])) { /* whoever connects there would wait for ever */
            r = fail(error, -EINVAL,
                     "systemd passed a socket named \"%s\", expected FileDescriptorName= events, "
                     "service, service-publish, service-read or alerts in its unit",
                     p.names[i]);
            endpoint_passed_done(&p);
            return r;
        }
    *ret_passed = p;
    return 0;
}

void endpoint_passed_done(endpoint_passed *passed)
{
    for (int i = 0; i < passed->count && passed->names != NULL; i++)
        free(passed->names[i]);
    free(passed->names);
    *passed = (endpoint_passed){0, NULL};
}

/* ---- the socket -------------------------------------------------------------------------- */

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

/* Takes the lock beside an ipc path. -EADDRINUSE: another thawd has it. */
static int lock_path(endpoint *e, const char *path, char *error)
{
    char lock[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 8];
    int fd;

    snprintf(lock, sizeof(lock), "%s.lock", path);
    fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(error, -errno,
                    "%s: cannot make the lock %s: %s; the folder must exist and be writable for "
                    "thawd",
                    e->name, lock, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        int r = -errno;
        close(fd);
        return fail(error, r == -EWOULDBLOCK ? -EADDRINUSE : r,
                    "%s: ipc://%s is in use: another thawd holds %s; stop it, or give this one "
                    "other addresses",
                    e->name, path, lock);
    }
    e->locks[e->lock_count++] = fd;
    return 0;
}

/* 1: a socket lies there, 0: nothing does. */
static int check_kind(const char *name, const char *path, char *error)
{
    struct stat st;

    if (lstat(path, &st) < 0)
        return 0;
    return S_ISSOCK(st.st_mode) ? 1
                                : fail(error, -EEXIST,
                                       "%s: %s is there and is no socket; remove it or choose "
                                       "another address",
                                       name, path);
}

int endpoint_paths_check(const config *c, char error[ENDPOINT_ERROR_BYTES])
{
    const struct {
        const char *name;
        const config_list *list;
    } all[] = {{"alerts", &c->alerts.bind},
               {"service", &c->service.bind},
               {"service", &c->service.publish},
               {"service", &c->service.read},
               {"events", &c->events.bind}};
    int r = 0;

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        for (size_t j = 0; j < all[i].list->count && r >= 0; j++)
            if (strncmp(all[i].list->items[j].text, "ipc:///", 7) == 0)
                r = check_kind(all[i].name, all[i].list->items[j].text + 6, error);
    return r < 0 ? r : 0;
}

/* What lies at an ipc path will be removed by libzmq: only a socket that nobody listens at may be. */
static int check_path(const endpoint *e, const char *path, char *error)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int r = check_kind(e->name, path, error);
    bool taken;
    int fd;

    if (r <= 0)
        return r;
    if (strlen(path) >= sizeof(name.sun_path))
        return 0; /* libzmq refuses it */
    memcpy(name.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    taken = connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0 || errno == EAGAIN;
    close(fd);
    return !taken ? 0
                  : fail(error, -EADDRINUSE,
                         "%s: ipc://%s is in use by another program, or held open by systemd "
                         "(thawd.socket); stop that, or choose another address",
                         e->name, path);
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
        return fail(error, r,
                    "%s: %s is in use by another program; stop it, or choose another "
                    "address",
                    e->name, address);
    if (r < 0)
        return fail(error, r, "%s: cannot bind %s: %s", e->name, address, zmq_strerror(-r));
    return note_address(e, role);
}

static int open_bind(endpoint *e, const config_endpoint *c, const char *address, endpoint_role role,
                     const endpoint_keys *keys, char *error)
{
    bool tcp = strncmp(address, "tcp://", 6) == 0;
    int r;

    if (e->count == ENDPOINT_ADDRESSES_MAX)
        return fail(error, -EINVAL, "%s: found more than %d addresses", e->name,
                    ENDPOINT_ADDRESSES_MAX);
    if (!tcp && address[6] == '/') { /* no lock for the abstract names: the kernel has it */
        r = lock_path(e, address + 6, error);
        if (r == 0)
            r = check_path(e, address + 6, error);
        if (r < 0)
            return r;
    }
    r = set_security(e, tcp, false, keys);
    if (r == 0 && role != ROLE_ALL)
        r = set_role(e, role);
    if (r == 0)
        r = set_family(e, address);
    if (r < 0)
        return fail(error, r, "%s: cannot prepare %s: %s", e->name, address, zmq_strerror(-r));
    return bind_address(e, address, role, c->mode, error);
}

int endpoint_connect(endpoint *e, const char *address, const endpoint_keys *keys,
                     char error[ENDPOINT_ERROR_BYTES])
{
    bool tcp = strncmp(address, "tcp://", 6) == 0 && !config_address_is_local(address);
    int r = set_security(e, tcp, true, keys);

    if (r == 0)
        r = set_family(e, address);
    if (r == 0 && zmq_connect(e->socket, address) < 0)
        r = -errno;
    if (r < 0)
        return fail(error, r, "%s: cannot connect to %s: %s", e->name, address, zmq_strerror(-r));
    return 0;
}

/* An abstract name, which begins with a NUL and ends with its length; a NUL in it no address can say. */
static bool is_abstract(const struct sockaddr_un *name, socklen_t len)
{
    size_t bytes = len - offsetof(struct sockaddr_un, sun_path);

    return len > offsetof(struct sockaddr_un, sun_path) + 1 && name->sun_path[0] == '\0' &&
           memchr(name->sun_path + 1, '\0', bytes - 1) == NULL;
}

/* The address of a socket that systemd passed, in libzmq's words. */
static int passed_address(int fd, char *address, size_t size)
{
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } name;
    socklen_t len = sizeof(name);
    char host[INET6_ADDRSTRLEN];

    memset(&name, 0, sizeof(name));
    if (getsockname(fd, &name.any, &len) < 0)
        return -errno;
    if (name.any.sa_family == AF_UNIX && name.un.sun_path[0] == '/')
        snprintf(address, size, "ipc://%.*s", (int)sizeof(name.un.sun_path), name.un.sun_path);
    else if (name.any.sa_family == AF_UNIX && is_abstract(&name.un, len))
        snprintf(address, size, "ipc://@%.*s",
                 (int)(len - offsetof(struct sockaddr_un, sun_path) - 1), name.un.sun_path + 1);
    else if (name.any.sa_family == AF_INET &&
             inet_ntop(AF_INET, &name.in.sin_addr, host, sizeof(host)) != NULL)
        snprintf(address, size, "tcp://%s:%u", host, ntohs(name.in.sin_port));
    else if (name.any.sa_family == AF_INET6 &&
             inet_ntop(AF_INET6, &name.in6.sin6_addr, host, sizeof(host)) != NULL)
        snprintf(address, size, "tcp://[%s]:%u", host, ntohs(name.in6.sin6_port));
    else
        return -EAFNOSUPPORT;
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
        return fail(error, -EINVAL,
                    "%s: systemd passed %s for %s only, expected ipc; over tcp, keys decide who "
                    "may connect",
                    e->name, address, endpoint_roles[role]);
    if (!config_address_is_local(address) && (keys == NULL || keys->secret == NULL))
        return fail(error, -EPERM,
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
        return fail(error, -EINVAL,
                    "%s: systemd passed something to which nothing can connect, expected only "
                    "ListenStream= in a socket's unit",
                    e->name);
    r = passed_address(fd, address, sizeof(address));
    if (r < 0)
        return fail(error, -EINVAL, "%s: systemd passed a socket that is neither ipc nor tcp: %s",
                    e->name, strerror(-r));
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
        fail(error, r, "%s: cannot take %s over: %s", e->name, address, zmq_strerror(-r));
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
static int open_all_passed(endpoint *e, const endpoint_passed *passed, const config_endpoint *c,
                           const endpoint_keys *keys, char *error)
{
    int r = 0;

    for (int i = 0; r == 0 && passed != NULL && i < passed->count; i++) {
        endpoint_role role = passed_role(e, passed->names[i]);
        if (role == ROLE_COUNT)
            continue;
        if (e->count == ENDPOINT_ADDRESSES_MAX)
            return fail(error, -EINVAL, "%s: systemd passed more than %d sockets", e->name,
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
            r = fail(error, -EINVAL,
                     "%s: systemd holds %s open for %s, and the configuration has it for %s; take "
                     "it out of one",
                     e->name, address, role_text(e->roles[open]), role_text(role));
    }
    return r;
}

static int open_addresses(endpoint *e, const config_endpoint *c, const endpoint_keys *keys,
                          const endpoint_passed *passed, char *error)
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
                  const endpoint_passed *passed, char error[ENDPOINT_ERROR_BYTES])
{
    endpoint e = {.name = name, .socket = zmq_socket(zmq, type)};
    int r;

    if (e.socket == NULL)
        return fail(error, -errno, "%s: cannot make a socket: %s", name, zmq_strerror(errno));
    r = set_common(e.socket, type, c, addresses->hwm_count);
    if (r == 0)
        r = set_type(e.socket, type, addresses);
    if (r < 0)
        fail(error, r, "%s: cannot set up the socket: %s", name, zmq_strerror(-r));
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
