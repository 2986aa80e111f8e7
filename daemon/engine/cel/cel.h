/* cel.h: conditions, in a subset of the Common Expression Language (google/cel-spec).
 *
 * A text is compiled once against an environment of declared variables and is then evaluated
 * often, without allocating in the common case. Nothing here reads a file, a socket or a clock,
 * and nothing keeps state between evaluations, so that the same inputs give the same value.
 *
 *      struct cel_env *env;
 *      cel_env_new(&env);
 *      cel_env_declare(env, "country", (struct cel_type){.kind = CEL_STRING}, &slot);
 *      if (cel_compile(env, text, strlen(text), CEL_WANT_BOOL, &program, &error) < 0)
 *              complain(error.line, error.column, error.text);
 *      cel_eval(evaluator, program, resolve, context, &value);
 *
 * The subset: bool, int, uint, double, string, bytes, timestamp, duration, list, null and type
 * values; all operators; size, contains, startsWith, endsWith, matches, the conversions, type,
 * dyn, the selectors of timestamps and durations; the macros has, exists, all, exists_one, filter
 * and map. Maps and messages are not part of it.
 *
 * An environment and an evaluator belong to one thread at a time. A program is never written to
 * after cel_compile() and may be evaluated by many threads, each with its own evaluator. */
#ifndef THAW_CEL_H
#define THAW_CEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Limits. What exceeds one is an error that says so, when compiling or when evaluating. */
#define CEL_SOURCE_MAX_BYTES ((size_t)16 << 20)
#define CEL_DEPTH_MAX 250                        /* operators and brackets inside one another */
#define CEL_NODE_MAX_COUNT 100000                /* operators, names and constants outside lists */
#define CEL_CONSTANT_MAX_COUNT 1000000           /* constants inside one list */
#define CEL_LOCAL_MAX_COUNT 16                   /* macros inside one another */
#define CEL_NAME_MAX_BYTES 128                   /* name of a variable or a field */
#define CEL_SLOT_MAX_COUNT 4096                  /* variables and fields in one environment */
#define CEL_STEP_MAX_COUNT 1000000               /* cost of one evaluation */
#define CEL_SCRATCH_MAX_BYTES ((size_t)16 << 20) /* values made by one evaluation */

enum __attribute__((packed)) cel_kind {
    CEL_ERROR,
    CEL_NULL,
    CEL_BOOL,
    CEL_INT,
    CEL_UINT,
    CEL_DOUBLE,
    CEL_STRING,
    CEL_BYTES,
    CEL_TIMESTAMP,
    CEL_DURATION,
    CEL_LIST,
    CEL_TYPE,
    CEL_DYN, /* only as a declared type: known when evaluated */
};

struct cel_text {
    const char *data; /* UTF-8 (but for bytes), may hold NUL, need not end in one */
    size_t len;
};

/* A value owns nothing: text and items belong to the program, the resolver's context or the
 * evaluator, and live as long as these do (the evaluator's until its next evaluation). */
struct cel_value {
    enum cel_kind kind;
    int32_t nanos; /* CEL_TIMESTAMP: 0 ... 999999999 */
    union {
        bool boolean;
        int64_t integer;
        uint64_t unsigned_integer;
        double real;
        struct cel_text text; /* CEL_STRING, CEL_BYTES; CEL_ERROR: the message */
        int64_t seconds;      /* CEL_TIMESTAMP: since 1970, years 1 to 9999 */
        int64_t duration_ns;
        struct {
            const struct cel_value *items;
            size_t count;
        } list;
        enum cel_kind type;
    };
};

struct cel_type {
    enum cel_kind kind;
    enum cel_kind element; /* of a list; CEL_DYN (or 0) for any */
    bool nullable;         /* null is a value of it too */
};

struct cel_field {
    const char *name;
    struct cel_type type;
};

struct cel_error {
    size_t offset_bytes; /* into the text */
    unsigned line;       /* from 1 */
    unsigned column;     /* from 1, in characters */
    char text[256];      /* what was found and what was expected, without the position */
};

struct cel_env;
struct cel_program;
struct cel_evaluator;

/* Values. */

static inline struct cel_value cel_bool(bool boolean)
{
    return (struct cel_value){.kind = CEL_BOOL, .boolean = boolean};
}

static inline struct cel_value cel_int(int64_t integer)
{
    return (struct cel_value){.kind = CEL_INT, .integer = integer};
}

static inline struct cel_value cel_double(double real)
{
    return (struct cel_value){.kind = CEL_DOUBLE, .real = real};
}

static inline struct cel_value cel_null(void)
{
    return (struct cel_value){.kind = CEL_NULL};
}

