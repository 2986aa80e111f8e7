/* schedule.c - see schedule.h. */
#include "schedule.h"

void pass_schedule(void *context)
{
    thawd *d = context;

    (void)sd_event_source_set_enabled(d->pass_source, SD_EVENT_ONESHOT);
}
