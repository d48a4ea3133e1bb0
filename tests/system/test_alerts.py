#!/usr/bin/python3
"""Alerts as facts for rules: a warning of the national platform's dialect is imported, a rule fires once,
open incidents of fitting kinds are raised, also across kill -9; it ends by a cancel and by its time; and a
feed of 163 entries leaves what is at hand bounded. The public alerts too, when MUSTER_DATA has them."""
import datetime
import glob
import os
import time
import unittest

from agents import CENTRE, County, until
from harness import SOURCE, main

DATA = os.path.join(os.environ.get("MUSTER_DATA", os.path.join(SOURCE, "..", "shared", "data")), "cap")
FEED = os.path.join(DATA, "nws-atom-feed.xml")
PACK = os.path.join(SOURCE, "common/rules/packs/weather-warning.yaml")
AT_HAND_MAX = 64
SENDER = "济南市气象局"
ALERT = """<?xml version="1.0" encoding="UTF-8"?>
<alert>
<identifier>{identifier}</identifier><sender>济南市气象局</sender>
<senderCode>37010041600000</senderCode>
<sent>{sent}</sent><status>{status}</status><msgType>{type}</msgType><scope>Public</scope>{references}
<info><language>zh-CN</language><event>{event}</event><urgency>Immediate</urgency>
<severity>{colour}</severity><certainty>Likely</certainty><effective>{sent}</effective>
<expires>{expires}</expires>
<headline>{event}预警</headline><area><areaDesc>某地</areaDesc>{place}</area></info></alert>
"""
ENTRY = """<entry><id>https://alerts.example/cap/{number}</id><updated>{sent}</updated>
<published>{sent}</published>
<author><name>a@example</name></author><title>Flood Warning {number}</title>
<link href="https://alerts.example/cap/{number}"/><summary>high water</summary>
<cap:event>Flood Warning</cap:event>
<cap:effective>{sent}</cap:effective><cap:expires>{expires}</cap:expires>
<cap:status>Actual</cap:status><cap:msgType>Alert</cap:msgType><cap:category>Met</cap:category>
<cap:urgency>Expected</cap:urgency><cap:severity>Severe</cap:severity><cap:certainty>Likely</cap:certainty>
<cap:areaDesc>somewhere</cap:areaDesc><cap:polygon>38,-81 39,-81 39,-82 38,-81</cap:polygon></entry>
"""


def stamp(seconds=0.0):
    zone = datetime.timezone(datetime.timedelta(hours=8))
    return datetime.datetime.fromtimestamp(int(time.time() + seconds), zone).isoformat()


