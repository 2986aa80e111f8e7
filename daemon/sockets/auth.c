/* auth.c - see auth.h. */
#include "sockets/auth.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "room.h"

#define ZAP_ADDRESS "inproc://zeromq.zap.01"
#define KEY_CHARS 40
#define KEY_BYTES 32
#define KEY_FILE_BYTES 4096
#define ZAP_FRAMES 7 /* version, request id, domain, address, identity, mechanism, key */
#define SERVE_MAX 1000

/* A set of public keys, sorted once it has been read. */
typedef struct key_list {
    uint8_t (*keys)[KEY_BYTES];
    size_t count, capacity;
} key_list;

struct auth {
    void *socket;
    log *log;
    counters *counts;
    key_list clients;
    key_list revoked; /* since the start: connections that they had last until they end */
    endpoint_keys keys;
    char secret[KEY_CHARS + 1], public[KEY_CHARS + 1], upstream[KEY_CHARS + 1];
};

__attribute__((format(printf, 3, 4))) static int fail(char *error, int code, const char *format,
                                                      ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(error, AUTH_ERROR_BYTES, format, args);
    va_end(args);
    return code;
}

static bool is_key_char(char c)
{
    return c != '\0' &&
           (((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) ||
            strchr(".-:+=^!/*?&<>()[]{}@%$#", c) != NULL);
}

/* The 40 characters at the front of a text, and nothing of a key after them. */
static bool take_key(const char *text, char key[KEY_CHARS + 1])
{
    uint8_t bytes[KEY_BYTES];

    for (int i = 0; i < KEY_CHARS; i++)
        if (!is_key_char(text[i]))
            return false;
    if (is_key_char(text[KEY_CHARS]))
        return false;
    memcpy(key, text, KEY_CHARS);
    key[KEY_CHARS] = '\0';
    return zmq_z85_decode(bytes, key) != NULL;
}

/* Finds the key in a file's text: after `name = "`, or else on a line by itself. */
static bool find_key(const char *text, const char *name, char key[KEY_CHARS + 1])
{
    const char *at = strstr(text, name);

    if (at != NULL) {
        at += strlen(name);
        at += strspn(at, " \t=:\"");
        return take_key(at, key);
    }
    for (at = text; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n')
        if (take_key(at + strspn(at, " \t"), key))
            return true;
    return false;
}

/* A place where there is no key is a wrong configuration, which does not heal by trying again. */
static int place_error(int code)
{
    switch (code) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
        return -EINVAL;
    default:
        return -code;
    }
}

/* systemd from 254 on gives a credential to the service's user by an ACL, whose mask looks like a group's right to
 * read; the credentials' folder lets nobody else in. */
static mode_t unwanted_mode(const char *path)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    size_t len = folder == NULL ? 0 : strlen(folder);

    return len > 0 && strncmp(path, folder, len) == 0 && path[len] == '/' ? 037 : 077;
}

