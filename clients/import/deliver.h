/*
 * deliver.h - the events of a list printed or published, and what thawd said of them.
 */
#ifndef IMPORT_DELIVER_H
#define IMPORT_DELIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "import.h"
#include "screen/publish_screen.h"
#include "tell.h"
#include "wire/publishing.h"

typedef struct delivery {
    const import_options *options;
    const char *kind;
    publish_screen screen;
    uint64_t blocking; /* refusals that telling again could mend */
    uint64_t too_old;  /* refusals that nothing mends, of what thawd does not know */
    publishing_totals totals;
} delivery;

delivery delivery_begin(const import_options *options, const char *kind);

/* 0; an exit code after a complaint. `again`: the next run tells them again. With --dry-run nothing is
 * published. */
int delivery_tell(delivery *d, const teller *t, bool again);

/* How many thawd had already. */
uint64_t delivery_known(const delivery *d);

#endif
