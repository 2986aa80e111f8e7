/* parse.c: tokens into nodes, by precedence climbing. Chains of && and of || become one node with
 * many operands; everything else nests, at most CEL_DEPTH_MAX deep. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "room.h"

struct parser {
    struct compiler *compiler;
    struct arena *arena;
    struct lexer lexer;
    struct token token; /* the one to look at */
    uint32_t last_end;  /* of the token before it */
    unsigned depth;
    size_t node_count;
    struct node **stack; /* operands that wait for their node */
    size_t stack_count, stack_size;
};

static const struct {
    enum token_kind token;
    enum node_op op;
    int precedence;
} binary_ops[] = {
    {TOKEN_OR, OP_OR, 1},        {TOKEN_AND, OP_AND, 2},        {TOKEN_EQ, OP_EQ, 3},
    {TOKEN_NE, OP_NE, 3},        {TOKEN_LT, OP_LT, 3},          {TOKEN_LE, OP_LE, 3},
    {TOKEN_GT, OP_GT, 3},        {TOKEN_GE, OP_GE, 3},          {TOKEN_IN, OP_IN, 3},
    {TOKEN_PLUS, OP_ADD, 4},     {TOKEN_MINUS, OP_SUBTRACT, 4}, {TOKEN_STAR, OP_MULTIPLY, 5},
    {TOKEN_SLASH, OP_DIVIDE, 5}, {TOKEN_PERCENT, OP_MODULO, 5},
};

#define PRECEDENCE_LOWEST 1
#define PRECEDENCE_TIGHTEST 5

static struct node *parse_expression(struct parser *parser);

static struct node *fail_memory(struct parser *parser)
{
    cel_compiler_no_memory(parser->compiler);
    return NULL;
}

/* A word of other languages, or 3d, as it is said here: after "not" stands what it is said of. */
static const char *other_word(const struct parser *parser)
{
    static const struct {
        const char *word, *hint;
    } words[] = {{"and", ": write &&"}, {"or", ": write ||"}, {"AND", ": write &&"}, {"OR", ": write ||"}};
    const char *text = parser->lexer.text;
    const struct token *token = &parser->token;
    uint32_t last = parser->last_end;

    for (size_t i = 0; i < ARRAY_LENGTH(words) && token->kind == TOKEN_NAME; i++)
        if (strlen(words[i].word) == token->end - token->begin &&
            memcmp(words[i].word, text + token->begin, token->end - token->begin) == 0)
            return words[i].hint;
    if (token->kind == TOKEN_NAME && last == token->begin && last > 0 && text[last - 1] >= '0' && text[last - 1] <= '9')
        return ": write duration(\"72h\") for a time span";
    bool is_not = last >= 3 && memcmp(text + last - 3, "not", 3) == 0 &&
                  (last == 3 || strchr(" \n(!&|?:,[", text[last - 4]) != NULL);
    return is_not ? " after 'not': write ! in its place" : "";
}

/* Says what was found where something else was expected. */
static struct node *fail_found(struct parser *parser, const char *expected)
{
    const struct token *token = &parser->token;
    int len = token->end - token->begin > 40 ? 40 : (int)(token->end - token->begin);

    while (len > 0 && len < (int)(token->end - token->begin) &&
           ((unsigned char)parser->lexer.text[token->begin + (uint32_t)len] & 0xc0) == 0x80)
        len--; /* no half character in the message */
    if (token->kind == TOKEN_END)
        cel_compiler_fail(parser->compiler, -EINVAL, token->begin, "expected %s, found the end", expected);
    else
        cel_compiler_fail(parser->compiler, -EINVAL, token->begin, "expected %s, found %s%.*s'%s", expected,
                          token->kind == TOKEN_RESERVED ? "the reserved word '" : "'", len,
                          parser->lexer.text + token->begin, other_word(parser));
    return NULL;
}

static bool advance(struct parser *parser)
{
    parser->last_end = parser->token.end;
    int r = cel_lexer_next(&parser->lexer, &parser->token);
    if (r == -ENOMEM)
        fail_memory(parser);
    else if (r < 0)
        cel_compiler_fail(parser->compiler, r, parser->lexer.error->offset_bytes, NULL);
    return r == 0;
}

