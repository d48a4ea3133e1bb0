/* How many bytes of a lane are under way to one session: given, and no credit came back for them.
 *
 * What the peer's queue and the kernel hold goes out in its order, and on a line of 8 kB/s a whole window
 * is a minute: an order would wait behind bulk, and a recall behind orders. So of a lower lane as much is
 * under way as the session works off in about half a second more than its quickest round; ENGINE_FLIGHT_MIN
 * at least, and at first. A line that is only long is told from one that is narrow by its quickest round.
 *
 * What is under way stands in four rounds, the oldest first: one ends when credit came for all of it. */
#include <string.h>

#include "common/base/mutant.h"
#include "common/engine/engine_private.h"

enum { FLIGHT_QUICK_MAX_MS = 2000 /* a session that begins with a stall is not taken for a long line */ };

void flight_begin(struct flight *flight)
{
    *flight = (struct flight){.bytes_max = ENGINE_FLIGHT_MIN, .quick_ms = FLIGHT_QUICK_MAX_MS};
}

bool flight_takes(struct flight *flight, size_t bytes)
{
    bool takes = flight->bytes == 0 || bytes + flight->bytes <= flight->bytes_max;

    if (takes || MUTANT(MUTANT_NO_WINDOW)) {
        return true;
    }
    flight->full = true;
    flight->rounds[flight->rounds_n - 1].full = true;
    return false;
}

void flight_give(struct flight *flight, size_t bytes, int64_t boot_ms)
{
    struct flight_round *round = &flight->rounds[flight->rounds_n > 0 ? flight->rounds_n - 1 : 0];

    if (flight->rounds_n == 0 ||
        (flight->rounds_n < FLIGHT_ROUNDS && bytes + round->bytes > flight->bytes_max / FLIGHT_ROUNDS)) {
        round = &flight->rounds[flight->rounds_n++];
        *round = (struct flight_round){0};
    }
    round->n++;
    round->bytes += (uint32_t)bytes;
    round->given_ms = boot_ms;
    flight->bytes += (uint32_t)bytes;
}

/* What was given before does not count for the next change. */
static void change(struct flight *flight, uint32_t bytes_max)
{
    flight->bytes_max = bytes_max;
    for (uint32_t i = 0; i < flight->rounds_n; i++) {
        flight->rounds[i].full = false;
        flight->rounds[i].old = true;
    }
}

/* Only a round that more was to follow says whether more may be under way. */
static void end_round(struct flight *flight, int64_t boot_ms)
{
    struct flight_round *round = &flight->rounds[0];
    int64_t took_ms = boot_ms - round->given_ms;

    flight->quick_ms = took_ms < flight->quick_ms ? took_ms : flight->quick_ms;
    if (took_ms > flight->quick_ms + ENGINE_FLIGHT_MS) {
        if (!round->old && flight->bytes_max > ENGINE_FLIGHT_MIN) {
            change(flight, flight->bytes_max / 2);
        }
    } else if (round->full && flight->bytes_max < ENGINE_FLIGHT_MAX) {
        change(flight, flight->bytes_max * 2);
    }
    flight->bytes -= round->bytes;
    flight->full = false;
    flight->rounds_n--;
    memmove(round, round + 1, flight->rounds_n * sizeof *round);
}

void flight_credit(struct flight *flight, uint32_t n, int64_t boot_ms)
{
    while (flight->rounds_n > 0 && n >= flight->rounds[0].n) {
        n -= flight->rounds[0].n;
        end_round(flight, boot_ms);
    }
    if (flight->rounds_n > 0) {
        flight->rounds[0].n -= n;
    }
}
