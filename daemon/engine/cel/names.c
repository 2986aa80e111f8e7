/* names.c: environments, the names that an expression may use. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "room.h"

struct variable {
    char *name;
    size_t name_len;
    struct cel_type type;
    uint32_t slot;
    const struct cel_field *fields; /* of a struct */
    size_t field_count;
};

struct cel_env {
    struct variable *variables;
    size_t count, size;
    uint32_t slot_count;
    cel_zone_load_fn load_zone;
    void *zone_context;
};

int cel_env_new(struct cel_env **ret_env)
{
    struct cel_env *env = calloc(1, sizeof(*env));

    if (env == NULL)
        return -ENOMEM;
    *ret_env = env;
    return 0;
}

struct cel_env *cel_env_free(struct cel_env *env)
{
    if (env == NULL)
        return NULL;
    for (size_t i = 0; i < env->count; i++)
        free(env->variables[i].name);
    free(env->variables);
    free(env);
    return NULL;
}

static const struct variable *find(const struct cel_env *env, struct cel_text name)
{
    for (size_t i = 0; i < env->count; i++) {
        const struct variable *variable = &env->variables[i];
        if (variable->name_len == name.len && memcmp(variable->name, name.data, name.len) == 0)
            return variable;
    }
    return NULL;
}

static bool is_identifier(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len > CEL_NAME_MAX_BYTES || (name[0] >= '0' && name[0] <= '9'))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z') ||
              (name[i] >= '0' && name[i] <= '9') || name[i] == '_'))
            return false;
    return true;
}

static int declare(struct cel_env *env, const char *name, size_t slot_count, struct variable **ret_variable)
{
    if (!is_identifier(name))
        return -EINVAL;
    if (find(env, (struct cel_text){name, strlen(name)}) != NULL)
        return -EEXIST;
    if (slot_count > CEL_SLOT_MAX_COUNT - env->slot_count)
        return -E2BIG;
    if (room_for(&env->variables, &env->size, env->count + 1, sizeof(*env->variables)) < 0)
        return -ENOMEM;
    char *copy = strdup(name);
    if (copy == NULL)
        return -ENOMEM;
    struct variable *variable = &env->variables[env->count++];
    *variable = (struct variable){.name = copy, .name_len = strlen(copy), .slot = env->slot_count};
    env->slot_count += (uint32_t)slot_count;
    *ret_variable = variable;
    return 0;
}

int cel_env_declare(struct cel_env *env, const char *name, struct cel_type type, uint32_t *ret_slot)
{
    struct variable *variable;

    int r = declare(env, name, 1, &variable);
    if (r < 0)
        return r;
    variable->type = type;
    *ret_slot = variable->slot;
    return 0;
}

int cel_env_declare_struct(struct cel_env *env, const char *name, const struct cel_field *fields, size_t field_count,
                           uint32_t *ret_first_slot)
{
    struct variable *variable;

    if (field_count == 0)
        return -EINVAL;
    int r = declare(env, name, field_count, &variable);
    if (r < 0)
        return r;
    variable->fields = fields;
    variable->field_count = field_count;
    *ret_first_slot = variable->slot;
    return 0;
}

void cel_env_set_zones(struct cel_env *env, cel_zone_load_fn load, void *context)
{
    env->load_zone = load;
    env->zone_context = context;
}

int cel_env_load_zone(const struct cel_env *env, const char *name, void **ret_bytes, size_t *ret_byte_count)
{
    if (env->load_zone == NULL)
        return -ENOSYS;
    return env->load_zone(env->zone_context, name, ret_bytes, ret_byte_count);
}

enum name_lookup cel_env_find(const struct cel_env *env, struct cel_text name, uint32_t *ret_slot,
                              struct cel_type *ret_type)
{
    const struct variable *variable = find(env, name);

    if (variable == NULL)
        return NAME_UNKNOWN;
    if (variable->fields != NULL)
        return NAME_STRUCT;
    *ret_slot = variable->slot;
    *ret_type = variable->type;
    return NAME_SLOT;
}

bool cel_env_find_field(const struct cel_env *env, struct cel_text name, struct cel_text field, uint32_t *ret_slot,
                        struct cel_type *ret_type)
{
    const struct variable *variable = find(env, name);

    for (size_t i = 0; variable != NULL && i < variable->field_count; i++) {
        if (!text_is(field, variable->fields[i].name))
            continue;
        *ret_slot = variable->slot + (uint32_t)i;
        *ret_type = variable->fields[i].type;
        return true;
    }
    return false;
}

