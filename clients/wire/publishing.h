/*
 * publishing.h - acknowledged publishing: a bounded window of requests in flight, sent again
 * while no answer comes, split where thawd refuses a whole request.
 *
 *   input -> current batch -> waiting -> in flight -> acknowledged
 *                                ^          |  no answer for resend_ns, or unavailable
 *                                +----------+
 *
 * Sending again is safe: thawd knows a report by source and id and takes it once.
 */
#ifndef PUBLISHING_H
#define PUBLISHING_H

#include <stdint.h>

#include "forms/input.h"
#include "wire/connection.h"

typedef struct publishing_totals {
    uint64_t read, accepted, duplicates, rejected, unreadable, resent;
    uint64_t journal_seq; /* greatest that was acknowledged */
} publishing_totals;

typedef struct publishing_options {
    uint32_t batch, window; /* events a request, requests in flight */
    int64_t resend_ns;      /* send again after this long without any answer */
    int64_t connect_ns;     /* give up where there has been nobody to send to for this long */
    int64_t timeout_ns;     /* give up after this long without any answer */
} publishing_options;

/* Called with each event that was refused (id may be empty), and now and then for progress. */
typedef struct publishing_report {
    void *context;
    void (*rejected)(void *context, const input_problem *problem, const char *id, size_t id_len);
    void (*progress)(void *context, const publishing_totals *totals);
} publishing_report;

/* Publishes the whole input. 0: every event was answered for. -ENOTCONN: thawd was never there;
 * -ETIMEDOUT: no answer came; totals say how far it got. -ENOMEM or another -errno. */
int publishing_run(connection *c, input *in, const publishing_options *options,
                   const publishing_report *report, publishing_totals *totals);

#endif
