/* yaml_file.c - a YAML file with places. */
#include "trials/yaml_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cel/cel.h"
#include "client.h"
#include "rules/rules.h"

enum { FILE_BYTES_MAX = 16 << 20 };

/* ---- complaints --------------------------------------------------------------------- */

/* A map or list stands where its first scalar does. */
static const struct fy_mark *node_mark(struct fy_node *node)
{
    void *walk = NULL;
    switch (fy_node_get_type(node)) {
    case FYNT_MAPPING: {
        struct fy_node_pair *pair = fy_node_mapping_iterate(node, &walk);
        return pair != NULL ? node_mark(fy_node_pair_key(pair)) : NULL;
    }
    case FYNT_SEQUENCE: {
        struct fy_node *item = fy_node_sequence_iterate(node, &walk);
        return item != NULL ? node_mark(item) : NULL;
    }
    default: {
        struct fy_token *token = fy_node_get_scalar_token(node);
        return token != NULL ? fy_token_start_mark(token) : NULL;
    }
    }
}

static size_t node_offset(const yaml_file *f, struct fy_node *node)
{
    for (; node != NULL; node = fy_node_get_parent(node)) {
        const struct fy_mark *mark = node_mark(node);
        if (mark != NULL)
            return mark->input_pos > f->len ? f->len : mark->input_pos;
    }
    return 0;
}

unsigned yaml_line(const yaml_file *f, struct fy_node *node)
{
    unsigned line = 1;
    for (size_t i = 0, end = node_offset(f, node); i < end; i++)
        line += f->text[i] == '\n';
    return line;
}

static void complain_at(yaml_file *f, bool placed, size_t offset, char *text)
{
    rules_complaint c = {.file = (char *)f->path, .text = text};
    char *line = NULL;
    if (placed) {
        size_t start = offset;
        while (start > 0 && f->text[start - 1] != '\n')
            start--;
        c.line = 1;
        for (size_t i = 0; i < start; i++)
            c.line += f->text[i] == '\n';
        c.column = 1;
        for (size_t i = start; i < offset; i++)
            c.column += ((unsigned char)f->text[i] & 0xc0) != 0x80;
        size_t len = strcspn(f->text + start, "\r\n");
        line = strndup(f->text + start, cel_utf8_check(f->text + start, len));
        c.source = line;
    }
    char *shown = rules_complaint_text(&c);
    fputs(shown != NULL ? shown : "out of memory\n", stderr);
    free(shown);
    free(line);
    f->errors++;
}

bool yaml_complain(yaml_file *f, struct fy_node *node, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    complain_at(f, node != NULL && f->text != NULL, node != NULL ? node_offset(f, node) : 0, text);
    free(text);
    return false;
}

/* ---- reading ------------------------------------------------------------------------ */

static bool file_read(yaml_file *f)
{
    struct stat status;
    FILE *file = fopen(f->path, "re");
    if (file == NULL)
        return yaml_complain(f, NULL, "cannot be opened: %s", strerror(errno));
    if (fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode)) {
        fclose(file);
        return yaml_complain(f, NULL, "is no regular file");
    }
    char *text = malloc(FILE_BYTES_MAX + 2);
    f->len = text != NULL ? fread(text, 1, FILE_BYTES_MAX + 1, file) : 0;
    bool failed = ferror(file) != 0;
    fclose(file);
    if (text == NULL || failed || f->len > FILE_BYTES_MAX || memchr(text, '\0', f->len) != NULL) {
        free(text);
        return yaml_complain(f, NULL, "cannot be read: expected a text of at most 16 MiB");
    }
    text[f->len] = '\0';
    f->text = text;
    char odd[] = "a byte that is not UTF-8"; /* libfyaml may go round for ever at it */
    size_t valid = cel_utf8_check(text, f->len);
    if (valid < f->len)
        complain_at(f, true, valid, odd);
    return valid == f->len;
}

