#include "library.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "begun.h"
#include "greeting.h"
#include "patience.h"
#include "standing.h"
#include "stream.h"
#include "uncancellable.h"

/* Longer than a restart of the HSM takes. Counted from when it is first missed, so that one that is gone for good holds nobody up. */
#ifndef RESTART_SECONDS
#define RESTART_SECONDS 10
#endif
#define AGAIN_NANOSECONDS 100000000

/* A connection and how many calls use it; the last one that lets go of a retired one closes it. */
struct shared {
    struct connection *connection;
    uint32_t number;
    unsigned users;
    bool retired;
};

static struct {
    /* One thread at a time connects. Never held together with a fork. */
    pthread_mutex_t connecting;
    /* Guards what follows; never held while anything waits. */
    pthread_mutex_t lock;
    bool initialized;
    uint32_t life;
    struct shared *current;
    uint32_t last_number;
    struct standing standing;
    /* Calls under way that change it, and that there are none. */
    unsigned changers;
    pthread_cond_t settled;
    bool watches_forks;
    /* What is asked of another connection, for as long as it is asked; here, so that a child of a fork wipes it. */
    struct buffer resumption;
    /* With `connecting`. */
    bool is_missed;
    time_t missed_since;
} library = {.connecting = PTHREAD_MUTEX_INITIALIZER,
             .lock = PTHREAD_MUTEX_INITIALIZER,
             .settled = PTHREAD_COND_INITIALIZER};

static void before_fork(void)
{
    pthread_mutex_lock(&library.lock);
    stream_before_fork();
    begun_before_fork();
}

static void in_parent(void)
{
    begun_in_parent();
    stream_in_parent();
    pthread_mutex_unlock(&library.lock);
}

/*
 * The child starts afresh (PKCS#11 v2.40 section 2.5.2): the connection and the login are its parent's. So are those that a thread is just
 * opening, or still uses after C_Finalize; their memory is left to the child, which does not have the thread.
 */
static void in_child(void)
{
    begun_in_child();
    stream_in_child();
    (void)pthread_mutex_init(&library.connecting, NULL);
    (void)pthread_mutex_init(&library.lock, NULL);
    (void)pthread_cond_init(&library.settled, NULL);
    struct shared *inherited = library.current;
    library.initialized = false;
    library.current = NULL;
    library.changers = 0;
    library.is_missed = false;
    standing_clear(&library.standing);
    if (library.resumption.bytes != NULL)
        buffer_free(&library.resumption);
    if (inherited != NULL) {
        connection_abandon(inherited->connection);
        free(inherited);
    }
}

/* With the lock. */
static void release_if_unused(struct shared *one)
{
    if (!one->retired || one->users > 0)
        return;
    connection_close(one->connection);
    free(one);
}

static void retire_current(void)
{
    struct shared *one = library.current;
    if (one == NULL)
        return;
    library.current = NULL;
    one->retired = true;
    release_if_unused(one);
}

static void make_current(struct shared *one)
{
    one->number = ++library.last_number;
    library.current = one;
}

static CK_RV check(uint32_t life)
{
    if (!library.initialized)
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    return life == ANY_LIFE || life == library.life ? CKR_OK : CKR_SESSION_HANDLE_INVALID;
}

CK_RV library_check(uint32_t life)
{
    pthread_mutex_lock(&library.lock);
    CK_RV rv = check(life);
    pthread_mutex_unlock(&library.lock);
    return rv;
}

bool library_is_open(void)
{
    return library_check(ANY_LIFE) == CKR_OK;
}

/* With `connecting`. Opens one and says what is to be said first. NULL when there is no HSM. */
static struct shared *connect_anew(struct buffer *greeting, struct greeted *greeted)
{
    struct shared *one = calloc(1, sizeof *one);
    if (one == NULL)
        return NULL;
    one->connection = connection_open(&greeted->is_foreign);
    if (one->connection != NULL && greeting_say(one->connection, greeting, greeted))
        return one;
    if (one->connection != NULL)
        connection_close(one->connection);
    free(one);
    return NULL;
}

static CK_RV open_with_lock(void)
{
    struct greeted greeted = {.which = RPC_C_Initialize};
    struct buffer greeting;
    if (library_is_open())
        return CKR_CRYPTOKI_ALREADY_INITIALIZED;
    if (!library.watches_forks && pthread_atfork(before_fork, in_parent, in_child) != 0)
        return CKR_HOST_MEMORY;
    library.watches_forks = true;
    greeting_initialize(&greeting);
    struct shared *one = connect_anew(&greeting, &greeted);
    buffer_free(&greeting);
    if (one == NULL)
        return CKR_FUNCTION_FAILED;
    pthread_mutex_lock(&library.lock);
    if (++library.life == ANY_LIFE)
        library.life++;
    make_current(one);
    library.initialized = true;
    pthread_mutex_unlock(&library.lock);
    library.is_missed = false;
    return CKR_OK;
}

CK_RV library_open(void)
{
    int cancel_state = uncancellable();
    pthread_mutex_lock(&library.connecting);
    CK_RV rv = open_with_lock();
    pthread_mutex_unlock(&library.connecting);
    cancellable_again(cancel_state);
    return rv;
}

/* With the lock. False when there is none, or it has broken. */
static bool take_current(struct lease *lease)
{
    struct shared *one = library.current;
    if (one == NULL)
        return false;
    bool is_gone = lease->looks ? connection_has_ended(one->connection) : connection_is_broken(one->connection);
    if (is_gone) {
        retire_current();
        return false;
    }
    one->users++;
    library.changers += lease->changes;
    lease->life = library.life;
    lease->shared = one;
    lease->connection = one->connection;
    lease->number = one->number;
    return true;
}

