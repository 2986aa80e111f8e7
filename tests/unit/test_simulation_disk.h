/*
 * test_simulation_disk.h - the disk of test_simulation.c: it stalls, goes on and fails when it is told to.
 */
#ifndef TEST_SIMULATION_DISK_H
#define TEST_SIMULATION_DISK_H

#include "test_journal_support.h"

#include <pthread.h>

/* While it stalls, the first group stands before its transaction and the others gather behind it:
 * two commits, whatever the threads do. */
static int fail_at;        /* journal_fault, 0: none */
static uint64_t fail_from; /* the first group of a stall that fails: 1 or 2 */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    bool closed, arrived;
    uint64_t groups;
} disk = {.mutex = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static int world_fault(void *context, journal_fault point)
{
    (void)context;
    pthread_mutex_lock(&disk.mutex);
    if (point == JOURNAL_FAULT_BEGIN) {
        disk.groups++;
        disk.arrived = true;
        pthread_cond_broadcast(&disk.moved);
        while (disk.closed)
            pthread_cond_wait(&disk.moved, &disk.mutex);
    }
    bool fails = (int)point == fail_at && disk.groups >= fail_from;
    pthread_mutex_unlock(&disk.mutex);
    return fails ? EIO : 0;
}

static void disk_close(void)
{
    pthread_mutex_lock(&disk.mutex);
    disk.closed = true;
    disk.arrived = false;
    disk.groups = 0;
    pthread_mutex_unlock(&disk.mutex);
}

static void disk_open(int fail, uint64_t from)
{
    pthread_mutex_lock(&disk.mutex);
    disk.closed = false;
    fail_at = fail;
    fail_from = from;
    pthread_cond_broadcast(&disk.moved);
    pthread_mutex_unlock(&disk.mutex);
}

static void disk_await(void)
{
    pthread_mutex_lock(&disk.mutex);
    while (!disk.arrived)
        pthread_cond_wait(&disk.moved, &disk.mutex);
    pthread_mutex_unlock(&disk.mutex);
}
static const journal_faults FAULTS = {world_fault, NULL};

#endif
