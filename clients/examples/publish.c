/* Publishes one event, acknowledged, with libthaw.
 *
 *     cc -o publish publish.c $(pkg-config --cflags --libs thaw msgpack libzmq)
 *
 * THAW_SERVER_KEY: thawd's public key, where THAW_SERVICE is tcp with CURVE; THAW_SECRET_KEY: the own secret key. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <msgpack.h>
#include <thaw.h>
#include <zmq.h>

static void pack_text(msgpack_packer *out, const char *text)
{
    msgpack_pack_str_with_body(out, text, strlen(text));
}

static void pack_pair(msgpack_packer *out, const char *key, const char *value)
{
    pack_text(out, key);
    pack_text(out, value);
}

static void pack_event(msgpack_packer *out)
{
    struct timespec now;
    char id[64], today[16];

    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(id, sizeof id, "example-c-%lld.%09ld", (long long)now.tv_sec, now.tv_nsec);
    strftime(today, sizeof today, "%Y-%m-%d", gmtime(&now.tv_sec));
    msgpack_pack_map(out, 6);
    pack_pair(out, "id", id);
    pack_pair(out, "kind", "release");
    pack_pair(out, "country", "BY");
    pack_pair(out, "source", "example.org");
    pack_pair(out, "occurred_at", today);
    pack_text(out, "count");
    msgpack_pack_uint64(out, 14);
}

/* Comes when the event is on the daemon's disk, or was refused. */
static void on_ack(void *context, const thaw_ack *ack)
{
    int *exit_code = context;
    thaw_list rejected = ack->rejected;
    thaw_rejection one;

    if (ack->code != THAW_OK) {
        printf("ERR %s: %.*s\n", thaw_code_name(ack->code), (int)ack->message.len, ack->message.data);
        return;
    }
    printf("OK accepted %llu, duplicates %llu\n", (unsigned long long)ack->accepted,
           (unsigned long long)ack->duplicates);
    *exit_code = rejected.count ? 1 : 0;
    while (thaw_rejection_next(&rejected, &one))
        printf("%s: %.*s\n", thaw_code_name(one.code), (int)one.message.len, one.message.data);
}

int main(void)
{
    const char *service = getenv("THAW_SERVICE");
    char public_key[41];
    int exit_code = 1;
    thaw_publisher *publisher;
    thaw_publisher_options options = {.ack = on_ack, .context = &exit_code};
    msgpack_sbuffer body;
    msgpack_packer out;

    options.connection.endpoint = service ? service : "ipc:///run/thaw/service";
    options.connection.server_key = getenv("THAW_SERVER_KEY");
    options.connection.secret_key = getenv("THAW_SECRET_KEY");
    if (options.connection.secret_key && zmq_curve_public(public_key, options.connection.secret_key) == 0)
        options.connection.public_key = public_key;
    int r = thaw_publisher_new(&options, &publisher);
    if (r < 0) {
        fprintf(stderr, "%s: %s\n", options.connection.endpoint, strerror(-r));
        return 1;
    }
    msgpack_sbuffer_init(&body);
    msgpack_packer_init(&out, &body, msgpack_sbuffer_write);
    pack_event(&out);
    r = thaw_publisher_send(publisher, body.data, body.size, 0);
    if (r == 0)
        r = thaw_publisher_flush(publisher, 10000);
    if (r < 0)
        fprintf(stderr, "not acknowledged: %s\n", strerror(-r));
    msgpack_sbuffer_destroy(&body);
    thaw_publisher_free(publisher);
    return exit_code;
}
