"""Incidents that are merged, and followed in other regions. A city that takes those of two counties for one
event: to the counties they are two, and what each goes on telling of its own is the event's in the city, and
reaches the other county by it."""
import os

from agents import FIRE, until
from harness import main, SOURCE
from regions import CITY, COUNTY, LinkedRegions, NEIGHBOUR

DECREE = os.path.join(SOURCE, "common/rules/packs/decree-493.yaml")


class Merged(LinkedRegions):
    with_neighbour = True

    def two(self, *facts):
        """One of each county, with `facts` of the neighbour's; the city merges that one into the other."""
        for region in (self.city, self.neighbour):
            region.muster("rules", "load", DECREE)
        first = self.county.report("--kind", "collapse", "--dead", "1")
        second = self.neighbour.report("--kind", "collapse", *facts)
        self.county.muster("incident", "refer", first, "--to", CITY)
        self.neighbour.muster("incident", "refer", second, "--to", CITY)
        self.follows(self.city, first, casualties={"dead": 1})
        self.follows(self.city, second)
        self.city.muster("incident", "merge", second, "--into", first)
        self.follows(self.county, first, links=[
            {"incident": second, "link": "related", "caused": False, "merged_elsewhere": True}])
        return first, second

    def apart(self, second, count, holds):
        return [{"fact": "dead", "count": count, "holds": holds, "region": NEIGHBOUR, "of": second}]

    def test_what_rises_in_one_county_is_the_events(self):
        first, second = self.two()
        self.neighbour.muster("incident", "update", second, "--dead", "12")
        for region in (self.city, self.county):
            shown = self.follows(region, first, grade="II", casualties={"dead": 1})
        self.follows(self.county, second, casualties={"dead": 12})  # who follows the event follows both
        shown = self.shown(self.city, first)
        self.assertEqual([{key: row[key] for key in row if key != "at_ms"} for row in shown["counted_apart"]],
                         self.apart(second, 12, 1))
        clocks = {clock["clock"] for clock in shown["clocks"]}
        self.assertTrue(clocks, "the city's own clocks of a major accident")
        self.assertIn("ONE EVENT, as another region has it", self.county.muster("incident", "show", first))
        page = self.city.muster("incident", "show", first)
        self.assertIn(f"COUNTED APART: dead 1, but 12 by {NEIGHBOUR} of ", page)
        self.assertIn("已并入的事件", self.city.muster("incident", "show", first, "--lang", "zh"))

        self.county.muster("incident", "update", first, "--dead", "2")  # knows nothing of the twelve
        shown = self.follows(self.city, first, casualties={"dead": 2})
        self.assertEqual(shown["counted_apart"][0]["count"], 12)
        self.city.muster("incident", "update", first, "--dead", "14", "--text", "两处合计")
        for region in (self.city, self.county):
            self.follows(region, first, casualties={"dead": 14}, counted_apart=[])
        self.assert_verified()

    def test_what_goes_on_is_listed_when_the_survivor_is_closed(self):
        first, second = self.two("--dead", "3")
        self.assertIsNone(self.shown(self.city, second))
        self.county.muster("incident", "close", first)
        shown = self.follows(self.city, second, casualties={"dead": 3})
        self.assertFalse(self.city.json("incident", "show", first)[0]["open"])
        self.neighbour.muster("incident", "close", second)
        until(lambda: not self.shown(self.city, second), "the city to hear that it is over")
        self.assert_verified()

    def test_a_kill_between_keeps_what_was_heard(self):
        first, second = self.two()
        self.relays[self.neighbour].part()
        self.neighbour.muster("incident", "update", second, "--dead", "12")
        self.city.kill_broker()
        self.city.start_broker()
        self.relays[self.neighbour].heal()
        shown = self.follows(self.city, first, grade="II")
        self.assertEqual(shown["counted_apart"][0]["count"], 12)
        self.assert_verified()

    def test_orders_of_what_was_merged_below_are_seen_above(self):
        """The merged one went nowhere by itself; the city is to see who is at work there."""
        first, second = self.county.report("--dead", "1"), self.county.report()
        order = self.county.issue(FIRE, "--incident", second)
        self.county.muster("incident", "refer", first, "--to", CITY)
        self.follows(self.city, first)
        self.county.muster("incident", "merge", second, "--into", first)
        shown = self.follows(self.city, second)
        self.assertEqual([row["order"] for row in shown["orders"]], [order])
        third = self.county.report()
        self.county.muster("incident", "merge", third, "--into", first)
        self.county.muster("incident", "refer", first, "--to", NEIGHBOUR)
        for incident in (first, second, third):
            self.follows(self.neighbour, incident)
        self.assert_verified()

    def test_what_is_merged_below_is_followed_above(self):
        shared = self.county.report("--dead", "1")
        self.county.muster("incident", "refer", shared, "--to", CITY)
        self.follows(self.city, shared, casualties={"dead": 1})
        survivor = self.county.report("--caller", "139-0000")
        self.county.muster("incident", "merge", shared, "--into", survivor)
        self.follows(self.city, survivor, casualties={"dead": 1})
        self.follows(self.city, shared, links=[
            {"incident": survivor, "link": "related", "caused": False, "merged_elsewhere": True}])
        self.county.muster("incident", "update", shared, "--dead", "4")  # under the id that the city knows
        self.follows(self.city, survivor, casualties={"dead": 4})
        order = self.city.issue(f"{COUNTY}/{FIRE}", "--incident", shared)
        until(lambda: any(row["order"] == order for row in self.county.json("order", "list")), "the order")
        self.county.muster("order", "receipt", order, "--incident", survivor, "--rung", "completed",
                           "--config", self.county.path(self.county.config(FIRE)))
        self.city.wait_rung(order, "completed")
        self.assert_verified()

    def test_what_was_merged_below_ends_above_with_the_survivor(self):
        first, second = self.county.report("--dead", "1"), self.county.report("--dead", "2")
        for incident in (first, second):
            self.county.muster("incident", "refer", incident, "--to", CITY)
            self.follows(self.city, incident, reports=1)
        self.county.muster("incident", "merge", second, "--into", first)
        self.county.muster("incident", "close", first, "--reason", "done")
        for region in (self.city, self.county):
            until(lambda: not region.json("incident", "list"), f"{region.code} to have nothing open")
        self.assertIn("closed", self.city.muster("explain", self.city.log, second))
        self.assert_verified()


if __name__ == "__main__":
    main()
