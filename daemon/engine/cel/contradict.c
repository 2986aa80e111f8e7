/* contradict.c: conditions that cannot be true, because parts that must all hold exclude one another:
 * count > 5 && count < 3.
 *
 * Looked at are comparisons of one slot with constants, under && and !. What else a condition says can
 * only make it less often true, so what is found here is certain; not every contradiction is found. */
#include "internal.h"

#define PARTS_MAX_COUNT 64    /* of one conjunction; more are not looked at */
#define VALUES_MAX_COUNT 1000 /* of a list that are tried one by one */

/* slot OP value; OP_IN: one of the values; OP_NOT stands for "none of them". */
struct part {
    enum node_op op;
    const struct node *slot;
    const struct cel_value *values;
    size_t value_count;
    uint32_t begin;
};

struct conjunction {
    struct part parts[PARTS_MAX_COUNT];
    size_t count;
};

static const struct opposite {
    enum node_op op, negated, mirrored;
} opposites[] = {
    {OP_EQ, OP_NE, OP_EQ}, {OP_NE, OP_EQ, OP_NE}, {OP_LT, OP_GE, OP_GT},
    {OP_LE, OP_GT, OP_GE}, {OP_GT, OP_LE, OP_LT}, {OP_GE, OP_LT, OP_LE},
};

static const struct opposite *find_opposite(enum node_op op)
{
    for (size_t i = 0; i < ARRAY_LENGTH(opposites); i++)
        if (opposites[i].op == op)
            return &opposites[i];
    return NULL;
}

static void add(struct conjunction *all, enum node_op op, const struct node *slot, const struct cel_value *values,
                size_t value_count, uint32_t begin)
{
    if (slot->op == OP_SLOT && all->count < PARTS_MAX_COUNT && value_count <= VALUES_MAX_COUNT)
        all->parts[all->count++] = (struct part){op, slot, values, value_count, begin};
}

/* Of NaN neither x < 5 nor x >= 5 is true: of a double "not less" is no comparison. */
static bool can_negate(const struct node *slot, enum node_op op)
{
    return op == OP_EQ || op == OP_NE || (slot->type.kind != CEL_DOUBLE && slot->type.kind != CEL_DYN);
}

static void collect_comparison(struct conjunction *all, const struct node *node, bool negated)
{
    const struct opposite *opposite = find_opposite(node->op);
    const struct node *slot = node->args[0], *constant = node->args[1];
    enum node_op op = node->op;

    if (slot->op == OP_CONSTANT) {
        const struct node *swapped = slot;
        slot = constant;
        constant = swapped;
        op = opposite->mirrored;
        opposite = find_opposite(op);
    }
    if (constant->op == OP_CONSTANT && (!negated || can_negate(slot, op)))
        add(all, negated ? opposite->negated : op, slot, &constant->constant, 1, node->begin);
}

static void collect(struct conjunction *all, const struct node *node, bool negated)
{
    static const struct cel_value truths[] = {{.kind = CEL_BOOL, .boolean = false},
                                              {.kind = CEL_BOOL, .boolean = true}};

    if (node->op == OP_NOT) {
        collect(all, node->args[0], !negated);
    } else if (node->op == (negated ? OP_OR : OP_AND)) {
        for (uint32_t i = 0; i < node->arg_count; i++)
            collect(all, node->args[i], negated);
    } else if (node->op == OP_SLOT) {
        add(all, OP_EQ, node, &truths[!negated], 1, node->begin);
    } else if (node->op == OP_IN && node->args[1]->op == OP_CONSTANT) {
        const struct cel_value *list = &node->args[1]->constant;
        if (list->kind == CEL_LIST)
            add(all, negated ? OP_NOT : OP_IN, node->args[0], list->list.items, list->list.count, node->begin);
    } else if (find_opposite(node->op) != NULL) {
        collect_comparison(all, node, negated);
    }
}

