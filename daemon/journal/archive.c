/*
 * archive.c - a journal as one stream, and back.
 *
 *   "thaw journal 1\n" NUL | head | base head, blocks | log records … | alert changes … |
 *   rejects … | end
 *
 * Everything behind the preface is a record as drawn in journal_private.h. The end record's body:
 * batches, reports, alerts, rejects, damaged, kept (u64 each).
 */
#include "journal_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char PREFACE[16] = "thaw journal 1\n";
enum { END_BODY = 48, SUBMIT_BYTES = 4 << 20 };

static int stream_error(int r, const char *what, char *error)
{
    snprintf(error, JOURNAL_ERROR_BYTES, "%s: %s", what, strerror(-r));
    return r;
}

static int out_write(void *context, const uint8_t *bytes, size_t len)
{
    FILE *out = context;
    return fwrite(bytes, 1, len, out) == len ? 0 : errno != 0 ? -errno : -EIO;
}

static int end_write(FILE *out, const journal_summary *summary)
{
    uint8_t bytes[JOURNAL_RECORD_HEADER + END_BODY];
    uint8_t *body = bytes + JOURNAL_RECORD_HEADER;

    journal_put64(body, summary->batches);
    journal_put64(body + 8, summary->reports);
    journal_put64(body + 16, summary->alerts);
    journal_put64(body + 24, summary->rejects);
    journal_put64(body + 32, summary->damaged);
    journal_put64(body + 40, summary->kept);
    journal_record_seal(bytes, JOURNAL_KIND_END, 0, 0, END_BODY);
    return out_write(out, bytes, sizeof bytes);
}

int journal_export(const char *folder, FILE *out, const journal_watch *watch,
                   journal_summary *ret_summary, char error[512])
{
    char path[4096];
    journal_scan scan = {
        .watch = watch, .error = error, .path = path, .on_record = out_write, .context = out};

    int n = snprintf(path, sizeof path, "%s/journal", folder);
    if (n < 0 || (size_t)n >= sizeof path)
        return stream_error(-ENAMETOOLONG, "export", error);
    errno = 0;
    /* Flushed, for the probe forks: what waits in the buffer would be the child's as well. */
    if (fwrite(PREFACE, 1, sizeof PREFACE, out) != sizeof PREFACE || fflush(out) != 0)
        return stream_error(errno != 0 ? -errno : -EIO, "export: cannot be written", error);
    scan.has_witness = journal_witness_read(path, &scan.witness) == 0;
    int r = journal_probe(path, 0, error);
    if (r == 0) {
        r = journal_scan_tree(&scan);
    } else if (r == -EBADMSG) {
        scan.summary.tree_damaged = true;
        scan.summary.damaged = 1; /* `error` holds it */
        if (watch != NULL && watch->damage != NULL)
            watch->damage(watch->context, "tree", 0, error);
        r = journal_scan_file(&scan);
    } else {
        return r;
    }
    if (r == 0)
        r = end_write(out, &scan.summary);
    if (r == 0 && fflush(out) != 0)
        r = -errno;
    if (r < 0)
        return stream_error(r, "export", error);
    *ret_summary = scan.summary;
    return scan.summary.damaged > 0 ? -EBADMSG : 0;
}

/* ---- and back ----------------------------------------------------------------------- */

typedef struct intake {
    FILE *in;
    journal *j;
    bool renumber, bare, any_reject, any_log, based;
    journal_arena record; /* the record at hand */
    journal_place place;
    uint64_t offset, alert, reject;
    journal_summary summary;
    const journal_watch *watch;
    char *error;
} intake;

static int intake_bad(const intake *in, const char *what)
{
    snprintf(in->error, JOURNAL_ERROR_BYTES,
             "import: the record at byte %llu of the stream, after report %llu: %s",
             (unsigned long long)in->offset, (unsigned long long)in->place.report, what);
    return -EBADMSG;
}

/* The next record into in->record. */
static int record_read(intake *in, journal_item *ret_item)
{
    journal_arena *arena = &in->record;

    arena->len = 0;
    int r = journal_arena_reserve(arena, JOURNAL_RECORD_HEADER, NULL);
    if (r < 0)
        return stream_error(r, "import", in->error);
    if (fread(arena->bytes, 1, JOURNAL_RECORD_HEADER, in->in) != JOURNAL_RECORD_HEADER)
        return intake_bad(in, "the stream is cut");
    size_t len = journal_get32(arena->bytes + 24);
    if (len > JOURNAL_BODY_MAX)
        return intake_bad(in, "its length is impossible");
    size_t bytes = journal_record_bytes(len), more = bytes - JOURNAL_RECORD_HEADER;
    r = journal_arena_reserve(arena, bytes, NULL);
    if (r < 0)
        return stream_error(r, "import", in->error);
    if (fread(arena->bytes + JOURNAL_RECORD_HEADER, 1, more, in->in) != more)
        return intake_bad(in, "the stream is cut");
    if (journal_record_parse(arena->bytes, bytes, ret_item) < 0)
        return intake_bad(in, "its checksum does not match");
    arena->len = bytes;
    return 0;
}

