#include "tests/unit/view_briefs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

uint64_t bf_say(struct fixture *fx, const char *agent, uint8_t incident, enum mode mode,
                enum report_kind kind, const struct facts *facts, const char *text, const char *signer)
{
    struct command command = {.kind = COMMAND_FILE_REPORT,
                              .agent = agent,
                              .mode = mode,
                              .file_report = {.incident = fx_id(incident),
                                              .kind = kind,
                                              .facts = *facts,
                                              .text = text,
                                              .signed_off_by = signer}};
    return fx_say(fx, &command);
}

struct view *bf_folded(struct fixture *fx)
{
    struct view *view = view_new(&(struct view_options){.details = true});

    assert_non_null(view);
    fx_fold(fx, view);
    return view;
}

void bf_written(const struct view *view, bool zh, uint8_t incident, struct view_brief_point point,
                bf_writer *write, struct buf *ret)
{
    struct view_brief brief;
    struct err err = {0};

    buf_init(ret, 0);
    if (view_brief_make(view, zh, fx_id(incident), &point, &brief, &err) < 0) {
        fail_msg("%s", err.text);
    }
    write(&brief, ret);
    assert_false(ret->failed);
    view_brief_free(&brief);
}

void bf_has(struct buf *out, const char *words)
{
    if (strstr(buf_text(out), words) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", words, buf_text(out));
    }
}

void bf_has_not(struct buf *out, const char *words)
{
    if (strstr(buf_text(out), words) != NULL) {
        fail_msg("\"%s\" is in:\n%s", words, buf_text(out));
    }
}
