#include "address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char VARIABLE[] = "P11_KIT_SERVER_ADDRESS";
static const char PREFIX[] = "unix:path=";

static int hex_digit(char digit)
{
    static const char digits[] = "0123456789abcdef";
    if (digit >= 'A' && digit <= 'F')
        digit = (char)(digit - 'A' + 'a');
    const char *at = digit == '\0' ? NULL : strchr(digits, digit);
    return at == NULL ? -1 : (int)(at - digits);
}

/* Without the escapes of a URI (RFC 3986 section 2.1). False when it is too long, or an escape is none. */
static bool decode(char *to, size_t size, const char *from)
{
    size_t length = 0;
    for (; *from != '\0' && length + 1 < size; from++) {
        if (*from != '%') {
            to[length++] = *from;
            continue;
        }
        int high = hex_digit(from[1]);
        int low = high < 0 ? -1 : hex_digit(from[2]);
        if (low < 0 || (high == 0 && low == 0))
            return false;
        to[length++] = (char)(high * 16 + low);
        from += 2;
    }
    to[length] = '\0';
    return *from == '\0' && length > 0;
}

static bool usual(char *to, size_t size)
{
    const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
    int length = runtime != NULL && *runtime == '/'
                     ? snprintf(to, size, "%s/p11-kit/pkcs11", runtime)
                     : snprintf(to, size, "/run/user/%lu/p11-kit/pkcs11", (unsigned long)getuid());
    return length > 0 && (size_t)length < size;
}

bool address_find(struct sockaddr_un *address)
{
    const char *named = secure_getenv(VARIABLE);
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (named == NULL)
        return usual(address->sun_path, sizeof address->sun_path);
    if (strncmp(named, PREFIX, sizeof PREFIX - 1) != 0)
        return false;
    return decode(address->sun_path, sizeof address->sun_path, named + sizeof PREFIX - 1);
}
