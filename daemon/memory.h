/* memory.h - how much memory there is at most. */
#ifndef DAEMON_MEMORY_H
#define DAEMON_MEMORY_H

#include <stdint.h>

/* Bytes of the machine, or less where the limits of the process or of its control groups leave less. */
uint64_t memory_there(void);

#endif
