/*
 * page.c - what LMDB's pages say of themselves. It reads hardly any of it, and believes it when it writes:
 * with a wrong number or count it frees pages that are in use, with wrong flags or room it writes where it
 * must not. No checksum of a record is over it, so it is compared with what must stand there (data version 1):
 *
 *    0        8      10      12             14              16
 *   ┌────────┬──────┬───────┬──────────────┬───────────────┬──────────────────────
 *   │number  │      │ kind  │end of offsets│first used byte│offsets of the entries … entries
 *   └────────┴──────┴───────┼──────────────┴───────────────┼──────────────────────
 *                           │  pages, where it is a value  │ the value
 */
#include "journal_private.h"

#include <string.h>

enum { AT_KIND = 10, AT_LOWER = 12, AT_UPPER = 14, AT_PAGES = 12 };

static uint16_t number_at(const uint8_t *at)
{
    uint16_t number;

    memcpy(&number, at, sizeof number);
    return number;
}

static bool head_right(const uint8_t *page, uint64_t number, uint16_t kind)
{
    uint64_t said;

    memcpy(&said, page, sizeof said);
    return said == number && number_at(page + AT_KIND) == kind;
}

bool journal_page_right(const uint8_t *page, uint64_t number, journal_page_kind kind, size_t page_bytes)
{
    size_t lower = number_at(page + AT_LOWER), upper = number_at(page + AT_UPPER);

    if (!head_right(page, number, kind) || lower < JOURNAL_PAGE_HEADER || lower % 2 != 0 || upper < lower ||
        upper > page_bytes)
        return false;
    for (size_t at = JOURNAL_PAGE_HEADER; at < lower; at += 2)
        if (number_at(page + at) < upper || number_at(page + at) >= page_bytes)
            return false;
    return true;
}

bool journal_value_pages_right(const uint8_t *page, uint64_t number, size_t value_bytes, size_t page_bytes)
{
    uint32_t pages;

    memcpy(&pages, page + AT_PAGES, sizeof pages);
    return head_right(page, number, JOURNAL_PAGE_VALUE) &&
           pages == (value_bytes + JOURNAL_PAGE_HEADER + page_bytes - 1) / page_bytes;
}
