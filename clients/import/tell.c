/*
 * tell.c - steps as events of the protocol.
 */
#include "tell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "forms/pack.h"

enum { TEXT_BYTES = 1500, ID_BYTES = 128, NAME_BYTES = 1024 };

void teller_open(teller *t)
{
    msgpack_sbuffer_init(&t->events);
    t->count = 0;
}

void teller_done(teller *t)
{
    msgpack_sbuffer_destroy(&t->events);
    msgpack_sbuffer_init(&t->events);
}

/* ---- one event: pairs of key and text, then the targets, then the id made of it ------- */

typedef struct draft {
    msgpack_sbuffer body;
    msgpack_packer packer;
    uint32_t pairs;
} draft;

static void draft_open(draft *d)
{
    msgpack_sbuffer_init(&d->body);
    msgpack_packer_init(&d->packer, &d->body, msgpack_sbuffer_write);
    d->pairs = 0;
}

static void draft_text(draft *d, const char *key, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    char cut[TEXT_BYTES];
    size_t len = text_clean(value, strlen(value), cut, sizeof cut);
    if (!thaw_text_is_name(cut, len))
        return;
    pack_text(&d->packer, key);
    msgpack_pack_str(&d->packer, len);
    msgpack_pack_str_body(&d->packer, cut, len);
    d->pairs++;
}

/* A text that the protocol keeps short. */
static void draft_word(draft *d, const char *key, const char *value)
{
    char cut[ID_BYTES + 1];
    if (value == NULL)
        return;
    text_clean(value, strlen(value), cut, sizeof cut);
    draft_text(d, key, cut);
}

/* The checked event goes behind the others. How far ahead a date may lie is thawd's to say, event
 * by event: here it would end the reading of the whole file. */
static int event_check(teller *t, size_t from, problem *p)
{
    thaw_body body;
    thaw_event event;
    thaw_error error = {.code = THAW_OK};
    thaw_limits limits = thaw_limits_default;
    limits.future_ns = INT64_MAX;
    memset(&event, 0, sizeof event);
    const char *bytes = t->events.data + from;
    int result = thaw_body_open(&body, bytes, t->events.size - from, &limits, 0, &error);
    if (result == 0)
        result = thaw_body_next(&body, &event, &error);
    if (result == 1)
        return 0;
    problem_set(p, t->source, 0, "an event cannot be said: %s (%s)", error.message,
                thaw_code_name(error.code));
    t->events.size = from;
    return -EINVAL;
}

/* Writes the event with its id: PREFIX-HASH, the hash over all else, or over `identity`. */
static int draft_close(draft *d, teller *t, const char *prefix, const char *identity, problem *p)
{
    msgpack_packer packer;
    char hash[17];
    char id[ID_BYTES + 1];
    size_t from = t->events.size;
    if (identity != NULL)
        text_hash(identity, strlen(identity), hash);
    else
        text_hash(d->body.data, d->body.size, hash);
    snprintf(id, sizeof id, "%.100s-%s", prefix, hash);
    msgpack_packer_init(&packer, &t->events, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, d->pairs + 1);
    pack_text(&packer, "id");
    pack_text(&packer, id);
    int result = msgpack_sbuffer_write(&t->events, d->body.data, d->body.size) == 0 ? 0 : -ENOMEM;
    msgpack_sbuffer_destroy(&d->body);
    if (result == 0)
        result = event_check(t, from, p);
    t->count += result == 0;
    return result;
}

/* ---- the party ---------------------------------------------------------------------- */

/* Identifiers, each once and at most as many as the protocol takes. */
typedef struct id_list {
    const char *at[64];
    size_t len[64];
    uint32_t count;
} id_list;

static void ids_add(id_list *ids, const char *items)
{
    const char *item = NULL;
    size_t len = 0;
    while (text_next(&items, '\n', &item, &len)) {
        bool known = len > ID_BYTES || !thaw_text_is_id(item, len) || !record_id_is_certain(item);
        for (uint32_t i = 0; i < ids->count && !known; i++)
            known = ids->len[i] == len && memcmp(ids->at[i], item, len) == 0;
        if (known || ids->count == sizeof ids->at / sizeof ids->at[0])
            continue;
        ids->at[ids->count] = item;
        ids->len[ids->count++] = len;
    }
}

