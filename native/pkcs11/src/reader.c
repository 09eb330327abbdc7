#include "reader.h"

#define NULL_LENGTH UINT32_MAX

void reader_init(struct reader *from, const unsigned char *bytes, size_t length)
{
    *from = (struct reader){.bytes = bytes, .length = length};
}

void reader_fail(struct reader *from)
{
    from->failed = true;
}

size_t reader_remaining(const struct reader *from)
{
    return from->failed ? 0 : from->length - from->at;
}

bool reader_ended_well(const struct reader *from)
{
    return !from->failed && from->at == from->length;
}

/* NULL when there are fewer. */
static const unsigned char *take(struct reader *from, size_t count)
{
    if (from->failed || count > from->length - from->at) {
        from->failed = true;
        return NULL;
    }
    const unsigned char *at = from->bytes + from->at;
    from->at += count;
    return at;
}

unsigned char reader_byte(struct reader *from)
{
    const unsigned char *at = take(from, 1);
    return at == NULL ? 0 : *at;
}

uint32_t reader_u32(struct reader *from)
{
    const unsigned char *at = take(from, 4);
    if (at == NULL)
        return 0;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

uint64_t reader_u64(struct reader *from)
{
    uint64_t high = reader_u32(from);
    return high << 32 | reader_u32(from);
}

struct span reader_array(struct reader *from)
{
    struct span found = {NULL, 0};
    uint32_t length = reader_u32(from);
    if (from->failed || length == NULL_LENGTH)
        return found;
    found.bytes = take(from, length);
    if (found.bytes != NULL)
        found.length = length;
    return found;
}
