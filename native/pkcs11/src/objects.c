/* Objects: made, copied, destroyed, looked at and found (PKCS#11 v2.40 section 5.7). */
#include "attributes.h"
#include "call.h"

CK_RV C_CreateObject(CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count, CK_OBJECT_HANDLE *object)
{
    struct call call;
    call_begin_in(&call, RPC_C_CreateObject, session);
    call_put_new(&call, attributes, count);
    call_require(&call, object != NULL);
    if (call_send(&call))
        *object = call_get_number(&call);
    return call_end(&call);
}

CK_RV C_CopyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes, CK_ULONG count,
                   CK_OBJECT_HANDLE *copy)
{
    struct call call;
    call_begin_in(&call, RPC_C_CopyObject, session);
    call_once(&call);
    call_put_number(&call, object);
    call_put_template(&call, attributes, count);
    call_require(&call, copy != NULL);
    if (call_send(&call))
        *copy = call_get_number(&call);
    return call_end(&call);
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    struct call call;
    call_begin_in(&call, RPC_C_DestroyObject, session);
    call_once(&call);
    call_put_number(&call, object);
    (void)call_send(&call);
    return call_end(&call);
}

CK_RV C_GetObjectSize(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG *size)
{
    struct call call;
    call_begin_in(&call, RPC_C_GetObjectSize, session);
    call_put_number(&call, object);
    call_require(&call, size != NULL);
    if (call_send(&call))
        *size = call_get_number(&call);
    return call_end(&call);
}

/* What the HSM says of all of them together goes before what was found here of one. */
static void get_return(struct call *call)
{
    CK_RV rv = call_get_number(call);
    if (rv != CKR_OK)
        call->rv = rv;
}

CK_RV C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    struct call call;
    call_begin_in(&call, RPC_C_GetAttributeValue, session);
    call_put_number(&call, object);
    call_put_wanted(&call, attributes, count);
    if (call_send(&call)) {
        call_get_attributes(&call, attributes, count);
        get_return(&call);
    }
    return call_end(&call);
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    struct call call;
    call_begin_in(&call, RPC_C_SetAttributeValue, session);
    call_once(&call);
    call_put_number(&call, object);
    call_put_template(&call, attributes, count);
    (void)call_send(&call);
    return call_end(&call);
}

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count)
{
    struct call call;
    call_begin_in(&call, RPC_C_FindObjectsInit, session);
    call_put_template(&call, attributes, count);
    (void)call_send(&call);
    return call_end(&call);
}

CK_RV C_FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG most, CK_ULONG *count)
{
    struct call call;
    CK_ULONG found = most;
    call_begin_in(&call, RPC_C_FindObjects, session);
    call_put_count(&call, objects, &found);
    call_require(&call, count != NULL && (objects != NULL || most == 0));
    if (call_send(&call)) {
        call_get_numbers(&call, objects, &found);
        if (found > most)
            reader_fail(&call.results);
        *count = found > most ? 0 : found;
    }
    return call_end(&call);
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE session)
{
    struct call call;
    call_begin_in(&call, RPC_C_FindObjectsFinal, session);
    (void)call_send(&call);
    return call_end(&call);
}
