#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agents/ctl/cad.h"
#include "tests/unit/ctl_files.h"

static const char map_text[] = "source: test\n"
                               "region: \"06075\"\n"
                               "time_format: \"%m/%d/%Y %I:%M:%S %p\"\n"
                               "utc_offset: -07:00\n"
                               "datum: wgs84\n"
                               "columns:\n"
                               "  incident: Inc\n"
                               "  unit: Unit\n"
                               "  order: Row\n"
                               "  place: [Street, City]\n"
                               "  position: Where\n"
                               "  received: Received\n"
                               "  dispatched: Dispatch\n"
                               "  on_scene: Scene\n"
                               "  arrived_by: [Hospital]\n"
                               "  ended: Free\n"
                               "kind: {column: Group, values: {Fire: fire}, otherwise: other}\n"
                               "agency: {column: Type, values: {ENGINE: fire-rescue, MEDIC: health}}\n";

#define HEAD "Row,Inc,Unit,Type,Group,Street,City,Where,Received,Dispatch,Scene,Hospital,Free\n"
#define ROW(row, inc, unit, type, times) \
    row "," inc "," unit "," type ",Fire,1 Main St,SF,\"(37.5, -122.25)\"," times "\n"
#define RECEIVED "04/07/2020 11:59:30 PM"

static const char engine[] =
    ROW("r1", "i1", "E1", "ENGINE",
        RECEIVED ",04/08/2020 12:00:01 AM,04/08/2020 12:05:00 AM,,04/08/2020 01:00:00 AM");
static const char medic[] =
    ROW("r2", "i1", "M1", "MEDIC",
        RECEIVED ",04/08/2020 12:00:00 AM,,04/08/2020 12:30:00 AM,04/08/2020 12:50:00 AM");
static const char turned_back[] =
    ROW("r3", "i1", "E2", "ENGINE", RECEIVED ",04/08/2020 12:00:02 AM,,,04/08/2020 12:03:00 AM");
static const char earlier[] =
    ROW("r4", "i0", "E1", "ENGINE", "04/07/2020 11:00:00 AM,04/07/2020 11:01:00 AM,04/07/2020 11:05:00 AM,,");

struct said {
    char text[4096];
    size_t bad;
    size_t notes;
};

static void say(void *ctx, bool note, const char *text)
{
    struct said *said = ctx;
    size_t n = strlen(said->text);

    said->bad += !note;
    said->notes += note;
    (void)snprintf(said->text + n, sizeof said->text - n, "%s\n", text);
}

struct fixture {
    struct arena arena;
    struct cad_map map;
    struct csv *csv;
    struct cad cad;
    struct said said;
};

static void read_rows(struct fixture *f, const char *text)
{
    char name[FILE_NAME];
    struct err err = {0};

    memset(f, 0, sizeof *f);
    arena_init(&f->arena, 1024 * 1024);
    if (cad_map_load(file_with(map_text, name), &f->arena, &f->map, &err) != 0) {
        fail_msg("%s", err.text);
    }
    (void)unlink(name);
    assert_int_equal(csv_parse("t.csv", text, strlen(text), &f->csv, NULL), 0);
    if (cad_read(f->csv, &f->map, "370102", say, &f->said, &f->cad, &err) != 0) {
        fail_msg("%s", err.text);
    }
}

static void end(struct fixture *f)
{
    cad_free(&f->cad);
    csv_free(f->csv);
    arena_free(&f->arena);
}

static char *join(char *ret, const char *const rows[])
{
    size_t n = (size_t)snprintf(ret, 4096, "%s", HEAD);

    for (; *rows != NULL; rows++) {
        n += (size_t)snprintf(ret + n, 4096 - n, "%s", *rows);
    }
    return ret;
}

