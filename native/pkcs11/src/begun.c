#include "begun.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CHAINS 256

struct begun {
    struct begun *next;
    CK_SESSION_HANDLE session;
    /* Its Init, which tells the operation. */
    struct rpc init;
    uint32_t connection;
    /* Something has been done of it. Only searches are kept then: their end is the same whether they are there or not. */
    bool is_spent;
    size_t length;
    unsigned char request[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct begun *chains[CHAINS];

/* The Init of the operation that a call belongs to; 0 when it belongs to none. */
static uint32_t init_of(uint32_t id)
{
    switch (id) {
    case RPC_ID_C_FindObjectsInit:
    case RPC_ID_C_FindObjects:
    case RPC_ID_C_FindObjectsFinal:
        return RPC_ID_C_FindObjectsInit;
    case RPC_ID_C_EncryptInit:
    case RPC_ID_C_Encrypt:
    case RPC_ID_C_EncryptUpdate:
    case RPC_ID_C_EncryptFinal:
        return RPC_ID_C_EncryptInit;
    case RPC_ID_C_DecryptInit:
    case RPC_ID_C_Decrypt:
    case RPC_ID_C_DecryptUpdate:
    case RPC_ID_C_DecryptFinal:
        return RPC_ID_C_DecryptInit;
    case RPC_ID_C_DigestInit:
    case RPC_ID_C_Digest:
    case RPC_ID_C_DigestUpdate:
    case RPC_ID_C_DigestKey:
    case RPC_ID_C_DigestFinal:
        return RPC_ID_C_DigestInit;
    case RPC_ID_C_SignInit:
    case RPC_ID_C_Sign:
    case RPC_ID_C_SignUpdate:
    case RPC_ID_C_SignFinal:
        return RPC_ID_C_SignInit;
    case RPC_ID_C_VerifyInit:
    case RPC_ID_C_Verify:
    case RPC_ID_C_VerifyUpdate:
    case RPC_ID_C_VerifyFinal:
        return RPC_ID_C_VerifyInit;
    case RPC_ID_C_MessageEncryptInit:
    case RPC_ID_C_EncryptMessage:
    case RPC_ID_C_MessageEncryptFinal:
        return RPC_ID_C_MessageEncryptInit;
    case RPC_ID_C_MessageDecryptInit:
    case RPC_ID_C_DecryptMessage:
    case RPC_ID_C_MessageDecryptFinal:
        return RPC_ID_C_MessageDecryptInit;
    case RPC_ID_C_MessageSignInit:
    case RPC_ID_C_SignMessage:
    case RPC_ID_C_MessageSignFinal:
        return RPC_ID_C_MessageSignInit;
    case RPC_ID_C_MessageVerifyInit:
    case RPC_ID_C_VerifyMessage:
    case RPC_ID_C_MessageVerifyFinal:
        return RPC_ID_C_MessageVerifyInit;
    default:
        return 0;
    }
}

/* After each message of these the operation is as it was begun. */
static bool is_message(uint32_t id)
{
    return id == RPC_ID_C_EncryptMessage || id == RPC_ID_C_DecryptMessage || id == RPC_ID_C_SignMessage ||
           id == RPC_ID_C_VerifyMessage;
}

/* Where it is, or where it would go. With the lock. */
static struct begun **find(CK_SESSION_HANDLE session, uint32_t init)
{
    struct begun **at = chains + session % CHAINS;
    while (*at != NULL && ((*at)->session != session || (*at)->init.id != init))
        at = &(*at)->next;
    return at;
}

/* With the lock. */
static void let_go(struct begun **at)
{
    struct begun *of = *at;
    if (of == NULL)
        return;
    *at = of->next;
    explicit_bzero(of->request, of->length);
    free(of);
}

/* Without memory it is not kept. */
static void keep(const struct asked *asked, const struct buffer *request)
{
    struct begun *of = malloc(sizeof *of + request->length);
    if (of != NULL) {
        *of = (struct begun){
            .session = asked->session,
            .init = asked->which,
            .connection = asked->connection,
            .length = request->length,
        };
        memcpy(of->request, request->bytes, request->length);
    }
    pthread_mutex_lock(&lock);
    struct begun **at = find(asked->session, asked->which.id);
    let_go(at);
    if (of != NULL) {
        of->next = *at;
        *at = of;
    }
    pthread_mutex_unlock(&lock);
}

static void moved(const struct asked *asked, uint32_t init)
{
    pthread_mutex_lock(&lock);
    struct begun *of = *find(asked->session, init);
    if (of != NULL)
        of->connection = asked->connection;
    pthread_mutex_unlock(&lock);
}

static void spent(const struct asked *asked, uint32_t init)
{
    bool is_kept = asked->which.id == RPC_ID_C_FindObjects;
    pthread_mutex_lock(&lock);
    struct begun **at = find(asked->session, init);
    if (*at != NULL && is_kept)
        (*at)->is_spent = true;
    else
        let_go(at);
    pthread_mutex_unlock(&lock);
}

/* What is to be sent once more, to another connection; nothing, when there is nothing of that kind. */
static struct rpc take_request(struct asked *asked, uint32_t init, struct buffer *request)
{
    struct rpc which = asked->which;
    pthread_mutex_lock(&lock);
    const struct begun *of = *find(asked->session, init);
    bool is_lost = of != NULL && of->connection != asked->connection;
    if (is_lost && of->is_spent)
        asked->is_done = asked->which.id == RPC_ID_C_FindObjectsFinal;
    else if (is_lost) {
        buffer_bytes(request, of->request, of->length);
        which = of->init;
    }
    pthread_mutex_unlock(&lock);
    return which;
}

static CK_RV begin_again(struct asked *asked, uint32_t init, struct connection *with, enum fate *fate)
{
    struct buffer request, reply;
    struct reader results;
    CK_RV rv = CKR_OK;
    buffer_init(&request);
    buffer_init(&reply);
    struct rpc which = take_request(asked, init, &request);
    if (request.length > 0)
        rv = rpc_exchange(with, which, &request, &reply, &results, fate);
    if (request.length > 0 && rv == CKR_OK)
        moved(asked, init);
    if (rv != CKR_OK && *fate == FATE_ANSWERED)
        spent(asked, init);
    if (asked->is_done)
        spent(asked, init);
    buffer_free(&request);
    buffer_free(&reply);
    return rv;
}

CK_RV begun_again(struct asked *asked, struct connection *with, enum fate *fate)
{
    uint32_t init = init_of(asked->which.id);
    asked->is_done = false;
    return init == 0 || init == asked->which.id ? CKR_OK : begin_again(asked, init, with, fate);
}

/* NULL in place of a mechanism gives the operation up. It comes behind the session. */
static bool gives_up(const struct asked *asked, const struct buffer *request)
{
    struct reader from;
    size_t at = FRAME_HEADER_BYTES + 4 + 4 + strlen(asked->which.request) + 8;
    if (asked->which.id == RPC_ID_C_FindObjectsInit)
        return false;
    reader_init(&from, request->bytes + at, request->length - at);
    return reader_u32(&from) == UINT32_MAX;
}

/* The HSM has made something of the mechanism, which would be another the next time. */
static bool has_outputs(const struct asked *asked, const struct reader *results)
{
    struct reader from = *results;
    return asked->which.id == RPC_ID_C_EncryptInit && reader_array(&from).bytes != NULL;
}

/* All that it told was how much room its result needs. */
static bool only_asked(const struct asked *asked, const struct reader *results)
{
    struct reader from = *results;
    return strcmp(asked->which.response, "ay") == 0 && reader_byte(&from) == 0;
}

void begun_note(const struct asked *asked, const struct buffer *request, const struct reader *results)
{
    uint32_t init = init_of(asked->which.id);
    if (init == 0)
        return;
    if (init != asked->which.id) {
        if (!is_message(asked->which.id) && (results == NULL || !only_asked(asked, results)))
            spent(asked, init);
        return;
    }
    if (results == NULL)
        return;
    if (gives_up(asked, request) || has_outputs(asked, results))
        spent(asked, init);
    else
        keep(asked, request);
}

void begun_forget_session(CK_SESSION_HANDLE session)
{
    pthread_mutex_lock(&lock);
    struct begun **at = chains + session % CHAINS;
    while (*at != NULL) {
        if ((*at)->session == session)
            let_go(at);
        else
            at = &(*at)->next;
    }
    pthread_mutex_unlock(&lock);
}

/* With the lock. */
static void forget_all(void)
{
    for (size_t chain = 0; chain < CHAINS; chain++) {
        while (chains[chain] != NULL)
            let_go(chains + chain);
    }
}

void begun_forget_all(void)
{
    pthread_mutex_lock(&lock);
    forget_all();
    pthread_mutex_unlock(&lock);
}

void begun_before_fork(void)
{
    pthread_mutex_lock(&lock);
}

void begun_in_parent(void)
{
    pthread_mutex_unlock(&lock);
}

void begun_in_child(void)
{
    (void)pthread_mutex_init(&lock, NULL);
    forget_all();
}
