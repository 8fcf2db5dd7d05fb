/* The lengths of rounds; see lag.h. Two windows, of which the older is thrown away, make a maximum
 * of late without a list. */
#include "loop/lag.h"

void lag_begin(struct lag *lag, uint64_t now)
{
    lag->begun = now;
}

void lag_end(struct lag *lag, uint64_t now)
{
    uint64_t length = now - lag->begun;
    lag->begun = 0;
    lag->busy += length;
    if (now - lag->window >= LAG_WINDOW) {
        lag->worst_ago = now - lag->window < 2 * LAG_WINDOW ? lag->worst : 0;
        lag->worst = 0;
        lag->window = now;
    }
    if (length > LAG_SLOW)
        lag->slow++;
    if (length > lag->worst)
        lag->worst = length;
}

uint64_t lag_worst(const struct lag *lag, uint64_t now)
{
    uint64_t age = now - lag->window;
    uint64_t worst = age < 2 * LAG_WINDOW ? lag->worst : 0;
    if (age < LAG_WINDOW && lag->worst_ago > worst)
        worst = lag->worst_ago;
    if (lag->begun != 0 && now - lag->begun > worst)
        worst = now - lag->begun;
    return worst;
}
