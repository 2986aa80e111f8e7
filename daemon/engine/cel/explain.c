/* explain.c: a program part by part, with what each part is and why. */
#include "internal.h"

#include <errno.h>

#define SHOWN_SLOT_MAX_COUNT 32

struct explainer {
    struct cel_evaluator *evaluator;
    const struct cel_program *program;
    cel_resolve_fn resolve;
    void *context;
    cel_part_fn report;
    void *report_context;
};

static const char *slot_name(const struct cel_program *program, uint32_t slot)
{
    for (size_t i = 0; i < program->slot_count; i++)
        if (program->slots[i].slot == slot)
            return program->slots[i].name;
    return "?";
}

static void collect_slots(struct explainer *explainer, const struct node *node, struct cel_slot_value *slots,
                          size_t *count)
{
    if (node->op == OP_SLOT && *count < SHOWN_SLOT_MAX_COUNT) {
        for (size_t i = 0; i < *count; i++)
            if (slots[i].slot == node->slot)
                return;
        struct cel_slot_value *slot = &slots[(*count)++];
        *slot = (struct cel_slot_value){.slot = node->slot, .name = slot_name(explainer->program, node->slot)};
        slot->value = cel_error_value("the variable has no value");
        if (explainer->resolve != NULL)
            explainer->resolve(explainer->context, node->slot, &slot->value);
    }
    for (uint32_t i = 0; i < node->arg_count; i++)
        collect_slots(explainer, node->args[i], slots, count);
}

static int explain_part(struct explainer *explainer, const struct node *node, unsigned depth)
{
    struct cel_slot_value slots[SHOWN_SLOT_MAX_COUNT];
    struct cel_part part = {
        .kind = node->op == OP_AND  ? CEL_PART_ALL
                : node->op == OP_OR ? CEL_PART_ANY
                                    : CEL_PART_CONDITION,
        .depth = depth,
        .text = {explainer->program->text.data + node->begin, node->end - node->begin},
        .slots = slots,
    };

    cel_evaluator_begin(explainer->evaluator, explainer->resolve, explainer->context);
    part.value = cel_evaluate(explainer->evaluator, node);
    if (explainer->evaluator->no_memory)
        return -ENOMEM;
    if (part.kind == CEL_PART_CONDITION)
        collect_slots(explainer, node, slots, &part.slot_count);
    int r = explainer->report(explainer->report_context, &part);
    if (part.kind == CEL_PART_CONDITION)
        return r;
    for (uint32_t i = 0; r >= 0 && i < node->arg_count; i++)
        r = explain_part(explainer, node->args[i], depth + 1);
    return r;
}

int cel_explain(struct cel_evaluator *evaluator, const struct cel_program *program, cel_resolve_fn resolve,
                void *context, cel_part_fn report, void *report_context)
{
    struct explainer explainer = {
        .evaluator = evaluator,
        .program = program,
        .resolve = resolve,
        .context = context,
        .report = report,
        .report_context = report_context,
    };

    int r = explain_part(&explainer, program->root, 0);
    return r < 0 ? r : 0;
}
