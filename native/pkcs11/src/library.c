#include "library.h"

#include <pthread.h>
#include <stdlib.h>

#include "greeting.h"
#include "stream.h"
#include "uncancellable.h"

/* Session handles have 32 bits for the epoch. */
#define ANY_EPOCH 0

/* A connection and how many calls use it; the last one that lets go of a retired one closes it. */
struct shared {
    struct connection *connection;
    uint32_t epoch;
    unsigned users;
    bool retired;
};

static struct {
    /* One thread at a time connects. Never held together with a fork. */
    pthread_mutex_t connecting;
    /* Guards what follows; never held while anything waits. */
    pthread_mutex_t lock;
    bool initialized;
    uint32_t last_epoch;
    struct shared *current;
    bool watches_forks;
} library = {.connecting = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER};

static void before_fork(void)
{
    pthread_mutex_lock(&library.lock);
    stream_before_fork();
}

static void in_parent(void)
{
    stream_in_parent();
    pthread_mutex_unlock(&library.lock);
}

/*
 * The child starts afresh (PKCS#11 v2.40 section 2.5.2): the connection is its parent's. So are those that a thread is just opening,
 * or still uses after C_Finalize; their memory is left to the child, which does not have the thread.
 */
static void in_child(void)
{
    stream_in_child();
    (void)pthread_mutex_init(&library.connecting, NULL);
    (void)pthread_mutex_init(&library.lock, NULL);
    struct shared *inherited = library.current;
    library.initialized = false;
    library.current = NULL;
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

bool library_is_open(void)
{
    pthread_mutex_lock(&library.lock);
    bool initialized = library.initialized;
    pthread_mutex_unlock(&library.lock);
    return initialized;
}

/* With `connecting`: opens one and says C_Initialize to the HSM. */
static struct shared *connect_anew(void)
{
    struct shared *one = calloc(1, sizeof *one);
    if (one == NULL)
        return NULL;
    one->connection = connection_open();
    if (one->connection != NULL && greeting_initialize(one->connection) == CKR_OK)
        return one;
    if (one->connection != NULL)
        connection_close(one->connection);
    free(one);
    return NULL;
}

/* With the lock. */
static void make_current(struct shared *one)
{
    if (++library.last_epoch == ANY_EPOCH)
        library.last_epoch++;
    one->epoch = library.last_epoch;
    library.current = one;
}

static CK_RV open_with_lock(void)
{
    if (library_is_open())
        return CKR_CRYPTOKI_ALREADY_INITIALIZED;
    if (!library.watches_forks && pthread_atfork(before_fork, in_parent, in_child) != 0)
        return CKR_HOST_MEMORY;
    library.watches_forks = true;
    struct shared *one = connect_anew();
    if (one == NULL)
        return CKR_FUNCTION_FAILED;
    pthread_mutex_lock(&library.lock);
    make_current(one);
    library.initialized = true;
    pthread_mutex_unlock(&library.lock);
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

static CK_RV close_for_all(void)
{
    struct lease lease;
    CK_RV rv = library_lease_epoch(&lease, ANY_EPOCH);
    if (rv == CKR_CRYPTOKI_NOT_INITIALIZED)
        return rv;
    if (rv == CKR_OK) {
        (void)greeting_finalize(lease.connection);
        library_return(&lease);
    }
    pthread_mutex_lock(&library.lock);
    library.initialized = false;
    retire_current();
    pthread_mutex_unlock(&library.lock);
    return CKR_OK;
}

CK_RV library_close(void)
{
    int cancel_state = uncancellable();
    CK_RV rv = close_for_all();
    cancellable_again(cancel_state);
    return rv;
}

/* With the lock. False when there is none, or it has broken: its sessions are gone. */
static bool take_current(struct lease *lease, uint32_t epoch)
{
    struct shared *one = library.current;
    if (one == NULL || (epoch != ANY_EPOCH && one->epoch != epoch))
        return false;
    bool is_gone = epoch == ANY_EPOCH ? connection_has_ended(one->connection) : connection_is_broken(one->connection);
    if (is_gone) {
        retire_current();
        return false;
    }
    one->users++;
    *lease = (struct lease){one, one->connection, one->epoch};
    return true;
}

CK_RV library_lease_epoch(struct lease *lease, uint32_t epoch)
{
    CK_RV rv = CKR_OK;
    pthread_mutex_lock(&library.lock);
    if (!library.initialized)
        rv = CKR_CRYPTOKI_NOT_INITIALIZED;
    else if (!take_current(lease, epoch))
        rv = CKR_SESSION_HANDLE_INVALID;
    pthread_mutex_unlock(&library.lock);
    return rv;
}

static CK_RV reconnect(struct lease *lease)
{
    CK_RV rv = library_lease_epoch(lease, ANY_EPOCH);
    if (rv != CKR_SESSION_HANDLE_INVALID)
        return rv; /* Another thread was faster. */
    struct shared *one = connect_anew();
    if (one == NULL)
        return CKR_DEVICE_REMOVED;
    pthread_mutex_lock(&library.lock);
    one->retired = !library.initialized; /* C_Finalize was called meanwhile. */
    if (one->retired)
        release_if_unused(one);
    else
        make_current(one);
    pthread_mutex_unlock(&library.lock);
    return library_lease_epoch(lease, ANY_EPOCH);
}

CK_RV library_lease(struct lease *lease)
{
    CK_RV rv = library_lease_epoch(lease, ANY_EPOCH);
    if (rv != CKR_SESSION_HANDLE_INVALID)
        return rv;
    pthread_mutex_lock(&library.connecting);
    rv = reconnect(lease);
    pthread_mutex_unlock(&library.connecting);
    return rv;
}

void library_return(struct lease *lease)
{
    pthread_mutex_lock(&library.lock);
    struct shared *one = lease->shared;
    one->users--;
    release_if_unused(one);
    pthread_mutex_unlock(&library.lock);
    lease->shared = NULL;
}

/* Programs may unload the module without C_Finalize. At the end of a process other threads may still be at work. */
__attribute__((destructor)) static void unload(void)
{
    if (pthread_mutex_trylock(&library.lock) != 0)
        return;
    library.initialized = false;
    retire_current();
    pthread_mutex_unlock(&library.lock);
}