static bool accept(struct parser *parser, enum token_kind kind, bool *ret_failed)
{
    if (parser->token.kind != kind)
        return false;
    *ret_failed = !advance(parser);
    return true;
}

static bool expect_close(struct parser *parser, enum token_kind kind, uint32_t open)
{
    char expected[64];

    if (parser->token.kind == kind)
        return advance(parser);
    snprintf(expected, sizeof(expected), "an operator, ',' or '%s' for the '%c' at offset %u", cel_token_name(kind),
             parser->lexer.text[open], open);
    fail_found(parser, expected);
    return false;
}

static bool enter(struct parser *parser)
{
    if (++parser->depth <= CEL_DEPTH_MAX)
        return true;
    cel_compiler_fail(parser->compiler, -E2BIG, parser->token.begin,
                      "the expression is nested more than %d levels deep", CEL_DEPTH_MAX);
    return false;
}

static struct node *node_new(struct parser *parser, enum node_op op, uint32_t begin)
{
    if (++parser->node_count > CEL_NODE_MAX_COUNT) {
        cel_compiler_fail(parser->compiler, -E2BIG, begin,
                          "the expression has more than %d operators, names and constants", CEL_NODE_MAX_COUNT);
        return NULL;
    }
    struct node *node = cel_arena_alloc(parser->arena, sizeof(*node));
    if (node == NULL)
        return fail_memory(parser);
    *node = (struct node){.op = op, .begin = begin, .end = parser->last_end, .place = begin, .height = 1};
    return node;
}

static bool push(struct parser *parser, struct node *node)
{
    if (room_for(&parser->stack, &parser->stack_size, parser->stack_count + 1, sizeof(struct node *)) < 0)
        return fail_memory(parser) != NULL;
    parser->stack[parser->stack_count++] = node;
    return true;
}

/* Gives the node what was pushed since base, and its height and end. */
static struct node *adopt(struct parser *parser, struct node *node, size_t base)
{
    size_t count = parser->stack_count - base;
    unsigned height = 0;

    if (node == NULL)
        return NULL;
    for (size_t i = base; i < parser->stack_count; i++)
        if (parser->stack[i]->height > height)
            height = parser->stack[i]->height;
    if (height >= CEL_DEPTH_MAX) {
        cel_compiler_fail(parser->compiler, -E2BIG, node->begin, "the expression is nested more than %d levels deep",
                          CEL_DEPTH_MAX);
        return NULL;
    }
    if (count > 0) {
        node->args = cel_arena_copy(parser->arena, parser->stack + base, count * sizeof(struct node *));
        if (node->args == NULL)
            return fail_memory(parser);
    }
    node->height = (uint8_t)(height + 1);
    node->arg_count = (uint32_t)count;
    node->end = parser->last_end;
    parser->stack_count = base;
    return node;
}

static struct node *constant_node(struct parser *parser, uint32_t begin, struct cel_value value)
{
    struct node *node = node_new(parser, OP_CONSTANT, begin);

    if (node != NULL)
        node->constant = value;
    return node;
}

static struct cel_text token_text(const struct parser *parser, const struct token *token)
{
    return (struct cel_text){parser->lexer.text + token->begin, token->end - token->begin};
}

/* Pushes expressions up to the closing token; returns false on failure. */
static bool parse_arguments(struct parser *parser, enum token_kind close, uint32_t open)
{
    bool failed = false;

    while (parser->token.kind != close) {
        struct node *argument = parse_expression(parser);
        if (argument == NULL || !push(parser, argument))
            return false;
        if (!accept(parser, TOKEN_COMMA, &failed))
            break;
        if (failed)
            return false;
        if (parser->token.kind == close && close == TOKEN_RPAREN)
            return fail_found(parser, "an argument") != NULL;
    }
    return expect_close(parser, close, open);
}

