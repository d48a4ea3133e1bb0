/* Alerts and feeds, read: each refusal with its line, what the dialect says otherwise, and which differences
 * make another content. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agents/ctl/cap.h"
#include "common/base/buf.h"

enum { MEMORY = 64 * 1024 * 1024, TEXT_BYTES = 8192 };

#define NS "urn:oasis:names:tc:emergency:cap:1.2"
#define HEAD                                                                                     \
    "<identifier>1</identifier>\n<sender>s@x</sender>\n<sent>2026-01-01T08:00:00+08:00</sent>\n" \
    "<status>Actual</status>\n<msgType>Alert</msgType>\n<scope>Public</scope>\n"
#define DEGREES "<urgency>Past</urgency>\n<severity>Minor</severity>\n<certainty>Likely</certainty>\n"
#define INFO(more) "<info>\n<category>Met</category>\n<event>Storm</event>\n" DEGREES more "</info>\n"
#define AREA(more) INFO("<area><areaDesc>here</areaDesc>" more "</area>\n")
#define ALERT(rest) "<alert xmlns='" NS "'>\n" HEAD rest "</alert>\n"

struct fixture {
    struct arena arena;
    struct cap_file file;
    struct err err;
    char said[TEXT_BYTES];
    int rc;
};

static void say(void *ctx, const char *text)
{
    struct fixture *f = ctx;
    size_t n = strlen(f->said);

    (void)snprintf(f->said + n, sizeof f->said - n, "%s\n", text);
}

static void read_bytes(struct fixture *f, const char *text, size_t n)
{
    memset(f, 0, sizeof *f);
    arena_init(&f->arena, MEMORY);
    f->rc = cap_read("a.cap", text, n, &f->arena, say, f, &f->file, &f->err);
}

static void read_text(struct fixture *f, const char *text)
{
    read_bytes(f, text, strlen(text));
}

static void done(struct fixture *f)
{
    arena_free(&f->arena);
}

static const struct record_alert *good(struct fixture *f, const char *text)
{
    read_text(f, text);
    if (f->rc != 0) {
        fail_msg("%s", f->err.text);
    }
    assert_int_equal(f->file.n, 1);
    return &f->file.alerts[0].said;
}

/* --- refusals ---------------------------------------------------------------------------------------- */

