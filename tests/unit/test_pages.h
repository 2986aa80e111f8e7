/*
 * test_pages.h - an image of an engine in pages of its own, as engine_image_load wants it.
 */
#ifndef TEST_PAGES_H
#define TEST_PAGES_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

typedef struct pages {
    uint8_t *bytes; /* NULL: there are none */
    size_t len, capacity;
} pages;

static void *pages_map(size_t bytes)
{
    void *made = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(made, MAP_FAILED);
    return made;
}

/* For engine_image_save; -ENOSPC: there is no room for it. */
static int pages_put(void *context, const void *bytes, size_t len)
{
    pages *p = context;
    if (p->len + len > p->capacity)
        return -ENOSPC;
    memcpy(p->bytes + p->len, bytes, len);
    p->len += len;
    return 0;
}

static void pages_end(pages *p)
{
    if (p->bytes)
        assert_int_equal(munmap(p->bytes, p->capacity), 0);
    *p = (pages){NULL, 0, 0};
}

#endif
