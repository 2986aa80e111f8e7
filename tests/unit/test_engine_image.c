/* test_engine_image.c - an engine made of the image of another goes on as that one would have: its
 * alerts, answers and counters are the same to the byte, at whichever report it is taken over. A
 * damaged image is refused. */
#include "test_engine_support.h"
#include "test_pages.h"

/* ---- an image in memory ------------------------------------------------------------- */

static pages image_of(const engine *e)
{
    pages im = {.capacity = 32u << 20};
    im.bytes = pages_map(im.capacity);
    assert_int_equal(engine_image_save(e, pages_put, &im), 0);
    assert_int_equal(munmap(im.bytes + ((im.len + 65535) & ~(size_t)65535),
                            im.capacity - ((im.len + 65535) & ~(size_t)65535)),
                     0);
    im.capacity = (im.len + 65535) & ~(size_t)65535;
    return im;
}

/* The first `len` bytes of it, made an engine that tells `s` of its alerts. */
static int engine_of_image(subject *s, const pages *im, size_t len, rules *set, engine **ret_engine)
{
    uint8_t *bytes = pages_map(len ? len : 1);
    engine *e = engine_make(s);
    memcpy(bytes, im->bytes, len);
    int r = engine_image_load(e, set, bytes, len);
    *ret_engine = r == 0 ? e : engine_free(e);
    return r;
}

static void take_over(subject *s)
{
    pages im = image_of(s->e);
    engine *e;
    assert_int_equal(engine_of_image(s, &im, im.len, rules_make(), &e), 0);
    engine_free(s->e);
    s->e = e;
    pages_end(&im);
}

/* ---- all that can be asked ---------------------------------------------------------- */

static void snapshot(engine *e, msgpack_packer *out)
{
    assert_int_equal(engine_write_snapshot(e, (thaw_str){"", 0}, (thaw_str){NULL, 0}, 0, out), 0);
}

static void answers(engine *e, msgpack_sbuffer *body)
{
    static const char *const codes[] = {NULL, "BY", "RU", "VE"};
    msgpack_packer out;
    msgpack_packer_init(&out, body, msgpack_sbuffer_write);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        engine_state_query q = {.country = codes[i], .at_ns = INT64_MAX};
        int r = engine_write_state(e, &q, &out);
        assert_true(r == 0 || r == -ENOENT); /* nothing was heard of it yet */
        msgpack_pack_int(&out, r);
    }
    engine_incidents_query all = {.limit = 1000000};
    assert_int_equal(engine_write_incidents(e, &all, &out), 0);
    assert_int_equal(engine_write_counters(e, &out), 0);
    assert_int_equal(engine_write_rules(e, &out), 0);
    snapshot(e, &out);
}

/* Every incident, every alert that is active, every rule over each country. */
static void explanations(engine *e, msgpack_sbuffer *body)
{
    msgpack_sbuffer list;
    msgpack_packer out, into;
    msgpack_unpacked u;
    size_t at = 0;
    msgpack_packer_init(&out, body, msgpack_sbuffer_write);
    msgpack_sbuffer_init(&list);
    msgpack_packer_init(&into, &list, msgpack_sbuffer_write);
    engine_incidents_query all = {.limit = 1000000};
    const engine_explain_query query = {.bytes = 1 << 20};
    assert_int_equal(engine_write_incidents(e, &all, &into), 0);
    snapshot(e, &into);
    msgpack_unpacked_init(&u);
    while (msgpack_unpack_next(&u, list.data, list.size, &at) == MSGPACK_UNPACK_SUCCESS)
        for (uint32_t i = 0; i < u.data.via.map.size; i++) {
            const msgpack_object_kv *kv = &u.data.via.map.ptr[i];
            bool alerts = kv->key.via.str.size == 6 && !memcmp(kv->key.via.str.ptr, "alerts", 6);
            for (uint32_t k = 0; kv->val.type == MSGPACK_OBJECT_ARRAY && k < kv->val.via.array.size;
                 k++) {
                const msgpack_object *one = &kv->val.via.array.ptr[k];
                for (uint32_t m = 0; one->type == MSGPACK_OBJECT_MAP && m < one->via.map.size;
                     m++) {
                    msgpack_object_str key = one->via.map.ptr[m].key.via.str,
                                       id = one->via.map.ptr[m].val.via.str;
                    if (key.size != 2 || memcmp(key.ptr, "id", 2) != 0)
                        continue;
                    thaw_str text = {id.ptr, id.size};
                    int r = alerts ? engine_write_explain_alert(e, text, &query, &out)
                                   : engine_write_explain_incident(e, text, &query, &out);
                    assert_int_equal(r, 0);
                }
            }
        }
    static const char group[] = "\x81\xa7"
                                "country"
                                "\xa2"
                                "BY";
    assert_int_equal(engine_write_explain_rule(e, (thaw_str){"mass-release", 12},
                                               (const uint8_t *)group, sizeof group - 1, &query,
                                               &out),
                     0);
    msgpack_unpacked_destroy(&u);
    msgpack_sbuffer_destroy(&list);
}

