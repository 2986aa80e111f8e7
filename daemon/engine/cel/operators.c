/* operators.c: the operators on values. Overflow is an error, never a wrong number. */
#include "internal.h"

#include <string.h>

#define BYTES_PER_STEP 64

const char *cel_op_sign(enum node_op op)
{
    switch (op) {
    case OP_OR:
        return "||";
    case OP_AND:
        return "&&";
    case OP_NOT:
        return "!";
    case OP_EQ:
        return "==";
    case OP_NE:
        return "!=";
    case OP_LT:
        return "<";
    case OP_LE:
        return "<=";
    case OP_GT:
        return ">";
    case OP_GE:
        return ">=";
    case OP_IN:
        return "in";
    case OP_ADD:
        return "+";
    case OP_SUBTRACT:
    case OP_NEGATE:
        return "-";
    case OP_MULTIPLY:
        return "*";
    case OP_DIVIDE:
        return "/";
    case OP_MODULO:
        return "%";
    case OP_INDEX:
        return "[]";
    case OP_CHOOSE:
        return "?:";
    default:
        return "?";
    }
}

static struct cel_value overflow(struct cel_evaluator *evaluator, enum node_op op, const struct cel_value *a,
                                 const struct cel_value *b)
{
    char left[CEL_TIME_TEXT_BYTES + 16], right[CEL_TIME_TEXT_BYTES + 16];

    cel_value_format(a, left, sizeof(left));
    cel_value_format(b, right, sizeof(right));
    return cel_error_format(evaluator, "%s %s %s is out of range", left, cel_op_sign(op), right);
}

static struct cel_value by_zero(enum node_op op)
{
    return cel_error_value(op == OP_DIVIDE ? "divide by zero" : "modulus by zero");
}

static struct cel_value operate_ints(struct cel_evaluator *evaluator, enum node_op op, const struct cel_value *a,
                                     const struct cel_value *b)
{
    int64_t left = a->integer, right = b->integer, result = 0;
    bool is_over = false;

    switch (op) {
    case OP_ADD:
        is_over = __builtin_add_overflow(left, right, &result);
        break;
    case OP_SUBTRACT:
        is_over = __builtin_sub_overflow(left, right, &result);
        break;
    case OP_MULTIPLY:
        is_over = __builtin_mul_overflow(left, right, &result);
        break;
    default:
        if (right == 0)
            return by_zero(op);
        is_over = left == INT64_MIN && right == -1;
        if (!is_over)
            result = op == OP_DIVIDE ? left / right : left % right;
        break;
    }
    return is_over ? overflow(evaluator, op, a, b) : cel_int(result);
}

static struct cel_value operate_uints(struct cel_evaluator *evaluator, enum node_op op, const struct cel_value *a,
                                      const struct cel_value *b)
{
    uint64_t left = a->unsigned_integer, right = b->unsigned_integer, result = 0;
    bool is_over = false;

    switch (op) {
    case OP_ADD:
        is_over = __builtin_add_overflow(left, right, &result);
        break;
    case OP_SUBTRACT:
        is_over = __builtin_sub_overflow(left, right, &result);
        break;
    case OP_MULTIPLY:
        is_over = __builtin_mul_overflow(left, right, &result);
        break;
    default:
        if (right == 0)
            return by_zero(op);
        result = op == OP_DIVIDE ? left / right : left % right;
        break;
    }
    if (is_over)
        return overflow(evaluator, op, a, b);
    return (struct cel_value){.kind = CEL_UINT, .unsigned_integer = result};
}

static struct cel_value operate_doubles(enum node_op op, double left, double right)
{
    switch (op) {
    case OP_ADD:
        return cel_double(left + right);
    case OP_SUBTRACT:
        return cel_double(left - right);
    case OP_MULTIPLY:
        return cel_double(left * right);
    default: /* by zero gives an infinity or NaN, by IEEE 754 */
        return cel_double(left / right);
    }
}

static struct cel_value concatenate(struct cel_evaluator *evaluator, const struct cel_value *a,
                                    const struct cel_value *b)
{
    size_t len = a->text.len + b->text.len;

    if (cel_evaluator_spend(evaluator, len / BYTES_PER_STEP))
        return cel_evaluator_exhausted();
    char *data = cel_arena_alloc(&evaluator->scratch, len);
    if (data == NULL)
        return cel_evaluator_no_memory(evaluator);
    if (a->text.len > 0)
        memcpy(data, a->text.data, a->text.len);
    if (b->text.len > 0)
        memcpy(data + a->text.len, b->text.data, b->text.len);
    return (struct cel_value){.kind = a->kind, .text = {data, len}};
}