static void draft_target(draft *d, const step *s)
{
    const record *r = s->after != NULL ? s->after : s->before;
    char name[NAME_BYTES];
    id_list ids = {.count = 0};
    ids_add(&ids, r->at[RECORD_IDS]);
    if (s->before != NULL)
        ids_add(&ids, s->before->at[RECORD_IDS]);
    if (s->beside != NULL)
        ids_add(&ids, s->beside->at[RECORD_IDS]);
    size_t len = text_clean(r->at[RECORD_NAME], strlen(r->at[RECORD_NAME]), name, sizeof name);
    if (!thaw_text_is_name(name, len))
        len = 0;
    bool typed = r->at[RECORD_TYPE][0] != '\0';
    if (len == 0 && ids.count == 0)
        return;
    pack_text(&d->packer, "targets");
    msgpack_pack_array(&d->packer, 1);
    msgpack_pack_map(&d->packer, (len > 0) + (ids.count > 0) + typed);
    if (len > 0) {
        pack_text(&d->packer, "name");
        pack_text(&d->packer, name);
    }
    if (ids.count > 0) {
        pack_text(&d->packer, "ids");
        msgpack_pack_array(&d->packer, ids.count);
    }
    for (uint32_t i = 0; i < ids.count; i++) {
        msgpack_pack_str(&d->packer, ids.len[i]);
        msgpack_pack_str_body(&d->packer, ids.at[i], ids.len[i]);
    }
    if (typed) {
        pack_text(&d->packer, "type");
        pack_text(&d->packer, r->at[RECORD_TYPE]);
    }
    d->pairs++;
}

/* ---- what is said of a step --------------------------------------------------------- */

static const char *const actions[] = {[STEP_IMPOSED] = "imposed",
                                      [STEP_AMENDED] = "amended",
                                      [STEP_MAINTAINED] = "maintained",
                                      [STEP_DELISTED] = "delisted"};

/* The entry under which the party is listed after the step; NULL: it is not. */
static const record *standing_of(const step *s)
{
    return s->kind == STEP_DELISTED ? NULL : s->kind == STEP_MAINTAINED ? s->beside : s->after;
}

static const char *end_of(const step *s)
{
    const record *r = standing_of(s);
    return r != NULL ? r->at[RECORD_EXPIRES] : "";
}

/* The programs of one country. */
static void programs_in(const teller *t, const char *programs, const char *country, text *out)
{
    const char *item = NULL;
    size_t len = 0;
    while (t->country_of_program != NULL && text_next(&programs, ',', &item, &len)) {
        text_trim(&item, &len);
        const char *of = t->country_of_program(item, len);
        if (of != NULL && strcmp(of, country) == 0)
            text_join(out, ", ", item, len);
    }
}

/* The programs of one country; all of them where none is. */
static void programs_of(const teller *t, const char *programs, const char *country, text *out)
{
    programs_in(t, programs, country, out);
    if (out->len == 0)
        text_put(out, programs);
}

static bool has_programs_in(const teller *t, const record *r, const char *country)
{
    text programs = {0};
    programs_in(t, r->at[RECORD_PROGRAMS], country, &programs);
    bool has = programs.len > 0;
    text_done(&programs);
    return has;
}

/* Whether a record that stands comes to a country by this step: by a program of it, the first one. */
static bool is_listing_in(const teller *t, const step *s, const char *country)
{
    return s->before != NULL && s->after != NULL &&
           strstr(s->before->at[RECORD_COUNTRIES], country) == NULL &&
           has_programs_in(t, s->after, country) && !has_programs_in(t, s->before, country);
}

/* An end that the list takes away is an extension: what only amends or maintains a measure leaves
 * its end. A change that ties an entry to one that left says that the party is listed, which no
 * amendment of what was delisted does. */
static const char *action_of(const teller *t, const step *s, const char *country)
{
    if (s->kind == STEP_AMENDED && s->left != NULL)
        return "reimposed";
    if (is_listing_in(t, s, country))
        return actions[STEP_IMPOSED];
    bool endless = standing_of(s) != NULL && s->before != NULL &&
                   s->before->at[RECORD_EXPIRES][0] != '\0' && end_of(s)[0] == '\0';
    return endless ? "extended" : actions[s->kind];
}

static void change_say(text *note, const char *what, const char *before, const char *after)
{
    char line[TEXT_BYTES];
    if (strcmp(before, after) == 0)
        return;
    snprintf(line, sizeof line, "%s %.600s -> %.600s", what, before[0] != '\0' ? before : "(none)",
             after[0] != '\0' ? after : "(none)");
    text_join(note, "; ", line, strlen(line));
}