static inline struct cel_value cel_string(const char *data, size_t len)
{
    return (struct cel_value){.kind = CEL_STRING, .text = {data, len}};
}

static inline struct cel_value cel_timestamp(int64_t seconds, int32_t nanos)
{
    return (struct cel_value){.kind = CEL_TIMESTAMP, .nanos = nanos, .seconds = seconds};
}

static inline struct cel_value cel_duration(int64_t duration_ns)
{
    return (struct cel_value){.kind = CEL_DURATION, .duration_ns = duration_ns};
}

static inline struct cel_value cel_list(const struct cel_value *items, size_t count)
{
    return (struct cel_value){.kind = CEL_LIST, .list = {items, count}};
}

/* An error is a value; message is kept, not copied. */
struct cel_value cel_error_value(const char *message);

/* CEL's equality: numbers across int, uint and double, NaN to nothing, lists by element. Values
 * of different kinds are unequal; an error is equal to nothing. */
bool cel_value_equal(const struct cel_value *a, const struct cel_value *b);

/* Writes the value as a CEL literal ("a", 2.0, 5u, [1, 2], timestamp("...")), an error as its
 * message, into buffer, cut to fit and always terminated where size_bytes > 0. Returns the length
 * without a cut, as snprintf() does. */
size_t cel_value_format(const struct cel_value *value, char *buffer, size_t size_bytes);

/* The name of a kind as CEL knows it: "int", "google.protobuf.Timestamp"; "error", "dyn". */
const char *cel_kind_name(enum cel_kind kind);

/* Reads RFC 3339 ("2024-07-01T09:00:00.5+02:00"), years 1 to 9999 in UTC, or a duration of signed
 * decimal numbers with units h, m, s, ms, us, ns ("1h30m", "-1.5s"), within 64 bits of
 * nanoseconds. Return 0, -EINVAL where it is not one, -ERANGE where it is out of range. */
int cel_timestamp_parse(const char *text, size_t len, struct cel_value *ret_value);
int cel_duration_parse(const char *text, size_t len, struct cel_value *ret_value);

/* Write them as string() does: "2024-07-01T07:00:00.5Z", "5400s". buffer holds at least
 * CEL_TIME_TEXT_BYTES. Return the length. */
#define CEL_TIME_TEXT_BYTES 40
size_t cel_timestamp_text(const struct cel_value *value, char *buffer);
size_t cel_duration_text(const struct cel_value *value, char *buffer);

/* Environments: which names an expression may use. */

/* Returns 0 or -ENOMEM. The caller owns *ret_env. A program does not need its environment. */
int cel_env_new(struct cel_env **ret_env);
struct cel_env *cel_env_free(struct cel_env *env);

/* A word of the language, as `in`, or one that it reserves: no expression can speak of such a variable. */
bool cel_word_is_taken(const char *word);

/* The offset of the first byte that is not UTF-8, or len. */
size_t cel_utf8_check(const char *data, size_t len);

/* Insertions, deletions, replacements and swaps of neighbours that turn one name into another, in small letters and
 * with "parties" as "party"; neither is longer than CEL_NAME_MAX_BYTES. */
unsigned cel_name_distance(const char *a, size_t a_len, const char *b, size_t b_len);

/* Declares a variable; its slot, counted from 0 in the order of declaration, is what the resolver
 * is asked for. The name is copied. Returns 0, -EEXIST, -EINVAL (no identifier), -E2BIG (more than
 * CEL_SLOT_MAX_COUNT), -ENOMEM. */
int cel_env_declare(struct cel_env *env, const char *name, struct cel_type type, uint32_t *ret_slot);

/* Declares a variable that has only fields: with name "freed" and a field "count" the expression
 * says freed.count. Field i has slot *ret_first_slot + i. The name is copied; fields and their
 * names are not, and must outlive the environment (a const table). Errors as above. */
int cel_env_declare_struct(struct cel_env *env, const char *name, const struct cel_field *fields, size_t field_count,
                           uint32_t *ret_first_slot);

/* Where the rules of a named time zone ("Europe/Minsk") come from: loads the bytes of a compiled
 * zone (TZif, RFC 8536) into memory from malloc(), which the compiler frees. Returns 0 or -errno.
 * Asked when compiling only, with names of [A-Za-z0-9_+/-] without "..". Without a loader only
 * "UTC" and offsets as "+02:00" are known. */
typedef int (*cel_zone_load_fn)(void *context, const char *name, void **ret_bytes, size_t *ret_byte_count);
void cel_env_set_zones(struct cel_env *env, cel_zone_load_fn load, void *context);

/* Programs. */

enum cel_flags {
    CEL_WANT_BOOL = 1 << 0, /* the result must be a bool */
    CEL_LENIENT = 1 << 1,   /* type errors, unknown names and constants that fail are left to the
                             * evaluation, as CEL does without its type checker */
};

