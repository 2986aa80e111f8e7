/*
 * conditions.h - conditions in rule files are CEL as it is written, without YAML's quotes.
 *
 * YAML gives `[`, `,`, `!`, `: ` and a leading quote a meaning of their own, so that
 *
 *     eased: {kind: sanction, where: effect in ["relief", "removal"], within: 14d}
 *     when: !(freed.count > 0)
 *
 * would be errors of YAML and not of the rule. Before a file is read as YAML, the value of each key
 * `where`, `when` and `until` that is neither quoted whole, nor a block (`|`, `>`), nor a map is put
 * into single quotes. Such a value ends
 *   - within a flow map at the first `,` or `}` that stands outside of brackets and CEL strings,
 *   - else at the end of its line, or of the further lines that are indented deeper than its key,
 *     or before a ` #` outside of CEL strings.
 * Nothing else is changed; what is no YAML stays none.
 */
#ifndef RULES_CONDITIONS_H
#define RULES_CONDITIONS_H

#include <stddef.h>

typedef struct quoted_text {
    char *text;
    size_t len;
    size_t *inserted; /* offsets in `text` of the characters that were put in, rising */
    size_t inserted_count;
} quoted_text;

/* Time and memory grow with len alone. -ENOMEM. The result is the caller's: quoted_text_done. */
int conditions_quote(const char *text, size_t len, quoted_text *ret_quoted);
void quoted_text_done(quoted_text *q);

/* The offset in the text as it was written of an offset in the quoted one. */
size_t quoted_text_origin(const quoted_text *q, size_t offset);

#endif
