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

    def civil(self, seconds, form="%Y-%m-%d %H:%M:%S"):
        """So many seconds from now on the county's clock."""
        moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=8, seconds=seconds)
        return moment.strftime(form)

    def occurred(self, incident):
        return self.county.json("incident", "show", incident)[0]["occurred_ms"]

    def test_times_are_typed_as_the_duty_room_says_them(self):
        now_ms = datetime.datetime.now().timestamp() * 1000
        incident = self.county.report("--occurred", self.civil(-7200, "%Y-%m-%d %H:%M"))
        self.assertLess(abs(now_ms - 7200000 - self.occurred(incident)), 90000)
        if self.civil(0, "%H") != "00":  # a time of today, unless there is none yet
            self.county.muster("incident", "update", incident, "--occurred", self.civil(-300, "%H:%M"))
            self.assertLess(abs(now_ms - 300000 - self.occurred(incident)), 90000)
        if self.civil(7200, "%d") == self.civil(0, "%d"):  # yesterday's may be meant
            ahead = self.civil(7200, "%H:%M")
            for lang, words in (("en", f'is "{self.civil(-86400, "%Y-%m-%d")} {ahead}" meant?'),
                                ("zh", "今日尚未到该时刻")):
                refused = self.county.call("incident", "update", incident, "--occurred", ahead, "--lang",
                                           lang)
                self.assertEqual((refused.returncode, words in refused.stderr), (64, True), refused.stderr)
        for lang, words in (("en", "a time is wanted"), ("zh", "请写时间")):
            refused = self.call("--occurred", "昨天", "--lang", lang)
            self.assertEqual((refused.returncode, refused.stderr.count("\n")), (64, 1))
            self.assertIn(words, refused.stderr)
        # a point of a log and of a brief, by the same words
        for words in (("replay", self.county.log, "--at"), ("incident", "brief", incident, "--as-of")):
            self.assertEqual(self.county.call(*words, self.civil(1, "%Y-%m-%d %H:%M:%S")).returncode, 0)
            refused = self.county.call(*words, "2026-13-01 11:00", "--lang", "zh")
            self.assertEqual((refused.returncode, "请写时间" in refused.stderr), (64, True), refused.stderr)
        self.assertIn("of which day?", self.county.call("replay", self.county.log, "--at", "11:00").stderr)

    def test_an_agent_without_the_right_to_read_types_them_too(self):
        station = ("--config", self.county.path("agents", "fire-rescue.station-1.yaml"))
        civil = self.civil(-120, "%Y-%m-%d %H:%M:%S")
        reported = self.call(*station, "--occurred", civil, "--json")
        self.assertEqual(reported.returncode, 0, reported.stderr)
        incident = re.search(r'"incident":"(\w+)"', reported.stdout)[1]
        self.assertIn(f"occurred {civil}", self.county.muster("incident", "show", incident))

    def test_what_is_long_ago_is_noted(self):
        for lang, words in (("en", "it happened 357 d ago, at 20"), ("zh", "发生时间在 357 天前（20")):
            taken = self.call("--occurred", self.civil(-357.5 * 86400), "--lang", lang)
            self.assertEqual(taken.returncode, 0, taken.stderr)
            self.assertIn(words, taken.stderr)
        self.assertEqual(self.call("--occurred", at(-3600)).stderr, "")
        incident = self.county.report()
        later = self.county.call("incident", "update", incident, "--occurred", at(-3600))
        self.assertEqual(later.stderr, "")

    def test_a_report_is_not_sent_before_its_incident(self):
        def send(incident, when, *words):
            return self.county.call("incident", "send", incident, "--to", "city", "--medium", "phone", "--at",
                                    when, *words)
        known = self.county.report("--occurred", at(-3600))
        for lang, words in (("en", "lies before the incident happened, at"), ("zh", "早于事发时间")):
            refused = send(known, self.civil(-3700), "--lang", lang)
            self.assertEqual((refused.returncode, refused.stderr.count("\n")), (65, 1), refused.stderr)
            self.assertIn(words, refused.stderr)
        unknown = self.county.report()
        for lang, words in (("en", "more than a day before"), ("zh", "一天以上")):
            refused = send(unknown, self.civil(-366 * 86400), "--lang", lang)
            self.assertEqual((refused.returncode, refused.stderr.count("\n")), (65, 1), refused.stderr)
            self.assertIn(words, refused.stderr)
        # the phone comes before the paper
        taken = send(unknown, self.civil(-600))
        self.assertEqual(taken.returncode, 0, taken.stderr)
        self.assertIn("before the incident's first report here", taken.stderr)
        self.assertEqual(send(known, self.civil(-60, "%Y-%m-%d %H:%M")).returncode, 0)

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

    def test_a_time_to_the_minute_is_the_whole_minute(self):
        """A phone call in the minute of the report is no call before it: it meets the clock."""
        self.county.muster("rules", "load", os.path.join(SOURCE, "common/rules/packs/decree-493.yaml"))
        incident = self.county.json("incident", "report", "--kind", "mine", "--place", "三号井",
                                    "--title", "t", "--dead", "1")[0]["incident"]
        opened = self.county.json("incident", "show", incident)[0]["opened_ms"]
        zone = datetime.timezone(datetime.timedelta(hours=8))
        minute = datetime.datetime.fromtimestamp(opened / 1000, zone).strftime("%Y-%m-%d %H:%M")
        sent = self.county.call("incident", "send", incident, "--to", "city", "--medium", "phone", "--at",
                                minute)
        self.assertEqual((sent.returncode, sent.stderr), (0, ""))
        clocks = {row["clock"]: row for row in self.county.json("incident", "show", incident)[0]["clocks"]}
        self.assertEqual((clocks["county-city"]["met_ms"], clocks["county-city"]["late"]), (opened, False))

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
                             ("矿山事胡", "矿山事故"), ("火宅", "火灾"),
                             ("危险化学品泄漏", "危险化学品事故")):
            self.assertIn(f'did you mean "{meant}"?', noted(typed))
        self.assertIn("是否为 \"mine\"？", noted("mien", "--lang", "zh"))
        self.assertIn("是否为 \"火灾\"？", noted("火宅", "--lang", "zh"))
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
