/* Bytes that are written one after another, big-endian, and wiped when they are let go: they may be a PIN or a key. */
#ifndef STRONGROOM_BUFFER_H
#define STRONGROOM_BUFFER_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUFFER_SMALL_BYTES 1024

struct buffer {
    unsigned char *bytes;
    size_t length;
    size_t capacity;
    /* There was no memory. What was written since is not there. */
    bool failed;
    unsigned char small[BUFFER_SMALL_BYTES];
};

void buffer_init(struct buffer *to);
/* Makes room for so many bytes at the end, and returns where they go; NULL when there is no memory. */
unsigned char *buffer_extend(struct buffer *to, size_t count);
void buffer_byte(struct buffer *to, unsigned char value);
void buffer_u32(struct buffer *to, uint32_t value);
void buffer_u64(struct buffer *to, uint64_t value);
void buffer_bytes(struct buffer *to, const void *bytes, size_t length);
/* Writes over 4 bytes that were written before. */
void buffer_set_u32(struct buffer *to, size_t at, uint32_t value);
void buffer_free(struct buffer *to);

#endif