static int arena_add(journal_arena *to, const journal_arena *from)
{
    int r = journal_arena_reserve(to, from->len, NULL);
    if (r == 0) {
        memcpy(to->bytes + to->len, from->bytes, from->len);
        to->len += from->len;
    }
    return r;
}

/* Hands over what was gathered, and waits until it is durable: imports need no pipeline. */
static int intake_submit(intake *in)
{
    uint64_t ticket;
    const char *text;

    int r = journal_submit(in->j, 0, &ticket);
    if (r < 0)
        return stream_error(r, "import", in->error);
    while (journal_durable(in->j) < ticket) {
        struct pollfd wait = {.fd = journal_fd(in->j), .events = POLLIN};
        if (journal_failed(in->j, &text) != 0) {
            snprintf(in->error, JOURNAL_ERROR_BYTES, "%s", text);
            return journal_failed(in->j, NULL);
        }
        (void)poll(&wait, 1, 1000);
    }
    if (in->watch != NULL && in->watch->progress != NULL)
        in->watch->progress(in->watch->context, in->offset, 0);
    return 0;
}

/* Where a kept log began later than 1, its numbers go on from there. */
static void log_base(intake *in, const journal_item *item)
{
    in->any_log = true;
    if (in->renumber || in->based)
        return;
    in->place.batch = item->batch - 1;
    in->j->tail.batch = in->place.batch;
}

static void report_base(intake *in, uint64_t number)
{
    in->place.report = number - 1;
    in->j->tail.report = number - 1;
}

static int log_take(intake *in, journal_item *item)
{
    uint8_t *at = in->record.bytes;
    journal_record record;
    journal_chunk one = {.data = at, .bytes = (uint32_t)item->bytes};

    if (!in->any_log && item->kind != JOURNAL_BATCH && !in->renumber)
        return intake_bad(in, "the log does not begin with a batch");
    if (!in->any_log)
        log_base(in, item);
    if (item->kind == JOURNAL_REPORT && in->summary.reports == 0 && !in->renumber && !in->based)
        report_base(in, item->number);
    if (in->renumber && item->kind == JOURNAL_REPORT)
        journal_record_seal(at, item->kind, in->place.report + 1, in->place.batch, item->body_len);
    else if (in->renumber) {
        uint64_t batch = in->place.batch + (item->kind == JOURNAL_BATCH);
        journal_record_seal(at, item->kind, batch, batch, item->body_len);
    }
    in->place.offset = 0;
    if (journal_chunk_step(&one, &in->place, &record) < 0)
        return intake_bad(in, "it does not follow the one before: the stream has a hole");
    in->summary.batches += item->kind == JOURNAL_BATCH;
    in->summary.reports += item->kind == JOURNAL_REPORT;
    return arena_add(&in->j->open.log, &in->record);
}

static int base_head_take(intake *in)
{
    journal_base base;

    if (in->any_log || in->based || journal_base_parse(in->record.bytes, in->record.len, &base) < 0)
        return intake_bad(in, "the head of a base is out of place");
    in->based = true;
    if (in->renumber) {
        in->summary.left_out = base.report; /* less those that are kept, which come now */
        return 0;
    }
    in->place.report = in->j->tail.report = base.report;
    in->place.batch = in->j->tail.batch = base.batch;
    in->place.received_at_ns = in->j->tail.received_at_ns = base.received_at_ns;
    in->j->last_batch = base.batch;
    return 0;
}

