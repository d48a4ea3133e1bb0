#include "broker/watchdog.h"

bool watchdog_look(struct watchdog *watchdog, uint64_t doing, int64_t now_ms)
{
    int64_t passed = now_ms - watchdog->looked_ms;

    if (doing == 0 || doing != watchdog->doing) {
        passed = 0;
        watchdog->waited_ms = 0;
    }
    watchdog->waited_ms += passed < WATCHDOG_MS ? passed : WATCHDOG_MS;
    watchdog->doing = doing;
    watchdog->looked_ms = now_ms;
    return watchdog->waited_ms > WRITER_HUNG_MS;
}
