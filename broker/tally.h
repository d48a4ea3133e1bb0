/* What came from the network and was turned away without a record: counted, and told to the program's keeper
 * at most once a minute, so that no flood of it fills the disk that the log needs. */
#ifndef MUSTER_BROKER_TALLY_H
#define MUSTER_BROKER_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TALLY_MS = 60 * 1000, /* between two lines */
    TALLY_TEXT = 256,     /* what a line needs at most */
    TALLY_NAMED_MAX = 10  /* refused keys between two lines that are named by address */
};

/* Since the start. */
struct tally {
    uint64_t bad_frames; /* messages that are no Envelope */
    uint64_t dropped;    /* messages not of one frame with a body, or of a peer without an identity of ours */
    uint64_t refused;    /* connections with a key that is not enrolled */
    uint64_t handshakes; /* all that failed: these, and no CURVE, another broker's key, garbage, a cut */
};

/* All zero at first. */
struct tally_said {
    struct tally tally;
    int64_t at_ms; /* 0: never */
};

/* True when something has grown and the last line was long enough ago: then the line is in ret. now_ms of a
 * clock that does not go back. */
bool tally_line(struct tally_said *said, const struct tally *tally, int64_t now_ms, char ret[TALLY_TEXT]);

#endif
