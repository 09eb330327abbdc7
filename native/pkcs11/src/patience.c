#include "patience.h"

time_t patience_begin(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

bool patience_is_over(time_t since)
{
    return patience_begin() - since >= PATIENCE_SECONDS;
}
