/*
 * incident_text.h - why an incident is what it is, for people.
 */
#ifndef INCIDENT_TEXT_H
#define INCIDENT_TEXT_H

#include <msgpack.h>

#include "screen/screen.h"

/* Prints the reply to `explain`: that on an incident report by report, any other as it stands. */
void explain_print(const screen *s, const msgpack_object *reply);

#endif
