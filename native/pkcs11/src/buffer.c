#include "buffer.h"

#include <stdlib.h>
#include <string.h>

void buffer_init(struct buffer *to)
{
    to->bytes = to->small;
    to->length = 0;
    to->capacity = sizeof to->small;
    to->failed = false;
}

/* realloc would leave what it moves where it was. */
static bool grow(struct buffer *to, size_t least)
{
    size_t capacity = to->capacity * 2 > least ? to->capacity * 2 : least;
    unsigned char *bytes = malloc(capacity);
    if (bytes == NULL)
        return false;
    memcpy(bytes, to->bytes, to->length);
    explicit_bzero(to->bytes, to->length);
    if (to->bytes != to->small)
        free(to->bytes);
    to->bytes = bytes;
    to->capacity = capacity;
    return true;
}

unsigned char *buffer_extend(struct buffer *to, size_t count)
{
    if (to->failed)
        return NULL;
    if (count > SIZE_MAX / 4 || (count > to->capacity - to->length && !grow(to, to->length + count))) {
        to->failed = true;
        return NULL;
    }
    unsigned char *at = to->bytes + to->length;
    to->length += count;
    return at;
}

void buffer_byte(struct buffer *to, unsigned char value)
{
    buffer_bytes(to, &value, 1);
}

static void put_u32(unsigned char *at, uint32_t value)
{
    at[0] = (unsigned char)(value >> 24);
    at[1] = (unsigned char)(value >> 16);
    at[2] = (unsigned char)(value >> 8);
    at[3] = (unsigned char)value;
}

void buffer_u32(struct buffer *to, uint32_t value)
{
    unsigned char *at = buffer_extend(to, 4);
    if (at != NULL)
        put_u32(at, value);
}

void buffer_u64(struct buffer *to, uint64_t value)
{
    buffer_u32(to, (uint32_t)(value >> 32));
    buffer_u32(to, (uint32_t)value);
}

void buffer_bytes(struct buffer *to, const void *bytes, size_t length)
{
    unsigned char *at = buffer_extend(to, length);
    if (at != NULL && length > 0)
        memcpy(at, bytes, length);
}

void buffer_set_u32(struct buffer *to, size_t at, uint32_t value)
{
    if (!to->failed && at + 4 <= to->length)
        put_u32(to->bytes + at, value);
}

void buffer_free(struct buffer *to)
{
    explicit_bzero(to->bytes, to->length);
    if (to->bytes != to->small)
        free(to->bytes);
    buffer_init(to);
}
