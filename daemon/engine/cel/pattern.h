/* pattern.h: patterns of matches(), by the library RE2: its syntax is what CEL promises, and its time grows
 * with the length of the text and that of the pattern, whatever they are. The library is written in C++,
 * and so is pattern.cc, which is all that knows of it. */
#ifndef THAW_CEL_PATTERN_H
#define THAW_CEL_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pattern;

struct pattern_problem {
    size_t offset_bytes; /* into the pattern */
    char text[160];
};

/* 0 with a pattern that pattern_leave() frees, -EINVAL with what is wrong, or -ENOMEM. */
int pattern_new(const char *text, size_t len, struct pattern **ret_pattern, struct pattern_problem *ret_problem);
void pattern_leave(void *pattern); /* frees it: for an arena */
/* 1 where the pattern is found anywhere in the text, 0 where it is not, -ENOMEM. */
int pattern_matches(const struct pattern *pattern, const char *text, size_t len);
/* What matching so many bytes may cost, in steps. */
uint64_t pattern_cost_steps(const struct pattern *pattern, size_t len);

#ifdef __cplusplus
}
#endif

#endif