static void rows_become_incidents_and_orders(void **state)
{
    struct fixture f;
    struct command command;
    struct historic_order orders[ORDERS_PER_COMMAND_MAX];
    const char *units[ORDERS_PER_COMMAND_MAX];
    char text[4096];

    (void)state;
    read_rows(&f, join(text, (const char *const[]){engine, medic, turned_back, earlier, NULL}));
    assert_int_equal(f.cad.incidents_n, 2);
    assert_int_equal(f.cad.rows_n, 4);
    assert_int_equal(f.cad.units, 3);
    assert_int_equal(f.cad.recalled, 1);
    assert_int_equal(f.cad.bad, 0);
    assert_int_equal(cad_command(&f.map, &f.cad.incidents[1], 0, orders, units, &command), 3);
    const struct record_history *history = &command.record_history;
    assert_string_equal(history->key, "i1");
    assert_string_equal(history->source, "test");
    assert_string_equal(history->facts.kind, "fire");
    assert_string_equal(history->facts.place, "1 Main St, SF");
    assert_int_equal(history->facts.position.latitude_e7, 375000000);
    assert_int_equal(history->facts.position.longitude_e7, -1222500000);
    assert_int_equal(history->facts.position.datum, DATUM_WGS84);
    /* 7 April 23:59:30 at -07:00 */
    assert_int_equal(history->reported_at_ms, 1586329170000);
    assert_int_equal(command.occurred_at_ms, 1586329170000);
    assert_int_equal(history->closed_at_ms, 1586329170000 + 3630000);
    /* by time of dispatch */
    assert_string_equal(orders[0].addressee, "06075/health");
    assert_string_equal(orders[0].units.at[0], "M1");
    assert_int_equal(orders[0].issued_at_ms, 1586329200000);
    assert_int_equal(orders[0].on_scene_at_ms, 1586329200000 + 1800000); /* at the hospital: it had arrived */
    assert_int_equal(orders[0].completed_at_ms, 1586329200000 + 3000000);
    assert_int_equal(orders[0].recalled_at_ms, 0);
    assert_string_equal(orders[1].units.at[0], "E1");
    assert_string_equal(orders[2].units.at[0], "E2");
    assert_int_equal(orders[2].recalled_at_ms, 1586329200000 + 180000);
    assert_int_equal(orders[2].completed_at_ms, 0);
    end(&f);
}

static void without_an_end_the_order_stays_open_and_the_incident_is_closed(void **state)
{
    struct fixture f;
    struct command command;
    struct historic_order orders[ORDERS_PER_COMMAND_MAX];
    const char *units[ORDERS_PER_COMMAND_MAX];
    char text[4096];

    (void)state;
    read_rows(&f, join(text, (const char *const[]){earlier, NULL}));
    assert_int_equal(f.said.notes, 1);
    assert_int_equal(cad_command(&f.map, &f.cad.incidents[0], 0, orders, units, &command), 1);
    assert_int_equal(orders[0].completed_at_ms, 0);
    assert_int_equal(orders[0].recalled_at_ms, 0);
    assert_int_equal(command.record_history.closed_at_ms, orders[0].on_scene_at_ms);
    end(&f);
}

/* The same commands, byte for byte as far as they are compared, whatever the order of the rows. */
static void order_of_rows_does_not_matter(void **state)
{
    struct fixture a;
    struct fixture b;
    char text[4096];

    (void)state;
    read_rows(&a, join(text, (const char *const[]){engine, medic, turned_back, earlier, NULL}));
    read_rows(&b, join(text, (const char *const[]){earlier, turned_back, medic, engine, medic, NULL}));
    assert_int_equal(b.cad.repeated, 1);
    assert_int_equal(a.cad.incidents_n, b.cad.incidents_n);
    for (size_t i = 0; i < a.cad.incidents_n; i++) {
        struct command x;
        struct command y;
        struct historic_order orders[2][ORDERS_PER_COMMAND_MAX];
        const char *units[2][ORDERS_PER_COMMAND_MAX];
        size_t n = cad_command(&a.map, &a.cad.incidents[i], 0, orders[0], units[0], &x);
        assert_int_equal(cad_command(&b.map, &b.cad.incidents[i], 0, orders[1], units[1], &y), n);
        assert_true(id_equal(x.record_history.incident, y.record_history.incident));
        assert_int_equal(x.record_history.closed_at_ms, y.record_history.closed_at_ms);
        for (size_t j = 0; j < n; j++) {
            assert_true(id_equal(orders[0][j].order, orders[1][j].order));
            assert_string_equal(units[0][j], units[1][j]);
        }
    }
    end(&a);
    end(&b);
}

