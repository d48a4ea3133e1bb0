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
        for (size_t i = 0; i < post->apart_n; i++) {
            names_mark(names, post->apart[i].region);
            names_mark(names, post->apart[i].lead);
            names_mark(names, post->apart[i].commander);
        }
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

/* The last word of each region. */
static void note_apart(struct post *post, struct post_apart apart)
{
    size_t at = 0;

    while (at < post->apart_n && strcmp(post->apart[at].region, apart.region) != 0) {
        at++;
    }
    if (at == POSTS_APART_MAX) {
        at--;
        memmove(&post->apart[0], &post->apart[1], at * sizeof post->apart[0]);
    }
    post->apart[at] = apart;
    post->apart_n = at == post->apart_n ? at + 1 : post->apart_n;
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
    case EVENT_POST_APART:
        note_apart(post, (struct post_apart){home, lead, commander, e->term, event->at_ms});
        return 0;
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
    post->apart_n = e->settles ? 0 : post->apart_n;
    return 0;
}
