/* format.c: values as CEL literals, for messages. */
#include "internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct writer {
    char *buffer;
    size_t size_bytes, used_bytes; /* used goes on behind the end */
};

static void put(struct writer *writer, const char *data, size_t len)
{
    if (writer->used_bytes + 1 < writer->size_bytes) {
        size_t room = writer->size_bytes - 1 - writer->used_bytes;
        memcpy(writer->buffer + writer->used_bytes, data, len < room ? len : room);
    }
    writer->used_bytes += len;
}

static void put_word(struct writer *writer, const char *word)
{
    put(writer, word, strlen(word));
}

static void put_quoted(struct writer *writer, struct cel_text text, bool bytes)
{
    static const char marks[] = "\a\b\f\n\r\t\v\\\"";
    static const char names[] = "abfnrtv\\\"";
    char escape[8];

    put_word(writer, bytes ? "b\"" : "\"");
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        const char *mark = c != '\0' ? strchr(marks, c) : NULL;
        if (mark != NULL) {
            snprintf(escape, sizeof(escape), "\\%c", names[mark - marks]);
            put_word(writer, escape);
        } else if (c < 0x20 || c == 0x7f || (bytes && c >= 0x80)) {
            snprintf(escape, sizeof(escape), "\\x%02x", c);
            put_word(writer, escape);
        } else {
            put(writer, (const char *)&c, 1);
        }
    }
    put_word(writer, "\"");
}

static void put_double(struct writer *writer, double real)
{
    char text[64];

    if (!isfinite(real)) {
        put_word(writer, isnan(real) ? "double(\"NaN\")" : real > 0 ? "double(\"Inf\")" : "double(\"-Inf\")");
        return;
    }
    size_t len = cel_double_text(real, text, sizeof(text));
    put(writer, text, len);
    if (strpbrk(text, ".e") == NULL)
        put_word(writer, ".0");
}

static void put_value(struct writer *writer, const struct cel_value *value);

static void put_list(struct writer *writer, const struct cel_value *value)
{
    put_word(writer, "[");
    for (size_t i = 0; i < value->list.count; i++) {
        if (i > 0)
            put_word(writer, ", ");
        put_value(writer, &value->list.items[i]);
    }
    put_word(writer, "]");
}

static void put_time(struct writer *writer, const struct cel_value *value)
{
    bool is_span = value->kind == CEL_DURATION;
    char text[CEL_TIME_TEXT_BYTES];

    size_t len = is_span ? cel_duration_text(value, text) : cel_timestamp_text(value, text);
    put_word(writer, is_span ? "duration(\"" : "timestamp(\"");
    put(writer, text, len);
    put_word(writer, "\")");
}

static void put_value(struct writer *writer, const struct cel_value *value)
{
    char text[32];

    switch (value->kind) {
    case CEL_NULL:
        put_word(writer, "null");
        break;
    case CEL_BOOL:
        put_word(writer, value->boolean ? "true" : "false");
        break;
    case CEL_INT:
        snprintf(text, sizeof(text), "%lld", (long long)value->integer);
        put_word(writer, text);
        break;
    case CEL_UINT:
        snprintf(text, sizeof(text), "%lluu", (unsigned long long)value->unsigned_integer);
        put_word(writer, text);
        break;
    case CEL_DOUBLE:
        put_double(writer, value->real);
        break;
    case CEL_STRING:
    case CEL_BYTES:
        put_quoted(writer, value->text, value->kind == CEL_BYTES);
        break;
    case CEL_TIMESTAMP:
    case CEL_DURATION:
        put_time(writer, value);
        break;
    case CEL_LIST:
        put_list(writer, value);
        break;
    case CEL_TYPE:
        put_word(writer, cel_kind_name(value->type));
        break;
    case CEL_ERROR:
        put(writer, value->text.data, value->text.len);
        break;
    case CEL_DYN:
        put_word(writer, "?");
        break;
    }
}

size_t cel_value_format(const struct cel_value *value, char *buffer, size_t size_bytes)
{
    struct writer writer = {.buffer = buffer, .size_bytes = size_bytes};

    put_value(&writer, value);
    if (writer.used_bytes < size_bytes)
        buffer[writer.used_bytes] = '\0';
    else if (size_bytes > 0) /* no half character at the cut */
        buffer[cel_utf8_check(buffer, size_bytes - 1)] = '\0';
    return writer.used_bytes;
}