/* A report of the base as one of the log, in a batch of its own. */
static int kept_renumber(intake *in, const journal_record *record)
{
    journal_arena *log = &in->j->open.log;
    size_t batch_bytes = journal_record_bytes(8), bytes = journal_record_bytes(record->body_len);

    int r = journal_arena_reserve(log, batch_bytes + bytes, NULL);
    if (r < 0)
        return stream_error(r, "import", in->error);
    uint8_t *at = log->bytes + log->len;
    in->place.batch++;
    in->place.report++;
    journal_put64(at + JOURNAL_RECORD_HEADER, (uint64_t)record->at_ns);
    journal_record_seal(at, JOURNAL_BATCH, in->place.batch, in->place.batch, 8);
    at += batch_bytes;
    memcpy(at + JOURNAL_RECORD_HEADER, record->body, record->body_len);
    journal_record_seal(at, JOURNAL_REPORT, in->place.report, in->place.batch, record->body_len);
    log->len += batch_bytes + bytes;
    in->any_log = true;
    in->summary.batches++;
    in->summary.reports++;
    in->summary.left_out -= in->summary.left_out > 0; /* the head may have been lost */
    return 0;
}

static int block_take(intake *in, const journal_item *item)
{
    journal_arena *base = &in->j->open.base;

    if (!in->based && !in->renumber)
        return intake_bad(in, "blocks of a base come without its head");
    for (size_t offset = 0; offset < item->body_len;) {
        journal_record record;
        if (journal_block_step(item, &offset, &record) < 0)
            return intake_bad(in, "a block of the base is damaged");
        in->summary.kept += record.kind == JOURNAL_BASE_REPORT && !in->renumber;
        int r = in->renumber && record.kind == JOURNAL_BASE_REPORT ? kept_renumber(in, &record) : 0;
        if (r < 0)
            return r;
    }
    if (in->renumber || item->body_len == 0)
        return 0;
    int r = journal_arena_reserve(base, item->body_len, NULL);
    if (r < 0)
        return stream_error(r, "import", in->error);
    memcpy(base->bytes + base->len, item->body, item->body_len);
    base->len += item->body_len;
    return 0;
}

static int alert_take(intake *in, const journal_item *item)
{
    MDB_val value = {in->record.len, in->record.bytes};
    journal_alert alert;

    if (in->renumber)
        return 0;
    if (item->number != in->alert + 1)
        return intake_bad(in, "alert changes before it are missing");
    if (journal_alert_parse(&value, item->number, &alert) < 0)
        return intake_bad(in, "it has not the form of an alert change");
    in->alert = item->number;
    in->summary.alerts++;
    return arena_add(&in->j->open.alerts, &in->record);
}

static int reject_take(intake *in, const journal_item *item)
{
    MDB_val value = {in->record.len, in->record.bytes};
    journal_reject reject;

    if (journal_reject_parse(&value, item->number, &reject) < 0)
        return intake_bad(in, "it has not the form of a reject");
    if (in->any_reject && item->number != in->reject + 1 && !in->renumber)
        return intake_bad(in, "rejects before it are missing");
    if (!in->any_reject)
        in->j->tail.reject = in->renumber ? 0 : item->number - 1;
    in->any_reject = true;
    in->reject = in->renumber ? in->reject + 1 : item->number;
    journal_record_seal(in->record.bytes, JOURNAL_KIND_REJECT, in->reject, item->batch,
                        item->body_len);
    in->summary.rejects++;
    return arena_add(&in->j->open.rejects, &in->record);
}

static int end_take(intake *in, const journal_item *item)
{
    if (item->body_len != END_BODY)
        return intake_bad(in, "the end record has a wrong length");
    if (in->renumber)
        return 1;
    if (journal_get64(item->body) != in->summary.batches ||
        journal_get64(item->body + 8) != in->summary.reports ||
        journal_get64(item->body + 16) != in->summary.alerts ||
        journal_get64(item->body + 24) != in->summary.rejects ||
        journal_get64(item->body + 40) != in->summary.kept)
        return intake_bad(in, "the end record counts other records than came");
    if (journal_get64(item->body + 32) != 0)
        return intake_bad(in, "the stream was exported from a damaged journal");
    return 1;
}

/* 1 at the end of the stream. */
static int item_take(intake *in, journal_item *item)
{
    switch (item->kind) {
    case JOURNAL_BATCH:
        if (journal_group_bytes(&in->j->open) > SUBMIT_BYTES) {
            int r = intake_submit(in);
            if (r < 0)
                return r;
        }
        return log_take(in, item);
    case JOURNAL_RULES:
        return in->bare ? 0 : log_take(in, item);
    case JOURNAL_REPORT:
    case JOURNAL_ADVANCE:
        return log_take(in, item);
    case JOURNAL_KIND_BASE_HEAD:
        return base_head_take(in);
    case JOURNAL_KIND_BLOCK:
        return block_take(in, item);
    case JOURNAL_KIND_ALERT:
        return alert_take(in, item);
    case JOURNAL_KIND_REJECT:
        return reject_take(in, item);
    case JOURNAL_KIND_END:
        return end_take(in, item);
    default:
        return intake_bad(in, "its kind is unknown");
    }
}