static void bad_rows_are_named_and_the_rest_goes_in(void **state)
{
    static const char bad_time[] = ROW("r5", "i1", "E3", "ENGINE", "13/45/2020," RECEIVED ",,,");
    static const char no_dispatch[] = ROW("r6", "i2", "E3", "ENGINE", RECEIVED ",,,,");
    static const char unknown_type[] = ROW("r7", "i2", "E3", "AIRSHIP", RECEIVED "," RECEIVED ",,,");
    static const char no_day[] = ROW("r8", "i2", "E3", "ENGINE", "02/30/2020 01:00:00 AM," RECEIVED ",,,");
    static const char short_row[] = "r9,i3\n";
    static const char other_content[] = ROW("r1", "i1", "E9", "ENGINE", RECEIVED "," RECEIVED ",,,");
    struct fixture f;
    char text[4096];

    (void)state;
    read_rows(&f, join(text, (const char *const[]){engine, bad_time, no_dispatch, unknown_type, no_day,
                                                   short_row, other_content, NULL}));
    assert_int_equal(f.cad.bad, 6);
    assert_int_equal(f.said.bad, 6);
    assert_int_equal(f.cad.rows_n, 1);
    const char *const says[] = {
        "t.csv:3: column \"Received\": \"13/45/2020\" is no time; mend it and import again: what",
        "t.csv:4: column \"Dispatch\": \"\" is empty",
        "t.csv:5: column \"Type\": \"AIRSHIP\" is not in the map",
        "t.csv:6: column \"Received\": \"02/30/2020 01:00:00 AM\" is no time",
        "t.csv:7: 2 fields where the heading has 13",
        "t.csv:8: order \"r1\" is on line 2 with other content",
    };
    for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
        if (strstr(f.said.text, says[i]) == NULL) {
            fail_msg("\"%s\" is not in\n%s", says[i], f.said.text);
        }
    }
    /* A row of i1 is bad: closing it now would contradict the mended import. */
    assert_int_equal(f.cad.incidents[0].closed_at_ms, 0);
    end(&f);
}

static void large_incident_is_several_commands(void **state)
{
    enum { ROWS = ORDERS_PER_COMMAND_MAX + 6 };
    static char text[64 * 1024];
    struct fixture f;
    struct command command;
    struct historic_order orders[ORDERS_PER_COMMAND_MAX];
    const char *units[ORDERS_PER_COMMAND_MAX];
    size_t n = (size_t)snprintf(text, sizeof text, "%s", HEAD);

    (void)state;
    for (int i = 0; i < ROWS; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "r%d,i1,E%d,ENGINE,Fire,,,,%s,%s,,,\n", i, i,
                              RECEIVED, RECEIVED);
    }
    read_rows(&f, text);
    assert_int_equal(f.cad.incidents_n, 1);
    assert_int_equal(cad_command(&f.map, f.cad.incidents, 0, orders, units, &command),
                     ORDERS_PER_COMMAND_MAX);
    struct id first = orders[0].order;
    assert_int_equal(cad_command(&f.map, f.cad.incidents, ORDERS_PER_COMMAND_MAX, orders, units, &command),
                     6);
    assert_false(id_equal(first, orders[0].order));
    end(&f);
}

static void ids_follow_from_source_and_key(void **state)
{
    struct id id = cad_id("order", "a", "bc", 1586329170000);

    (void)state;
    assert_true(id_equal(id, cad_id("order", "a", "bc", 1586329170000)));
    assert_int_equal(id_unix_ms(id), 1586329170000);
    assert_false(id_equal(id, cad_id("order", "ab", "c", 1586329170000)));
    assert_false(id_equal(id, cad_id("incident", "a", "bc", 1586329170000)));
}

