/* Follows alerts with libthaw and prints a line for each thing that it is told:
 *
 *     reset | synced EPOCH SEQ | silent | alert SEQ ID REV STATE snapshot|change
 *     position EPOCH SEQ       where it has one to be kept while a snapshot is not whole
 *
 * follower ALERTS SERVICE TOPIC [EPOCH SEQ]; it ends with its standard input. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <thaw.h>

static thaw_subscriber *subscriber;

static void on_alert(void *context, const thaw_alert *a, bool snapshot)
{
    uint64_t seq = 0;
    const char *epoch = thaw_subscriber_position(subscriber, &seq);

    (void)context;
    if (snapshot && epoch[0] != '\0')
        printf("position %s %" PRIu64 "\n", epoch, seq);
    printf("alert %" PRIu64 " %.*s %" PRIu64 " %s %s\n", a->seq, (int)a->id.len, a->id.data, a->rev,
           thaw_alert_state_name((thaw_alert_state)a->state), snapshot ? "snapshot" : "change");
}

static void on_turn(void *context, thaw_turn turn)
{
    uint64_t seq = 0;
    const char *epoch = thaw_subscriber_position(subscriber, &seq);

    (void)context;
    if (turn == THAW_TURN_SYNCED)
        printf("synced %s %" PRIu64 "\n", epoch, seq);
    else
        printf("%s\n", turn == THAW_TURN_RESET ? "reset" : "silent");
}

static int stdin_closed(void)
{
    struct pollfd in = {.fd = 0, .events = POLLIN};
    char byte;

    return poll(&in, 1, 0) > 0 && read(0, &byte, 1) <= 0;
}

int main(int argc, char **argv)
{
    thaw_subscriber_options options = {
        .request_ms = 500, .silent_ms = 1000, .alert = on_alert, .turn = on_turn};
    int r;

    if (argc != 4 && argc != 6) {
        fprintf(stderr, "usage: follower ALERTS SERVICE TOPIC [EPOCH SEQ]\n");
        return 2;
    }
    options.alerts.endpoint = argv[1];
    options.service.endpoint = argv[2];
    options.topic = argv[3];
    if (argc == 6) {
        options.epoch = argv[4];
        options.seq = strtoull(argv[5], NULL, 10);
    }
    r = thaw_subscriber_new(&options, &subscriber);
    while (r >= 0 && !stdin_closed()) {
        r = thaw_subscriber_poll(subscriber, 100);
        fflush(stdout);
    }
    if (r < 0)
        fprintf(stderr, "follower: %s: %s\n", strerror(-r),
                subscriber ? thaw_subscriber_error(subscriber)->message : "");
    thaw_subscriber_free(subscriber);
    return r < 0;
}
