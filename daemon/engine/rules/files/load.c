/*
 * load.c - files and folders of rules into one set. The one file of the engine that reads files;
 * nothing calls it but who loads rules.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rules/files/read.h"
#include "rules/set.h"

const rules_limits rules_limits_default = {
    .file_bytes = UINT64_C(64) << 20,
    .files = 10000,
    .rules = 200000,
    .selections = RULES_SELECTIONS_MAX,
    .labels = 32,
    .text_bytes = 4096,
    .complaints = 100,
    .groups = 100000,
    .facts = 1000000,
    .recorded_facts = 10000,
    .recorded_alerts = 64,
    .tallied = 256,
};

/* ---- one text ----------------------------------------------------------------------- */

static int add_rule(reader *r, struct fy_node *node)
{
    rule *one;
    const rule *other = NULL;
    int res = read_rule(r, node, &one);
    if (res < 0 || !one)
        return res;
    if (r->set->rules_count >= r->set->limits.rules) {
        rule_free(one);
        complain_node(r, node, "more than %u rules in one set", r->set->limits.rules);
        return 0;
    }
    res = set_add(r->set, one, &other);
    if (res == -EEXIST)
        complain_node(r, node, "rule: the id %s is taken by %s:%u", one->id, other->file, other->line);
    if (res < 0)
        rule_free(one);
    return res == -EEXIST ? 0 : res;
}

/* Aliases would have to be copied, and a few of them nested make a file grow without bound. */
static struct fy_node *find_alias(struct fy_node *node, unsigned depth)
{
    void *walk = NULL;
    struct fy_node *item, *found = NULL;
    struct fy_node_pair *pair;
    if (!node || depth > 64)
        return NULL;
    if (fy_node_is_alias(node))
        return node;
    if (fy_node_get_type(node) == FYNT_SEQUENCE)
        while (!found && (item = fy_node_sequence_iterate(node, &walk)))
            found = find_alias(item, depth + 1);
    if (fy_node_get_type(node) == FYNT_MAPPING)
        while (!found && (pair = fy_node_mapping_iterate(node, &walk)))
            if (!(found = find_alias(fy_node_pair_key(pair), depth + 1)))
                found = find_alias(fy_node_pair_value(pair), depth + 1);
    return found;
}

static int read_root(reader *r, struct fy_node *root)
{
    void *walk = NULL;
    struct fy_node_pair *pair;
    struct fy_node *list = NULL, *item;
    static const char *const keys[] = {"rules"};
    if (!root || fy_node_get_type(root) != FYNT_MAPPING)
        return complain_node(r, root, "expected a map with the key `rules`, as in rules: [...]");
    while ((pair = fy_node_mapping_iterate(root, &walk))) {
        size_t len = 0;
        const char *key = node_text(fy_node_pair_key(pair), &len);
        if (key && len == 5 && !memcmp(key, "rules", 5)) {
            list = fy_node_pair_value(pair);
            continue;
        }
        const char *near = key ? rule_nearest_name(key, len, keys, 1) : NULL;
        complain_node(r, fy_node_pair_key(pair), "unknown key; a rule file has the one key `rules`%s",
                      near ? ", did you mean that?" : "");
    }
    if (!list)
        return complain_node(r, root, "the key `rules` is missing");
    if (fy_node_get_type(list) != FYNT_SEQUENCE) {
        size_t len = 0;
        const char *text = node_text(list, &len);
        if (text && len == 0)
            return 0; /* `rules:` with nothing below is an empty list */
        return complain_node(r, list, "rules: expected a list of rules");
    }
    walk = NULL;
    while (!complaints_full(r) && (item = fy_node_sequence_iterate(list, &walk))) {
        struct fy_node *alias = find_alias(item, 0);
        if (alias) {
            complain_node(r, alias, "anchors and aliases are not supported in rule files");
            continue;
        }
        int res = add_rule(r, item);
        if (res < 0)
            return res;
    }
    return 0;
}

