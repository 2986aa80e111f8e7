/*
 * accept.h - connections for which there is no descriptor left.
 *
 * libzmq 4.3.4 ends the whole process where it cannot accept a connection at an ipc path for want of one (EMFILE), and
 * goes in circles at a tcp port: whoever may connect could end thawd by connecting often enough. Linked into thawd,
 * accept.c stands between the two: it turns such a connection away, and libzmq is told that it came to nothing.
 */
#ifndef DAEMON_ACCEPT_H
#define DAEMON_ACCEPT_H

#include <stdint.h>

/* Takes the descriptor that is kept free for it, where there is none. Any thread. */
void accept_prepare(void);
/* How many have been turned away. Any thread. */
uint64_t accept_turned_away(void);

#endif