/* CKR_DEVICE_REMOVED when there is none at the moment. */
static CK_RV lease_current(struct lease *lease)
{
    pthread_mutex_lock(&library.lock);
    CK_RV rv = check(lease->life);
    if (rv == CKR_OK && !take_current(lease))
        rv = CKR_DEVICE_REMOVED;
    pthread_mutex_unlock(&library.lock);
    return rv;
}

static CK_RV close_for_all(void)
{
    struct lease lease = {.looks = true};
    CK_RV rv = lease_current(&lease);
    if (rv == CKR_CRYPTOKI_NOT_INITIALIZED)
        return rv;
    if (rv == CKR_OK) {
        greeting_finalize(lease.connection);
        library_return(&lease);
    }
    pthread_mutex_lock(&library.lock);
    library.initialized = false;
    standing_clear(&library.standing);
    retire_current();
    pthread_mutex_unlock(&library.lock);
    begun_forget_all();
    return CKR_OK;
}

CK_RV library_close(void)
{
    int cancel_state = uncancellable();
    CK_RV rv = close_for_all();
    cancellable_again(cancel_state);
    return rv;
}

/* With the lock. Calls on a connection that has broken do not last. Returns the life of what was written down. */
static uint32_t write_down(struct buffer *resumption)
{
    while (library.changers > 0)
        pthread_cond_wait(&library.settled, &library.lock);
    greeting_resume(resumption, &library.standing);
    return library.life;
}

/* With the lock. */
static void go_on(struct shared *one, uint32_t life, bool is_logged_in)
{
    one->retired = !library.initialized || library.life != life; /* C_Finalize was called meanwhile. */
    if (one->retired) {
        release_if_unused(one);
        return;
    }
    make_current(one);
    if (!is_logged_in)
        standing_logged_out(&library.standing);
}

/* With `connecting`. Another connection, in which the program stands where it did. False when there is no HSM. */
static bool reconnect(bool *is_foreign)
{
    struct greeted greeted = {.which = RPC_Resume};
    pthread_mutex_lock(&library.lock);
    uint32_t life = write_down(&library.resumption);
    pthread_mutex_unlock(&library.lock);
    struct shared *one = connect_anew(&library.resumption, &greeted);
    pthread_mutex_lock(&library.lock);
    buffer_free(&library.resumption);
    if (one != NULL)
        go_on(one, life, greeted.is_logged_in);
    pthread_mutex_unlock(&library.lock);
    *is_foreign = greeted.is_foreign;
    return one != NULL;
}

static bool is_worth_waiting(void)
{
    if (!library.is_missed)
        library.missed_since = patience_begin();
    library.is_missed = true;
    return patience_begin() - library.missed_since < RESTART_SECONDS;
}

/* With `connecting`. */
static CK_RV lease_another(struct lease *lease)
{
    const struct timespec again = {.tv_nsec = AGAIN_NANOSECONDS};
    for (;;) {
        CK_RV rv = lease_current(lease); /* Another thread may have been faster. */
        if (rv != CKR_DEVICE_REMOVED)
            return rv;
        bool is_foreign = false;
        if (reconnect(&is_foreign)) {
            library.is_missed = false;
            continue;
        }
        if (is_foreign || !is_worth_waiting())
            return CKR_DEVICE_REMOVED;
        (void)nanosleep(&again, NULL);
    }
}

CK_RV library_lease(struct lease *lease)
{
    CK_RV rv = lease_current(lease);
    if (rv != CKR_DEVICE_REMOVED)
        return rv;
    pthread_mutex_lock(&library.connecting);
    rv = lease_another(lease);
    pthread_mutex_unlock(&library.connecting);
    return rv;
}

void library_return(struct lease *lease)
{
    pthread_mutex_lock(&library.lock);
    struct shared *one = lease->shared;
    one->users--;
    release_if_unused(one);
    library.changers -= lease->changes;
    if (library.changers == 0)
        pthread_cond_signal(&library.settled);
    pthread_mutex_unlock(&library.lock);
    lease->shared = NULL;
}

CK_RV library_opened(const struct lease *by, uint32_t number, bool is_read_write)
{
    pthread_mutex_lock(&library.lock);
    bool is_noted = check(by->life) != CKR_OK || standing_opened(&library.standing, number, is_read_write);
    pthread_mutex_unlock(&library.lock);
    return is_noted ? CKR_OK : CKR_HOST_MEMORY;
}

void library_closed(const struct lease *by, uint32_t number)
{
    pthread_mutex_lock(&library.lock);
    if (check(by->life) == CKR_OK)
        standing_closed(&library.standing, number);
    pthread_mutex_unlock(&library.lock);
}

void library_closed_all(const struct lease *by)
{
    pthread_mutex_lock(&library.lock);
    if (check(by->life) == CKR_OK)
        standing_closed_all(&library.standing);
    pthread_mutex_unlock(&library.lock);
}

void library_logged_in(const struct lease *by, struct span credential)
{
    pthread_mutex_lock(&library.lock);
    if (check(by->life) == CKR_OK)
        standing_logged_in(&library.standing, credential);
    pthread_mutex_unlock(&library.lock);
}

void library_logged_out(uint32_t life)
{
    pthread_mutex_lock(&library.lock);
    if (check(life) == CKR_OK)
        standing_logged_out(&library.standing);
    pthread_mutex_unlock(&library.lock);
}

/* Programs may unload the module without C_Finalize. At the end of a process other threads may still be at work. */
__attribute__((destructor)) static void unload(void)
{
    if (pthread_mutex_trylock(&library.lock) != 0)
        return;
    library.initialized = false;
    standing_clear(&library.standing);
    retire_current();
    pthread_mutex_unlock(&library.lock);
    begun_forget_all();
}
