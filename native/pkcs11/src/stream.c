#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "address.h"
#include "patience.h"

/* Standard input and output belong to the program, also when it has closed them. */
#define LOWEST_DESCRIPTOR 3

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* With the lock, which is never held while anything waits: no descriptor is open that is not in the list. */
static struct stream *all;

static int away_from_standard(int fd)
{
    if (fd < 0 || fd >= LOWEST_DESCRIPTOR)
        return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, LOWEST_DESCRIPTOR);
    close(fd);
    return moved;
}

static bool identify(struct stream *of)
{
    struct stat found;
    if (fstat(of->fd, &found) != 0)
        return false;
    of->device = found.st_dev;
    of->inode = found.st_ino;
    return true;
}

static bool is_ours(const struct stream *of)
{
    struct stat found;
    return of->fd >= 0 && fstat(of->fd, &found) == 0 && found.st_dev == of->device && found.st_ino == of->inode;
}

/*
 * Whoever was interrupted, or got only a part, asks before it waits again: each wait has the whole patience of the socket, and
 * signals and trickling bytes would let it wait for ever. The descriptor may be another one by then.
 */
static bool may_go_on(const struct stream *of, time_t since)
{
    return !patience_is_over(since) && is_ours(of);
}

static bool connected(const struct stream *of, const struct sockaddr_un *address)
{
    const struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    if (setsockopt(of->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        setsockopt(of->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0)
        return false;
    time_t since = patience_begin();
    int result;
    do
        result = connect(of->fd, (const struct sockaddr *)address, sizeof *address);
    while (result != 0 && errno == EINTR && may_go_on(of, since));
    return result == 0;
}

static bool open_listed(struct stream *to)
{
    pthread_mutex_lock(&lock);
    to->fd = away_from_standard(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    bool is_open = to->fd >= 0 && identify(to);
    to->next = all;
    all = to;
    pthread_mutex_unlock(&lock);
    return is_open;
}

bool stream_open(struct stream *to)
{
    struct sockaddr_un address;
    *to = (struct stream){.fd = -1};
    if (!address_find(&address))
        return false;
    if (open_listed(to) && connected(to, &address))
        return true;
    stream_close(to);
    return false;
}

bool stream_write(struct stream *to, const unsigned char *bytes, size_t length)
{
    time_t since = patience_begin();
    size_t at = 0;
    while (at < length && may_go_on(to, since)) {
        ssize_t count = send(to->fd, bytes + at, length - at, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        at += (size_t)count;
    }
    return at == length;
}

/* At least one byte; 0 when there will be none. */
static size_t receive(const struct stream *from, unsigned char *bytes, size_t most, time_t since)
{
    ssize_t count;
    do
        count = recv(from->fd, bytes, most, 0);
    while (count < 0 && errno == EINTR && may_go_on(from, since));
    return count < 0 ? 0 : (size_t)count;
}

static size_t take_ahead(struct stream *from, unsigned char *bytes, size_t most)
{
    size_t there = from->ahead_end - from->ahead_at;
    size_t count = there < most ? there : most;
    unsigned char *at = from->ahead + from->ahead_at;
    memcpy(bytes, at, count);
    explicit_bzero(at, count);
    from->ahead_at += count;
    return count;
}

bool stream_read(struct stream *from, unsigned char *bytes, size_t length)
{
    time_t since = patience_begin();
    bool has_waited = false;
    while (length > 0) {
        size_t count = take_ahead(from, bytes, length);
        if (count == 0 && has_waited && !may_go_on(from, since))
            return false;
        has_waited = has_waited || count == 0;
        if (count == 0 && length >= sizeof from->ahead) {
            count = receive(from, bytes, length, since);
            if (count == 0)
                return false;
        } else if (count == 0) {
            from->ahead_at = 0;
            from->ahead_end = receive(from, from->ahead, sizeof from->ahead, since);
            if (from->ahead_end == 0)
                return false;
        }
        bytes += count;
        length -= count;
    }
    return true;
}

bool stream_has_ended(const struct stream *of)
{
    unsigned char next;
    return !is_ours(of) || recv(of->fd, &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void stream_shut(struct stream *to)
{
    if (is_ours(to))
        (void)shutdown(to->fd, SHUT_RDWR);
}

static void let_go(struct stream *of)
{
    if (is_ours(of))
        close(of->fd);
    of->fd = -1;
    explicit_bzero(of->ahead, sizeof of->ahead);
}

void stream_close(struct stream *to)
{
    pthread_mutex_lock(&lock);
    struct stream **at = &all;
    while (*at != NULL && *at != to)
        at = &(*at)->next;
    if (*at != NULL)
        *at = to->next;
    let_go(to);
    pthread_mutex_unlock(&lock);
}

void stream_before_fork(void)
{
    pthread_mutex_lock(&lock);
}

void stream_in_parent(void)
{
    pthread_mutex_unlock(&lock);
}

void stream_in_child(void)
{
    (void)pthread_mutex_init(&lock, NULL);
    for (struct stream *one = all; one != NULL; one = one->next)
        let_go(one);
    all = NULL;
}
