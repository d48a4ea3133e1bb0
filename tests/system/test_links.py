"""Brokers of several regions: what one refers is followed at the other, orders from above reach agencies
below, and what a cut line keeps back comes once, when it is there again."""
import os
import shutil
import time

from agents import CENTRE, County, FIRE, until
from faults import Faults, STALL, SYNC, WAL
from harness import main
from regions import CITY, COUNTY, LinkedRegions, PROVINCE

CUT_S = 60 if os.environ.get("MUSTER_LONG") else 5


class Regions(LinkedRegions):
    def test_an_incident_is_followed_above(self):
        incident = self.county.report("--dead", "1")
        self.county.muster("incident", "update", incident, "--dead", "2")
        self.county.muster("incident", "refer", incident, "--to", CITY)
        self.follows(self.city, incident, casualties={"dead": 2})
        self.county.muster("incident", "update", incident, "--dead", "3")
        self.follows(self.city, incident, casualties={"dead": 3})
        self.assert_verified()

    def station(self):
        self.county.add(self.county.config(FIRE), "bridge: true")
        station = self.county.bridge(FIRE)
        station.one("ready")
        return station

    def test_an_order_from_above_is_answered_below(self):
        station = self.station()
        incident = self.city.report()
        order = self.city.issue(f"{COUNTY}/{FIRE}", "--incident", incident, text="到市里来")
        self.assertEqual(station.one("order", order=order)["text"], "到市里来")
        station.say(type="receipt", order=order, rung="accepted")
        self.city.wait_rung(order, "accepted")
        recalled = self.city.issue(f"{COUNTY}/{FIRE}", "--incident", incident)
        station.one("order", order=recalled)
        refused = self.county.call("order", "recall", recalled, "--reason", "ours")
        self.assertIn(CITY, refused.stderr)
        self.city.muster("order", "recall", recalled, "--reason", "not needed")
        station.one("recall", order=recalled)
        station.say(type="receipt", order=order, rung="completed")
        self.city.wait_rung(order, "completed")
        self.assertEqual(self.county.order(order)["rung"], "completed")
        self.assertEqual(self.county.order(recalled)["rung"], "recalled")
        self.assert_verified()

    def test_a_clock_runs_from_when_its_region_was_told(self):
        """Each level has its own term, from its own receipt (Decree 493 Art. 10, 11): what the county knew
        while the line was cut is no offence of the city's."""
        self.city.add("told.yaml", "pack: told\nversion: '1'\nmatch: all\nclocks:\n"
                                   "  - {clock: up, from: received, within: 1 min, to: province}\n"
                                   "  - {clock: here, from: received, within: 1 min, to: city}\n"
                                   "rules:\n  - rule: begin\n    when: incident\n"
                                   "    do: [{start: up}, {start: here}]\n")
        self.city.muster("rules", "load", self.city.path("told.yaml"))
        self.relays[self.county].part()
        until(lambda: self.lines(self.county).get(CITY, {}).get("up") is False, "the line to be noted as cut")
        incident = self.county.report("--dead", "1")
        self.county.muster("incident", "refer", incident, "--to", CITY)
        time.sleep(2)  # the interval in question
        self.relays[self.county].heal()
        self.relays[self.county].cut()
        self.follows(self.city, incident, casualties={"dead": 1})
        shown = until(lambda: len((s := self.shown(self.city, incident))["clocks"]) == 2 and s, "its clocks")
        clocks = {clock["clock"]: clock for clock in shown["clocks"]}
        self.assertGreaterEqual(clocks["up"]["begins_ms"], shown["opened_ms"] + 2000)
        self.assertEqual(clocks["up"]["due_ms"], clocks["up"]["begins_ms"] + 60000)
        self.assertFalse(clocks["up"]["overdue"])
        self.assertEqual(clocks["here"]["met_ms"], clocks["up"]["begins_ms"])  # which is when it was told
        for region, heard in ((self.county, False), (self.city, True)):
            brief = region.json("incident", "brief", incident)[0]
            self.assertEqual("told_by" in brief, heard)
            self.assertGreaterEqual(brief["reported_ms"],
                                    brief.get("told_by", brief)["reported_ms"] + 2000 * heard)
        self.assert_verified()

    def test_a_reminder_from_above_reaches_who_has_the_order(self):
        with open(self.city.path("climb.yaml"), "w", encoding="utf-8") as file:
            file.write("pack: climb\nversion: '1'\nmatch: all\nrules:\n  - {rule: remind, "
                       "when: order-unanswered, if: step = 0, do: [{remind: 2 s}]}\n"
                       "  - {rule: next, when: order-unanswered, if: step = 1, do: [{reissue: next-able}]}\n")
        self.city.muster("rules", "load", self.city.path("climb.yaml"))
        station = self.station()
        order = self.city.issue(f"{COUNTY}/{FIRE}", "--incident", self.city.report(),
                                "--answer-within", "1 s", "--expires-within", "1 h")
        station.one("order", order=order)
        reminder = station.one("reminder", order=order)
        self.assertEqual((reminder["step"], reminder["rule"]), (1, "climb/remind"))
        reminded = [event["data"] for event in self.county.events() if event["event"] == "order-reminded"]
        self.assertEqual([event["what"] for event in reminded], ["climb/remind"])
        until(lambda: "NOBODY ELSE" in self.city.muster("replay", self.city.log), "the city to find nobody")
        self.assertRegex(self.city.muster("replay", self.city.log),
                         r"NOBODY ELSE of region 370100 can take order \w+: no unit is free; "
                         r"the units of region 370102 were not looked at, by rule climb/next")
        self.assertRegex(self.city.muster("replay", self.city.log, "--lang", "zh"),
                         r"行政区 370100 内无其他单位可接指令 \w+：无待命力量；未查询行政区 370102 的力量")
        again = self.city.issue(f"{COUNTY}/{FIRE}", "--reissue-of", order)  # a person knows whom to ask
        self.assertEqual(station.one("order", order=again)["reissue_of"], order)
        station.say(type="receipt", order=order, rung="accepted")
        self.city.wait_rung(order, "accepted")
        self.assert_verified()

    def post(self, region, incident, lead, commander, call="muster"):
        return getattr(region, call)("incident", "post", incident, "--lead", lead, "--commander", commander)

    def commands(self, incident, *who):
        """Of every region that follows it: the lead agency, the commander and his term."""
        for region in (self.city, self.county):
            until(lambda: (post := (self.shown(region, incident) or {}).get("post")) and
                  (post["lead"], post["commander"], post["term"]) == who, f"{region.code} to show {who}")

    def test_who_leads_says_who_commands(self):
        incident = self.county.report("--dead", "1")
        self.post(self.county, incident, "fire-rescue", "wang.lei")
        self.county.muster("incident", "refer", incident, "--to", CITY)
        self.commands(incident, f"{COUNTY}/fire-rescue", "wang.lei", 1)  # its past, too
        refused = self.post(self.city, incident, "health", "li.na", "call")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn(f"region {COUNTY} leads the incident and its command post", refused.stderr)
        refused = self.city.call("incident", "post", incident, "--lead", "health", "--commander", "li.na",
                                 "--lang", "zh")
        self.assertIn(f"行政区 {COUNTY} 牵头", refused.stderr)
        self.county.muster("incident", "handover", incident, "--to", "health", "--commander", "duty-officer")
        self.county.muster("incident", "accept-post", incident)
        self.commands(incident, f"{COUNTY}/health", "duty-officer", 2)
        self.city.muster("incident", "take-lead", incident)
        self.follows(self.county, incident, lead=CITY)
        self.commands(incident, f"{COUNTY}/health", "duty-officer", 2)  # it stands
        refused = self.county.call("incident", "handover", incident, "--to", "health", "--commander", "x")
        self.assertIn(f"region {CITY} leads", refused.stderr)
        self.post(self.city, incident, "health", "li.na")
        self.commands(incident, f"{CITY}/health", "li.na", 3)
        self.assertIn(f"command post: {CITY}/health leads, commander li.na, term 3",
                      self.county.muster("incident", "show", incident))
        self.assert_verified()

    def test_an_order_crosses_two_lines_and_its_answer_comes_back(self):
        station = self.station()
        incident = self.province.report()
        order = self.province.issue(f"{COUNTY}/{FIRE}", "--incident", incident)
        station.one("order", order=order)
        station.say(type="receipt", order=order, rung="accepted")
        self.province.wait_rung(order, "accepted")
        self.follows(self.city, incident, home=PROVINCE)
        self.assert_verified()

    def desk(self, region):
        region.add(region.config(CENTRE), "bridge: true")
        desk = region.bridge(CENTRE)
        desk.one("ready")
        return desk

    def test_an_order_for_nobody_is_said_back(self):
        """Two lines up, at once, to the desk there and in every view; its rules are asked, too."""
        with open(self.province.path("up.yaml"), "w", encoding="utf-8") as file:
            file.write("pack: up\nversion: '1'\nmatch: all\nrules:\n  - {rule: nobody, when: ability-short, "
                       "if: agency = '370102/nobody', do: [notify: duty-chief]}\n")
        self.province.muster("rules", "load", self.province.path("up.yaml"))
        above, below = self.desk(self.province), self.desk(self.county)
        incident = self.province.report()
        order = self.province.issue(f"{COUNTY}/nobody", "--incident", incident, "--answer-within", "10 min")
        notice = above.one("notice", event="order-unreached", order=order)
        self.assertEqual((notice["region"], notice["no_way"]), (COUNTY, False))
        above.one("notice", event="notified", role="duty-chief", incident=incident)
        below.one("notice", event="order-unreached", order=order)
        for region in self.regions:
            until(lambda: region.order(order)["unreached"] == COUNTY, f"{region.code} to know of it")
        self.assertIn("NOBODY is enrolled under this address at 370102",
                      self.province.muster("incident", "show", incident))
        self.assertIn("370102 无此单位注册", self.province.muster("order", "show", order, "--lang", "zh"))
        self.assertIn("NOBODY THERE", self.province.muster("order", "list"))
        self.assertIn("370102 has 1 of the 1 given here; NOBODY is enrolled under this address",
                      self.province.muster("explain", self.province.log, order))
        self.assertIn("REACHES NOBODY", self.province.muster("replay", self.province.log))
        self.province.muster("incident", "update", incident, "--dead", "1")
        self.assertIn("无人收到", self.province.muster("incident", "brief", incident))
        # and that pack, tried out on the log, would have done what it did
        *_, summary = self.province.json("rules", "what-if", self.province.log, "--rules",
                                         self.province.path("up.yaml"))
        self.assertEqual((summary["fired"], summary["differ"]), (1, 0))
        self.assert_verified()

    def test_what_no_link_leads_to_is_said_back(self):
        """The city has no link to 370199, nor the province to 450000: nobody is to think that they know."""
        incident = self.county.report()
        order = self.county.issue("370199/fire-rescue", "--incident", incident, "--answer-within", "10 min")
        self.county.muster("incident", "refer", incident, "--to", "450000")
        self.county.muster("incident", "offer-lead", incident, "--to", "450000")
        wanted = [{"region": "370199", "no_way_from": CITY}, {"region": "450000", "no_way_from": PROVINCE}]
        self.follows(self.county, incident, unreached=wanted)
        self.follows(self.city, incident, unreached=wanted)
        until(lambda: self.county.order(order)["no_way"], "the order to be known not to arrive")
        rows = {row["region"]: row for row in self.county.json("link", "list")}
        self.assertEqual((rows["370199"]["no_way_from"], rows["450000"]["no_way_from"]), (CITY, PROVINCE))
        shown = self.county.muster("incident", "show", incident)
        self.assertIn("450000 (NO WAY: no link leads there from 370000)", shown)
        self.assertIn("NO WAY: no link leads there from 370100", shown)
        for named in (incident, order):
            why = self.county.muster("explain", self.county.log, named)
            self.assertIn("region 370199 has 0 of the 1 given here; NO WAY: no link leads there from "
                          "370100", why)
            self.assertNotIn("known there", why)
        self.assertRegex(self.county.muster("link", "list"), r"370199 +NO WAY from 370100")
        self.assertRegex(self.county.muster("link", "list", "--lang", "zh"), r"450000 +370000 无链路")

        again = self.county.call("incident", "refer", incident, "--to", "450000")
        self.assertIn("NO WAY: no link leads to region 450000 from 370000", again.stderr)

        # a link that comes later: what waits goes there, and its home learns of it
        late = County(code="370199", name="新区")
        self.addCleanup(late.close)
        self.regions += (late,)
        self.call_above(self.city, late)
        late.start_broker()
        self.enrol(self.city, late)
        self.enrol(late, self.city)
        self.follows(late, incident, home=COUNTY)
        self.follows(self.county, incident, unreached=wanted[1:])
        until(lambda: not self.county.order(order)["no_way"], "the order to be on its way")
        until(lambda: "is on its way: a link leads there now" in
              self.county.muster("incident", "show", incident), "its home to say so")
        self.assert_verified()

    def test_what_a_cut_line_keeps_back_comes_once(self):
        station = self.station()
        incident = self.county.report("--dead", "1")
        self.county.muster("incident", "refer", incident, "--to", PROVINCE)
        self.follows(self.province, incident, casualties={"dead": 1})
        self.relays[self.county].part()
        for region, other in ((self.city, COUNTY), (self.county, CITY)):
            until(lambda: self.lines(region).get(other, {}).get("up") is False, "the line to be noted as cut")
        # both command on
        self.county.muster("incident", "update", incident, "--dead", "2")
        own = self.county.issue(FIRE, "--incident", incident)
        station.one("order", order=own)
        above = self.city.issue(f"{COUNTY}/{FIRE}", "--incident", incident)
        self.assertEqual(self.shown(self.city, incident)["casualties"], {"dead": 1})
        for region, other in ((self.city, COUNTY), (self.county, CITY)):
            shared = {row["region"]: row for row in self.shown(region, incident)["shared_with"]}[other]
            self.assertFalse(shared["reached"])
            self.assertGreater(shared["pending"], 0)
            self.assertIn("PENDING since", region.muster("incident", "show", incident))
        self.relays[self.county].heal()
        self.relays[self.county].cut()
        station.one("order", order=above)
        for region in (self.city, self.province):
            self.follows(region, incident, casualties={"dead": 2})
            self.assertEqual(until(lambda: region.order(own), "the county's own order")["home"], COUNTY)
        for region, other in ((self.city, COUNTY), (self.county, CITY)):
            until(lambda: self.lines(region)[other]["up"], "the line to be there again")
            until(lambda: self.line(region, other)["pending"] == 0, "everything to be acknowledged")
        self.assertEqual(len(station.all("order")), 2)
        for region in self.regions:
            reports = [event for event in region.events() if event["event"] == "report-filed"]
            self.assertEqual(len(reports), 2)
        self.assert_verified()

    def test_the_lead_goes_up_and_comes_back(self):
        incident = self.county.report("--dead", "3")
        self.county.muster("incident", "refer", incident, "--to", CITY)
        self.follows(self.city, incident, lead=COUNTY, lead_term=0)
        refused = self.city.call("incident", "close", incident)
        self.assertIn(f"region {COUNTY} leads", refused.stderr)
        self.county.add(self.county.config(FIRE), "bridge: true")
        station = self.county.bridge(FIRE)
        order = self.county.issue("fire-rescue", "--incident", incident)
        station.one("order", order=order)
        # the city is above, and takes it alone
        self.city.muster("incident", "take-lead", incident, "--reason", "two counties")
        for region in (self.city, self.county):
            self.follows(region, incident, lead=CITY, lead_term=1)
        told = station.one("notice", event="lead-taken")  # whoever is at work knows who leads
        self.assertEqual((told["region"], told["term"]), (CITY, 1))
        self.assertIn(f"region {CITY} leads", self.county.call("incident", "take-lead", incident).stderr)
        self.assertIn(f"region {CITY} leads", self.county.call("incident", "close", incident).stderr)
        # handed back by the word of both
        self.city.muster("incident", "offer-lead", incident, "--to", COUNTY, "--reason", "it can again")
        self.follows(self.county, incident, lead=CITY, lead_offered=COUNTY)
        self.county.muster("incident", "take-lead", incident)
        for region in (self.city, self.county):
            self.follows(region, incident, lead=COUNTY, lead_term=2, lead_offered="")
        self.assertIn("two counties", self.county.muster("replay", self.county.log))
        self.county.muster("order", "recall", order, "--reason", "over")
        self.county.muster("incident", "close", incident, "--reason", "over")
        until(lambda: not self.city.json("incident", "list"), "it to be closed above, too")
        self.assert_verified()

    def test_two_that_took_the_lead_apart_are_shown(self):
        incident = self.county.report("--dead", "3")
        self.county.muster("incident", "refer", incident, "--to", PROVINCE)
        for region in (self.city, self.province):
            self.follows(region, incident, lead=COUNTY)
        self.relays[self.city].part()
        for region in (self.city, self.province):
            region.muster("incident", "take-lead", incident)
        self.follows(self.county, incident, lead=CITY, lead_term=1)
        self.relays[self.city].heal()
        self.relays[self.city].cut()
        for region in self.regions:
            self.follows(region, incident, lead=PROVINCE, lead_term=1)
        for region in (self.city, self.province):
            until(lambda: "LEAD DISPUTED" in region.muster("replay", region.log), "the dispute to be shown")
            self.assertEqual(self.follows(region, incident)["lead_disputed"], CITY)
        self.assertRegex(self.city.muster("incident", "show", incident),
                         r"led by region 370000, term 1; LEAD DISPUTED since .*: region 370100 took it,")
        self.assertIn("指挥权冲突", self.city.muster("incident", "list", "--lang", "zh"))
        # who leads says so anew, and why
        self.assertIn("anew needs a reason", self.province.call("incident", "take-lead", incident).stderr)
        self.province.muster("incident", "take-lead", incident, "--reason", "as agreed")
        for region in self.regions:
            self.follows(region, incident, lead=PROVINCE, lead_term=2, lead_disputed="")
            self.assertIn("takes the LEAD of incident", region.muster("replay", region.log))
            self.assertIn("不再有争议“as agreed”", region.muster("replay", region.log, "--lang", "zh"))
        # offered to the wrong one, taken back, and given to the right one
        self.province.muster("incident", "offer-lead", incident, "--to", COUNTY)
        self.follows(self.county, incident, lead_offered=COUNTY)
        self.province.muster("incident", "offer-lead", incident, "--withdraw")
        self.follows(self.county, incident, lead_offered="")
        self.assertNotEqual(self.county.call("incident", "take-lead", incident).returncode, 0)
        self.assertIn("to nobody any more", self.county.muster("replay", self.county.log))
        self.province.muster("incident", "offer-lead", incident, "--to", CITY)
        self.follows(self.city, incident, lead_offered=CITY)
        self.city.muster("incident", "take-lead", incident)
        for region in self.regions:
            self.follows(region, incident, lead=CITY, lead_term=3)
        self.assert_verified()

    def test_a_cut_under_load_loses_and_doubles_nothing(self):
        incident = self.county.report("--dead", "1")
        self.county.muster("incident", "refer", incident, "--to", CITY)
        self.follows(self.city, incident)
        desks = {}
        for region in (self.city, self.county):
            region.add(region.config(CENTRE), "bridge: true")
            desks[region] = region.bridge(CENTRE)
            desks[region].one("ready")
        said = []

        def say(seconds):
            """Reports of both, a hundred a second of each, whether the line is there or not."""
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                for region, desk in desks.items():
                    said.append(f"{region.code}-{len(said)}")
                    desk.say(type="report", kind="follow-up", incident=incident, text=said[-1])
                time.sleep(0.01)
        say(1)
        self.relays[self.county].part()
        say(CUT_S)
        self.relays[self.county].heal()
        self.relays[self.county].cut()
        say(1)
        for region, other in ((self.city, COUNTY), (self.county, CITY)):
            until(lambda: self.shown(region, incident)["reports"] == 1 + len(said), f"all {len(said)} in "
                  f"{region.code}", 60 + CUT_S)
            until(lambda: self.line(region, other)["pending"] == 0, "everything to be acknowledged")
            texts = [event["data"].get("text", "") for event in region.events()
                     if event["event"] == "report-filed"]
            self.assertEqual(sorted(texts[1:]), sorted(said))
        self.assert_verified()

    def test_of_two_counts_said_apart_the_later_holds(self):
        incident = self.county.report("--dead", "1")
        self.county.muster("incident", "refer", incident, "--to", PROVINCE)
        for region in (self.city, self.province):
            self.follows(region, incident, casualties={"dead": 1})
        self.relays[self.county].part()
        self.county.muster("incident", "update", incident, "--dead", "5")
        self.city.muster("incident", "update", incident, "--dead", "7", "--trapped", "2")
        self.county.muster("incident", "update", incident, "--minor", "3")
        self.relays[self.county].heal()
        self.relays[self.county].cut()
        for region in self.regions:
            self.follows(region, incident, reports=4, casualties={"dead": 7, "trapped": 2, "minor": 3})
        self.county.muster("incident", "update", incident, "--dead", "6")
        for region in self.regions:
            self.follows(region, incident, reports=5, casualties={"dead": 6, "trapped": 2, "minor": 3})
        self.assert_verified()

    def test_what_is_too_large_to_be_told_is_written_down(self):
        def issue(incident):
            addressees = [word for _ in range(64) for word in ("--to", f"{COUNTY}/{FIRE}")]
            self.county.muster("order", "issue", *addressees, "--kind", "dispatch", "--text", "x" * 2440,
                               "--incident", incident)
        before, live = self.county.report("--dead", "1"), self.county.report("--dead", "1")
        issue(before)  # part of a past
        for incident in (before, live):
            self.county.muster("incident", "refer", incident, "--to", CITY)
            self.follows(self.city, incident, casualties={"dead": 1})
        issue(live)
        until(lambda: self.line(self.county, CITY)["untold"] == 2, "both to be written down")
        for incident in (before, live):
            self.county.muster("incident", "update", incident, "--dead", "2")
            self.follows(self.city, incident, casualties={"dead": 2})
            told, = self.shown(self.county, incident)["not_told"]
            self.assertEqual((told["region"], told["orders"], told["detail"]), (CITY, 64, "it is too large"))
            page = self.county.muster("incident", "show", incident)
            self.assertIn(f"NOT TOLD to region {CITY}: record {told['seq']} (orders: 64), it is too large",
                          page)
            page = self.county.muster("incident", "show", incident, "--lang", "zh")
            self.assertIn(f"未送达 {CITY}：第 {told['seq']} 条记录（指令 64 条），记录过大", page)
        self.assertEqual(self.county.muster("replay", self.county.log).count("NOT TOLD"), 2)
        self.assert_verified()

    def test_ends_of_different_beats_do_not_flap(self):
        for region, key in ((self.county, "beat: 5 s"), (self.province, "beat: 500 ms\ncanary: 1 s")):
            self.assertEqual(region.stop_broker(), 0)
            region.change("musterd.yaml", "beat:", key)
            region.start_broker()
        until(lambda: self.line(self.city, COUNTY)["reached"], "the line to be there")
        since = self.line(self.city, COUNTY)["since_ms"]
        enough = time.time() * 1000 + 4000  # eight beats of the city; the county has nothing to say
        until(lambda: self.line(self.city, PROVINCE)["canary_heard_ms"] > enough, "canaries of another line")
        self.assertEqual(self.line(self.city, COUNTY)["since_ms"], since)

    def brought(self, bundle):
        said = self.city.json("import", "bundle", bundle)[0]
        self.assertEqual(said["refused"], 0)
        return said["taken"], said["known"]

    def canary_is_told(self):
        events = self.county.events()
        sent = [event["seq"] for event in events if event["event"] == "canary-sent"]
        return sent and any(event["event"] == "acknowledged" and event["data"].get("number", 0) >= sent[-1]
                            for event in events)

    def test_a_bundle_carries_what_a_cut_line_does_not(self):
        incident = self.county.report("--dead", "1")
        self.county.muster("incident", "refer", incident, "--to", CITY)
        self.follows(self.city, incident, casualties={"dead": 1})
        until(self.canary_is_told, "the line's canary to be acknowledged: what is cut off holds none")
        until(lambda: self.line(self.county, CITY)["pending"] == 0, "everything to be acknowledged")
        self.relays[self.county].part()
        self.county.muster("incident", "update", incident, "--dead", "2")
        order = self.county.issue(FIRE, "--incident", incident, text="抽水")
        bundle = self.county.path("to-city.bundle")
        records = self.county.json("export", "--to", CITY, "-o", bundle)[0]["records"]
        self.assertIn(records, (2, 3))  # a canary may wait, too
        with open(bundle, "rb") as file:
            whole = file.read()
        for damaged in (whole[:-1], whole[:200] + bytes([whole[200] ^ 1]) + whole[201:], b"", b"x" * 100):
            with open(bundle, "wb") as file:
                file.write(damaged)
            refused = self.city.call("import", "bundle", bundle)
            self.assertEqual((refused.returncode, refused.stderr.count("\n"), refused.stdout), (65, 1, ""))
        with open(bundle, "wb") as file:
            file.write(whole)
        other = self.province.call("import", "bundle", bundle)
        self.assertEqual((f"is for region {CITY}" in other.stderr, other.stdout), (True, ""), other.stderr)
        self.assertEqual(self.brought(bundle), (records, 0))
        self.follows(self.city, incident, casualties={"dead": 2})
        self.assertEqual(self.city.order(order)["text"], "抽水")
        told = [line for line in self.city.muster("replay", self.city.log).splitlines()
                if " dead 2" in line or f"order {order[-6:]} to" in line]
        self.assertEqual([f"  {COUNTY}/{CENTRE} (" in line for line in told], [True, True], told)
        self.assertRegex(self.city.muster("replay", self.city.log),
                         f"{COUNTY}/broker/link +so region {COUNTY} told it.* brought by {CENTRE}")
        self.assertEqual(self.brought(bundle), (0, records))
        # the line comes back with the same, and more
        self.county.muster("incident", "update", incident, "--dead", "3")
        self.relays[self.county].heal()
        self.relays[self.county].cut()
        self.follows(self.city, incident, casualties={"dead": 3}, reports=3)
        until(lambda: self.line(self.county, CITY)["pending"] == 0, "everything to be acknowledged")
        self.assert_verified()

    def test_what_was_told_is_said_again_to_one_that_was_restored(self):
        known, lost, elsewhere = (self.county.report("--dead", "1") for _ in range(3))
        self.county.muster("incident", "refer", known, "--to", CITY)
        self.follows(self.city, known, casualties={"dead": 1})
        until(lambda: self.line(self.county, CITY)["pending"] == 0, "everything to be acknowledged")
        self.assertEqual(self.city.stop_broker(), 0)
        shutil.copytree(self.city.log, self.city.path("saved"))
        self.city.start_broker()
        self.county.muster("incident", "update", known, "--dead", "2")
        self.county.muster("incident", "refer", lost, "--to", CITY)
        order = self.county.issue(FIRE, "--incident", lost, text="抽水")
        self.follows(self.city, known, casualties={"dead": 2})
        until(lambda: self.shown(self.city, lost), "the city to know of it")
        self.city.muster("incident", "update", lost, "--minor", "4")  # is not told back to it
        self.follows(self.county, lost, casualties={"dead": 1, "minor": 4})
        until(lambda: self.line(self.county, CITY)["pending"] == 0, "everything to be acknowledged")
        again, later = self.county.path("again.bundle"), self.county.path("later.bundle")
        said = self.county.json("export", "--to", CITY, "-o", again, "--since", "0")[0]
        self.assertEqual(self.brought(again), (0, said["records"]))  # where nothing is lost
        half = self.county.json("export", "--to", CITY, "-o", later, "--since",
                                str(said["last_seq"] - 1))[0]
        self.assertEqual((half["records"], half["last_seq"]), (1, said["last_seq"]))
        until(lambda: self.county.json("export", "--to", CITY, "-o", later)[0]["records"] == 0,
              "nothing to wait, a canary neither")
        beyond = self.county.call("export", "--to", PROVINCE, "-o", later)
        self.assertIn(f"region {PROVINCE} is reached by way of {CITY}", beyond.stderr)
        nowhere = self.province.call("export", "--to", "110000", "-o", later)
        self.assertEqual((beyond.returncode, nowhere.returncode, nowhere.stderr.count("\n")), (66, 66, 1))
        self.assertIn("no link leads to region 110000", nowhere.stderr)
        # the city's disk is lost, and the link with it
        self.relays[self.county].part()
        self.assertEqual(self.city.stop_broker(), 0)
        shutil.rmtree(self.city.log)
        shutil.copytree(self.city.path("saved"), self.city.log)
        self.city.start_broker("--recover", "the disk is lost")
        self.assertIsNone(self.shown(self.city, lost))
        taken, had = self.brought(again)
        self.assertEqual(taken + had, said["records"])
        self.assertGreater(min(taken, had), 0)
        self.follows(self.city, known, casualties={"dead": 2}, reports=2)
        self.follows(self.city, lost, casualties={"dead": 1})
        self.assertEqual(self.city.order(order)["text"], "抽水")
        self.assertIsNone(self.shown(self.city, elsewhere))
        self.assertEqual(self.brought(again), (0, said["records"]))
        self.relays[self.county].heal()
        self.relays[self.county].cut()
        self.county.muster("incident", "update", known, "--dead", "3")
        self.follows(self.city, known, casualties={"dead": 3}, reports=3)
        self.assert_verified()

    def test_a_canary_shows_what_crosses(self):
        for region in (self.city, self.county):
            self.assertEqual(region.stop_broker(), 0)
            region.add("musterd.yaml", "canary: 1 s")
            region.start_broker()
        began = time.time() * 1000

        def both_ways(region, other):
            line = self.line(region, other)
            return line["reached"] and min(line["canary_heard_ms"], line["canary_returned_ms"]) > began
        for region, other in ((self.city, COUNTY), (self.county, CITY)):
            until(lambda: both_ways(region, other), "canaries there and back")
        self.assertIn("已通", self.city.muster("link", "list", "--lang", "zh"))
        self.assert_verified()

    def test_a_line_on_which_nothing_crosses_is_shown(self):
        """It is connected, and the city's disk stands still: it takes nothing of what it is told."""
        faults = Faults(self.city.folder)
        self.city.prefix = faults.prefix
        for region in (self.city, self.county):
            self.assertEqual(region.stop_broker(), 0)
            region.add("musterd.yaml", "canary: 1 s")
            region.start_broker()
        until(lambda: self.line(self.county, CITY)["canary_returned_ms"] > 0, "canaries there and back")
        for _ in range(3):
            line = self.line(self.county, CITY)
            age_ms = time.time() * 1000 - min(line["canary_heard_ms"], line["canary_returned_ms"])
            if age_ms < 2000 + 3 * 500:  # else this machine stood still, and the mark is in its right
                self.assertFalse(line["nothing_crosses"], line)
            time.sleep(1)  # a canary and more: on a healthy line there is no mark at any time
        faults.arm(SYNC, WAL, STALL, arg=12000)
        stuck = until(lambda: (line := self.line(self.county, CITY))["nothing_crosses"] and line, "the mark")
        self.assertTrue(stuck["reached"])
        self.assertGreater(time.time() * 1000 - stuck["canary_returned_ms"], 2000 + 3 * 500)
        self.assertIn("NOTHING CROSSES", self.county.muster("link", "list"))
        self.assertIn("已连接但无往来", self.county.muster("link", "list", "--lang", "zh"))
        until(lambda: not self.line(self.county, CITY)["nothing_crosses"], "canaries again")
        self.assert_verified()

    def test_a_broker_that_is_killed_goes_on_where_it_was(self):
        incident = self.county.report("--dead", "1")
        self.county.muster("incident", "refer", incident, "--to", CITY)
        self.follows(self.city, incident, casualties={"dead": 1})
        for n in range(2, 8):
            region = (self.city, self.county)[n % 2]
            region.kill_broker()
            if region is self.city:
                self.county.muster("incident", "update", incident, "--dead", str(n))
            region.start_broker()
            if region is self.county:
                self.county.muster("incident", "update", incident, "--dead", str(n))
            self.follows(self.city, incident, casualties={"dead": n}, reports=n)
        until(lambda: self.line(self.county, CITY)["pending"] == 0, "everything to be acknowledged")
        self.assert_verified()


if __name__ == "__main__":
    main()
