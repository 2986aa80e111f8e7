/* Asks with libthaw what stands on each line of its standard input, "VERB TIMEOUT_MS", and prints a line for it:
 *
 *     ok BYTES | CODE MESSAGE | NAME_OF_AN_ERRNO
 *
 * asker SERVICE [SERVER_KEY]; 1 and the errno where it cannot connect. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <thaw.h>

static void ask(thaw_client *client, const char *verb, int timeout_ms)
{
    thaw_reply reply;
    int r = thaw_client_call(client, verb, NULL, 0, timeout_ms, &reply);

    if (r < 0)
        printf("%s\n", strerrorname_np(-r));
    else if (reply.code == THAW_OK)
        printf("ok %zu\n", reply.body_len);
    else
        printf("%s %.*s\n", thaw_code_name(reply.code), (int)reply.message.len, reply.message.data);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    thaw_connection service = {.endpoint = argc > 1 ? argv[1] : NULL, .server_key = argc > 2 ? argv[2] : NULL};
    thaw_client *client = NULL;
    char line[256];

    int r = thaw_client_new(&service, &client);
    if (r < 0) {
        printf("%s\n", strerrorname_np(-r));
        return 1;
    }
    while (fgets(line, sizeof line, stdin)) {
        char *space = strchr(line, ' ');
        if (!space)
            break;
        *space = '\0';
        ask(client, line, atoi(space + 1));
    }
    thaw_client_free(client);
    return 0;
}
