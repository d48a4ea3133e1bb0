/* The replay's lines: words for people, JSON lines, CSV. */
#include "common/view/view_replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/log/log_memory.h"
#include "tests/unit/view_fixture.h"

struct replaying {
    struct view_replay *replay;
    struct buf out;
};

static void show(void *ctx, const struct log_record *record)
{
    struct replaying *r = ctx;
    struct err err;

    if (view_replay_record(r->replay, record, &r->out, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

static void play(const struct view_replay_options *options, struct buf *ret)
{
    struct view *view = view_new(&(struct view_options){.details = true});
    struct replaying r;
    struct fixture fx;

    fx_begin(&fx, log_memory_new());
    fx_story(&fx);
    buf_init(&r.out, 0);
    r.replay = view_replay_new(view, options);
    assert_non_null(r.replay);
    view_replay_begin(r.replay, &r.out);
    fx_each(&fx, show, &r);
    view_replay_free(r.replay);
    view_free(view);
    fx_end(&fx);
    *ret = r.out;
}

static void expect(const struct view_replay_options *options, const char *wanted)
{
    struct buf out;

    play(options, &out);
    assert_string_equal(buf_text(&out), wanted);
    buf_free(&out);
}

/* --- words ------------------------------------------------------------------------------------ */

static void text_tells_the_story(void **state)
{
    (void)state;
    expect(&(struct view_replay_options){.format = VIEW_TEXT, .mode = MODE_ACTUAL, .incident = ""},
           "2026-11-22 11:00:01      1  -                               region 370102 历下区 founded\n"
           "2026-11-22 11:00:02      2  -                               policy 2026-1 in force:"
           " 1 kinds of incident\n"
           "2026-11-22 11:00:03      3  -                               enrolled agent"
           " emergency/centre, rights: centre, report, order, recall, close, evacuate, watch,"
           " history, admin\n"
           "2026-11-22 11:00:04      4  -                               enrolled agent"
           " fire-rescue/station-3, rights: receipt, units, report\n"
           "2026-11-22 11:00:05      5  -                               enrolled agent"
           " fire-rescue/station-7, rights: receipt, units, report\n"
           "2026-11-22 11:00:06      6  -                               enrolled agent"
           " health/ambulance, rights: receipt, units, report\n"
           "2026-11-22 11:00:07      7  -                               enrolled operator"
           " zhang.wei, rights: order, report, recall, close, evacuate, level\n"
           "2026-11-22 11:00:08      8  -                               enrolled operator li.na,"
           " rights: order, report, recall, close, evacuate, level\n"
           "2026-11-22 11:00:09      9  emergency/centre                incident B1E60S opened\n"
           "2026-11-22 11:00:09      9  emergency/centre                initial report, number 1"
           " of incident B1E60S \"one man down\"\n"
           "2026-11-22 11:00:09      9  emergency/centre                known of B1E60S: title"
           " Gas in a \"generator\" room, kind hazardous-chemical, place plant 4,\\nroom 2\n"
           "2026-11-22 11:00:09      9  emergency/centre                substance asked of"
           " incident B1E60S, by 11:10:09\n"
           "2026-11-22 11:00:10     10  emergency/centre (zhang.wei)    order BHG68T to"
           " fire-rescue: dispatch \"go now\", answer by 11:02:09\n"
           "2026-11-22 11:00:11     11  fire-rescue/station-3           order BHG68T delivered\n"
           "2026-11-22 11:00:12     12  fire-rescue/station-3           order BHG68T accepted"
           " E32, T1 (2 s after the order)\n"
           "2026-11-22 11:00:13     13  emergency/centre                follow-up report, number"
           " 2 of incident B1E60S\n"
           "2026-11-22 11:00:13     13  emergency/centre                known of B1E60S:"
           " substance carbon-monoxide, dead 1\n"
           "2026-11-22 11:00:13     13  emergency/centre                substance of incident"
           " B1E60S answered\n"
           "2026-11-22 11:00:13     13  emergency/centre                order BHG68T amended"
           " (1): now needs scba, acknowledge by 11:02:13\n"
           "2026-11-22 11:00:14     14  fire-rescue/station-3           order BHG68T on-scene (4"
           " s after the order)\n"
           "2026-11-22 11:00:15     15  emergency/centre (zhang.wei)    order C1J6GV to"
           " health/ambulance: dispatch \"two stretchers\", answer by 11:02:14, needs scba\n"
           "2026-11-22 11:00:16     16  health/ambulance                order C1J6GV declined"
           " \"no crew\" (1 s after the order)\n"
           "2026-11-22 11:00:17     17  emergency/centre (zhang.wei)    order CHM6RW to"
           " health/ambulance: dispatch \"one stretcher\", answer by 11:02:16, needs scba, in"
           " place of C1J6GV\n"
           "2026-11-22 11:00:18     18  emergency/centre (zhang.wei)    order CHM6RW recalled"
           " \"not needed\"\n"
           "2026-11-22 11:00:19     19  health/ambulance                order C1J6GV, CHM6RW"
           " (ended before) delivered\n"
           "2026-11-22 11:00:20     20  fire-rescue/station-3           REFUSED give-receipt:"
           " there is no such order (order 01CHJPCSV8D5N6PV3DDSQQ0WBJ)\n");
}

static void text_in_chinese_of_an_exercise(void **state)
{
    (void)state;
    expect(
        &(struct view_replay_options){
            .format = VIEW_TEXT, .mode = MODE_EXERCISE, .incident = "g228h3", .voice = {.zh = true}},
        "2026-11-22 11:00:21     21  emergency/centre                【演练】事件 G228H3 立案\n"
        "2026-11-22 11:00:21     21  emergency/centre                【演练】初报 第 1 号，事件"
        " G228H3\n"
        "2026-11-22 11:00:21     21  emergency/centre                【演练】事件 G228H3"
        " 情况：事件名称：drill\n"
        "2026-11-22 11:00:22     22  emergency/centre (zhang.wei)    【演练】指令 GJ48S4 →"
        " fire-rescue/station-7：出动“as if”，答复时限 11:02:21\n"
        "2026-11-22 11:05:23     23  broker                          【演练】指令 GJ48S4"
        " 超时未答复：已告知下达方\n");
}

static void colour_only_when_asked(void **state)
{
    struct view_replay_options options = {.format = VIEW_TEXT, .mode = MODE_ACTUAL, .incident = ""};
    struct buf out;

    (void)state;
    play(&options, &out);
    assert_null(strchr(buf_text(&out), '\033'));
    buf_free(&out);
    options.voice.color = true;
    play(&options, &out);
    assert_non_null(strstr(buf_text(&out), "\033[31mfire-rescue/station-3"));
    buf_free(&out);
}

static void an_incident_alone(void **state)
{
    struct view_replay_options options = {.format = VIEW_TEXT, .mode = MODE_NONE, .incident = "B1E60S"};
    struct buf out;

    (void)state;
    play(&options, &out);
    assert_non_null(strstr(buf_text(&out), "BHG68T accepted"));
    assert_null(strstr(buf_text(&out), "G228H3"));
    assert_null(strstr(buf_text(&out), "enrolled"));
    buf_free(&out);
}

/* --- JSON lines ------------------------------------------------------------------------------- */

static void every_line_is_json(void **state)
{
    struct view_replay_options options = {.format = VIEW_JSONL, .mode = MODE_NONE, .incident = ""};
    struct buf out;
    size_t lines = 0;

    (void)state;
    play(&options, &out);
    for (const char *p = buf_text(&out); *p != '\0'; lines++) {
        size_t n = strcspn(p, "\n");
        assert_true(fx_is_json(p, n));
        assert_int_equal(strncmp(p, "{\"seq\":", 7), 0);
        p += n + 1;
    }
    assert_int_equal(lines, 31);
    assert_non_null(strstr(buf_text(&out), "\"place\":\"plant 4,\\nroom 2\""));
    assert_non_null(strstr(buf_text(&out), "\"outcome\":\"refused\",\"event\":\"\""));
    assert_non_null(strstr(buf_text(&out), "\"refusal\":\"no-order\""));
    assert_non_null(strstr(buf_text(&out), "\"reissue_of\":\"011M70Y40H289H858P2WC1J6GV\""));
    buf_free(&out);
}

/* --- CSV -------------------------------------------------------------------------------------- */

/* Reads one field as RFC 4180 says; returns what stands after it, *ret_end the separator. */
static const char *field(const char *p, char *ret, size_t n, char *ret_end)
{
    size_t at = 0;
    bool quoted = *p == '"';

    p += quoted;
    while (*p != '\0' && (quoted || (*p != ',' && *p != '\r'))) {
        if (quoted && *p == '"') {
            if (p[1] != '"') {
                break;
            }
            p++;
        }
        assert_true(at + 1 < n);
        ret[at++] = *p++;
    }
    ret[at] = '\0';
    p += quoted;
    *ret_end = *p;
    if (*p == '\r') {
        assert_int_equal(p[1], '\n');
        return p + 2;
    }
    assert_int_equal(*p, ',');
    return p + 1;
}

static void csv_holds_any_text(void **state)
{
    struct view_replay_options options = {.format = VIEW_CSV, .mode = MODE_NONE, .incident = ""};
    struct fixture fx;
    struct replaying r;
    char text[256], end;
    size_t rows = 0, columns = 0;
    bool found = false;

    (void)state;
    fx_begin(&fx, log_memory_new());
    fx_found(&fx);
    struct facts facts = facts_none();
    fx_report(&fx, fx_id(10), MODE_ACTUAL, &facts, REPORT_INITIAL, "one, \"two\"\r\nthree");
    struct view *view = view_new(&(struct view_options){.details = true});
    r.replay = view_replay_new(view, &options);
    buf_init(&r.out, 0);
    view_replay_begin(r.replay, &r.out);
    fx_each(&fx, show, &r);
    for (const char *p = buf_text(&r.out); *p != '\0'; rows++) {
        size_t n = 0;
        do {
            p = field(p, text, sizeof text, &end);
            n++;
        } while (end == ',');
        found = found || strcmp(text, "one, \"two\"\r\nthree") == 0;
        columns = rows == 0 ? n : columns;
        assert_int_equal(n, columns);
    }
    assert_int_equal(columns, 25);
    assert_int_equal(rows, 1 + FX_FOUNDING + 2);
    assert_true(found);
    view_replay_free(r.replay);
    view_free(view);
    buf_free(&r.out);
    fx_end(&fx);
}

static void an_empty_log_has_names_alone(void **state)
{
    struct view_replay_options options = {.format = VIEW_CSV, .mode = MODE_ACTUAL, .incident = ""};
    struct view *view = view_new(&(struct view_options){.details = true});
    struct view_replay *replay = view_replay_new(view, &options);
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    view_replay_begin(replay, &out);
    assert_int_equal(strncmp(buf_text(&out), "seq,index,bus,at,", 17), 0);
    assert_int_equal(out.p[out.n - 1], '\n');
    assert_int_equal(view_replay_shown(replay), 0);
    view_replay_free(replay);
    view_free(view);
    buf_free(&out);
}

/* --- what is not the usual record ------------------------------------------------------------- */

static struct view_replay *one_record(struct view *view, enum view_format format,
                                      const struct log_record *record, struct buf *ret)
{
    struct view_replay_options options = {.format = format, .mode = MODE_ACTUAL, .incident = ""};
    struct view_replay *replay = view_replay_new(view, &options);
    struct err err;

    assert_int_equal(view_replay_record(replay, record, ret, &err), 0);
    return replay;
}

static void a_redacted_record_is_shown_as_such(void **state)
{
    struct log_record record = {.header = {.seq = 1,
                                           .kind = COMMAND_FILE_REPORT,
                                           .outcome = LOG_DECIDED,
                                           .bus_ms = FX_START_MS,
                                           .author = "x"},
                                .redacted = true};
    struct view *view = view_new(&(struct view_options){.details = true});
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    view_replay_free(one_record(view, VIEW_TEXT, &record, &out));
    assert_non_null(strstr(buf_text(&out), "file-report: redacted"));
    buf_reset(&out);
    record.header.seq = 2;
    view_replay_free(one_record(view, VIEW_JSONL, &record, &out));
    assert_non_null(strstr(buf_text(&out), "\"outcome\":\"redacted\""));
    assert_int_equal(view_counts(view).redacted, 2);
    view_free(view);
    buf_free(&out);
}

static void a_torn_record_is_named(void **state)
{
    static const uint8_t junk[] = {0xff, 0xff, 0x01};
    struct log_record record = {.header = {.seq = 7, .author = "x"}, .payload = {junk, sizeof junk}};
    struct view *view = view_new(&(struct view_options){.details = true});
    struct err err;

    (void)state;
    assert_int_equal(view_take(view, &record, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.text, "seq 7"));
    view_free(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_tells_the_story),         cmocka_unit_test(text_in_chinese_of_an_exercise),
        cmocka_unit_test(colour_only_when_asked),       cmocka_unit_test(an_incident_alone),
        cmocka_unit_test(every_line_is_json),           cmocka_unit_test(csv_holds_any_text),
        cmocka_unit_test(an_empty_log_has_names_alone), cmocka_unit_test(a_redacted_record_is_shown_as_such),
        cmocka_unit_test(a_torn_record_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
