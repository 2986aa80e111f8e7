/* internal.h: what the files of the expression language share.
 *
 *      text --lex, parse--> nodes --check--> nodes with types and slots --fold--> program
 *
 * A program keeps its nodes, constants and names in one arena, and is read-only once built. */
#ifndef THAW_CEL_INTERNAL_H
#define THAW_CEL_INTERNAL_H

#include "cel.h"
#include "pattern.h"

#include <string.h>

#define KIND_BIT(kind) (1U << (kind))
#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define NS_PER_SECOND INT64_C(1000000000)
#define TIMESTAMP_MIN_SECONDS INT64_C(-62135596800)
#define TIMESTAMP_MAX_SECONDS INT64_C(253402300799)

static inline bool text_is(struct cel_text text, const char *word)
{
    return strlen(word) == text.len && memcmp(word, text.data, text.len) == 0;
}

/* Memory that is freed all at once (arena.c). */

struct arena_chunk;
struct arena_guest;

struct arena {
    struct arena_chunk *head; /* the one that is filled */
    struct arena_guest *guests; /* what it owns from elsewhere */
    size_t first_bytes;       /* size of the first chunk; 0: a small one */
    size_t held_bytes;        /* of all chunks */
    size_t max_bytes;         /* 0: no limit */
    bool over_limit;          /* an allocation failed for max_bytes, not for lack of memory */
};

void *cel_arena_alloc(struct arena *arena, size_t size_bytes);
void *cel_arena_copy(struct arena *arena, const void *data, size_t size_bytes);
/* The arena owns an object from elsewhere: leave() is called for it when the arena is emptied, and at once where
 * this fails. 0 or -ENOMEM. */
int cel_arena_take(struct arena *arena, void *object, void (*leave)(void *object));
void cel_arena_reset(struct arena *arena); /* keeps one chunk for reuse */
void cel_arena_clear(struct arena *arena);

/* UTF-8 (utf8.c). */

/* Reads one character at *at, moves behind it; a byte that is none is U+FFFD. */
uint32_t cel_utf8_next(const char **at, const char *end);
/* Writes 1 to 4 bytes. */
size_t cel_utf8_put(char *to, uint32_t character);
size_t cel_utf8_count(const char *data, size_t len);

/* Tokens (lex.c). */

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_RESERVED, /* a name that only a field or a method may have */
    TOKEN_LITERAL,
    TOKEN_TRUE,
    TOKEN_FALSE,
    TOKEN_NULL,
    TOKEN_IN,
    TOKEN_OR,
    TOKEN_AND,
    TOKEN_EQ,
    TOKEN_NE,
    TOKEN_LE,
    TOKEN_GE,
    TOKEN_LT,
    TOKEN_GT,
    TOKEN_PLUS,
    TOKEN_MINUS,
    TOKEN_STAR,
    TOKEN_SLASH,
    TOKEN_PERCENT,
    TOKEN_NOT,
    TOKEN_QUESTION,
    TOKEN_COLON,
    TOKEN_DOT,
    TOKEN_COMMA,
    TOKEN_LPAREN,
    TOKEN_RPAREN,
    TOKEN_LBRACKET,
    TOKEN_RBRACKET,
    TOKEN_LBRACE,
    TOKEN_RBRACE,
};

struct token {
    enum token_kind kind;
    uint32_t begin, end;    /* in the text */
    bool is_min;            /* 9223372036854775808, which only a minus makes an int */
    struct cel_value value; /* of a literal */
};

struct lexer {
    const char *text;
    uint32_t len, at;
    struct arena *arena;     /* for strings with escapes */
    struct cel_error *error; /* filled by a failure, with the offset only */
};

/* Returns 0, -EINVAL, -ENOMEM. */
int cel_lexer_next(struct lexer *lexer, struct token *ret_token);
/* Decodes the string literal that begins at lexer->at (quote.c). */
int cel_lexer_string(struct lexer *lexer, bool raw, bool bytes, struct token *ret_token);
const char *cel_token_name(enum token_kind kind);

