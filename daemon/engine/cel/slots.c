/* slots.c: which slots a program reads. */
#include "internal.h"

#include <string.h>

#define SLOT_NAME_BYTES 272

struct collector {
    const struct node *readers[CEL_SLOT_MAX_COUNT]; /* only of those that are read */
    uint64_t is_read[CEL_SLOT_MAX_COUNT / 64];
    size_t count;
};

static bool is_read(const struct collector *collector, uint32_t slot)
{
    return collector->is_read[slot / 64] >> slot % 64 & 1;
}

static void collect(struct collector *collector, const struct node *node)
{
    if (node->op == OP_SLOT && !is_read(collector, node->slot)) {
        collector->is_read[node->slot / 64] |= UINT64_C(1) << node->slot % 64;
        collector->readers[node->slot] = node;
        collector->count++;
    }
    for (uint32_t i = 0; i < node->arg_count; i++)
        collect(collector, node->args[i]);
}

int cel_program_find_slots(struct compiler *compiler)
{
    struct cel_program *program = compiler->program;
    struct collector collector;
    char name[SLOT_NAME_BYTES];

    memset(collector.is_read, 0, sizeof(collector.is_read));
    collector.count = 0;
    collect(&collector, program->root);
    if (collector.count == 0)
        return 0;
    program->slots = cel_arena_alloc(&program->arena, collector.count * sizeof(struct cel_slot));
    if (program->slots == NULL)
        return cel_compiler_no_memory(compiler);
    for (uint32_t slot = 0; slot < CEL_SLOT_MAX_COUNT; slot++) {
        if (!is_read(&collector, slot))
            continue;
        cel_env_slot_name(compiler->env, slot, name, sizeof(name));
        const char *kept = cel_arena_copy(&program->arena, name, strlen(name) + 1);
        if (kept == NULL)
            return cel_compiler_no_memory(compiler);
        program->slots[program->slot_count++] =
            (struct cel_slot){.slot = slot, .type = collector.readers[slot]->type, .name = kept};
    }
    return 0;
}

const struct cel_slot *cel_program_slots(const struct cel_program *program, size_t *ret_count)
{
    *ret_count = program->slot_count;
    return program->slots;
}
