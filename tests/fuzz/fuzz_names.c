/* fuzz_names.c: any lines as names of persons. Who is close to whom is the same from both sides,
 * every name is close to itself, and of all the names just those pairs are found that are close
 * when each is compared with each. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cel/cel.h"
#include "facts/answers/similar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NAMES_MAX = 48 };

static void expect(int truth)
{
    if (!truth)
        abort();
}

/* Each line that is one, in memory of its size. */
static uint32_t names_make(const char *at, size_t size, named names[NAMES_MAX])
{
    const char *end = at + size;
    uint32_t count = 0;

    while (at < end && count < NAMES_MAX) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((line_end != NULL ? line_end : end) - at);
        if (len > 0 && cel_utf8_check(at, len) == len && memchr(at, '\0', len) == NULL) {
            char *text = malloc(len);
            expect(text != NULL);
            memcpy(text, at, len);
            named_make((thaw_str){text, (uint32_t)len}, &names[count++]);
        }
        at += len + 1;
    }
    return count;
}

static void compare(const named names[], uint32_t count, uint32_t most)
{
    name_pair *pairs = NULL;
    uint32_t found, expected = 0;
    bool more;

    expect(similar_find(names, count, most, SIZE_MAX, &pairs, &found, &more) == 0);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = i + 1; k < count; k++) {
            bool close = names_close(&names[i], &names[k]);
            expect(close == names_close(&names[k], &names[i]));
            if (!close || expected++ >= most)
                continue;
            expect(expected <= found && pairs[expected - 1].first == i &&
                   pairs[expected - 1].second == k);
        }
    expect(found == (expected < most ? expected : most) && more == (expected > most));
    free(pairs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    named names[NAMES_MAX];
    uint32_t count = names_make((const char *)data, size, names);

    for (uint32_t i = 0; i < count; i++) {
        expect(names[i].bones.count <= SKELETON_WORDS && names_close(&names[i], &names[i]));
        for (uint32_t k = 0; k < names[i].bones.count; k++)
            expect(memchr(names[i].bones.words[k], '\0', SKELETON_WORD_BYTES) != NULL);
    }
    compare(names, count, 1000);
    compare(names, count, 3);
    for (uint32_t i = 0; i < count; i++)
        free((char *)(uintptr_t)names[i].name.data);
    return 0;
}
