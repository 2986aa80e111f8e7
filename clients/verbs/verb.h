/*
 * verb.h - the verbs of the client program. Each is called with argv[0] = its name and returns
 * an exit code of client.h.
 */
#ifndef VERB_H
#define VERB_H

int verb_pub(int argc, char **argv);
int verb_tail(int argc, char **argv);
int verb_state(int argc, char **argv);
int verb_incidents(int argc, char **argv);
int verb_alerts(int argc, char **argv);
int verb_explain(int argc, char **argv);
int verb_events(int argc, char **argv);
int verb_rejects(int argc, char **argv);
int verb_rules(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_reload(int argc, char **argv);
int verb_keygen(int argc, char **argv);

/* Offline, on the engine as a library. */
int verb_rules_offline(int argc, char **argv); /* `rules check|test`: argv[1] is the subcommand */
int verb_backtest(int argc, char **argv);
int verb_expr(int argc, char **argv);

/* On files. */
int verb_import(int argc, char **argv);
int verb_journal(int argc, char **argv);

#endif
