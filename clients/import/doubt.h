/*
 * doubt.h - which lists of a kind are broken.
 *
 * Several lists of one kind (acts of the EU) have one feed. It is broken as long as one of them is:
 * that another one came whole says nothing of it. Names as memory_name_of makes them, separated by
 * blanks.
 */
#ifndef IMPORT_DOUBT_H
#define IMPORT_DOUBT_H

#include <stddef.h>

/* A broken file that may be of any list, where none is remembered: the next whole one is its end. */
extern const char doubt_any[];

/* Adds names, each once. What does not fit is said of any list. */
void doubt_add(char *doubted, size_t room, const char *names);

/* A list is read no more: nothing is said of any other. */
void doubt_forget(char *doubted, const char *name);

/* A list came whole. A file of several lists ("-") says so of all. */
void doubt_take(char *doubted, const char *name);

#endif