class Alerts(unittest.TestCase):
    def setUp(self):
        self.county = County()
        self.addCleanup(self.county.close)
        self.county.add(self.county.config(CENTRE), "bridge: true")
        self.county.start_broker()
        self.sent = {}

    def alert(self, number, colour="Red", event="暴雨", place="<geocode>370102000000</geocode>",
              status="Actual", kind="Alert", of=None, expires=3600.0):
        """Imports an alert of its own; `of` is the number of the one that it refers to."""
        identifier = f"37010041600000_2026112300{number:04}"
        self.sent.setdefault(number, (identifier, stamp(-60 + number)))
        references = "" if of is None else (
            f"<references>{SENDER},{self.sent[of][0]},{self.sent[of][1].replace('T', ' ')}</references>")
        path = self.county.path(f"{number}.xml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(ALERT.format(identifier=identifier, sent=self.sent[number][1].replace("T", " "),
                                    expires=stamp(expires).replace("T", " "), status=status, type=kind,
                                    references=references, event=event, colour=colour, place=place))
        self.county.muster("import", "cap", path)

    def load(self, path=PACK):
        self.assertIn("is in force", self.county.muster("rules", "load", path))

    def data(self, kind, **fields):
        found = [event["data"] for event in self.county.events() if event["event"] == kind]
        return [data for data in found if all(data.get(key) == value for key, value in fields.items())]

    def at_hand(self):
        return self.county.json("alert", "list")

    def level(self, incident):
        return self.county.json("incident", "show", incident)[0]["level"]

    def assert_verified(self):
        report = self.county.json("verify", self.county.log)[0]
        self.assertEqual((report["good"], report["bad"]), (True, 0), report["findings"])
        # the pack in force, asked about, differs in nothing
        *_, summary = self.county.json("rules", "what-if", self.county.log, "--rules", PACK)
        self.assertEqual(summary["differ"], 0)

    def test_a_red_one_raises_what_fits_once(self):
        self.load()
        desk = self.county.bridge(CENTRE)
        desk.one("ready")
        flood = self.county.report("--kind", "flood")
        fire = self.county.report("--kind", "fire")
        self.assertEqual(self.level(flood), "")
        self.alert(1, "Yellow")
        until(lambda: self.data("warning-began"), "the yellow one to be in force")
        self.alert(2, "Red", kind="Update", of=1)
        notice = desk.one("notice", event="warning-fired")
        self.assertEqual((notice["rule"], notice["colour"], notice["warns_of"], notice["seen"]["here"]),
                         ("red-or-orange", "red", "暴雨", "1"))
        until(lambda: self.level(flood) == "II", "the flood to be raised")
        self.assertEqual(self.level(fire), "")
        (shown,) = self.at_hand()  # the yellow one was replaced
        self.assertEqual((shown["colour"], shown["here"], shown["in_force"]), ("red", True, True))
        # what is reported under it is raised as well
        later = self.county.report("--kind", "rainstorm")
        until(lambda: self.level(later) == "II", "the later one to be raised")

        self.county.kill_broker()
        self.county.start_broker()
        self.alert(3, "Red", kind="Update", of=2)  # no graver: nobody is told again
        until(lambda: len(self.data("warning-taken")) == 3, "the second update")
        last = self.county.report("--kind", "rainstorm")  # what the update fires would stand before
        until(lambda: self.level(last) == "II", "the last one to be raised")
        self.assertEqual(len(self.data("warning-fired")), 1)
        self.assertEqual(len(self.data("rule-fired", subject="weather-warning")), 3)
        english = self.county.muster("replay", self.county.log)
        self.assertIn("WARNING: 暴雨 red", english)
        self.assertIn("warnings 暴雨 red", self.county.muster("explain", self.county.log, flood))
        chinese = self.county.muster("replay", self.county.log, "--lang", "zh")
        for words in ("预警告警：暴雨红色", "预警终止（被更新）：暴雨黄色", "通知：duty-chief"):
            self.assertIn(words, chinese)
        self.assertIn("生效预警 暴雨红色",
                      self.county.muster("explain", self.county.log, flood, "--lang", "zh"))

        self.alert(4, kind="Cancel", of=3)
        until(lambda: self.data("warning-ended", why="cancelled"), "the cancel")
        over = desk.one("notice", event="warning-ended")  # of the last update alone
        self.assertEqual((over["why"], over["warns_of"], over["colour"], over["roles"]),
                         ("cancelled", "暴雨", "red", ["duty-chief"]))
        self.assertIn("预警终止（解除）：暴雨红色", next(
            line for line in self.county.muster("replay", self.county.log, "--lang", "zh").splitlines()
            if "预警终止（解除）" in line and "；通知：duty-chief" in line))
        self.assertEqual(self.at_hand(), [])
        until(lambda: len(self.data("rule-ended")) == 3, "the rules to be over for all")
        self.assertEqual(self.level(flood), "II")  # lowering it is for people
        self.alert(5, "Red")  # a new one: it fires anew
        until(lambda: len(self.data("warning-fired")) == 2, "the next warning to be told")
        until(lambda: len(self.data("rule-fired", subject="weather-warning")) == 6,
              "and the rules to fire anew")
        self.assert_verified()
        with open(PACK, encoding="utf-8") as file:
            text = file.read().replace("raise: II\n", "raise: I\n")
        changed = self.county.path("changed.yaml")
        with open(changed, "w", encoding="utf-8") as file:
            file.write(text)
        *_, summary = self.county.json("rules", "what-if", self.county.log, "--rules", changed)
        self.assertEqual(summary["differ"], 3)  # all of them would be at level I

    def test_it_ends_by_its_time_and_what_is_elsewhere_does_not_count(self):
        self.load()
        desk = self.county.bridge(CENTRE)
        desk.one("ready")
        flood = self.county.report("--kind", "flood")
        self.alert(1, "Red", place="<geocode>440100000000</geocode>")  # Guangzhou
        self.alert(2, "Red", status="Exercise")
        self.alert(3, "Red", place="<polygon>36.6,117.1 36.7,117.1 36.7,117.2 36.6,117.1</polygon>")
        until(lambda: len(self.data("warning-began")) == 2, "both to be in force")
        shown = {row["mode"]: row for row in self.at_hand()}
        self.assertIsNone(shown["actual"]["here"])
        self.assertTrue(shown["exercise"]["here"])
        until(lambda: self.data("warnings-heeded"), "incidents to be asked")
        self.assertEqual(self.level(flood), "")
        self.assertEqual([data["here"] for data in self.data("warning-fired")], [True])  # the exercise's own
        table = self.county.muster("alert", "list", "--lang", "zh")
        for words in ("红色", "无法判断", "暴雨", "演练"):
            self.assertIn(words, table)

        self.alert(4, "Orange", place="<geocode>370000000000</geocode>", expires=4)  # the province, for 4 s
        until(lambda: self.level(flood) == "III", "the flood to be raised")
        until(lambda: self.data("warning-ended", why="expired"), "the warning to end")
        over = desk.one("notice", event="warning-ended")
        self.assertEqual((over["why"], over["colour"]), ("expired", "orange"))
        until(lambda: self.data("rule-ended"), "and the rule with it")
        self.assertEqual(len(self.at_hand()), 2)
        self.assert_verified()

    def test_two_contents_of_one_name_are_shown_as_disputed(self):
        self.alert(1, "Yellow")
        self.alert(2, "Blue")
        self.alert(1, "Orange")  # the same identifier
        until(lambda: len(self.data("warning-began")) > 2, "the second content to be in force")
        shown = {row["identifier"][-1]: row for row in self.at_hand()}
        self.assertEqual((shown["1"]["disputed"], [content["colour"] for content in shown["1"]["contents"]]),
                         (True, ["yellow", "orange"]))
        self.assertEqual((shown["2"]["disputed"], shown["2"]["contents"]), (False, []))
        self.assertIn("DISPUTED: yellow, orange", self.county.muster("alert", "list", "--lang", "en"))
        self.assertIn("存在争议：黄色、橙色", self.county.muster("alert", "list", "--lang", "zh"))

    def test_an_update_or_cancel_that_comes_first(self):
        self.sent[1] = (f"37010041600000_2026112300{1:04}", stamp(-59))
        self.alert(2, kind="Cancel", of=1)
        self.alert(1, "Red")
        self.assertEqual(self.at_hand(), [])
        self.assertEqual(self.data("warning-began"), [])

    def test_a_surge_is_bounded(self):
        self.load()
        self.county.report("--kind", "flood")
        self.alert(1, "Orange")
        feed = self.county.path("feed.xml")
        with open(feed, "w", encoding="utf-8") as file:
            file.write('<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
                       'xmlns:cap="urn:oasis:names:tc:emergency:cap:1.1">')
            for number in range(163):
                file.write(ENTRY.format(number=number, sent=stamp(-60), expires=stamp(3600)))
            file.write("</feed>")
        self.county.muster("import", "cap", feed)
        until(lambda: len(self.data("alert-recorded")) == 164, "the feed")
        rows = self.at_hand()
        self.assertEqual(len(rows), AT_HAND_MAX)
        self.assertEqual((rows[0]["colour"], rows[0]["here"]), ("orange", True))  # what is for here stays
        self.assertTrue(all(row["here"] is None for row in rows[1:]))
        self.alert(2, "Red", event="洪水")  # and comes in
        rows = self.at_hand()
        self.assertEqual((len(rows), rows[0]["event"]), (AT_HAND_MAX, "洪水"))
        self.assertGreater(len(self.data("warning-ended", why="no-room")), 99)
        self.assert_verified()

    @unittest.skipUnless(os.path.exists(FEED), "MUSTER_DATA has no cap/nws-atom-feed.xml")
    def test_the_public_alerts_are_long_over(self):
        self.load()
        self.county.call("import", "cap", *sorted(glob.glob(os.path.join(DATA, "*.cap"))), FEED)
        self.assertGreaterEqual(len(self.data("alert-recorded")), 9 + 163)
        self.assertEqual(self.at_hand(), [])
        self.assertEqual(self.data("warning-began"), [])
        self.assert_verified()


if __name__ == "__main__":
    main()