/* The value of a literal token, which a list may take without a node of its own. */
static bool literal_value(const struct token *token, struct cel_value *ret_value)
{
    switch (token->kind) {
    case TOKEN_LITERAL:
        *ret_value = token->value;
        return !token->is_min;
    case TOKEN_TRUE:
    case TOKEN_FALSE:
        *ret_value = cel_bool(token->kind == TOKEN_TRUE);
        return true;
    case TOKEN_NULL:
        *ret_value = cel_null();
        return true;
    default:
        return false;
    }
}

/* A watchlist has a hundred thousand constants: as long as a list holds only literals, they go
 * straight into an array. Returns the number read, or -1; stops at the first element that is
 * something else, with the lexer where that begins. */
struct literals {
    struct cel_value *items;
    size_t count, size;
};

static bool literals_add(struct parser *parser, struct literals *literals, struct cel_value value)
{
    if (literals->count == CEL_CONSTANT_MAX_COUNT) {
        cel_compiler_fail(parser->compiler, -E2BIG, parser->token.begin, "the list has more than %d constants",
                          CEL_CONSTANT_MAX_COUNT);
        return false;
    }
    if (room_for(&literals->items, &literals->size, literals->count + 1, sizeof(*literals->items)) < 0)
        return fail_memory(parser) != NULL;
    literals->items[literals->count++] = value;
    return true;
}

static bool read_literals(struct parser *parser, struct literals *literals)
{
    struct cel_value value;

    while (literal_value(&parser->token, &value)) {
        struct lexer at_literal = parser->lexer;
        struct token token = parser->token;
        uint32_t last_end = parser->last_end;
        if (!advance(parser))
            return false;
        if (parser->token.kind != TOKEN_COMMA && parser->token.kind != TOKEN_RBRACKET) {
            parser->lexer = at_literal; /* the literal begins an expression */
            parser->token = token;
            parser->last_end = last_end;
            return true;
        }
        if (!literals_add(parser, literals, value))
            return false;
        if (parser->token.kind == TOKEN_RBRACKET)
            return true;
        if (!advance(parser))
            return false;
    }
    return true;
}

/* The literals as operands, where an element turned out to be no literal. */
static bool push_literals(struct parser *parser, uint32_t begin, const struct literals *literals)
{
    for (size_t i = 0; i < literals->count; i++) {
        struct node *node = constant_node(parser, begin, literals->items[i]);
        if (node == NULL || !push(parser, node))
            return false;
    }
    return true;
}

static struct node *finish_list(struct parser *parser, uint32_t begin, const struct literals *literals)
{
    size_t base = parser->stack_count;

    if (parser->token.kind == TOKEN_RBRACKET) {
        struct cel_value *items = cel_arena_copy(parser->arena, literals->items, literals->count * sizeof(*items));
        if (items == NULL)
            return fail_memory(parser);
        if (!advance(parser))
            return NULL;
        return constant_node(parser, begin, cel_list(items, literals->count));
    }
    if (!push_literals(parser, begin, literals) || !parse_arguments(parser, TOKEN_RBRACKET, begin))
        return NULL;
    return adopt(parser, node_new(parser, OP_LIST, begin), base);
}

static struct node *parse_list(struct parser *parser)
{
    uint32_t begin = parser->token.begin;
    struct literals literals = {0};
    struct node *node = NULL;

    if (advance(parser) && read_literals(parser, &literals))
        node = finish_list(parser, begin, &literals);
    free(literals.items);
    return node;
}

static struct node *parse_parentheses(struct parser *parser)
{
    uint32_t open = parser->token.begin;

    if (!advance(parser))
        return NULL;
    struct node *node = parse_expression(parser);
    if (node == NULL || !expect_close(parser, TOKEN_RPAREN, open))
        return NULL;
    node->begin = open;
    node->end = parser->last_end;
    return node;
}

static struct node *parse_name(struct parser *parser, uint32_t begin, bool is_root)
{
    size_t base = parser->stack_count;
    struct cel_text name = token_text(parser, &parser->token);
    bool failed = false;

