/*
 * similar.c - see similar.h.
 *
 * Of two names with close skeletons the shorter one has all its words in the other, but for one with a letter put in,
 * left out or changed. So it is entered under the sum of hashes of its words, one of which is whole or without some
 * letter, and looked for under the same sums of each choice of words of the longer one; names that are printed alike
 * are found by the hashes that they are compared by. What is found under a key is compared then.
 *
 * Once there are enough pairs, all that come behind the last of them are left out on the way: of names that are all
 * alike there would be very many. And names can be made that have their keys in common and are not close (a key does
 * not tell T from K): the steps are counted, and what would take more than STEPS_MAX is left out.
 */
#include "facts/answers/similar.h"

#include <errno.h>
#include <stdlib.h>

#include "facts/memory/array.h"

#define STEPS_MAX (UINT64_C(1) << 27)   /* keys that are looked up, entries that are passed */
#define STEPS_OF_COMPARING 8            /* of two names */
#define ENTRIES_MAX (UINT32_C(1) << 22) /* the name that crosses the line is the last one */
#define ENTRY_BYTES (sizeof(entry) + 2 * sizeof(uint32_t)) /* with its slots */

/* One name under one key; those of a slot in order of their names. */
typedef struct entry {
    uint64_t key;
    uint32_t name, next; /* next: place + 1 */
} entry;

typedef struct similar {
    const named *names;
    uint32_t count, most;
    uint8_t sizes; /* bits: skeletons of so many words there are */
    entry *entries;
    uint32_t entries_count, entries_capacity, entries_most;
    uint32_t *slots, slots_count; /* a power of two; place + 1 */
    name_pair *pairs;
    uint32_t pairs_count, pairs_capacity;
    name_pair last;  /* all behind it are left out */
    uint32_t *found; /* for the name that is looked at */
    uint32_t found_count, found_capacity;
    uint64_t steps;
    bool cut; /* something was left out for what it would take */
    bool failed;
} similar;

typedef void (*key_fn)(similar *s, uint32_t name, uint64_t key);

static void *room_for(similar *s, void *data, uint32_t *capacity, uint32_t count, size_t size)
{
    uint64_t unused = 0;
    s->failed = s->failed || array_reserve(&data, capacity, (size_t)count + 1, size, &unused) < 0;
    return data;
}

/* ---- keys --------------------------------------------------------------------------- */

static uint64_t scatter(uint64_t x, uint64_t salt)
{
    x = (x ^ salt) * 0x9e3779b97f4a7c15;
    x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9;
    return x ^ x >> 32;
}

enum { SALT_PLAIN = 1, SALT_JOINED, SALT_WORD, SALT_VARIED };

/* Of some words of a skeleton, one of which may differ; each key once, where a word or a letter is there again. */
static void keys_of_words(similar *s, uint32_t name, uint32_t words, key_fn each)
{
    const skeleton *bones = &s->names[name].bones;
    uint64_t hashes[SKELETON_WORDS], sum = 0;
    for (uint32_t i = 0; i < bones->count; i++) {
        hashes[i] = word_hash(bones->words[i], SIZE_MAX);
        if (words >> i & 1)
            sum += scatter(hashes[i], SALT_WORD);
    }
    for (uint32_t i = 0; i < bones->count; i++) {
        const char *word = bones->words[i];
        bool again = !(words >> i & 1);
        for (uint32_t before = 0; before < i; before++)
            again = again || ((words >> before & 1) && hashes[before] == hashes[i]);
        if (again)
            continue;
        uint64_t others = sum - scatter(hashes[i], SALT_WORD);
        each(s, name, others + scatter(hashes[i], SALT_VARIED));
        for (size_t without = 0; word[without]; without++)
            if (!without || sound_of_key(word[without]) != sound_of_key(word[without - 1]))
                each(s, name, others + scatter(word_hash(word, without), SALT_VARIED));
    }
}

static void keys_as_printed(similar *s, uint32_t name, key_fn each)
{
    each(s, name, scatter(s->names[name].plain, SALT_PLAIN));
    each(s, name, scatter(s->names[name].joined, SALT_JOINED));
}

static void keys_as_shorter(similar *s, uint32_t name, key_fn each)
{
    if (skeleton_tells(&s->names[name].bones))
        keys_of_words(s, name, (1u << s->names[name].bones.count) - 1, each);
}

static void keys_as_longer(similar *s, uint32_t name, key_fn each)
{
    uint32_t all = 1u << s->names[name].bones.count;
    for (uint32_t words = 3; words < all; words++) {
        int size = __builtin_popcount(words);
        if (size > 1 && s->sizes >> size & 1)
            keys_of_words(s, name, words, each);
    }
}

/* ---- entering and finding ------------------------------------------------------------ */

static void enter(similar *s, uint32_t name, uint64_t key)
{
    s->entries = room_for(s, s->entries, &s->entries_capacity, s->entries_count, sizeof *s->entries);
    if (!s->failed)
        s->entries[s->entries_count++] = (entry){key, name, 0};
}

