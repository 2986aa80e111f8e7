/* symbols.c - see symbols.h. */
#include "facts/memory/symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "facts/memory/array.h"
#include "facts/memory/image_tables.h"
#include "lower_bound.h"

/* The tag spares a look at another string. */
typedef struct symbol_slot {
    uint32_t symbol, tag; /* symbol 0: empty; tag: half of the hash */
} symbol_slot;

struct symbols {
    thaw_str *strings; /* by number; [0] is the absent string; each owns its bytes */
    uint32_t count, capacity;
    uint64_t *ranks; /* by number: in the order of the strings; 0: not ranked */
    uint32_t ranks_capacity;
    uint32_t *ranked; /* those that are, in order */
    uint32_t ranked_count, ranked_capacity;
    symbol_slot *slots; /* open addressing; size a power of two */
    uint32_t slots_count;
    uint64_t held;
    uint64_t texts_bytes;
};

#define COPY_BYTES 17u /* of a string beside its own: NUL, and what malloc keeps and leaves unused */

int symbols_new(symbols **ret_symbols)
{
    symbols *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    s->slots_count = 256;
    s->slots = calloc(s->slots_count, sizeof *s->slots);
    if (!s->slots || array_reserve((void **)&s->strings, &s->capacity, 64, sizeof *s->strings, &s->held) < 0) {
        symbols_free(s);
        return -ENOMEM;
    }
    s->strings[0] = (thaw_str){0};
    s->count = 1;
    *ret_symbols = s;
    return 0;
}

symbols *symbols_free(symbols *s)
{
    if (!s)
        return NULL;
    for (uint32_t i = 1; i < s->count; i++)
        free((void *)s->strings[i].data);
    free(s->strings);
    free(s->ranks);
    free(s->ranked);
    free(s->slots);
    free(s);
    return NULL;
}

uint64_t symbols_hash(thaw_str string)
{
    return XXH3_64bits(string.data, string.len);
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

/* The slot of a string: where it stands, or where it would. */
static symbol_slot *symbols_slot(const symbols *s, thaw_str string, uint64_t hash)
{
    uint32_t mask = s->slots_count - 1;
    uint32_t i = (uint32_t)hash & mask;
    while (s->slots[i].symbol &&
           (s->slots[i].tag != tag_of(hash) || !str_equal(s->strings[s->slots[i].symbol], string)))
        i = (i + 1) & mask;
    return &s->slots[i];
}

static int symbols_grow(symbols *s)
{
    symbol_slot *old = s->slots;
    uint32_t old_count = s->slots_count;
    symbol_slot *slots = calloc((size_t)old_count * 2, sizeof *slots);
    if (!slots)
        return -ENOMEM;
    s->slots = slots;
    s->slots_count = old_count * 2;
    for (uint32_t i = 0; i < old_count; i++)
        if (old[i].symbol) {
            thaw_str string = s->strings[old[i].symbol];
            *symbols_slot(s, string, symbols_hash(string)) = old[i];
        }
    free(old);
    return 0;
}

uint32_t symbols_find(const symbols *s, thaw_str string)
{
    return string.data ? symbols_slot(s, string, symbols_hash(string))->symbol : 0;
}

int symbols_put(symbols *s, thaw_str string, uint32_t *ret_symbol)
{
    if (!string.data) {
        *ret_symbol = 0;
        return 0;
    }
    uint64_t hash = symbols_hash(string);
    symbol_slot *slot = symbols_slot(s, string, hash);
    if (slot->symbol) {
        *ret_symbol = slot->symbol;
        return 0;
    }
    if (array_reserve((void **)&s->strings, &s->capacity, (size_t)s->count + 1, sizeof *s->strings, &s->held) < 0)
        return -ENOMEM;
    char *copy = malloc(string.len + 1);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, string.data, string.len);
    copy[string.len] = '\0';
    s->texts_bytes += string.len + COPY_BYTES;
    s->strings[s->count] = (thaw_str){copy, string.len};
    *slot = (symbol_slot){s->count, tag_of(hash)};
    *ret_symbol = s->count++;
    return s->count * 2 > s->slots_count ? symbols_grow(s) : 0;
}

thaw_str symbols_get(const symbols *s, uint32_t symbol)
{
    return s->strings[symbol];
}

uint64_t symbols_bytes(const symbols *s)
{
    return s->texts_bytes + (uint64_t)s->slots_count * (sizeof *s->slots + sizeof *s->strings / 2);
}

/* ---- order -------------------------------------------------------------------------- */

#define RANKED_MAX 65536u /* each newcomer moves those behind it */

static uint64_t rank_of(const symbols *s, uint32_t symbol)
{
    return symbol < s->ranks_capacity ? s->ranks[symbol] : 0;
}

int symbols_compare(const symbols *s, uint32_t a, uint32_t b)
{
    uint64_t rank_a = rank_of(s, a), rank_b = rank_of(s, b);
    if (a == b)
        return 0;
    if (rank_a && rank_b)
        return rank_a < rank_b ? -1 : 1;
    return str_compare(s->strings[a], s->strings[b]);
}

