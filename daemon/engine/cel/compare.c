/* compare.c: equality and order of values, across the kinds of numbers. */
#include "internal.h"

#include <math.h>
#include <string.h>

#define BYTES_PER_STEP 64

static enum order order_of(int difference)
{
    return difference < 0 ? ORDER_LESS : difference > 0 ? ORDER_GREATER : ORDER_EQUAL;
}

static enum order order_doubles(double a, double b)
{
    if (isnan(a) || isnan(b))
        return ORDER_NONE;
    return order_of((a > b) - (a < b));
}

static enum order order_int_uint(int64_t a, uint64_t b)
{
    if (a < 0)
        return ORDER_LESS;
    return order_of(((uint64_t)a > b) - ((uint64_t)a < b));
}

static enum order reverse(enum order order)
{
    return order == ORDER_LESS ? ORDER_GREATER : order == ORDER_GREATER ? ORDER_LESS : order;
}

/* An int or uint beside a double is compared as a double. */
static enum order order_numbers(const struct cel_value *a, const struct cel_value *b)
{
    if (a->kind == CEL_INT && b->kind == CEL_INT)
        return order_of((a->integer > b->integer) - (a->integer < b->integer));
    if (a->kind == CEL_UINT && b->kind == CEL_UINT)
        return order_of((a->unsigned_integer > b->unsigned_integer) - (a->unsigned_integer < b->unsigned_integer));
    if (a->kind == CEL_INT && b->kind == CEL_UINT)
        return order_int_uint(a->integer, b->unsigned_integer);
    if (a->kind == CEL_UINT && b->kind == CEL_INT)
        return reverse(order_int_uint(b->integer, a->unsigned_integer));
    if (a->kind == CEL_INT)
        return order_doubles((double)a->integer, b->real);
    if (a->kind == CEL_UINT)
        return order_doubles((double)a->unsigned_integer, b->real);
    if (b->kind == CEL_INT)
        return order_doubles(a->real, (double)b->integer);
    if (b->kind == CEL_UINT)
        return order_doubles(a->real, (double)b->unsigned_integer);
    return order_doubles(a->real, b->real);
}

static enum order order_texts(struct cel_text a, struct cel_text b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int difference = shorter > 0 ? memcmp(a.data, b.data, shorter) : 0;

    return difference != 0 ? order_of(difference) : order_of((a.len > b.len) - (a.len < b.len));
}

enum order cel_order(const struct cel_value *a, const struct cel_value *b)
{
    if (cel_kind_is_number(a->kind) && cel_kind_is_number(b->kind))
        return order_numbers(a, b);
    if (a->kind != b->kind)
        return ORDER_MISMATCH;
    switch (a->kind) {
    case CEL_BOOL:
        return order_of(a->boolean - b->boolean);
    case CEL_STRING:
    case CEL_BYTES:
        return order_texts(a->text, b->text);
    case CEL_TIMESTAMP:
        if (a->seconds != b->seconds)
            return order_of((a->seconds > b->seconds) - (a->seconds < b->seconds));
        return order_of((a->nanos > b->nanos) - (a->nanos < b->nanos));
    case CEL_DURATION:
        return order_of((a->duration_ns > b->duration_ns) - (a->duration_ns < b->duration_ns));
    default:
        return ORDER_MISMATCH;
    }
}

static bool text_equal(struct cel_text a, struct cel_text b, int64_t *steps)
{
    if (a.len != b.len)
        return false;
    *steps -= (int64_t)(a.len / BYTES_PER_STEP);
    return a.len == 0 || memcmp(a.data, b.data, a.len) == 0;
}

static bool list_equal(const struct cel_value *a, const struct cel_value *b, int64_t *steps)
{
    if (a->list.count != b->list.count)
        return false;
    for (size_t i = 0; i < a->list.count && *steps >= 0; i++)
        if (!cel_equal_within(&a->list.items[i], &b->list.items[i], steps))
            return false;
    return *steps >= 0;
}

bool cel_equal_within(const struct cel_value *a, const struct cel_value *b, int64_t *steps)
{
    (*steps)--;
    if (cel_kind_is_number(a->kind) && cel_kind_is_number(b->kind))
        return order_numbers(a, b) == ORDER_EQUAL;
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case CEL_NULL:
        return true;
    case CEL_STRING:
    case CEL_BYTES:
        return text_equal(a->text, b->text, steps);
    case CEL_LIST:
        return list_equal(a, b, steps);
    case CEL_TYPE:
        return a->type == b->type;
    default:
        return cel_order(a, b) == ORDER_EQUAL;
    }
}

bool cel_value_equal(const struct cel_value *a, const struct cel_value *b)
{
    int64_t steps = INT64_MAX;

    return cel_equal_within(a, b, &steps);
}
