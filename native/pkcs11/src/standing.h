/*
 * Where a program stands with the HSM: its open sessions, and what resumes its login. That is enough to go on in another
 * connection when one broke. Its owner has a lock around it.
 */
#ifndef STRONGROOM_STANDING_H
#define STRONGROOM_STANDING_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "reader.h"

#define CREDENTIAL_BYTES 256

struct open_session {
    uint32_t number;
    bool is_read_write;
};

/* All zeros is a program that has nothing. */
struct standing {
    struct open_session *sessions;
    size_t count;
    size_t capacity;
    /* The last session that was opened: no number is given out twice. */
    uint32_t last;
    unsigned char credential[CREDENTIAL_BYTES];
    /* 0: there is no login, or none that could be resumed. */
    size_t credential_length;
};

/* False when there is no memory. */
bool standing_opened(struct standing *of, uint32_t number, bool is_read_write);
/* The last session takes the login with it. */
void standing_closed(struct standing *of, uint32_t number);
void standing_closed_all(struct standing *of);
/* NULL, and what is too long, resumes nothing. */
void standing_logged_in(struct standing *of, struct span credential);
void standing_logged_out(struct standing *of);
/* All of it, and the memory. */
void standing_clear(struct standing *of);
/* The arguments of Resume. */
void standing_put(const struct standing *of, struct buffer *request);

#endif
