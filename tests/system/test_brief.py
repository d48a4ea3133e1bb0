#!/usr/bin/python3
"""The numbered brief of an incident, from a live county and from its log; and reports that may be of one
event, as a duty officer is told of them when reporting, listing, showing and watching.
"""
import html.parser
import json
import os
import signal
import time
import unittest

from harness import BIN, SOURCE, skip, start
from test_import import Broker

FIRE = "agents/fire-rescue.station-1.yaml"
WAIT_S = 10
VOID = {"meta", "br"}
HOSTILE = '<script>alert(1)</script> & "three"\nsecond line'


class Page(html.parser.HTMLParser):
    """Every element is closed, and nothing is fetched or run."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.words, self.tags = [], [], set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for name, _ in attrs:
            if name in ("src", "href", "action", "background") or name.startswith("on"):
                raise AssertionError(f"<{tag} {name}>")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open.pop() != tag:
            raise AssertionError(f"</{tag}> closes another")

    def handle_data(self, data):
        self.words.append(data)

    def text(self):
        return "".join(self.words)


class Case(unittest.TestCase):
    def setUp(self):
        self.broker = Broker().__enter__()
        self.addCleanup(self.broker.__exit__, None, None, None)
        self.fire = ("--config", os.path.join(self.broker.home, FIRE))

    def ok(self, *arguments):
        return self.broker.run(*arguments, check=True).stdout

    def one(self, *arguments):
        return json.loads(self.ok(*arguments, "--json").splitlines()[0])

    def bad(self, code, words, *arguments):
        result = self.broker.run(*arguments)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertIn(words, result.stderr)

    def report(self, *arguments):
        return self.one("incident", "report", "--kind", "fire", *arguments)


class Brief(Case):
    def story(self):
        incident = self.report("--place", "港口三号库", "--title", HOSTILE, "--trapped", "2",
                               "--signed-off-by", "王主任")["incident"]
        order = self.one("order", "issue", "--incident", incident, "--to", "370102/fire-rescue",
                         "--text", "two men down")["order"]
        self.ok("incident", "update", incident, "--dead", "1", "--trapped", "1", "--loss", "0")
        self.ok("order", "receipt", order, "--incident", incident, "--rung", "on-scene", "--units", "E1",
                *self.fire)
        self.ok("incident", "update", incident, "--final", "--trapped", "0", "--course", "一\n二")
        return incident

    def items(self, *arguments):
        brief = self.one("incident", "brief", *arguments)
        return brief, {each["item"]: each for each in brief["items"]}

    def test_of_a_broker_and_of_its_log(self):
        incident = self.story()
        brief, items = self.items(incident)
        self.assertEqual((brief["number"], brief["heading"]), (3, "终报"))
        self.assertEqual(items["dead"]["value"], "1")
        self.assertEqual(items["trapped"], {"item": "trapped", "section": 4, "label": "被困（人）",
                                            "value": "0", "changed": True, "before": "1"})
        self.assertIsNone(items["missing"]["value"])
        self.assertEqual(brief["orders"][0]["rung"], "on-scene")

        brief, items = self.items(incident[-6:], "--number", "1")
        self.assertEqual((brief["heading"], brief["signed_off_by"]), ("初报", "王主任"))
        self.assertIsNone(items["dead"]["value"])
        self.assertEqual(brief["orders"], [])

        live = self.ok("incident", "brief", incident, "--number", "2")
        self.assertIn("第 2 号  续报一", live)
        self.assertIn("▲ 死亡（人）：1（上一号：未报）", live)
        self.assertIn("初步估计的直接经济损失（元）：0", live)
        self.assertIn("  失踪、下落不明（人）：未报", live)
        self.assertIn("\n签发人：未报\n", live)
        self.assertIn("No. 2  follow-up report 1", self.ok("incident", "brief", incident, "--number", "2",
                                                          "--lang", "en"))
        seq = self.one("incident", "brief", incident, "--number", "2")["seq"]
        self.broker.stop()

        of_log = self.ok("incident", "brief", incident[-6:], "--log", self.broker.log, "--number", "2")
        # what a log tells beyond the streams that were read of the broker: how far it goes
        self.assertEqual([line for line in live.splitlines() if not line.startswith("据")],
                         [line for line in of_log.splitlines() if not line.startswith("据")])
        replayed = [json.loads(line) for line in
                    self.ok("replay", self.broker.log, "--format", "jsonl").splitlines()]
        digest = next(each["hash"] for each in replayed if each["seq"] == seq)
        self.assertIn(f"第 {seq} 条记录哈希：{digest}", of_log)
        self.assertIn(f"第 {seq} 条记录哈希：{digest}", live)
        of_log = self.ok("incident", "brief", incident, "--log", self.broker.log, "--as-of", str(seq + 1))
        self.assertIn(f"列至第 {seq + 1} 条记录时的情况", of_log)
        self.assertIn("到场", of_log)
        self.assertIn("续报一", of_log)
        self.bad(66, "reports 1 to 3, not 4", "incident", "brief", incident, "--log", self.broker.log,
                 "--number", "4")
        self.bad(64, "the log has records 1 to", "incident", "brief", incident, "--log", self.broker.log,
                 "--as-of", "99999")
        self.bad(66, "nothing was reported by then", "incident", "brief", incident, "--log", self.broker.log,
                 "--as-of", "2020-01-01 00:00")

    def test_the_grade_that_a_report_led_to_is_in_its_brief(self):
        """Rules are asked in a record behind the report's; a later report's grade is not this one's."""
        self.ok("rules", "load", os.path.join(SOURCE, "common/rules/packs/decree-493.yaml"))
        incident = self.report("--place", "x", "--dead", "3")["incident"]
        deadline = time.monotonic() + WAIT_S  # else the rules may be asked of both reports at once
        while "grade III" not in self.ok("incident", "show", incident) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.ok("incident", "update", incident, "--dead", "10")
        self.bad(64, "Art. 72", "incident", "level", incident, "II", "--reason", "x")
        self.bad(64, "Art. 72", "incident", "level", incident, "II", "--for", "12 h")
        self.ok("incident", "level", incident, "II", "--reason", "封控、转移", "--until", "2099-01-01 08:00")
        self.ok("incident", "update", incident, "--minor", "1")

        def graded():
            return [self.items(incident, "--number", str(n))[1]["grade"]["value"] for n in (1, 2, 3)]

        deadline = time.monotonic() + WAIT_S
        while "未定级" in graded() and time.monotonic() < deadline:
            time.sleep(0.1)
        first, second, third = (self.items(incident, "--number", str(n)) for n in (1, 2, 3))
        self.assertEqual(first[1]["grade"]["value"], "较大（decree-493/grade-III）")
        self.assertEqual(second[1]["grade"]["value"], "重大（decree-493/grade-II）")
        self.assertEqual(second[1]["grade"]["before"], "较大（decree-493/grade-III）")
        self.assertFalse(third[1]["grade"]["changed"])
        self.assertEqual([each[1]["level"]["value"] for each in (first, second, third)],
                         ["未启动", "未启动", "二级（预计至 2099-01-01 08:00:00）"])
        self.assertLess(first[0]["seq"], second[0]["seq"])
        # as of the report's own record the rules had not been asked yet
        records = [json.loads(line) for line in
                   self.ok("replay", self.broker.log, "--format", "jsonl").splitlines()]
        filed = next(each["seq"] for each in records if each["event"] == "report-filed")
        self.assertEqual(self.items(incident, "--as-of", str(filed))[1]["grade"]["value"], "未定级")

    def test_page(self):
        incident = self.story()
        path = os.path.join(self.broker.folder.name, "brief.html")
        for number in ("1", "2"):  # the second takes the first one's place
            self.assertEqual(self.ok("incident", "brief", incident, "--number", number, "-o", path), "")
        self.assertEqual(os.listdir(self.broker.folder.name).count("brief.html"), 1)
        self.assertFalse([name for name in os.listdir(self.broker.folder.name) if name.endswith(".part")])
        with open(path, encoding="utf-8") as file:
            text = file.read()
        page = Page(text)
        self.assertEqual(page.open, [])
        self.assertNotIn("script", page.tags)
        self.assertIn('<script>alert(1)</script> & "three"', page.text())
        self.assertIn("四、伤亡人数和初步估计的直接经济损失", page.text())
        self.assertIn("default-src 'none'", text)
        written = self.ok("incident", "brief", incident, "--format", "html")
        self.assertTrue(written.startswith("<!DOCTYPE html>"))
        self.bad(73, "no-such-folder", "incident", "brief", incident, "-o", "/no-such-folder/brief.txt")
        self.bad(73, "something else of this name", "incident", "brief", incident, "-o", self.broker.home)

    def test_exercise(self):
        incident = self.report("--place", "训练场", "--mode", "exercise")["incident"]
        text = self.ok("incident", "brief", incident)
        self.assertEqual(text.count("演练　演练　演练"), 2)
        self.assertTrue(text.rstrip().endswith("="))

    def test_wrong_usage(self):
        incident = self.report("--place", "x")["incident"]
        self.bad(64, "give one of them", "incident", "brief", incident, "--number", "1", "--as-of", "1")
        self.bad(64, "counted from 1", "incident", "brief", incident, "--number", "0")
        self.bad(64, "text or html", "incident", "brief", incident, "--format", "pdf")
        self.bad(64, "--as-of", "incident", "brief", incident, "--as-of", "yesterday")
        self.bad(66, "there is no incident", "incident", "brief", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
        self.bad(66, "nowhere", "incident", "brief", incident, "--log", "nowhere")
        order = self.one("order", "issue", "--to", "370102/fire-rescue", "--text", "go")["incident"]
        self.bad(66, "muster incident update", "incident", "brief", order)
        self.bad(77, "watch", "incident", "brief", incident, *self.fire)


class Similar(Case):
    def near(self, north, *arguments):
        return ("--position", f"{36.65 + north:.4f},117.1200", "--datum", "wgs84", *arguments)

    def test_a_second_call(self):
        first = self.report(*self.near(0, "--title", "smoke"))
        self.assertEqual(first["similar"], [])
        second = self.report(*self.near(0.001, "--title", "flames"))
        similar = [(each["incident"], each["title"], each["distance_m"]) for each in second["similar"]]
        self.assertEqual(similar, [(first["incident"], "smoke", 111)])
        said = self.ok("incident", "report", "--kind", "fire", *self.near(0.002, "--title", "third"))
        self.assertIn(f"suspected to be the same event: {second['incident']} flames, 111 m away", said)
        self.assertIn(f"suspected to be the same event: {first['incident']} smoke, 222 m away", said)
        self.assertIn("疑似同一事件：", self.ok("incident", "report", "--kind", "fire", "--lang", "zh",
                                          *self.near(0.002)))
        exercise = self.report("--mode", "exercise", *self.near(0))
        self.assertEqual(exercise["similar"], [])
        flood = self.one("incident", "report", "--kind", "flood", *self.near(0))
        self.assertEqual(flood["similar"], [])

        listed = self.ok("incident", "list")
        self.assertIn(f"suspected to be the same event: {first['incident']} smoke, 111 m away", listed)
        self.assertIn("suspected to be the same event", self.ok("incident", "show", first["incident"]))
        shown = self.one("incident", "show", first["incident"])
        self.assertIn(second["incident"], [each["incident"] for each in shown["similar"]])
        self.assertEqual(self.one("incident", "show", flood["incident"])["similar"], [])

    def test_what_was_closed_of_late_counts(self):
        first = self.report(*self.near(0, "--title", "false alarm"))["incident"]
        self.ok("incident", "close", first, "--reason", "false alarm")
        said = self.ok("incident", "report", "--kind", "fire", *self.near(0.001))
        self.assertIn(f"{first} false alarm, 111 m away", said)
        self.assertIn("closed", said)
        listed = self.ok("incident", "list")
        self.assertIn(f"suspected to be the same event: {first}", listed)

    def test_who_may_not_watch_reports_all_the_same(self):
        self.report(*self.near(0))
        said = self.ok("incident", "report", "--kind", "fire", *self.near(0.001), *self.fire)
        self.assertIn("is reported", said)
        self.assertNotIn("suspected", said)

    def until(self, files, words, do=lambda: None):
        """What the files hold, as soon as each has the words; do() before each look."""
        deadline = time.monotonic() + WAIT_S
        while True:
            do()
            texts = []
            for file in files:
                file.seek(0)
                texts.append(file.read())
            if all(words in text for text in texts):
                return texts
            self.assertLess(time.monotonic(), deadline, texts)
            time.sleep(0.1)

    def test_watch(self):
        self.report(*self.near(0, "--title", "smoke"))
        environment = dict(os.environ, MUSTER_CONFIG=os.path.join(self.broker.home, "centre.yaml"))
        outs, watches = [], []
        for arguments in ((), ("--json",)):
            path = os.path.join(self.broker.folder.name, f"watch{len(outs)}")
            outs.append(open(path, "w+", encoding="utf-8"))
            self.addCleanup(outs[-1].close)
            watches.append(start([os.path.join(BIN, "muster"), "watch", *arguments], stdout=outs[-1],
                                 env=environment))
        # again, until both have begun
        self.until(outs, "elsewhere", lambda: self.one("incident", "report", "--kind", "flood",
                                                       "--title", "elsewhere"))
        self.report(*self.near(0.001, "--title", "flames"))
        text = self.until(outs[:1], "suspected to be the same event")[0]
        self.assertRegex(text, r"flames[^\n]*\n[^\n]*suspected to be the same event: \w+ smoke, 111 m away, ")
        said = self.until(outs[1:], '"similar":[')[0]
        event = json.loads(next(each for each in said.splitlines() if '"similar":[' in each))
        self.assertEqual(event["event"], "facts-changed")
        self.assertEqual([each["distance_m"] for each in event["data"]["similar"]], [111])
        for watch in watches:
            watch.send_signal(signal.SIGINT)
            self.assertEqual(watch.wait(WAIT_S), 0)


if __name__ == "__main__":
    if not os.access(os.path.join(BIN, "muster"), os.X_OK):
        skip(f"{BIN}/muster is not built")
    unittest.main()
