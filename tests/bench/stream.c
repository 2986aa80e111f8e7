/* stream.c - see stream.h. */
#include "stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400
#define STEP_S (3 * DAY_S)     /* between two happenings of a country */
#define SANCTION_S (7 * DAY_S) /* steps closer than this are one (FACTS.md) */
#define AUTHORITIES 4u
#define REVISED_EVERY 100u

enum { KIND_RELEASE, KIND_DETENTION, KIND_SANCTION, KIND_TALKS };

typedef struct happening {
    uint64_t number, random;
    int kind;
    int64_t at_s;
    uint32_t country, count;
    bool mass, retracted, revised;
} happening;

static uint64_t mix(uint64_t x)
{
    x = (x + 1) * UINT64_C(0x9e3779b97f4a7c15);
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

stream stream_until(uint32_t countries, uint64_t reports, int64_t end_s)
{
    uint64_t rounds = reports / STREAM_SOURCES / countries + 2;

    return (stream){countries, end_s - (int64_t)rounds * STEP_S, 2};
}

static happening happening_of(const stream *s, uint64_t number)
{
    happening h = {.number = number, .random = mix(number)};
    uint32_t share = (uint32_t)(h.random % 100);

    h.kind = share < 65   ? KIND_RELEASE
             : share < 80 ? KIND_DETENTION
             : share < 95 ? KIND_SANCTION
                          : KIND_TALKS;
    h.country = (uint32_t)(number % s->countries);
    h.at_s = s->start_s + (int64_t)(number / s->countries) * STEP_S;
    h.mass = h.kind == KIND_RELEASE && (h.random >> 8) % 64 == 0;
    h.count = h.mass ? 100 + (uint32_t)(h.random >> 16) % 400 : 1 + (uint32_t)(h.random >> 16) % 60;
    h.retracted = number % 1000 < s->corrections;
    h.revised = s->corrections > 0 && !h.retracted && number % REVISED_EVERY == 50;
    return h;
}

static void report_place(uint64_t i, uint64_t *ret_happening, uint32_t *ret_source)
{
    uint64_t block = i / (STREAM_BLOCK * STREAM_SOURCES),
             within = i % (STREAM_BLOCK * STREAM_SOURCES);

    *ret_happening = block * STREAM_BLOCK + within % STREAM_BLOCK;
    *ret_source = (uint32_t)(within / STREAM_BLOCK);
}

/* ---- packing ------------------------------------------------------------------------ */

typedef struct packing {
    uint8_t *at;
    uint32_t pairs;
} packing;

static void put_text(packing *p, const char *text)
{
    size_t len = strlen(text);

    if (len > 31)
        *p->at++ = 0xd9;
    *p->at++ = (uint8_t)(len > 31 ? len : 0xa0 | len);
    memcpy(p->at, text, len);
    p->at += len;
}

static void pair_text(packing *p, const char *key, const char *text)
{
    put_text(p, key);
    put_text(p, text);
    p->pairs++;
}

static void pair_count(packing *p, const char *key, uint32_t count)
{
    put_text(p, key);
    if (count > 127)
        *p->at++ = count > 255 ? 0xcd : 0xcc;
    if (count > 255)
        *p->at++ = (uint8_t)(count >> 8);
    *p->at++ = (uint8_t)count;
    p->pairs++;
}

/* As a timestamp of 64 bits, since a stream may begin before 1970 only as Unix seconds. */
static void pair_time(packing *p, const char *key, int64_t at_s)
{
    put_text(p, key);
    if (at_s >= 0) {
        *p->at++ = 0xd6; /* timestamp of 32 bits */
        *p->at++ = 0xff;
    } else {
        *p->at++ = 0xd3;
        for (int shift = 56; shift > 24; shift -= 8)
            *p->at++ = (uint8_t)((uint64_t)at_s >> shift);
    }
    for (int shift = 24; shift >= 0; shift -= 8)
        *p->at++ = (uint8_t)((uint64_t)at_s >> shift);
    p->pairs++;
}

static void id_text(char text[24], uint64_t happening, uint32_t source)
{
    snprintf(text, 24, "w%08" PRIx64 "-%u", happening, source);
}

static void put_party(packing *p, const happening *h)
{
    char name[32];

    put_text(p, "targets");
    *p->at++ = 0x91;
    *p->at++ = 0x82;
    snprintf(name, sizeof(name), "Works %" PRIu64, h->number);
    put_text(p, "name");
    put_text(p, name);
    put_text(p, "ids");
    *p->at++ = 0x91;
    snprintf(name, sizeof(name), "reg:%" PRIu64, h->number);
    put_text(p, name);
    p->pairs++;
}

static uint32_t authority_of(const happening *h)
{
    return (uint32_t)(h->random >> 32) % AUTHORITIES;
}

static bool tightens(const happening *h)
{
    return (h->random >> 40) % 2 == 0;
}

static void put_kind(packing *p, const happening *h, uint32_t source)
{
    static const char *const authorities[AUTHORITIES] = {"US", "EU", "UK", "CA"};
    static const char *const stages[] = {"reported", "demanded", "offered", "promised", "agreed"};
    static const char *const forms[] = {"pardon", "amnesty", "exchange", "parole"};
    /* Every fifth happening is disputed: its third source knows of fewer. */
    uint32_t count = h->number % 5 == 0 && source == 2 && !h->mass ? (h->count + 1) / 2 : h->count;

    switch (h->kind) {
    case KIND_RELEASE:
        pair_count(p, "count", count);
        pair_text(p, "form", forms[(h->random >> 32) % 4]);
        break;
    case KIND_DETENTION:
        pair_count(p, "count", count);
        break;
    case KIND_SANCTION:
        pair_text(p, "authority", authorities[authority_of(h)]);
        pair_text(p, "action", tightens(h) ? "imposed" : "licensed");
        put_party(p, h);
        break;
    default:
        pair_text(p, "stage", stages[(h->random >> 32) % 5]);
        break;
    }
}

/* A url that makes the report as long as the others. */
static void put_filling(packing *p, const uint8_t *start, const happening *h)
{
    char url[STREAM_BYTES];
    size_t used = (size_t)(p->at - start) + 1 + 4 + 2; /* with the key and the head of the text */
    size_t len = used + 24 < STREAM_BYTES ? STREAM_BYTES - used : 24;

    memset(url, '0', len);
    memcpy(url, "https://wire.example/", 21);
    for (size_t at = len, left = h->number; left && at > 21; left /= 10)
        url[--at] = (char)('0' + left % 10);
    url[len] = '\0';
    pair_text(p, "url", url);
}

size_t stream_report(const stream *s, uint64_t i, uint8_t bytes[STREAM_BYTES_MAX],
                     char topic[STREAM_TOPIC_MAX])
{
    static const char *const kinds[] = {"release", "detention", "sanction", "talks"};
    uint64_t number;
    uint32_t source;
    char text[24];

    report_place(i, &number, &source);
    happening h = happening_of(s, number);
    bool retracts = source == STREAM_SOURCES - 1 && h.retracted;
    bool revises = source == STREAM_SOURCES - 1 && h.revised;
    const char *kind = retracts ? "retraction" : kinds[h.kind];
    char country[3] = {(char)('A' + h.country / 26), (char)('A' + h.country % 26), '\0'};
    packing p = {bytes + 1, 0};

    id_text(text, number, source);
    pair_text(&p, "id", text);
    pair_text(&p, "kind", kind);
    pair_text(&p, "country", country);
    snprintf(text, sizeof(text), "wire-%" PRIu64,
             (number + (retracts || revises ? 0 : source)) % 40);
    pair_text(&p, "source", text);
    pair_time(&p, "reported_at", h.at_s + 3600 + source * 7200);
    id_text(text, number, 0);
    if (retracts) {
        pair_text(&p, "retracts", text);
    } else {
        pair_time(&p, "occurred_at", h.at_s + source * 600);
        pair_text(&p, "status", source % 2 ? "confirmed" : "announced");
        if (revises)
            pair_text(&p, "revises", text);
        put_kind(&p, &h, source);
    }
    put_filling(&p, bytes, &h);
    bytes[0] = (uint8_t)(0x80 | p.pairs);
    snprintf(topic, STREAM_TOPIC_MAX, "%s.%s", kind, country);
    return (size_t)(p.at - bytes);
}

/* ---- what must come of it ----------------------------------------------------------- */

stream_sum stream_expect(const stream *s, uint64_t reports)
{
    int64_t(*opened)[AUTHORITIES][2] = malloc(s->countries * sizeof(*opened));
    uint8_t bytes[STREAM_BYTES_MAX];
    char topic[STREAM_TOPIC_MAX];
    stream_sum sum = {0, 0, 0};

    if (opened == NULL)
        abort();
    for (uint32_t i = 0; i < s->countries * AUTHORITIES * 2; i++)
        (&opened[0][0][0])[i] = INT64_MIN / 2;
    for (uint64_t i = 0; i < reports; i++) {
        uint64_t number;
        uint32_t source;
        sum.bytes += stream_report(s, i, bytes, topic);
        report_place(i, &number, &source);
        if (source != 0)
            continue;
        happening h = happening_of(s, number);
        int64_t *last = &opened[h.country][authority_of(&h)][tightens(&h)];
        sum.mass += h.mass;
        if (h.kind == KIND_SANCTION && h.at_s - *last < SANCTION_S)
            continue; /* one more party of a step that is there */
        sum.happenings++;
        if (h.kind == KIND_SANCTION)
            *last = h.at_s;
    }
    free(opened);
    return sum;
}

uint64_t stream_number(const char *id, size_t len)
{
    uint64_t number = 0;
    size_t i = 1;

    if (len < 11 || id[0] != 'w' || id[len - 2] != '-' || id[len - 1] < '0' || id[len - 1] > '4')
        return UINT64_MAX;
    for (; i < len - 2; i++) {
        char c = id[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return UINT64_MAX;
        number = number << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return number / STREAM_BLOCK * STREAM_BLOCK * STREAM_SOURCES + number % STREAM_BLOCK +
           (uint64_t)(id[len - 1] - '0') * STREAM_BLOCK;
}
