/*
 * compile.c - the expressions of a rule into programs, with errors at their place in the file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/files/read.h"
#include "rules/files/zonefile.h"

const struct cel_field aggregate_fields[AGG_TOTAL] = {
    [AGG_COUNT] = {"count", {.kind = CEL_INT}},     [AGG_PERSONS] = {"persons", {.kind = CEL_INT}},
    [AGG_SOURCES] = {"sources", {.kind = CEL_INT}}, [AGG_VOICES] = {"voices", {.kind = CEL_INT}},
    [AGG_REPORTS] = {"reports", {.kind = CEL_INT}}, [AGG_FIRST] = {"first", {.kind = CEL_TIMESTAMP}},
    [AGG_LAST] = {"last", {.kind = CEL_TIMESTAMP}}, [AGG_SUM] = {"sum", {.kind = CEL_INT}},
    [AGG_MIN] = {"min", {.kind = CEL_INT}},         [AGG_MAX] = {"max", {.kind = CEL_INT}},
    [AGG_SPREAD] = {"spread", {.kind = CEL_INT}},   [AGG_LOW] = {"low", {.kind = CEL_INT}},
    [AGG_HIGH] = {"high", {.kind = CEL_INT}},
};

/* An error of CEL, with the two hints that only this layer can give. */
static int complain_cel(reader *r, struct fy_node *node, const char *what, const char *text, size_t len, size_t base,
                        const struct cel_error *error)
{
    size_t at = error->offset_bytes < len ? error->offset_bytes : len;
    size_t place = scalar_offset(r, node, base + at);
    if (len - at >= 3 && !memcmp(text + at, "now", 3) &&
        (len - at == 3 || !(text[at + 3] == '_' || (text[at + 3] >= '0' && text[at + 3] <= '9') ||
                            (text[at + 3] >= 'a' && text[at + 3] <= 'z'))))
        return complain_offset(r, place,
                               "%s: there is no `now`: say it with a window of the selection (within, "
                               "before, ahead), or with `for`",
                               what);
    return complain_offset(r, place, "%s: %s", what, error->text);
}

int compile_condition(reader *r, const struct cel_env *env, struct fy_node *node, const char *what,
                      struct cel_program **ret_program)
{
    size_t len;
    const char *text = node_text(node, &len);
    if (!text)
        return complain_node(r, node, "%s: expected an expression, as in %s: count >= 50", what, what);
    struct cel_error error;
    int res = cel_compile(env, text, len, CEL_WANT_BOOL, ret_program, &error);
    if (res == -ENOMEM)
        r->no_memory = true;
    else if (res < 0)
        return complain_cel(r, node, what, text, len, 0, &error);
    return res;
}

/* ---- texts with {expressions} ------------------------------------------------------- */

void template_done(text_template *t)
{
    for (size_t i = 0; i < t->count; i++) {
        free(t->parts[i].literal);
        cel_program_free(t->parts[i].program);
    }
    free(t->parts);
    *t = (text_template){0};
}

static text_part *template_grow(text_template *t)
{
    text_part *parts = reallocarray(t->parts, t->count + 1, sizeof *parts);
    if (!parts)
        return NULL;
    t->parts = parts;
    parts[t->count] = (text_part){0};
    return &parts[t->count++];
}

/* The literal text from *at to the next lone brace, with {{ and }} undone. */
static int template_literal(reader *r, struct fy_node *node, text_template *t, const char *text, size_t len, size_t *at)
{
    char *literal = malloc(len - *at + 1);
    size_t used = 0, i = *at;
    for (; literal && i < len; i++) {
        if ((text[i] == '{' || text[i] == '}') && i + 1 < len && text[i + 1] == text[i])
            i++;
        else if (text[i] == '{')
            break;
        else if (text[i] == '}') {
            free(literal);
            return complain_offset(r, scalar_offset(r, node, i), "a lone }: write }} for a brace in the text");
        }
        literal[used++] = text[i];
    }
    *at = i;
    text_part *part = literal && used ? template_grow(t) : NULL;
    if (part) {
        literal[used] = '\0';
        part->literal = literal;
        return 0;
    }
    bool empty = literal && !used;
    free(literal);
    return empty ? 0 : -ENOMEM;
}