static void alerts_are_refused(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } rows[] = {
        {"", "a.cap:1: not well-formed: Document is empty"},
        {"<alert", "a.cap:1: not well-formed"},
        {ALERT("&nothing;"), "a.cap:8: not well-formed: Entity 'nothing' not defined"},
        {"\n<!DOCTYPE alert SYSTEM 'file:///etc/passwd'>" ALERT(""), "a.cap:2: a document type declaration"},
        {"<!DOCTYPE alert [<!ENTITY a 'b'>]>" ALERT("&a;"), "a.cap:1: a document type declaration"},
        {"<!DOCTYPE alert [<!ENTITY % a SYSTEM 'file:///etc/passwd'> %a;]><alert/>",
         "a.cap:1: a document type declaration"},
        {"<alert xmlns='urn:oasis:names:tc:emergency:cap:1.0'/>",
         "a.cap:1: <alert> of namespace \"urn:oasis"},
        {"<alert/>", "a.cap:1: <alert> of namespace \"\""},
        {"<cap xmlns='" NS "'/>", "a.cap:1: <cap> of namespace"},
        {"<alert xmlns='" NS "'/>", "a.cap:1: <alert> has no <identifier>, which it must have"},
        {ALERT("<sender>again</sender>"), "a.cap:8: <sender> is given twice"},
        {ALERT("<note><b>x</b></note>"), "a.cap:8: <note> holds <b>, where a text is wanted"},
        {ALERT("<info/>"), "a.cap:8: <info> has no <event>"},
        {ALERT("<info>\n<event/></info>"), "a.cap:9: <event> is empty"},
        {ALERT("<info><event>e</event></info>"), "a.cap:8: <info> has no <category>"},
        {ALERT("<info><event>e</event><category>Rain</category></info>"),
         "a.cap:8: <category> is \"Rain\", which CAP 1.2 does not have"},
        {ALERT("<info><event>e</event><category>Met</category>\n<urgency>Now</urgency></info>"),
         "a.cap:9: <urgency> is \"Now\", which is none of Immediate, Expected, Future, Past, Unknown"},
        {ALERT(INFO("<severity>Minor</severity>")), "<severity> is given twice"},
        {ALERT(INFO("<expires>2026-01-01T08:00:00</expires>")),
         "a.cap:14: <expires> has the time \"2026-01-01T08:00:00\"; a time is written"},
        {ALERT(INFO("<onset>2026-01-01 08:00:00+08:00</onset>")), "a.cap:14: <onset> has the time"},
        {ALERT(INFO("<effective>2026-02-30T08:00:00Z</effective>")), "a.cap:14: <effective> has the time"},
        {ALERT(AREA("<polygon>1,1 1,2 2,2 1,2</polygon>")), "a.cap:14: <polygon> is open"},
        {ALERT(AREA("<polygon>1,1 1,2 1,1</polygon>")), "a.cap:14: <polygon> is open"},
        {ALERT(AREA("<polygon>1,1 1,2 91,2 1,1</polygon>")), "a.cap:14: <polygon> has \"91,2\" for a point"},
        {ALERT(AREA("<polygon>1,1 1,2, 2,2 1,1</polygon>")), "a.cap:14: <polygon> has \"1,2,\" for a point"},
        {ALERT(AREA("<circle>1,1</circle>")), "a.cap:14: <circle> is \"1,1\""},
        {ALERT(AREA("<circle>1,181 5</circle>")), "a.cap:14: <circle> is \"1,181 5\""},
        {ALERT(AREA("<circle>1,1 99999</circle>")), "a.cap:14: <circle> is \"1,1 99999\""},
        {ALERT(AREA("<circle>1,1 -5</circle>")), "a.cap:14: <circle> is \"1,1 -5\""},
        {ALERT(INFO("<area/>")), "a.cap:14: <area> has no <areaDesc>"},
    };
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        read_text(&f, rows[i].text);
        assert_int_equal(f.file.n, 0);
        if (f.rc != ERR_DATA || strstr(f.err.text, rows[i].why) == NULL) {
            fail_msg("row %zu: %d \"%s\", not \"%s\"", i, f.rc, f.err.text, rows[i].why);
        }
        done(&f);
    }
}

/* A good head with one line of it changed; NULL: without it. */
static void with_line(const char *name, const char *value, char ret[TEXT_BYTES])
{
    static const char *const lines[][2] = {
        {"identifier", "1"},  {"sender", "s@x"},    {"sent", "2026-01-01T08:00:00+08:00"},
        {"status", "Actual"}, {"msgType", "Alert"}, {"scope", "Public"}};
    size_t n = (size_t)snprintf(ret, TEXT_BYTES, "<alert xmlns='" NS "'>\n");

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const char *said = strcmp(lines[i][0], name) == 0 ? value : lines[i][1];
        if (said != NULL) {
            n += (size_t)snprintf(ret + n, TEXT_BYTES - n, "<%s>%s</%s>\n", lines[i][0], said, lines[i][0]);
        }
    }
    (void)snprintf(ret + n, TEXT_BYTES - n, "</alert>\n");
}

