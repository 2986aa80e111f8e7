/* memory.c - see memory.h. */
#include "memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

static void bound_by(uint64_t bytes, uint64_t *least)
{
    if (bytes < *least)
        *least = bytes;
}

/* A file that has a number; "max" is none. */
static void bound_by_file(const char *folder, const char *group, const char *name, uint64_t *least)
{
    char path[2048];
    uint64_t bytes;
    FILE *f;

    snprintf(path, sizeof(path), "%s%s/%s", folder, group, name);
    f = fopen(path, "re");
    if (f == NULL)
        return;
    if (fscanf(f, "%" SCNu64, &bytes) == 1)
        bound_by(bytes, least);
    fclose(f);
}

/* A group has no more than those that it is in. */
static void bound_by_group(const char *folder, char *group, const char *name, uint64_t *least)
{
    char *end;

    do {
        bound_by_file(folder, group, name, least);
        end = strrchr(group, '/');
        if (end != NULL)
            *end = '\0';
    } while (end != NULL);
}

/* Lines of "NUMBER:CONTROLLERS:GROUP", without controllers that of cgroup v2. */
static void bound_by_groups(uint64_t *least)
{
    char line[1024];
    FILE *f = fopen("/proc/self/cgroup", "re");

    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        char *controllers = strchr(line, ':'), *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
        if (group == NULL)
            continue;
        *group++ = '\0';
        group[strcspn(group, "\n")] = '\0';
        if (controllers[1] == '\0')
            bound_by_group("/sys/fs/cgroup", group, "memory.max", least);
        else if (strcmp(controllers + 1, "memory") == 0)
            bound_by_group("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes", least);
    }
    if (f != NULL)
        fclose(f);
}

uint64_t memory_there(void)
{
    uint64_t least = UINT64_MAX;
    struct sysinfo machine;
    struct rlimit limit;

    if (sysinfo(&machine) == 0)
        bound_by((uint64_t)machine.totalram * machine.mem_unit, &least);
    if (getrlimit(RLIMIT_DATA, &limit) == 0)
        bound_by(limit.rlim_cur, &least);
    if (getrlimit(RLIMIT_AS, &limit) == 0)
        bound_by(limit.rlim_cur, &least);
    bound_by_groups(&least);
    return least;
}
