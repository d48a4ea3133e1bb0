/* Bytes <-> plain structs: the only room that sees protobuf. Everything decoded is checked here: depth,
 * sizes, counts, UTF-8, no NUL in texts, ids of 16 bytes, keys of 32, enums and numbers in range, no field
 * twice. What was decoded lives in the arena given; the arena's budget bounds what an input can cost.
 * Pure; any thread.
 *
 * Decoders return 0, ERR_PROTOCOL (err says which field and why) or ERR_NO_MEMORY. Encoders append to
 * buf, whose `failed` tells when it did not fit, or when no decoder would take what was to be said. The
 * same struct always gives the same bytes. */
#ifndef MUSTER_COMMON_WIRE_WIRE_H
#define MUSTER_COMMON_WIRE_WIRE_H

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/err.h"
#include "common/core/command.h"
#include "common/core/event.h"
#include "common/core/refusal.h"
#include "common/core/telemetry.h"
#include "common/crypto/crypto.h"

enum {
    PROTOCOL_VERSION = 1,
    FRAME_MAX = 256 * 1024,   /* an Envelope: the largest command (64 orders of 2 KiB text) with room */
    COMMAND_MAX = 160 * 1024, /* its payload, so that its record with the events fits a frame too */
    SIGNATURES_MAX = 2,
    RECORD_MAX = FRAME_MAX - 4 * 1024, /* so that the Deliver or TailItem that bears it fits a frame */
    BUNDLE_MAX = 64,                   /* envelopes of a bundle that we take */
    ARENA_PER_FRAME = 4 * FRAME_MAX    /* decoding and deciding one frame may cost this much memory */
};

/* --- commands ---------------------------------------------------------------------------------- */

int wire_decode_command(struct bytes bytes, struct arena *arena, struct command *ret, struct err *err);
void wire_encode_command(const struct command *command, struct buf *ret);
/* What keeps a command from being written: "command.issue_orders.orders[0].text: not UTF-8", ERR_DATA, or its
 * size, ERR_TOO_BIG. 0: nothing does. */
int wire_command_fault(const struct command *command, struct err *err);
/* The counter of a command that wire_decode_command() refused, so that its author knows which it was; 0 if
 * it cannot be read. */
uint64_t wire_peek_counter(struct bytes bytes);

/* --- records of other regions ------------------------------------------------------------------ */

/* What a region's broker says of a record of its log, for who has no more than this of it. */
void shared_sign(const struct sign_key *broker, struct shared_record *shared);
bool shared_verify(const struct public_key *broker, const struct shared_record *shared);

struct wire_signature {
    const char *signer; /* "" the one whom the command names */
    struct signature signature;
};

/* A command as it travels and as it is kept. */
struct signed_command {
    struct bytes payload; /* exact bytes */
    uint8_t salt[SALT_BYTES];
    uint32_t batch_index;
    uint32_t batch_size;
    struct hash path[MERKLE_DEPTH_MAX];
    size_t path_n;
    struct wire_signature signatures[SIGNATURES_MAX];
    size_t signatures_n;
};

int wire_decode_signed(struct bytes bytes, struct arena *arena, struct signed_command *ret, struct err *err);
void wire_encode_signed(const struct signed_command *command, struct buf *ret);

/* The order that a re-issue says again: how it was said, the command, and its words there. All is the
 * arena's. ERR_PROTOCOL: `said` is no such order. */
struct said_again {
    struct signed_command signed_command;
    struct command command;
    const struct new_order *order;
};
int wire_decode_said_again(const struct reissue_order *reissue, struct arena *arena, struct said_again *ret,
                           struct err *err);

/* The root that its signatures are over; false when path, index and size do not fit. */
bool signed_root(const struct signed_command *command, struct hash *ret);
/* What was proved last, so that a batch's one signature is checked once. Begin with zeros. */
struct batch_proof {
    struct merkle_way way;
    struct public_key key;
    struct hash root;
    struct signature signature;
    bool holds;
};

/* Whether the first signature is this key's over the command's root, which is given back; `proof` may be
 * NULL. */
bool signed_holds(struct batch_proof *proof, const struct public_key *key,
                  const struct signed_command *command, struct hash *ret_root);

/* Signs payloads as one batch (n >= 1): fills salt (from rng), index, size, path and one signature of
 * each. ERR_USAGE (n is 0), ERR_TOO_BIG (beyond 65,536) or ERR_NO_MEMORY. */
int sign_batch(const struct sign_key *key, const struct rng *rng, struct signed_command *commands, size_t n);
/* Adds a second person's signature to a command that bears one. ERR_USAGE (it bears none), ERR_TOO_BIG (it
 * bears two), ERR_DATA (its path does not fit). signer must live as long as the command. */
int sign_again(const struct sign_key *key, const char *signer, struct signed_command *command);

/* --- records ----------------------------------------------------------------------------------- */

struct record {
    struct signed_command signed_command;
    struct event *events;
    size_t events_n;
    uint32_t unknown_events; /* of kinds that this version does not know: kept in the bytes, not in
                                  events; to be shown, not applied */
    enum refusal refusal;    /* REFUSED_NOT: there are events */
    const char *detail;
};

int wire_decode_record(struct bytes bytes, struct arena *arena, struct record *ret, struct err *err);
/* What was decided, without the command: its bytes are passed over, signed_command of ret is zero. For
 * folding what a hash has vouched for. */
int wire_decode_outcome(struct bytes bytes, struct arena *arena, struct record *ret, struct err *err);
void wire_encode_record(const struct record *record, struct buf *ret);
/* A record of many small parts takes more memory than bytes: whether ARENA_PER_FRAME holds it for who starts
 * a broker from it, and for an agent, which has the frame in it too, the command, and a list of its own. 0,
 * ERR_TOO_BIG, or ERR_NO_MEMORY: the system had none to try it with. */