static void complain_yaml(reader *r, struct fy_diag *diag)
{
    void *walk = NULL;
    struct fy_diag_error *error = fy_diag_errors_iterate(diag, &walk);
    if (!error) {
        complain_file(r, "cannot be read as YAML");
        return;
    }
    const quoted_text *q = r->quoted;
    size_t offset = 0;
    for (int line = 1; line < error->line && offset < q->len; offset++)
        line += q->text[offset] == '\n';
    if (error->line > 0)
        for (int column = 1; column < error->column && offset < q->len && q->text[offset] != '\n';)
            column += ((unsigned char)q->text[offset++] & 0xC0) != 0x80;
    complain_offset(r, quoted_text_origin(q, offset), "YAML: %s%s", error->msg,
                    strstr(error->msg, "flow ") ? " (an expression that holds [ ] { } , or : needs quotes)" : "");
}

static int read_yaml(reader *r)
{
    struct fy_diag_cfg diag_config;
    fy_diag_cfg_default(&diag_config);
    diag_config.fp = NULL;
    diag_config.output_fn = NULL;
    struct fy_diag *diag = fy_diag_create(&diag_config);
    if (!diag)
        return -ENOMEM;
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg config = {.flags = FYPCF_QUIET, .diag = diag};
    struct fy_document *document = NULL;
    int res = 0;
    if (!(document = fy_document_build_from_string(&config, r->quoted->text, r->quoted->len))) {
        void *walk = NULL;
        bool blank = !fy_diag_errors_iterate(diag, &walk);
        if (!blank)
            complain_yaml(r, diag);
        else
            complain_file(r, "holds no YAML document; an empty rule file is `rules: []`");
    } else {
        res = read_root(r, fy_document_root(document));
    }
    fy_document_destroy(document);
    fy_diag_destroy(diag);
    return r->no_memory || res == -ENOMEM ? -ENOMEM : 0;
}

static bool is_blank(const char *line, const char *end)
{
    while (line < end && (*line == ' ' || *line == '\t' || *line == '\r'))
        line++;
    return line == end || *line == '#';
}

/* A line that is a mark of YAML's: --- or ... */
static bool is_mark(const char *line, const char *end, const char *mark)
{
    return end - line >= 3 && !memcmp(line, mark, 3) && (end - line == 3 || strchr(" \t\r", line[3]));
}

/* Where a second document begins; r->len: nowhere. Only the first is read, and rules would be lost. */
static size_t second_document(const reader *r)
{
    const char *end = r->text + r->len;
    bool begun = false, ended = false;
    for (const char *line = r->text, *next; line < end; line = next) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        next = stop ? stop + 1 : end;
        stop = stop ? stop : end;
        if (line == r->text && r->len >= 3 && !memcmp(line, "\xEF\xBB\xBF", 3))
            line += 3;
        bool blank = is_blank(line, stop);
        if (is_mark(line, stop, "---") ? begun : ended && !blank)
            return (size_t)(line - r->text);
        ended = ended || is_mark(line, stop, "...");
        begun = begun || is_mark(line, stop, "---") || (!blank && *line != '%');
    }
    return r->len;
}

static int read_text(reader *r)
{
    quoted_text quoted = {0};
    size_t valid = cel_utf8_check(r->text, r->len), second = second_document(r);
    if (valid < r->len || second < r->len) {
        complain_offset(r, valid < r->len ? valid : second, "%s",
                        valid < r->len ? "a byte that is not UTF-8" : "a second YAML document: a rule file holds one");
        return r->no_memory ? -ENOMEM : 0;
    }
    if (memchr(r->text, '\0', r->len)) {
        complain_file(r, "holds a NUL byte: not a text");
        return r->no_memory ? -ENOMEM : 0;
    }
    int res = conditions_quote(r->text, r->len, &quoted);
    r->quoted = &quoted;
    if (res == 0)
        res = read_yaml(r);
    quoted_text_done(&quoted);
    r->quoted = NULL;
    return res;
}

/* ---- files and folders -------------------------------------------------------------- */

