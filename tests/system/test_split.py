"""A merge that is taken back: what nobody said of the survivor leaves it, there and in the region above."""
import os

from agents import FIRE, until
from harness import main, SOURCE
from regions import CITY, LinkedRegions

DECREE = os.path.join(SOURCE, "common/rules/packs/decree-493.yaml")


class Split(LinkedRegions):
    def two(self):
        """One of which nothing is known, one with forty dead; both collapse, and the city follows both."""
        first = self.county.report("--kind", "collapse")
        second = self.county.report("--kind", "collapse", "--dead", "40", "--loss", "60000000")
        for incident in (first, second):
            self.county.muster("incident", "refer", incident, "--to", CITY)
        return first, second

    def test_a_split_gives_back_here_and_above(self):
        for region in (self.county, self.city):
            region.muster("rules", "load", DECREE)
        first, second = self.two()
        self.follows(self.county, second, grade="I")
        self.follows(self.city, second, grade="I")
        self.county.issue(FIRE, "--incident", first)
        self.county.add(self.county.config(FIRE), "bridge: true")
        station = self.county.bridge(FIRE)
        station.one("ready")
        self.county.muster("incident", "merge", second, "--into", first)
        for region in (self.county, self.city):
            self.follows(region, first, grade="I", casualties={"dead": 40})
            graded, = [event["data"] for event in region.events()
                       if event["event"] == "graded" and event["incident"] == first]
            self.assertEqual((graded["grade"], graded["other"]), ("I", second))
            self.assertFalse({"subject", "what"} & set(graded))  # nobody has graded it
        self.follows(self.city, first, links=[
            {"incident": second, "link": "related", "caused": False, "merged_elsewhere": True}])
        clocks = {clock["clock"] for clock in self.shown(self.county, first)["clocks"]}
        self.assertIn("county-state", clocks)

        self.county.muster("incident", "split", second, "--reason", "另一处工地")
        told = station.one("notice", event="facts-returned", incident=first)  # who is at work there
        self.assertEqual((told["other"], told["graded"]), (second, True))
        self.assertIn("dead", told["fields"])
        for region in (self.county, self.city):
            shown = self.follows(region, first, grade="I", casualties={}, links=[])
            self.assertNotIn("loss", shown)
            until(lambda r=region: self.shown(r, first)["grade_asked_ms"], "a person to be asked")
            self.assertIn("a person is asked again", region.muster("incident", "show", first))
            text = region.muster("replay", region.log)
            self.assertIn("CAME WITH", text)
            self.assertIn("GIVEN BACK", text)
            self.assertIn("退回", region.muster("replay", region.log, "--lang", "zh"))
            self.assertEqual(self.shown(region, second)["casualties"], {"dead": 40})
        clock = {row["clock"]: row for row in self.shown(self.county, first)["clocks"]}["county-state"]
        self.assertEqual((clock["met_ms"], clock["stopped"]), (0, False))  # a duty is not undone
        self.county.muster("incident", "update", first, "--place", "东口")
        brief = self.county.muster("incident", "brief", first)
        self.assertIn("事件等级：特别重大（随并入事件）", brief)
        self.assertIn("死亡（人）：未报", brief)

        self.county.kill_broker()  # it is in the log
        self.county.start_broker()
        self.assertEqual(self.shown(self.county, first)["casualties"], {})
        self.county.muster("incident", "grade", first, "IV", "--reason", "无人员伤亡")
        self.county.muster("incident", "update", first, "--dead", "1")
        self.follows(self.county, first, grade="IV", casualties={"dead": 1})
        self.follows(self.city, first, casualties={"dead": 1})
        self.assert_verified()

    def test_what_was_said_since_stays_with_both_ends(self):
        first, second = self.two()
        self.county.muster("incident", "merge", second, "--into", first)
        self.follows(self.city, first, casualties={"dead": 40})
        self.relays[self.county].part()
        until(lambda: self.lines(self.county).get(CITY, {}).get("up") is False, "the line to be noted as cut")
        self.city.muster("incident", "update", first, "--dead", "7")  # a word of its own
        self.county.muster("incident", "split", second)
        self.assertEqual(self.shown(self.county, first)["casualties"], {})
        self.relays[self.county].heal()
        self.relays[self.county].cut()
        for region in (self.county, self.city):
            self.follows(region, first, casualties={"dead": 7}, counted_apart=[])
        self.assert_verified()


if __name__ == "__main__":
    main()
