/* A region 行政区: who may speak there, and the policy in force. One stream, "region/CODE". */
#ifndef MUSTER_COMMON_CORE_REGION_H
#define MUSTER_COMMON_CORE_REGION_H

#include "common/core/command.h"
#include "common/core/division.h"
#include "common/core/warning.h"
#include "common/core/words.h"

struct member {
    const char *name; /* REGION/AGENCY/AGENT, or an operator's */
    bool is_operator;
    bool revoked;
    uint8_t sign_key[KEY_BYTES];
    uint8_t curve_key[KEY_BYTES]; /* agents only */
    struct words rights;          /* array owned */
};

/* A rule pack in force. Its text, because that is what is compiled; the hash, because that is what reasons
 * name. */
struct region_pack {
    const char *name; /* interned, as version and text are */
    const char *version;
    const char *text;
    uint8_t hash[HASH_OF_PACK_BYTES];
    int64_t set_at_ms; /* 0: not known */
};

/* What is known of the line to another region's broker. */
struct region_link {
    const char *region;
    bool up;
    int64_t since_ms; /* bus time */
    uint64_t untold;  /* records that it does not know of, and never will by itself */
    /* Canaries: how long nothing has crossed, whatever is connected. */
    int64_t sent_ms;        /* the last from here ... */
    int64_t returned_ms;    /* ... and the last from here that the other end is known to have heard */
    int64_t heard_ms;       /* the last from there, when it came ... */
    int64_t heard_sent_ms;  /* ... and when it was sent, by the other end's clock */
    uint32_t late_ms;       /* they are late when they are older, by our canaries' times ... */
    uint32_t heard_late_ms; /* ... and by theirs; 0: not said */
};

enum { REGION_PACKS_MAX = 16 };

struct region {
    const char *code; /* "" until founded */
    const char *name;
    const char *parent; /* as the founding says; "": see region_parent() */
    int32_t utc_offset_minutes;
    uint8_t root_key[KEY_BYTES];
    uint8_t broker_sign_key[KEY_BYTES];
    uint8_t broker_curve_key[KEY_BYTES];
    struct member *members; /* sorted by name */
    size_t members_n;
    uint32_t generation;                        /* of the kinds of event that the log holds; see event.h */
    struct policy policy;                       /* deep copy; texts interned */
    struct region_pack packs[REGION_PACKS_MAX]; /* sorted by name */
    size_t packs_n;
    struct division *divisions; /* the table in force; interned texts */
    size_t divisions_n;
    const char *divisions_source;
    uint8_t divisions_hash[HASH_OF_PACK_BYTES];
    struct region_link *links; /* of which something was noted */
    size_t links_n;
    struct warning *warnings; /* at hand, in the order in which they came; WARNINGS_MAX */
    size_t warnings_n;
    uint32_t warnings_turn;   /* how often what rules of incidents ask of them has changed ... */
    uint32_t warnings_heeded; /* ... and up to which of it all open incidents were asked */
    int64_t clock_bus_ms;     /* of the last ClockSet */
    int64_t clock_utc_ms;
    int64_t clock_boot_ms;
    uint8_t clock_boot[16];
    uint64_t clock_steps;   /* of the wall clock, that a ClockSet tells of */
    uint64_t clock_stops;   /* times that the broker stood still ... */
    int64_t clock_stood_ms; /* ... and for so long in all */
    uint64_t refusals_counted;
    uint64_t recovered_epoch; /* that the last recovery ended, with the record ...; 0: there was none */
    uint64_t recovered_seq;
    const char *recovered_reason; /* interned */
};

/* NULL when unknown. Revoked members are found too: ask. */
const struct member *region_member(const struct region *region, const char *name);
/* The members whose names begin with "PREFIX/", an agency's say: *ret_n of them, side by side; NULL: none. */
const struct member *region_members_under(const struct region *region, const char *prefix, size_t *ret_n);
const struct member *region_member_by_curve(const struct region *region, const uint8_t curve_key[KEY_BYTES]);

/* The code of the region above: what the founding says, else by GB/T 2260 the prefecture of a county, the
 * province of a prefecture; of a district of the four municipalities (11, 12, 31, 50) and of a county that
 * the province governs itself (9 in the third place) the province; of a township or village what its first
 * digits name. "" of a province. ret holds REGION_CODE_MAX + 1 bytes; returns the founding's word or ret. */
const char *region_parent(const struct region *region, char *ret);

/* The division of that code, filled up with zeros or not, on that day (YYYYMMDD); NULL: there is none in the
 * table. */
const struct division *region_division(const struct region *region, const char *code, uint32_t day);

/* The code is none, or the table has codes of its length and not this one on that day. What ends with
 * townships says nothing of villages. */
bool region_doubts_division(const struct region *region, const char *code, uint32_t day);

/* The same by GB/T 2260 alone, of any code. */
void region_code_above(const char *code, char ret[REGION_CODE_MAX + 1]);

/* `parent` can be the parent of `code`: it is of a higher level. So parents never go round in a circle. */
bool region_may_be_parent(const char *parent, const char *code);

/* Digits that tell regions of the code's level apart: 2 of a province, 4 of a prefecture, 6, 9, 12. */
size_t region_level_digits(const char *code);

/* NULL: nothing was noted of that line. */
struct region_link *region_line(const struct region *region, const char *code);

/* The line is connected, and for too long no canary has come, or none of ours is known to have arrived. */
bool region_line_is_stuck(const struct region_link *line, int64_t now_ms);

/* NULL: none of that name is in force. */
const struct region_pack *region_pack(const struct region *region, const char *name);

/* "order" is had by who has "order", or with kind "dispatch" by who has "order:dispatch". kind may be
 * NULL. */
bool member_has_right(const struct member *member, const char *right, const char *kind);

/* An agent that is enrolled, not revoked, and may give receipts. */
bool member_takes_orders(const struct member *member);

/* How far an author's clock may be off; what the policy says, or five minutes. */
int64_t region_clock_tolerance_ms(const struct region *region);

/* The same rules in the same order, under the same version. */
bool policy_equal(const struct policy *a, const struct policy *b);

/* NULL when the policy says nothing of it. */
const struct kind_policy *region_kind(const struct region *region, const char *kind);
const struct substance_policy *region_substance(const struct region *region, const char *substance);
const struct order_kind_policy *region_order_kind(const struct region *region, const char *kind);

#endif
