/* A thread that was cancelled while it holds a lock, or while it reads for all, would leave the others waiting. */
#ifndef STRONGROOM_UNCANCELLABLE_H
#define STRONGROOM_UNCANCELLABLE_H 1

#include <pthread.h>

static inline int uncancellable(void)
{
    int state = PTHREAD_CANCEL_ENABLE;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    return state;
}

static inline void cancellable_again(int state)
{
    (void)pthread_setcancelstate(state, NULL);
}

#endif
