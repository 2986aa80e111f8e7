/* pages.c - see pages.h. */
#include "facts/memory/pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPECT_MIN (128u << 10) /* below it the call costs more than it saves */

void *pages_new(size_t bytes)
{
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return NULL;
    (void)madvise(pages, bytes, MADV_POPULATE_WRITE); /* an older kernel lets them come one by one */
    return pages;
}

void pages_free(void *pages, size_t bytes)
{
    if (pages)
        (void)munmap(pages, bytes);
}

size_t pages_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void pages_expect(void *memory, size_t bytes)
{
    size_t size = pages_size();
    uintptr_t from = ((uintptr_t)memory + size - 1) & ~(size - 1), to = ((uintptr_t)memory + bytes) & ~(size - 1);
    if (bytes >= EXPECT_MIN && from < to)
        (void)madvise((char *)memory + (from - (uintptr_t)memory), to - from, MADV_POPULATE_WRITE);
}
