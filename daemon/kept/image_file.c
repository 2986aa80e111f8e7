/*
 * image_file.c - the bytes of an image: written, and read by the build that wrote it.
 *
 *   head (a page) │ the engine, as it stands in memory │ the packed rule set
 */
#include "kept/image_file.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "notify.h"
#include "ruleset.h"

#define IMAGE_MAGIC UINT64_C(0x656c69666d697474)
#define SYNC_BYTES                                                                                 \
    (16u << 20) /* so much at most is not yet on the disk: the journal syncs beside it */

/* The first page of the file. */
typedef struct head {
    uint64_t magic;
    uint8_t build[32]; /* only that build reads it */
    char epoch[40];
    uint64_t report, batch, alert, base_mark;
    int64_t retained_ns;
    uint64_t engine_bytes, rules_bytes, rules_sum;
    uint64_t sum; /* of all before */
} head;

static uint64_t head_sum(const head *h)
{
    return XXH3_64bits(h, offsetof(head, sum));
}

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* ---- the build ----------------------------------------------------------------------- */

/* The linker's hash over this program (its build id), from the notes of the program itself. */
static int on_object(struct dl_phdr_info *info, size_t size, void *context)
{
    uint8_t *build = context;

    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        const char *at = (const char *)(info->dlpi_addr + p->p_vaddr), *end = at + p->p_memsz;
        while (p->p_type == PT_NOTE && end - at >= (ptrdiff_t)sizeof(ElfW(Nhdr))) {
            const ElfW(Nhdr) *note = (const void *)at;
            const char *name = at + sizeof *note, *text = name + ((note->n_namesz + 3) & ~3u);
            if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
                memcmp(name, "GNU", 4) == 0 && note->n_descsz > 0 && note->n_descsz <= 32) {
                memcpy(build, text, note->n_descsz);
                return 1;
            }
            at = text + ((note->n_descsz + 3) & ~3u);
        }
    }
    return -1; /* the first object is the program: no other is looked at */
}

static bool build_id(uint8_t build[32])
{
    memset(build, 0, 32);
    return dl_iterate_phdr(on_object, build) > 0;
}

bool image_file_usable(void)
{
    uint8_t build[32];

    return build_id(build);
}

/* ---- writing ------------------------------------------------------------------------- */

typedef struct writing {
    int fd;
    uint64_t written, synced;
    bool patience; /* systemd is waiting for us */
} writing;

static int write_all(int fd, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;

    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno != EINTR)
            return -errno;
        at += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int on_bytes(void *context, const void *bytes, size_t len)
{
    writing *w = context;
    int r = write_all(w->fd, bytes, len);

    w->written += len;
    if (r < 0 || w->written - w->synced < SYNC_BYTES)
        return r;
    w->synced = w->written;
    if (w->patience)
        notify_patience();
    return fdatasync(w->fd) < 0 ? -errno : 0;
}

static void head_fill(const thawd *d, head *h)
{
    *h = (head){.magic = IMAGE_MAGIC,
                .report = journal_last_report(d->journal),
                .batch = journal_last_batch(d->journal),
                .alert = engine_alert_seq(d->engine),
                .base_mark = journal_base_mark(d->journal),
                .retained_ns = d->retained_ns,
                .rules_bytes = d->rules_packed_len,
                .rules_sum = XXH3_64bits(d->rules_packed, d->rules_packed_len)};
    snprintf(h->epoch, sizeof(h->epoch), "%s", journal_epoch(d->journal));
    (void)build_id(h->build);
}

/* The head comes last: before, the file is none. */
int image_file_write(const thawd *d, int fd, bool patience)
{
    writing w = {.fd = fd, .patience = patience};
    head h;
    int r = lseek(fd, (off_t)page_bytes(), SEEK_SET) < 0 ? -errno : 0;

    head_fill(d, &h);
    if (r == 0)
        r = engine_image_save(d->engine, on_bytes, &w);
    h.engine_bytes = w.written;
    if (r == 0)
        r = write_all(fd, d->rules_packed, d->rules_packed_len);
    h.sum = head_sum(&h);
    if (r == 0 && pwrite(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h))
        r = -EIO;
    return r == 0 && fsync(fd) < 0 ? -errno : r;
}