    if (!advance(parser))
        return NULL;
    uint32_t open = parser->token.begin;
    bool is_call = accept(parser, TOKEN_LPAREN, &failed);
    if (failed || (is_call && !parse_arguments(parser, TOKEN_RPAREN, open)))
        return NULL;
    struct node *node = adopt(parser, node_new(parser, is_call ? OP_CALL : OP_NAME, begin), base);
    if (node == NULL)
        return NULL;
    node->name = name;
    node->is_root = is_root;
    if (is_call && cel_expand_call(parser->compiler, node) < 0)
        return NULL;
    return node;
}

static struct node *parse_primary(struct parser *parser)
{
    struct cel_value value;
    uint32_t begin = parser->token.begin;

    switch (parser->token.kind) {
    case TOKEN_LPAREN:
        return parse_parentheses(parser);
    case TOKEN_LBRACKET:
        return parse_list(parser);
    case TOKEN_NAME:
        return parse_name(parser, begin, false);
    case TOKEN_DOT:
        if (!advance(parser))
            return NULL;
        if (parser->token.kind != TOKEN_NAME)
            return fail_found(parser, "a name after the '.'");
        return parse_name(parser, begin, true);
    case TOKEN_LBRACE:
        return fail_found(parser, "a value (maps and messages are not part of the subset)");
    default:
        break;
    }
    if (!literal_value(&parser->token, &value)) {
        if (!parser->token.is_min)
            return fail_found(parser, "a value");
        cel_compiler_fail(parser->compiler, -EINVAL, begin, "this int is above 9223372036854775807");
        return NULL;
    }
    return advance(parser) ? constant_node(parser, begin, value) : NULL;
}

static struct node *parse_method(struct parser *parser, struct node *operand, struct cel_text name)
{
    size_t base = parser->stack_count;
    uint32_t open = parser->token.begin;

    if (!push(parser, operand) || !advance(parser) || !parse_arguments(parser, TOKEN_RPAREN, open))
        return NULL;
    struct node *node = adopt(parser, node_new(parser, OP_CALL, operand->begin), base);
    if (node == NULL)
        return NULL;
    node->name = name;
    node->place = (uint32_t)(name.data - parser->lexer.text);
    node->is_method = true;
    return cel_expand_call(parser->compiler, node) == 0 ? node : NULL;
}

static struct node *parse_selection(struct parser *parser, struct node *operand)
{
    size_t base = parser->stack_count;

    if (!advance(parser))
        return NULL;
    if (parser->token.kind != TOKEN_NAME && parser->token.kind != TOKEN_RESERVED)
        return fail_found(parser, "a field or function after the '.'");
    struct cel_text name = token_text(parser, &parser->token);
    if (!advance(parser))
        return NULL;
    if (parser->token.kind == TOKEN_LPAREN)
        return parse_method(parser, operand, name);
    if (!push(parser, operand))
        return NULL;
    struct node *node = adopt(parser, node_new(parser, OP_SELECT, operand->begin), base);
    if (node == NULL)
        return NULL;
    node->name = name;
    node->place = (uint32_t)(name.data - parser->lexer.text);
    return node;
}

static struct node *parse_index(struct parser *parser, struct node *operand)
{
    size_t base = parser->stack_count;
    uint32_t open = parser->token.begin;

    if (!push(parser, operand) || !advance(parser))
        return NULL;
    struct node *index = parse_expression(parser);
    if (index == NULL || !push(parser, index) || !expect_close(parser, TOKEN_RBRACKET, open))
        return NULL;
    return adopt(parser, node_new(parser, OP_INDEX, operand->begin), base);
}

static struct node *parse_member(struct parser *parser)
{
    struct node *node = parse_primary(parser);

    while (node != NULL) {
        if (parser->token.kind == TOKEN_DOT)
            node = parse_selection(parser, node);
        else if (parser->token.kind == TOKEN_LBRACKET)
            node = parse_index(parser, node);
        else if (parser->token.kind == TOKEN_LBRACE)
            return fail_found(parser, "an operator (maps and messages are not part of the subset)");
        else
            break;
    }
    return node;
}

/* -5 is one constant, so that the smallest int can be written. */
static struct node *parse_negative(struct parser *parser, uint32_t begin)
{
    struct cel_value value = parser->token.value;

