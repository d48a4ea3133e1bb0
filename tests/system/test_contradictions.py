"""Orders that two regions gave apart, each not knowing the other's: both ends show them until a person has
decided, and nobody gets one twice."""
import os

import test_links
from agents import CENTRE, FIRE, until
from harness import main, SOURCE
from test_links import CITY, COUNTY, PROVINCE


class Contradictions(test_links.Regions):
    """The same regions and lines."""

    def heal(self):
        self.relays[self.county].heal()
        self.relays[self.county].cut()

    def disputes(self, region, incident, n):
        shown = until(lambda: (s := self.shown(region, incident)) and len(s["disputes"]) == n and s,
                      f"{region.code} to show {n} disputes")
        return shown["disputes"]

    def test_both_ends_show_orders_given_apart_until_a_person_decides(self):
        station = self.station()
        incident = self.county.report("--dead", "1")
        self.county.muster("incident", "refer", incident, "--to", CITY)
        self.follows(self.city, incident, casualties={"dead": 1})
        first = self.county.issue(FIRE, "--incident", incident, text="待命")
        until(lambda: self.city.order(first), "the city to hear of it")
        after = self.city.issue(f"{COUNTY}/{FIRE}", "--incident", incident, text="原地待命")
        station.one("order", order=first)
        station.one("order", order=after)
        self.disputes(self.county, incident, 0)  # it follows the county's, and contradicts nothing
        self.relays[self.county].part()
        until(lambda: self.lines(self.county).get(CITY, {}).get("up") is False, "the line to be noted as cut")
        inward = self.county.issue(FIRE, "--incident", incident, text="进入搜救")
        out = self.city.issue(f"{COUNTY}/{FIRE}", "--incident", incident, text="全部撤出")
        self.heal()
        station.one("order", order=inward)
        station.one("order", order=out)
        for region in (self.county, self.city):
            dispute, = self.disputes(region, incident, 1)
            self.assertEqual(dispute["why"], "same-addressee")
            self.assertEqual({dispute["order"], dispute["other"]}, {inward, out})
            self.assertEqual({dispute["region"], dispute["other_region"]}, {COUNTY, CITY})
            for command in (("incident", "show", incident), ("incident", "list"), ("order", "show", inward),
                            ("order", "show", out)):
                text = region.muster(*command)
                self.assertIn("CONTRADICTORY", text)
                self.assertIn("进入搜救", text)
                self.assertIn("全部撤出", text)
            self.assertIn("指令冲突", region.muster("incident", "show", incident, "--lang", "zh"))
            self.assertEqual(region.muster("order", "list").count("CONTRADICTED"), 2)
            self.assertIn("neither region knew of the other's", region.muster("replay", region.log))
        self.city.muster("incident", "refer", incident, "--to", PROVINCE)  # it hears of both in one past
        dispute, = self.disputes(self.province, incident, 1)
        self.assertEqual({dispute["order"], dispute["other"]}, {inward, out})
        self.assertIn("CONTRADICTORY", self.province.muster("incident", "show", incident))
        refused = self.city.call("order", "confirm", out)
        self.assertIn("--reason is wanted", refused.stderr)
        said = self.city.muster("order", "confirm", out, inward, "--reason", "东侧进入，西侧撤出")
        self.assertEqual(said.count("stands, and what contradicts it, too"), 2, said)
        for region in self.regions:
            self.disputes(region, incident, 0)
            self.assertIn("BOTH STAND", region.muster("replay", region.log))
            self.assertIn("东侧进入", region.muster("replay", region.log))
            self.assertNotIn("CONTRADICT", region.muster("order", "list"))
        self.assertEqual(len(station.all("order")), 4)
        self.assert_verified()

    def test_many_against_many_are_a_line(self):
        """At night it is to be seen what is the matter, and settled by naming the orders of one side."""
        self.station()
        incident = self.county.report("--dead", "1")
        self.county.muster("incident", "refer", incident, "--to", CITY)
        self.follows(self.city, incident, casualties={"dead": 1})
        self.relays[self.county].part()
        until(lambda: self.lines(self.county).get(CITY, {}).get("up") is False, "the line to be noted as cut")
        ours = [self.county.issue(FIRE, "--incident", incident, text=f"进入{n}号楼") for n in range(3)]
        theirs = [self.city.issue(f"{COUNTY}/{FIRE}", "--incident", incident, text=f"撤出{n}号楼")
                  for n in range(4)]
        self.heal()
        for region in (self.county, self.city):
            self.disputes(region, incident, 12)
            for command in (("incident", "show", incident), ("incident", "list")):
                line, = [each for each in region.muster(*command).splitlines() if "CONTRADICTORY" in each]
                self.assertIn("4 of region 370100", line)
                self.assertIn("3 of region 370102", line)
            for order in ours + theirs:
                self.assertIn(order[-6:], line)
            line, = [each for each in region.muster("incident", "show", incident, "--lang", "zh").splitlines()
                     if "指令冲突：下达" in each]
            replay = region.muster("replay", region.log)
            self.assertIn(replay.count("ORDERS CONTRADICT"), (3, 4))  # for each that came from there
        self.city.muster("order", "confirm", *theirs[:2], "--reason", "两栋楼")
        for region in (self.county, self.city):
            self.disputes(region, incident, 6)
            self.assertIn("2 of region 370100", region.muster("incident", "show", incident))
            self.assertEqual(region.muster("replay", region.log).count("and so do 3 orders"), 2)
        self.county.muster("order", "confirm", *ours, "--reason", "两栋楼")
        for region in (self.county, self.city):
            self.disputes(region, incident, 0)
        self.assert_verified()

    def test_what_a_region_said_before_it_shared_is_its_own(self):
        """The commonest flow there is: a count, a referral, a higher count. Nobody said anything apart."""
        incident = self.county.report("--dead", "1")
        self.county.muster("incident", "refer", incident, "--to", CITY)
        self.follows(self.city, incident, casualties={"dead": 1})
        self.county.muster("incident", "update", incident, "--dead", "2", "--serious", "3")
        self.follows(self.city, incident, casualties={"dead": 2, "serious": 3})
        self.city.muster("incident", "update", incident, "--dead", "4")
        self.follows(self.county, incident, casualties={"dead": 4, "serious": 3})
        for region in (self.county, self.city):
            self.assertEqual(self.shown(region, incident)["counted_apart"], [])
            self.assertNotIn("COUNTED APART", region.muster("replay", region.log))
        self.assert_verified()

    def test_a_grade_that_who_leads_lowers_is_doubted_elsewhere(self):
        """A grade is each region's own and is never lowered silently; nor does it stay so."""
        incident = self.county.report("--dead", "1")
        self.county.muster("incident", "grade", incident, "II", "--reason", "初判")
        self.county.muster("incident", "refer", incident, "--to", CITY)
        self.follows(self.city, incident, grade="II")
        self.county.muster("incident", "grade", incident, "IV", "--reason", "误报")
        self.follows(self.city, incident, grade="II", grade_doubted="IV", grade_doubted_region=COUNTY,
                     grade_doubted_by="duty-officer")
        for lang, said, stands in (
                ("en", f"is grade IV, says region {COUNTY}, which leads (duty-officer)",
                 f"grade II, region {COUNTY} (duty-officer) says it is IV: a person decides here"),
                ("zh", f"已改定为一般（牵头地区 {COUNTY}，duty-officer）：本地等级须由人决定",
                 f"{COUNTY}（duty-officer）已改定为一般：本地等级须由人决定")):
            replay = self.city.muster("replay", self.city.log, "--lang", lang)
            self.assertIn(said, replay)
            self.assertIn("误报", replay)
            self.assertIn(stands, self.city.muster("incident", "show", incident, "--lang", lang))
        self.county.muster("incident", "grade", incident, "II")  # as it was
        self.follows(self.city, incident, grade="II", grade_doubted="", grade_doubted_region="")
        self.county.muster("incident", "grade", incident, "IV", "--reason", "误报")
        self.follows(self.city, incident, grade="II", grade_doubted="IV")
        self.city.muster("incident", "grade", incident, "IV", "--reason", "已核实")
        self.follows(self.city, incident, grade="IV", grade_doubted="")
        self.city.muster("incident", "refer", incident, "--to", PROVINCE)  # which hears how it is now
        self.follows(self.province, incident, grade="IV", grade_doubted="")
        self.assertNotIn("grade-asked", [event["event"] for event in self.province.events()])
        self.assert_verified()

    def test_a_post_that_was_set_up_apart_is_shown_until_a_person_settles_it(self):
        incident = self.county.report("--dead", "1")
        self.county.muster("incident", "refer", incident, "--to", CITY)
        self.follows(self.city, incident)
        self.relays[self.county].part()
        until(lambda: self.lines(self.county).get(CITY, {}).get("up") is False, "the line to be noted as cut")
        self.city.muster("incident", "take-lead", incident)
        self.post(self.city, incident, "health", "li.na")
        self.post(self.county, incident, "fire-rescue", "wang.lei")
        self.heal()
        self.commands(incident, f"{CITY}/health", "li.na", 1)
        for region in (self.county, self.city):
            apart, = until(lambda r=region: self.shown(r, incident)["post"]["apart"], "the other post")
            self.assertEqual((apart["region"], apart["lead"], apart["commander"]),
                             (COUNTY, f"{COUNTY}/fire-rescue", "wang.lei"))
            for lang, shown, said in (("en", "ANOTHER COMMAND POST, set up apart by region 370102",
                                       "was set up apart by region 370102"),
                                      ("zh", "另有现场指挥部（370102 设立，未生效）", "另由 370102 设立")):
                for words in ("show", incident), ("list",):
                    self.assertIn(shown, region.muster("incident", *words, "--lang", lang))
                self.assertIn(said, region.muster("replay", region.log, "--lang", lang))
            seq = [event["seq"] for event in region.events() if event["event"] == "post-apart"][-1]
            brief = region.muster("incident", "brief", incident, "--as-of", str(seq))
            self.assertIn("总指挥 li.na，第 1 任；370102 另设：", brief)
        self.post(self.city, incident, "health", "li.na")  # it is this one
        for region in (self.county, self.city):
            until(lambda r=region: not self.shown(r, incident)["post"]["apart"], "it to be settled")
            self.assertIn("this one stands", region.muster("replay", region.log))
        self.commands(incident, f"{CITY}/health", "li.na", 1)
        self.assert_verified()

    def test_a_count_that_gave_way_is_shown_until_somebody_counts_anew(self):
        for region in (self.county, self.city):
            region.muster("rules", "load", os.path.join(SOURCE, "common/rules/packs/decree-493.yaml"))
        incident = self.county.report("--kind", "mine", "--dead", "1")
        self.county.muster("incident", "refer", incident, "--to", CITY)
        self.follows(self.city, incident, casualties={"dead": 1})
        self.relays[self.county].part()
        until(lambda: self.lines(self.county).get(CITY, {}).get("up") is False, "the line to be noted as cut")
        self.county.muster("incident", "update", incident, "--dead", "5")
        self.city.muster("incident", "update", incident, "--dead", "2")
        self.heal()
        for region in (self.county, self.city):
            shown = until(lambda: (s := self.shown(region, incident)) and s["counted_apart"] and s,
                          "the count that gave way")
            apart, = shown["counted_apart"]
            self.assertEqual((apart["fact"], apart["count"], apart["holds"]), ("dead", 5, 2))
            self.assertIn("COUNTED APART: dead 2, but 5", region.muster("incident", "list"))
            chinese = region.muster("incident", "show", incident, "--lang", "zh")
            self.assertIn("统计不一致：死亡 2 人，另有 5 人", chinese)
            self.assertIn("COUNTED APART: dead 5", region.muster("replay", region.log))
            other, = until(lambda r=region: self.shown(r, incident)["grade_otherwise"], "its grade")
            self.assertEqual((other["grade"], other["by"], other["count"]), ("III", "dead", 5))
            for command in (("incident", "show", incident), ("incident", "list"), ("replay", region.log)):
                self.assertIn("III by the 5 dead of ", region.muster(*command))
            self.assertIn("所报死亡 5 人应为较大",
                          region.muster("incident", "show", incident, "--lang", "zh"))
        self.city.muster("incident", "refer", incident, "--to", PROVINCE)  # it hears of both in one past
        apart, = until(lambda: (s := self.shown(self.province, incident)) and s["counted_apart"],
                       "the province to show it, too")
        self.assertEqual((apart["count"], apart["holds"], apart["region"]), (5, 2, COUNTY))
        self.county.muster("incident", "update", incident, "--dead", "2")  # the same, counted anew
        for region in self.regions:
            self.follows(region, incident, casualties={"dead": 2}, counted_apart=[], grade_otherwise=[])
            shown = region.muster("incident", "show", incident).split("what happened")[0]
            self.assertNotIn("by the 5 dead", shown)
        self.assert_verified()

    def test_what_a_closing_did_not_know_of_is_shown(self):
        incident = self.county.report("--dead", "1")
        self.county.muster("incident", "refer", incident, "--to", CITY)
        self.follows(self.city, incident, casualties={"dead": 1})
        self.relays[self.county].part()
        until(lambda: self.lines(self.county).get(CITY, {}).get("up") is False, "the line to be noted as cut")
        order = self.city.issue(f"{COUNTY}/{FIRE}", "--incident", incident, text="加派")
        self.city.muster("incident", "update", incident, "--dead", "4")
        self.county.muster("incident", "close", incident, "--reason", "done")
        self.assertNotIn("NOT KNOWING", self.county.muster("incident", "show", incident))
        desks = []
        for region in (self.county, self.city):
            region.add(region.config(CENTRE), "bridge: true")
            desks.append(region.bridge(CENTRE))
        self.heal()
        for region, desk, by in ((self.county, desks[0], CITY), (self.city, desks[1], "what is known here")):
            until(lambda: f"NOT KNOWING of dead 4 by {by}, but of 1" in region.muster("incident", "list"),
                  "the count that it did not know")
            self.assertIn("不知死亡 4 人", region.muster("incident", "show", incident, "--lang", "zh"))
            self.assertIn("结束时不知死亡 4 人", region.muster("replay", region.log, "--lang", "zh"))
            self.assertIn("CLOSED NOT KNOWING of dead 4", region.muster("replay", region.log))
            missed, = self.shown(region, incident)["closed_not_knowing"]
            self.assertEqual((missed["fact"], missed["count"], missed["known"]), ("dead", 4, 1))
            notice = desk.one("notice", event="count-missed")
            self.assertEqual((notice["fact"], notice["count"], notice["holds"]), ("dead", 4, 1))
        self.county.muster("incident", "update", incident, "--dead", "4")  # counted anew
        for region in (self.county, self.city):
            self.follows(region, incident, closed_not_knowing=[])
        for region in (self.county, self.city):
            until(lambda: "NOT KNOWING of orders that are open: 1" in region.muster("incident", "list"),
                  "the order left open")
            self.assertIn("不知另有 1 条", region.muster("incident", "show", incident, "--lang", "zh"))
        self.city.muster("order", "recall", order, "--reason", "over")
        for region in (self.county, self.city):
            until(lambda: "NOT KNOWING" not in region.muster("incident", "list"),
                  "it to be seen to")
        self.assert_verified()

    def test_a_brief_is_one_regions_own(self):
        incident = self.county.report("--dead", "1")
        self.county.muster("incident", "refer", incident, "--to", CITY)
        self.follows(self.city, incident, casualties={"dead": 1})
        self.relays[self.county].part()  # each counts on by itself
        until(lambda: self.lines(self.county).get(CITY, {}).get("up") is False, "the line to be noted as cut")
        self.city.muster("incident", "update", incident, "--dead", "2", "--signed-off-by", "王主任")
        self.county.muster("incident", "update", incident, "--trapped", "1", "--signed-off-by", "李主任")
        self.heal()
        self.follows(self.city, incident, reports=3)
        for number, heading, there in ((1, "初报", 1), (2, "续报一", None), (3, "续报二", 2)):
            brief, = self.city.json("incident", "brief", incident, "--number", str(number))
            told = brief.get("told_by", {"region": None, "number": None})
            self.assertEqual((brief["region"], brief["number"], brief["heading"]), (CITY, number, heading))
            self.assertEqual((told["number"], told["region"]), (there, there and COUNTY))
        self.assertIsNone(brief["signed_off_by"])
        self.assertEqual(brief["told_by"]["signed_off_by"], "李主任")
        for form in ("text", "html"):
            sheet = self.city.muster("incident", "brief", incident, "--format", form)
            for words in ("第 3 号", "续报二", "来报单位", COUNTY, "来报时间", "来报编号", "第 2 号",
                          "来报签发人", "李主任", "来报报告人"):
                self.assertIn(words, sheet)
            own = self.city.muster("incident", "brief", incident, "--number", "2", "--format", form)
            self.assertNotIn("来报", own)
            self.assertIn("王主任", own)

    def test_an_order_under_an_old_term_is_shown_until_it_is_recalled(self):
        incident = self.county.report("--dead", "1")
        self.county.muster("incident", "refer", incident, "--to", CITY)
        self.follows(self.city, incident, lead=COUNTY)
        self.relays[self.county].part()
        until(lambda: self.lines(self.county).get(CITY, {}).get("up") is False, "the line to be noted as cut")
        self.city.muster("incident", "take-lead", incident, "--reason", "two counties")
        order = self.county.issue(FIRE, "--incident", incident, text="继续指挥")
        self.heal()
        for region in (self.county, self.city):
            dispute, = self.disputes(region, incident, 1)
            self.assertEqual((dispute["why"], dispute["order"]), ("old-term", order))
            self.assertIn("UNDER AN OLD TERM", region.muster("incident", "show", incident))
            self.assertIn("旧任期指令", region.muster("order", "show", order, "--lang", "zh"))
        self.county.muster("order", "recall", order, "--reason", "the city leads")
        for region in (self.county, self.city):
            self.disputes(region, incident, 0)
        self.assert_verified()


for name in dir(test_links.Regions):
    if name.startswith("test_"):
        setattr(Contradictions, name, None)  # run where it stands


if __name__ == "__main__":
    main()