static bool diag_complain(yaml_file *f, struct fy_diag *diag)
{
    void *walk = NULL;
    struct fy_diag_error *error = fy_diag_errors_iterate(diag, &walk);
    char *text = NULL;
    size_t offset = 0;
    if (error == NULL)
        return yaml_complain(f, NULL, "holds no YAML document");
    for (int line = 1; line < error->line && offset < f->len; offset++)
        line += f->text[offset] == '\n';
    if (asprintf(&text, "YAML: %s", error->msg) < 0)
        text = NULL;
    complain_at(f, true, offset, text);
    free(text);
    return false;
}

/* A second document would be passed over in silence. */
static bool is_one(yaml_file *f)
{
    struct fy_parse_cfg parse = {.flags = FYPCF_QUIET};
    struct fy_parser *parser = fy_parser_create(&parse);
    struct fy_document *first = NULL, *second = NULL;
    if (parser != NULL && fy_parser_set_string(parser, f->text, f->len) == 0 &&
        (first = fy_parse_load_document(parser)) != NULL)
        second = fy_parse_load_document(parser);
    bool one = first != NULL && second == NULL && !fy_parser_get_stream_error(parser);
    if (!one)
        yaml_complain(f, second != NULL ? fy_document_root(second) : NULL,
                      "a second YAML document: such a file holds one");
    fy_parse_document_destroy(parser, second);
    fy_parse_document_destroy(parser, first);
    if (parser != NULL)
        fy_parser_destroy(parser);
    return one;
}

bool yaml_open(const char *path, yaml_file *ret_file)
{
    struct fy_diag_cfg config;
    *ret_file = (yaml_file){.path = path};
    if (!file_read(ret_file))
        return false;
    fy_diag_cfg_default(&config);
    config.fp = NULL;
    config.output_fn = NULL;
    struct fy_diag *diag = fy_diag_create(&config);
    if (diag == NULL)
        return yaml_complain(ret_file, NULL, "out of memory");
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg parse = {.flags = FYPCF_QUIET, .diag = diag};
    ret_file->document = fy_document_build_from_string(&parse, ret_file->text, ret_file->len);
    ret_file->root = ret_file->document != NULL ? fy_document_root(ret_file->document) : NULL;
    bool done = (ret_file->root != NULL || diag_complain(ret_file, diag)) && is_one(ret_file);
    fy_diag_destroy(diag);
    return done;
}

void yaml_close(yaml_file *f)
{
    fy_document_destroy(f->document);
    free(f->text);
    *f = (yaml_file){.path = NULL};
}

/* ---- nodes -------------------------------------------------------------------------- */

char *yaml_text(struct fy_node *node)
{
    size_t len = 0;
    if (node == NULL || fy_node_get_type(node) != FYNT_SCALAR || fy_node_is_alias(node))
        return NULL;
    const char *text = fy_node_get_scalar(node, &len);
    return strndup(text != NULL ? text : "", len);
}

bool yaml_map(yaml_file *f, struct fy_node *node, const char *what, const char *const keys[],
              struct fy_node *values[])
{
    void *walk = NULL;
    struct fy_node_pair *pair;
    bool good = true;
    for (size_t k = 0; keys[k] != NULL; k++)
        values[k] = NULL;
    if (node == NULL || fy_node_get_type(node) != FYNT_MAPPING)
        return yaml_complain(f, node, "%s: expected a map", what);
    while ((pair = fy_node_mapping_iterate(node, &walk)) != NULL) {
        char *key = yaml_text(fy_node_pair_key(pair));
        size_t k = 0;
        while (key != NULL && keys[k] != NULL && strcmp(keys[k], key) != 0)
            k++;
        if (key != NULL && keys[k] != NULL) {
            values[k] = fy_node_pair_value(pair);
        } else {
            const char *near = key != NULL ? nearest_name(key, keys) : NULL;
            good = yaml_complain(f, fy_node_pair_key(pair), "unknown key of %s%s%s%s", what,
                                 near != NULL ? "; did you mean " : "", near != NULL ? near : "",
                                 near != NULL ? "?" : "");
        }
        free(key);
    }
    return good;
}

bool yaml_list(yaml_file *f, struct fy_node *node, const char *what)
{
    if (fy_node_get_type(node) == FYNT_SEQUENCE)
        return true;
    return yaml_complain(f, node, "%s: expected a list", what);
}