static uint32_t ranked_place(const symbols *s, thaw_str string)
{
    uint32_t low = 0, high = s->ranked_count;
    LOWER_BOUND(low, high, str_compare(s->strings[s->ranked[middle]], string) < 0);
    return low;
}

/* New ranks for all, as far from one another as can be. */
static void ranks_spread(symbols *s)
{
    uint64_t step = UINT64_MAX / (s->ranked_count + 1u);
    for (uint32_t i = 0; i < s->ranked_count; i++)
        s->ranks[s->ranked[i]] = step * (i + 1u);
}

static int ranks_reserve(symbols *s, uint32_t symbol)
{
    uint32_t before = s->ranks_capacity;
    if (array_reserve((void **)&s->ranks, &s->ranks_capacity, (size_t)symbol + 1, sizeof *s->ranks, &s->held) < 0 ||
        array_reserve((void **)&s->ranked, &s->ranked_capacity, (size_t)s->ranked_count + 1, sizeof *s->ranked,
                      &s->held) < 0)
        return -ENOMEM;
    memset(s->ranks + before, 0, (s->ranks_capacity - before) * sizeof *s->ranks);
    return 0;
}

/* Between those before and behind it there mostly is a number left. */
int symbols_rank(symbols *s, uint32_t symbol)
{
    if (rank_of(s, symbol) || !symbol || s->ranked_count >= RANKED_MAX)
        return 0;
    if (ranks_reserve(s, symbol) < 0)
        return -ENOMEM;
    uint32_t at = ranked_place(s, s->strings[symbol]);
    uint64_t before = at ? s->ranks[s->ranked[at - 1]] : 0;
    uint64_t behind = at < s->ranked_count ? s->ranks[s->ranked[at]] : UINT64_MAX;
    memmove(s->ranked + at + 1, s->ranked + at, (s->ranked_count - at) * sizeof *s->ranked);
    s->ranked[at] = symbol;
    s->ranked_count++;
    if (behind - before < 2)
        ranks_spread(s);
    else
        s->ranks[symbol] = before + (behind - before) / 2;
    return 0;
}

/* ---- ahead -------------------------------------------------------------------------- */

void symbols_fetch_slot(const symbols *s, uint64_t hash)
{
    __builtin_prefetch(&s->slots[(uint32_t)hash & (s->slots_count - 1)]);
}

uint32_t symbols_guess(const symbols *s, uint64_t hash)
{
    uint32_t mask = s->slots_count - 1, i = (uint32_t)hash & mask;
    while (s->slots[i].symbol && s->slots[i].tag != tag_of(hash))
        i = (i + 1) & mask;
    return s->slots[i].symbol;
}

void symbols_fetch_entry(const symbols *s, uint32_t symbol)
{
    __builtin_prefetch(&s->strings[symbol]);
}

void symbols_fetch_text(const symbols *s, uint32_t symbol)
{
    __builtin_prefetch(s->strings[symbol].data);
}

/* ---- as bytes ----------------------------------------------------------------------- */

/* Lengths, then the strings one behind the other, each with its NUL. */
void symbols_put_image(const symbols *s, saved_out *out)
{
    saved_put_number(out, s->count);
    for (uint32_t i = 1; i < s->count; i++)
        saved_put(out, &s->strings[i].len, sizeof s->strings[i].len);
    for (uint32_t i = 1; i < s->count; i++)
        saved_put(out, s->strings[i].data, (size_t)s->strings[i].len + 1);
    saved_put_until(out, 8);
    saved_put_number(out, s->slots_count);
    image_put(out, s->slots, s->slots_count * sizeof *s->slots);
}

static bool strings_get(symbols *s, uint32_t count, saved_in *in)
{
    const uint8_t *lengths = saved_get(in, (count - 1) * sizeof(uint32_t));
    if (array_reserve((void **)&s->strings, &s->capacity, count, sizeof *s->strings, &s->held) < 0)
        return false;
    for (; s->count < count && lengths; s->count++) {
        uint32_t len;
        memcpy(&len, lengths + (s->count - 1) * sizeof len, sizeof len);
        const uint8_t *text = saved_get(in, (uint64_t)len + 1);
        char *copy = text ? malloc((size_t)len + 1) : NULL;
        if (!copy)
            return false;
        memcpy(copy, text, (size_t)len + 1);
        s->texts_bytes += len + COPY_BYTES;
        s->strings[s->count] = (thaw_str){copy, len};
    }
    return lengths != NULL;
}

void symbols_get_image(symbols *s, saved_in *in)
{
    uint64_t count = saved_get_number(in);
    if (count < 1 || count > UINT32_MAX || !strings_get(s, (uint32_t)count, in))
        in->failed = true;
    saved_get_until(in, 8);
    uint64_t slots = saved_get_number(in);
    if (slots <= count || slots > UINT32_MAX || (slots & (slots - 1)))
        in->failed = true;
    symbol_slot *made = in->failed ? NULL : image_get_new(in, slots * sizeof *made, slots * sizeof *made);
    if (!made) {
        in->failed = true;
        return;
    }
    free(s->slots);
    s->slots = made;
    s->slots_count = (uint32_t)slots;
}
