/* image.c - when an image of the engine is written, by whom, and when it is put in place: see
 * image.h. */
#include "kept/image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kept/image_file.h"
#include "kept/new_engine.h"
#include "schedule.h"

#define REST 5 /* times what the last one took, from its begin to that of the next */
/* When nothing came for QUIET_NS and REST times what the last one took, a part of what is enough
 * otherwise is enough. */
#define QUIET_NS INT64_C(1000000000)
#define LITTLE 10
#define RETRY_NS INT64_C(60000000000)
#define HELD_S 30 /* a child that writes nothing for so long will not get on */
#define ROOM_BYTES (16u << 20)

/* A file of its own: what a child of an earlier thawd may still have open is another. */
static int open_new(const thawd *d)
{
    (void)unlinkat(d->image.folder, "image.new", 0);
    int fd = openat(d->image.folder, "image.new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    return fd < 0 ? -errno : fd;
}

static void take_failure(thawd *d)
{
    d->counters.image_failures++;
    d->image.report = d->image.batch = 0;
    d->image.rest_ns = instant_stopwatch_ns() + RETRY_NS;
    (void)unlinkat(d->image.folder, "image.new", 0);
}

static void put_in_place(thawd *d)
{
    image *im = &d->image;
    struct stat st;

    im->written = false;
    im->rest_ns = im->begun_ns + REST * im->took_ns;
    if (renameat(im->folder, "image.new", im->folder, "image") < 0) {
        log_say(d->log, SAY_IMAGE_FAILED, NULL, "the image cannot be put in place: %s",
                strerror(errno));
        take_failure(d);
        return;
    }
    im->work_ns -= im->begun_work_ns;
    d->counters.images++;
    log_say(d->log, SAY_IMAGE_SAVED, NULL,
            "an image was saved at report %" PRIu64 ", %" PRIu64 " MiB", im->report,
            fstatat(im->folder, "image", &st, 0) == 0 ? (uint64_t)st.st_size >> 20 : 0);
}

static void say_failed(thawd *d, int r)
{
    take_failure(d);
    log_say(d->log, SAY_IMAGE_FAILED, NULL,
            "no image could be saved, the next start reads more of the journal: %s", strerror(-r));
}

/* Whether the journal has room left beside an image, and the one before it until that is gone. */
static bool has_room(const thawd *d)
{
    struct statvfs fs;
    journal_counters counters;

    journal_count(d->journal, &counters);
    return fstatvfs(d->image.folder, &fs) == 0 &&
           (uint64_t)fs.f_bavail * fs.f_frsize >= 4 * counters.live_bytes + ROOM_BYTES;
}

/* Until the clock of reports has begun no rule is evaluated, and the engine is between two
 * states. */
static bool has_begun(const thawd *d)
{
    return engine_now(d->engine) != INT64_MIN;
}

/* ---- while it runs ------------------------------------------------------------------- */

/* Where memory runs out the kernel should take the child: it only spares work. */
static void offer_to_kernel(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd >= 0) {
        ssize_t n = write(fd, "1000", 4);
        (void)n; /* then it takes whom it likes */
        close(fd);
    }
}

/* The child has this thread alone, and nothing but the file: what it would keep open, locks and
 * sockets, must end with its parent. */
static void child_run(const thawd *d, int fd, int done, pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(EINTR);
    offer_to_kernel();
    fd = fcntl(fd, F_DUPFD, 5); /* out of the way of 3 and 4 */
    done = fcntl(done, F_DUPFD, 5);
    if (dup2(fd, 3) != 3 || dup2(done, 4) != 4 || close_range(5, ~0u, 0) < 0)
        _exit(EBADF);
    int r = image_file_write(d, 3, false);
    _exit(r < 0 && r > -255 ? -r : r < 0 ? EIO : 0);
}

static void child_end(thawd *d, int *ret_status)
{
    image *im = &d->image;

    while (waitpid(im->child, ret_status, 0) < 0 && errno == EINTR)
        ;
    im->child = 0;
    im->source = sd_event_source_disable_unref(im->source);
    close(im->done);
}

