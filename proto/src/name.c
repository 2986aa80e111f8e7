/* name.c - the words of the enumerations; see name.h. */
#include "name.h"

#include <stdio.h>

#include "thaw.h"

/* Each list of words is written once and unfolded into texts, lengths, numbers and the lexicon. */
#define TEXT(list, word) #word,
#define LENGTH(list, word) sizeof(#word) - 1,
#define NUMBER(list, word) NUMBER_##list##_##word,
#define WORD(list, word)                                                                           \
    LEXICON_WORD(#word, WIRE_WORDS_FACTOR, LIST_##list, NUMBER_##list##_##word),
#define NAMES(list, WORDS)                                                                         \
    enum { NUMBER_##list, WORDS(NUMBER) };                                                         \
    static const char *const list##_text[] = {NULL, WORDS(TEXT)};                                  \
    static const uint8_t list##_len[] = {0, WORDS(LENGTH)};                                        \
    const wire_names wire_##list##_names = {list##_text, list##_len, sizeof(list##_len),           \
                                            LIST_##list};

#define KINDS(X)                                                                                   \
    X(kind, release)                                                                               \
    X(kind, detention) X(kind, sanction) X(kind, talks) X(kind, tally) X(kind, feed)               \
        X(kind, retraction)
#define STATUSES(X) X(status, rumoured) X(status, announced) X(status, confirmed)
#define COUNT_IS(X) X(count_is, exact) X(count_is, at_least) X(count_is, about)
#define COVERS(X) X(covers, event) X(covers, part) X(covers, wider)
#define OF(X) X(of, detained) X(of, released)
#define FEED_STATES(X) X(feed_state, ok) X(feed_state, broken)
#define FORMS(X)                                                                                   \
    X(form, pardon)                                                                                \
    X(form, amnesty) X(form, sentence_served) X(form, parole) X(form, exchange)                    \
        X(form, deportation) X(form, acquittal) X(form, other)
#define ACTIONS(X)                                                                                 \
    X(action, proposed)                                                                            \
    X(action, imposed) X(action, extended) X(action, amended) X(action, reimposed)                 \
        X(action, eased) X(action, licensed) X(action, suspended) X(action, lifted)                \
            X(action, delisted) X(action, maintained)
#define STAGES(X)                                                                                  \
    X(stage, reported)                                                                             \
    X(stage, demanded) X(stage, offered) X(stage, promised) X(stage, agreed) X(stage, denied)      \
        X(stage, collapsed)

enum {
    LIST_kind,
    LIST_status,
    LIST_count_is,
    LIST_covers,
    LIST_of,
    LIST_feed_state,
    LIST_form,
    LIST_action,
    LIST_stage
};
NAMES(kind, KINDS)
NAMES(status, STATUSES)
NAMES(count_is, COUNT_IS)
NAMES(covers, COVERS)
NAMES(of, OF)
NAMES(feed_state, FEED_STATES)
NAMES(form, FORMS)
NAMES(action, ACTIONS)
NAMES(stage, STAGES)

/* No word stands in two lists. */
const lexicon_word wire_words[LEXICON_SLOTS] = {KINDS(WORD) STATUSES(WORD) COUNT_IS(WORD) COVERS(
    WORD) OF(WORD) FEED_STATES(WORD) FORMS(WORD) ACTIONS(WORD) STAGES(WORD)};

unsigned wire_names_find(const wire_names *names, const char *text, size_t len)
{
    const lexicon_word *word = lexicon_find(wire_words, WIRE_WORDS_FACTOR, text, len);
    return word && word->list == names->list ? word->number : 0;
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