static void same_answers(subject *a, subject *b, bool explain)
{
    msgpack_sbuffer x, y;
    msgpack_sbuffer_init(&x);
    msgpack_sbuffer_init(&y);
    answers(a->e, &x);
    answers(b->e, &y);
    if (explain) {
        explanations(a->e, &x);
        explanations(b->e, &y);
    }
    assert_int_equal(x.size, y.size);
    assert_memory_equal(x.data, y.data, x.size);
    assert_int_equal(engine_next_deadline(a->e), engine_next_deadline(b->e));
    assert_int_equal(engine_now(a->e), engine_now(b->e));
    assert_int_equal(engine_alert_seq(a->e), engine_alert_seq(b->e));
    msgpack_sbuffer_destroy(&x);
    msgpack_sbuffer_destroy(&y);
}

/* ---- the tests ---------------------------------------------------------------------- */

enum { REPORTS = 1200 };

/* Taken over again and again, at other places in each course, against one that never is. */
static void it_goes_on(void **state)
{
    (void)state;
    for (uint64_t step = 1; step <= 400; step = step * 3 + 1) {
        subject whole, other;
        uint64_t reports = step == 1 ? 150 : REPORTS;
        subject_start(&whole);
        subject_start(&other);
        for (uint64_t n = 0; n < reports; n++) {
            engine_verdict a = give(&whole, n, day_ns(n)), b = give(&other, n, day_ns(n));
            assert_int_equal(a.code, b.code);
            assert_int_equal(a.journal_seq, b.journal_seq);
            if (n % step != step - 1)
                continue;
            take_over(&other);
            if (n % (8 * step) < step)
                same_answers(&whole, &other, false);
        }
        lines_equal(&whole, &other, 0);
        assert_true(whole.count > (step == 1 ? 5 : 50));
        same_answers(&whole, &other, true);
        /* and what waits for time alone */
        assert_int_equal(engine_advance(whole.e, day_ns(reports) + 100 * DAY * NS), 0);
        assert_int_equal(engine_advance(other.e, day_ns(reports) + 100 * DAY * NS), 0);
        lines_equal(&whole, &other, 0);
        same_answers(&whole, &other, true);
        subject_end(&whole);
        subject_end(&other);
    }
}

/* What was dropped before, stays dropped; the numbers go on. */
static void over_a_dropped_past(void **state)
{
    (void)state;
    subject whole, other;
    uint64_t n = 0;
    subject_start(&whole);
    subject_start(&other);
    for (; n < REPORTS; n++) {
        (void)give(&whole, n, day_ns(n));
        (void)give(&other, n, day_ns(n));
    }
    subject *both[] = {&whole, &other};
    for (size_t i = 0; i < 2; i++) {
        keeping k;
        assert_true(drop(both[i], day_ns(n) - 50 * DAY * NS, &k).reports > 100);
        keeping_end(&k);
    }
    take_over(&other);
    same_answers(&whole, &other, true);
    assert_true(give(&other, 1, day_ns(n)).duplicate); /* a dropped one is still known */
    assert_true(give(&whole, 1, day_ns(n)).duplicate);
    const uint8_t *text;
    size_t len;
    assert_true(engine_report_text(other.e, n, &text, &len) && len > 0);
    assert_false(engine_report_text(other.e, n + 1, &text, &len));
    for (; n < REPORTS + 400; n++)
        assert_int_equal(give(&whole, n, day_ns(n)).journal_seq,
                         give(&other, n, day_ns(n)).journal_seq);
    lines_equal(&whole, &other, 0);
    same_answers(&whole, &other, true);
    subject_end(&whole);
    subject_end(&other);
}

