#include "tests/bench/submits.h"

#include <stdlib.h>

#include "tests/bench/load.h"

enum { NS_PER_MS = 1000000 };

void submits_send(struct submits *submits, struct command *commands, size_t n)
{
    struct buf *frames[PARTY_BATCH_MAX] = {NULL};
    uint32_t slots[PARTY_BATCH_MAX] = {0};
    size_t free_at = 0;

    for (size_t i = 0; i < n; i++) {
        while (submits->at[free_at].used) {
            free_at++;
        }
        slots[i] = (uint32_t)free_at;
        frames[i] = &submits->at[free_at].frame;
        submits->at[free_at].used = true;
    }
    submits->n += n;
    party_sign(submits->parties, submits->party, commands, slots, frames, n);
    for (size_t i = 0; i < n; i++) {
        party_send(submits->party, buf_bytes(frames[i]));
    }
}

size_t submits_room(const struct submits *submits)
{
    return submits->window - submits->n;
}

static int compare_counters(const void *a, const void *b)
{
    const struct submit_under_way *const *x = a, *const *y = b;

    return (*x)->counter < (*y)->counter ? -1 : (*x)->counter > (*y)->counter;
}

/* In the order of their counters, as an agent says them: the broker takes them in no other. */
void submits_again(struct submits *submits)
{
    struct submit_under_way *due[SUBMITS_MAX];
    int64_t now = load_now_ns();
    size_t n = 0;

    for (size_t i = 0; submits->waiting > 0 && i < submits->window; i++) {
        struct submit_under_way *at = &submits->at[i];
        if (at->again_ns != 0 && at->again_ns <= now) {
            due[n++] = at;
        }
    }
    qsort(due, n, sizeof due[0], compare_counters);
    for (size_t i = 0; i < n; i++) {
        due[i]->again_ns = 0;
        submits->waiting--;
        party_send(submits->party, buf_bytes(&due[i]->frame));
    }
}

void submits_answered(struct submits *submits, const struct reply *reply)
{
    struct submit_under_way *at = &submits->at[submits->party->slots[reply->counter % PARTY_COUNTERS]];

    if (reply->outcome == OUTCOME_REFUSED && reply->refusal == REFUSED_BUSY) {
        at->again_ns = load_now_ns() + (int64_t)reply->retry_ms * NS_PER_MS;
        at->counter = reply->counter;
        submits->waiting++;
        submits->busy++;
        return;
    }
    if (reply->outcome != OUTCOME_DONE) {
        load_fail("a command was refused: %s (%s)", refusal_text(reply->refusal), reply->detail);
    }
    at->used = false;
    submits->n--;
    submits->answered++;
}

void submits_free(struct submits *submits)
{
    for (size_t i = 0; i < SUBMITS_MAX; i++) {
        buf_free(&submits->at[i].frame);
    }
}
