#include "agents/ctl/founding.h"

#include <string.h>

#include "common/wire/wire.h"

/* 8,192 members of some 400 bytes, and one policy of at most a command; a broker reads no more. */
enum { FOUNDING_MAX = 8 * 1024 * 1024, FOUNDING_EPOCH = 1 };

static int append(const struct founding *founding, const struct rng *rng, struct command *command,
                  struct buf *ret, struct err *err)
{
    struct signed_command said = {.path_n = 0};
    struct buf payload;
    struct buf bytes;

    command->region = founding->region;
    command->epoch = FOUNDING_EPOCH;
    command->mode = MODE_ACTUAL;
    command->agent = "";
    command->operator= "";
    command->issued_at_ms = founding->utc_ms;
    buf_init(&payload, COMMAND_MAX);
    buf_init(&bytes, FRAME_MAX);
    wire_encode_command(command, &payload);
    said.payload = buf_bytes(&payload);
    int rc = payload.failed ? err_set(err, ERR_TOO_BIG, "the founding's %s is too large: shorten the roster",
                                      command_kind_name(command->kind))
                            : sign_batch(&founding->root->sign, rng, &said, 1);
    if (rc == 0) {
        wire_encode_signed(&said, &bytes);
        buf_u32(ret, (uint32_t)bytes.n);
        buf_append(ret, bytes.p, bytes.n);
        rc = bytes.failed || ret->failed ? err_set(err, ERR_TOO_BIG, "the founding is too large") : 0;
    }
    buf_free(&bytes);
    buf_free(&payload);
    return rc;
}

static int append_region(const struct founding *founding, const struct rng *rng, struct buf *ret,
                         struct err *err)
{
    struct command command = {.kind = COMMAND_FOUND_REGION};
    struct found_region *region = &command.found_region;

    region->region = founding->region;
    region->name = founding->name;
    region->parent = founding->parent;
    region->utc_offset_minutes = founding->utc_offset_minutes;
    memcpy(region->root_key, founding->root->sign.public.b, KEY_BYTES);
    memcpy(region->broker_sign_key, founding->broker->sign.b, KEY_BYTES);
    memcpy(region->broker_curve_key, founding->broker->curve, KEY_BYTES);
    return append(founding, rng, &command, ret, err);
}

int founding_encode(const struct founding *founding, const struct rng *rng, struct buf *ret, struct err *err)
{
    struct command policy = {.kind = COMMAND_SET_POLICY, .set_policy = founding->roster->policy};

    ret->max = FOUNDING_MAX;
    int rc = append_region(founding, rng, ret, err);
    rc = rc ? rc : append(founding, rng, &policy, ret, err);
    for (size_t i = 0; i < founding->roster->members_n && rc == 0; i++) {
        const struct roster_member *member = &founding->roster->members[i];
        struct command command = {.kind = member->is_operator ? COMMAND_ENROL_OPERATOR : COMMAND_ENROL_AGENT,
                                  .enrol = {.name = member->name, .rights = member->rights}};
        memcpy(command.enrol.sign_key, founding->members[i].sign.b, KEY_BYTES);
        if (!member->is_operator) {
            memcpy(command.enrol.curve_key, founding->members[i].curve, KEY_BYTES);
        }
        rc = append(founding, rng, &command, ret, err);
    }
    return rc;
}