static struct cel_value append(struct cel_evaluator *evaluator, const struct cel_value *a, const struct cel_value *b)
{
    size_t count = a->list.count + b->list.count;

    if (cel_evaluator_spend(evaluator, count))
        return cel_evaluator_exhausted();
    struct cel_value *items = cel_arena_alloc(&evaluator->scratch, count * sizeof(*items));
    if (items == NULL)
        return cel_evaluator_no_memory(evaluator);
    if (a->list.count > 0)
        memcpy(items, a->list.items, a->list.count * sizeof(*items));
    if (b->list.count > 0)
        memcpy(items + a->list.count, b->list.items, b->list.count * sizeof(*items));
    return cel_list(items, count);
}

/* The timestamp by_ns later, an error outside the years 1 to 9999. */
static bool shift(const struct cel_value *time, int64_t by_ns, struct cel_value *ret_time)
{
    int64_t seconds = time->seconds + by_ns / NS_PER_SECOND;
    int64_t nanos = time->nanos + by_ns % NS_PER_SECOND;

    if (nanos < 0) {
        nanos += NS_PER_SECOND;
        seconds--;
    } else if (nanos >= NS_PER_SECOND) {
        nanos -= NS_PER_SECOND;
        seconds++;
    }
    *ret_time = cel_timestamp(seconds, (int32_t)nanos);
    return seconds >= TIMESTAMP_MIN_SECONDS && seconds <= TIMESTAMP_MAX_SECONDS;
}

static bool elapsed(const struct cel_value *from, const struct cel_value *to, struct cel_value *ret_span)
{
    int64_t seconds = to->seconds - from->seconds, nanos = (int64_t)to->nanos - from->nanos, ns;

    *ret_span = cel_duration(0);
    if (seconds < 0 && nanos > 0) { /* both of one sign: what lies in range does not leave it on the way */
        seconds++;
        nanos -= NS_PER_SECOND;
    } else if (seconds > 0 && nanos < 0) {
        seconds--;
        nanos += NS_PER_SECOND;
    }
    if (__builtin_mul_overflow(seconds, NS_PER_SECOND, &ns) || __builtin_add_overflow(ns, nanos, &ns))
        return false;
    *ret_span = cel_duration(ns);
    return true;
}

/* True where the operands are times that this operator takes. */
static bool operate_times(enum node_op op, const struct cel_value *a, const struct cel_value *b,
                          struct cel_value *ret_value, bool *ret_in_range)
{
    if (op != OP_ADD && op != OP_SUBTRACT)
        return false;
    bool add = op == OP_ADD;
    if (a->kind == CEL_DURATION && b->kind == CEL_DURATION) {
        *ret_value = cel_duration(0);
        *ret_in_range = !(add ? __builtin_add_overflow(a->duration_ns, b->duration_ns, &ret_value->duration_ns)
                              : __builtin_sub_overflow(a->duration_ns, b->duration_ns, &ret_value->duration_ns));
        return true;
    }
    if (a->kind == CEL_TIMESTAMP && b->kind == CEL_DURATION) {
        if (!add && b->duration_ns == INT64_MIN) /* has no negative */
            *ret_in_range = shift(a, INT64_MAX, ret_value) && shift(ret_value, 1, ret_value);
        else
            *ret_in_range = shift(a, add ? b->duration_ns : -b->duration_ns, ret_value);
        return true;
    }
    if (a->kind == CEL_DURATION && b->kind == CEL_TIMESTAMP && add) {
        *ret_in_range = shift(b, a->duration_ns, ret_value);
        return true;
    }
    if (a->kind == CEL_TIMESTAMP && b->kind == CEL_TIMESTAMP && !add) {
        *ret_in_range = elapsed(b, a, ret_value);
        return true;
    }
    return false;
}