/* Nodes. */

enum node_op {
    OP_CONSTANT,
    OP_FAILURE, /* gives an error whenever it is evaluated */
    OP_NAME,    /* gone after the check */
    OP_SLOT,
    OP_LOCAL,
    OP_SELECT,
    OP_HAS,
    OP_LIST,
    OP_INDEX,
    OP_CALL,
    OP_MACRO,
    OP_CHOOSE, /* a ? b : c */
    OP_OR,
    OP_AND,
    OP_NOT,
    OP_NEGATE,
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_IN,
    OP_ADD,
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_MODULO,
};

enum macro { MACRO_ALL, MACRO_EXISTS, MACRO_EXISTS_ONE, MACRO_FILTER, MACRO_MAP };

struct function;
struct zone;
struct value_set;

struct node {
    uint8_t op; /* enum node_op */
    uint8_t macro;
    uint8_t height; /* of the tree below, to bound recursion */
    bool is_method; /* OP_CALL: args[0] is the receiver */
    bool is_root;   /* OP_NAME: written with a dot in front */
    struct cel_type type;
    uint32_t begin, end; /* in the text */
    uint32_t place;      /* of what it does: the sign, the name of the field or function */
    uint32_t arg_count;
    union {
        struct cel_value constant; /* OP_CONSTANT; OP_FAILURE: the error */
        uint32_t slot;             /* OP_SLOT; OP_LOCAL: the depth of its macro */
        struct {
            struct node **args;
            struct cel_text name; /* OP_CALL, OP_SELECT, OP_NAME; OP_MACRO: the variable */
            union {
                const struct function *function; /* OP_CALL: first overload */
                const struct value_set *set;     /* OP_IN: the constant list, hashed */
                uint32_t local;                  /* OP_MACRO */
            };
            union {
                const struct pattern *pattern; /* matches() with a constant pattern */
                const struct zone *zone;   /* selector with a constant zone */
            };
        };
    };
};

struct cel_program {
    struct arena arena;
    struct node *root;
    struct cel_text text;
    struct cel_slot *slots;
    size_t slot_count;
    struct cel_constraint *constraints;
    size_t constraint_count;
};

const char *cel_op_sign(enum node_op op);

/* Building (parse.c, check.c, fold.c, slots.c, constraints.c): each works on program->root. */

struct compiler {
    const struct cel_env *env;
    struct cel_program *program;
    struct cel_evaluator *evaluator; /* for constants */
    unsigned flags;
    struct cel_error *error;
    int status; /* of the first failure */
};

int cel_program_parse(struct compiler *compiler);
/* Turns a call that is a macro into what it means (expand.c). Returns 0 or -EINVAL. */
int cel_expand_call(struct compiler *compiler, struct node *call);
int cel_program_check(struct compiler *compiler);
int cel_program_fold(struct compiler *compiler);
int cel_program_find_slots(struct compiler *compiler);
int cel_program_find_constraints(struct compiler *compiler);

/* Types (types.c). */

struct cel_type cel_type_of(enum cel_kind kind);
struct cel_type cel_type_list(enum cel_kind element);
struct cel_type cel_type_element(struct cel_type list);
struct cel_type cel_type_of_value(const struct cel_value *value);
/* What holds both: their common type, or dyn. */
struct cel_type cel_type_join(struct cel_type a, struct cel_type b);
bool cel_type_is(struct cel_type type, enum cel_kind kind); /* or may be, being dyn */
bool cel_type_can_equal(struct cel_type a, struct cel_type b);
bool cel_type_can_order(struct cel_type a, struct cel_type b);
#define TYPE_TEXT_BYTES 48
const char *cel_type_text(struct cel_type type, char *buffer); /* "list(string)" */
/* The type that a name like "int" or "google.protobuf.Duration" stands for, CEL_ERROR for none. */
enum cel_kind cel_type_by_name(const char *name, size_t len);