static void missing_column_names_the_nearest(void **state)
{
    struct fixture f = {.csv = NULL};
    struct err err = {0};
    char name[FILE_NAME];
    static const char text[] =
        "Row,Inc,Unt,Type,Group,Street,City,Where,Received,Dispatch,Scene,Hospital,Free\n";

    (void)state;
    arena_init(&f.arena, 1024 * 1024);
    assert_int_equal(cad_map_load(file_with(map_text, name), &f.arena, &f.map, NULL), 0);
    (void)unlink(name);
    assert_int_equal(csv_parse("t.csv", text, strlen(text), &f.csv, NULL), 0);
    assert_int_equal(cad_read(f.csv, &f.map, "1", say, &f.said, &f.cad, &err), ERR_DATA);
    assert_string_equal(
        err.text, "t.csv:1: no column \"Unit\", which the map names; did you mean \"Unt\"?; mend the map");
    csv_free(f.csv);
    arena_free(&f.arena);
}

/* The good map with one piece replaced. */
static void expect_bad_map(const char *piece, const char *by, const char *says)
{
    char text[sizeof map_text + 128];
    char name[FILE_NAME];
    struct arena arena;
    struct cad_map map;
    struct err err = {0};
    const char *at = strstr(map_text, piece);

    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - map_text), map_text, by, at + strlen(piece));
    arena_init(&arena, 1024 * 1024);
    assert_int_equal(cad_map_load(file_with(text, name), &arena, &map, &err), ERR_CONFIG);
    (void)unlink(name);
    arena_free(&arena);
    if (strstr(err.text, says) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", says, err.text);
    }
}

static void bad_maps(void **state)
{
    (void)state;
    expect_bad_map("utc_offset: -07:00\n", "", "local times without a zone mean nothing");
    expect_bad_map("utc_offset: -07:00", "utc_offset: PDT", "an offset from UTC is wanted");
    expect_bad_map("datum: wgs84\n", "", "\"datum\" is missing");
    expect_bad_map("  unit: Unit\n", "", "unit");
    expect_bad_map("fire-rescue", "fire rescue", "makes no address");
    expect_bad_map("  ended:", "  endde:", "end");
    expect_bad_map("source:", "sauce:", "source");
    expect_bad_map("kind: {column: Group, values: {Fire: fire}, otherwise: other}", "kind: {}",
                   "neither a column");
}

static void times(void **state)
{
    struct cad_map map = {.time_format = "%Y-%m-%d %H:%M:%S", .has_zone = true, .utc_offset_minutes = 480};
    int64_t ms = 0;

    (void)state;
    assert_int_equal(cad_time_parse(&map, "2026-11-22 03:00:00", &ms), 0);
    assert_int_equal(ms, 1795287600000);
    assert_int_equal(cad_time_parse(&map, "2026-11-22 03:00:00 x", &ms), ERR_DATA);
    assert_int_equal(cad_time_parse(&map, "2026-02-29 03:00:00", &ms), ERR_DATA);
    assert_int_equal(cad_time_parse(&map, "2026-11-22 03:00:60", &ms), ERR_DATA);
    assert_int_equal(cad_time_parse(&map, "1960-01-01 00:00:00", &ms), ERR_DATA);
    map = (struct cad_map){.time_format = "%Y-%m-%dT%H:%M:%S%z"};
    assert_int_equal(cad_time_parse(&map, "2026-11-22T03:00:00+0800", &ms), 0);
    assert_int_equal(ms, 1795287600000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_become_incidents_and_orders),
        cmocka_unit_test(without_an_end_the_order_stays_open_and_the_incident_is_closed),
        cmocka_unit_test(order_of_rows_does_not_matter),
        cmocka_unit_test(bad_rows_are_named_and_the_rest_goes_in),
        cmocka_unit_test(large_incident_is_several_commands),
        cmocka_unit_test(ids_follow_from_source_and_key),
        cmocka_unit_test(missing_column_names_the_nearest),
        cmocka_unit_test(bad_maps),
        cmocka_unit_test(times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
