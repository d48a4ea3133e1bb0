#include "agents/ctl/rules_loop.h"

#include "common/base/buf.h"

/* A table has rows and no columns that a rule begins at. */
static void put_place(const struct rule *rule, enum lang lang, struct buf *ret)
{
    if (rule->column > 0) {
        buf_printf(ret, lang_text(lang, " (line %u, column %u)", "（第 %u 行第 %u 列）"), rule->line,
                   rule->column);
    } else {
        buf_printf(ret, lang_text(lang, " (line %u)", "（第 %u 行）"), rule->line);
    }
}

static void put_loop(const struct pack_loop *loop, enum lang lang, struct buf *ret)
{
    bool is_of_one = true;

    for (size_t i = 1; i < loop->n; i++) {
        is_of_one = is_of_one && loop->packs[i] == loop->packs[0];
    }
    for (size_t i = 0; i < loop->n; i++) {
        buf_printf(ret, "%s%s%s%s", i > 0 ? lang_text(lang, ", ", "、") : "",
                   is_of_one ? "" : loop->packs[i]->name, is_of_one ? "" : "/", loop->rules[i]->name);
        put_place(loop->rules[i], lang, ret);
    }
}

int rules_loop_fail(const struct pack_loop *loop, const char *where, enum lang lang, struct err *err)
{
    struct buf names;

    buf_init(&names, 0);
    put_loop(loop, lang, &names);
    int rc = err_set(err, ERR_DATA,
                     lang_text(lang, "%s: these rules can fire each other for ever: %s; let one ask for more",
                               "%s：以下规则可能循环触发：%s；请收紧其中一条的条件"),
                     where, buf_text(&names));
    buf_free(&names);
    return rc;
}
