/* evaluator.c: what one evaluation may use: its steps, and the scratch memory that is kept from one to the next. */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

#define SCRATCH_FIRST_BYTES 4096

int cel_evaluator_new(struct cel_evaluator **ret_evaluator)
{
    struct cel_evaluator *evaluator = calloc(1, sizeof(*evaluator));

    if (evaluator == NULL)
        return -ENOMEM;
    evaluator->scratch.first_bytes = SCRATCH_FIRST_BYTES;
    evaluator->scratch.max_bytes = CEL_SCRATCH_MAX_BYTES;
    evaluator->step_max_count = CEL_STEP_MAX_COUNT;
    *ret_evaluator = evaluator;
    return 0;
}

struct cel_evaluator *cel_evaluator_free(struct cel_evaluator *evaluator)
{
    if (evaluator != NULL)
        cel_arena_clear(&evaluator->scratch);
    free(evaluator);
    return NULL;
}

void cel_evaluator_set_steps(struct cel_evaluator *evaluator, uint64_t step_max_count)
{
    evaluator->step_max_count = step_max_count > INT64_MAX ? INT64_MAX : (int64_t)step_max_count;
}

void cel_evaluator_begin(struct cel_evaluator *evaluator, cel_resolve_fn resolve, void *context)
{
    cel_arena_reset(&evaluator->scratch);
    evaluator->steps = evaluator->step_max_count;
    evaluator->no_memory = false;
    evaluator->resolve = resolve;
    evaluator->context = context;
}

bool cel_evaluator_is_exhausted(const struct cel_evaluator *evaluator)
{
    return evaluator->steps < 0 || evaluator->scratch.over_limit;
}

bool cel_evaluator_spend(struct cel_evaluator *evaluator, uint64_t steps)
{
    if (steps > INT64_MAX || (int64_t)steps > evaluator->steps)
        evaluator->steps = -1;
    else
        evaluator->steps -= (int64_t)steps;
    return evaluator->steps < 0;
}
