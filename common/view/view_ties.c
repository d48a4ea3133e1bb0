#include "common/view/view_ties.h"

#include <string.h>

#include "common/base/text.h"

#define PICK(voice, en, cn) ((voice)->zh ? (cn) : (en))

struct telling {
    const struct view *view;
    const struct view_voice *voice;
    struct buf *ret;
};

/* The id, and by what people know it, as far as that is here. */
static void put_incident(const struct telling *t, struct id id)
{
    const struct view_incident *told = view_incident(t->view, id);
    char text[ID_TEXT];

    buf_puts(t->ret, id_format(id, text));
    if (told != NULL && told->facts.title[0] != '\0') {
        buf_puts(t->ret, " ");
        text_escape(t->ret, told->facts.title, strlen(told->facts.title));
    }
}

static void say_part(const struct telling *t, struct id id)
{
    const struct state *state = view_state(t->view);
    const struct incident *part = state_incident(state, id);
    char time[VIEW_TIME];

    buf_puts(t->ret, PICK(t->voice, "  merged into it: ", "  已并入："));
    put_incident(t, id);
    if (part != NULL) {
        buf_printf(t->ret, PICK(t->voice, ", reported %s by ", "，%s 报送，报送方 "),
                   view_time(state, part->opened_at_ms, time));
        const char *reporter = view_short_name(state, part->reporter);
        text_escape(t->ret, reporter, strlen(reporter));
    }
    buf_puts(t->ret, "\n");
}

static void say_link(const struct telling *t, const struct incident_link *link)
{
    const char *kind = view_link_name(t->voice, link->kind);

    if (link->merged) {
        buf_puts(t->ret,
                 PICK(t->voice, "  ONE EVENT, as another region has it (merge them here, or not), with ",
                      "  他地已并案（是否并案由本地决定）："));
    } else if (link->kind == LINK_RELATED) {
        buf_puts(t->ret, PICK(t->voice, "  related to ", "  相关事件："));
    } else if (link->caused) {
        buf_printf(t->ret, PICK(t->voice, "  caused the %s event ", "  引发%s事件："), kind);
    } else {
        buf_printf(t->ret, PICK(t->voice, "  %s event of ", "  系%s事件，源自 "), kind);
    }
    put_incident(t, link->other);
    buf_puts(t->ret, "\n");
}

void view_say_together(const struct view *view, const struct view_voice *voice,
                       const struct incident *incident, struct buf *ret)
{
    const struct ties *ties = incident->ties;
    struct telling t = {view, voice, ret};

    if (ties == NULL) {
        return;
    }
    if (incident_is_merged(incident)) {
        buf_printf(ret, "  %s", view_tone_on(voice, TONE_WARN));
        buf_puts(ret, PICK(voice, "the same event as ", "与此系同一事件："));
        put_incident(&t, ties_survivor(view_state(view), incident)->id);
        buf_puts(ret, PICK(voice, ": what is said of this one concerns that", "，按该事件处置"));
        buf_printf(ret, "%s\n", view_tone_off(voice, TONE_WARN));
    }
    for (size_t i = 0; i < ties->parts_n; i++) {
        say_part(&t, ties->parts[i].id);
    }
    for (size_t i = 0; i < ties->links_n; i++) {
        say_link(&t, &ties->links[i]);
    }
}

static void say_apart(const struct view *view, const struct view_voice *voice, const struct post_apart *apart,
                      struct buf *ret)
{
    const struct state *state = view_state(view);
    char time[VIEW_TIME];
    struct buf raw;

    buf_init(&raw, 0);
    buf_printf(
        &raw,
        PICK(
            voice,
            "ANOTHER COMMAND POST, set up apart by region %s: %s leads, commander %s, term %u; known "
            "since %s: who leads is to settle it",
            "另有现场指挥部（%s 设立，未生效）：牵头部门 %s，总指挥 %s，第 %u 任，%s 获知，须由牵头地区确认"),
        apart->region, view_short_name(state, apart->lead), apart->commander, apart->term,
        view_time(state, apart->at_ms, time));
    buf_printf(ret, "  %s", view_tone_on(voice, TONE_WARN));
    text_escape(ret, (const char *)raw.p, raw.n);
    buf_printf(ret, "%s\n", view_tone_off(voice, TONE_WARN));
    ret->failed = ret->failed || raw.failed;
    buf_free(&raw);
}