static int on_child(sd_event_source *source, int fd, uint32_t revents, void *context)
{
    thawd *d = context;
    int status = 0;

    (void)source;
    (void)fd;
    (void)revents;
    child_end(d, &status);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        d->image.took_ns = instant_stopwatch_ns() - d->image.begun_ns;
        d->image.written = true;
    } else if (d->image.ended) {
        take_failure(d); /* said already */
    } else {             /* killed: for its memory, mostly */
        say_failed(d, WIFEXITED(status) ? -WEXITSTATUS(status) : -ECANCELED);
    }
    pass_schedule(d);
    return 0;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
/* The allocator of the sanitizers forks with its locks as they are, and another thread may hold
 * one: the child would wait for it for ever (that of glibc does not). So the image is written in
 * this process. */
#define WRITES_HERE true
#else
#define WRITES_HERE false
#endif

static int write_here(thawd *d, int fd)
{
    int r = image_file_write(d, fd, false);

    close(fd);
    d->image.took_ns = instant_stopwatch_ns() - d->image.begun_ns;
    d->image.written = r == 0;
    pass_schedule(d);
    return r;
}

static int start(thawd *d)
{
    image *im = &d->image;
    pid_t parent = getpid();
    int fd = open_new(d), done[2], r = fd < 0 ? fd : 0;

    if (r == 0 && WRITES_HERE)
        return write_here(d, fd);
    if (r == 0 && pipe2(done, O_CLOEXEC) < 0)
        r = -errno;
    if (r < 0) {
        if (fd >= 0)
            close(fd);
        return r;
    }
    im->child = fork();
    if (im->child == 0)
        child_run(d, fd, done[1], parent);
    r = im->child < 0 ? -errno : 0;
    close(fd);
    close(done[1]);
    im->done = done[0];
    if (r == 0)
        r = sd_event_add_io(d->event, &im->source, im->done, EPOLLIN, on_child, d);
    if (r >= 0)
        r = schedule_before_passes(im->source);
    if (r >= 0)
        return 0;
    if (im->child > 0) {
        int status;
        kill(im->child, SIGKILL);
        child_end(d, &status);
    } else {
        im->child = 0;
        close(im->done);
    }
    return r;
}

static uint64_t bytes_written(const thawd *d)
{
    struct stat st;

    return fstatat(d->image.folder, "image.new", &st, 0) == 0 ? (uint64_t)st.st_size : 0;
}

/* A child that was stopped, or waits for a disk that does not answer, holds the pages that the
 * loop has changed since. One that waits for the disk ends only when that answers: on_child()
 * sees it, nobody waits for it. */
static void look_at_child(thawd *d)
{
    image *im = &d->image;
    uint64_t bytes;

    if (im->ended || d->now.mono.ns < im->look_ns)
        return;
    bytes = bytes_written(d);
    im->look_ns = d->now.mono.ns + INT64_C(1000000000) * HELD_S;
    im->ended = bytes == im->seen_bytes;
    im->seen_bytes = bytes;
    if (!im->ended)
        return;
    (void)kill(im->child, SIGKILL); /* ours until it is waited for: the pid is nobody else's */
    log_say(
        d->log, SAY_IMAGE_FAILED, NULL,
        "the process %d that writes an image has written nothing for %d s and is ended, the next "
        "start reads more "
        "of the journal: see whether the disk of %s answers; another image is tried in a minute",
        (int)im->child, HELD_S, d->config.state);
}

/* Whether nothing has come for long enough; notes when something has. */
static bool is_quiet(thawd *d)
{
    image *im = &d->image;

    if (im->last_report != journal_last_report(d->journal)) {
        im->last_report = journal_last_report(d->journal);
        im->last_ns = d->now.mono.ns;
    }
    return d->now.mono.ns - im->last_ns >= QUIET_NS + REST * im->took_ns;
}

/* Whether a start would have enough to do again. */
static bool is_enough(thawd *d)
{
    const image *im = &d->image;
    bool quiet = is_quiet(d);

    return (im->work_ns >= d->config.image_ns && im->work_ns >= im->took_ns / 2) ||
           (quiet && im->work_ns >= d->config.image_ns / LITTLE);
}