/* Compiles len bytes of text (copied). Checks types, evaluates what is constant, compiles patterns
 * and hashes constant lists. Returns 0; -EINVAL (syntax, type, unknown name, constant that fails),
 * -E2BIG (a limit), -ENOMEM, each with *ret_error filled. The caller owns *ret_program. */
int cel_compile(const struct cel_env *env, const char *text, size_t len, unsigned flags,
                struct cel_program **ret_program, struct cel_error *ret_error);
struct cel_program *cel_program_free(struct cel_program *program);

/* The text as given. */
struct cel_text cel_program_text(const struct cel_program *program);

struct cel_slot {
    uint32_t slot;
    struct cel_type type;
    const char *name; /* "country", "freed.count" */
};

/* The slots that the program reads, rising; owned by the program. */
const struct cel_slot *cel_program_slots(const struct cel_program *program, size_t *ret_count);

/* True where the program is a bool whatever the variables hold; says which. */
bool cel_program_constant(const struct cel_program *program, bool *ret_verdict);

/* True where parts of the condition that must all hold exclude one another (count > 5 && count < 3), so
 * that it is never true: where one of them begins, and the name of the slot that they are about. Not all
 * such conditions are found. */
bool cel_program_contradicts(const struct cel_program *program, size_t *ret_offset_bytes, const char **ret_name);

/* A condition that must hold for the program to be true. */
struct cel_constraint {
    uint32_t slot;
    bool contains;                  /* the slot is a list, and one of the values is in it;
                                     * otherwise the slot is equal to one of the values */
    const struct cel_value *values; /* CEL's equality; may hold duplicates */
    size_t value_count;             /* 0: the program is never true */
};

/* The conditions found in the top-level conjuncts: slot == constant, slot in [constants],
 * constant in slot, slot.exists(x, x == constant or x in [constants]), a bool slot or its
 * negation, and alternatives (||) of these on one slot. Necessary, not sufficient: what fails one
 * of them can never make the program true. Owned by the program. */
const struct cel_constraint *cel_program_constraints(const struct cel_program *program, size_t *ret_count);

/* Evaluation. */

/* Returns 0 or -ENOMEM. The caller owns *ret_evaluator. */
int cel_evaluator_new(struct cel_evaluator **ret_evaluator);
struct cel_evaluator *cel_evaluator_free(struct cel_evaluator *evaluator);

/* Sets the cost limit of later evaluations (default CEL_STEP_MAX_COUNT). One step is about one
 * operator, one element of a list or 64 bytes of a string. */
void cel_evaluator_set_steps(struct cel_evaluator *evaluator, uint64_t step_max_count);

/* Whether the last evaluation was given up for what it cost, in steps or in memory. */
bool cel_evaluator_is_exhausted(const struct cel_evaluator *evaluator);

/* Yields the value of a slot, an error value where it has none. May be asked more than once for
 * one slot and must answer the same. What it points to must live until the value of the
 * evaluation was used. */
typedef void (*cel_resolve_fn)(void *context, uint32_t slot, struct cel_value *ret_value);

/* Evaluates. An expression that fails gives a value of kind CEL_ERROR. && and || follow CEL: a
 * false (true) operand decides, on either side, whatever the other is. *ret_value lives until the
 * next evaluation with this evaluator. Returns 0, or -ENOMEM. */
int cel_eval(struct cel_evaluator *evaluator, const struct cel_program *program, cel_resolve_fn resolve, void *context,
             struct cel_value *ret_value);

/* Explanation. */

enum cel_part_kind {
    CEL_PART_ALL,       /* a && b && ...: its parts follow, one deeper */
    CEL_PART_ANY,       /* a || b || ... */
    CEL_PART_CONDITION, /* anything else */
};

struct cel_slot_value {
    uint32_t slot;
    const char *name;
    struct cel_value value;
};

struct cel_part {
    enum cel_part_kind kind;
    unsigned depth; /* 0: the whole */
    struct cel_text text;
    struct cel_value value;
    const struct cel_slot_value *slots; /* of a condition: what it reads, at most 32 */
    size_t slot_count;
};

/* Called for each part in the order of the text; what part holds lives for the call. A result
 * below 0 ends the walk. */
typedef int (*cel_part_fn)(void *context, const struct cel_part *part);

/* Walks the && and || at the top of the program and reports each part with its value, the whole
 * first. Returns 0, -ENOMEM or what report() returned. */
int cel_explain(struct cel_evaluator *evaluator, const struct cel_program *program, cel_resolve_fn resolve,
                void *context, cel_part_fn report, void *report_context);

#endif
