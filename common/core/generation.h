/* From which generation of the log on a rule of decision, or a kind of event, is there: a log of before
 * decides as it did. A log says in its region's stream when it comes to hold more (docs/log.md, "Rules of
 * change"). */
#ifndef MUSTER_COMMON_CORE_GENERATION_H
#define MUSTER_COMMON_CORE_GENERATION_H

/* Which kinds of event this version writes: 0 those that were there from the beginning, 1 those of rules,
 * grades, levels and alerts, 2 those of regions that share incidents, of orders that nobody answers, of
 * incidents that belong together, of command posts, and questions for a grade, 3 those of how far an incident
 * reaches, of who was not reached, of readings and silence, what has grown since a person graded it, and
 * what regions order and count apart, 4 those of what a merge takes over and a split gives back, of what the
 * grade would be if a count were reckoned otherwise, of warnings that are in force, of command posts that
 * were set up apart, that rules are due of an order, and of counts that a closing did not know. */
enum {
    EVENT_GENERATION = 4,
    GENERATION_ASKS_GRADE = 2, /* from here on a person is asked where no pack grades a kind */
    GENERATION_GREW = 3,       /* ... and asked again when what he has graded grows */
    GENERATION_SPREAD = 3,     /* ... and it is noted which regions are touched, and other regions' levels */
    GENERATION_CLAIMS = 3,     /* ... and what claims a region that is another's, or none, is refused */
    GENERATION_UNREACHED = 3,  /* ... and it is said who was not reached, and who was told instead */
    GENERATION_APART = 3,      /* what regions do apart is told, and no word counts as said long after now */
    GENERATION_ALERTS = 4,     /* what warns of this region stays at hand, and rules are asked about it */
    GENERATION_RECEIVED = 4,   /* clocks run from when this region heard of an incident, not from when its
                                * home did; facts have their times from the first word on */
    GENERATION_KINDS = 4,      /* packs may call kinds of incident by their Chinese names, and tables what a
                                * region is and what was asked for */
    GENERATION_WAITS = 4,      /* a wait for a rule that has become another begins anew */
    GENERATION_DECLINED = 4,   /* rules are asked about an order that is declined */
    GENERATION_COVERS = 4, /* of more disputes than a record holds, those of orders that have none go first */
    GENERATION_FOLLOWS = 4, /* who follows hears of reminders, command posts and what ends with an incident */
    GENERATION_OTHERWISE = 4,    /* what the grade would be by what does not count is told ... */
    GENERATION_GIVES_BACK = 4,   /* ... and a split gives back what the merge brought, and is told */
    GENERATION_HERE = 4,         /* of what is told of other regions nobody is asked for the grade */
    GENERATION_CLOSED_WITH = 4,  /* who closes a shared incident says which counts he knew */
    GENERATION_LOWERED = 4,      /* that who leads has lowered the grade puts it in doubt elsewhere */
    GENERATION_PARTS = 4,        /* what is told of an incident that is merged here is the survivor's, too */
    GENERATION_EITHER_ID = 4,    /* an order is moved under any id of the event that it is of */
    GENERATION_FIRST_REPORT = 4, /* the first report of an incident that an order opened is its initial one */
    GENERATION_JOINS = 4,        /* what stands unsettled in a past that is told is shown to who joins late */
    GENERATION_SETTLES = 4,      /* who leads takes a lead that is disputed anew */
    GENERATION_UPHELD = 4,       /* a person is asked where the rule that gave the grade holds no more ... */
    GENERATION_RESTS = 4, /* ... and a wait for a reading that broke off rests as long as it was to be */
    GENERATION_TIERS = 4  /* rules are told that a region is a township or a village */
};

#endif