static void an_empty_one(void **state)
{
    (void)state;
    subject s = {0};
    s.e = engine_make(&s);
    pages im = image_of(s.e);
    engine *e;
    assert_int_equal(engine_of_image(&s, &im, im.len, NULL, &e), 0);
    engine_free(s.e);
    s.e = e;
    pages_end(&im);
    assert_int_equal(engine_set_rules(s.e, rules_make(), false, NULL, NULL), 0);
    im = (pages){.capacity = 1 << 20, .bytes = pages_map(1 << 20)};
    assert_int_equal(engine_image_save(s.e, pages_put, &im),
                     -EBUSY); /* not evaluated: there is no time yet */
    pages_end(&im);
    for (uint64_t n = 0; n < 50; n++)
        (void)give(&s, n, day_ns(n));
    take_over(&s);
    subject_end(&s);
}

static void refuse(subject *s, const pages *im, size_t len, int expected)
{
    rules *set = rules_make();
    engine *e = NULL;
    assert_int_equal(engine_of_image(s, im, len, set, &e), expected);
    rules_free(set);
}

static void damaged_is_refused(void **state)
{
    (void)state;
    subject s;
    subject_start(&s);
    for (uint64_t n = 0; n < 300; n++)
        (void)give(&s, n, day_ns(n));
    pages im = image_of(s.e);
    for (size_t len = 0; len < im.len; len += len < 64 ? 1 : im.len / 97)
        refuse(&s, &im, len, -EBADMSG);
    refuse(&s, &im, im.len - 1, -EBADMSG);
    for (size_t i = 0; i < 200; i++) {
        size_t at = i < 64 ? i : i < 100 ? im.len - 1 - (i - 64) : (size_t)(mix(i) % im.len);
        uint8_t bit = (uint8_t)(1u << (mix(i) >> 40) % 8);
        im.bytes[at] ^= bit;
        refuse(&s, &im, im.len, -EBADMSG);
        im.bytes[at] ^= bit;
    }
    pages_end(&im);
    subject_end(&s);
}

/* Whole, but of an engine that makes something else of the same reports. */
static void another_one_is_refused(void **state)
{
    (void)state;
    static const char other_rules[] =
        "rules:\n  - rule: other\n    select:\n      r: {kind: release}\n"
        "    when: r.count > 1\n    severity: info\n    title: other\n";
    subject s;
    subject_start(&s);
    for (uint64_t n = 0; n < 50; n++)
        (void)give(&s, n, day_ns(n));
    pages im = image_of(s.e);
    rules_complaints complaints = {0};
    rules *set = NULL;
    engine *e;
    assert_int_equal(rules_load_text("other", other_rules, sizeof other_rules - 1, NULL, false,
                                     &set, &complaints),
                     0);
    rules_complaints_done(&complaints);
    assert_int_equal(engine_of_image(&s, &im, im.len, set, &e), -ESTALE);
    rules_free(set);
    assert_int_equal(engine_of_image(&s, &im, im.len, NULL, &e), -ESTALE);
    engine_config config = engine_config_default;
    config.tolerance_talks_ns++;
    assert_int_equal(engine_new(&config, NULL, &e), 0);
    uint8_t *bytes = pages_map(im.len);
    memcpy(bytes, im.bytes, im.len);
    set = rules_make();
    assert_int_equal(engine_image_load(e, set, bytes, im.len), -ESTALE);
    engine_free(e);
    rules_free(set);
    pages_end(&im);
    subject_end(&s);
}

static int no_more(void *context, const void *bytes, size_t len)
{
    (void)bytes;
    *(size_t *)context += len;
    return -EIO;
}

static void a_failed_write_is_told(void **state)
{
    (void)state;
    subject s;
    size_t taken = 0;
    subject_start(&s);
    for (uint64_t n = 0; n < 50; n++)
        (void)give(&s, n, day_ns(n));
    assert_int_equal(engine_image_save(s.e, no_more, &taken), -EIO);
    assert_true(taken > 0);
    subject_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_goes_on),
        cmocka_unit_test(over_a_dropped_past),
        cmocka_unit_test(an_empty_one),
        cmocka_unit_test(damaged_is_refused),
        cmocka_unit_test(another_one_is_refused),
        cmocka_unit_test(a_failed_write_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
