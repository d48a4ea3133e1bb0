/* evolve() for command posts. */
#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/core/names.h"
#include "common/core/state_private.h"

void post_mark(const struct post *post, struct names *names)
{
    if (post != NULL) {
        names_mark(names, post->home);
        names_mark(names, post->lead);
        names_mark(names, post->commander);
        names_mark(names, post->place);
        names_mark(names, post->offered_lead);
        names_mark(names, post->offered_commander);
    }
}

/* The one that is there, or a new one without a leader; NULL: out of memory. */
static struct post *post_make(struct incident *incident)
{
    if (incident->post == NULL) {
        incident->post = malloc(sizeof *incident->post);
        if (incident->post != NULL) {
            *incident->post = (struct post){.home = "",
                                            .lead = "",
                                            .commander = "",
                                            .place = "",
                                            .offered_lead = "",
                                            .offered_commander = ""};
        }
    }
    return incident->post;
}

static void end_offer(struct post *post)
{
    post->offered_lead = "";
    post->offered_commander = "";
    post->offered_at_ms = 0;
}

int evolve_post(struct state *state, struct incident *incident, const struct event *event)
{
    const struct post_step *e = &event->post;
    const char *lead = state_intern(state, e->lead), *commander = state_intern(state, e->commander);
    const char *place = state_intern(state, e->place), *home = state_intern(state, e->home);
    struct post *post = post_make(incident);

    if (lead == NULL || commander == NULL || place == NULL || home == NULL || post == NULL) {
        return ERR_NO_MEMORY;
    }
    switch (event->kind) {
    case EVENT_POST_OFFERED:
        post->offered_lead = lead;
        post->offered_commander = commander;
        post->offered_at_ms = event->at_ms;
        return 0;
    case EVENT_POST_TAKEN:
        end_offer(post);
        post->home = home;
        post->since_ms = event->at_ms;
        break;
    case EVENT_POST_SET:
        if (post->term != e->term || strcmp(post->home, home) != 0) { /* somebody else leads from here on */
            end_offer(post);
            post->since_ms = event->at_ms;
        }
        post->home = home;
        post->place = place;
        break;
    default: /* kept */
        end_offer(post);
        break;
    }
    post->lead = lead;
    post->commander = commander;
    post->term = e->term;
    return 0;
}
