"""What a duty officer may type in a report, what is refused, and what then stands there in Chinese."""
import datetime
import os
import re
import unittest

from agents import County, FIRE
from harness import SOURCE, main

ROSTER = os.path.join(SOURCE, "agents", "ctl", "rosters", "county.yaml")
TABLE = "370102001,解放路街道,2020-01-01,"


def at(seconds):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class ReportWords(unittest.TestCase):
    def setUp(self):
        self.county = County()
        self.addCleanup(self.county.close)
        self.county.start_broker()

    def call(self, *words):
        return self.county.call("incident", "report", "--kind", "mine", "--place", "三号井", *words)

    def test_what_cannot_be_meant_is_refused(self):
        for code, words, said, in_chinese in (
                (65, ("--occurred", at(300)), "lies in the future", "晚于当前时间"),
                (65, ("--occurred", at(365 * 86400)), "lies in the future", "晚于当前时间"),
                (64, ("--dead", "99999999999"), "--dead 99999999999: more than 10000000", "请核对位数"),
                (64, ("--trapped", "10000001"), "--trapped 10000001", "请核对位数"),
                (64, ("--loss", "100000000000001"), "--loss 100000000000001", "请核对位数"),
                (64, ("--division", "12"), "6 digits (county), 9 (township) or 12", "行政区划代码为 6 位"),
                (64, ("--division", "37010200a"), "6 digits (county)", "行政区划代码为 6 位")):
            for lang, wanted in (("en", said), ("zh", in_chinese)):
                refused = self.call(*words, "--lang", lang)
                self.assertEqual(refused.returncode, code, (words, refused.stderr))
                self.assertIn(wanted, refused.stderr)
                self.assertEqual(refused.stderr.count("\n"), 1)
        self.assertEqual(self.county.json("incident", "list"), [])
        incident = self.county.report()
        refused = self.county.call("incident", "update", incident, "--occurred", at(300))
        self.assertEqual(refused.returncode, 65, refused.stderr)
        # a clock that is a little ahead, and counts at the bound, are taken
        taken = self.call("--occurred", at(30), "--dead", "10000000", "--loss", "100000000000000")
        self.assertEqual(taken.returncode, 0, taken.stderr)

    def test_what_no_record_takes_is_named(self):
        """A terminal of another encoding, and a text beyond its bound: which word of it, and nothing sent."""
        incident = self.county.report()
        order = ("order", "issue", "--incident", incident, "--to", f"370102/{FIRE}", "--kind", "dispatch",
                 "--text")
        for words, said in (
                ((*order, "出动".encode("gbk")), "command.issue_orders.orders[0].text: not UTF-8"),
                ((*order, "长" * 6000), "command.issue_orders.orders[0].text: longer than 16384 bytes"),
                (("incident", "close", incident, "--reason", b"\xff"),
                 "command.close_incident.reason: not UTF-8")):
            refused = self.county.call(*words)
            self.assertEqual(refused.returncode, 65, refused.stderr)
            self.assertIn(said, refused.stderr)
            self.assertEqual(refused.stderr.count("\n"), 1)
        self.assertEqual(self.county.json("order", "list"), [])
        self.assertTrue(self.county.issue(FIRE, "--incident", incident))  # nothing of it stands in the way

    def test_when_it_happened_is_shown(self):
        occurred = at(-3600)
        incident = self.county.report("--occurred", occurred)
        moment = datetime.datetime.strptime(occurred, "%Y-%m-%dT%H:%M:%SZ").replace(
            tzinfo=datetime.timezone.utc)
        civil = (moment + datetime.timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")
        shown = self.county.muster("incident", "show", incident)
        self.assertIn(f"occurred {civil}", shown.split("what happened")[0])
        self.assertIn(f"occurred {civil}", shown.split("what happened")[1])
        self.assertIn(f"发生时间：{civil}", self.county.muster("incident", "list", "--lang", "zh"))
        self.assertRegex(self.county.muster("replay", self.county.log), f"known of .*occurred {civil}")
        self.assertEqual(self.county.json("incident", "list")[0]["occurred_ms"],
                         int(moment.timestamp() * 1000))
        self.assertEqual(self.county.json("incident", "show", self.county.report())[0]["occurred_ms"], 0)

    def test_divisions_are_looked_up_where_a_table_is_in_force(self):
        self.assertIn("no table of divisions is in force", self.call("--division", "370102001").stderr)
        self.assertIn("does not lie in region 370102", self.call("--division", "123456789").stderr)
        self.assertIn("不在本行政区", self.call("--division", "123456789", "--lang", "zh").stderr)
        self.county.add("table.csv", TABLE)
        self.county.muster("region", "load", self.county.path("table.csv"))
        self.assertEqual(self.call("--division", "370102001").stderr, "")
        self.assertIn("is no division of the table in force", self.call("--division", "370102009").stderr)
        self.assertIn("does not lie in region 370102", self.call("--division", "370103001").stderr)

    def test_a_kind_is_said_in_chinese_or_by_its_word(self):
        for typed, word in (("矿山事故", "mine"), ("矿山", "mine"), ("火灾", "fire"), ("mine", "mine"),
                            ("危险化学品", "hazardous-chemical"), ("oddity", "oddity")):
            reported = self.county.call("incident", "report", "--kind", typed, "--place", "x", "--json")
            incident = re.search(r'"incident":"(\w+)"', reported.stdout)[1]
            self.assertEqual(self.county.json("incident", "show", incident)[0]["kind"], word)
        self.assertIn('neither the policy nor the table of kinds has the kind "oddity"', reported.stderr)

        def noted(kind, *words):
            return self.county.call("incident", "report", "--kind", kind, "--place", "x", *words).stderr
        for typed, meant in (("mien", "mine"), ("firr", "fire"), ("typhon", "typhoon"),
                             ("矿山事胡", "矿山事故")):
            self.assertIn(f'did you mean "{meant}"?', noted(typed))
        self.assertIn("是否为 \"mine\"？", noted("mien", "--lang", "zh"))
        self.assertNotIn("did you mean", noted("typhoon"))

    def test_a_duty_room_reads_chinese(self):
        incident = self.county.report("--kind", "mine", "--dead", "1", "--serious", "0", "--loss", "0")
        order = self.county.issue(FIRE, "--incident", incident)
        self.county.muster("rules", "load", os.path.join(SOURCE, "common", "rules", "packs",
                                                         "decree-493.yaml"))
        self.county.muster("incident", "update", incident, "--dead", "3")
        pages = [self.county.muster(*words, "--lang", "zh") for words in (
            ("incident", "show", incident), ("incident", "list"), ("order", "show", order), ("order", "list"),
            ("replay", self.county.log), ("incident", "brief", incident),
            ("rules", "check", os.path.join(SOURCE, "common", "rules", "packs", "decree-493.yaml")))]
        show, listed, one, orders, replayed, brief, rules = pages
        for page in (show, listed, replayed):
            self.assertIn("事件类型：矿山事故", page)
        for page in (show, listed, one, orders, replayed, brief):
            self.assertIn("出动", page)
            self.assertNotIn("dispatch", page)
        for page in (show, replayed):
            self.assertIn("层级 县级", page)
        self.assertIn("事件类型：矿山事故（事故灾难）", brief)
        self.assertIn("适用：生产安全事故, 矿山事故, 煤矿事故,", rules)
        self.assertIn("kind mine", self.county.muster("incident", "show", incident))
        self.assertEqual(self.county.json("incident", "show", incident)[0]["class"], "accident")

    def test_every_kind_of_the_roster_has_a_chinese_name(self):
        with open(ROSTER, encoding="utf-8") as file:
            policy = file.read().partition("\n  kinds:\n")[2].partition("\n  substances:\n")[0]
        kinds = re.findall(r"^    - kind: ([a-z-]+)", policy, re.M)
        self.assertGreater(len(kinds), 10)
        for kind in kinds:
            incident = self.county.report("--kind", kind)
            self.assertRegex(self.county.muster("incident", "show", incident, "--lang", "zh"),
                             r"事件类型：[^a-z]+，")

    def test_the_table_of_kinds_stands_in_the_manual(self):
        with open(os.path.join(SOURCE, "common", "core", "kind.c"), encoding="utf-8") as file:
            kinds = re.findall(r'\{"([a-z-]+)", "[^"]+", "([^"]+)", CLASS_\w+\}', file.read())
        with open(os.path.join(SOURCE, "docs", "operations.md"), encoding="utf-8") as file:
            manual = file.read().partition("\n## Kinds\n")[2].partition("\n## ")[0]
        rows = "".join(line for line in manual.splitlines(True) if line.startswith("|"))
        self.assertEqual(re.findall(r"`([a-z-]+)` ([^，|` ]+)", rows), kinds)


if __name__ == "__main__":
    main()
