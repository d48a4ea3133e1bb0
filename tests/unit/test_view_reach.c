/* Why did, or did not, this agency get this? For every agency of the region. */
#include "common/view/view_reach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/log/log_memory.h"
#include "tests/unit/view_briefs.h"

#define RADIO "370102/fire-rescue/radio"
#define NINE "370102/fire-rescue/station-9"
#define POLICE "370102/public-security/desk"
#define WATER "370102/water/desk"

static void enrol(struct fixture *fx, const char *name, const char *right)
{
    struct command command = {.kind = COMMAND_ENROL_AGENT, .enrol = {.name = name, .rights = {&right, 1}}};
    struct hash key = hash_bytes(name, strlen(name)), curve = hash_bytes(key.b, sizeof key.b);

    memcpy(command.enrol.sign_key, key.b, KEY_BYTES);
    memcpy(command.enrol.curve_key, curve.b, KEY_BYTES);
    assert_int_not_equal(fx_say(fx, &command), 0);
}

static void revoke(struct fixture *fx, const char *name)
{
    struct command command = {.kind = COMMAND_REVOKE, .revoke = {.name = name, .reason = "merged"}};

    assert_int_not_equal(fx_say(fx, &command), 0);
}

/* An order to the fire brigade, and one to the police that is refused, for nobody of it is there yet. */
static void story(struct fixture *fx)
{
    struct facts facts = facts_none();
    struct id none = {{0}};

    fx_begin(fx, log_memory_new());
    fx_found(fx);
    enrol(fx, RADIO, "report");
    enrol(fx, WATER, "receipt");
    revoke(fx, WATER);
    facts.kind = "fire";
    uint64_t first = bf_say(fx, FX_STATION, FIRE, MODE_ACTUAL, REPORT_INITIAL, &facts, "smoke", "");
    fx_ack(fx, FX_CENTRE, LANE_BULK, first);
    uint64_t issued = fx_order(fx, fx_id(FIRE), fx_id(ORDER), "370102/fire-rescue", MODE_ACTUAL, "go", none);
    fx_order(fx, fx_id(FIRE), fx_id(LATER), "370102/public-security", MODE_ACTUAL, "close the road", none);
    fx_ack(fx, FX_STATION, LANE_ORDERS, issued);
    fx_receipt(fx, fx_id(FIRE), fx_id(ORDER), FX_STATION, MODE_ACTUAL, RUNG_ACCEPTED, "");
    enrol(fx, NINE, "receipt");
    facts = facts_none();
    facts.casualties.dead = 1;
    fx_report(fx, fx_id(FIRE), MODE_ACTUAL, &facts, REPORT_FOLLOW_UP, "");
    enrol(fx, POLICE, "receipt");
}

struct folding {
    struct view *view;
    struct view_reach *reach;
    struct arena arena;
};

static void take(void *ctx, const struct log_record *from)
{
    struct folding *f = ctx;
    struct view_record record;
    struct err err;

    assert_int_equal(view_record_decode(from, true, &f->arena, &record, &err), 0);
    assert_int_equal(view_apply(f->view, &record, NULL), 0);
    assert_int_equal(view_reach_note(f->reach, view_state(f->view), &record), 0);
    arena_reset(&f->arena);
}

static void tell(struct fixture *fx, struct id id, bool is_order, bool zh, struct buf *ret)
{
    struct folding f = {.view = view_new(&(struct view_options){.details = true})};
    const struct view_voice voice = {.zh = zh};
    char text[ID_TEXT];

    f.reach = view_reach_new(id_format(id, text) + ID_TEXT - 1 - 6);
    arena_init(&f.arena, VIEW_RECORD_MEMORY);
    assert_non_null(f.view);
    assert_non_null(f.reach);
    fx_each(fx, take, &f);
    bool again = false;
    assert_int_equal(is_order ? 0 : view_reach_of_event(f.reach, view_state(f.view), id, &again), 0);
    if (again) {
        view_free(f.view);
        f.view = view_new(&(struct view_options){.details = true});
        fx_each(fx, take, &f);
    }
    buf_init(ret, 0);
    if (is_order) {
        view_reach_say_order(f.reach, f.view, &voice, id, ret);
    } else {
        view_reach_say_incident(f.reach, f.view, &voice, id, ret);
    }
    assert_false(ret->failed);
    view_reach_free(f.reach);
    view_free(f.view);
    arena_free(&f.arena);
}

