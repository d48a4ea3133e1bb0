/* One line an event on standard output: for people, or as JSON. */
#ifndef MUSTER_AGENTS_AGENCY_SHOW_H
#define MUSTER_AGENTS_AGENCY_SHOW_H

#include "agents/agency/message.h"

/* "12:00:01 text", what came from outside escaped. */
void show_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
void show_delivery(const struct delivery *delivery);
void show_receipt(const struct give_receipt *receipt);
void show_remark(struct id order, const char *text);

/* Takes the reference. ERR_IO when standard output takes no more, ERR_NO_MEMORY. */
int show_json(json_t *message);

#endif
