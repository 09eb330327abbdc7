/* What every program here stands on: the library, the first slot, one session of a user who is logged in, and checks. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "checks.h"
#include "cloudhsm_pkcs11_vendor_defs.h"

#define TEXT(literal) ((CK_BYTE_PTR)(literal))

extern CK_FUNCTION_LIST *p11;
/* USER:PASSWORD */
extern const char *pin;
extern CK_SLOT_ID slot;
extern CK_SESSION_HANDLE session;

/* Loads the library and initializes it; what undoes that. */
void load(const char *path);
void unload(void);

/* Opens `session` and logs in; what undoes that. */
void begin(void);
void end(void);

/* Other sessions. A login is that of all of them. */
CK_SESSION_HANDLE open_session(CK_FLAGS flags);
void log_in(CK_SESSION_HANDLE with);

#endif
