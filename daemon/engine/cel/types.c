/* types.c: kinds, their names, and what the checker knows of them. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

static const char *const kind_names[] = {
    [CEL_ERROR] = "error",
    [CEL_NULL] = "null_type",
    [CEL_BOOL] = "bool",
    [CEL_INT] = "int",
    [CEL_UINT] = "uint",
    [CEL_DOUBLE] = "double",
    [CEL_STRING] = "string",
    [CEL_BYTES] = "bytes",
    [CEL_TIMESTAMP] = "google.protobuf.Timestamp",
    [CEL_DURATION] = "google.protobuf.Duration",
    [CEL_LIST] = "list",
    [CEL_TYPE] = "type",
    [CEL_DYN] = "dyn",
};

const char *cel_kind_name(enum cel_kind kind)
{
    return (size_t)kind < ARRAY_LENGTH(kind_names) ? kind_names[kind] : "unknown";
}

enum cel_kind cel_type_by_name(const char *name, size_t len)
{
    for (size_t i = CEL_NULL; i < CEL_DYN; i++)
        if (strlen(kind_names[i]) == len && memcmp(kind_names[i], name, len) == 0)
            return (enum cel_kind)i;
    return CEL_ERROR;
}

struct cel_type cel_type_of(enum cel_kind kind)
{
    return (struct cel_type){.kind = kind, .element = kind == CEL_LIST ? CEL_DYN : CEL_ERROR};
}

struct cel_type cel_type_list(enum cel_kind element)
{
    return (struct cel_type){.kind = CEL_LIST, .element = element};
}

struct cel_type cel_type_element(struct cel_type list)
{
    if (list.kind != CEL_LIST || list.element == CEL_ERROR)
        return cel_type_of(CEL_DYN);
    return cel_type_of(list.element);
}

struct cel_type cel_type_join(struct cel_type a, struct cel_type b)
{
    if (a.kind == CEL_NULL && b.kind != CEL_NULL) {
        b.nullable = true;
        return b;
    }
    if (b.kind == CEL_NULL && a.kind != CEL_NULL) {
        a.nullable = true;
        return a;
    }
    if (a.kind != b.kind)
        return cel_type_of(CEL_DYN);
    if (a.kind == CEL_LIST && a.element != b.element)
        a.element = CEL_DYN;
    a.nullable = a.nullable || b.nullable;
    return a;
}

struct cel_type cel_type_of_value(const struct cel_value *value)
{
    if (value->kind != CEL_LIST || value->list.count == 0)
        return cel_type_of(value->kind);
    struct cel_type element = cel_type_of(value->list.items[0].kind);
    for (size_t i = 1; i < value->list.count && element.kind != CEL_DYN; i++)
        element = cel_type_join(element, cel_type_of(value->list.items[i].kind));
    return cel_type_list(element.nullable ? CEL_DYN : element.kind);
}

bool cel_type_is(struct cel_type type, enum cel_kind kind)
{
    return type.kind == kind || type.kind == CEL_DYN;
}

bool cel_kind_is_number(enum cel_kind kind)
{
    return kind == CEL_INT || kind == CEL_UINT || kind == CEL_DOUBLE;
}

bool cel_type_can_equal(struct cel_type a, struct cel_type b)
{
    if (a.kind == CEL_DYN || b.kind == CEL_DYN || a.kind == CEL_NULL || b.kind == CEL_NULL)
        return true;
    if (a.kind == CEL_LIST && b.kind == CEL_LIST)
        return cel_type_can_equal(cel_type_element(a), cel_type_element(b));
    return a.kind == b.kind || (cel_kind_is_number(a.kind) && cel_kind_is_number(b.kind));
}

bool cel_type_can_order(struct cel_type a, struct cel_type b)
{
    const unsigned ordered = KIND_BIT(CEL_BOOL) | KIND_BIT(CEL_INT) | KIND_BIT(CEL_UINT) | KIND_BIT(CEL_DOUBLE) |
                             KIND_BIT(CEL_STRING) | KIND_BIT(CEL_BYTES) | KIND_BIT(CEL_TIMESTAMP) |
                             KIND_BIT(CEL_DURATION) | KIND_BIT(CEL_DYN);

    if (!(KIND_BIT(a.kind) & ordered) || !(KIND_BIT(b.kind) & ordered))
        return false;
    return a.kind == CEL_DYN || b.kind == CEL_DYN || a.kind == b.kind ||
           (cel_kind_is_number(a.kind) && cel_kind_is_number(b.kind));
}

static const char *spoken_name(enum cel_kind kind)
{
    switch (kind) {
    case CEL_NULL:
        return "null";
    case CEL_TIMESTAMP:
        return "timestamp";
    case CEL_DURATION:
        return "duration";
    case CEL_DYN:
        return "dyn";
    default:
        return cel_kind_name(kind);
    }
}

const char *cel_type_text(struct cel_type type, char *buffer)
{
    if (type.kind == CEL_LIST && type.element != CEL_DYN && type.element != CEL_ERROR)
        snprintf(buffer, TYPE_TEXT_BYTES, "list(%s)", spoken_name(type.element));
    else
        snprintf(buffer, TYPE_TEXT_BYTES, "%s", spoken_name(type.kind));
    return buffer;
}
