/* Programs about sessions: whose keys they are, and whose login. */
#include <string.h>

#include "keys.h"
#include "names.h"

/* A session key is there for every session of the program, and gone when the one that made it closes. */
void session_keys(void)
{
    CK_SESSION_HANDLE other = open_session(CKF_RW_SESSION), first = session;
    CK_MECHANISM mechanism = {CKM_ECDSA_SHA512, NULL, 0};
    CK_BYTE signature[64];
    CK_ULONG length = sizeof signature;
    session = other;
    struct pair pair = ec_pair(&P256, SIGN);
    session = first;
    OK(p11->C_SignInit(first, &mechanism, pair.private));
    OK(p11->C_Sign(first, TEXT("message"), 7, signature, &length));
    OK(p11->C_VerifyInit(first, &mechanism, pair.public));
    OK(p11->C_Verify(first, TEXT("message"), 7, signature, length));
    OK(p11->C_CloseSession(other));
    EQUAL(p11->C_SignInit(first, &mechanism, pair.private), CKR_KEY_HANDLE_INVALID);
    EQUAL(p11->C_VerifyInit(first, &mechanism, pair.public), CKR_KEY_HANDLE_INVALID);
    EQUAL(p11->C_DestroyObject(first, pair.private), CKR_OBJECT_HANDLE_INVALID);
}

static void expect_states(CK_SESSION_HANDLE writing, CK_ULONG of_writing, CK_SESSION_HANDLE reading, CK_ULONG of_reading)
{
    CK_SESSION_INFO info;
    OK(p11->C_GetSessionInfo(writing, &info));
    EQUAL(info.state, of_writing);
    EQUAL(info.flags, CKF_SERIAL_SESSION | CKF_RW_SESSION);
    OK(p11->C_GetSessionInfo(reading, &info));
    EQUAL(info.state, of_reading);
    EQUAL(info.flags, CKF_SERIAL_SESSION);
    EQUAL(info.slotID, slot);
}

/* One login is that of all sessions, also of those opened later, until one of them logs out. */
void login_state(void)
{
    CK_SESSION_HANDLE reading = open_session(0);
    expect_states(session, CKS_RW_USER_FUNCTIONS, reading, CKS_RO_USER_FUNCTIONS);
    EQUAL(p11->C_Login(reading, CKU_USER, (CK_UTF8CHAR_PTR)pin, strlen(pin)), CKR_USER_ALREADY_LOGGED_IN);
    OK(p11->C_Logout(reading));
    expect_states(session, CKS_RW_PUBLIC_SESSION, reading, CKS_RO_PUBLIC_SESSION);
    EQUAL(p11->C_Logout(session), CKR_USER_NOT_LOGGED_IN);
    log_in(session);
    CK_SESSION_HANDLE later = open_session(0);
    expect_states(session, CKS_RW_USER_FUNCTIONS, later, CKS_RO_USER_FUNCTIONS);
    OK(p11->C_CloseSession(later));
    OK(p11->C_CloseSession(reading));
    EQUAL(p11->C_CloseSession(reading), CKR_SESSION_HANDLE_INVALID);
}
