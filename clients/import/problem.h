/*
 * problem.h - why a list cannot be trusted: one sentence that names file and line.
 */
#ifndef IMPORT_PROBLEM_H
#define IMPORT_PROBLEM_H

#include <stdint.h>

typedef struct problem {
    char text[480];
} problem;

/* Fills the problem with "FILE:LINE: TEXT" (line 0: "FILE: TEXT"), bytes of foreign text made
 * printable; returns -EBADMSG. */
int problem_set(problem *p, const char *file, uint64_t line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
