/* fields.c - the fields of facts by name: which kind has which, and of what type. */
#include <errno.h>
#include <string.h>

#include "facts/facts.h"

typedef struct field_row {
    uint32_t kinds; /* bits by fact_kind */
    const char *name;
    fact_field field;
    fact_type type;
} field_row;

#define BIT(kind) (1u << (kind))
#define INCIDENTS (BIT(FACT_RELEASE) | BIT(FACT_DETENTION) | BIT(FACT_SANCTION) | BIT(FACT_TALKS))
#define COUNTED (BIT(FACT_RELEASE) | BIT(FACT_DETENTION))
#define DERIVED (INCIDENTS | BIT(FACT_MEASURE) | BIT(FACT_PERSON) | BIT(FACT_TALLY) | BIT(FACT_FEED))
#define SANCTION BIT(FACT_SANCTION)
#define MEASURE BIT(FACT_MEASURE)
#define TALKS BIT(FACT_TALKS)
#define PERSON BIT(FACT_PERSON)
#define TALLY BIT(FACT_TALLY)
#define FEED BIT(FACT_FEED)
#define REPORT BIT(FACT_REPORT)

static const field_row rows[] = {
    {DERIVED | REPORT, "id", FIELD_ID, FACT_STRING},
    {DERIVED | REPORT, "country", FIELD_COUNTRY, FACT_STRING},
    {DERIVED | REPORT, "first_reported_at", FIELD_FIRST_REPORTED_AT, FACT_TIME},
    {DERIVED | REPORT, "last_reported_at", FIELD_LAST_REPORTED_AT, FACT_TIME},
    {DERIVED | REPORT, "status", FIELD_STATUS, FACT_STRING},
    {DERIVED | REPORT, "sources", FIELD_SOURCES, FACT_STRINGS},
    {DERIVED | REPORT, "voices", FIELD_VOICES, FACT_STRINGS},
    {DERIVED | REPORT, "reports", FIELD_REPORTS, FACT_STRINGS},
    {DERIVED | REPORT, "late", FIELD_LATE, FACT_BOOL},
    {INCIDENTS | REPORT, "occurred_at", FIELD_OCCURRED_AT, FACT_TIME},
    {COUNTED | SANCTION | TALLY | REPORT, "count", FIELD_COUNT, FACT_INT},
    {COUNTED | SANCTION, "low", FIELD_LOW, FACT_INT},
    {COUNTED | SANCTION, "high", FIELD_HIGH, FACT_INT},
    {COUNTED | SANCTION, "spread", FIELD_SPREAD, FACT_INT},
    {COUNTED | SANCTION, "disagrees", FIELD_DISAGREES, FACT_BOOL},
    {INCIDENTS, "days_disagree", FIELD_DAYS_DISAGREE, FACT_BOOL},
    {COUNTED, "forms", FIELD_FORMS, FACT_STRINGS},
    {COUNTED, "destinations", FIELD_DESTINATIONS, FACT_STRINGS},
    {COUNTED | TALKS | REPORT, "persons", FIELD_PERSONS, FACT_STRINGS},
    {COUNTED, "largest", FIELD_LARGEST, FACT_BOOL},
    {SANCTION | MEASURE | REPORT, "authority", FIELD_AUTHORITY, FACT_STRING},
    {SANCTION, "effect", FIELD_EFFECT, FACT_STRING},
    {SANCTION | REPORT, "action", FIELD_ACTION, FACT_STRING},
    {SANCTION, "announced", FIELD_ANNOUNCED, FACT_BOOL},
    {SANCTION, "acted_at", FIELD_ACTED_AT, FACT_TIME},
    {SANCTION, "programs", FIELD_PROGRAMS, FACT_STRINGS},
    {SANCTION, "sectors", FIELD_SECTORS, FACT_STRINGS},
    {SANCTION | TALKS | REPORT, "parties", FIELD_PARTIES, FACT_STRINGS},
    {SANCTION | MEASURE | REPORT, "expires_at", FIELD_EXPIRES_AT, FACT_TIME},
    {MEASURE, "party", FIELD_PARTY, FACT_STRING},
    {MEASURE | REPORT, "sector", FIELD_SECTOR, FACT_STRING},
    {MEASURE | REPORT, "program", FIELD_PROGRAM, FACT_STRING},
    {MEASURE | TALLY | REPORT, "state", FIELD_STATE, FACT_STRING},
    {MEASURE | PERSON | TALLY | REPORT, "since", FIELD_SINCE, FACT_TIME},
    {TALKS | REPORT, "stage", FIELD_STAGE, FACT_STRING},
    {TALKS | REPORT, "expected_count", FIELD_EXPECTED_COUNT, FACT_INT},
    {TALKS | REPORT, "expected_by", FIELD_EXPECTED_BY, FACT_TIME},
    {PERSON, "person", FIELD_PERSON, FACT_STRING},
    {PERSON | MEASURE, "ids", FIELD_IDS, FACT_STRINGS},
    {PERSON, "releases", FIELD_RELEASES, FACT_INT},
    {PERSON, "detentions", FIELD_DETENTIONS, FACT_INT},
    {PERSON, "contradiction", FIELD_CONTRADICTION, FACT_BOOL},
    {TALLY | FEED | REPORT, "source", FIELD_SOURCE, FACT_STRING},
    {TALLY | REPORT, "of", FIELD_OF, FACT_STRING},
    {FEED, "last_at", FIELD_LAST_AT, FACT_TIME},
    {FEED, "silent_for", FIELD_SILENT_FOR, FACT_DURATION},
    {FEED, "holes", FIELD_HOLES, FACT_INT},
    {FEED, "broken", FIELD_BROKEN, FACT_BOOL},
    {TALLY | REPORT, "form", FIELD_FORM, FACT_STRING},
    {TALLY | REPORT, "category", FIELD_CATEGORY, FACT_STRING},
    {REPORT, "kind", FIELD_KIND, FACT_STRING},
    {REPORT, "attributed_to", FIELD_ATTRIBUTED_TO, FACT_STRING},
    {REPORT, "reported_at", FIELD_REPORTED_AT, FACT_TIME},
    {REPORT, "incident", FIELD_INCIDENT, FACT_STRING},
    {REPORT, "title", FIELD_TITLE, FACT_STRING},
    {REPORT, "note", FIELD_NOTE, FACT_STRING},
    {REPORT, "url", FIELD_URL, FACT_STRING},
    {REPORT, "producer", FIELD_PRODUCER, FACT_STRING},
    {REPORT, "producer_seq", FIELD_PRODUCER_SEQ, FACT_INT},
    {REPORT, "count_is", FIELD_COUNT_IS, FACT_STRING},
    {REPORT, "covers", FIELD_COVERS, FACT_STRING},
    {REPORT, "part", FIELD_PART, FACT_STRING},
    {REPORT, "destination", FIELD_DESTINATION, FACT_STRING},
    {REPORT, "targets", FIELD_TARGETS, FACT_STRINGS},
    {REPORT, "revises", FIELD_REVISES, FACT_STRING},
};

