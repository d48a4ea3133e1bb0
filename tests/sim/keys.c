#include "tests/sim/keys.h"

#include <stdio.h>
#include <string.h>

#include "common/wire/wire.h"

enum { ASK_WITHIN_MS = 5000, AMEND_ANSWER_MS = 4000 };

static const char *const NAMES[ADDRESSES] = {"emergency-management/centre", "health/desk",
                                             "public-security/desk",        "fire-rescue/station-1",
                                             "fire-rescue/station-2",       "fire-rescue"};

const char *keys_address(const struct keys *keys, unsigned n)
{
    return keys->addresses[n];
}

void keys_name(struct keys *keys, const struct sim_region *which)
{
    keys->which = which;
    (void)snprintf(keys->region.name, sizeof keys->region.name, "%s", which->code);
    for (unsigned n = 0; n < ADDRESSES; n++) {
        (void)snprintf(keys->addresses[n], sizeof keys->addresses[n], "%s/%s", which->code, NAMES[n]);
    }
}

struct policy keys_policy(const char *version)
{
    static const char *const REQUIRED[] = {"place", "casualties"};
    static const char *const HOSE[] = {"hose"};
    static const char *const SUIT[] = {"mask", "suit"};
    static const struct kind_policy KINDS[] = {
        {.kind = "fire", .required = {REQUIRED, 2}, .ask_within_ms = ASK_WITHIN_MS, .needs = {HOSE, 1}}};
    static const struct substance_policy SUBSTANCES[] = {{.substance = "chlorine", .needs = {SUIT, 2}}};
    static const struct order_kind_policy ORDER_KINDS[] = {{.kind = "dispatch"}, {.kind = "stand-by"}};

    return (struct policy){.kinds = KINDS,
                           .kinds_n = 1,
                           .substances = SUBSTANCES,
                           .substances_n = 1,
                           .order_kinds = ORDER_KINDS,
                           .order_kinds_n = 2,
                           .amend_answer_ms = AMEND_ANSWER_MS,
                           .version = version};
}

static void found(struct keys *keys, const struct rng *rng, int64_t utc_ms, struct command command)
{
    struct signed_command said = {.payload = {NULL, 0}};
    struct buf payload, bytes;

    command.region = keys->which->code;
    command.epoch = 1;
    command.mode = MODE_ACTUAL;
    command.agent = "";
    command.operator= "";
    command.issued_at_ms = utc_ms;
    buf_init(&payload, 0);
    buf_init(&bytes, 0);
    wire_encode_command(&command, &payload);
    said.payload = buf_bytes(&payload);
    (void)sign_batch(&keys->root.sign, rng, &said, 1);
    wire_encode_signed(&said, &bytes);
    buf_u32(&keys->genesis, (uint32_t)bytes.n);
    buf_append(&keys->genesis, bytes.p, bytes.n);
    buf_free(&payload);
    buf_free(&bytes);
}

static void enrol(struct keys *keys, const struct rng *rng, int64_t utc_ms, const struct secret_keys *who,
                  struct words rights, bool is_operator)
{
    struct command command = {.kind = is_operator ? COMMAND_ENROL_OPERATOR : COMMAND_ENROL_AGENT};

    command.enrol.name = who->name;
    command.enrol.rights = rights;
    memcpy(command.enrol.sign_key, who->sign.public.b, KEY_BYTES);
    if (!is_operator) {
        memcpy(command.enrol.curve_key, who->curve_public, KEY_BYTES);
    }
    found(keys, rng, utc_ms, command);
}

/* Grades by the dead, as check_rules.c reckons them too; a rule that waits, and those of silence: its
 * addressee is reminded once, then others are asked until nobody is left who is able, as they
 * are at once when it is declined. */
static const char PACK[] =
    "pack: sim\nversion: 1\nmatch: all\nrules:\n"
    "  - {rule: grave, when: incident, if: dead >= 3, do: [grade: II]}\n"
    "  - {rule: slight, when: incident, if: dead < 3, do: [grade: IV]}\n"
    "  - {rule: lasting, when: incident, if: grade = 2, for: 3 s, do: [raise: II]}\n"
    "  - {rule: silent, when: order-unanswered, do: [notify: centre]}\n"
    "  - {rule: remind, when: order-unanswered, if: step = 0, do: [remind: 2 s]}\n"
    "  - {rule: next, when: order-unanswered, if: step > 0, do: [reissue: next-able]}\n"
    "  - {rule: declined, when: order-declined, do: [reissue: next-able]}\n"
    "  - {rule: nobody, when: ability-short, do: [refer: parent]}\n";

const struct sim_region *keys_alone(void)
{
    static const struct sim_region ALONE = {"370102", "Lixia", "370100", PACK};

    return &ALONE;
}

void keys_make(struct keys *keys, const struct rng *rng, int64_t utc_ms)
{
    static const char *const CENTRE[] = {"centre", "watch"};
    static const char *const OPERATOR[] = {"report", "order", "recall", "evacuate",
                                           "close",  "admin", "grade",  "level"};
    static const char *const FIELD[] = {"report", "receipt", "units"};
    struct command command = {.kind = COMMAND_FOUND_REGION};

    buf_init(&keys->genesis, 0);
    keys_generate("root", rng, &keys->root);
    keys_generate("broker", rng, &keys->broker);
    keys_generate("duty-officer", rng, &keys->operator);
    keys->region.sign = keys->root.sign.public;
    command.found_region = (struct found_region){
        .region = keys->which->code, .name = keys->which->name, .parent = keys->which->parent};
    memcpy(command.found_region.root_key, keys->root.sign.public.b, KEY_BYTES);
    memcpy(command.found_region.broker_sign_key, keys->broker.sign.public.b, KEY_BYTES);
    memcpy(command.found_region.broker_curve_key, keys->broker.curve_public, KEY_BYTES);
    found(keys, rng, utc_ms, command);
    found(keys, rng, utc_ms, (struct command){.kind = COMMAND_SET_POLICY, .set_policy = keys_policy("0")});
    found(keys, rng, utc_ms,
          (struct command){.kind = COMMAND_SET_PACK, .set_pack = {.text = keys->which->pack}});
    enrol(keys, rng, utc_ms, &keys->operator,(struct words){OPERATOR, 8}, true);
    for (unsigned i = 0; i < AGENTS; i++) {
        keys_generate(keys->addresses[i], rng, &keys->agents[i]);
        enrol(keys, rng, utc_ms, &keys->agents[i],
              i == 0 ? (struct words){CENTRE, 2} : (struct words){FIELD, 3}, false);
    }
}

void keys_enrol_link(struct keys *keys, const struct rng *rng, int64_t utc_ms, const struct keys *other)
{
    static const char *const LINK[] = {"link"};
    struct secret_keys broker = other->broker;

    (void)snprintf(broker.name, sizeof broker.name, "%s/broker/link", other->which->code);
    enrol(keys, rng, utc_ms, &broker, (struct words){LINK, 1}, false);
}

void keys_free(struct keys *keys)
{
    buf_free(&keys->genesis);
}
