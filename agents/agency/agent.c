#include "agents/agency/agent.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "agents/agency/bridge.h"
#include "agents/agency/lines.h"
#include "agents/agency/player.h"
#include "agents/agency/show.h"
#include "agents/lib/link.h"
#include "common/base/logging.h"
#include "common/net/boot_timer.h"
#include "common/net/context.h"
#include "muster/version.h"

struct agent {
    struct config *config;
    bool json;
    uv_loop_t loop;
    struct net_context *context;
    struct link *link;
    struct net_boot_timer *timer;
    struct player *player; /* NULL: bridged */
    struct bridge *bridge; /* NULL: scripted */
    struct lines *lines;
    uv_signal_t signals[2];
    bool units_stated;
    bool closing;
    int64_t end_ms; /* boot time: input has ended, wait for replies until then; 0: it has not */
    int rc;
    struct err *err;
};

/* Tags of what this program says of itself; a bridge's refs are below. */
#define TAG_OWN (UINT64_C(1) << 63)

static int64_t now_ms(void)
{
    return clock_system()->boot_ms(clock_system()->ctx);
}

/* ---- closing ---- */

static void on_timer_closed(void *ctx)
{
    ((struct agent *)ctx)->timer = NULL;
}

static void on_link_closed(void *ctx)
{
    ((struct agent *)ctx)->link = NULL;
}

static void agent_close(struct agent *agent)
{
    if (agent->closing) {
        return;
    }
    agent->closing = true;
    lines_close(agent->lines);
    agent->lines = NULL;
    for (size_t i = 0; i < 2; i++) {
        uv_close((uv_handle_t *)&agent->signals[i], NULL);
    }
    if (agent->timer) {
        net_boot_timer_close(agent->timer, on_timer_closed, agent);
    }
    link_close(agent->link, on_link_closed, agent);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    agent_close(handle->data);
}

/* What fails once the program is ending has been said by then. */
static void warn(const struct agent *agent, const char *what, int rc, const struct err *err)
{
    if (rc && !agent->closing) {
        log_warning("%s: %s", what, err->text[0] != '\0' ? err->text : err_string(rc));
    }
}

/* Standard output is the agency's system: without it there is nothing to be an agent of. */
static void say(struct agent *agent, json_t *message)
{
    int rc = show_json(message);

    if (rc && !agent->closing) {
        agent->rc = err_set(agent->err, rc, "standard output takes no more; is its reader gone?");
        agent_close(agent);
    }
}

static void wake(struct agent *agent)
{
    int64_t due = agent->player ? player_due_ms(agent->player) : INT64_MAX;

    if (agent->closing) {
        return;
    }
    if (agent->end_ms > 0 && agent->end_ms < due) {
        due = agent->end_ms;
    }
    if (due < INT64_MAX) {
        net_boot_timer_set(agent->timer, due);
    }
    link_wake(agent->link);
    if (agent->lines) {
        lines_pause(agent->lines, client_pending(link_client(agent->link)) >= AGENT_PENDING_MAX);
    }
    if (agent->end_ms > 0 && client_pending(link_client(agent->link)) == 0) {
        agent_close(agent);
    }
}

static void on_timer(void *ctx)
{
    struct agent *agent = ctx;

    if (agent->player) {
        player_tick(agent->player, now_ms());
    }
    if (agent->end_ms > 0 && now_ms() >= agent->end_ms) {
        log_warning("%zu commands are not answered yet; they are kept for the next start",
                    client_pending(link_client(agent->link)));
        agent_close(agent);
    }
    wake(agent);
}

/* ---- the player ---- */

static int on_say(void *ctx, const struct give_receipt *receipt)
{
    struct agent *agent = ctx;
    struct err err = {0};
    int rc = client_receipt(link_client(agent->link), receipt, TAG_OWN, &err);

    if (rc == ERR_CONFLICT) {
        return 0; /* said, and more, before a restart */
    }
    if (rc) {
        warn(agent, "receipt", rc, &err);
        return rc;
    }
    if (agent->json) {
        say(agent, message_receipt(receipt));
    } else {
        show_receipt(receipt);
    }
    return 0;
}

static void on_note(void *ctx, struct id order, struct bytes note)
{
    struct agent *agent = ctx;
    struct err err = {0};

    warn(agent, "journal", client_note(link_client(agent->link), order, note, &err), &err);
}

static void state_units(struct agent *agent, const struct unit *units, size_t n)
{
    struct command command = {.kind = COMMAND_STATE_UNITS, .operator= "", .mode = agent->config->mode};
    struct err err = {0};

    for (size_t i = 0; i < n; i += UNITS_PER_COMMAND_MAX) {
        command.state_units.units = units + i;
        command.state_units.units_n = n - i < UNITS_PER_COMMAND_MAX ? n - i : UNITS_PER_COMMAND_MAX;
        warn(agent, "units", client_submit(link_client(agent->link), &command, TAG_OWN, &err), &err);
    }
}

