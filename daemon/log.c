/* log.c - see log.h. */
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#define FIELD_BYTES 200 /* of one field's value; ids are at most 128 */
#define FIELD_COUNT 10

typedef struct kind_info {
    const char *name, *id, *what;
    int level;
} kind_info;

static const kind_info kinds[SAY_COUNT] = {
#define KIND_INFO(name, id, level, what) [SAY_##name] = {#name, id, what, level},
    MESSAGE_IDS(KIND_INFO)
#undef KIND_INFO
};

static const char *const level_names[] = {"emergency", "alert",  "critical", "error",
                                          "warning",   "notice", "info",     "debug"};

struct log {
    FILE *stream;
    bool journal;
    uint64_t said[SAY_COUNT]; /* in this interval */
    uint64_t suppressed;
    const char *problem; /* what the last message at warning or above was about */
    int64_t problem_ns;
};

thaw_str log_str(const char *text)
{
    return text == NULL ? (thaw_str){NULL, 0} : (thaw_str){text, (uint32_t)strlen(text)};
}

/* systemd names the journal's socket by device and inode; the same on stderr means it is ours. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    uintmax_t device, inode;
    struct stat st;

    if (stream == NULL || sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) != 2)
        return false;
    return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

int log_new(FILE *stream, log **ret_log)
{
    log *l = calloc(1, sizeof(*l));

    if (l == NULL)
        return -ENOMEM;
    l->stream = stream;
    l->journal = stderr_is_journal();
    *ret_log = l;
    return 0;
}

log *log_free(log *l)
{
    if (l != NULL)
        log_flush(l);
    free(l);
    return NULL;
}

typedef struct field_set {
    struct iovec vec[FIELD_COUNT + 4];
    char text[FIELD_COUNT][FIELD_BYTES];
    int count, texts;
} field_set;

static void fields_add(field_set *set, const char *name, thaw_str value)
{
    char *text = set->text[set->texts];
    int len;

    if (value.data == NULL || value.len == 0)
        return;
    len = snprintf(text, FIELD_BYTES, "%s=%.*s", name, (int)value.len, value.data);
    if (len >= FIELD_BYTES)
        len = FIELD_BYTES - 1;
    set->texts++;
    set->vec[set->count++] = (struct iovec){text, (size_t)len};
}

static void fields_fill(field_set *set, const log_fields *f)
{
    char number[24];

    fields_add(set, "THAW_COUNTRY", f->country);
    fields_add(set, "THAW_RULE", f->rule);
    fields_add(set, "THAW_ALERT", f->alert);
    fields_add(set, "THAW_EVENT", f->event);
    fields_add(set, "THAW_SOURCE", f->source);
    fields_add(set, "THAW_PRODUCER", f->producer);
    fields_add(set, "THAW_CODE", f->code);
    fields_add(set, "THAW_ENDPOINT", f->endpoint);
    fields_add(set, "THAW_FILE", f->file);
    if (f->seq > 0) {
        snprintf(number, sizeof(number), "%" PRIu64, f->seq);
        fields_add(set, "THAW_SEQ", log_str(number));
    }
}

static void write_journal(const kind_info *info, const log_fields *fields, const char *text)
{
    field_set set = {.count = 0};
    char message[LOG_TEXT_BYTES + 16], id[48], priority[16];

    snprintf(message, sizeof(message), "MESSAGE=%s", text);
    snprintf(id, sizeof(id), "MESSAGE_ID=%s", info->id);
    snprintf(priority, sizeof(priority), "PRIORITY=%d", info->level);
    set.vec[set.count++] = (struct iovec){message, strlen(message)};
    set.vec[set.count++] = (struct iovec){id, strlen(id)};
    set.vec[set.count++] = (struct iovec){priority, strlen(priority)};
    if (fields != NULL)
        fields_fill(&set, fields);
    (void)sd_journal_sendv(set.vec, set.count); /* nowhere left to report it to */
}

static void log_write(log *l, const kind_info *info, const log_fields *fields, const char *text)
{
    if (l->journal) {
        write_journal(info, fields, text);
        return;
    }
    fprintf(l->stream, "thawd: %s: %s\n", level_names[info->level], text);
    fflush(l->stream);
}

/* Foreign text may stand in a message: nothing of it reaches a terminal as a control character. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

static void problem_keep(log *l, const char *what)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    l->problem = what;
    l->problem_ns = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void log_say(log *l, log_kind kind, const log_fields *fields, const char *format, ...)
{
    const kind_info *info = &kinds[kind];
    int saved = errno;
    char text[LOG_TEXT_BYTES];
    va_list args;

    if (l->said[kind]++ >= LOG_BURST) {
        l->suppressed++;
        errno = saved;
        return;
    }
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    make_printable(text);
    if (info->level <= LOG_WARNING)
        problem_keep(l, info->what);
    log_write(l, info, fields, text);
    errno = saved;
}

void log_flush(log *l)
{
    char text[LOG_TEXT_BYTES];

    for (int kind = 0; kind < SAY_COUNT; kind++) {
        uint64_t said = l->said[kind];
        kind_info summary = kinds[SAY_SUMMARY];
        l->said[kind] = 0;
        if (said <= LOG_BURST)
            continue;
        snprintf(text, sizeof(text), "%" PRIu64 " more in %d s of: %s", said - LOG_BURST,
                 LOG_INTERVAL_S, kinds[kind].what);
        summary.level = kinds[kind].level; /* many of what needs no one need no one */
        log_write(l, &summary, &(log_fields){.code = log_str(kinds[kind].name)}, text);
    }
}

uint64_t log_suppressed(const log *l)
{
    return l->suppressed;
}

const char *log_last_problem(const log *l, int64_t *ret_at_ns)
{
    if (l->problem == NULL)
        return "";
    if (ret_at_ns != NULL)
        *ret_at_ns = l->problem_ns;
    return l->problem;
}
