#include "program.h"

#include <dlfcn.h>
#include <string.h>

CK_FUNCTION_LIST *p11;
const char *pin;
CK_SLOT_ID slot;
CK_SESSION_HANDLE session;

static void *library;

/* The first slot: CloudHSM has one for each cluster. */
static CK_SLOT_ID first_slot(void)
{
    CK_ULONG count = 0;
    OK(p11->C_GetSlotList(CK_TRUE, NULL, &count));
    TRUE_(count > 0);
    CK_SLOT_ID *slots = calloc(count, sizeof *slots);
    OK(p11->C_GetSlotList(CK_TRUE, slots, &count));
    CK_SLOT_ID first = slots[0];
    free(slots);
    return first;
}

void load(const char *path)
{
    CK_C_INITIALIZE_ARGS locking = {.flags = CKF_OS_LOCKING_OK};
    CK_C_GetFunctionList get;
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        (void)fprintf(stderr, "%s\n", dlerror());
    TRUE_(library != NULL);
    *(void **)&get = dlsym(library, "C_GetFunctionList");
    TRUE_(get != NULL);
    OK(get(&p11));
    OK(p11->C_Initialize(&locking));
    slot = first_slot();
}

void unload(void)
{
    OK(p11->C_Finalize(NULL));
    EQUAL(dlclose(library), 0);
}

CK_SESSION_HANDLE open_session(CK_FLAGS flags)
{
    CK_SESSION_HANDLE opened;
    OK(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | flags, NULL, NULL, &opened));
    return opened;
}

void log_in(CK_SESSION_HANDLE with)
{
    OK(p11->C_Login(with, CKU_USER, (CK_UTF8CHAR_PTR)pin, strlen(pin)));
}

void begin(void)
{
    session = open_session(CKF_RW_SESSION);
    log_in(session);
}

void end(void)
{
    OK(p11->C_Logout(session));
    OK(p11->C_CloseSession(session));
}
