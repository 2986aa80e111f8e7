/* key_files.c - see key_files.h. */
#include "sockets/key_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "room.h"
#include "sockets/socket_fail.h"

#define KEY_FILE_BYTES 4096

static bool is_key_char(char c)
{
    return c != '\0' &&
           (((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) ||
            strchr(".-:+=^!/*?&<>()[]{}@%$#", c) != NULL);
}

bool keys_take(const char *text, char key[KEY_CHARS + 1])
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
        return keys_take(at, key);
    }
    for (at = text; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n')
        if (keys_take(at + strspn(at, " \t"), key))
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

int keys_read_file(const char *path, bool secret, char key[KEY_CHARS + 1], char *error)
{
    char text[KEY_FILE_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    ssize_t len = -1;
    int r = 0;

    if (fd < 0 || fstat(fd, &st) < 0)
        r = socket_fail(error, place_error(errno),
                        "%s: %s, expected a file with a key (thaw keygen makes one)", path,
                        strerror(errno));
    else if (S_ISDIR(st.st_mode))
        r = socket_fail(error, -EINVAL, "%s: found a folder, expected a file with a key", path);
    else if (secret && (st.st_mode & unwanted_mode(path)) != 0)
        r = socket_fail(
            error, -EPERM,
            "%s: found mode %04o, expected a secret key that nobody else can read: chmod 600", path,
            (unsigned)(st.st_mode & 07777));
    else
        len = read(fd, text, sizeof(text) - 1);
    if (r == 0 && len < 0)
        r = socket_fail(error, place_error(errno), "%s: %s, expected a file with a key", path,
                        strerror(errno));
    if (r == 0) {
        text[len > 0 ? len : 0] = '\0';
        if (!find_key(text, secret ? "secret-key" : "public-key", key))
            r = socket_fail(error, -EINVAL, "%s: found no key, expected 40 characters of Z85",
                            path);
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
        return socket_fail(error, -EINVAL, "%s: found more than 10000 clients", place);
    if (room_for(&list->keys, &list->capacity, list->count + 1, KEY_BYTES) < 0)
        return socket_fail(error, -ENOMEM, "%s: out of memory", place);
    zmq_z85_decode(list->keys[list->count++], key);
    return 0;
}

int keys_compare(const void *a, const void *b)
{
    return memcmp(a, b, KEY_BYTES); /* public keys: no secret in time */
}

bool keys_have(const key_list *list, const void *key)
{
    return list->count > 0 &&
           bsearch(key, list->keys, list->count, KEY_BYTES, keys_compare) != NULL;
}

static int add_file(key_list *list, const char *path, char *error)
{
    char key[KEY_CHARS + 1];
    int r = keys_read_file(path, false, key, error);

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
        return socket_fail(error, place_error(errno), "%s: %s, expected a folder of *.public files",
                           path, strerror(errno));
    for (int i = 0; i < n; i++) {
        char *file = NULL;
        if (r == 0 && asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0)
            r = socket_fail(error, -ENOMEM, "%s: out of memory", path);
        if (r == 0) {
            r = add_file(list, file, error);
            free(file);
        }
        free(entries[i]);
    }
    free(entries);
    return r;
}

int keys_read_clients(const config *c, key_list *ret_list, char *error)
{
    key_list list = {NULL, 0, 0};
    int r = 0;

    for (size_t i = 0; r == 0 && i < c->curve_clients.count; i++) {
        const char *text = c->curve_clients.items[i].text;
        char key[KEY_CHARS + 1];
        struct stat st;
        if (config_is_key(text) && keys_take(text, key))
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
        qsort(list.keys, list.count, KEY_BYTES, keys_compare);
    *ret_list = list;
    return 0;
}
