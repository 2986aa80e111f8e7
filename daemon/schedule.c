/* schedule.c - see schedule.h. */
#include "schedule.h"

int schedule_before_passes(sd_event_source *source)
{
    return sd_event_source_set_priority(source, SD_EVENT_PRIORITY_NORMAL - 1);
}

void pass_schedule(void *context)
{
    thawd *d = context;

    (void)sd_event_source_set_enabled(d->pass_source, SD_EVENT_ONESHOT);
}
