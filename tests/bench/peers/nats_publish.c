/*
 * nats_publish.c - the same reports into a NATS JetStream stream with file storage, asynchronously,
 * every acknowledgement awaited.
 *
 *   bench_nats_publish --url U --events N [--per M] [--window W]
 *
 * The stream must hold as many messages as were sent.
 */
#include <nats/nats.h>

#include "../common.h"
#include "../messages.h"

static void done(natsStatus status, const char *what)
{
    if (status == NATS_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, natsStatus_GetText(status));
    exit(1);
}

static volatile int failures;

static void on_failure(jsCtx *js, jsPubAckErr *error, void *context)
{
    (void)js;
    (void)context;
    fprintf(stderr, "not acknowledged: %s\n", error->ErrText == NULL ? "?" : error->ErrText);
    failures++;
}

static void make_stream(jsCtx *js)
{
    const char *subjects[] = {"bench.>"};
    jsStreamConfig config;
    jsErrCode code;

    js_DeleteStream(js, "BENCH", NULL, NULL);
    jsStreamConfig_Init(&config);
    config.Name = "BENCH";
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Storage = js_FileStorage;
    done(js_AddStream(NULL, js, &config, NULL, &code), "js_AddStream");
}

static uint64_t stream_messages(jsCtx *js)
{
    jsStreamInfo *info;
    jsErrCode code;
    uint64_t count;

    done(js_GetStreamInfo(&info, js, "BENCH", NULL, &code), "js_GetStreamInfo");
    count = info->State.Msgs;
    jsStreamInfo_Destroy(info);
    return count;
}

int main(int argc, char *argv[])
{
    uint64_t events = option_count(argc, argv, "--events", 100000);
    uint32_t per = (uint32_t)option_count(argc, argv, "--per", 1);
    stream s = stream_until(200, events, (int64_t)time(NULL));
    messages m = messages_make(&s, 0, events, per, true);
    natsConnection *connection;
    jsOptions options;
    jsCtx *js;

    done(natsConnection_ConnectTo(&connection, option(argc, argv, "--url", NULL)), "connect");
    jsOptions_Init(&options);
    options.PublishAsync.MaxPending =
        (int64_t)option_count(argc, argv, "--window", per == 1 ? 4096 : 64);
    options.PublishAsync.ErrHandler = on_failure;
    done(natsConnection_JetStream(&js, connection, &options), "JetStream");
    make_stream(js);
    int64_t start = clock_now();
    for (size_t i = 0; i < m.count; i++)
        done(
            js_PublishAsync(js, "bench.report", m.bytes + m.items[i].at, (int)m.items[i].len, NULL),
            "publish");
    done(js_PublishAsyncComplete(js, NULL), "complete");
    int64_t end = clock_now();
    MUST(failures == 0 && stream_messages(js) == m.count);
    tell("events/s", (double)events / (double)(end - start) * 1e9);
    js_DeleteStream(js, "BENCH", NULL, NULL);
    jsCtx_Destroy(js);
    natsConnection_Destroy(connection);
    messages_done(&m);
    return 0;
}
