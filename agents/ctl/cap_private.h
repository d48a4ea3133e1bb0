/* What the readers of alerts share: for cap*.c alone. */
#ifndef MUSTER_AGENTS_CTL_CAP_PRIVATE_H
#define MUSTER_AGENTS_CTL_CAP_PRIVATE_H

#include "agents/ctl/cap.h"
#include "agents/ctl/xml.h"

struct cap_reading {
    struct xml_reader xml;
    const char *ns; /* of CAP's elements; NULL: none */
    bool dialect;   /* of the national platform */
};

/* An element of CAP's, NULL when it is not there. */
const xmlNode *cap_child(struct cap_reading *r, const xmlNode *parent, const char *name);
/* Its text, "" when it is not there or empty. Where it is needed that is an error, which names `parent`. */
const char *cap_name(struct cap_reading *r, const xmlNode *parent, const char *name, size_t max, bool needed);
const char *cap_words(struct cap_reading *r, const xmlNode *parent, const char *name);
/* One of a list's words, 0 when it is not there. */
int cap_value(struct cap_reading *r, const xmlNode *parent, const char *name, enum alert_list list,
              bool needed);
/* Milliseconds, 0 when it is not there. An RFC 3339 time with its offset; in the dialect with a blank for the
 * T. */
int64_t cap_time(struct cap_reading *r, const xmlNode *parent, const char *name, bool needed);
int64_t cap_time_of(struct cap_reading *r, const xmlNode *at, const char *text);
/* An array of as many elements as the parent has children of this name, at most `max`; *ret_n is their
 * number. */
void *cap_array(struct cap_reading *r, const xmlNode *parent, const char *name, size_t size, size_t max,
                size_t *ret_n);

/* category, urgency, severity (or colour) and certainty of an info or an entry. */
void cap_degrees(struct cap_reading *r, const xmlNode *parent, bool needed, struct alert_info *ret);
/* MeteoAlarm's awareness_level, "3; orange; Severe", or a parameter called colour. */
void cap_colour_by_parameter(struct alert_info *info);

/* cap_area.c: what describes a place. */
void cap_polygons(struct cap_reading *r, const xmlNode *parent, struct words *ret);
void cap_area(struct cap_reading *r, const xmlNode *node, struct alert_area *ret);

/* cap_feed.c */
int cap_read_feed(struct cap_reading *r, const xmlNode *feed, cap_say *say, void *ctx, struct cap_file *ret);

#endif
