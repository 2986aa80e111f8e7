/* zonefile.c: reads one file of the time zone database. */
#include "rules/files/zonefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZONE_MAX_BYTES 65536
#define ZONE_DIRECTORY "/usr/share/zoneinfo"

static int zone_path(const char *name, char *path, size_t size_bytes)
{
    const char *directory = getenv("TZDIR");

    if (name[0] == '\0' || name[0] == '/' || strstr(name, "..") != NULL)
        return -EINVAL;
    if (directory == NULL || directory[0] == '\0')
        directory = ZONE_DIRECTORY;
    int len = snprintf(path, size_bytes, "%s/%s", directory, name);
    return len < 0 || (size_t)len >= size_bytes ? -ENAMETOOLONG : 0;
}

/* Reads up to size_bytes; returns how many, or -errno. */
static ssize_t read_all(int fd, void *buffer, size_t size_bytes)
{
    size_t used = 0;

    while (used < size_bytes) {
        ssize_t n = read(fd, (char *)buffer + used, size_bytes - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        used += (size_t)n;
    }
    return (ssize_t)used;
}

static int load(int fd, void **ret_bytes, size_t *ret_byte_count)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -ENOENT;
    if (status.st_size > ZONE_MAX_BYTES)
        return -EFBIG;
    void *bytes = malloc((size_t)status.st_size + 1);
    if (bytes == NULL)
        return -ENOMEM;
    ssize_t count = read_all(fd, bytes, (size_t)status.st_size);
    if (count < 0) {
        free(bytes);
        return (int)count;
    }
    *ret_bytes = bytes;
    *ret_byte_count = (size_t)count;
    return 0;
}

int zonefile_load(void *context, const char *name, void **ret_bytes, size_t *ret_byte_count)
{
    char path[4096];

    (void)context;
    int r = zone_path(name, path, sizeof(path));
    if (r < 0)
        return r;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    r = load(fd, ret_bytes, ret_byte_count);
    close(fd);
    return r;
}
