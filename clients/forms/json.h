/*
 * json.h - MessagePack to JSON and back, for people's files and for programs that read ours.
 *
 * To JSON: integers are exact, those above 2^63-1 as text, for readers of JSON know none; doubles
 * are the shortest text that reads back as the same double and always look like one (1.0);
 * timestamps become RFC 3339 text, bin becomes base64, any other extension {"ext": TYPE, "data":
 * BASE64}; keys that are no text are written as the JSON text of themselves; bytes that are no
 * UTF-8 become U+FFFD; NaN and infinities null. From JSON: numbers with a fraction or an exponent
 * are doubles; integers beyond 64 signed bits, duplicate keys and NUL in text are errors. The way
 * back is not made: text that looks like a time stays text, which the protocol accepts.
 */
#ifndef JSON_H
#define JSON_H

#include <stddef.h>
#include <stdio.h>
#include <msgpack.h>

enum { JSON_DEPTH_MAX = 32, JSON_ERROR_BYTES = 200 };

/* Writes one value, without a newline. 0; -ELOOP: nested deeper than JSON_DEPTH_MAX, and what is
 * deeper stands as null. Errors of the stream are the stream's. */
int json_write(const msgpack_object *object, FILE *out);
/* The same to stdout, as a line. A negative errno where it cannot be written. */
int json_print(const msgpack_object *object);

/* Packs the one JSON value in text. -EBADMSG with a sentence in `error` (no line numbers), or
 * -ENOMEM; `out` then holds what it held before. */
int json_read(const char *text, size_t len, msgpack_sbuffer *out, char error[JSON_ERROR_BYTES]);

/* Writes text as a JSON string with its quotes. */
void json_write_string(const char *text, size_t len, FILE *out);

#endif