static bool is_one_of(const struct cel_value *value, const struct part *part)
{
    for (size_t i = 0; i < part->value_count; i++)
        if (cel_value_equal(value, &part->values[i]))
            return true;
    return false;
}

static bool fits(const struct cel_value *value, const struct part *part)
{
    enum order order;

    if (part->op == OP_EQ || part->op == OP_IN)
        return is_one_of(value, part);
    if (part->op == OP_NE || part->op == OP_NOT)
        return !is_one_of(value, part);
    order = cel_order(value, &part->values[0]);
    if (order == ORDER_EQUAL)
        return part->op == OP_LE || part->op == OP_GE;
    return order == (part->op == OP_LT || part->op == OP_LE ? ORDER_LESS : ORDER_GREATER);
}

static bool is_below(const struct part *part)
{
    return part->op == OP_LT || part->op == OP_LE;
}

static bool is_above(const struct part *part)
{
    return part->op == OP_GT || part->op == OP_GE;
}

/* Whether no int lies between: n > 5 && n < 6. */
static bool is_gap(const struct part *above, const struct part *below)
{
    const struct cel_value *low = above->values, *high = below->values;

    return above->slot->type.kind == CEL_INT && above->op == OP_GT && below->op == OP_LT && low->kind == CEL_INT &&
           high->kind == CEL_INT && low->integer < INT64_MAX && low->integer + 1 == high->integer;
}

/* Two parts of which one is above something and the other below something. */
static bool exclude(const struct part *a, const struct part *b)
{
    if (is_below(a) && is_above(b))
        return exclude(b, a);
    if (!is_above(a) || !is_below(b))
        return false;
    enum order order = cel_order(a->values, b->values);
    if (order == ORDER_EQUAL)
        return a->op == OP_GT || b->op == OP_LT;
    return order == ORDER_GREATER || is_gap(a, b);
}

/* The values of a part that names them, tried with all the other parts on its slot. */
static bool has_no_value(const struct conjunction *all, const struct part *named)
{
    for (size_t v = 0; v < named->value_count; v++) {
        bool good = true;
        for (size_t i = 0; good && i < all->count; i++)
            good = all->parts[i].slot->slot != named->slot->slot || fits(&named->values[v], &all->parts[i]);
        if (good)
            return false;
    }
    return true;
}

static bool is_excluded(const struct conjunction *all, const struct part *part)
{
    if (part->op == OP_EQ || part->op == OP_IN)
        return has_no_value(all, part);
    for (size_t i = 0; i < all->count; i++)
        if (all->parts[i].slot->slot == part->slot->slot && exclude(&all->parts[i], part))
            return true;
    return false;
}

static const struct part *find_excluded(const struct conjunction *all)
{
    for (size_t i = all->count; i-- > 0;)
        if (is_excluded(all, &all->parts[i]))
            return &all->parts[i];
    return NULL;
}

/* Of alternatives all must be impossible, of what stands together one thing. */
static bool is_impossible(const struct node *node, struct conjunction *room, struct part *ret_part)
{
    uint32_t found = 0;

    room->count = 0;
    collect(room, node, false);
    const struct part *part = find_excluded(room);
    if (part != NULL) {
        *ret_part = *part;
        return true;
    }
    for (uint32_t i = 0; (node->op == OP_OR || node->op == OP_AND) && i < node->arg_count; i++)
        found += is_impossible(node->args[i], room, ret_part);
    return found > 0 && (node->op == OP_AND || found == node->arg_count);
}

bool cel_program_contradicts(const struct cel_program *program, size_t *ret_offset_bytes, const char **ret_name)
{
    struct conjunction room;
    struct part part;

    if (!is_impossible(program->root, &room, &part))
        return false;
    *ret_offset_bytes = part.begin;
    *ret_name = "";
    for (size_t i = 0; i < program->slot_count; i++)
        if (program->slots[i].slot == part.slot->slot)
            *ret_name = program->slots[i].name;
    return true;
}
