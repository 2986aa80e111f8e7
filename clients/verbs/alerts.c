/*
 * alerts.c - thaw alerts: the alerts that are active now.
 */
#include "verbs/verb.h"

#include <stdio.h>
#include <string.h>

#include "client.h"
#include "forms/json.h"
#include "screen/alert_text.h"
#include "screen/screen.h"
#include "verbs/listing.h"
#include "wire/subscription.h"

typedef struct shown {
    const common_options *common;
    screen s;
    uint64_t count;
} shown;

static bool show(void *context, const msgpack_object *alert)
{
    shown *to = context;
    to->count++;
    if (!to->common->json) {
        alert_print(&to->s, alert);
        return false;
    }
    json_print(alert);
    return false;
}

static void remark(void *context, const char *text)
{
    (void)context;
    complain("%s", text);
}

int verb_alerts(int argc, char **argv)
{
    common_options common = {.json = false};
    const usage u = {"alerts", "[COUNTRY]", "Lists the alerts that are active now."};
    char topic[16] = "alert.";
    int first = 0;
    int result = 0;
    if (!arguments_parse(&u, NULL, 0, &common, 0, 1, argc, argv, &first, &result))
        return result;
    if (first < argc && !country_check(argv[first]))
        return CLIENT_USAGE;
    if (first < argc)
        snprintf(topic, sizeof topic, "alert.%.2s.", argv[first]);
    shown to = {&common, screen_open(stdout), 0};
    const subscription_options options = {
        .topic = topic, .alert = show, .remark = remark, .context = &to};
    connection *c = NULL;
    if (connection_new(&common, &c) != 0)
        return CLIENT_NO_ANSWER;
    result = subscription_run(c, &common, &options);
    connection_free(c);
    if (result == CLIENT_DONE && to.count == 0 && !common.json)
        puts("no active alert");
    return result;
}