/* As image.h has it: enough to do again, and not too soon. */
static bool is_due(thawd *d)
{
    const image *im = &d->image;

    return im->folder >= 0 && is_enough(d) && d->now.mono.ns >= im->rest_ns &&
           d->durable >= im->after && has_begun(d);
}

void image_look(thawd *d)
{
    image *im = &d->image;
    int r;

    if (im->written && d->durable >= im->ticket)
        put_in_place(d);
    if (im->child != 0)
        look_at_child(d);
    if (im->child != 0 || im->written || !is_due(d))
        return;
    im->report = journal_last_report(d->journal);
    im->batch = journal_last_batch(d->journal);
    im->ticket = d->ticket;
    im->begun_ns = instant_stopwatch_ns();
    im->begun_work_ns = im->work_ns;
    im->look_ns = im->begun_ns + INT64_C(1000000000) * HELD_S;
    im->seen_bytes = 0;
    im->ended = false;
    r = has_room(d) ? start(d) : -ENOSPC;
    if (r < 0)
        say_failed(d, r);
}

static void child_stop(thawd *d)
{
    int status;

    if (d->image.child == 0)
        return;
    kill(d->image.child, SIGKILL);
    child_end(d, &status);
    d->image.report = d->image.batch = 0; /* none was written of it */
}

int image_forget(thawd *d)
{
    image *im = &d->image;

    child_stop(d);
    im->written = false;
    im->report = im->batch = 0;
    if (im->folder < 0)
        return 0;
    (void)unlinkat(im->folder, "image.new", 0);
    if (unlinkat(im->folder, "image", 0) < 0)
        return errno == ENOENT ? 0 : -errno;
    return fsync(im->folder) < 0 ? -errno : 0;
}

void image_owe(thawd *d, int64_t work_ns)
{
    d->image.work_ns = work_ns;
    d->image.after = d->ticket;
}

void image_stop(thawd *d, bool save)
{
    image *im = &d->image;
    int fd = -1, r = 0;

    child_stop(d);
    if (im->written)
        put_in_place(d);
    bool news = journal_last_report(d->journal) != im->report ||
                journal_last_batch(d->journal) != im->batch;
    if (save && news && has_begun(d) && journal_last_report(d->journal) > 0 && im->folder >= 0) {
        im->report = journal_last_report(d->journal);
        r = fd = has_room(d) ? open_new(d) : -ENOSPC;
        if (fd >= 0)
            r = image_file_write(d, fd, true);
        if (r < 0)
            say_failed(d, r);
        else
            put_in_place(d);
    }
    if (fd >= 0)
        close(fd);
    if (im->folder > 0)
        close(im->folder);
    im->folder = -1;
}

/* ---- at the start --------------------------------------------------------------------- */

/* An engine that was begun with is of no use any more. */
static int start_anew(thawd *d, const char *wrong)
{
    log_say(d->log, SAY_IMAGE_IGNORED, NULL,
            "the image in %s is not used, the whole journal is read: %s", d->config.state, wrong);
    (void)image_forget(d);
    free(d->rules_packed);
    d->rules_packed = NULL;
    d->rules_packed_len = 0;
    d->retained_ns = INT64_MIN;
    d->engine = engine_free(d->engine);
    return new_engine(d, &d->engine);
}

int image_load(thawd *d, image_place *ret_place)
{
    image *im = &d->image;
    int fd, r;

    im->folder =
        image_file_usable() ? open(d->config.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (im->folder >= 0) /* what a crash has left of one takes room that the journal may need */
        (void)unlinkat(im->folder, "image.new", 0);
    fd = im->folder < 0 ? -1 : openat(im->folder, "image", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && (im->folder < 0 || errno == ENOENT))
        return -ENOENT;
    im->begun_ns = instant_stopwatch_ns();
    const char *wrong = fd < 0 ? strerror(errno) : image_file_read(d, fd, ret_place);
    im->took_ns = instant_stopwatch_ns() - im->begun_ns;
    if (fd >= 0)
        close(fd);
    if (wrong != NULL) {
        r = start_anew(d, wrong);
        return r < 0 ? r : -ENOENT;
    }
    im->report = ret_place->report;
    im->batch = ret_place->batch;
    return 0;
}

int image_refuse(thawd *d)
{
    return start_anew(d, "what follows in the journal does not fit it");
}
