/*
 * symbols.h - strings that recur (sources, authorities, programs, names of incidents) as numbers.
 * Equal strings have equal numbers; 0 is the absent string. Symbols are never given back.
 */
#ifndef FACTS_SYMBOLS_H
#define FACTS_SYMBOLS_H

#include "str.h"
#include "saved.h"
#include "thaw.h"

typedef struct symbols symbols;

int symbols_new(symbols **ret_symbols);
symbols *symbols_free(symbols *s);

/* The number of a string, a new one if need be. -ENOMEM. */
int symbols_put(symbols *s, thaw_str string, uint32_t *ret_symbol);
/* The number of a string, 0 if it has none. */
uint32_t symbols_find(const symbols *s, thaw_str string);
/* The string of a number; lives as long as the table. */
thaw_str symbols_get(const symbols *s, uint32_t symbol);
/* Bytes of memory for all of them, but for ranks; the same over an image. */
uint64_t symbols_bytes(const symbols *s);
/* Bytewise order of the strings of two symbols: without a look at them where both are ranked. */
int symbols_compare(const symbols *s, uint32_t a, uint32_t b);
/* Gives a symbol that is going to be compared often its rank; not to more than 65 536 of them. -ENOMEM. */
int symbols_rank(symbols *s, uint32_t symbol);

/* For ahead.c: the three steps on the way to a string, fetched one after the other. */
uint64_t symbols_hash(thaw_str string);
void symbols_fetch_slot(const symbols *s, uint64_t hash);
uint32_t symbols_guess(const symbols *s, uint64_t hash); /* a symbol of such a hash; 0: none has it */
void symbols_fetch_entry(const symbols *s, uint32_t symbol);
void symbols_fetch_text(const symbols *s, uint32_t symbol);

/* For an image (image_tables.h): into a table that has no string yet. Failure shows in in->failed. */
void symbols_put_image(const symbols *s, saved_out *out);
void symbols_get_image(symbols *s, saved_in *in);

#endif
