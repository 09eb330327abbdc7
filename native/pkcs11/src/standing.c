#include "standing.h"

#include <stdlib.h>
#include <string.h>

static bool make_room(struct standing *of)
{
    if (of->count < of->capacity)
        return true;
    size_t capacity = of->capacity == 0 ? 8 : of->capacity * 2;
    struct open_session *sessions = realloc(of->sessions, capacity * sizeof *sessions);
    if (sessions == NULL)
        return false;
    of->sessions = sessions;
    of->capacity = capacity;
    return true;
}

bool standing_opened(struct standing *of, uint32_t number, bool is_read_write)
{
    if (!make_room(of))
        return false;
    of->sessions[of->count++] = (struct open_session){number, is_read_write};
    if (number > of->last)
        of->last = number;
    return true;
}

void standing_closed(struct standing *of, uint32_t number)
{
    size_t at = 0;
    while (at < of->count && of->sessions[at].number != number)
        at++;
    if (at == of->count)
        return;
    of->sessions[at] = of->sessions[--of->count];
    if (of->count == 0)
        standing_logged_out(of);
}

void standing_closed_all(struct standing *of)
{
    of->count = 0;
    standing_logged_out(of);
}

void standing_logged_in(struct standing *of, struct span credential)
{
    standing_logged_out(of);
    if (credential.bytes == NULL || credential.length > sizeof of->credential)
        return;
    memcpy(of->credential, credential.bytes, credential.length);
    of->credential_length = credential.length;
}

void standing_logged_out(struct standing *of)
{
    explicit_bzero(of->credential, sizeof of->credential);
    of->credential_length = 0;
}

void standing_clear(struct standing *of)
{
    standing_logged_out(of);
    free(of->sessions);
    *of = (struct standing){0};
}

static void put_sessions(const struct standing *of, struct buffer *request, bool are_read_write)
{
    buffer_byte(request, 1);
    size_t count_at = request->length;
    uint32_t count = 0;
    buffer_u32(request, count);
    for (size_t at = 0; at < of->count; at++) {
        if (of->sessions[at].is_read_write != are_read_write)
            continue;
        buffer_u64(request, of->sessions[at].number);
        count++;
    }
    buffer_set_u32(request, count_at, count);
}

void standing_put(const struct standing *of, struct buffer *request)
{
    buffer_u64(request, of->last);
    put_sessions(of, request, false);
    put_sessions(of, request, true);
    buffer_byte(request, of->credential_length > 0);
    buffer_u32(request, (uint32_t)of->credential_length);
    buffer_bytes(request, of->credential, of->credential_length);
}
