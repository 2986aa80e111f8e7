/* name.c - the words of the enumerations; see name.h. */
#include "name.h"

#include <stdio.h>
#include <string.h>

#include "thaw.h"

/* Each list of words is written once and unfolded into texts and lengths. */
#define TEXT(word) word,
#define LENGTH(word) sizeof(word) - 1,
#define NAMES(name, LIST)                                                                          \
    static const char *const name##_text[] = {NULL, LIST(TEXT)};                                   \
    static const uint8_t name##_len[] = {0, LIST(LENGTH)};                                         \
    const wire_names wire_##name##_names = {name##_text, name##_len, sizeof(name##_len)};

#define KINDS(X)                                                                                   \
    X("release") X("detention") X("sanction") X("talks") X("tally") X("feed") X("retraction")
#define STATUSES(X) X("rumoured") X("announced") X("confirmed")
#define COUNT_IS(X) X("exact") X("at_least") X("about")
#define COVERS(X) X("event") X("part") X("wider")
#define OF(X) X("detained") X("released")
#define FEED_STATES(X) X("ok") X("broken")
#define FORMS(X)                                                                                   \
    X("pardon")                                                                                    \
    X("amnesty")                                                                                   \
    X("sentence_served") X("parole") X("exchange") X("deportation") X("acquittal") X("other")
#define ACTIONS(X)                                                                                 \
    X("proposed")                                                                                  \
    X("imposed")                                                                                   \
    X("extended")                                                                                  \
    X("amended")                                                                                   \
    X("reimposed")                                                                                 \
    X("eased")                                                                                     \
    X("licensed")                                                                                  \
    X("suspended") X("lifted") X("delisted") X("maintaine"                                         \
                                               "d")
#define STAGES(X)                                                                                  \
    X("reported") X("demanded") X("offered") X("promised") X("agreed") X("denied") X("collapsed")

NAMES(kind, KINDS)
NAMES(status, STATUSES)
NAMES(count_is, COUNT_IS)
NAMES(covers, COVERS)
NAMES(of, OF)
NAMES(feed_state, FEED_STATES)
NAMES(form, FORMS)
NAMES(action, ACTIONS)
NAMES(stage, STAGES)

unsigned wire_names_find(const wire_names *names, const char *text, size_t len)
{
    for (unsigned i = 1; i < names->count; i++)
        if (names->len[i] == len && names->text[i][0] == text[0] &&
            memcmp(names->text[i], text, len) == 0)
            return i;
    return 0;
}

void wire_names_list(const wire_names *names, char *out, size_t size)
{
    size_t used = 0;

    for (unsigned i = 1; i < names->count && used < size; i++) {
        const char *before = i == 1 ? "" : i + 1 == names->count ? " or " : ", ";
        used += (size_t)snprintf(out + used, size - used, "%s%s", before, names->text[i]);
    }
}

static const char *name_of(const wire_names *names, unsigned number)
{
    return number < names->count ? names->text[number] : NULL;
}

const char *thaw_kind_name(thaw_kind kind)
{
    return name_of(&wire_kind_names, kind);
}

const char *thaw_status_name(thaw_status status)
{
    return name_of(&wire_status_names, status);
}

const char *thaw_count_is_name(thaw_count_is count_is)
{
    return name_of(&wire_count_is_names, count_is);
}

const char *thaw_covers_name(thaw_covers covers)
{
    return name_of(&wire_covers_names, covers);
}

const char *thaw_of_name(thaw_of of)
{
    return name_of(&wire_of_names, of);
}

const char *thaw_feed_state_name(thaw_feed_state state)
{
    return name_of(&wire_feed_state_names, state);
}

const char *thaw_form_name(thaw_form form)
{
    return name_of(&wire_form_names, form);
}

const char *thaw_action_name(thaw_action action)
{
    return name_of(&wire_action_names, action);
}

const char *thaw_stage_name(thaw_stage stage)
{
    return name_of(&wire_stage_names, stage);
}
