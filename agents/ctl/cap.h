/* Alerts as the Common Alerting Protocol writes them: CAP 1.1 and 1.2 (OASIS), the national platform's
 * dialect (GB/T 35965), and Atom feeds (RFC 4287) whose entries bear CAP's words. Bytes in, checked plain
 * structs out, as COMMAND_RECORD_ALERT says them. Signatures in an alert are passed over and prove nothing
 * here. One thread.
 *
 * The dialect is known by its <senderCode>. It says times with a blank for the T, a colour for the severity,
 * a circle's radius in metres, and area codes of 12 digits without a name. */
#ifndef MUSTER_AGENTS_CTL_CAP_H
#define MUSTER_AGENTS_CTL_CAP_H

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/core/alert.h"

enum {
    CAP_ALERT_BYTES_MAX = 1024 * 1024,
    CAP_FEED_BYTES_MAX = 16 * 1024 * 1024,
    CAP_FEED_ENTRIES_MAX = 20000
};

struct cap_alert {
    struct record_alert said; /* texts are the arena's, or constant */
    long line;                /* where it begins */
};

/* One line for a person about an entry of a feed that is left out: "FILE:LINE: why". */
typedef void cap_say(void *ctx, const char *text);

struct cap_file {
    bool is_feed;
    struct cap_alert *alerts; /* the arena's; an alert's file has one */
    size_t n;
    size_t bad; /* entries that were left out, each said */
};

/* The n bytes of a file. Of an alert all or nothing; of a feed each good entry. ERR_DATA with place and
 * reason, ERR_NO_MEMORY. */
int cap_read(const char *file, const char *text, size_t n, struct arena *arena, cap_say *say, void *ctx,
             struct cap_file *ret, struct err *err);

/* 48 bits of `sent` and 80 of BLAKE2b-256("alert" 0 source 0 sender LF identifier LF sent in ms): the same
 * alert has the same id for ever, whoever imports it. */
struct id cap_id(enum alert_source source, const char *sender, const char *identifier, int64_t sent_ms);

#endif
