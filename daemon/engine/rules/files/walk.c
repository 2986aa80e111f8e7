/*
 * walk.c - which files of a folder hold rules.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rules/rules.h"

#define DEPTH_MAX 8

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len > end_len && strcmp(name + len - end_len, end) == 0;
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* alphasort would depend on the locale */
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int walk(const char *path, unsigned depth, rules_file_fn on_file, void *context);

/* What stands in a folder: another folder, a rule file, or neither. Tests of rules lie beside the rules. */
static int walk_entry(const char *folder, const char *name, unsigned depth, rules_file_fn on_file, void *context)
{
    char *path = NULL;
    if (asprintf(&path, "%s%s%s", folder, ends_with(folder, "/") ? "" : "/", name) < 0)
        return -ENOMEM;
    int res = 0;
    if (is_folder(path))
        res = walk(path, depth + 1, on_file, context);
    else if (ends_with(name, ".yaml") && !ends_with(name, ".test.yaml"))
        res = on_file(context, path);
    free(path);
    return res;
}

/* The depth is bounded by DEPTH_MAX: a link may lead back. NOLINTNEXTLINE(misc-no-recursion) */
static int walk(const char *path, unsigned depth, rules_file_fn on_file, void *context)
{
    struct dirent **entries;
    int count = depth <= DEPTH_MAX ? scandir(path, &entries, is_shown, by_name) : -1, res = 0;
    if (count < 0)
        return on_file(context, path); /* who opens it says what is wrong with it */
    for (int i = 0; i < count; i++) {
        if (res == 0)
            res = walk_entry(path, entries[i]->d_name, depth, on_file, context);
        free(entries[i]);
    }
    free(entries);
    return res;
}

int rules_walk(const char *path, rules_file_fn on_file, void *context)
{
    return is_folder(path) ? walk(path, 1, on_file, context) : on_file(context, path);
}