static void changes_say(const record *before, const record *after, text *note)
{
    static const struct {
        record_field field;
        const char *what;
    } said[] = {{RECORD_PROGRAMS, "program"}, {RECORD_NAME, "name"},
                {RECORD_TYPE, "type"},        {RECORD_SECTOR, "measure"},
                {RECORD_KEY, "number"},       {RECORD_LISTED, "listing date"},
                {RECORD_EXPIRES, "end"}};
    static const struct {
        record_field field;
        const char *what;
    } hinted[] = {{RECORD_DETAILS, "details"},
                  {RECORD_ALIASES, "other names"},
                  {RECORD_ADDRESSES, "addresses"}};
    static const char version[] = "version:";
    unsigned changes = record_changes(before, after);
    if ((changes & 1U << RECORD_DETAILS) != 0 &&
        strncmp(after->at[RECORD_DETAILS], version, sizeof version - 1) == 0) {
        change_say(note, "version", before->at[RECORD_DETAILS] + sizeof version - 1,
                   after->at[RECORD_DETAILS] + sizeof version - 1);
        changes &= ~(1U << RECORD_DETAILS);
    }
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        if ((changes & 1U << said[i].field) != 0)
            change_say(note, said[i].what, before->at[said[i].field], after->at[said[i].field]);
    for (size_t i = 0; i < sizeof hinted / sizeof hinted[0]; i++)
        if ((changes & 1U << hinted[i].field) != 0)
            text_join(note, "; ", hinted[i].what, strlen(hinted[i].what));
}

/* The day on which a party was listed, of a listing that says it. */
static const char *listed_of(const step *s)
{
    return s->kind == STEP_IMPOSED && s->after != NULL ? s->after->at[RECORD_LISTED] : "";
}

/* `date`: the day that the step is given. */
static void note_say(const step *s, const char *date, text *note)
{
    if (s->kind == STEP_AMENDED && s->before != NULL && s->after != NULL) {
        text changes = {0};
        changes_say(s->before, s->after, &changes);
        if (changes.len > 0)
            text_put(note, "changed: ");
        text_put(note, text_get(&changes));
        if (s->left != NULL) {
            text_join(note, "; ", "another entry of this party left on ",
                      strlen("another entry of this party left on "));
            text_put(note, s->left);
        }
        note->failed |= changes.failed;
        text_done(&changes);
    } else if (s->kind == STEP_MAINTAINED) {
        text_put(note, "this entry (");
        text_put(note, s->before->at[RECORD_GROUP][0] != '\0' ? s->before->at[RECORD_GROUP]
                                                              : s->before->at[RECORD_KEY]);
        text_put(note, ") leaves the list; the party stays on it as ");
        text_put(note, s->beside->at[RECORD_GROUP][0] != '\0' ? s->beside->at[RECORD_GROUP]
                                                              : s->beside->at[RECORD_KEY]);
    } else if (s->kind == STEP_IMPOSED && s->beside != NULL) {
        text_put(note, "moved: the entry ");
        text_put(note, s->beside->at[RECORD_KEY]);
        text_put(note, " of the same party leaves the list at the same time");
    }
    const char *listed = listed_of(s);
    if (listed[0] != '\0' && strcmp(listed, date) != 0) {
        text_join(note, "; ", "listed on ", strlen("listed on "));
        text_put(note, listed);
        text_put(note, ", as the list says");
    }
}

static void title_say(const teller *t, const step *s, const record *r, const char *country,
                      char *to, size_t room)
{
    static const char *const says[] = {[STEP_IMPOSED] = "listed",
                                       [STEP_AMENDED] = "entry changed",
                                       [STEP_MAINTAINED] = "one of several entries removed",
                                       [STEP_DELISTED] = "removed"};
    snprintf(to, room, "%s: %.600s: %s", t->title, r->at[RECORD_NAME],
             says[is_listing_in(t, s, country) ? STEP_IMPOSED : s->kind]);
}

/* Whether a date of the list can be that of the step. One that lies after the list itself cannot,
 * nor can the listing of a party that comes back lie before it left: its removal would seem to be
 * the last word on it. */
static bool date_fits(const teller *t, const step *s, const char *says)
{
    thaw_date said;
    thaw_date of_list;
    int64_t start = 0;
    int64_t end = 0;
    if (says[0] == '\0' || thaw_date_parse(says, strlen(says), &said) != 0)
        return false;
    if (thaw_date_parse(t->reported_at, strlen(t->reported_at), &of_list) == 0) {
        thaw_date_interval(&of_list, &start, &end);
        if (said.at_ns >= end)
            return false;
    }
    return s->left == NULL || date_day(says) >= date_day(s->left);
}

