#include "broker/tally.h"

#include <inttypes.h>
#include <stdio.h>

bool tally_line(struct tally_said *said, const struct tally *tally, int64_t now_ms, char ret[TALLY_TEXT])
{
    const struct tally *before = &said->tally;
    uint64_t bad_frames = tally->bad_frames - before->bad_frames;
    uint64_t dropped = tally->dropped - before->dropped;
    uint64_t refused = tally->refused - before->refused;
    uint64_t handshakes = tally->handshakes - before->handshakes;

    if (bad_frames + dropped + refused + handshakes == 0 ||
        (said->at_ms != 0 && now_ms < said->at_ms + TALLY_MS)) {
        return false;
    }
    (void)snprintf(ret, TALLY_TEXT,
                   "turned away: %" PRIu64 " unreadable and %" PRIu64 " malformed messages, %" PRIu64
                   " failed handshakes, %" PRIu64 " keys that are not enrolled",
                   bad_frames, dropped, handshakes, refused);
    said->tally = *tally;
    said->at_ms = now_ms;
    return true;
}
