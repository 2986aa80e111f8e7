/*
 * message_ids.h - every kind of thing that thawd tells the journal, with its MESSAGE_ID.
 *
 * systemd/thawd.catalog explains each of them (`journalctl -x`); a test holds the two lists
 * against each other. An id is never used again for something else.
 *
 *       name, id, level of syslog, what it is
 */
#ifndef DAEMON_MESSAGE_IDS_H
#define DAEMON_MESSAGE_IDS_H

/* clang-format off */
#define MESSAGE_IDS(X) \
    X(READY, "cd20aec68cd0449f9a0e2da931b142d2", LOG_INFO, "thawd is ready: state recovered, sockets bound") \
    X(STOPPING, "b99fc0d26edc4f75a7cc99dac96c0759", LOG_INFO, "thawd ends because it was told to") \
    X(CONFIG_BAD, "161f02aa44de4f15a28d89ac0d416158", LOG_ERR, "the configuration cannot be used") \
    X(MEMORY_BEYOND, "5f200e2f7e1740ca9765c6f8f96787c5", LOG_NOTICE, "memory.bytes is more than there is") \
    X(BOUND, "465a5a261d104e8193521c00953dd99c", LOG_INFO, "an endpoint is open") \
    X(ENDPOINT_FAILED, "5a5e8739511e4ee89cdf87ec792cf00a", LOG_ERR, "an endpoint could not be opened") \
    X(JOURNAL_REFUSED, "2c09b39bf0c74ee6a8f630ebf9a5423d", LOG_ERR, "the journal could not be opened") \
    X(JOURNAL_FAILED, "c19391592c294bbb9e9d20334670d2dc", LOG_CRIT, "the journal could not be written") \
    X(RECOVERING, "dbc93fbcd0cb474fbe7d24eecfb8d0bb", LOG_INFO, "the journal is being read") \
    X(RECOVERED, "842592fb06c5482db35ed28df9ca24d6", LOG_INFO, "the journal has been read") \
    X(RECOVERY_FAILED, "11d88261e8c14a0c8ef621ed8250efd1", LOG_ERR, "the journal could not be applied") \
    X(RELOADED, "69b932c14a0a4efe9aa21e4f3dccca5f", LOG_NOTICE, "the rules were exchanged") \
    X(RELOAD_FAILED, "511d9f97f28c4145ab9df0c7281d2788", LOG_ERR, "the rules were not exchanged") \
    X(RULE_CHANGED, "56a545ba776046fea6192968d5ff2184", LOG_INFO, "one rule came, went or changed") \
    X(REJECTED, "c31e581520e3449f93eee979efb9eaac", LOG_WARNING, "an event or a message was rejected") \
    X(REQUEST_REFUSED, "407aa36a76724bd3bc697b272e7cbe88", LOG_INFO, "a request was answered with ERR") \
    X(ALERT_FIRING, "a9dcc82f3d25436f919aeba217cf3ad1", LOG_NOTICE, "an alert fires") \
    X(ALERT_UPDATED, "4ac54f0f4f9b4bd7b8cf3c7f1a4a86d5", LOG_INFO, "an alert that fires has changed") \
    X(ALERT_RESOLVED, "1bf4cf0547e44b118d8277fee30e5f45", LOG_NOTICE, "an alert is resolved") \
    X(ALERT_WITHDRAWN, "c02ce687ba6e4ab0afbf122604c9d8af", LOG_NOTICE, "an alert is withdrawn") \
    X(RULE_LIMITED, "9d3f5b0c6e1748a2b8c47f20e5a91d36", LOG_WARNING, "a rule leaves out what is beyond a limit") \
    X(RULE_BEYOND, "c07e2a4fd1b84f6c9a5d83e6107b92fe", LOG_WARNING, "a rule looks further back than what is retained") \
    X(TIME_MISSING, "4be9f1d2708c4c35a6e0b7d5c81f2a96", LOG_WARNING, "rules are not tried for want of a time") \
    X(FEED_BROKEN, "348b90b8258245318b5718419f9b8306", LOG_WARNING, "an importer says that its list is broken") \
    X(PRESSURE, "85eb3567f5d048cd977b14c21c651c1a", LOG_WARNING, "input waits for the disk") \
    X(PRESSURE_OVER, "2eda59172f78484e8e0314f70408243e", LOG_INFO, "input is read again") \
    X(REPLY_LOST, "c522590c5eec403f889ce50b5dbe1a00", LOG_WARNING, "a reply could not be delivered") \
    X(SUBSCRIBER_STALLED, "5d33bafc44654e22a83dae94b6c7c6c8", LOG_WARNING, "a subscriber does not read") \
    X(SUBSCRIBER_BACK, "90b91b720cf04d0888459565be8b3286", LOG_INFO, "a stalled subscriber reads again") \
    X(CLIENT_DENIED, "3b761432530249e996a5f936567ffe0f", LOG_WARNING, "a client was refused by its key") \
    X(TURNED_AWAY, "e74c4abda69c4f56835b05e4a29ff11b", LOG_WARNING, "a connection was turned away for want of descriptors") \
    X(UPSTREAM_CONNECTED, "bf95ce5c891a4e6dbf3424f1e8b7938a", LOG_INFO, "connected to a publisher of events") \
    X(UPSTREAM_LOST, "cbde2e12c59e45388a2990d780cbdfd4", LOG_WARNING, "the connection to a publisher of events is lost") \
    X(UPSTREAM_REFUSED, "cc257b93c1574f6d8f442fa8f47efa1d", LOG_WARNING, "a publisher of events refuses the connection") \
    X(CLOCK_BACK, "52e8a07dd2aa414abe01a65e34baaffa", LOG_WARNING, "the machine's clock went back") \
    X(WATCHDOG_HELD, "d90ea91fe0674f80847c5ce00f2c7254", LOG_ERR, "the watchdog is not fed") \
    X(RETAINED, "5f0c8e6a3d9b4c7e9a41d2b86c0f7e15", LOG_INFO, "the past was dropped") \
    X(RETAIN_SHORT, "f3a1d8d06f0b4d0f9a7f2c7c7a3bd4a1", LOG_WARNING, "retain.size is less than what must be held") \
    X(IMAGE_SAVED, "8a9d27c1f04e4b6fb1a3de5c70f2964b", LOG_INFO, "an image of the engine was saved") \
    X(IMAGE_IGNORED, "e41b7f0c92d54d7c8a60c3f5b1d82e97", LOG_NOTICE, "the image of the engine is not used") \
    X(IMAGE_FAILED, "3c6e05d8ba714f0e9d27a18f4c5b60e2", LOG_WARNING, "no image of the engine could be saved") \
    X(SUMMARY, "b6960e599e794df5aa4bbdbcb6fafba4", LOG_WARNING, "many messages of one kind") \
    X(INTERNAL, "e27c395a1590435fa71f9ccd644e2b32", LOG_ERR, "something inside failed")
/* clang-format on */

#endif
