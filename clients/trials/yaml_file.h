/*
 * yaml_file.h - a YAML file with places, so that each complaint about it shows the line and a
 * caret.
 */
#ifndef YAML_FILE_H
#define YAML_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <libfyaml.h>

typedef struct yaml_file {
    const char *path;
    char *text;
    size_t len;
    struct fy_document *document;
    struct fy_node *root;
    unsigned errors; /* complaints so far */
} yaml_file;

/* Reads the one document of a file, of at most 16 MiB. False after a complaint. The file must be
 * closed in either case; path must outlive it. */
bool yaml_open(const char *path, yaml_file *ret_file);
void yaml_close(yaml_file *f);

/* Prints "FILE:LINE:COLUMN: error: TEXT", the line and a caret to stderr. NULL: the file as a
 * whole. Returns false, for convenience. */
bool yaml_complain(yaml_file *f, struct fy_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
unsigned yaml_line(const yaml_file *f, struct fy_node *node); /* from 1 */

/* A scalar's text, NUL-terminated, from malloc(); NULL where the node is none. */
char *yaml_text(struct fy_node *node);

/* Sorts the values of a map by the known keys (`keys` ends with NULL). Complains of what is no map
 * and of unknown keys, with the nearest known one. */
bool yaml_map(yaml_file *f, struct fy_node *node, const char *what, const char *const keys[],
              struct fy_node *values[]);
/* Complains unless the node is a list. */
bool yaml_list(yaml_file *f, struct fy_node *node, const char *what);

#endif
