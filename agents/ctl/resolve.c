#include "agents/ctl/resolve.h"

#include "agents/ctl/find.h"
#include "agents/ctl/moment.h"
#include "common/core/stream.h"

static int read_incident(struct session *session, struct resolved *resolved, struct err *err)
{
    char stream[STREAM_NAME_MAX];
    char text[ID_TEXT];
    int rc = session_read_stream(session, stream_of_incident(resolved->incident, stream), err);

    if (rc != 0) {
        return rc;
    }
    const struct incident *incident = state_incident(view_state(session_view(session)), resolved->incident);
    if (incident == NULL) {
        return err_set(err, ERR_NOT_FOUND, "%s %s",
                       lang_text(session_lang(session), "there is no incident", "没有该事件："),
                       id_format(resolved->incident, text));
    }
    resolved->mode = incident->mode;
    resolved->read = true;
    return 0;
}

static int by_part(struct session *session, enum find_what what, const char *text, struct resolved *resolved,
                   struct err *err)
{
    struct id id;
    int rc = session_read(session, TAIL_OPEN, NULL, err);

    rc = rc ? rc
            : find_by_text(view_state(session_view(session)), what, text, session_lang(session), &id,
                           &resolved->incident, err);
    if (rc != 0) {
        return rc;
    }
    if (what == FIND_ORDER) {
        resolved->order = id;
    }
    if (state_incident(view_state(session_view(session)), resolved->incident) == NULL) {
        return read_incident(session, resolved, err); /* merged: the one that is open told of it */
    }
    resolved->mode = state_incident(view_state(session_view(session)), resolved->incident)->mode;
    resolved->read = true;
    return 0;
}

int resolve_incident(struct session *session, const char *text, struct resolved *ret, struct err *err)
{
    struct resolved resolved = {.mode = session_profile(session)->mode};
    int rc;

    if (!find_is_whole(text, &resolved.incident)) {
        rc = by_part(session, FIND_INCIDENT, text, &resolved, err);
    } else {
        rc = read_incident(session, &resolved, err);
        rc = rc == ERR_PERMISSION ? 0 : rc;
    }
    if (rc == 0) {
        *ret = resolved;
    }
    return rc;
}

int resolve_order(struct session *session, const char *text, struct resolved *ret, struct err *err)
{
    struct resolved resolved = {.mode = session_profile(session)->mode};
    int rc;

    if (!find_is_whole(text, &resolved.order)) {
        rc = by_part(session, FIND_ORDER, text, &resolved, err);
    } else {
        rc = session_order_incident(session, resolved.order, &resolved.incident, err);
        rc = rc ? rc : read_incident(session, &resolved, err);
    }
    if (rc == 0) {
        *ret = resolved;
    }
    return rc;
}

int resolve_ties(struct session *session, struct id incident, struct err *err)
{
    struct stream_key named[TIES_STREAMS_MAX], more[TIES_STREAMS_MAX];
    char stream[STREAM_NAME_MAX];
    size_t n = 1;
    int rc = 0;

    named[0] = stream_key_incident(incident);
    while (rc == 0) {
        size_t more_n = ties_streams(view_state(session_view(session)), named, n, more);
        if (more_n == 0 || n + more_n > TIES_STREAMS_MAX) {
            break;
        }
        for (size_t i = 0; i < more_n && rc == 0; i++) {
            rc = session_read(session, TAIL_STREAM, stream_name(more[i], stream), err);
            named[n++] = more[i];
        }
    }
    return rc;
}

int resolve_agents(struct session *session, struct words agents, struct err *err)
{
    char stream[STREAM_NAME_MAX];
    int rc = 0;

    for (size_t i = 0; i < agents.n && rc == 0; i++) {
        rc = session_read(session, TAIL_STREAM, stream_of_agent(agents.at[i], stream), err);
    }
    return rc;
}

int resolve_ordered(struct session *session, struct id incident, struct err *err)
{
    const struct incident *there = state_incident(view_state(session_view(session)), incident);
    int rc = 0;

    for (size_t i = 0; there != NULL && i < there->orders_n && rc == 0; i++) {
        bool read = false;
        for (size_t j = 0; j < i && !read; j++) {
            read = words_equal(there->orders[i].agents, there->orders[j].agents);
        }
        rc = read ? 0 : resolve_agents(session, there->orders[i].agents, err);
    }
    return rc;
}

int resolve_centres(struct session *session, struct err *err)
{
    const struct region *region = state_region(view_state(session_view(session)));
    int rc = 0;

    /* the region's members do not change while agents' streams are read */
    for (size_t i = 0; i < region->members_n && rc == 0; i++) {
        const char *agent = region->members[i].name;
        if (view_is_or_was_centre(session_view(session), agent)) {
            rc = resolve_agents(session, (struct words){&agent, 1}, err);
        }
    }
    return rc;
}

static int read_time(struct session *session, const char *option, const char *text, bool ahead,
                     int64_t *ret_ms, struct err *err)
{
    const struct region *region = state_region(view_state(session_view(session)));
    struct moment_base base = {.now_ms = session_now_ms(session), .ahead = ahead};
    char stream[STREAM_NAME_MAX];
    int rc = 0;

    if (moment_form(text) != MOMENT_WHOLE && region->code[0] == '\0') {
        rc = session_read(session, TAIL_STREAM,
                          stream_of_region(session_profile(session)->region.name, stream), err);
        region = state_region(view_state(session_view(session)));
    }
    base.utc_offset_minutes = region->utc_offset_minutes;
    return rc ? rc : moment_parse(option, text, &base, session_lang(session), ret_ms, err);
}

int resolve_time(struct session *session, const char *option, const char *text, int64_t *ret_ms,
                 struct err *err)
{
    return read_time(session, option, text, false, ret_ms, err);
}

int resolve_time_ahead(struct session *session, const char *option, const char *text, int64_t *ret_ms,
                       struct err *err)
{
    return read_time(session, option, text, true, ret_ms, err);
}
