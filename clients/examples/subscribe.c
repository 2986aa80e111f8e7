/* Prints alerts as they come, none missed, with libthaw; an argument is the beginning of their topics.
 *
 *     cc -o subscribe subscribe.c $(pkg-config --cflags --libs thaw libzmq)
 *
 * THAW_SERVER_KEY: thawd's public key, where the addresses are tcp with CURVE; THAW_SECRET_KEY: the own secret key. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <thaw.h>
#include <zmq.h>

static void on_alert(void *context, const thaw_alert *a, bool snapshot)
{
    (void)context, (void)snapshot; /* of a snapshot: it was active before */
    printf("%llu %.*s %s %.*s\n", (unsigned long long)a->seq, (int)a->id.len, a->id.data,
           thaw_alert_state_name((thaw_alert_state)a->state), (int)a->title.len, a->title.data);
    fflush(stdout);
}

static void on_turn(void *context, thaw_turn turn)
{
    (void)context;
    if (turn == THAW_TURN_RESET)
        fprintf(stderr, "these are all active alerts; what was held is old\n");
    else if (turn == THAW_TURN_SILENT)
        fprintf(stderr, "nothing is heard from thawd\n");
}

static thaw_connection connection_make(const char *variable, const char *otherwise)
{
    static char public_key[41];
    thaw_connection c = {.endpoint = getenv(variable), .server_key = getenv("THAW_SERVER_KEY")};
    const char *secret_key = getenv("THAW_SECRET_KEY");

    if (!c.endpoint)
        c.endpoint = otherwise;
    if (secret_key && zmq_curve_public(public_key, secret_key) == 0) {
        c.public_key = public_key;
        c.secret_key = secret_key;
    }
    return c;
}

int main(int argc, char **argv)
{
    thaw_subscriber *subscriber;
    thaw_subscriber_options options = {
        .alerts = connection_make("THAW_ALERTS", "ipc:///run/thaw/alerts"),
        .service = connection_make("THAW_SERVICE", "ipc:///run/thaw/service"),
        .topic = argc > 1 ? argv[1] : NULL,
        .alert = on_alert,
        .turn = on_turn,
    };
    int r = thaw_subscriber_new(&options, &subscriber);

    if (r < 0) {
        fprintf(stderr, "%s: %s\n", options.alerts.endpoint, strerror(-r));
        return 1;
    }
    while (r >= 0)
        r = thaw_subscriber_poll(subscriber, -1);
    fprintf(stderr, "%s %s\n", strerror(-r), thaw_subscriber_error(subscriber)->message);
    thaw_subscriber_free(subscriber);
    return 1;
}
