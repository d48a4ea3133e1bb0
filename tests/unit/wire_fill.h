/* Structs with every field set, made from the tables of common/wire: a field that is added to the schema
 * is in the tests at once. */
#ifndef MUSTER_TESTS_UNIT_WIRE_FILL_H
#define MUSTER_TESTS_UNIT_WIRE_FILL_H

#include "common/wire/wire_map.h"

/* Three bytes that stand in every text and name that wire_fill() makes, and nowhere else. */
#define WIRE_FILL_MARK "\xe6\xb0\xb4"

/* Sets all members of the map's message at plain (zeroed before) to values that differ and are not the
 * default. `body` counts the bodies of the map, where it has some: false when there is no such body. Of a
 * list of messages with bodies there is one of each. */
bool wire_fill(const struct wire_map *map, void *plain, size_t body, struct arena *arena);

/* The number of bodies of a map. */
size_t wire_bodies(const struct wire_map *map);

/* Fails the running test when a field of the message in these bytes is absent or has its default. */
void wire_assert_full(const struct wire_map *map, struct bytes bytes);

#endif