/* ---- reading ------------------------------------------------------------------------- */

/* What is wrong with it, seen from its head alone; NULL: nothing. */
static const char *head_wrong(const thawd *d, const head *h, uint64_t bytes)
{
    uint8_t build[32];

    if (h->magic != IMAGE_MAGIC || h->sum != head_sum(h) || bytes < page_bytes() ||
        h->engine_bytes > bytes - page_bytes() ||
        h->rules_bytes != bytes - page_bytes() - h->engine_bytes || h->engine_bytes == 0)
        return "it is damaged";
    if (!build_id(build) || memcmp(build, h->build, sizeof(build)) != 0)
        return "another build of thawd wrote it";
    if (strncmp(h->epoch, journal_epoch(d->journal), sizeof(h->epoch)) != 0)
        return "it is of another journal";
    if (h->report > journal_last_report(d->journal) || h->batch > journal_last_batch(d->journal) ||
        h->alert > journal_last_alert(d->journal))
        return "it is ahead of the journal";
    if (h->base_mark != journal_base_mark(d->journal))
        return "the past was dropped since";
    return NULL;
}

static const char *rules_read(thawd *d, int fd, const head *h, rules **ret_set)
{
    char error[RULESET_ERROR_BYTES];
    off_t at = (off_t)(page_bytes() + h->engine_bytes);
    uint8_t *packed = malloc(h->rules_bytes + 1);

    if (packed == NULL)
        return "there is no memory";
    if (pread(fd, packed, h->rules_bytes, at) != (ssize_t)h->rules_bytes ||
        XXH3_64bits(packed, h->rules_bytes) != h->rules_sum) {
        free(packed);
        return "it is damaged";
    }
    if (h->rules_bytes > 0 && (!ruleset_same_meaning(packed, h->rules_bytes, &d->config, error) ||
                               ruleset_unpack(packed, h->rules_bytes, ret_set, error) < 0)) {
        free(packed);
        return "its rules cannot be read";
    }
    free(d->rules_packed);
    d->rules_packed = h->rules_bytes > 0 ? packed : NULL;
    d->rules_packed_len = h->rules_bytes;
    if (h->rules_bytes == 0)
        free(packed);
    return NULL;
}

static const char *engine_read(thawd *d, int fd, const head *h, rules *set)
{
    void *pages = mmap(NULL, h->engine_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE,
                       fd, (off_t)page_bytes());
    int r =
        pages == MAP_FAILED ? -ENOMEM : engine_image_load(d->engine, set, pages, h->engine_bytes);

    if (r == 0)
        return NULL;
    rules_free(set);
    return r == -EBADMSG  ? "it is damaged"
           : r == -ESTALE ? "it is of another configuration"
                          : "there is no memory";
}

static int on_report(void *context, const journal_record *record)
{
    const thawd *d = context;
    const uint8_t *text;
    size_t len;

    if (record->kind != JOURNAL_REPORT)
        return 0;
    bool same = engine_report_text(d->engine, record->number, &text, &len) &&
                len == record->body_len && memcmp(text, record->body, len) == 0;
    return same ? 1 : -ESTALE;
}

/* Its last report must be the journal's: an old copy may have gone another way. */
static const char *last_compare(thawd *d, const head *h)
{
    char error[512];

    if (h->report == journal_base_report(d->journal))
        return NULL;
    return journal_read(d->journal, h->report - 1, on_report, d, error) < 0
               ? "the journal went another way"
               : NULL;
}

const char *image_file_read(thawd *d, int fd, image_place *ret_place)
{
    struct stat st;
    rules *set = NULL;
    head h;

    if (fstat(fd, &st) < 0 || pread(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h))
        return "it is damaged";
    const char *wrong = head_wrong(d, &h, (uint64_t)st.st_size);
    if (wrong == NULL)
        wrong = rules_read(d, fd, &h, &set);
    if (wrong == NULL)
        wrong = engine_read(d, fd, &h, set);
    if (wrong == NULL)
        wrong = last_compare(d, &h);
    if (wrong != NULL)
        return wrong;
    d->retained_ns = h.retained_ns;
    *ret_place = (image_place){h.report, h.batch};
    return NULL;
}
