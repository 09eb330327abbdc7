/* Sessions, and who is logged in in them (PKCS#11 v2.40 section 5.6). */
#include "begun.h"
#include "call.h"

/* What the HSM would notify of never happens. */
CK_RV C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify, CK_SESSION_HANDLE *session)
{
    struct call call;
    (void)application;
    (void)notify;
    call_begin(&call, RPC_C_OpenSession);
    call.changes = true;
    call_put_number(&call, slot);
    call_put_number(&call, flags);
    call_require(&call, session != NULL);
    if (call_send(&call)) {
        CK_SESSION_HANDLE opened = call_get_session(&call, (flags & CKF_RW_SESSION) != 0);
        if (call.rv == CKR_OK)
            *session = opened;
    }
    return call_end(&call);
}

CK_RV C_CloseSession(CK_SESSION_HANDLE session)
{
    struct call call;
    call_begin_in(&call, RPC_C_CloseSession, session);
    call.changes = true;
    if (call_send(&call))
        library_closed(&call.lease, (uint32_t)session);
    begun_forget_session(session);
    return call_end(&call);
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slot)
{
    struct call call;
    call_begin(&call, RPC_C_CloseAllSessions);
    call.changes = true;
    call_put_number(&call, slot);
    if (call_send(&call))
        library_closed_all(&call.lease);
    if (call.is_answered)
        begun_forget_all();
    return call_end(&call);
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
    struct call call;
    call_begin_in(&call, RPC_C_GetSessionInfo, session);
    call_require(&call, info != NULL);
    if (call_send(&call)) {
        info->slotID = call_get_number(&call);
        info->state = call_get_number(&call);
        info->flags = call_get_number(&call);
        info->ulDeviceError = call_get_number(&call);
    }
    return call_end(&call);
}

/* Sends a login, which is not tried twice: a wrong PIN would count twice. What resumes it is kept in place of the PIN. */
static CK_RV log_in(struct call *call)
{
    call->changes = true;
    call_once(call);
    if (call_send(call)) {
        struct span credential = reader_array(&call->results);
        if (reader_ended_well(&call->results))
            library_logged_in(&call->lease, credential);
    }
    return call_end(call);
}

CK_RV C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user_type, unsigned char *pin, CK_ULONG pin_length)
{
    struct call call;
    call_begin_in(&call, RPC_C_Login, session);
    call_put_number(&call, user_type);
    call_put_bytes(&call, pin, pin_length);
    return log_in(&call);
}

CK_RV C_LoginUser(CK_SESSION_HANDLE session, CK_USER_TYPE user_type, unsigned char *pin, CK_ULONG pin_length,
                  unsigned char *username, CK_ULONG username_length)
{
    struct call call;
    call_begin_in(&call, RPC_C_LoginUser, session);
    call_put_number(&call, user_type);
    call_put_bytes(&call, pin, pin_length);
    call_put_bytes(&call, username, username_length);
    return log_in(&call);
}

/* Whatever the HSM says, or if it says nothing, the login is not gone on with. */
CK_RV C_Logout(CK_SESSION_HANDLE session)
{
    struct call call;
    call_begin_in(&call, RPC_C_Logout, session);
    call.changes = true;
    (void)call_send(&call);
    if (call.rv != CKR_SESSION_HANDLE_INVALID) {
        library_logged_out(call.life);
        begun_forget_all();
    }
    if (call.is_repeated && call.rv == CKR_USER_NOT_LOGGED_IN)
        call.rv = CKR_OK;
    return call_end(&call);
}

CK_RV C_SetPIN(CK_SESSION_HANDLE session, unsigned char *old_pin, CK_ULONG old_length, unsigned char *new_pin,
               CK_ULONG new_length)
{
    struct call call;
    call_begin_in(&call, RPC_C_SetPIN, session);
    call_once(&call);
    call_put_bytes(&call, old_pin, old_length);
    call_put_bytes(&call, new_pin, new_length);
    (void)call_send(&call);
    return call_end(&call);
}

CK_RV C_SessionCancel(CK_SESSION_HANDLE session, CK_FLAGS flags)
{
    struct call call;
    call_begin_in(&call, RPC_C_SessionCancel, session);
    call_put_number(&call, flags);
    if (call_send(&call))
        begun_forget_session(session);
    return call_end(&call);
}
