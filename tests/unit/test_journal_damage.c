/*
 * test_journal_damage.c - single bits flipped anywhere, the file cut anywhere: opening, reading,
 * writing, checking and exporting never crash, and what is delivered is what was written. Each
 * attempt runs in a process of its own on a copy. THAW_JOURNAL_FLIPS sets how many bits.
 */
#include "journal_private.h"
#include "test_journal_support.h"

enum { BATCHES = 120, FLIPS = 100, PAGE = 4096 };

typedef struct image {
    uint8_t *data, *witness;
    size_t size, witness_size;
    reading original;
} image;

typedef struct attempt {
    const image *from;
    char *folder;
    size_t size;                   /* what is left of the file */
    size_t flip_at, flip_bit;      /* no flip where flip_at >= size */
    bool keeps_witness, must_tell; /* damage that cannot go unseen */
} attempt;

static uint8_t *file_load(const char *folder, const char *name, size_t *ret_size)
{
    char path[256];
    struct stat st;

    snprintf(path, sizeof path, "%s/journal/%s", folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    uint8_t *bytes = malloc((size_t)st.st_size);
    assert_non_null(bytes);
    assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
    close(fd);
    *ret_size = (size_t)st.st_size;
    return bytes;
}

static int file_save(const char *folder, const char *name, const uint8_t *bytes, size_t size)
{
    char path[256];

    snprintf(path, sizeof path, "%s/journal/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    ssize_t n = write(fd, bytes, size);
    close(fd);
    return n == (ssize_t)size ? 0 : -EIO;
}

static void image_make(image *ret_image)
{
    char *folder = folder_make(), error[512];

    *ret_image = (image){0};
    journal_fill(folder, BATCHES / 2, true);
    journal *j = journal_open_at(folder);
    uint64_t ticket = 0;
    for (uint64_t b = BATCHES / 2 + 1; b <= BATCHES; b++)
        assert_int_equal(batch_append(j, b, (uint32_t)(mix(b) % 20), &ticket), 0);
    assert_int_equal(durable_wait(j, ticket), 0);
    assert_int_equal(reading_all(j, &ret_image->original, error), 0);
    journal_close(j);
    ret_image->data = file_load(folder, "data.mdb", &ret_image->size);
    ret_image->witness = file_load(folder, "witness", &ret_image->witness_size);
    folder_remove(folder);
}

static bool reading_equal(const reading *a, const reading *b)
{
    return !a->wrong && !b->wrong && a->reports == b->reports && a->batches == b->batches &&
           a->advances == b->advances && a->alerts == b->alerts && a->rejects == b->rejects;
}

/* Writing goes on, and afterwards all is still there. */
static int writing_goes_on(const journal_config *config, journal *j, const reading *before)
{
    char error[512] = "";
    uint64_t ticket = 0;
    reading after;

    for (uint64_t b = before->batches + 1; b <= before->batches + 4; b++) {
        CHILD_CHECK(batch_append(j, b, 5, &ticket) == 0);
        CHILD_CHECK(durable_wait(j, ticket) == 0);
    }
    journal_close(j);
    CHILD_CHECK(journal_open(config, &j, error) == 0);
    CHILD_CHECK(reading_all(j, &after, error) == 0);
    CHILD_CHECK(!after.wrong && after.batches == before->batches + 4 &&
                after.reports == before->reports + 20);
    journal_close(j);
    return 0;
}

static void damage_count(void *context, const char *table, uint64_t number, const char *text)
{
    (void)table, (void)number, (void)text;
    ++*(unsigned *)context;
}

static int attempt_body(void *context)
{
    const attempt *a = context;
    const reading *original = &a->from->original;
    unsigned told = 0;
    journal_watch watch = {NULL, damage_count, &told};
    journal_summary summary = {0}, exported = {0};
    journal_config config = journal_config_default;
    char error[512] = "", text[512] = "";
    reading in = {0};
    journal *j;

    config.folder = a->folder;
    config.map_bytes = 1 << 20;
    config.sync = false; /* the disk does nothing for what is asked here */
    int checked = journal_check(a->folder, &watch, &summary, text);
    CHILD_CHECK(checked == 0 ? told == 0 && summary.reports == original->reports : text[0] != 0);
    CHILD_CHECK(checked != -EBADMSG || told > 0);
    FILE *out = fopen("/dev/null", "w");
    CHILD_CHECK(out != NULL);
    int r = journal_export(a->folder, out, NULL, &exported, text);
    fclose(out);
    CHILD_CHECK(r != 0 || exported.reports == original->reports);

    int opened = journal_open(&config, &j, error);
    CHILD_CHECK(opened == 0 || error[0] != 0);
    int got = opened == 0 ? reading_all(j, &in, error) : opened;
    CHILD_CHECK(got == 0 || error[0] != 0);
    CHILD_CHECK(!in.wrong);
    CHILD_CHECK(got != 0 || reading_equal(&in, original));
    if (got != 0 && checked == 0)
        fprintf(stderr, "%d %s\n", got, error);
    CHILD_CHECK(got == 0 || checked != 0); /* what reading finds, the check finds */
    CHILD_CHECK(got != 0 || !a->must_tell);
    if (got == 0)
        return writing_goes_on(&config, j, &in);
    if (opened == 0)
        journal_close(j);
    return 0;
}

static void attempt_run(attempt *a)
{
    char path[256];

    a->folder = folder_make();
    snprintf(path, sizeof path, "%s/journal", a->folder);
    assert_int_equal(mkdir(path, 0700), 0);
    uint8_t *bytes = malloc(a->size + 1);
    assert_non_null(bytes);
    memcpy(bytes, a->from->data, a->size);
    if (a->flip_at < a->size)
        bytes[a->flip_at] ^= (uint8_t)(1u << a->flip_bit);
    assert_int_equal(file_save(a->folder, "data.mdb", bytes, a->size), 0);
    if (a->keeps_witness)
        assert_int_equal(file_save(a->folder, "witness", a->from->witness, a->from->witness_size),
                         0);
    free(bytes);
    int code = child_run(attempt_body, a);
    if (code != 0)
        print_error("size %zu, bit %zu of byte %zu: exit %d\n", a->size, a->flip_bit, a->flip_at,
                    code);
    folder_remove(a->folder);
    assert_int_equal(code, 0);
}

static void bits_flipped(void **state)
{
    const image *from = *state;
    const char *wanted = getenv("THAW_JOURNAL_FLIPS");
    uint64_t flips = wanted != NULL ? strtoull(wanted, NULL, 10) : FLIPS;

    for (uint64_t i = 0; i < flips; i++) {
        uint64_t random = mix(i);
        /* every third among the meta pages and what is used most */
        size_t range = i % 3 == 0 && from->size > 16384 ? 16384 : from->size;
        attempt a = {.from = from,
                     .size = from->size,
                     .flip_at = (size_t)(random >> 8) % range,
                     .flip_bit = random & 7,
                     .keeps_witness = true};
        attempt_run(&a);
    }
}

static void meta_pages_flipped(void **state)
{
    const image *from = *state;

    for (size_t page = 0; page < 2; page++)
        for (size_t at = 16; at < 168; at += 3) { /* LMDB's meta stands there */
            attempt a = {.from = from,
                         .size = from->size,
                         .flip_at = page * 4096 + at,
                         .flip_bit = at % 8,
                         .keeps_witness = true};
            attempt_run(&a);
        }
}

/* What LMDB says of a page stands before its content; it believes that when it writes. */
static void page_heads_flipped(void **state)
{
    const image *from = *state;

    for (size_t page = 2; page < from->size / PAGE; page++)
        for (size_t bit = page % 29; bit < 128; bit += 29) { /* over the pages each bit comes in turn */
            attempt a = {.from = from,
                         .size = from->size,
                         .flip_at = page * PAGE + bit / 8,
                         .flip_bit = bit % 8,
                         .keeps_witness = true};
            attempt_run(&a);
        }
}

/* ---- values in pages of their own --------------------------------------------------- */

enum { LARGE = 3000 };

/* Large alert changes and full chunks. */
static void large_fill(const char *folder)
{
    static const uint8_t BODY[LARGE];
    journal *j = journal_open_at(folder);
    uint64_t ticket = 0;

    for (uint64_t b = 1; b <= 40; b++) {
        for (uint32_t i = 0; i < 20; i++)
            assert_int_equal(report_append(j, journal_last_report(j) + 1), 0);
        assert_int_equal(journal_append_alert(j, b, "alert.BY.x.", 11, BODY, sizeof BODY), 0);
        assert_int_equal(journal_submit(j, received_of(b), &ticket), 0);
        assert_int_equal(durable_wait(j, ticket), 0);
    }
    journal_close(j);
}

/* Another bit in each head of a value's pages; how many were changed. */
static unsigned value_heads_flip(const char *folder, size_t bit)
{
    enum { OVERFLOW = 4 };
    size_t size;
    uint8_t *data = file_load(folder, "data.mdb", &size);
    unsigned flipped = 0;

    for (size_t page = 2; page < size / PAGE; page++) {
        uint8_t *at = data + page * PAGE;
        uint16_t flags;
        uint64_t number;
        memcpy(&number, at, sizeof number);
        memcpy(&flags, at + 10, sizeof flags);
        if (number != page || flags != OVERFLOW)
            continue;
        at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        flipped++;
    }
    assert_int_equal(file_save(folder, "data.mdb", data, size), 0);
    free(data);
    return flipped;
}

typedef struct dropping {
    const char *folder;
    bool base;
} dropping;

/* Nothing is read wrong, so that a start is right; dropped is what can be dropped, or writing ends. */
static int dropping_body(void *context)
{
    const dropping *d = context;
    char error[512] = "";
    uint64_t ticket = 0;
    journal_config config = journal_config_default;
    journal_summary summary;
    journal *j;

    config.folder = d->folder;
    config.sync = false;
    FILE *out = fopen("/dev/null", "w");
    CHILD_CHECK(out != NULL);
    CHILD_CHECK(journal_export(d->folder, out, NULL, &summary, error) == 0 && summary.reports == 800);
    fclose(out);
    CHILD_CHECK(journal_check(d->folder, NULL, &summary, error) == -EBADMSG);
    CHILD_CHECK(strstr(error, "its head is wrong") != NULL);
    CHILD_CHECK(journal_compact(d->folder, NULL, &summary, error) == -EBADMSG);
    CHILD_CHECK(journal_open(&config, &j, error) == 0);
    if (d->base)
        CHILD_CHECK(journal_append_base(j, JOURNAL_BASE_STATE, 0, 0, "x", 1) == 0);
    else
        CHILD_CHECK(report_append(j, journal_last_report(j) + 1) == 0);
    journal_trim_alerts(j, d->base ? 1 : 20);
    CHILD_CHECK(journal_submit(j, received_of(41), &ticket) == 0);
    CHILD_CHECK(durable_wait(j, ticket) == -EBADMSG);
    const char *text = "";
    CHILD_CHECK(journal_failed(j, &text) == -EBADMSG && strstr(text, "thaw journal check") != NULL);
    journal_close(j);
    return 0;
}

static void values_with_a_wrong_head_are_not_dropped(void **state)
{
    static const size_t BITS[] = {0, 3, 40, 84, 95, 96, 97, 99, 104, 127}; /* number, flags, pages */

    (void)state;
    for (size_t i = 0; i < 2 * sizeof BITS / sizeof BITS[0]; i++) {
        char *folder = folder_make();
        dropping d = {folder, i % 2 != 0};
        large_fill(folder);
        assert_true(value_heads_flip(folder, BITS[i / 2]) > 20);
        int code = child_run(dropping_body, &d);
        if (code != 0)
            print_error("bit %zu, %s: exit %d\n", BITS[i / 2], d.base ? "base" : "alerts", code);
        folder_remove(folder);
        assert_int_equal(code, 0);
    }
}

/* LMDB's version of its file: as damage anywhere else it is refused for good, and the records are found. */
static void the_files_version_is_damaged(void **state)
{
    const image *from = *state;
    journal_config config = journal_config_default;
    journal_summary summary;
    char *folder = folder_make(), error[512] = "", path[256];
    journal *j = NULL;
    uint8_t *data = malloc(from->size);

    assert_non_null(data);
    memcpy(data, from->data, from->size);
    data[20] ^= 4;
    snprintf(path, sizeof path, "%s/journal", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(file_save(folder, "data.mdb", data, from->size), 0);
    config.folder = folder;
    assert_int_equal(journal_open(&config, &j, error), -EBADMSG);
    assert_non_null(strstr(error, "export what is readable"));
    assert_int_equal(journal_check(folder, NULL, &summary, error), -EBADMSG);
    FILE *out = fopen("/dev/null", "w");
    assert_non_null(out);
    assert_int_equal(journal_export(folder, out, NULL, &summary, error), -EBADMSG);
    fclose(out);
    assert_int_equal(summary.reports, from->original.reports);
    free(data);
    folder_remove(folder);
}

static void cut_at_every_page(void **state)
{
    const image *from = *state;

    for (size_t size = 0; size < from->size; size += 4096) {
        attempt a = {.from = from,
                     .size = size,
                     .flip_at = SIZE_MAX,
                     .keeps_witness = true,
                     .must_tell = true};
        attempt_run(&a);
        if (size % 3 == 0) {
            a.size = size + 1234;
            attempt_run(&a);
        }
    }
}

/* An old copy of the file put in place of the new one. */
static void an_old_copy_is_refused(void **state)
{
    const image *from = *state;
    char *folder = folder_make(), error[512] = "";
    journal_config config = journal_config_default;
    journal *j = NULL;
    size_t size;
    uint64_t ticket;

    config.folder = folder;
    journal_fill(folder, 20, true);
    uint8_t *old = file_load(folder, "data.mdb", &size);
    j = journal_open_at(folder);
    assert_int_equal(batch_append(j, 21, 2, &ticket), 0);
    journal_close(j);
    assert_int_equal(file_save(folder, "data.mdb", old, size), 0);
    j = NULL;
    assert_int_equal(journal_open(&config, &j, error), -EBADMSG);
    assert_null(j);
    assert_non_null(strstr(error, "old copy"));
    assert_int_equal(file_save(folder, "data.mdb", from->data, from->size), 0);
    assert_int_equal(journal_open(&config, &j, error), -EBADMSG);
    assert_non_null(strstr(error, "another epoch"));
    free(old);
    folder_remove(folder);
}

static void a_later_format_is_refused(void **state)
{
    (void)state;
    char *folder = folder_make(), error[512] = "";
    journal_config config = journal_config_default;
    journal *j = NULL;
    size_t size;

    journal_fill(folder, 3, false);
    uint8_t *data = file_load(folder, "data.mdb", &size);
    /* The head record: kind 18, body 48, format 1. */
    static const uint8_t MARK[] = {48, 0, 0, 0, 18, 0, 0, 0, 1, 0, 0, 0};
    size_t patched = 0;
    for (size_t i = 24; i + sizeof MARK + 48 <= size; i++)
        if (memcmp(data + i, MARK, sizeof MARK) == 0) {
            data[i + 8] = 2;
            journal_record_seal(data + i - 24, MARK[4], 0, 0, MARK[0]);
            patched++;
        }
    assert_true(patched > 0);
    assert_int_equal(file_save(folder, "data.mdb", data, size), 0);
    config.folder = folder;
    assert_int_equal(journal_open(&config, &j, error), -EPROTONOSUPPORT);
    assert_non_null(strstr(error, "has format 2, this program knows 1"));
    free(data);
    folder_remove(folder);
}

static int group_setup(void **state)
{
    static image the_image;
    image_make(&the_image);
    *state = &the_image;
    return 0;
}

static int group_teardown(void **state)
{
    image *it = *state;
    free(it->data);
    free(it->witness);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_flipped),
        cmocka_unit_test(meta_pages_flipped),
        cmocka_unit_test(page_heads_flipped),
        cmocka_unit_test(values_with_a_wrong_head_are_not_dropped),
        cmocka_unit_test(the_files_version_is_damaged),
        cmocka_unit_test(cut_at_every_page),
        cmocka_unit_test(an_old_copy_is_refused),
        cmocka_unit_test(a_later_format_is_refused),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