static void is_said(struct fixture *fx, struct id id, bool is_order, bool zh, const char *wanted)
{
    struct buf out;

    tell(fx, id, is_order, zh, &out);
    assert_string_equal(buf_text(&out), wanted);
    buf_free(&out);
}

static void of_an_incident_every_agency_is_told(void **state)
{
    struct fixture fx;

    (void)state;
    story(&fx);
    is_said(
        &fx, fx_id(FIRE), false, false,
        "\nevery agency of the region\n"
        "  emergency        issued the order: 1 receipt; 0 of 1 delivered\n"
        "                   is a command centre: 1 report; delivered\n"
        "  fire-rescue      is ordered: 1 order, 1 receipt; 1 of 3 delivered\n"
        "  health           nothing: no order is addressed to it, it is no command centre, and no rule told "
        "a role of it\n"
        "  public-security  an order to it was refused at 11:00:15, record 15: nobody is enrolled "
        "under this address\n"
        "  water            water/desk was revoked before, at 11:00:11\n");
    fx_end(&fx);
}

static void of_an_order_every_agent_of_the_agency_too(void **state)
{
    struct fixture fx;

    (void)state;
    story(&fx);
    is_said(&fx, fx_id(ORDER), true, false,
            "\n"
            "every agency of the region\n"
            "  emergency        issued the order: 1 receipt; 0 of 1 delivered\n"
            "  fire-rescue      is ordered: 1 order, 1 receipt; 1 of 3 delivered\n"
            "                   not fire-rescue/radio: it takes no orders (right \"receipt\")\n"
            "                   not fire-rescue/station-9: enrolled only after the order, at 11:00:18\n"
            "  health           nothing: the order is to fire-rescue\n"
            "  public-security  public-security/desk was enrolled only afterwards, at 11:00:20\n"
            "  water            water/desk was revoked before, at 11:00:11\n");
    fx_end(&fx);
}

static void it_is_told_in_chinese(void **state)
{
    struct fixture fx;

    (void)state;
    story(&fx);
    is_said(&fx, fx_id(FIRE), false, true,
            "\n"
            "本行政区各部门\n"
            "  emergency        下达方：回执 1；已送达 0 / 1\n"
            "                   指挥中心：报告 1；已送达\n"
            "  fire-rescue      受令单位：指令 1、回执 1；已送达 1 / 3\n"
            "  health           无：未向其下达指令，不是指挥中心，也无规则通知其角色\n"
            "  public-security  对其指令于 11:00:15 被拒绝（第 15 条）：无此接收单位\n"
            "  water            water/desk 此前已注销，11:00:11\n");
    fx_end(&fx);
}

/* A recall that came with its tombstone: the order itself did not come. */
static void a_tombstone_is_no_order(void **state)
{
    struct fixture fx;
    struct buf out;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_story(&fx);
    tell(&fx, fx_id(13), true, false, &out);
    bf_has(&out, "health       is ordered: 1 order, 1 recall or expiry; 0 of 2 delivered\n");
    bf_has(&out, "fire-rescue  nothing: the order is to health/ambulance\n");
    buf_free(&out);
    fx_end(&fx);
}

/* They are no members here, and are ordered all the same: by us, for the way leads there. */
static void agencies_of_other_regions_that_are_ordered(void **state)
{
    struct fixture fx;
    struct facts facts = facts_none();
    struct id none = {{0}};
    struct buf out;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_found(&fx);
    enrol(&fx, "370103/broker/link", "link");
    facts.kind = "fire";
    (void)bf_say(&fx, FX_STATION, FIRE, MODE_ACTUAL, REPORT_INITIAL, &facts, "smoke", "");
    fx_order(&fx, fx_id(FIRE), fx_id(ORDER), "370103/health", MODE_ACTUAL, "beds", none);
    fx_order(&fx, fx_id(FIRE), fx_id(LATER), "370103/health/emergency", MODE_ACTUAL, "blood", none);
    tell(&fx, fx_id(FIRE), false, false, &out);
    assert_non_null(strstr(
        buf_text(&out), "\nagencies of other regions that are ordered\n"
                        "  370103/health  is ordered: 2 orders; region 370103 has 0 of the 2 given here\n"));
    buf_free(&out);
    tell(&fx, fx_id(LATER), true, true, &out);
    assert_non_null(strstr(buf_text(&out),
                           "\n其他地区的受令部门\n"
                           "  370103/health  受令单位：指令 1；370103 已收到本地所下 0 / 1\n"));
    buf_free(&out);
    fx_end(&fx);
}