static int read_key_file(const char *path, bool secret, char key[KEY_CHARS + 1], char *error)
{
    char text[KEY_FILE_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    ssize_t len = -1;
    int r = 0;

    if (fd < 0 || fstat(fd, &st) < 0)
        r = fail(error, place_error(errno),
                 "%s: %s, expected a file with a key (thaw keygen makes one)", path,
                 strerror(errno));
    else if (S_ISDIR(st.st_mode))
        r = fail(error, -EINVAL, "%s: found a folder, expected a file with a key", path);
    else if (secret && (st.st_mode & unwanted_mode(path)) != 0)
        r = fail(error, -EPERM,
                 "%s: found mode %04o, expected a secret key that nobody else can read: chmod 600",
                 path, (unsigned)(st.st_mode & 07777));
    else
        len = read(fd, text, sizeof(text) - 1);
    if (r == 0 && len < 0)
        r = fail(error, place_error(errno), "%s: %s, expected a file with a key", path,
                 strerror(errno));
    if (r == 0) {
        text[len > 0 ? len : 0] = '\0';
        if (!find_key(text, secret ? "secret-key" : "public-key", key))
            r = fail(error, -EINVAL, "%s: found no key, expected 40 characters of Z85", path);
    }
    sodium_memzero(text, sizeof(text));
    if (fd >= 0)
        close(fd);
    return r;
}

/* ---- clients ----------------------------------------------------------------------------- */

static int add_client(key_list *list, const char *key, const char *place, char *error)
{
    if (list->count == AUTH_CLIENTS_MAX)
        return fail(error, -EINVAL, "%s: found more than 10000 clients", place);
    if (room_for(&list->keys, &list->capacity, list->count + 1, KEY_BYTES) < 0)
        return fail(error, -ENOMEM, "%s: out of memory", place);
    zmq_z85_decode(list->keys[list->count++], key);
    return 0;
}

static int compare_keys(const void *a, const void *b)
{
    return memcmp(a, b, KEY_BYTES); /* public keys: no secret in time */
}

static bool has_key(const key_list *list, const void *key)
{
    return list->count > 0 &&
           bsearch(key, list->keys, list->count, KEY_BYTES, compare_keys) != NULL;
}

static int add_file(key_list *list, const char *path, char *error)
{
    char key[KEY_CHARS + 1];
    int r = read_key_file(path, false, key, error);

    return r < 0 ? r : add_client(list, key, path, error);
}

static int is_key_file(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return entry->d_name[0] != '.' && dot != NULL &&
           (strcmp(dot, ".public") == 0 || strcmp(dot, ".pub") == 0 || strcmp(dot, ".key") == 0);
}

static int add_folder(key_list *list, const char *path, char *error)
{
    struct dirent **entries;
    int n = scandir(path, &entries, is_key_file, alphasort), r = 0;

    if (n < 0)
        return fail(error, place_error(errno), "%s: %s, expected a folder of *.public files", path,
                    strerror(errno));
    for (int i = 0; i < n; i++) {
        char *file = NULL;
        if (r == 0 && asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0)
            r = fail(error, -ENOMEM, "%s: out of memory", path);
        if (r == 0) {
            r = add_file(list, file, error);
            free(file);
        }
        free(entries[i]);
    }
    free(entries);
    return r;
}

static int read_clients(const config *c, key_list *ret_list, char *error)
{
    key_list list = {NULL, 0, 0};
    int r = 0;

    for (size_t i = 0; r == 0 && i < c->curve_clients.count; i++) {
        const char *text = c->curve_clients.items[i].text;
        char key[KEY_CHARS + 1];
        struct stat st;
        if (config_is_key(text) && take_key(text, key))
            r = add_client(&list, key, c->file, error);
        else if (stat(text, &st) == 0 && S_ISDIR(st.st_mode))
            r = add_folder(&list, text, error);
        else
            r = add_file(&list, text, error);
    }
    if (r < 0) {
        free(list.keys);
        return r;
    }
    if (list.count > 0)
        qsort(list.keys, list.count, KEY_BYTES, compare_keys);
    *ret_list = list;
    return 0;
}

static void add_missing(key_list *list, const key_list *from, const key_list *now)
{
    for (size_t i = 0; i < from->count; i++)
        if (!has_key(now, from->keys[i]))
            memcpy(list->keys[list->count++], from->keys[i], KEY_BYTES);
}

/* Who was admitted once, and is not now. */
static int find_revoked(const auth *a, const key_list *now, key_list *ret_list, char *error)
{
    size_t most = a->clients.count + a->revoked.count;
    key_list list = {calloc(most + 1, KEY_BYTES), 0, most};

    if (list.keys == NULL)
        return fail(error, -ENOMEM, "out of memory");
    add_missing(&list, &a->clients, now);
    add_missing(&list, &a->revoked, now);
    qsort(list.keys, list.count, KEY_BYTES, compare_keys);
    *ret_list = list;
    return 0;
}

/* ---- life -------------------------------------------------------------------------------- */

static int read_keys(auth *a, const config *c, char *error)
{
    int r = 0;

    if (c->curve_server == NULL)
        return 0; /* only roles */
    r = read_key_file(c->curve_server, true, a->secret, error);
    if (r == 0 && zmq_curve_public(a->public, a->secret) < 0)
        r = fail(error, -EINVAL, "%s: found no secret key of CURVE", c->curve_server);
    if (r == 0 && c->curve_upstream != NULL &&
        !(config_is_key(c->curve_upstream) && take_key(c->curve_upstream, a->upstream)))
        r = read_key_file(c->curve_upstream, false, a->upstream, error);
    if (r == 0)
        r = read_clients(c, &a->clients, error);
    if (r == 0)
        a->keys =
            (endpoint_keys){a->secret, a->public, c->curve_upstream == NULL ? NULL : a->upstream};
    return r;
}

int auth_new(void *zmq, const config *c, log *l, counters *counts, auth **ret_auth,
             char error[AUTH_ERROR_BYTES])
{
    auth *a = calloc(1, sizeof(*a));
    int linger = 0, r;

    if (a == NULL)
        return fail(error, -ENOMEM, "out of memory");
    a->log = l;
    a->counts = counts;
    (void)sodium_mlock(a->secret, sizeof(a->secret)); /* without the right to, it may be swapped */
    r = read_keys(a, c, error);
    if (r == 0 && zmq != NULL) {
        a->socket = zmq_socket(zmq, ZMQ_REP);
        if (a->socket == NULL ||
            zmq_setsockopt(a->socket, ZMQ_LINGER, &linger, sizeof(linger)) < 0 ||
            zmq_bind(a->socket, ZAP_ADDRESS) < 0)
            r = fail(error, -errno, "cannot answer for keys: %s", zmq_strerror(errno));
    }
    if (r < 0) {
        auth_free(a);
        return r;
    }
    *ret_auth = a;
    return 0;
}

auth *auth_free(auth *a)
{
    if (a == NULL)
        return NULL;
    if (a->socket != NULL)
        zmq_close(a->socket);
    free(a->clients.keys);
    free(a->revoked.keys);
    sodium_munlock(a->secret, sizeof(a->secret)); /* wipes it */
    free(a);
    return NULL;
}

int auth_check(const config *c, char error[AUTH_ERROR_BYTES])
{
    auth *a = NULL;
    int r = c->curve_server == NULL ? 0 : auth_new(NULL, c, NULL, NULL, &a, error);

    auth_free(a);
    return r;
}

int auth_reload(auth *a, const config *c, bool dry, char error[AUTH_ERROR_BYTES])
{
    key_list clients, revoked;
    int r = read_clients(c, &clients, error);

    if (r < 0)
        return r;
    r = dry ? -EAGAIN : find_revoked(a, &clients, &revoked, error);
    if (r < 0) {
        free(clients.keys);
        return dry ? 0 : r;
    }
    free(a->clients.keys);
    free(a->revoked.keys);
    a->clients = clients;
    a->revoked = revoked;
    return 0;
}

void *auth_socket(const auth *a)
{
    return a->socket;
}

const endpoint_keys *auth_keys(const auth *a)
{
    return a == NULL ? NULL : &a->keys;
}

/* ---- ZAP --------------------------------------------------------------------------------- */

/* The frames of a question:
 *   version "1.0" | request id | domain | address | identity | mechanism | credentials
 * and of its answer:
 *   version | request id | status code | status text | user id | metadata */
typedef struct zap_question {
    zmq_msg_t frames[ZAP_FRAMES];
    size_t kept, count;
} zap_question;

static int receive(void *socket, zap_question *q)
{
    int more;

    q->kept = q->count = 0;
    do {
        zmq_msg_t spare, *frame = q->kept < ZAP_FRAMES ? &q->frames[q->kept] : &spare;
        zmq_msg_init(frame);
        if (zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(frame);
            return -errno;
        }
        more = zmq_msg_more(frame);
        q->count++;
        if (frame == &spare)
            zmq_msg_close(&spare);
        else
            q->kept++;
    } while (more);
    return 0;
}

static bool frame_is(zap_question *q, size_t i, const char *text, size_t len)
{
    return q->kept > i && zmq_msg_size(&q->frames[i]) == len &&
           memcmp(zmq_msg_data(&q->frames[i]), text, len) == 0;
}

/* The role of the address that a client has connected to; with keys it is ROLE_ALL. */
static endpoint_role asked_role(zap_question *q)
{
    char domain[64];

    for (endpoint_role role = ROLE_PUBLISH; role < ROLE_COUNT; role++) {
        int len = snprintf(domain, sizeof(domain), ENDPOINT_DOMAIN "%s", endpoint_roles[role]);
        if (frame_is(q, 2, domain, (size_t)len) && frame_is(q, 5, "NULL", 4))
            return role;
    }
    return ROLE_ALL;
}

/* What was answered for the connection over which a message came, NULL: nothing. Every frame of it tells; the route,
 * which is libzmq's own, is first. */
static const char *user_of(frames *f)
{
    return f->kept == 0 ? NULL : zmq_msg_gets(&f->part[f->kept - 1], "User-Id");
}

bool auth_is_revoked(const auth *a, frames *f)
{
    uint8_t key[KEY_BYTES];
    const char *user = a->revoked.count == 0 ? NULL : user_of(f);

    return user != NULL && strlen(user) == KEY_CHARS && zmq_z85_decode(key, user) != NULL &&
           has_key(&a->revoked, key);
}

void auth_log_revoked(const auth *a, frames *f, const char *endpoint)
{
    log_fields fields = {.code = log_str(thaw_code_name(THAW_DENIED)),
                         .endpoint = log_str(endpoint)};

    a->counts->denied++;
    log_say(a->log, SAY_CLIENT_DENIED, &fields,
            "a message on %s was refused: the public key %s is no longer among curve.clients",
            endpoint, user_of(f));
}

endpoint_role auth_role(frames *f)
{
    const char *user = user_of(f);

    for (endpoint_role role = ROLE_PUBLISH; user != NULL && role < ROLE_COUNT; role++)
        if (strcmp(user, endpoint_roles[role]) == 0)
            return role;
    return ROLE_ALL;
}

static bool is_admitted(const auth *a, zap_question *q)
{
    if (frame_is(q, 5, "NULL", 4))
        return true; /* at an ipc address: the mode of its file has let the client in */
    if (q->count != ZAP_FRAMES || zmq_msg_size(&q->frames[5]) != 5 ||
        memcmp(zmq_msg_data(&q->frames[5]), "CURVE", 5) != 0 ||
        zmq_msg_size(&q->frames[6]) != KEY_BYTES)
        return false;
    return has_key(&a->clients, zmq_msg_data(&q->frames[6]));
}

/* The key of a client with CURVE, "" for another. */
static void asked_key(zap_question *q, char key[KEY_CHARS + 1])
{
    key[0] = '\0';
    if (q->kept == ZAP_FRAMES && zmq_msg_size(&q->frames[6]) == KEY_BYTES)
        zmq_z85_encode(key, zmq_msg_data(&q->frames[6]), KEY_BYTES);
}

static void log_denied(auth *a, zap_question *q, const char *key)
{
    a->counts->denied++;
    log_say(a->log, SAY_CLIENT_DENIED, &(log_fields){.code = log_str(thaw_code_name(THAW_DENIED))},
            "a client at %.*s was refused: its public key %s is not among curve.clients",
            q->kept > 3 ? (int)zmq_msg_size(&q->frames[3]) : 0,
            q->kept > 3 ? (const char *)zmq_msg_data(&q->frames[3]) : "",
            key[0] == '\0' ? "none" : key);
}

static void answer(auth *a, zap_question *q)
{
    char key[KEY_CHARS + 1];
    endpoint_role role = asked_role(q);
    const char *user = role == ROLE_ALL ? key : endpoint_roles[role];
    bool admitted = is_admitted(a, q);
    const char *code = admitted ? "200" : "400", *text = admitted ? "OK" : "denied";

    asked_key(q, key);
    if (!admitted)
        log_denied(a, q, key);
    /* a REP socket must answer; inproc to libzmq itself has room */
    (void)zmq_send(a->socket, "1.0", 3, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    if (q->kept > 1)
        (void)zmq_send(a->socket, zmq_msg_data(&q->frames[1]), zmq_msg_size(&q->frames[1]),
                       ZMQ_SNDMORE | ZMQ_DONTWAIT);
    else
        (void)zmq_send(a->socket, "", 0, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(a->socket, code, 3, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(a->socket, text, strlen(text), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(a->socket, user, strlen(user), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void)zmq_send(a->socket, "", 0, ZMQ_DONTWAIT);
}

void auth_serve(auth *a)
{
    zap_question q;

    for (int i = 0; i < SERVE_MAX; i++) {
        int r = receive(a->socket, &q);
        if (r == 0)
            answer(a, &q);
        for (size_t k = 0; k < q.kept; k++)
            zmq_msg_close(&q.frames[k]);
        if (r < 0)
            return;
    }
}
