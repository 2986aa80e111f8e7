/* socket_fail.c - see socket_fail.h. */
#include "sockets/socket_fail.h"

#include <stdarg.h>
#include <stdio.h>

int socket_fail(char *error, int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(error, SOCKET_ERROR_BYTES, format, args);
    va_end(args);
    return code;
}
