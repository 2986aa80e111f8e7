/*
 * watch.h - which subscribers are there, and whether they read.
 *
 * libzmq drops what a stalled subscriber does not take, in silence, and says nothing of it. What
 * can be seen from outside: its connections (a socket monitor names their descriptors), and for
 * each how many bytes the kernel still holds for the peer (SIOCOUTQ). A peer whose queue was
 * never empty at WATCH_STALLED_LOOKS looks in a row, with a beat sent between them, does not
 * read. It costs the others nothing and heals by replay; operators want to know.
 */
#ifndef DAEMON_WATCH_H
#define DAEMON_WATCH_H

#include <stdint.h>

#include "log.h"

#define WATCH_STALLED_LOOKS 5
#define WATCH_PEERS_MAX 4096 /* more are counted as connected but not looked at */

typedef struct watch watch;

/* Watches the connections of an XPUB socket. Both zmq and the socket must outlive it. */
int watch_new(void *zmq, void *socket, log *l, watch **ret_watch);
watch *watch_free(watch *w);

/* What who came and went is told on (monitor.h): it wakes the loop. */
void *watch_socket(const watch *w);
/* Takes in who came and went; called in each pass. */
void watch_take(watch *w);
/* The same, and looks at each queue; called once a beat. */
void watch_look(watch *w);

/* 0 for NULL. */
uint64_t watch_connected(const watch *w);
uint64_t watch_stalled(const watch *w);

#endif