static void heads_are_refused(void **state)
{
    static const struct {
        const char *name, *value, *why;
    } rows[] = {
        {"identifier", "", "a.cap:2: <identifier> is empty"},
        {"sender", NULL, "a.cap:1: <alert> has no <sender>, which it must have"},
        {"sent", NULL, "a.cap:1: <alert> has no <sent>"},
        {"sent", "yesterday", "a.cap:4: <sent> has the time \"yesterday\""},
        {"sent", "1969-12-31T23:59:59Z", "a.cap:4: <sent> has the time"},
        {"status", "Draft", "a.cap:5: <status> is Draft: what may still change is not taken in"},
        {"status", "actual",
         "a.cap:5: <status> is \"actual\", which is none of Actual, Exercise, System, Test"},
        {"msgType", "Alarm",
         "a.cap:6: <msgType> is \"Alarm\", which is none of Alert, Update, Cancel, Ack, Error"},
        {"msgType", "Update", "a.cap:1: <msgType> is Update, so <references> must name what it refers to"},
        {"msgType", "Cancel", "a.cap:1: <msgType> is Cancel"},
        {"msgType", "Ack", "a.cap:1: <msgType> is Ack"},
        {"scope", NULL, "a.cap:1: <alert> has no <scope>, which it must have"},
        {"scope", "Everybody",
         "a.cap:7: <scope> is \"Everybody\", which is none of Public, Restricted, Private"},
    };
    char text[TEXT_BYTES];
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        with_line(rows[i].name, rows[i].value, text);
        read_text(&f, text);
        assert_int_equal(f.file.n, 0);
        if (f.rc != ERR_DATA || strstr(f.err.text, rows[i].why) == NULL) {
            fail_msg("row %zu: %d \"%s\", not \"%s\"", i, f.rc, f.err.text, rows[i].why);
        }
        done(&f);
    }
}

static void repeat(struct buf *buf, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_puts(buf, text);
    }
}

static void expect(struct buf *text, const char *why)
{
    struct fixture f;

    read_bytes(&f, (const char *)text->p, text->n);
    if (f.rc != ERR_DATA || strstr(f.err.text, why) == NULL) {
        fail_msg("%d \"%s\", not \"%s\"", f.rc, f.err.text, why);
    }
    done(&f);
    buf_reset(text);
}

static void what_is_too_much_is_refused(void **state)
{
    struct buf text;

    (void)state;
    buf_init(&text, 0);
    buf_puts(&text, "<alert xmlns='" NS "'>" HEAD "<note>");
    repeat(&text, "x", TEXT_MAX_BYTES + 1);
    buf_puts(&text, "</note></alert>");
    expect(&text, "<note> has 16385 bytes; 16384 are the most");

    buf_puts(&text, "<alert xmlns='" NS "'>" HEAD);
    repeat(&text, INFO(""), ALERT_INFOS_MAX + 1);
    buf_puts(&text, "</alert>");
    expect(&text, "more than 16 <info>");

    buf_puts(&text, "<alert xmlns='" NS "'>\n");
    repeat(&text, "<a>", 30);
    repeat(&text, "</a>", 30);
    buf_puts(&text, HEAD "</alert>");
    expect(&text, "a.cap:2: elements within elements, more than 24 deep");

    repeat(&text, "<a>", 100000);
    expect(&text, "not well-formed"); /* libxml2's own bound comes first */

    buf_puts(&text, "<alert xmlns='" NS "'>" HEAD);
    repeat(&text, "<!-- 1234567890123456789012345678901234567890 -->\n", CAP_ALERT_BYTES_MAX / 50 + 1);
    buf_puts(&text, "</alert>");
    expect(&text, "an alert has 1048576 at most");

    repeat(&text, " ", CAP_FEED_BYTES_MAX + 1);
    expect(&text, "more than 16777216 bytes");

    buf_free(&text);
}

/* --- what is taken ----------------------------------------------------------------------------------- */