/* An order under a second call, and one to another region's agency; then the calls are merged. */
static void orders_of_what_was_merged_are_the_events(void **state)
{
    enum { SECOND = 40 };
    struct fixture fx;
    struct facts facts = facts_none();
    struct id none = {{0}};
    struct command merge = {.kind = COMMAND_MERGE_INCIDENT,
                            .mode = MODE_ACTUAL,
                            .agent = FX_CENTRE,
                            .operator= "zhang.wei",
                            .merge_incident = {.incident = fx_id(SECOND), .into = fx_id(FIRE), .reason = ""}};
    struct buf out;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_found(&fx);
    enrol(&fx, "370103/broker/link", "link");
    facts.kind = "fire";
    (void)bf_say(&fx, FX_STATION, FIRE, MODE_ACTUAL, REPORT_INITIAL, &facts, "smoke", "");
    (void)bf_say(&fx, FX_STATION, SECOND, MODE_ACTUAL, REPORT_INITIAL, &facts, "flames", "");
    fx_order(&fx, fx_id(SECOND), fx_id(ORDER), "370102/health", MODE_ACTUAL, "beds", none);
    fx_order(&fx, fx_id(SECOND), fx_id(LATER), "370103/health", MODE_ACTUAL, "blood", none);
    assert_int_not_equal(fx_say(&fx, &merge), 0);
    tell(&fx, fx_id(FIRE), false, false, &out);
    bf_has(&out, "  health       is ordered: 1 order; 0 of 1 delivered\n");
    bf_has(&out, "  370103/health  is ordered: 1 order; region 370103 has 0 of the 1 given here\n");
    buf_free(&out);
    fx_end(&fx);
}

/* What the next region on the way has acknowledged, the addressee's need not have. */
static void an_order_that_another_region_passes_on_is_not_there_yet(void **state)
{
    struct fixture fx;
    struct facts facts = facts_none();
    struct id none = {{0}};
    struct buf out;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_found(&fx);
    enrol(&fx, "370100/broker/link", "link");
    facts.kind = "fire";
    (void)bf_say(&fx, FX_STATION, FIRE, MODE_ACTUAL, REPORT_INITIAL, &facts, "smoke", "");
    fx_order(&fx, fx_id(FIRE), fx_id(ORDER), "370199/health", MODE_ACTUAL, "beds", none);
    uint64_t last = fx_order(&fx, fx_id(FIRE), fx_id(LATER), "370100/health", MODE_ACTUAL, "blood", none);
    struct command share = {
        .kind = COMMAND_SHARE_INCIDENT,
        .share_incident = {.incident = fx_id(FIRE), .region = "370100", .up_to_seq = last}};
    last = fx_say(&fx, &share);
    fx_ack(&fx, "370100/broker/link", LANE_ORDERS, last);
    tell(&fx, fx_id(FIRE), false, false, &out);
    bf_has(&out,
           "  370199/health  is ordered: 1 order; region 370199 has 0 of the 1 given here; 1 came as far "
           "as region 370100\n");
    bf_has(&out, "  370100/health  is ordered: 1 order; region 370100 has 1 of the 1 given here\n");
    buf_free(&out);
    fx_end(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_an_incident_every_agency_is_told),
        cmocka_unit_test(of_an_order_every_agent_of_the_agency_too),
        cmocka_unit_test(it_is_told_in_chinese),
        cmocka_unit_test(a_tombstone_is_no_order),
        cmocka_unit_test(agencies_of_other_regions_that_are_ordered),
        cmocka_unit_test(orders_of_what_was_merged_are_the_events),
        cmocka_unit_test(an_order_that_another_region_passes_on_is_not_there_yet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