/* Names (names.c). */

enum name_lookup { NAME_UNKNOWN, NAME_SLOT, NAME_STRUCT };

enum name_lookup cel_env_find(const struct cel_env *env, struct cel_text name, uint32_t *ret_slot,
                              struct cel_type *ret_type);
/* A field of a declared struct. */
bool cel_env_find_field(const struct cel_env *env, struct cel_text name, struct cel_text field, uint32_t *ret_slot,
                        struct cel_type *ret_type);
/* The nearest known name, or NULL; of a struct's fields where name is not empty. */
const char *cel_env_suggest(const struct cel_env *env, struct cel_text unknown);
const char *cel_env_suggest_field(const struct cel_env *env, struct cel_text name, struct cel_text unknown);
/* Lists the names, or a struct's fields, into buffer, for a message. */
void cel_env_list_names(const struct cel_env *env, char *buffer, size_t size_bytes);
void cel_env_list_fields(const struct cel_env *env, struct cel_text name, char *buffer, size_t size_bytes);
/* Writes the name of a slot, with its struct's. */
void cel_env_slot_name(const struct cel_env *env, uint32_t slot, char *buffer, size_t size_bytes);
int cel_env_load_zone(const struct cel_env *env, const char *name, void **ret_bytes, size_t *ret_byte_count);
/* Whether candidate is nearer to unknown than *best; for "did you mean". */
bool cel_name_is_nearer(struct cel_text unknown, const char *candidate, unsigned *best);

/* Functions (functions.c, convert.c, time.c). */

struct call {
    struct cel_evaluator *evaluator;
    const struct node *node;
    const struct cel_value *args;
};

struct function {
    const char *name;
    bool is_method;
    uint8_t arg_count;
    uint16_t args[2]; /* KIND_BIT()s that are taken */
    enum cel_kind result;
    struct cel_value (*run)(const struct call *call);
};

#define FUNCTION_ARG_MAX 2

/* The overloads of one name stand together; the first, or NULL, and how many. */
const struct function *cel_function_find(struct cel_text name, size_t *ret_count);
const char *cel_function_suggest(struct cel_text name);
bool cel_function_takes(const struct function *function, const struct node *call);
struct cel_value cel_function_call(struct cel_evaluator *evaluator, const struct node *node,
                                   const struct cel_value *args);

struct cel_value cel_convert_int(const struct call *call);
struct cel_value cel_convert_uint(const struct call *call);
struct cel_value cel_convert_double(const struct call *call);
struct cel_value cel_convert_string(const struct call *call);
struct cel_value cel_convert_bytes(const struct call *call);
struct cel_value cel_convert_bool(const struct call *call);
struct cel_value cel_convert_timestamp(const struct call *call);
struct cel_value cel_convert_duration(const struct call *call);
struct cel_value cel_convert_same(const struct call *call);
struct cel_value cel_convert_type(const struct call *call);

struct cel_value cel_select_full_year(const struct call *call);
struct cel_value cel_select_month(const struct call *call);
struct cel_value cel_select_date(const struct call *call);
struct cel_value cel_select_day_of_month(const struct call *call);
struct cel_value cel_select_day_of_week(const struct call *call);
struct cel_value cel_select_day_of_year(const struct call *call);
struct cel_value cel_select_hours(const struct call *call);
struct cel_value cel_select_minutes(const struct call *call);
struct cel_value cel_select_seconds(const struct call *call);
struct cel_value cel_select_milliseconds(const struct call *call);

/* The shortest text that reads back as the same double; at most 32 bytes (double.c). */
size_t cel_double_text(double real, char *buffer, size_t size_bytes);

/* Calendar (calendar.c). */

struct civil {
    int64_t year;
    unsigned month, day;                                 /* from 1 */
    unsigned hour, minute, second, weekday, day_of_year; /* from 0, Sunday is 0 */
};

