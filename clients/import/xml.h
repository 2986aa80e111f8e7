/*
 * xml.h - XML out of memory as elements that begin and end. No document type is taken, so there
 * are no entities to expand; depth and text are bounded; names come without their prefix.
 */
#ifndef IMPORT_XML_H
#define IMPORT_XML_H

#include <stddef.h>
#include <stdint.h>

#include "problem.h"

typedef struct xml_place {
    const char *name;   /* of the element */
    const char *parent; /* of the one around it; "" at the root */
    unsigned depth;     /* 1 at the root */
    uint64_t line;
} xml_place;

/* Each returns 0, or -errno to stop; -EBADMSG with the problem filled. */
typedef struct xml_handler {
    void *context;
    /* attributes: name, value, name, value ... NULL */
    int (*begin)(void *context, const xml_place *at, const char *const *attributes, problem *p);
    /* text: what stood directly in the element, trimmed */
    int (*end)(void *context, const xml_place *at, const char *text, size_t len, problem *p);
} xml_handler;

/* Reads a whole document. 0; -EBADMSG: it is no XML, cut off or refused; what the handler
 * returned. */
int xml_read(const char *name, const char *data, size_t len, const xml_handler *handler,
             problem *p);

/* An attribute's value, or NULL. */
const char *xml_attribute(const char *const *attributes, const char *name);

#endif