static int read_bytes(reader *r, const char *path, char **ret_text, size_t *ret_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0)
        return complain_file(r, "cannot be opened: %s", strerror(errno));
    char *text = NULL;
    size_t used = 0;
    int res = 0;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        res = complain_file(r, "is no regular file");
    else if ((uint64_t)st.st_size > r->set->limits.file_bytes)
        res = complain_file(r, "has %llu bytes, at most %llu are allowed", (unsigned long long)st.st_size,
                            (unsigned long long)r->set->limits.file_bytes);
    else if (!(text = malloc((size_t)st.st_size + 1)))
        res = -ENOMEM;
    while (res == 0 && used < (size_t)st.st_size) {
        ssize_t n = read(fd, text + used, (size_t)st.st_size - used);
        if (n < 0 && errno != EINTR)
            res = complain_file(r, "cannot be read: %s", strerror(errno));
        if (n == 0)
            break;
        used += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    if (res < 0 || !text) {
        free(text);
        return res;
    }
    text[used] = '\0';
    *ret_text = text;
    *ret_len = used;
    return 0;
}

static int read_file(reader *r, const char *path)
{
    char *text = NULL;
    r->file = set_file(r->set, path);
    if (!r->file)
        return -ENOMEM;
    if (r->set->files_count > r->set->limits.files) {
        complain_file(r, "more than %u files", r->set->limits.files);
        return 0;
    }
    int res = read_bytes(r, path, &text, &r->len);
    if (res < 0)
        return res == -ENOMEM ? res : 0;
    r->text = text;
    r->line_offset = r->lines = 0;
    res = read_text(r);
    r->text = NULL;
    free(text);
    return res;
}

static int on_file(void *context, const char *path)
{
    reader *r = context;
    return complaints_full(r) ? 0 : read_file(r, path);
}

static int finish(reader *r, int res, rules **ret_set)
{
    if (res == 0 && !r->complaints->errors)
        res = set_finish(r->set);
    if (res == 0 && r->complaints->errors)
        res = -EINVAL;
    if (res < 0)
        rules_free(r->set);
    else
        *ret_set = r->set;
    return res;
}

int rules_load(const char *const paths[], size_t count, const rules_limits *limits, bool with_warnings, rules **ret_set,
               rules_complaints *complaints)
{
    reader r = {.complaints = complaints, .with_warnings = with_warnings};
    int res = set_new(limits ? limits : &rules_limits_default, &r.set);
    if (res < 0)
        return res;
    for (size_t i = 0; res == 0 && i < count; i++)
        res = rules_walk(paths[i], on_file, &r);
    return finish(&r, res, ret_set);
}

static int read_one_text(reader *r, const rules_source *text)
{
    r->file = set_file(r->set, text->name);
    if (!r->file)
        return -ENOMEM;
    r->text = text->text;
    r->len = text->len;
    r->line_offset = r->lines = 0;
    if (text->len <= r->set->limits.file_bytes)
        return read_text(r);
    complain_file(r, "has %zu bytes, at most %llu are allowed", text->len,
                  (unsigned long long)r->set->limits.file_bytes);
    return 0;
}

int rules_load_texts(const rules_source texts[], size_t count, const rules_limits *limits, bool with_warnings,
                     rules **ret_set, rules_complaints *complaints)
{
    reader r = {.complaints = complaints, .with_warnings = with_warnings};
    int res = set_new(limits ? limits : &rules_limits_default, &r.set);
    if (res < 0)
        return res;
    for (size_t i = 0; res == 0 && i < count && !complaints_full(&r); i++)
        res = read_one_text(&r, &texts[i]);
    return finish(&r, res, ret_set);
}

int rules_load_text(const char *name, const char *text, size_t len, const rules_limits *limits, bool with_warnings,
                    rules **ret_set, rules_complaints *complaints)
{
    const rules_source one = {name, text, len};
    return rules_load_texts(&one, 1, limits, with_warnings, ret_set, complaints);
}