void view_say_command_post(const struct view *view, const struct view_voice *voice,
                           const struct incident *incident, struct buf *ret)
{
    const struct post *post = incident->post;
    const struct state *state = view_state(view);
    char time[VIEW_TIME];
    struct buf raw;

    if (post == NULL) {
        return;
    }
    buf_init(&raw, 0);
    buf_printf(&raw,
               PICK(voice, "command post: %s leads, commander %s, term %u since %s",
                    "现场指挥部：牵头部门 %s，总指挥 %s，第 %u 任，自 %s"),
               view_short_name(state, post->lead), post->commander, post->term,
               view_time(state, post->since_ms, time));
    if (post->place[0] != '\0') {
        buf_printf(&raw, PICK(voice, ", at %s", "，地点：%s"), post->place);
    }
    if (post->offered_commander[0] != '\0') {
        buf_printf(&raw,
                   PICK(voice, "; offered to %s of %s, not accepted yet", "；已提请移交 %s（%s），尚未接受"),
                   post->offered_commander, view_short_name(state, post->offered_lead));
    }
    buf_puts(ret, "  ");
    text_escape(ret, (const char *)raw.p, raw.n);
    buf_puts(ret, "\n");
    ret->failed = ret->failed || raw.failed;
    buf_free(&raw);
    for (size_t i = 0; i < post->apart_n; i++) {
        say_apart(view, voice, &post->apart[i], ret);
    }
}

void view_post_json(const struct incident *incident, struct json *json)
{
    const struct post *post = incident->post;

    if (post == NULL) {
        json_null(json, "post");
        return;
    }
    json_object(json, "post");
    json_text(json, "home", post->home);
    json_text(json, "lead", post->lead);
    json_text(json, "commander", post->commander);
    json_text(json, "place", post->place);
    json_unsigned(json, "term", post->term);
    json_number(json, "since_ms", post->since_ms);
    json_text(json, "offered_lead", post->offered_lead);
    json_text(json, "offered_commander", post->offered_commander);
    json_array(json, "apart");
    for (size_t i = 0; i < post->apart_n; i++) {
        json_object(json, NULL);
        json_text(json, "region", post->apart[i].region);
        json_text(json, "lead", post->apart[i].lead);
        json_text(json, "commander", post->apart[i].commander);
        json_unsigned(json, "term", post->apart[i].term);
        json_number(json, "since_ms", post->apart[i].at_ms);
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}

void view_together_json(const struct incident *incident, struct json *json)
{
    const struct ties none = {.parts_n = 0}, *ties = incident->ties != NULL ? incident->ties : &none;

    json_id(json, "merged_into", ties->merged_into);
    json_array(json, "merged");
    for (size_t i = 0; i < ties->parts_n; i++) {
        json_id(json, NULL, ties->parts[i].id);
    }
    json_array_end(json);
    json_array(json, "links");
    for (size_t i = 0; i < ties->links_n; i++) {
        json_object(json, NULL);
        json_id(json, "incident", ties->links[i].other);
        json_text(json, "link", link_kind_name(ties->links[i].kind));
        json_bool(json, "caused", ties->links[i].caused);
        json_bool(json, "merged_elsewhere", ties->links[i].merged);
        json_object_end(json);
    }
    json_array_end(json);
}

void view_each_order(const struct state *state, const struct incident *incident,
                     void (*visit)(void *ctx, const struct incident *home, const struct order *order),
                     void *ctx)
{
    const struct incident *family[MERGED_PER_EVENT_MAX + 1], *home;
    size_t n = ties_family(state, incident, family);

    for (size_t i = 0; i < n; i++) {
        const struct ties *ties = family[i]->ties;
        for (size_t j = 0; j < family[i]->orders_n; j++) {
            if (id_is_zero(incident_moved_to(family[i], family[i]->orders[j].id))) {
                visit(ctx, family[i], &family[i]->orders[j]);
            }
        }
        for (size_t j = 0; ties != NULL && j < ties->moved_n; j++) {
            const struct order *order =
                ties->moved[j].taken ? ties_order(state, family[i], ties->moved[j].order, &home) : NULL;
            if (order != NULL) {
                visit(ctx, home, order);
            }
        }
    }
}

static void count_open(void *ctx, const struct incident *home, const struct order *order)
{
    size_t *n = ctx;

    (void)home;
    *n += order_is_open(order);
}

void view_say_left_open(const struct view *view, const struct view_voice *voice,
                        const struct incident *incident, struct buf *ret)
{
    size_t n = 0;

    if (!incident->history && !incident_is_merged(incident)) {
        view_each_order(view_state(view), incident, count_open, &n);
    }
    if (n > 0) {
        buf_printf(ret, "%s", view_tone_on(voice, TONE_WARN));
        buf_printf(ret,
                   PICK(voice, ", NOT KNOWING of orders that are open: %zu; recall them, or see to them",
                        "，当时不知另有 %zu 条指令未结：应撤回或继续处置"),
                   n);
        buf_printf(ret, "%s", view_tone_off(voice, TONE_WARN));
    }
}