static struct cel_value operate_arithmetic(struct cel_evaluator *evaluator, enum node_op op, const struct cel_value *a,
                                           const struct cel_value *b)
{
    const struct cel_value args[] = {*a, *b};
    struct cel_value value;
    bool in_range;

    if (a->kind == CEL_INT && b->kind == CEL_INT)
        return operate_ints(evaluator, op, a, b);
    if (a->kind == CEL_DOUBLE && b->kind == CEL_DOUBLE && op != OP_MODULO)
        return operate_doubles(op, a->real, b->real);
    if (a->kind == CEL_UINT && b->kind == CEL_UINT)
        return operate_uints(evaluator, op, a, b);
    if (op == OP_ADD && a->kind == b->kind && (a->kind == CEL_STRING || a->kind == CEL_BYTES))
        return concatenate(evaluator, a, b);
    if (op == OP_ADD && a->kind == CEL_LIST && b->kind == CEL_LIST)
        return append(evaluator, a, b);
    if (!operate_times(op, a, b, &value, &in_range))
        return cel_error_overload(evaluator, cel_op_sign(op), args, 2);
    return in_range ? value : overflow(evaluator, op, a, b);
}

static struct cel_value operate_order(struct cel_evaluator *evaluator, enum node_op op, const struct cel_value *a,
                                      const struct cel_value *b)
{
    const struct cel_value args[] = {*a, *b};
    enum order order = cel_order(a, b);

    if (order == ORDER_MISMATCH)
        return cel_error_overload(evaluator, cel_op_sign(op), args, 2);
    switch (op) {
    case OP_LT:
        return cel_bool(order == ORDER_LESS);
    case OP_LE:
        return cel_bool(order == ORDER_LESS || order == ORDER_EQUAL);
    case OP_GT:
        return cel_bool(order == ORDER_GREATER);
    default:
        return cel_bool(order == ORDER_GREATER || order == ORDER_EQUAL);
    }
}

static struct cel_value operate_in(struct cel_evaluator *evaluator, const struct cel_value *a,
                                   const struct cel_value *list)
{
    const struct cel_value args[] = {*a, *list};

    if (list->kind != CEL_LIST)
        return cel_error_overload(evaluator, "in", args, 2);
    for (size_t i = 0; i < list->list.count && evaluator->steps >= 0; i++)
        if (cel_equal_within(a, &list->list.items[i], &evaluator->steps))
            return cel_bool(true);
    return evaluator->steps >= 0 ? cel_bool(false) : cel_evaluator_exhausted();
}

static struct cel_value operate_index(struct cel_evaluator *evaluator, const struct cel_value *list,
                                      const struct cel_value *index)
{
    const struct cel_value args[] = {*list, *index};
    double whole = index->kind == CEL_INT    ? (double)index->integer
                   : index->kind == CEL_UINT ? (double)index->unsigned_integer
                                             : index->real;

    if (list->kind != CEL_LIST || !cel_kind_is_number(index->kind))
        return cel_error_overload(evaluator, "[]", args, 2);
    if (!(whole >= 0 && whole < (double)list->list.count) || whole != (double)(size_t)whole) {
        char shown[40];
        cel_value_format(index, shown, sizeof(shown));
        return cel_error_format(evaluator, "index %s is not in a list of %zu", shown, list->list.count);
    }
    return list->list.items[(size_t)whole];
}

struct cel_value cel_operate_negate(struct cel_evaluator *evaluator, const struct cel_value *a)
{
    if (a->kind == CEL_DOUBLE)
        return cel_double(-a->real);
    if (a->kind != CEL_INT)
        return cel_error_overload(evaluator, "-", a, 1);
    if (a->integer == INT64_MIN)
        return cel_error_value("-(-9223372036854775808) is out of range");
    return cel_int(-a->integer);
}

struct cel_value cel_operate(struct cel_evaluator *evaluator, enum node_op op, const struct cel_value *a,
                             const struct cel_value *b)
{
    bool equal;

    switch (op) {
    case OP_EQ:
    case OP_NE:
        equal = cel_equal_within(a, b, &evaluator->steps);
        if (evaluator->steps < 0)
            return cel_evaluator_exhausted();
        return cel_bool(equal == (op == OP_EQ));
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
        return operate_order(evaluator, op, a, b);
    case OP_IN:
        return operate_in(evaluator, a, b);
    case OP_INDEX:
        return operate_index(evaluator, a, b);
    default:
        return operate_arithmetic(evaluator, op, a, b);
    }
}
