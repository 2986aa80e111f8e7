/* thawd.c - reports in, alerts out: options, configuration, resources, ready, loop, out. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "config/units.h"
#include "daemon.h"
#include "kept/recovery.h"
#include "memory.h"
#include "notify.h"
#include "ruleset.h"
#include "sockets/accept.h"
#include "sockets/auth.h"
#include "sockets/paths.h"

/* As systemd.exec(5) and sysexits.h have them. Those of main() do not heal by trying again: the
 * unit has them in RestartPreventExitStatus=. */
#define EXIT_USAGE 2
#define EXIT_DATA 65
#define EXIT_PERMISSION 77
#define EXIT_CONFIG 78

typedef struct options {
    const char *file;
    bool check;
} options;

static void usage(FILE *out)
{
    fprintf(out, "usage: thawd [--config FILE] [--check]\n\n"
                 "  --config FILE  read FILE (default: " CONFIG_FILE_DEFAULT ")\n"
                 "  --check        check configuration, keys and rules, and end\n"
                 "  --help         show this text\n"
                 "  --version      show the version\n\n"
                 "thawd(8) and thawd.yaml(5) tell more.\n");
}

/* 0: go on; 1: done; -EINVAL: wrong usage. */
static int read_options(int argc, char *argv[], options *o)
{
    static const struct option table[] = {{"config", required_argument, NULL, 'c'},
                                          {"check", no_argument, NULL, 'k'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, 'v'},
                                          {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "c:h", table, NULL)) != -1)
        switch (c) {
        case 'c':
            o->file = optarg;
            break;
        case 'k':
            o->check = true;
            break;
        case 'h':
            usage(stdout);
            return 1;
        case 'v':
            printf("thawd " THAW_VERSION " (%s)\n", THAW_PROTOCOL);
            return 1;
        default:
            usage(stderr);
            return -EINVAL;
        }
    if (optind == argc)
        return 0;
    fprintf(stderr, "thawd: found \"%s\", expected only options\n", argv[optind]);
    return -EINVAL;
}

static int load_config(thawd *d, const options *o)
{
    char error[CONFIG_ERROR_BYTES] = "out of memory";
    int r = config_load(o->file, &d->config, error);

    if (r < 0)
        log_say(d->log, SAY_CONFIG_BAD, &(log_fields){.file = log_str(o->file)}, "%s", error);
    return r;
}

/* Everything that can be found wrong without opening state or sockets. */
static int check(thawd *d)
{
    char error[RULESET_ERROR_BYTES] = "out of memory";
    ruleset set = {.set = NULL};
    int r = auth_check(&d->config, error);

    if (r == 0)
        r = paths_check(&d->config, error);
    if (r == 0)
        r = ruleset_load(&d->config, &set, error);
    if (r == 0)
        ruleset_tell_beyond(&set, &d->config, d->log);
    if (r < 0)
        log_say(d->log, SAY_CONFIG_BAD, NULL, "%s", error);
    else
        printf("%s: configuration and %zu rule%s are fine\n", d->config.file, rules_count(set.set),
               rules_count(set.set) == 1 ? "" : "s");
    ruleset_done(&set);
    return r;
}

/* libzmq and the journal start threads: signals must be the loop's alone before. */
static void block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* A descriptor for each connection: as many as the system grants. */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* then it stays as it is */
    }
}

/* The bound refuses reports before memory runs out, where it is within what there is. */
static void compare_memory(thawd *d)
{
    uint64_t there = memory_there();
    char bound[UNITS_TEXT_BYTES];

    if (d->config.memory_bytes <= there)
        return;
    units_write_bytes(d->config.memory_bytes, bound);
    log_say(d->log, SAY_MEMORY_BEYOND, NULL,
            "memory.bytes is %s, and thawd has %" PRIu64 "MiB at most: memory may run out before reports are refused",
            bound, there >> 20);
}

static int run(thawd *d)
{
    int r;

    block_signals();
    raise_descriptors();
    compare_memory(d);
    accept_prepare();
    instant_take(&d->now);
    d->started = d->flushed = d->now.mono;
    r = daemon_open_journal(d);
    if (r == 0)
        r = daemon_make_engine(d);
    if (r == 0)
        r = daemon_open_sockets(d);
    if (r == 0)
        r = recovery_run(d);
    if (r == 0)
        r = daemon_start_loop(d);
    if (r == 0) {
        log_say(d->log, SAY_READY, NULL, "thawd " THAW_VERSION " is ready");
        notify_ready(d);
        r = daemon_run(d);
    }
    daemon_stop(d);
    return r == 0 ? d->failure : r; /* the last of it may have failed, too */
}

static int exit_status(int r)
{
    switch (r) {
    case -ECANCELED: /* told to end before the loop ran */
        return EXIT_SUCCESS;
    case -EINVAL:
        return EXIT_CONFIG;
    case -EBADMSG: /* a damaged journal */
    case -EPROTONOSUPPORT: /* one of a later version */
        return EXIT_DATA;
    case -EACCES:
    case -EPERM:
    case -EROFS:
        return EXIT_PERMISSION;
    default:
        return EXIT_FAILURE;
    }
}

/* What a script reads of --check or --version was written, or it is told that it was not. */
static int output_end(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "thawd: the output could not be written in full\n");
    return status == EXIT_SUCCESS ? EXIT_FAILURE : status;
}

int main(int argc, char *argv[])
{
    options o = {.file = CONFIG_FILE_DEFAULT};
    thawd d = {.failure = 0};
    int r = read_options(argc, argv, &o), status = EXIT_SUCCESS;

    if (r != 0)
        return r > 0 ? output_end(EXIT_SUCCESS) : EXIT_USAGE;
    if (log_new(stderr, &d.log) < 0) {
        fprintf(stderr, "thawd: out of memory\n");
        return EXIT_FAILURE;
    }
    if (load_config(&d, &o) < 0)
        status = EXIT_CONFIG;
    else if ((r = o.check ? check(&d) : run(&d)) < 0)
        status = o.check ? EXIT_CONFIG : exit_status(r);
    config_done(&d.config);
    log_free(d.log);
    return output_end(status);
}
