/*
 * redis_publish.c - the same reports into a Redis stream (XADD), pipelined, every reply read.
 *
 *   bench_redis_publish --port P --events N [--per M] [--window W]
 *
 * The server's append-only file is the caller's choice (appendfsync); XLEN must be what was sent.
 */
#include <hiredis/hiredis.h>

#include "../common.h"
#include "../messages.h"

static long long command(redisContext *c, const char *text)
{
    redisReply *reply = redisCommand(c, text);
    long long number;

    MUST(reply != NULL && reply->type != REDIS_REPLY_ERROR);
    number = reply->integer;
    freeReplyObject(reply);
    return number;
}

int main(int argc, char *argv[])
{
    uint64_t events = option_count(argc, argv, "--events", 100000);
    uint32_t per = (uint32_t)option_count(argc, argv, "--per", 1);
    size_t window = option_count(argc, argv, "--window", per == 1 ? 4096 : 64), sent = 0,
           answered = 0;
    stream s = stream_until(200, events, (int64_t)time(NULL));
    messages m = messages_make(&s, 0, events, per, true);
    redisContext *c = redisConnect("127.0.0.1", (int)option_count(argc, argv, "--port", 6379));

    MUST(c != NULL && c->err == 0);
    command(c, "DEL bench");
    int64_t start = clock_now();
    while (answered < m.count) {
        redisReply *reply;
        for (; sent < m.count && sent - answered < window; sent++) {
            const char *words[] = {"XADD", "bench", "*", "e",
                                   (const char *)m.bytes + m.items[sent].at};
            const size_t lengths[] = {4, 5, 1, 1, m.items[sent].len};
            MUST(redisAppendCommandArgv(c, 5, words, lengths) == REDIS_OK);
        }
        MUST(redisGetReply(c, (void **)&reply) == REDIS_OK && reply->type == REDIS_REPLY_STRING);
        freeReplyObject(reply);
        answered++;
    }
    int64_t end = clock_now();
    MUST((size_t)command(c, "XLEN bench") == m.count);
    tell("events/s", (double)events / (double)(end - start) * 1e9);
    command(c, "DEL bench");
    redisFree(c);
    messages_done(&m);
    return 0;
}