void cel_env_slot_name(const struct cel_env *env, uint32_t slot, char *buffer, size_t size_bytes)
{
    for (size_t i = 0; i < env->count; i++) {
        const struct variable *variable = &env->variables[i];
        if (variable->fields == NULL && variable->slot == slot) {
            snprintf(buffer, size_bytes, "%s", variable->name);
            return;
        }
        if (variable->fields != NULL && slot >= variable->slot && slot - variable->slot < variable->field_count) {
            snprintf(buffer, size_bytes, "%s.%s", variable->name, variable->fields[slot - variable->slot].name);
            return;
        }
    }
    snprintf(buffer, size_bytes, "?");
}

/* In small letters, "parties" as "party". */
static void fold(const char *name, size_t *len, char folded[CEL_NAME_MAX_BYTES])
{
    for (size_t i = 0; i < *len; i++)
        folded[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
    if (*len > 4 && memcmp(folded + *len - 3, "ies", 3) == 0) {
        folded[*len - 3] = 'y';
        *len -= 2;
    }
}

unsigned cel_name_distance(const char *a_, size_t a_len, const char *b_, size_t b_len)
{
    char a[CEL_NAME_MAX_BYTES], b[CEL_NAME_MAX_BYTES];
    unsigned rows[3][CEL_NAME_MAX_BYTES + 1];
    unsigned *before = rows[0], *previous = rows[1], *current = rows[2];

    fold(a_, &a_len, a);
    fold(b_, &b_len, b);
    for (size_t j = 0; j <= b_len; j++)
        previous[j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        current[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned best = previous[j - 1] + (a[i - 1] != b[j - 1]);
            if (previous[j] + 1 < best)
                best = previous[j] + 1;
            if (current[j - 1] + 1 < best)
                best = current[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            current[j] = best;
        }
        unsigned *oldest = before;
        before = previous;
        previous = current;
        current = oldest;
    }
    return previous[b_len];
}

bool cel_name_is_nearer(struct cel_text unknown, const char *candidate, unsigned *best)
{
    size_t len = strlen(candidate);

    if (unknown.len > CEL_NAME_MAX_BYTES || len > CEL_NAME_MAX_BYTES)
        return false;
    size_t longer = len > unknown.len ? len : unknown.len;
    unsigned distance = cel_name_distance(unknown.data, unknown.len, candidate, len);
    if (distance >= *best || distance > 1 + longer / 4 || distance >= longer)
        return false;
    *best = distance;
    return true;
}

const char *cel_env_suggest(const struct cel_env *env, struct cel_text unknown)
{
    const char *nearest = NULL;
    unsigned best = UINT32_MAX;

    for (size_t i = 0; i < env->count; i++)
        if (cel_name_is_nearer(unknown, env->variables[i].name, &best))
            nearest = env->variables[i].name;
    return nearest;
}

const char *cel_env_suggest_field(const struct cel_env *env, struct cel_text name, struct cel_text unknown)
{
    const struct variable *variable = find(env, name);
    const char *nearest = NULL;
    unsigned best = UINT32_MAX;

    for (size_t i = 0; variable != NULL && i < variable->field_count; i++)
        if (cel_name_is_nearer(unknown, variable->fields[i].name, &best))
            nearest = variable->fields[i].name;
    return nearest;
}

void cel_env_list_names(const struct cel_env *env, char *buffer, size_t size_bytes)
{
    size_t used = 0;

    buffer[0] = '\0';
    for (size_t i = 0; i < env->count; i++) {
        int len = snprintf(buffer + used, size_bytes - used, "%s%s", i > 0 ? " " : "", env->variables[i].name);
        if (len < 0 || (size_t)len >= size_bytes - used) {
            buffer[used] = '\0'; /* no half name */
            return;
        }
        used += (size_t)len;
    }
}

void cel_env_list_fields(const struct cel_env *env, struct cel_text name, char *buffer, size_t size_bytes)
{
    const struct variable *variable = find(env, name);
    size_t used = 0;

    buffer[0] = '\0';
    for (size_t i = 0; variable != NULL && i < variable->field_count; i++) {
        int len = snprintf(buffer + used, size_bytes - used, "%s.%s", i > 0 ? " " : "", variable->fields[i].name);
        if (len < 0 || (size_t)len >= size_bytes - used)
            return;
        used += (size_t)len;
    }
}
