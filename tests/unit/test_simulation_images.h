/*
 * test_simulation_images.h - images of the engine, for test_simulation.c: as daemon/kept/image.c writes, places, refuses
 * and reads them.
 */
#ifndef TEST_SIMULATION_IMAGES_H
#define TEST_SIMULATION_IMAGES_H

#include "test_simulation_world.h"

static void image_end(image *im)
{
    pages_end(&im->pages);
    *im = (image){.rules = 0};
}

/* Between two batches, whether the last one is on the disk or not. */
static image image_take(world *w)
{
    image im = {.pages = {.bytes = pages_map(IMAGE_BYTES), .capacity = IMAGE_BYTES},
                .report = journal_last_report(w->j),
                .batch = journal_last_batch(w->j),
                .ticket = w->last_ticket,
                .base_mark = journal_base_mark(w->j),
                .rules = w->rules,
                .rounds = chance(w, 12)};
    assert_int_equal(engine_image_save(w->e, pages_put, &im.pages), 0);
    return im;
}

static image image_copy(const image *from)
{
    image im = *from;
    if (im.pages.bytes)
        im.pages.bytes = memcpy(pages_map(im.pages.capacity), from->pages.bytes, im.pages.len);
    return im;
}

/* What thawd's loop does between two batches; `held`: the disk has not failed. */
static void image_look(world *w, bool held)
{
    w->child.rounds -= w->child.rounds > 0;
    if (w->child.pages.bytes && w->child.rounds == 0 && w->durable_ticket >= w->child.ticket) {
        image_end(&w->placed);
        w->placed = w->child;
        w->child = (image){.rules = 0};
    }
    if (engine_now(w->e) == INT64_MIN || chance(w, 10) != 0)
        return;
    if (!held &&
        journal_last_batch(w->j) > w->durable_batch) { /* thawd waits; it is seen all the same */
        image_end(&w->placed);
        w->placed = image_take(w);
    } else if (held && !w->child.pages.bytes) {
        w->child = image_take(w);
    }
}

/* Before the past is dropped. One is kept: as if it were put back by hand. */
static void image_forget(world *w)
{
    image_end(&w->child);
    if (!w->placed.pages.bytes)
        return;
    image_end(&w->stale);
    w->stale = w->placed;
    w->placed = (image){.rules = 0};
}

/* Where no image may be used, `im` is one that has something wrong. */
static int image_load_into(world *w, const image *im, size_t len, engine **ret_engine)
{
    rules *set = im->rules < 0 ? NULL : rules_make(im->rules);
    engine *e = world_engine(w);
    uint8_t *bytes = pages_map(len ? len : 1);
    memcpy(bytes, im->pages.bytes, len);
    int r = engine_image_load(e, set, bytes, len);
    if (r < 0) {
        rules_free(set);
        engine_free(e);
        return r;
    }
    *ret_engine = e;
    return 0;
}

static bool image_fits(const world *w, const image *im)
{
    return im->report <= journal_last_report(w->j) && im->batch <= journal_last_batch(w->j) &&
           im->base_mark == journal_base_mark(w->j);
}

/* Cut, or with one bit flipped. */
static void damaged_is_refused(world *w)
{
    engine *e;
    size_t at = (size_t)chance(w, w->placed.pages.len);
    if (chance(w, 2) == 0) {
        assert_int_equal(image_load_into(w, &w->placed, at, &e), -EBADMSG);
    } else {
        w->placed.pages.bytes[at] ^= (uint8_t)(1u << chance(w, 8));
        assert_int_equal(image_load_into(w, &w->placed, w->placed.pages.len, &e), -EBADMSG);
    }
}

/* False: there is none that can be used, and everything is to be read. */
static bool start_from_image(world *w)
{
    if (w->stale.pages.bytes && !w->placed.pages.bytes && chance(w, 3) == 0)
        w->placed = image_copy(&w->stale);
    if (!w->placed.pages.bytes)
        return false;
    bool fits = image_fits(w, &w->placed), damaged = fits && chance(w, 8) == 0;
    if (damaged)
        damaged_is_refused(w);
    if (!fits || damaged) {
        w->refused++;
        image_end(&w->placed);
        return false;
    }
    assert_int_equal(image_load_into(w, &w->placed, w->placed.pages.len, &w->e), 0);
    w->rules = w->placed.rules;
    w->alerts_count = engine_alert_seq(w->e);
    replay_log(w, w->e, &w->placed);
    w->started++;
    return true;
}

/* All that can be asked but what only this process's life knows. */
static void answers_write(engine *e, msgpack_sbuffer *into)
{
    static const char *const CODES[] = {NULL, "BY", "RU", "VE"};
    engine_incidents_query all = {.limit = 1000000};
    msgpack_packer out;
    msgpack_packer_init(&out, into, msgpack_sbuffer_write);
    for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++) {
        engine_state_query q = {.country = CODES[i], .at_ns = INT64_MAX};
        msgpack_pack_int(&out, engine_write_state(e, &q, &out));
    }
    assert_int_equal(engine_write_incidents(e, &all, &out), 0);
    assert_int_equal(engine_write_snapshot(e, (thaw_str){"", 0}, (thaw_str){NULL, 0}, 0, &out), 0);
    msgpack_pack_uint64(&out, engine_journal_seq(e));
    msgpack_pack_uint64(&out, engine_alert_seq(e));
    msgpack_pack_uint64(&out, engine_reports_held(e));
    msgpack_pack_int64(&out, engine_next_deadline(e));
    msgpack_pack_int64(&out, engine_now(e));
}

/* Duplicates move the clock too, and are not journaled: nothing was due meanwhile. */
static void compare_with_replay(world *w)
{
    engine *e = world_engine(w);
    msgpack_sbuffer mine, theirs;
    int rules_now = w->rules;
    w->replaying = true;
    replay_log(w, e, NULL);
    assert_int_equal(engine_advance(e, engine_now(w->e)), 0);
    w->replaying = false;
    assert_int_equal(w->rules, rules_now);
    msgpack_sbuffer_init(&mine);
    msgpack_sbuffer_init(&theirs);
    answers_write(w->e, &mine);
    answers_write(e, &theirs);
    assert_int_equal(mine.size, theirs.size);
    assert_memory_equal(mine.data, theirs.data, mine.size);
    msgpack_sbuffer_destroy(&mine);
    msgpack_sbuffer_destroy(&theirs);
    engine_free(e);
}

#endif