/* The last first, so that the first of a slot is the least name. */
static void slots_fill(similar *s)
{
    s->slots_count = 1024;
    while (s->slots_count < s->entries_count && s->slots_count < 1u << 31)
        s->slots_count *= 2;
    s->slots = calloc(s->slots_count, sizeof *s->slots);
    s->failed = s->failed || !s->slots;
    for (uint32_t i = s->entries_count; !s->failed && i > 0; i--) {
        uint32_t *slot = &s->slots[s->entries[i - 1].key & (s->slots_count - 1)];
        s->entries[i - 1].next = *slot;
        *slot = i;
    }
}

static bool behind(const name_pair *a, const name_pair *b)
{
    return a->first > b->first || (a->first == b->first && a->second > b->second);
}

static name_pair pair_of(uint32_t a, uint32_t b)
{
    return a < b ? (name_pair){a, b} : (name_pair){b, a};
}

/* What stands under a key, up to the last pair that is still wanted. */
static void find(similar *s, uint32_t name, uint64_t key)
{
    if (s->steps++ >= STEPS_MAX) {
        s->cut = true;
        return;
    }
    for (uint32_t at = s->slots[key & (s->slots_count - 1)]; at && !s->failed; at = s->entries[at - 1].next) {
        const entry *e = &s->entries[at - 1];
        name_pair p = pair_of(name, e->name);
        s->steps++;
        if (e->name > s->last.first && behind(&p, &s->last))
            break;
        if (e->key != key || e->name == name || behind(&p, &s->last))
            continue;
        s->found = room_for(s, s->found, &s->found_capacity, s->found_count, sizeof *s->found);
        if (!s->failed)
            s->found[s->found_count++] = e->name;
    }
}

/* ---- pairs -------------------------------------------------------------------------- */

static int pair_order(const void *a, const void *b)
{
    return behind(a, b) ? 1 : behind(b, a) ? -1 : 0;
}

/* Each once, in order, and one more than are wanted: so it shows that there are others. */
static void pairs_cut(similar *s)
{
    uint32_t kept = 0;
    if (s->pairs_count)
        qsort(s->pairs, s->pairs_count, sizeof *s->pairs, pair_order);
    for (uint32_t i = 0; i < s->pairs_count && kept <= s->most; i++)
        if (!kept || pair_order(&s->pairs[kept - 1], &s->pairs[i]))
            s->pairs[kept++] = s->pairs[i];
    s->pairs_count = kept;
    if (kept > s->most)
        s->last = s->pairs[kept - 1];
}

static void pairs_add(similar *s, name_pair p)
{
    s->pairs = room_for(s, s->pairs, &s->pairs_capacity, s->pairs_count, sizeof *s->pairs);
    if (s->failed)
        return;
    s->pairs[s->pairs_count++] = p;
    if (s->pairs_count > 2 * s->most + 1) /* each at most twice: as that of the longer name, and as printed */
        pairs_cut(s);
}

static int place_order(const void *a_, const void *b_)
{
    uint32_t a = *(const uint32_t *)a_, b = *(const uint32_t *)b_;
    return (a > b) - (a < b);
}

static void look_at(similar *s, uint32_t name)
{
    s->found_count = 0;
    keys_as_printed(s, name, find);
    keys_as_longer(s, name, find);
    if (s->found_count)
        qsort(s->found, s->found_count, sizeof *s->found, place_order);
    for (uint32_t i = 0; i < s->found_count && !s->failed; i++) {
        name_pair p = pair_of(name, s->found[i]);
        bool again = i > 0 && s->found[i] == s->found[i - 1];
        s->steps += again ? 0 : STEPS_OF_COMPARING;
        if (!again && !behind(&p, &s->last) && names_close(&s->names[p.first], &s->names[p.second]))
            pairs_add(s, p);
    }
}

static void find_all(similar *s)
{
    uint32_t entered = 0;
    for (; entered < s->count && s->entries_count < s->entries_most && !s->failed; entered++) {
        const skeleton *bones = &s->names[entered].bones;
        if (skeleton_tells(bones))
            s->sizes |= (uint8_t)(1u << bones->count);
        keys_as_printed(s, entered, enter);
        keys_as_shorter(s, entered, enter);
    }
    s->cut = entered < s->count;
    slots_fill(s);
    for (uint32_t i = 0; i < entered && !s->failed; i++)
        look_at(s, i);
    pairs_cut(s);
}

int similar_find(const named names[], uint32_t count, uint32_t most, size_t bytes, name_pair **ret_pairs,
                 uint32_t *ret_count, bool *ret_more)
{
    const size_t fit = bytes / ENTRY_BYTES;
    similar s = {.names = names,
                 .count = count,
                 .most = most,
                 .entries_most = fit < ENTRIES_MAX ? (uint32_t)fit : ENTRIES_MAX,
                 .last = {UINT32_MAX, UINT32_MAX}};
    find_all(&s);
    free(s.entries);
    free(s.slots);
    free(s.found);
    if (s.failed) {
        free(s.pairs);
        return -ENOMEM;
    }
    *ret_pairs = s.pairs;
    *ret_count = s.pairs_count < most ? s.pairs_count : most;
    *ret_more = s.cut || s.pairs_count > most;
    return 0;
}