    if (value.kind == CEL_INT && !parser->token.is_min)
        value.integer = -value.integer;
    else if (value.kind == CEL_DOUBLE)
        value.real = -value.real;
    return advance(parser) ? constant_node(parser, begin, value) : NULL;
}

static struct node *parse_unary(struct parser *parser)
{
    struct token sign = parser->token;
    size_t base = parser->stack_count;

    if (sign.kind != TOKEN_NOT && sign.kind != TOKEN_MINUS)
        return parse_member(parser);
    if (!enter(parser) || !advance(parser))
        return NULL;
    if (sign.kind == TOKEN_MINUS && parser->token.kind == TOKEN_LITERAL &&
        (parser->token.value.kind == CEL_INT || parser->token.value.kind == CEL_DOUBLE)) {
        parser->depth--;
        return parse_negative(parser, sign.begin);
    }
    struct node *operand = parse_unary(parser);
    parser->depth--;
    if (operand == NULL || !push(parser, operand))
        return NULL;
    return adopt(parser, node_new(parser, sign.kind == TOKEN_NOT ? OP_NOT : OP_NEGATE, sign.begin), base);
}

static bool find_binary(enum token_kind kind, int min_precedence, enum node_op *ret_op, int *ret_precedence)
{
    for (size_t i = 0; i < ARRAY_LENGTH(binary_ops); i++) {
        if (binary_ops[i].token != kind)
            continue;
        *ret_op = binary_ops[i].op;
        *ret_precedence = binary_ops[i].precedence;
        return binary_ops[i].precedence >= min_precedence;
    }
    return false;
}

static struct node *parse_binary(struct parser *parser, int min_precedence)
{
    struct node *left = parse_unary(parser);
    enum node_op op;
    int precedence;

    while (left != NULL && find_binary(parser->token.kind, min_precedence, &op, &precedence)) {
        size_t base = parser->stack_count;
        struct token sign = parser->token;
        bool is_chain = op == OP_AND || op == OP_OR;
        if (!push(parser, left))
            return NULL;
        do {
            if (!advance(parser))
                return NULL;
            struct node *right =
                precedence == PRECEDENCE_TIGHTEST ? parse_unary(parser) : parse_binary(parser, precedence + 1);
            if (right == NULL || !push(parser, right))
                return NULL;
        } while (is_chain && parser->token.kind == sign.kind);
        left = adopt(parser, node_new(parser, op, left->begin), base);
        if (left != NULL)
            left->place = sign.begin;
    }
    return left;
}

static struct node *parse_choice(struct parser *parser, struct node *condition)
{
    size_t base = parser->stack_count;

    if (!push(parser, condition) || !advance(parser))
        return NULL;
    struct node *chosen = parse_binary(parser, PRECEDENCE_LOWEST);
    if (chosen == NULL || !push(parser, chosen))
        return NULL;
    if (parser->token.kind != TOKEN_COLON)
        return fail_found(parser, "an operator or the ':' of '?'");
    if (!advance(parser))
        return NULL;
    struct node *other = parse_expression(parser);
    if (other == NULL || !push(parser, other))
        return NULL;
    return adopt(parser, node_new(parser, OP_CHOOSE, condition->begin), base);
}

static struct node *parse_expression(struct parser *parser)
{
    if (!enter(parser))
        return NULL;
    struct node *node = parse_binary(parser, PRECEDENCE_LOWEST);
    if (node != NULL && parser->token.kind == TOKEN_QUESTION)
        node = parse_choice(parser, node);
    parser->depth--;
    return node;
}

int cel_program_parse(struct compiler *compiler)
{
    struct cel_program *program = compiler->program;
    struct parser parser = {
        .compiler = compiler,
        .arena = &program->arena,
        .lexer = {.text = program->text.data,
                  .len = (uint32_t)program->text.len,
                  .arena = &program->arena,
                  .error = compiler->error},
    };

    if (advance(&parser))
        program->root = parse_expression(&parser);
    if (program->root != NULL && parser.token.kind != TOKEN_END) {
        fail_found(&parser, "an operator or the end");
        program->root = NULL;
    }
    free(parser.stack);
    return compiler->status;
}
