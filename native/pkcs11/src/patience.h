/* How long the HSM is waited for. */
#ifndef STRONGROOM_PATIENCE_H
#define STRONGROOM_PATIENCE_H 1

#include <stdbool.h>
#include <time.h>

/* Far longer than any call takes, a key pair of RSA-4096 on a busy machine among them. */
#define PATIENCE_SECONDS 120

/* When a wait begins, by the clock that nobody sets. */
time_t patience_begin(void);
bool patience_is_over(time_t since);

#endif
