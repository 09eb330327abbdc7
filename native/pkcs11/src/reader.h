/* Reading what the HSM answered. No length or count is believed before the bytes are seen to be there. */
#ifndef STRONGROOM_READER_H
#define STRONGROOM_READER_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
    const unsigned char *bytes;
    size_t length;
    size_t at;
    /* There was less than was asked for. From then on everything reads as 0, and arrays as NULL. */
    bool failed;
};

/* A part of what is read, not a copy; bytes is NULL for NULL. */
struct span {
    const unsigned char *bytes;
    size_t length;
};

void reader_init(struct reader *from, const unsigned char *bytes, size_t length);
void reader_fail(struct reader *from);
unsigned char reader_byte(struct reader *from);
uint32_t reader_u32(struct reader *from);
uint64_t reader_u64(struct reader *from);
/* 4 bytes of length, and so many bytes; length 0xffffffff is NULL. */
struct span reader_array(struct reader *from);
size_t reader_remaining(const struct reader *from);
/* Everything was there, and everything was read. */
bool reader_ended_well(const struct reader *from);

#endif
