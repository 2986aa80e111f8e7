/*
 * ledger_text.h - the ledger of a country for people: what fits a terminal and says most. The
 * whole is in --json, every report behind it in `thaw explain` and `thaw events`.
 */
#ifndef LEDGER_TEXT_H
#define LEDGER_TEXT_H

#include <msgpack.h>

#include "screen/screen.h"

/* Prints the reply to `state` with a country. Parts without content are left out. */
void ledger_print(const screen *s, const msgpack_object *reply);
/* Prints the reply to `state` without one: a line for each country. */
void ledger_print_countries(const screen *s, const msgpack_object *reply);

#endif