int wire_record_can_be_read(struct bytes bytes);

/* --- the conversation -------------------------------------------------------------------------- */

enum envelope_kind {
    ENVELOPE_NONE = 0,
    ENVELOPE_HELLO = 1,
    ENVELOPE_SUBMIT = 2,
    ENVELOPE_CREDIT = 3,
    ENVELOPE_TAIL = 4,
    ENVELOPE_BEAT = 5,
    ENVELOPE_BYE = 6,
    ENVELOPE_TELEMETRY = 7,
    ENVELOPE_SUBSCRIBE = 8,
    ENVELOPE_BUNDLE = 9,
    ENVELOPE_WELCOME = 16,
    ENVELOPE_REPLY = 17,
    ENVELOPE_DELIVER = 18,
    ENVELOPE_TAIL_ITEM = 19,
    ENVELOPE_TAIL_END = 20,
    ENVELOPE_TELEMETRY_REFUSED = 21
};

struct signed_head {
    bool present;
    const char *region;
    uint64_t epoch;
    uint64_t seq;
    struct hash hash;
    struct signature signature;
};

void signed_head_sign(const struct sign_key *broker, struct signed_head *head);
bool signed_head_verify(const struct public_key *broker, const struct signed_head *head);

struct hello {
    uint32_t protocol;
    const char *agent;
    bool deliveries;
    uint32_t window;
    struct signed_head seen;
    const char *software;
    uint32_t bundle_max; /* envelopes; 0 or 1: no bundles */
    const char *parent;  /* of a region's broker: the region above it; else "" */
};

struct welcome {
    uint32_t protocol;
    const char *region;
    uint64_t epoch;
    uint64_t last_counter;
    uint32_t beat_ms;
    uint32_t frame_max;
    struct signed_head head;
    int64_t bus_ms;
    uint64_t acked[LANE_MAX + 1];
    uint32_t bundle_max; /* as in Hello */
};

enum outcome { OUTCOME_NONE = 0, OUTCOME_DONE = 1, OUTCOME_UNCHANGED = 2, OUTCOME_REFUSED = 3 };

struct reply {
    uint64_t counter;
    enum outcome outcome;
    uint64_t seq;
    struct hash hash;
    enum refusal refusal;
    const char *detail;
    uint32_t retry_ms;
    enum lane ack_lane;
};

struct credit {
    enum lane lane; /* LANE_NONE: tail items; LANE_TELEMETRY: its envelopes */
    uint32_t add;
};

struct deliver {
    enum lane lane;
    uint64_t seq;
    uint64_t epoch;
    int64_t bus_ms;
    struct hash hash;
    struct bytes record; /* empty: a tombstone */
    const struct id *recalled;
    size_t recalled_n;
};

enum tail_filter { TAIL_NONE = 0, TAIL_ALL = 1, TAIL_OPEN = 2, TAIL_STREAM = 3, TAIL_SHARED = 4 };

struct tail {
    enum tail_filter filter;
    const char *stream;
    uint64_t from_seq;
    bool follow;
    uint32_t credit;
    uint32_t id; /* the client's choice: items and end bear that of their Tail */
};

/* A record with its header, as readers get it: common/log's header, spelt out. */
struct tail_item {
    uint64_t seq;
    uint64_t epoch;
    uint32_t kind;
    uint8_t outcome;
    int64_t bus_ms;
    int64_t utc_ms;
    int64_t occurred_ms;
    uint8_t boot[16];
    const char *author;
    uint64_t counter;
    struct hash hash;
    struct hash payload_hash;
    struct bytes record; /* empty: redacted */
    uint32_t id;
};

struct tail_end {
    uint64_t head_seq;
    enum refusal refusal;
    const char *detail;
    uint32_t id;
};

struct beat {
    struct signed_head head;
    int64_t bus_ms;
};

struct bye {
    enum refusal refusal; /* REFUSED_NOT: a plain good-bye */
    const char *reason;
};

struct telemetry {
    const struct sample *samples;
    size_t samples_n;
};

struct subscribe {
    const char *source; /* agency or agent; "" everybody */
    enum mode mode;     /* MODE_NONE: actual */
    bool every_mode;
    uint32_t credit; /* envelopes */
    bool end;
};

struct telemetry_refused {
    enum refusal refusal;
    const char *detail;
    bool subscription;
    uint32_t samples;
};

/* Each is to be read by wire_decode_bundled(). */
struct bundle {
    const struct bytes *envelopes;
    size_t envelopes_n;
};

struct envelope {
    enum envelope_kind kind;
    union {
        struct hello hello;
        struct signed_command submit;
        struct credit credit;
        struct tail tail;
        struct beat beat;
        struct bye bye;
        struct telemetry telemetry;
        struct subscribe subscribe;
        struct bundle bundle;
        struct welcome welcome;
        struct reply reply;
        struct deliver deliver;
        struct tail_item tail_item;
        struct tail_end tail_end;
        struct telemetry_refused telemetry_refused;
    };
};

/* payload, record and other byte strings point into `bytes` or the arena: keep both. */
int wire_decode_envelope(struct bytes bytes, struct arena *arena, struct envelope *ret, struct err *err);
void wire_encode_envelope(const struct envelope *envelope, struct buf *ret);
/* One envelope of a bundle: neither a bundle itself nor what must stand alone. */
int wire_decode_bundled(struct bytes bytes, struct arena *arena, struct envelope *ret, struct err *err);

#endif
