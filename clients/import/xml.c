/*
 * xml.c - XML out of memory, with expat.
 */
#include "xml.h"

#include <errno.h>
#include <expat.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

enum { DEPTH_MAX = 32, NAME_BYTES = 64, XML_TEXT_MAX = 256 * 1024 };

typedef struct reading {
    const char *file;
    XML_Parser parser;
    const xml_handler *handler;
    problem *problem;
    char names[DEPTH_MAX + 1][NAME_BYTES]; /* of the open elements, from 1 */
    unsigned depth;
    text text; /* of the innermost element, since its last child */
    int result;
} reading;

static xml_place place(const reading *g)
{
    return (xml_place){g->names[g->depth], g->depth > 1 ? g->names[g->depth - 1] : "", g->depth,
                       XML_GetCurrentLineNumber(g->parser)};
}

static void stop(reading *g, int result)
{
    if (g->result == 0)
        g->result = result;
    XML_StopParser(g->parser, XML_FALSE);
}

static void refuse(reading *g, const char *why)
{
    stop(g, problem_set(g->problem, g->file, XML_GetCurrentLineNumber(g->parser), "%s", why));
}

static void on_begin(void *context, const char *name, const char **attributes)
{
    reading *g = context;
    if (g->result != 0)
        return;
    const char *colon = strrchr(name, ':');
    if (g->depth == DEPTH_MAX) {
        refuse(g, "elements are nested too deep; that is no such list");
        return;
    }
    g->depth++;
    snprintf(g->names[g->depth], NAME_BYTES, "%s", colon != NULL ? colon + 1 : name);
    text_clear(&g->text);
    xml_place at = place(g);
    int result =
        g->handler->begin(g->handler->context, &at, (const char *const *)attributes, g->problem);
    if (result != 0)
        stop(g, result);
}

static void on_end(void *context, const char *name)
{
    reading *g = context;
    (void)name;
    if (g->result != 0)
        return;
    const char *from = text_get(&g->text);
    size_t len = g->text.len;
    xml_place at = place(g);
    text_trim(&from, &len);
    int result =
        g->text.failed ? -ENOMEM : g->handler->end(g->handler->context, &at, from, len, g->problem);
    text_clear(&g->text);
    g->depth--;
    if (result != 0)
        stop(g, result);
}

static void on_text(void *context, const char *data, int len)
{
    reading *g = context;
    if (g->result != 0)
        return;
    text_add(&g->text, data, (size_t)len);
    if (g->text.len > XML_TEXT_MAX)
        refuse(g, "a text is too long; that is no such list");
}

static void on_doctype(void *context, const char *name, const char *system, const char *public,
                       int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    refuse(context, "has a document type, which no such list has (an HTML page?)");
}

static int parse(reading *g, const char *data, size_t len)
{
    while (g->result == 0) {
        int part = len < (1 << 20) ? (int)len : 1 << 20;
        enum XML_Status status = XML_Parse(g->parser, data, part, (size_t)part == len);
        if (g->result != 0)
            break;
        if (status != XML_STATUS_OK)
            return problem_set(g->problem, g->file, XML_GetCurrentLineNumber(g->parser),
                               "%s; the file is cut off, or no XML list",
                               XML_ErrorString(XML_GetErrorCode(g->parser)));
        if ((size_t)part == len)
            break;
        data += part;
        len -= (size_t)part;
    }
    return g->result;
}

int xml_read(const char *name, const char *data, size_t len, const xml_handler *handler, problem *p)
{
    reading g = {.file = name, .handler = handler, .problem = p};
    g.parser = XML_ParserCreate(NULL);
    if (g.parser == NULL)
        return -ENOMEM;
    XML_SetUserData(g.parser, &g);
    XML_SetElementHandler(g.parser, on_begin, on_end);
    XML_SetCharacterDataHandler(g.parser, on_text);
    XML_SetStartDoctypeDeclHandler(g.parser, on_doctype);
    int result = parse(&g, data, len);
    XML_ParserFree(g.parser);
    text_done(&g.text);
    return result;
}

const char *xml_attribute(const char *const *attributes, const char *name)
{
    for (; attributes[0] != NULL; attributes += 2) {
        const char *colon = strrchr(attributes[0], ':');
        if (strcmp(colon != NULL ? colon + 1 : attributes[0], name) == 0)
            return attributes[1];
    }
    return NULL;
}