/* The day of the step: what the list says, else the day of the list. A move is of one day. */
static const char *step_date(const teller *t, const step *s)
{
    const char *date = s->beside == NULL ? listed_of(s) : "";
    if (s->kind == STEP_AMENDED && s->before != NULL && s->after != NULL &&
        strcmp(s->before->at[RECORD_UPDATED], s->after->at[RECORD_UPDATED]) != 0)
        date = s->after->at[RECORD_UPDATED];
    return date_fits(t, s, date) ? date : t->reported_at;
}

static void draft_voice(draft *d, const teller *t, const record *r)
{
    static const struct {
        const char *authority, *voice;
    } voices[] = {{"US", "us-ofac"}, {"EU", "eu-council"}, {"UN", "un-sc"},
                  {"UK", "uk-fcdo"}, {"CA", "canada"},     {"CH", "ch-seco"}};
    const char *voice = t->voice;
    for (size_t i = 0; voice == NULL && i < sizeof voices / sizeof voices[0]; i++)
        if (strcmp(voices[i].authority, r->at[RECORD_AUTHORITY]) == 0)
            voice = voices[i].voice;
    draft_word(d, "attributed_to", voice);
}

static int step_in_country(teller *t, const step *s, const char *country, problem *p)
{
    const record *r = s->after != NULL ? s->after : s->before;
    draft d;
    text note = {0};
    text programs = {0};
    char title[TEXT_BYTES];
    char prefix[ID_BYTES];
    char key[64];
    draft_open(&d);
    const char *date = step_date(t, s);
    title_say(t, s, r, country, title, sizeof title);
    note_say(s, date, &note);
    programs_of(t, r->at[RECORD_PROGRAMS], country, &programs);
    draft_word(&d, "kind", "sanction");
    draft_word(&d, "country", country);
    draft_word(&d, "source", t->source);
    draft_voice(&d, t, r);
    draft_word(&d, "occurred_at", date);
    draft_word(&d, "reported_at", t->reported_at);
    draft_word(&d, "status", "confirmed");
    draft_word(&d, "authority", r->at[RECORD_AUTHORITY]);
    draft_word(&d, "action", action_of(t, s, country));
    draft_word(&d, "program", text_get(&programs));
    draft_word(&d, "sector", r->at[RECORD_SECTOR]);
    draft_word(&d, "expires_at", end_of(s));
    draft_target(&d, s);
    draft_text(&d, "title", title);
    draft_text(&d, "note", text_get(&note));
    text_slug(r->at[RECORD_KEY], key, sizeof key);
    snprintf(prefix, sizeof prefix, "%s-%s-%s", action_of(t, s, country), country, key);
    bool failed = note.failed || programs.failed;
    text_done(&note);
    text_done(&programs);
    int result = draft_close(&d, t, prefix, NULL, p);
    return failed ? -ENOMEM : result;
}

int tell_step(teller *t, const step *s, problem *p)
{
    const record *r = s->after != NULL ? s->after : s->before;
    const char *countries = r->at[RECORD_COUNTRIES];
    const char *item = NULL;
    size_t len = 0;
    int result = 0;
    while (result == 0 && text_next(&countries, ' ', &item, &len)) {
        char country[3] = "";
        if (len == 2) {
            memcpy(country, item, 2);
            result = step_in_country(t, s, country, p);
        }
    }
    return result;
}

int tell_rumour(teller *t, const rumour *r, problem *p)
{
    draft d;
    char prefix[ID_BYTES];
    draft_open(&d);
    draft_word(&d, "kind", r->kind);
    draft_word(&d, "country", r->country);
    draft_word(&d, "source", r->source);
    draft_word(&d, "attributed_to", r->voice);
    draft_word(&d, "occurred_at", r->occurred_at);
    draft_word(&d, "reported_at", r->reported_at);
    draft_word(&d, "status", "rumoured");
    draft_word(&d, "authority", r->authority);
    draft_word(&d, "action", r->action);
    draft_word(&d, "stage", r->stage);
    draft_text(&d, "title", r->title);
    draft_text(&d, "url", r->url);
    draft_text(&d, "note", r->note);
    snprintf(prefix, sizeof prefix, "gdelt-%s-%s", r->kind, r->country);
    return draft_close(&d, t, prefix, r->identity, p);
}

int tell_feed(teller *t, bool ok, const char *title, const char *note, problem *p)
{
    draft d;
    draft_open(&d);
    draft_word(&d, "kind", "feed");
    draft_word(&d, "country", "ZZ");
    draft_word(&d, "source", t->source);
    draft_word(&d, "reported_at", t->fetched_at);
    draft_word(&d, "state", ok ? "ok" : "broken");
    draft_text(&d, "title", title);
    draft_text(&d, "note", note);
    return draft_close(&d, t, ok ? "feed-ok" : "feed-broken", NULL, p);
}