static void an_alert_is_read(void **state)
{
    static const char text[] = ALERT("<addresses/><references/>\n" INFO(
        "<language/><headline>  two\n words </headline><description>a\nb</description>\n"
        "<responseType>Evacuate</responseType><expires>2026-01-01T02:00:00.5Z</expires>\n"
        "<parameter><valueName>awareness_level</valueName><value>3; orange; Severe</value></parameter>\n"
        "<area><areaDesc>a &lt;b&gt; &#x4e2d;<![CDATA[&c;]]></areaDesc><polygon/>\n"
        "<polygon>+1.5,-1 1,2\n 2,2 1.50,-1.0</polygon><circle>-35.3888,147.0598 25.0</circle><circle/>\n"
        "<geocode><valueName>UGC</valueName><value>MTZ014</value></geocode>\n"
        "<geocode><valueName>UGC</valueName><value></value></geocode></area>")
                                         INFO("<area><areaDesc>there</areaDesc></area>"));
    struct fixture f;

    (void)state;
    const struct record_alert *said = good(&f, text);
    assert_string_equal(said->identifier, "1");
    assert_string_equal(said->sender, "s@x");
    assert_string_equal(said->sender_code, "");
    assert_int_equal(said->sent_ms, INT64_C(1767225600000));
    assert_int_equal(said->scope, ALERT_SCOPE_PUBLIC);
    assert_int_equal(said->references_n, 0);
    assert_int_equal(said->infos_n, 2);
    const struct alert_info *info = &said->infos[0];
    assert_string_equal(info->language, "");
    assert_string_equal(info->headline, "two words");
    assert_string_equal(info->description, "a\nb");
    assert_string_equal(info->responses.at[0], "Evacuate");
    assert_int_equal(info->expires_ms, INT64_C(1767232800500));
    assert_int_equal(info->severity, ALERT_SEVERITY_MINOR);
    assert_int_equal(info->colour, ALERT_COLOUR_ORANGE);
    const struct alert_area *area = &info->areas[0];
    assert_string_equal(area->description, "a <b> \xe4\xb8\xad&c;");
    assert_int_equal(area->polygons.n, 1);
    assert_int_equal(area->circles_n, 1);
    assert_int_equal(area->circles[0].latitude_e7, -353888000);
    assert_int_equal(area->circles[0].longitude_e7, 1470598000);
    assert_int_equal(area->circles[0].radius_m, 25000);
    assert_int_equal(area->geocodes_n, 1);
    assert_string_equal(area->geocodes[0].value, "MTZ014");
    assert_string_equal(said->infos[1].areas[0].description, "there");
    assert_int_equal(said->infos[1].colour, ALERT_COLOUR_NONE);
    done(&f);
}

static void references_name_alerts(void **state)
{
    struct fixture f, old;

    (void)state;
    char text[TEXT_BYTES];
    (void)snprintf(text, sizeof text,
                   "<alert xmlns='" NS "'><identifier>2</identifier><sender>s@x</sender>"
                   "<sent>2026-01-01T09:00:00Z</sent><status>Test</status>"
                   "<msgType>Cancel</msgType><scope>Public</scope><references>\n"
                   " s@x,1,2026-01-01T08:00:00+08:00\n t,u,2026-01-01T00:00:00Z "
                   "</references></alert>");
    const struct record_alert *said = good(&f, text);
    assert_int_equal(said->status, ALERT_STATUS_TEST);
    assert_int_equal(said->references_n, 2);
    assert_string_equal(said->references[1].identifier, "u");
    const struct record_alert *first = good(&old, ALERT(""));
    assert_true(id_equal(said->references[0].alert, first->alert)); /* whatever zone its time is written in */
    assert_false(id_equal(said->alert, first->alert));
    done(&f);
    done(&old);
    read_text(&f, "<alert xmlns='" NS "'><identifier>2</identifier><sender>s@x</sender>"
                  "<sent>2026-01-01T09:00:00Z</sent><status>Test</status><msgType>Cancel</msgType>"
                  "<scope>Public</scope>\n<references>s@x,1</references></alert>");
    assert_string_equal(f.err.text,
                        "a.cap:2: <references> has \"s@x,1\", which is no sender,identifier,sent");
    done(&f);
}

#define DIALECT(severity, code, ns)                                                                        \
    "<alert" ns "><identifier>37010041600000_20260101080000</identifier><sender>\xe5\xb1\x80</sender>"     \
    "<senderCode>37010041600000</senderCode><sent>2026-01-01 08:00:00+08:00</sent><status>Actual</status>" \
    "<msgType>Update</msgType><scope>Public</scope>"                                                       \
    "<references>\xe5\xb1\x80,a,2026-01-01 07:00:00+08:00 \xe5\xb1\x80,b,2026-01-01 07:30:00+08:00"        \
    "</references><info><language>zh-CN</language><event>e</event><urgency>Unknown</urgency>"              \
    "<severity>" severity "</severity><certainty>Unknown</certainty><area><areaDesc>d</areaDesc>"          \
    "<circle>36.6,117.1 5000</circle><geocode>" code "</geocode></area></info></alert>"

