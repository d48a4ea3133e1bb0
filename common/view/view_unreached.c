#include "common/view/view_unreached.h"

#include <string.h>

#include "common/core/link.h"
#include "common/view/view_say_private.h"

#define PICK(voice, en, cn) ((voice)->zh ? (cn) : (en))

const char *view_unreached_at(const struct view *view, const struct referral *referral)
{
    const struct region *region = state_region(view_state(view));

    if (referral->unreached[0] != '\0' || region->members_n == 0) {
        return referral->unreached;
    }
    return region_way(region, referral->region) == NULL ? region->code : "";
}

void view_say_referrals(const struct view *view, const struct view_voice *voice,
                        const struct incident *incident, struct buf *ret)
{
    for (size_t i = 0; i < incident->referrals_n; i++) {
        const struct referral *referral = &incident->referrals[i];
        const char *at = view_unreached_at(view, referral);
        buf_printf(ret, i == 0 ? PICK(voice, ", referred to %s", "，上报移交 %s") : ", %s", referral->region);
        if (at[0] != '\0') {
            buf_printf(ret,
                       PICK(voice, "%s (NO WAY: no link leads there from %s)%s",
                            "%s（%s 无通往该处的链路，未送达）%s"),
                       view_tone_on(voice, TONE_BAD), at, view_tone_off(voice, TONE_BAD));
        }
    }
}

void view_say_unreached_order(const struct view_voice *voice, const struct order *order, struct buf *ret)
{
    if (order->unreached[0] == '\0' || order->rung >= RUNG_ACCEPTED) {
        return;
    }
    buf_printf(ret,
               order->no_way
                   ? PICK(voice, "NO WAY: no link leads there from %s", "%s 无通往该处的链路，未送达")
                   : PICK(voice, "NOBODY is enrolled under this address at %s", "%s 无此单位注册，无人收到"),
               order->unreached);
}

void view_json_unreached_order(const struct order *order, struct json *json)
{
    json_text(json, "unreached", order->unreached);
    json_bool(json, "no_way", order->no_way);
}

void view_json_unreached(const struct view *view, const struct incident *incident, struct json *json)
{
    json_array(json, "unreached");
    for (size_t i = 0; i < incident->referrals_n; i++) {
        const char *at = view_unreached_at(view, &incident->referrals[i]);
        if (at[0] != '\0') {
            json_object(json, NULL);
            json_text(json, "region", incident->referrals[i].region);
            json_text(json, "no_way_from", at);
            json_object_end(json);
        }
    }
    json_array_end(json);
}

/* --- regions -------------------------------------------------------------------------------------- */

struct gathering {
    const struct view *view;
    struct view_unreached *ret;
    size_t n;
};

static void gather(struct gathering *g, const char *region, const char *at)
{
    for (size_t i = 0; i < g->n; i++) {
        if (strcmp(g->ret[i].region, region) == 0) {
            g->ret[i].incidents++;
            return;
        }
    }
    if (g->n < VIEW_UNREACHED_MAX) {
        g->ret[g->n++] = (struct view_unreached){.region = region, .at = at, .incidents = 1};
    }
}

static bool gather_incident(void *ctx, const struct incident *incident)
{
    struct gathering *g = ctx;

    for (size_t i = 0; i < incident->referrals_n && incident_is_open(incident) && !incident->history; i++) {
        const char *at = view_unreached_at(g->view, &incident->referrals[i]);
        if (at[0] != '\0') {
            gather(g, incident->referrals[i].region, at);
        }
    }
    return true;
}

size_t view_unreached(const struct view *view, struct view_unreached ret[VIEW_UNREACHED_MAX])
{
    struct gathering g = {.view = view, .ret = ret};

    (void)state_each_incident(view_state(view), gather_incident, &g);
    return g.n;
}

/* --- steps ---------------------------------------------------------------------------------------- */

void view_step_add_unreached(const struct event *event, struct view_step *step)
{
    if (event->kind == EVENT_ORDER_UNREACHED) {
        step->subject = event->order_unreached.region;
        step->nobody = !event->order_unreached.no_way && step->subject[0] != '\0';
        step->unsaid = event->order_unreached.due;
    } else {
        step->subject = event->region_unreached.region;
        step->what = event->region_unreached.at;
        step->unsaid = event->region_unreached.due;
    }
}

void view_say_unreached(const struct saying *s)
{
    const struct view_step *step = s->step;

    if (step->kind == EVENT_ORDER_UNREACHED && step->subject[0] == '\0') {
        SAY(s->ret, s->voice, "order %s is on its way: a link leads there now", "指令 %s 已转发：链路已接通",
            s->order);
    } else if (step->kind == EVENT_ORDER_UNREACHED && step->nobody) {
        SAY(s->ret, s->voice, "order %s REACHES NOBODY: nobody is enrolled under its address at %s",
            "指令 %s 无人收到：%s 无此单位注册", s->order, step->subject);
    } else if (step->kind == EVENT_ORDER_UNREACHED) {
        SAY(s->ret, s->voice, "order %s REACHES NOBODY: no link leads there from %s",
            "指令 %s 未送达：%s 无通往该处的链路", s->order, step->subject);
    } else if (step->what[0] != '\0') {
        SAY(s->ret, s->voice, "NO WAY: no link leads to region %s from %s; what incident %s has for it waits",
            "未送达：至 %s 无链路（止于 %s），事件 %s 的内容暂存待发", step->subject, step->what,
            s->incident);
    } else {
        SAY(s->ret, s->voice, "a way to region %s was found: it is told of incident %s",
            "至 %s 的链路已找到：事件 %s 的内容已转发", step->subject, s->incident);
    }
}
