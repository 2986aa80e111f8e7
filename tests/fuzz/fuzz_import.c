/*
 * fuzz_import.c - the importers' readers on any bytes; the first byte says which. What is read is
 * compared with nothing and told: each event must be one that the protocol takes.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "import/difference.h"
#include "import/feed.h"
#include "import/import.h"

static void list_tell(const feed *f, list *l)
{
    list none = {0};
    difference d = {0};
    problem p;
    teller t = {.source = f->source,
                .voice = f->voice,
                .title = f->title,
                .reported_at = "2024-03-04",
                .fetched_at = "2024-03-04",
                .country_of_program = f->country_of_program};
    teller_open(&t);
    if (difference_make(&none, l, &none, &d) != 0 || d.imposed != l->count)
        abort();
    for (size_t i = 0; i < d.count; i++)
        if (tell_step(&t, &d.at[i], &p) != 0) {
            fprintf(stderr, "%s\n", p.text);
            abort();
        }
    difference_done(&d);
    teller_done(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    size_t kinds = 0;
    problem p;
    source *s = NULL;
    if (len == 0 || source_of_bytes("list", data + 1, len - 1, &s) != 0)
        return 0;
    while (import_kinds[kinds] != NULL)
        kinds++;
    const feed *f = feed_find(import_kinds[data[0] % kinds]);
    list l = {0};
    teller t = {.source = f->source, .title = f->title, .reported_at = "2024-03-04"};
    teller_open(&t);
    int result = f->reports != NULL ? f->reports(s, &t, &p) : f->read(&s, 1, &l, &p);
    if (result != 0 && result != -EBADMSG && result != -ENOMEM)
        abort();
    if (result == 0 && f->reports == NULL)
        list_tell(f, &l);
    teller_done(&t);
    records_done(&l);
    source_close(s);
    return 0;
}