static void the_national_dialect_is_read(void **state)
{
    static const char *const texts[] = {DIALECT("Orange", "370112000000", ""),
                                        DIALECT("Orange", "370112000000", " xmlns='" NS "'")};
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct record_alert *said = good(&f, texts[i]);
        const struct alert_info *info = &said->infos[0];
        assert_string_equal(said->sender_code, "37010041600000");
        assert_int_equal(said->sent_ms, INT64_C(1767225600000));
        assert_int_equal(said->references_n, 2);
        assert_string_equal(said->references[1].identifier, "b");
        assert_int_equal(said->references[1].sent_ms, INT64_C(1767223800000));
        assert_int_equal(info->colour, ALERT_COLOUR_ORANGE);
        assert_int_equal(info->severity, ALERT_SEVERITY_NONE);
        assert_int_equal(info->areas[0].circles[0].radius_m, 5000);
        assert_string_equal(info->areas[0].geocodes[0].name, "");
        assert_string_equal(info->areas[0].geocodes[0].value, "370112000000");
        done(&f);
    }
    (void)good(&f, DIALECT("Unknown", "370112000000", ""));
    assert_int_equal(f.file.alerts[0].said.infos[0].severity, ALERT_SEVERITY_UNKNOWN);
    done(&f);
    read_text(&f, DIALECT("Orange", "370112", ""));
    assert_string_equal(f.err.text, "a.cap:1: <geocode> is \"370112\"; a division's code has 12 digits");
    done(&f);
    read_text(&f, ALERT("<info><event>e</event><category>Met</category><urgency>Past</urgency>"
                        "<severity>Red</severity></info>"));
    assert_non_null(
        strstr(f.err.text, "a.cap:8: <severity> is \"Red\": colours are the national platform's"));
    done(&f);
}

static void what_cap_1_0_said_is_understood(void **state)
{
    struct fixture f;

    (void)state;
    const struct record_alert *said =
        good(&f, ALERT("<info><category>Met</category><event>e</event><urgency>Past</urgency>"
                       "<severity>Minor</severity><certainty>Very Likely</certainty></info>"));
    assert_int_equal(said->infos[0].certainty, ALERT_CERTAINTY_LIKELY);
    done(&f);
}

static void latin_1_becomes_utf_8(void **state)
{
    static const char text[] =
        "<?xml version='1.0' encoding='ISO-8859-1'?>" ALERT("<note>Usulut\xe1n</note>");
    struct fixture f;

    (void)state;
    assert_string_equal(good(&f, text)->note, "Usulut\xc3\xa1n");
    done(&f);
}

/* --- which contents are the same ---------------------------------------------------------------------- */

static bool same_content(const char *a, const char *b)
{
    struct fixture one, other;
    const struct record_alert *x = good(&one, a), *y = good(&other, b);
    bool same = memcmp(x->content, y->content, ALERT_CONTENT_BYTES) == 0;

    assert_true(id_equal(x->alert, y->alert));
    done(&one);
    done(&other);
    return same;
}

static void contents_differ_by_what_they_say(void **state)
{
    static const char *const same[] = {
        "<?xml version='1.0' encoding='ISO-8859-1'?>\n" ALERT(INFO("")),
        "<c:alert xmlns:c='" NS "'><c:identifier> 1 </c:identifier><c:sender>s@x</c:sender>"
        "<c:sent>2026-01-01T08:00:00+08:00</c:sent><c:status>Actual</c:status><c:msgType>Alert</c:msgType>"
        "<c:scope>Public</c:scope><!-- x --><c:info><c:category>Met</c:category><c:event>Storm</c:event>"
        "<c:urgency>Past</c:urgency><c:severity>Minor</c:severity><c:certainty>Likely</c:certainty></c:info>"
        "</c:alert>",
        ALERT(INFO("") "<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'><Value>x</Value></Signature>")};
    static const char *const others[] = {ALERT(""), ALERT(INFO("<web>http://x</web>")),
                                         ALERT(INFO("<resource><size>1</size></resource>")),
                                         ALERT("<code>x</code>" INFO(""))};

    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        assert_true(same_content(ALERT(INFO("")), same[i]));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(same_content(ALERT(INFO("")), others[i]));
    }
}

/* --- feeds -------------------------------------------------------------------------------------------- */