static void on_units(void *ctx, const struct unit *units, size_t n)
{
    state_units(ctx, units, n);
}

static void publish(struct agent *agent, const struct sample *samples, size_t n)
{
    struct err err = {0};

    warn(agent, "telemetry", client_publish(link_client(agent->link), samples, n, &err), &err);
}

static void on_places(void *ctx, const struct sample *samples, size_t n)
{
    publish(ctx, samples, n);
}

static void on_remark(void *ctx, struct id order, const char *text)
{
    struct agent *agent = ctx;

    if (!agent->json) {
        show_remark(order, text);
        return;
    }
    char id[ID_TEXT];

    say(agent, json_pack("{s:s, s:s, s:s}", "type", "remark", "order", id_format(order, id), "text", text));
}

/* ---- the link ---- */

static void on_ready(void *ctx, const struct welcome *welcome)
{
    struct agent *agent = ctx;

    if (!agent->units_stated && agent->config->profile.units_n > 0) {
        state_units(agent, agent->config->profile.units, agent->config->profile.units_n);
        agent->units_stated = true;
        if (agent->player) {
            player_place(agent->player, agent->config->mode);
        }
    }
    if (agent->json) {
        say(agent, json_pack("{s:s, s:s, s:s, s:I}", "type", "ready", "agent", agent->config->agent.name,
                             "region", welcome->region, "epoch", (json_int_t)welcome->epoch));
    } else {
        show_text("ready: %s at region %s", agent->config->agent.name, welcome->region);
    }
    wake(agent);
}

static void on_refused(void *ctx, enum refusal refusal, const char *reason)
{
    (void)ctx;
    if (refusal == REFUSED_NOT) {
        log_notice("the broker said good-bye: %s", reason);
        return;
    }
    if (refusal == REFUSED_BUSY) {
        log_notice("not now: %s; trying again", reason);
        return;
    }
    log_warning("the broker refused: %s%s%s", refusal_text(refusal), reason[0] != '\0' ? ": " : "", reason);
}

static void on_waiting(void *ctx, const char *why)
{
    const struct config *config = ((struct agent *)ctx)->config;

    log_notice("%s: %s", config->broker ? config->broker : config->broker_file, why);
}

static void on_telemetry_refused(void *ctx, const struct telemetry_refused *refused)
{
    struct agent *agent = ctx;
    const char *text = refused->detail[0] != '\0' ? refused->detail : refusal_text(refused->refusal);

    if (!agent->player) {
        say(agent, json_pack("{s:s, s:s, s:s}", "type", "telemetry-refused", "refusal",
                             refusal_word(refused->refusal), "text", text));
    } else {
        log_warning("telemetry refused: %s", text);
    }
}

static void on_recovered(void *ctx, const struct client_recovery *recovery)
{
    struct agent *agent = ctx;
    char text[CLIENT_RECOVERY_TEXT];

    log_warning("%s", client_recovery_text(recovery, text));
    if (agent->json) {
        say(agent, message_recovered(recovery));
    }
}

static void on_bad(void *ctx, uint64_t seq, const char *why)
{
    (void)ctx;
    log_error("record %llu was not taken: %s", (unsigned long long)seq, why);
}

static void on_trouble(void *ctx, const struct err *err)
{
    (void)ctx;
    log_error("%s", err->text);
}

/* Its supervisor starts it anew, and it finds in the journal what was kept. */
static void on_failed(void *ctx, const struct err *err)
{
    struct agent *agent = ctx;

    agent->rc = err_set(agent->err, err->code, "%s", err->text);
    agent_close(agent);
}

static void on_reply(void *ctx, uint64_t tag, const struct reply *reply)
{
    struct agent *agent = ctx;

    if (tag != TAG_OWN) {
        say(agent, message_reply(tag, reply));
    } else if (reply->outcome == OUTCOME_REFUSED) {
        log_warning("refused: %s: %s", refusal_text(reply->refusal), reply->detail ? reply->detail : "");
    }
    wake(agent);
}

/* An order that must not reach the sink of a bridge is answered here. */
static void turn_away(struct agent *agent, const struct delivery *delivery, const char *reason)
{
    struct give_receipt receipt = {.order = delivery->order, .rung = RUNG_ACKNOWLEDGED, .text = ""};
    struct err err = {0};
    int rc = client_receipt(link_client(agent->link), &receipt, TAG_OWN, &err);

    receipt.rung = RUNG_DECLINED;
    receipt.text = reason;
    rc = rc ? rc : client_receipt(link_client(agent->link), &receipt, TAG_OWN, &err);
    warn(agent, "receipt", rc, &err);
    log_notice("an order was declined: %s", reason);
}

