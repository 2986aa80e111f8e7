/*
 * memory.h - the list that an importer remembers, in a folder of its own.
 *
 *   FOLDER/KIND.list   the list up to which everything was told (KIND-NAME.list of one with a name)
 *   FOLDER/KIND.next   a list that is being told: written whole before the first event goes out,
 *                      renamed to KIND.list once all are acknowledged. Where it is found, a run
 *                      ended between; what it tells is told again, with the same ids.
 *
 *   FOLDER/KIND.word   the last word on the lists of the kind, "ok" or "broken", of when it is, and
 *                      which of them are broken
 *
 * All are written to a file beside, synced, and renamed. A lock keeps a second importer out.
 */
#ifndef IMPORT_MEMORY_H
#define IMPORT_MEMORY_H

#include <stdbool.h>

#include "record.h"

typedef struct memory memory;

enum { MEMORY_NAMES_BYTES = 4096 }; /* of names, separated by blanks */

typedef struct feed_word {
    bool ok;
    char date[THAW_DATE_TEXT];        /* "": there is none */
    char doubted[MEMORY_NAMES_BYTES]; /* names of the lists that are broken (doubt.h) */
} feed_word;

/* Makes the folder where it is missing and takes the lock. 0; -EBUSY: another importer runs;
 * another -errno with the problem. */
int memory_open(const char *folder, const char *kind, memory **ret_memory, problem *p);
memory *memory_close(memory *m);
/* Goes over to the file of another list of the kind ("32006R0765"); "" for the only one. */
void memory_name(memory *m, const char *name);
/* The name of a list as files and words have it: of letters and digits; "-" of the only one. */
void memory_name_of(const char *name, char *to, size_t room);
/* The names of all lists of the kind that are remembered; -ENOBUFS: too many. */
int memory_names(const memory *m, char *to, size_t room);

/* 1: read; 0: there is none; -EBADMSG: damaged, with what to do; -ENOMEM; another -errno with the
 * problem: it cannot be opened. *ret_baseline says that
 * it is a first list that is remembered without being told (of `next` only). */
int memory_load(const memory *m, bool next, list *ret_list, bool *ret_baseline, problem *p);
/* Adds the records of all other lists of the kind that have a name, and who left them; of a list
 * that is being told those of `next`. Their groups get the name of the list in front; the order is
 * none. A list without a name has no others. 0, or as memory_load. */
int memory_load_others(const memory *m, list *ret_list, problem *p);
/* Writes KIND.next. */
int memory_save(const memory *m, const list *l, bool baseline, problem *p);
/* Makes KIND.next the list. */
int memory_commit(const memory *m, problem *p);

/* Takes KIND.list away; that there is none is fine. */
int memory_forget(const memory *m, problem *p);

/* One that cannot be read is none. */
void memory_word(const memory *m, feed_word *ret_word);
int memory_word_save(const memory *m, const feed_word *word, problem *p);

#endif