/* 1: the head was lost, and *ret_first comes in its place. What is numbered anew needs none. */
static int stream_open(intake *in, journal_head *ret_head, journal_item *ret_first)
{
    char preface[sizeof PREFACE];

    if (fread(preface, 1, sizeof preface, in->in) != sizeof preface ||
        memcmp(preface, PREFACE, sizeof preface) != 0) {
        snprintf(in->error, JOURNAL_ERROR_BYTES, "import: this is no exported journal");
        return -EBADMSG;
    }
    in->offset = sizeof preface;
    int r = record_read(in, ret_first);
    if (r < 0)
        return r;
    if (ret_first->kind == JOURNAL_KIND_HEAD || ret_first->kind == JOURNAL_KIND_END)
        return journal_head_parse(in->record.bytes, in->record.len, ret_head) < 0
                   ? intake_bad(in, "it should be the head of a journal in a format known here")
                   : 0;
    return in->renumber ? 1 : intake_bad(in, "the head of the journal is missing; --renumber does without");
}

static int stream_take(intake *in)
{
    int r = 0;

    while (r == 0) {
        journal_item item;
        in->offset += in->record.len;
        r = record_read(in, &item);
        if (r == 0)
            r = item_take(in, &item);
    }
    if (r > 0 && getc(in->in) != EOF)
        r = intake_bad(in, "something follows after the end of the stream");
    return r < 0 ? r : intake_submit(in);
}

static void importing_remove(const char *path)
{
    static const char *const FILES[] = {"data.mdb", "lock.mdb", "witness"};
    char file[4096];

    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        int n = snprintf(file, sizeof file, "%s/%s", path, FILES[i]);
        if (n > 0 && (size_t)n < sizeof file)
            (void)unlink(file);
    }
    (void)rmdir(path);
}

/* The alerts' first number must stand in the head before they come; so the stream's head says
 * where its alerts begin, and its log's chunks are numbered anew. */
static int import_into(intake *in, const char *folder)
{
    journal_config config = journal_config_default;
    journal_head head = {0};
    journal_item first;

    int r = stream_open(in, &head, &first);
    if (r < 0)
        return r;
    bool headless = r > 0;
    head.first_chunk = 1;
    in->alert = head.first_alert - 1;
    if (in->renumber && (r = journal_head_make(&head)) < 0)
        return stream_error(r, "import", in->error);
    config.folder = folder;
    r = journal_open_named(&config, "journal.importing", true, &head, &in->j, in->error);
    if (r == 0 && headless)
        r = item_take(in, &first);
    if (r == 0)
        r = stream_take(in);
    in->j = journal_close(in->j);
    return r;
}

static int import_place(const char *folder, const char *from, const char *to, char *error)
{
    if (rename(from, to) < 0)
        return stream_error(-errno, "import: the new journal cannot be put in place", error);
    int r = journal_folder_sync(NULL, folder);
    return r < 0 ? stream_error(r, "import: sync of the state folder", error) : 0;
}

int journal_import(const char *folder, FILE *stream, journal_taken taken,
                   const journal_watch *watch, journal_summary *ret_summary, char error[512])
{
    char from[4096], to[4096];
    struct stat st;
    journal_lock lock;
    intake in = {.in = stream,
                 .renumber = taken != JOURNAL_AS_IT_IS,
                 .bare = taken == JOURNAL_REPORTS,
                 .watch = watch,
                 .error = error};

    if (strlen(folder) > 3000)
        return stream_error(-ENAMETOOLONG, "import", error);
    snprintf(from, sizeof from, "%s/journal.importing", folder);
    snprintf(to, sizeof to, "%s/journal", folder);
    int r = journal_lock_take(folder, &lock, error);
    if (r < 0)
        return r;
    if (stat(to, &st) == 0) {
        snprintf(error, JOURNAL_ERROR_BYTES, "%.300s exists: move it away first", to);
        r = -EEXIST;
    }
    if (r == 0) {
        importing_remove(from);
        r = import_into(&in, folder);
        if (r == 0)
            r = journal_probe(from, JOURNAL_PROBE_ALONE, error);
        if (r == 0)
            r = import_place(folder, from, to, error);
        if (r < 0)
            importing_remove(from);
    }
    journal_arena_free(&in.record);
    journal_lock_give(&lock);
    if (r == 0)
        *ret_summary = in.summary;
    return r;
}