int64_t cel_days_from_civil(int64_t year, unsigned month, unsigned day);
void cel_civil_from_seconds(int64_t seconds, struct civil *ret_civil);
bool cel_year_is_leap(int64_t year);
unsigned cel_month_days(int64_t year, unsigned month);

/* Time zones (zone.c): TZif bytes to offsets. */

/* Returns 0, -EINVAL, -ENOMEM; the zone lives in the arena. */
int cel_zone_parse(struct arena *arena, const void *bytes, size_t byte_count, const struct zone **ret_zone);
int32_t cel_zone_offset_seconds(const struct zone *zone, int64_t seconds);
/* The rule at the end of the file, "CET-1CEST,M3.5.0,M10.5.0/3" (zone_rule.c). */
struct zone_rule {
    int32_t standard_seconds, summer_seconds; /* east of UTC */
    bool has_summer;
    struct zone_day {
        char form; /* 'J' (1-365, no leap day), 'N' (0-365), 'M' */
        unsigned month, week, day;
        int32_t time_seconds;
    } begin, end;
};
int cel_zone_rule_parse(const char *text, size_t len, struct zone_rule *ret_rule);
int32_t cel_zone_rule_offset_seconds(const struct zone_rule *rule, int64_t seconds);
/* "+02:00", "-09:30", "02:00", "UTC". */
bool cel_zone_fixed_parse(struct cel_text name, int32_t *ret_offset_seconds);

/* Operators (operators.c): never look at slots. */

struct cel_value cel_operate(struct cel_evaluator *evaluator, enum node_op op, const struct cel_value *a,
                             const struct cel_value *b);
struct cel_value cel_operate_negate(struct cel_evaluator *evaluator, const struct cel_value *a);

/* Comparing (compare.c): steps goes down with the work, and below 0 where it was too much. */

enum order { ORDER_LESS, ORDER_EQUAL, ORDER_GREATER, ORDER_NONE /* NaN */, ORDER_MISMATCH };

bool cel_equal_within(const struct cel_value *a, const struct cel_value *b, int64_t *steps);
enum order cel_order(const struct cel_value *a, const struct cel_value *b);
bool cel_kind_is_number(enum cel_kind kind);

/* Sets of constants (set.c). */

/* Makes a set of a list's items, NULL in *ret_set where a scan is as good. */
int cel_value_set_new(struct arena *arena, const struct cel_value *list, const struct value_set **ret_set);
bool cel_value_set_has(const struct value_set *set, const struct cel_value *value);

/* What an evaluation may use (evaluator.c). */

struct cel_evaluator {
    struct arena scratch;
    int64_t step_max_count;
    int64_t steps; /* left */
    bool no_memory;
    cel_resolve_fn resolve;
    void *context;
    struct cel_value locals[CEL_LOCAL_MAX_COUNT];
};

void cel_evaluator_begin(struct cel_evaluator *evaluator, cel_resolve_fn resolve, void *context);
/* Takes steps; true where there are none left. */
bool cel_evaluator_spend(struct cel_evaluator *evaluator, uint64_t steps);

/* What went wrong (errors.c): in a text, and in an evaluation. */

int cel_lexer_fail(struct lexer *lexer, size_t offset_bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int cel_compiler_fail(struct compiler *compiler, int status, size_t offset_bytes, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int cel_compiler_no_memory(struct compiler *compiler);
struct cel_value cel_evaluator_exhausted(void);
struct cel_value cel_evaluator_no_memory(struct cel_evaluator *evaluator);
struct cel_value cel_error_format(struct cel_evaluator *evaluator, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct cel_value cel_error_overload(struct cel_evaluator *evaluator, const char *what, const struct cel_value *args,
                                    size_t arg_count);

/* Evaluation (eval.c). */

struct cel_value cel_evaluate(struct cel_evaluator *evaluator, const struct node *node);

#endif
