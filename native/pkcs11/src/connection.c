#include "connection.h"

#include <pthread.h>
#include <stdlib.h>

#include "patience.h"
#include "reader.h"
#include "rpc_calls.h"
#include "stream.h"

#define FIRST_CODE 16

/* A thread that waits for its answer. It lives on the stack of that thread. */
struct waiter {
    struct waiter *next;
    uint32_t code;
    time_t since;
    struct buffer *reply;
    bool done;
    /* Another thread is writing into its buffer. */
    bool filling;
    /* Its thread sleeps, and is not busy with sending. */
    bool asleep;
    /* Its answer is there, or it is its turn to read. */
    pthread_cond_t turn;
};

struct connection {
    struct stream stream;
    pthread_mutex_t writing;
    /* Guards what follows. */
    pthread_mutex_t lock;
    struct waiter *waiters;
    uint32_t last_code;
    bool reading;
    bool broken;
    /* The HSM has said that it will look at nothing more. */
    bool dismissed;
};

/* The dialect, answered with the same: that of an HSM of the same version, or a newer one. */
static bool greet(struct stream *with, bool *is_foreign)
{
    const unsigned char offered = RPC_DIALECT;
    unsigned char answered = 0;
    if (!stream_write(with, &offered, 1) || !stream_read(with, &answered, 1))
        return false;
    *is_foreign = answered != offered;
    return !*is_foreign;
}

struct connection *connection_open(bool *is_foreign)
{
    struct connection *to = calloc(1, sizeof *to);
    if (to == NULL)
        return NULL;
    if (!stream_open(&to->stream)) {
        free(to);
        return NULL;
    }
    if (!greet(&to->stream, is_foreign)) {
        stream_close(&to->stream);
        free(to);
        return NULL;
    }
    (void)pthread_mutex_init(&to->writing, NULL);
    (void)pthread_mutex_init(&to->lock, NULL);
    to->last_code = FIRST_CODE - 1;
    return to;
}

void connection_close(struct connection *to)
{
    stream_close(&to->stream);
    pthread_mutex_destroy(&to->writing);
    pthread_mutex_destroy(&to->lock);
    free(to);
}

void connection_abandon(struct connection *to)
{
    /* Its locks may be held by threads that this process does not have. */
    free(to);
}

bool connection_is_broken(struct connection *of)
{
    pthread_mutex_lock(&of->lock);
    bool broken = of->broken;
    pthread_mutex_unlock(&of->lock);
    return broken;
}

bool connection_has_ended(struct connection *of)
{
    return connection_is_broken(of) || stream_has_ended(&of->stream);
}

/* 0 is no code, and 2^32 calls later another may still be under way: then the connection has served long enough. */
static bool enlist(struct connection *to, struct waiter *one)
{
    if (to->broken || to->last_code == UINT32_MAX)
        return false;
    one->code = ++to->last_code;
    one->next = to->waiters;
    to->waiters = one;
    return true;
}

/*
 * Another one reads from now on. Not one that is sending: the HSM may take nothing more before it has got rid of the answers
 * of others.
 */
static void wake_reader(const struct connection *of)
{
    struct waiter *one = of->waiters;
    while (one != NULL && (one->done || !one->asleep))
        one = one->next;
    if (one != NULL)
        pthread_cond_signal(&one->turn);
}

static void leave(struct connection *from, const struct waiter *one)
{
    struct waiter **at = &from->waiters;
    while (*at != NULL && *at != one)
        at = &(*at)->next;
    if (*at != NULL)
        *at = one->next;
    if (!from->reading)
        wake_reader(from);
}

static void break_off(struct connection *of)
{
    if (of->broken)
        return;
    of->broken = true;
    stream_shut(&of->stream);
    for (struct waiter *one = of->waiters; one != NULL; one = one->next)
        pthread_cond_signal(&one->turn);
}

static struct waiter *find(const struct connection *of, uint32_t code)
{
    struct waiter *one = of->waiters;
    while (one != NULL && (one->code != code || one->done))
        one = one->next;
    return one;
}

/* Reads one answer, whoever's it is. Called and returns with the lock, which is not held while it waits. */
static bool read_one(struct connection *from)
{
    unsigned char header[FRAME_HEADER_BYTES];
    struct reader fields;
    pthread_mutex_unlock(&from->lock);
    bool there = stream_read(&from->stream, header, sizeof header);
    pthread_mutex_lock(&from->lock);
    if (!there)
        return false;
    reader_init(&fields, header, sizeof header);
    uint32_t code = reader_u32(&fields);
    struct waiter *whose = find(from, code);
    uint32_t options = reader_u32(&fields);
    uint32_t length = reader_u32(&fields);
    from->dismissed = code == 0 && options == 0 && length == 0;
    if (whose == NULL || options != 0 || length > RPC_FRAME_BYTES)
        return false;
    whose->filling = true;
    pthread_mutex_unlock(&from->lock);
    unsigned char *body = buffer_extend(whose->reply, length);
    there = body != NULL && stream_read(&from->stream, body, length);
    pthread_mutex_lock(&from->lock);
    whose->filling = false;
    whose->done = there;
    pthread_cond_signal(&whose->turn);
    return there;
}

/* There is one that has no answer, while others get theirs. */
static bool is_one_forgotten(const struct connection *of)
{
    const struct waiter *one = of->waiters;
    while (one != NULL && (one->done || !patience_is_over(one->since)))
        one = one->next;
    return one != NULL;
}

static void await(struct connection *of, struct waiter *one)
{
    while (!one->done && (one->filling || !of->broken)) {
        if (of->reading) {
            one->asleep = true;
            pthread_cond_wait(&one->turn, &of->lock);
            one->asleep = false;
            continue;
        }
        of->reading = true;
        bool there = read_one(of);
        of->reading = false;
        if (!there || is_one_forgotten(of))
            break_off(of);
    }
}

static CK_RV exchange(struct connection *to, struct buffer *request, struct waiter *one, enum fate *fate)
{
    pthread_mutex_lock(&to->lock);
    bool ok = enlist(to, one);
    pthread_mutex_unlock(&to->lock);
    if (!ok)
        return CKR_DEVICE_REMOVED;
    buffer_set_u32(request, 0, one->code);
    buffer_set_u32(request, 4, 0);
    buffer_set_u32(request, 8, (uint32_t)(request->length - FRAME_HEADER_BYTES));
    pthread_mutex_lock(&to->writing);
    ok = stream_write(&to->stream, request->bytes, request->length);
    pthread_mutex_unlock(&to->writing);

    pthread_mutex_lock(&to->lock);
    if (!ok)
        break_off(to);
    await(to, one);
    leave(to, one);
    /* A part of a request is none. */
    if (one->done)
        *fate = FATE_ANSWERED;
    else if (ok && !to->dismissed)
        *fate = FATE_UNKNOWN;
    pthread_mutex_unlock(&to->lock);
    if (one->done)
        return CKR_OK;
    return one->reply->failed ? CKR_HOST_MEMORY : CKR_DEVICE_REMOVED;
}

CK_RV connection_exchange(struct connection *to, struct buffer *request, struct buffer *reply, enum fate *fate)
{
    struct waiter one = {.reply = reply, .since = patience_begin()};
    *fate = FATE_UNTOUCHED;
    if (request->failed)
        return CKR_HOST_MEMORY;
    if (request->length > RPC_FRAME_BYTES)
        return CKR_DATA_LEN_RANGE;
    (void)pthread_cond_init(&one.turn, NULL);
    CK_RV rv = exchange(to, request, &one, fate);
    (void)pthread_cond_destroy(&one.turn);
    return rv;
}