const char *fact_kind_name(fact_kind kind)
{
    static const char *const names[FACT_KIND_COUNT] = {
        [FACT_RELEASE] = "release", [FACT_DETENTION] = "detention", [FACT_SANCTION] = "sanction",
        [FACT_TALKS] = "talks",     [FACT_TALLY] = "tally",         [FACT_FEED] = "feed",
        [FACT_MEASURE] = "measure", [FACT_PERSON] = "person",       [FACT_REPORT] = "report"};
    return (unsigned)kind < FACT_KIND_COUNT ? names[kind] : NULL;
}

int fact_kind_parse(const char *name, size_t len, fact_kind *ret_kind)
{
    for (int k = 1; k < FACT_KIND_COUNT; k++) {
        const char *n = fact_kind_name((fact_kind)k);
        if (n && strlen(n) == len && memcmp(n, name, len) == 0) {
            *ret_kind = (fact_kind)k;
            return 0;
        }
    }
    return -ENOENT;
}

int fact_field_find(fact_kind kind, const char *name, size_t len, fact_field *ret_field, fact_type *ret_type)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if ((rows[i].kinds & BIT(kind)) && strlen(rows[i].name) == len && memcmp(rows[i].name, name, len) == 0) {
            *ret_field = rows[i].field;
            *ret_type = rows[i].type;
            return 0;
        }
    return -ENOENT;
}

bool fact_field_at(fact_kind kind, size_t index, const char **ret_name, fact_field *ret_field, fact_type *ret_type)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if ((rows[i].kinds & BIT(kind)) && index-- == 0) {
            *ret_name = rows[i].name;
            *ret_field = rows[i].field;
            *ret_type = rows[i].type;
            return true;
        }
    return false;
}

fact_field fact_field_default_at(fact_kind kind)
{
    switch (kind) {
    case FACT_MEASURE:
    case FACT_PERSON:
        return FIELD_SINCE;
    case FACT_TALLY:
        return FIELD_LAST_REPORTED_AT;
    case FACT_FEED:
        return FIELD_LAST_AT;
    default:
        return FIELD_OCCURRED_AT;
    }
}