/* The expression that follows the brace at *at; a brace inside a string does not end it. */
static int template_expression(reader *r, const struct cel_env *env, struct fy_node *node, text_template *t,
                               const char *text, size_t len, size_t *at)
{
    size_t start = *at + 1, i = start;
    char quote = '\0';
    for (; i < len && (quote || text[i] != '}'); i++) {
        if (quote && text[i] == '\\' && i + 1 < len)
            i++;
        else if (quote && text[i] == quote)
            quote = '\0';
        else if (!quote && (text[i] == '"' || text[i] == '\''))
            quote = text[i];
    }
    if (i == len)
        return complain_offset(r, scalar_offset(r, node, *at), "a { without its }: write {{ for a brace in the text");
    text_part *part = template_grow(t);
    if (!part)
        return -ENOMEM;
    struct cel_error error;
    int res = cel_compile(env, text + start, i - start, 0, &part->program, &error);
    *at = i + 1;
    if (res < 0 && res != -ENOMEM)
        return complain_cel(r, node, "text", text + start, i - start, start, &error);
    return res;
}

int compile_template(reader *r, const struct cel_env *env, struct fy_node *node, text_template *ret)
{
    size_t len;
    const char *text = node_text(node, &len);
    if (!text)
        return complain_node(r, node, "expected a text, with {expressions} in it");
    if (len > r->set->limits.text_bytes)
        return complain_node(r, node, "the text has %zu bytes, at most %u are allowed", len, r->set->limits.text_bytes);
    text_template t = {0};
    int res = 0;
    for (size_t at = 0; res == 0 && at < len;) {
        res = template_literal(r, node, &t, text, len, &at);
        if (res == 0 && at < len)
            res = template_expression(r, env, node, &t, text, len, &at);
    }
    if (res < 0) {
        template_done(&t);
        r->no_memory |= res == -ENOMEM;
        return res;
    }
    *ret = t;
    return 0;
}

/* ---- environment -------------------------------------------------------------------- */

static struct cel_type by_type(const rules *set, const rule *one, size_t by)
{
    fact_type type = FACT_STRING;
    const kind_fields *fields = &set->kinds[one->selections[0].kind];
    for (size_t i = 0; i < fields->count; i++)
        if (fields->fields[i] == one->selections[0].by[by])
            type = fields->types[i];
    return (struct cel_type){.kind = type == FACT_BOOL ? CEL_BOOL : type == FACT_INT ? CEL_INT : CEL_STRING};
}

static int declare_selection(struct cel_env *env, selection *s)
{
    size_t count = s->count_field == FIELD_NONE ? AGG_SUM : AGG_TOTAL;
    if (cel_word_is_taken(s->name))
        return -EINVAL;
    return cel_env_declare_struct(env, s->name, aggregate_fields, count, &s->first_slot);
}

int compile_environment(reader *r, struct fy_node *select, rule *one, struct cel_env **ret_env)
{
    struct cel_env *env = NULL;
    uint32_t slot;
    if (cel_env_new(&env) < 0)
        goto no_memory;
    cel_env_set_zones(env, zonefile_load, NULL);
    for (size_t i = 0; i < one->by_count; i++)
        if (cel_env_declare(env, one->by[i], by_type(r->set, one, i), &slot) == -ENOMEM)
            goto no_memory;
    for (size_t i = 0; i < one->selections_count; i++) {
        int res = declare_selection(env, &one->selections[i]);
        if (res == -ENOMEM)
            goto no_memory;
        if (res == -EEXIST) {
            cel_env_free(env);
            return complain_node(r, selection_name(select, i), "the selection %s has the name of a field in `by`",
                                 one->selections[i].name);
        }
        if (res < 0) {
            cel_env_free(env);
            return complain_node(r, selection_name(select, i), "%s cannot be the name of a selection: CEL reserves it",
                                 one->selections[i].name);
        }
    }
    *ret_env = env;
    return 0;
no_memory:
    cel_env_free(env);
    r->no_memory = true;
    return -ENOMEM;
}
