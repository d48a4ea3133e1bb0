#include "common/core/link.h"

#include <stdio.h>
#include <string.h>

static const char link_tail[] = "/broker/link";

bool name_region(const char *name, char *ret)
{
    size_t n = strspn(name, "0123456789");

    if (name[n] != '/' || n == 0 || n > REGION_CODE_MAX) {
        return false;
    }
    if (ret != NULL) {
        memcpy(ret, name, n);
        ret[n] = '\0';
    }
    return true;
}

bool name_is_link(const char *agent, char *ret)
{
    return strcmp(agent + strspn(agent, "0123456789"), link_tail) == 0 && name_region(agent, ret);
}

const struct member *region_link_kept(const struct region *region, const char *code)
{
    char name[REGION_CODE_MAX + sizeof link_tail];

    if (strlen(code) > REGION_CODE_MAX) {
        return NULL;
    }
    (void)snprintf(name, sizeof name, "%s%s", code, link_tail);
    const struct member *member = region_member(region, name);
    return member != NULL && member_has_right(member, "link", NULL) ? member : NULL;
}

const struct member *region_link(const struct region *region, const char *code)
{
    const struct member *member = region_link_kept(region, code);

    return member != NULL && !member->revoked ? member : NULL;
}

const struct member *region_way(const struct region *region, const char *code)
{
    char above[REGION_CODE_MAX + 1] = "", higher[REGION_CODE_MAX + 1];
    const struct member *link = region_link(region, code);

    if (link != NULL || strlen(code) > REGION_CODE_MAX) {
        return link;
    }
    region_code_above(code, above);
    while (above[0] != '\0') {
        if (strcmp(above, region->code) == 0) {
            return NULL; /* it lies below us, and no link leads there */
        }
        link = region_link(region, above);
        if (link != NULL) {
            return link;
        }
        region_code_above(above, higher);
        memcpy(above, higher, sizeof above);
    }
    return region_link(region, region_parent(region, above));
}

bool region_is_code(const char *text)
{
    size_t n = strspn(text, "0123456789");

    return text[n] == '\0' && n >= 2 && n <= REGION_CODE_MAX;
}

bool region_is_above(const char *code, const char *below)
{
    char above[REGION_CODE_MAX + 1], higher[REGION_CODE_MAX + 1];

    region_code_above(below, above);
    while (above[0] != '\0') {
        if (strcmp(above, code) == 0) {
            return true;
        }
        region_code_above(above, higher);
        memcpy(above, higher, sizeof above);
    }
    return false;
}

struct share *incident_share(const struct incident *incident, const char *region)
{
    for (size_t i = 0; i < incident->shares_n; i++) {
        if (strcmp(incident->shares[i].region, region) == 0) {
            return &incident->shares[i];
        }
    }
    return NULL;
}

bool incident_wants_share(const struct region *region, const struct incident *incident, char *ret,
                          uint64_t *ret_after)
{
    for (size_t i = 0; i < incident->shares_n; i++) {
        const struct share *share = &incident->shares[i];
        if (share->more && region_link(region, share->region) != NULL) {
            memcpy(ret, share->region, strlen(share->region) + 1);
            *ret_after = share->up_to_seq;
            return true;
        }
    }
    for (size_t i = 0; i < incident->referrals_n && !incident->history; i++) {
        const struct member *way = region_way(region, incident->referrals[i].region);
        if (way != NULL && name_is_link(way->name, ret) && incident_share(incident, ret) == NULL) {
            *ret_after = 0;
            return true;
        }
    }
    return false;
}

struct heard_mark *incident_heard(const struct incident *incident, const char *region)
{
    for (size_t i = 0; i < incident->heard_n; i++) {
        if (strcmp(incident->heard[i].region, region) == 0) {
            return &incident->heard[i];
        }
    }
    return NULL;
}

uint64_t told_known_with(const struct told_record *told)
{
    return told->command->kind == COMMAND_SHARE_INCIDENT ? told->command->share_incident.up_to_seq
                                                         : told->seq;
}

/* What was said too far ahead counts as said before then. */
static bool is_moment(const struct event *there, const struct event *event)
{
    return there->at_ms == event->at_ms ||
           (event->kind == EVENT_FACTS_CHANGED && there->at_ms > event->at_ms);
}

/* A record tells of one order once in a kind, and of an incident once in a kind and a moment. */
static bool tells_of(const struct told_record *told, const struct event *event)
{
    /* a grade that was lowered there is in doubt here */
    enum event_kind kind = event->kind == EVENT_GRADE_DOUBTED ? EVENT_GRADED : event->kind;

    for (size_t i = 0; i < told->events_n; i++) {
        const struct event *there = &told->events[i];
        if (there->kind == kind && is_moment(there, event) && id_equal(there->incident, event->incident) &&
            id_equal(there->order, event->order)) {
            return true;
        }
    }
    return false;
}

/* What is made of one told record ends with the word that it was heard; NULL: `event` is made of none. */
static const struct heard *heard_after(const struct event *events, size_t n, const struct event *event)
{
    bool there = false;

    for (size_t i = 0; i < n; i++) {
        there = there || &events[i] == event;
        if (there && events[i].kind == EVENT_HEARD) {
            return &events[i].heard;
        }
    }
    return NULL;
}

const struct told_record *told_behind(const struct command *command, const struct event *events, size_t n,
                                      const struct event *event)
{
    const struct tell_record *tell = command_tells(command);
    const struct heard *heard = tell != NULL ? heard_after(events, n, event) : NULL;

    for (size_t i = 0; heard != NULL && i < tell->told_n; i++) {
        const struct told_record *told = &tell->told[i];
        if (strcmp(told->region, heard->region) == 0 && told->epoch == heard->epoch &&
            told_known_with(told) == heard->seq && tells_of(told, event)) {
            return told;
        }
    }
    return NULL;
}

const struct command *command_behind(const struct command *command, const struct event *events, size_t n,
                                     const struct event *event)
{
    const struct told_record *told = told_behind(command, events, n, event);

    return told != NULL ? told->command : command;
}
