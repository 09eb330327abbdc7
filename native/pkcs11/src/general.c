/* The module, its slot and its token (PKCS#11 v2.40 sections 5.4 and 5.5). */
#include "call.h"

/* Locks of the program's own are not used: those of the system are always there, or there are no threads. */
static CK_RV check_arguments(const CK_C_INITIALIZE_ARGS *given)
{
    if (given == NULL)
        return CKR_OK;
    int functions = (given->CreateMutex != NULL) + (given->DestroyMutex != NULL) + (given->LockMutex != NULL) +
                    (given->UnlockMutex != NULL);
    if (given->pReserved != NULL || (functions != 0 && functions != 4))
        return CKR_ARGUMENTS_BAD;
    return functions == 4 && (given->flags & CKF_OS_LOCKING_OK) == 0 ? CKR_CANT_LOCK : CKR_OK;
}

CK_RV C_Initialize(void *arguments)
{
    CK_RV rv = check_arguments(arguments);
    return rv == CKR_OK ? library_open() : rv;
}

CK_RV C_Finalize(void *reserved)
{
    return reserved == NULL ? library_close() : CKR_ARGUMENTS_BAD;
}

CK_RV C_GetInfo(CK_INFO *info)
{
    struct call call;
    call_begin(&call, RPC_C_GetInfo);
    call_require(&call, info != NULL);
    if (call_send(&call)) {
        info->cryptokiVersion = call_get_version(&call);
        call_get_text(&call, info->manufacturerID, sizeof info->manufacturerID);
        info->flags = call_get_number(&call);
        call_get_text(&call, info->libraryDescription, sizeof info->libraryDescription);
        info->libraryVersion = call_get_version(&call);
    }
    return call_end(&call);
}

/* Ends a call whose results are numbers, or how many there are. */
static CK_RV list(struct call *call, CK_ULONG *numbers, CK_ULONG *count)
{
    call_put_count(call, numbers, count);
    if (call_send(call))
        call_get_numbers(call, numbers, count);
    return call_end(call);
}

CK_RV C_GetSlotList(CK_BBOOL token_present, CK_SLOT_ID *slots, CK_ULONG *count)
{
    struct call call;
    call_begin(&call, RPC_C_GetSlotList);
    call_put_byte(&call, token_present);
    return list(&call, slots, count);
}

CK_RV C_GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
    struct call call;
    call_begin(&call, RPC_C_GetSlotInfo);
    call_put_number(&call, slot);
    call_require(&call, info != NULL);
    if (call_send(&call)) {
        call_get_text(&call, info->slotDescription, sizeof info->slotDescription);
        call_get_text(&call, info->manufacturerID, sizeof info->manufacturerID);
        info->flags = call_get_number(&call);
        info->hardwareVersion = call_get_version(&call);
        info->firmwareVersion = call_get_version(&call);
    }
    return call_end(&call);
}

static void get_token(struct call *call, CK_TOKEN_INFO *info)
{
    call_get_text(call, info->label, sizeof info->label);
    call_get_text(call, info->manufacturerID, sizeof info->manufacturerID);
    call_get_text(call, info->model, sizeof info->model);
    call_get_text(call, info->serialNumber, sizeof info->serialNumber);
    info->flags = call_get_number(call);
    info->ulMaxSessionCount = call_get_number(call);
    info->ulSessionCount = call_get_number(call);
    info->ulMaxRwSessionCount = call_get_number(call);
    info->ulRwSessionCount = call_get_number(call);
    info->ulMaxPinLen = call_get_number(call);
    info->ulMinPinLen = call_get_number(call);
    info->ulTotalPublicMemory = call_get_number(call);
    info->ulFreePublicMemory = call_get_number(call);
    info->ulTotalPrivateMemory = call_get_number(call);
    info->ulFreePrivateMemory = call_get_number(call);
    info->hardwareVersion = call_get_version(call);
    info->firmwareVersion = call_get_version(call);
    call_get_text(call, info->utcTime, sizeof info->utcTime);
}

CK_RV C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    struct call call;
    call_begin(&call, RPC_C_GetTokenInfo);
    call_put_number(&call, slot);
    call_require(&call, info != NULL);
    if (call_send(&call))
        get_token(&call, info);
    return call_end(&call);
}

CK_RV C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE *mechanisms, CK_ULONG *count)
{
    struct call call;
    call_begin(&call, RPC_C_GetMechanismList);
    call_put_number(&call, slot);
    return list(&call, mechanisms, count);
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
    struct call call;
    call_begin(&call, RPC_C_GetMechanismInfo);
    call_put_number(&call, slot);
    call_put_number(&call, type);
    call_require(&call, info != NULL);
    if (call_send(&call)) {
        info->ulMinKeySize = call_get_number(&call);
        info->ulMaxKeySize = call_get_number(&call);
        info->flags = call_get_number(&call);
    }
    return call_end(&call);
}

CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID *slot, void *reserved)
{
    struct call call;
    call_begin(&call, RPC_C_WaitForSlotEvent);
    call_put_number(&call, flags);
    call_require(&call, slot != NULL && reserved == NULL);
    if (call_send(&call))
        *slot = call_get_number(&call);
    return call_end(&call);
}
