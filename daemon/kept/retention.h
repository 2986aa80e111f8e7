/*
 * retention.h - the past is dropped when `retain` asks for it: by age, and by size.
 *
 *   look (each pass) ─► due? ─► horizon ─► wait for the disk ─► engine_save ─► journal: base
 *                                                                    └──────► new engine
 *
 * By age the horizon is retain.age ago by the engine's clock, looked at sixteen times in that
 * time. By size it is laid where the reports that are kept take three sixteenths of retain.size,
 * whenever log, base and alert changes take more than three eighths of it, and a sixteenth more than
 * the last time left: while the new base is written the old one still stands, and LMDB uses freed
 * pages again only later, so the file stays below retain.size as long as what must be held
 * (FACTS.md, section 7) fits.
 *
 * The loop stands still meanwhile, as at a start; the manager is asked for patience.
 */
#ifndef DAEMON_RETENTION_H
#define DAEMON_RETENTION_H

#include "daemon.h"

/* Drops what is due. Called while no input is at hand. 0, or a failure that ends the process. */
int retention_look(thawd *d);

#endif