#define CAP_WORDS                                                                                       \
    "<cap:event>Wind</cap:event><cap:status>Actual</cap:status><cap:msgType>Alert</cap:msgType>"        \
    "<cap:urgency>Expected</cap:urgency><cap:severity>Severe</cap:severity><cap:polygon></cap:polygon>" \
    "<cap:areaDesc>coast</cap:areaDesc><cap:geocode><valueName>FIPS6</valueName><value>002185 "         \
    "002186</value>"                                                                                    \
    "<valueName>UGC</valueName><value>AKZ204</value></cap:geocode>"
#define ENTRY(id, updated, words)                                          \
    "<entry><id>" id "</id><updated>" updated "</updated><title>T</title>" \
    "<link href='http://a/" id "'/><summary>S</summary>" words "</entry>\n"
#define FEED(entries)                                                                                       \
    "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:cap='urn:oasis:names:tc:emergency:cap:1.1'>\n<author>" \
    "<name>n@noaa</name></author>\n" entries "</feed>\n"
#define AT "2018-08-15T14:52:00-08:00"

static void an_entry_holds_what_the_index_says(void **state)
{
    struct fixture f;

    (void)state;
    const struct record_alert *said = good(&f, FEED(ENTRY("1", AT, CAP_WORDS)));
    const struct alert_info *info = &said->infos[0];
    assert_true(f.file.is_feed);
    assert_int_equal(said->source, ALERT_SOURCE_ATOM);
    assert_string_equal(said->sender, "n@noaa");
    assert_string_equal(said->identifier, "1");
    assert_int_equal(said->sent_ms, INT64_C(1534373520000));
    assert_int_equal(said->scope, ALERT_SCOPE_NONE);
    assert_int_equal(info->certainty, ALERT_CERTAINTY_NONE);
    assert_int_equal(info->expires_ms, 0);
    assert_string_equal(info->headline, "T");
    assert_string_equal(info->description, "S");
    assert_string_equal(info->web, "http://a/1");
    assert_int_equal(info->areas_n, 1);
    assert_int_equal(info->areas[0].polygons.n, 0);
    assert_int_equal(info->areas[0].geocodes_n, 3);
    assert_string_equal(info->areas[0].geocodes[1].name, "FIPS6");
    assert_string_equal(info->areas[0].geocodes[1].value, "002186");
    assert_string_equal(info->areas[0].geocodes[2].value, "AKZ204");
    done(&f);
}

static void a_bad_entry_is_left_out(void **state)
{
    struct fixture f;

    (void)state;
    read_text(&f, FEED(ENTRY("1", AT, CAP_WORDS) ENTRY("2", "soon", CAP_WORDS) ENTRY("3", AT, "")
                           ENTRY("", AT, CAP_WORDS) ENTRY("5", AT, CAP_WORDS)));
    assert_int_equal(f.rc, 0);
    assert_int_equal(f.file.n, 2);
    assert_int_equal(f.file.bad, 3);
    assert_non_null(strstr(f.said, "a.cap:4: <updated> has the time \"soon\""));
    assert_non_null(strstr(f.said, "a.cap:5: <entry> has no <status>, which it must have"));
    assert_non_null(strstr(f.said, "a.cap:6: <entry> has no <id>, which it must have"));
    assert_string_equal(f.file.alerts[1].said.identifier, "5");
    assert_int_equal(f.file.alerts[1].line, 7);
    done(&f);
    read_text(&f, FEED(""));
    assert_int_equal(f.rc, 0);
    assert_int_equal(f.file.n, 0);
    done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alerts_are_refused),
        cmocka_unit_test(heads_are_refused),
        cmocka_unit_test(what_is_too_much_is_refused),
        cmocka_unit_test(an_alert_is_read),
        cmocka_unit_test(references_name_alerts),
        cmocka_unit_test(the_national_dialect_is_read),
        cmocka_unit_test(what_cap_1_0_said_is_understood),
        cmocka_unit_test(latin_1_becomes_utf_8),
        cmocka_unit_test(contents_differ_by_what_they_say),
        cmocka_unit_test(an_entry_holds_what_the_index_says),
        cmocka_unit_test(a_bad_entry_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
