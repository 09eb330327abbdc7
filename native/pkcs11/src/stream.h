/* The socket to the HSM: bytes out and in. It never raises a signal, and is never left open for another program. */
#ifndef STRONGROOM_STREAM_H
#define STRONGROOM_STREAM_H 1

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct stream {
    /* Of all that are open. */
    struct stream *next;
    int fd;
    /* What the descriptor was when it was opened. Programs close descriptors that they do not know, and reuse the numbers. */
    dev_t device;
    ino_t inode;
    /* What came together with what was asked for. */
    unsigned char ahead[4096];
    size_t ahead_at;
    size_t ahead_end;
};

/* False when there is no HSM at the address. */
bool stream_open(struct stream *to);
/* All of it. False when the HSM is gone, or has taken two minutes and not all. */
bool stream_write(struct stream *to, const unsigned char *bytes, size_t length);
/* As many. False when the HSM is gone, or has said less in two minutes. */
bool stream_read(struct stream *from, unsigned char *bytes, size_t length);
/* There will be nothing more to read. */
bool stream_has_ended(const struct stream *of);
/* Whoever reads or writes is told that the HSM is gone. */
void stream_shut(struct stream *to);
void stream_close(struct stream *to);

/* Around a fork: it waits for none that is being opened or closed just now. The child closes all of them, they are its parent's. */
void stream_before_fork(void);
void stream_in_parent(void);
void stream_in_child(void);

#endif
