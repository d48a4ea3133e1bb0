#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/text.h"
#include "common/view/view_saying.h"

static void details_of_refusals(void **state)
{
    static const struct {
        enum refusal refusal;
        const char *english;
        const char *chinese;
    } rows[] = {
        {REFUSED_NOT_MERGED, "incident 01M8", "事件 01M8"},
        {REFUSED_INCIDENT_CLOSED, "incident 01M8 is history", "事件 01M8 为历史记录"},
        {REFUSED_NO_ADDRESSEE, "no link leads to region 370100", "没有通往 370100 的链路"},
        {REFUSED_INVALID, "two incidents are named, and not one twice", "须写明两起不同的事件"},
        {REFUSED_RUNG_BACK, "the order is on-scene, not en-route any more", "指令已“到场”，不能再报“出动”"},
        {REFUSED_MODE, "incident 01M8 is actual, the command test", "事件 01M8 属实战，命令属测试"},
        {REFUSED_CONFLICT, "370102/fire-rescue of 王芳 leads in term 2: it is handed over",
         "第 2 任由 王芳 370102/fire-rescue 指挥：请先移交"},
        {REFUSED_RIGHT, "centre has not the right \"order:*\"", "centre 无 \"order:*\" 权限"},
    };
    char text[VIEW_SAYING_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(view_detail_zh(rows[i].refusal, rows[i].english, text), rows[i].chinese);
    }
}

static void what_no_row_has_stays(void **state)
{
    static const char *const strange[] = {"",         "370102/nobody", "two incidents are named",
                                          "incident", "50 %",          "%"};
    char text[VIEW_SAYING_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        assert_ptr_equal(view_detail_zh(REFUSED_INVALID, strange[i], text), strange[i]);
    }
    /* the same words of another refusal are another row's */
    assert_string_equal(view_detail_zh(REFUSED_NO_ORDER, "incident 01M8", text), "incident 01M8");
}

static void a_text_is_cut_between_characters(void **state)
{
    static const struct view_saying rows[] = {{REFUSED_NOT, "x%", "事%1事%1"}, {REFUSED_NOT, NULL, NULL}};
    char english[VIEW_SAYING_TEXT], text[VIEW_SAYING_TEXT];

    (void)state;
    for (size_t n = VIEW_SAYING_TEXT - 16; n < VIEW_SAYING_TEXT - 1; n++) {
        memset(english, 'a', n);
        english[0] = 'x';
        english[n] = '\0';
        assert_true(view_saying(rows, REFUSED_NOT, english, text));
        size_t length = strlen(text);
        assert_true(length < VIEW_SAYING_TEXT);
        assert_true(text_is_utf8(text, length));
    }
    assert_false(view_saying(rows, REFUSED_NOT, "y", text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(details_of_refusals),
        cmocka_unit_test(what_no_row_has_stays),
        cmocka_unit_test(a_text_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
