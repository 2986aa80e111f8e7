/*
 * alert_text.h - one alert on one line.
 */
#ifndef ALERT_TEXT_H
#define ALERT_TEXT_H

#include <msgpack.h>

#include "screen/screen.h"

/* "2025-12-13 10:00:00Z  firing     warning  mass-release:BY:2  title  [why]" and a newline. */
void alert_print(const screen *s, const msgpack_object *alert);

#endif
