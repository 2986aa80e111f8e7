/* Publishes events with libthaw, acknowledged, and prints what became of them:
 *
 *     rejected TAG INDEX ID CODE MESSAGE      of each event that was
 *     accepted N duplicates M rejected K refused L
 *
 * producer SERVICE SOURCE COUNT PER_REQUEST WINDOW [TIMEOUT_MS] */
#include <errno.h>
#include <inttypes.h>
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <thaw.h>

typedef struct totals {
    uint64_t accepted, duplicates, rejected, refused;
} totals;

static void on_ack(void *context, const thaw_ack *ack)
{
    totals *t = context;
    thaw_list rejected = ack->rejected;
    thaw_rejection one;

    while (thaw_rejection_next(&rejected, &one))
        printf("rejected %" PRIu64 " %" PRIu64 " %.*s %s %.*s\n", ack->tag, one.index,
               (int)one.id.len, one.id.data, thaw_code_name(one.code), (int)one.message.len,
               one.message.data);
    t->accepted += ack->accepted;
    t->duplicates += ack->duplicates;
    t->rejected += ack->rejected.count;
    t->refused += ack->code != THAW_OK;
}

static void pack_pair(msgpack_packer *out, const char *key, const char *value)
{
    msgpack_pack_str_with_body(out, key, strlen(key));
    msgpack_pack_str_with_body(out, value, strlen(value));
}

static void pack_event(msgpack_packer *out, const char *source, uint64_t number)
{
    char id[32], day[16];

    snprintf(id, sizeof(id), "e%" PRIu64, number);
    snprintf(day, sizeof(day), "2025-%02d-%02d", 1 + (int)(number / 28 % 12),
             1 + (int)(number % 28));
    msgpack_pack_map(out, 6);
    pack_pair(out, "id", id);
    pack_pair(out, "kind", "release");
    pack_pair(out, "country", "BY");
    pack_pair(out, "source", source);
    pack_pair(out, "occurred_at", day);
    msgpack_pack_str_with_body(out, "count", 5);
    msgpack_pack_uint64(out, 1 + number % 50);
}

static int send_all(thaw_publisher *publisher, const char *source, uint64_t count, uint64_t each)
{
    msgpack_sbuffer body;
    msgpack_packer out;
    int r = 0;

    msgpack_sbuffer_init(&body);
    msgpack_packer_init(&out, &body, msgpack_sbuffer_write);
    for (uint64_t first = 0; r >= 0 && first < count; first += each) {
        uint64_t here = count - first < each ? count - first : each;
        msgpack_sbuffer_clear(&body);
        msgpack_pack_array(&out, here);
        for (uint64_t i = 0; i < here; i++)
            pack_event(&out, source, first + i);
        while ((r = thaw_publisher_send(publisher, body.data, body.size, first)) == -EAGAIN)
            if ((r = thaw_publisher_poll(publisher, 1000)) < 0)
                break;
    }
    msgpack_sbuffer_destroy(&body);
    return r < 0 ? r : 0;
}

int main(int argc, char **argv)
{
    totals t = {0};
    thaw_publisher_options options = {.resend_ms = 1000, .ack = on_ack, .context = &t};
    thaw_publisher *publisher = NULL;
    int r;

    if (argc < 6) {
        fprintf(stderr, "usage: producer SERVICE SOURCE COUNT PER_REQUEST WINDOW [TIMEOUT_MS]\n");
        return 2;
    }
    options.connection.endpoint = argv[1];
    options.window = (uint32_t)strtoul(argv[5], NULL, 10);
    r = thaw_publisher_new(&options, &publisher);
    if (r == 0)
        r = send_all(publisher, argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
    if (r == 0)
        r = thaw_publisher_flush(publisher, argc > 6 ? atoi(argv[6]) : 120000);
    printf("accepted %" PRIu64 " duplicates %" PRIu64 " rejected %" PRIu64 " refused %" PRIu64 "\n",
           t.accepted, t.duplicates, t.rejected, t.refused);
    if (r < 0)
        fprintf(stderr, "producer: %s; %zu without an answer\n", strerror(-r),
                publisher ? thaw_publisher_pending(publisher) : 0);
    thaw_publisher_free(publisher);
    return r < 0;
}