static void on_delivery(void *ctx, const struct delivery *delivery)
{
    struct agent *agent = ctx;
    const char *reason;
    bool may = profile_may_play(&agent->config->profile, delivery->mode, &reason);

    if (agent->player) {
        if (agent->json) {
            say(agent, message_delivery(delivery));
        } else {
            show_delivery(delivery);
        }
        player_take(agent->player, delivery, now_ms());
    } else if (may) {
        say(agent, message_delivery(delivery));
    } else if (delivery->kind == DELIVERY_ORDER) {
        turn_away(agent, delivery, reason);
    }
    wake(agent);
}

/* ---- the bridge's input ---- */

static void on_answer(void *ctx, json_t *message)
{
    say(ctx, message);
}

static void on_line(void *ctx, uint64_t number, const char *text, size_t n)
{
    bridge_line(((struct agent *)ctx)->bridge, number, text, n);
}

static void on_too_long(void *ctx, uint64_t number)
{
    bridge_too_long(((struct agent *)ctx)->bridge, number);
}

static void on_turn(void *ctx)
{
    struct agent *agent = ctx;

    bridge_turn(agent->bridge);
    wake(agent);
}

static void on_end(void *ctx)
{
    struct agent *agent = ctx;

    agent->end_ms = now_ms() + AGENT_END_WAIT_MS;
    wake(agent);
}

/* ---- life ---- */

static int open_link(struct agent *agent, struct err *err)
{
    struct config *config = agent->config;
    struct link_options options = {
        .client = {.region = config->region.name,
                   .agent = &config->agent,
                   .region_keys = &config->region,
                   .deliveries = true,
                   .software = "muster-agent " MUSTER_VERSION,
                   .mode = config->mode},
        .endpoint = config->broker,
        .endpoint_file = config->broker_file,
        .journal = config->journal,
    };
    struct client_io io = {
        .ctx = agent,
        .on_ready = on_ready,
        .on_refused = on_refused,
        .on_reply = on_reply,
        .on_delivery = on_delivery,
        .on_telemetry_refused = on_telemetry_refused,
        .on_recovered = on_recovered,
        .on_bad = on_bad,
        .on_trouble = on_trouble,
        .on_failed = on_failed,
    };

    return link_open(&agent->loop, agent->context, &options, &io, on_waiting, &agent->link, err);
}

static int open_sink(struct agent *agent, struct err *err)
{
    struct player_io player_io = {.ctx = agent,
                                  .say = on_say,
                                  .note = on_note,
                                  .units = on_units,
                                  .telemetry = on_places,
                                  .remark = on_remark};
    struct lines_io lines_io = {
        .ctx = agent, .on_line = on_line, .on_too_long = on_too_long, .on_turn = on_turn, .on_end = on_end};

    if (agent->config->profile.bridge) {
        agent->json = true;
        agent->bridge = bridge_new(link_client(agent->link), on_answer, agent);
        if (!agent->bridge) {
            return ERR_NO_MEMORY;
        }
        return lines_open(&agent->loop, STDIN_FILENO, &lines_io, &agent->lines, err);
    }
    agent->player = player_new(&agent->config->profile, &player_io);
    return agent->player ? 0 : ERR_NO_MEMORY;
}

static int open_all(struct agent *agent, struct err *err)
{
    static const int NUMBERS[2] = {SIGTERM, SIGINT};
    int rc = net_boot_timer_open(&agent->loop, on_timer, agent, &agent->timer, err);

    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(&agent->loop, &agent->signals[i]);
        agent->signals[i].data = agent;
        uv_signal_start(&agent->signals[i], on_signal, NUMBERS[i]);
    }
    rc = rc ? rc : open_link(agent, err);
    rc = rc ? rc : open_sink(agent, err);
    rc = rc ? rc : client_resume(link_client(agent->link), err);
    return rc;
}

int agent_run(struct config *config, bool json, struct err *err)
{
    struct agent agent = {.config = config, .json = json, .err = err};
    int rc;

    signal(SIGPIPE, SIG_IGN);
    if (crypto_init()) {
        return err_set(err, ERR_SOFTWARE, "libsodium does not start");
    }
    if (uv_loop_init(&agent.loop)) {
        return err_set(err, ERR_OS, "no event loop");
    }
    rc = net_context_new(&agent.context, err);
    if (rc) {
        goto out_loop;
    }
    rc = open_all(&agent, err);
    if (rc) {
        agent_close(&agent);
    } else {
        wake(&agent);
    }
    uv_run(&agent.loop, UV_RUN_DEFAULT);
    rc = rc ? rc : agent.rc;
    player_free(agent.player);
    bridge_free(agent.bridge);
    net_context_free(agent.context);
out_loop:
    uv_loop_close(&agent.loop);
    return rc;
}
