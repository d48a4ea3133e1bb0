/* Kinds of incident 事件类型 and of order 指令类型: the words that stand in logs and policies, and what
 * people call them.
 *
 * The four classes are those of the Emergency Response Law (突发事件应对法), Art. 2, and the first level of
 * GB/T 35561-2017; the second level follows the kinds that the National General Plan
 * (国家突发事件总体应急预案) names for each class. The five-digit codes of GB/T 35561 are not here. A policy
 * may use words that are not in the table; those are shown as they are. */
#ifndef MUSTER_COMMON_CORE_KIND_H
#define MUSTER_COMMON_CORE_KIND_H

#include <stdbool.h>
#include <stddef.h>

enum incident_class {
    CLASS_NONE,     /* of none, or of any: a call for an ambulance, an alarm, "other" */
    CLASS_NATURAL,  /* 自然灾害 */
    CLASS_ACCIDENT, /* 事故灾难 */
    CLASS_HEALTH,   /* 公共卫生事件 */
    CLASS_SECURITY  /* 社会安全事件 */
};

struct incident_kind {
    const char *word; /* "hazardous-chemical": what reports, policies and packs say */
    const char *en;
    const char *zh;
    enum incident_class class;
};

/* All of them, by class; a NULL word ends the table. */
const struct incident_kind *incident_kinds(void);
/* NULL: not in the table. */
const struct incident_kind *incident_kind_find(const char *word);
/* By its Chinese name, with or without what may stand behind that (事故, 灾害, 事件, 疫情). NULL: there is
 * none. */
const struct incident_kind *incident_kind_find_zh(const char *name);
/* The one that is meant by a name that is nearly its own. NULL: none is near. */
const struct incident_kind *incident_kind_near_zh(const char *name);
/* What a duty room calls it in Chinese; a word that is not in the table is given back. */
const char *incident_kind_zh(const char *word);
const char *incident_class_name(enum incident_class class); /* "natural", ...; "" none */
const char *incident_class_name_zh(enum incident_class class);

/* The same of an order's kind ("dispatch": 出动). */
const char *order_kind_zh(const char *word);

#endif
