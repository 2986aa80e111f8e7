/* failure.c - see failure.h. */
#include "failure.h"

#include <string.h>

int failure_note(thawd *d, int r)
{
    const char *text = NULL;
    int failed = journal_failed(d->journal, &text);

    if (d->failure_told)
        return d->failure;
    d->failure_told = true;
    if (failed < 0)
        log_say(d->log, SAY_JOURNAL_FAILED, NULL,
                "the journal in %s cannot be written: %s; thawd ends, nothing was acknowledged "
                "that is not on the disk",
                d->config.state, text == NULL ? strerror(-failed) : text);
    else
        log_say(d->log, SAY_INTERNAL, NULL, "thawd cannot go on: %s", strerror(-r));
    d->failure = failed < 0 ? failed : d->failure != 0 ? d->failure : r;
    return d->failure;
}
