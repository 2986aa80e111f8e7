/*
 * keygen.c - thaw keygen: a CURVE key pair in two files.
 */
#include "verbs/verb.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "arguments.h"
#include "client.h"
#include "wire/keys.h"

/* Writes one key; an existing file is never replaced. */
static int key_write(const char *path, const char *key, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return -errno;
    int written = dprintf(fd, "%s\n", key);
    int result = written == KEY_TEXT && fchmod(fd, mode) == 0 && fsync(fd) == 0 ? 0 : -EIO;
    if (close(fd) != 0)
        result = -EIO;
    if (result != 0)
        unlink(path);
    return result;
}

static int pair_write(const char *name, const keys *k)
{
    char secret_path[4096];
    char public_path[4096];
    if (*name == '\0' || name[strlen(name) - 1] == '/') { /* the files would be hidden */
        complain("keygen: found '%s', expected a name for the two files", name);
        return CLIENT_USAGE;
    }
    if (snprintf(secret_path, sizeof secret_path, "%s.secret", name) >= (int)sizeof secret_path ||
        snprintf(public_path, sizeof public_path, "%s.public", name) >= (int)sizeof public_path) {
        complain("keygen: the name is too long");
        return CLIENT_USAGE;
    }
    const char *failed = secret_path;
    int result = key_write(secret_path, k->own_secret, 0600);
    if (result == 0) {
        failed = public_path;
        result = key_write(public_path, k->own_public, 0644);
        if (result != 0)
            unlink(secret_path);
    }
    if (result != 0) {
        complain("keygen: cannot write '%s': %s", failed, strerror(-result));
        return CLIENT_NOT_SO;
    }
    printf("%s  secret, keep it (mode 0600)\n%s  public: %s\n", secret_path, public_path,
           k->own_public);
    return CLIENT_DONE;
}

int verb_keygen(int argc, char **argv)
{
    keys k;
    const usage u = {
        "keygen", "NAME",
        "Makes a CURVE key pair: NAME.secret, readable by its owner only, and NAME.public.\n"
        "Files that exist are left alone."};
    int first = 0;
    int result = 0;
    if (!arguments_parse(&u, NULL, 0, NULL, 1, 1, argc, argv, &first, &result))
        return result;
    memset(&k, 0, sizeof k);
    if (zmq_curve_keypair(k.own_public, k.own_secret) != 0) {
        complain("keygen: %s", errno == ENOTSUP ? "this libzmq has no CURVE" : zmq_strerror(errno));
        return CLIENT_NOT_SO;
    }
    result = pair_write(argv[first], &k);
    keys_clear(&k);
    return result;
}
