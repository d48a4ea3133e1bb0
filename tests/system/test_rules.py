"""Rule packs on the command line: those that are shipped do what the cases beside them say, and one with a
mistake is refused with its place."""
import json
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import BIN, SOURCE

PACKS = sorted(path for path in (Path(SOURCE) / "common/rules/packs").glob("*.yaml")
               if not path.name.endswith(".cases.yaml"))

CLOCK = "clocks:\n  - {clock: c, within: 1 h, to: city}\nrules:"
PACK = """pack: p
version: '1'
match: all
rules:
  - rule: many
    when: incident
    if: dead > 3
    do:
      - grade: III
"""
SERIES = """pack: p
version: '1'
match: all
rules:
  - {rule: gas, when: reading, if: name = 'h2s' and reading > 10, until: reading < 8, do: [notify: chief]}
  - {rule: lost, when: reading, if: name = 'h2s' and reading is null, do: [notify: chief]}
  - {rule: fast, when: reading, if: rise_per_min >= 2 and name = 'w', for: 3 min, do: [notify: chief]}
  - {rule: soon, when: reading, if: name = 'soon' and reading > 10, until: reading < 8, for: 3 s,
     do: [notify: chief]}
  - {rule: gone, when: silent, for: 5 min, do: [notify: chief]}
"""


def rules(*arguments):
    return subprocess.run([Path(BIN) / "muster", "rules", *arguments], capture_output=True, text=True,
                          timeout=60, check=False)


class Shipped(unittest.TestCase):
    def test_each_does_what_its_cases_say(self):
        self.assertTrue(PACKS)
        for pack in PACKS:
            with self.subTest(pack=pack.name):
                checked = rules("check", pack, "--json")
                self.assertEqual(checked.returncode, 0, checked.stderr)
                self.assertGreater(len(json.loads(checked.stdout)["rules"]), 0)
                self.assertEqual(json.loads(checked.stdout)["loop"], [])
                self.assertTrue(json.loads(checked.stdout)["loops_tried_out"])
                self.assertNotIn("never started", rules("check", pack, "--lang", "en").stdout)
                tested = rules("test", pack)
                self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)
                self.assertIn(" 0 failed\n", tested.stdout)


    def test_the_five_are_there(self):
        names = {json.loads(rules("check", pack, "--json").stdout)["pack"] for pack in PACKS}
        self.assertLessEqual({"decree-493", "public-health", "chongqing", "jiangxi", "henan-2021"}, names)

    def test_clocks_are_shown(self):
        pack = Path(SOURCE) / "common/rules/packs/henan-2021.yaml"
        shown = rules("check", pack, "--lang", "en").stdout
        self.assertRegex(shown, r"major-phone +occurred, later the rule +15 min +province +phone +5 min +重")
        self.assertRegex(shown, r"daily-follow-up +daily +08:00 17:00 +province +follow-up +1 h +较大")
        self.assertRegex(rules("check", pack, "--lang", "zh").stdout,
                         r"major-phone +事发，其后规则启动 +15 min +省级 +电话")
        self.assertIn("启动时限 major-phone、启动时限 major-written",
                      rules("check", pack, "--lang", "zh").stdout)
        said = json.loads(rules("check", pack, "--json").stdout)
        clocks = {clock["clock"]: clock for clock in said["clocks"]}
        self.assertEqual(clocks["daily-follow-up"]["daily"], "08:00 17:00")
        self.assertEqual(clocks["major-phone"]["within_ms"], 15 * 60 * 1000)
        self.assertEqual(clocks["major-phone"]["from"], "occurred")


class Documented(unittest.TestCase):
    """What docs/rules.md shows is what people begin with: each example stands as it is there."""

    def examples(self):
        page = (Path(SOURCE) / "docs/rules.md").read_text(encoding="utf-8")
        return re.findall(r"^```(yaml|csv)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)

    def test_each_example_holds(self):
        packs = 0
        for kind, text in self.examples():
            with self.subTest(example=text[:60]), tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / f"example.{kind}"
                named = re.match(r"# ([\w-]+)\.cases\.yaml\n", text)
                if named:  # of another example
                    path = Path(folder) / f"{named[1]}.yaml"
                    path.write_text(next(other for _, other in self.examples()
                                         if other.startswith(f"pack: {named[1]}\n")), encoding="utf-8")
                    (Path(folder) / f"{named[1]}.cases.yaml").write_text(text, encoding="utf-8")
                    done = rules("test", path)
                elif text.startswith("cases:"):  # of the decree's pack, which is shipped
                    path = Path(folder) / "decree-493.yaml"
                    shutil.copy(Path(SOURCE) / "common/rules/packs/decree-493.yaml", path)
                    (Path(folder) / "decree-493.cases.yaml").write_text(text, encoding="utf-8")
                    done = rules("test", path)
                else:
                    packs += 1
                    path.write_text(text, encoding="utf-8")
                    done = rules("check", path)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreaterEqual(packs, 6)


TABLE = """规则包,limits,,,,
版本,2026-11-22,,,,
事件类型,指标,比较,值,持续,动作
fire,死亡,大于等于,3,,定级 III；通知 duty-officer
,直接经济损失,大于等于,5000万,,定级 II
"""


class Mistakes(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, name, text):
        path = Path(self.folder.name) / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return path

    def refused(self, words, *arguments, code=78):
        done = rules(*arguments)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(words, done.stderr)
        return done

    def test_a_mistake_has_its_place(self):
        pack = self.write("p.yaml", PACK.replace("dead > 3", "dead > 3 or deda > 9"))
        self.refused(f'{pack}:7:21: no fact is called "deda"; did you mean "dead"?', "check", pack)

    def test_what_never_holds_is_shown(self):
        pack = self.write("p.yaml", PACK.replace("dead > 3", "dead > 3 and dead < 2"))
        done = self.refused(':7:9: rule "many": its condition can never hold', "check", pack, code=65)
        self.assertRegex(done.stdout, r"7 +many +incident +dead > 3 and dead < 2 +grade III +can never hold")
        self.assertIn("永不成立", rules("check", pack, "--lang", "zh").stdout)

    def test_time_alone_is_noted(self):
        for condition, lasts, word in (("dead > 3 and known_min > 30", "", "known_min"),
                                       ("age_min > 30", "", "age_min"), ("dead > 3", "", None),
                                       ("dead > 3 and known_min > 30", "\n    for: 10 min", None)):
            pack = self.write("p.yaml", PACK.replace("dead > 3", condition + lasts))
            done = rules("check", pack)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (0, word is not None), done.stderr)
            self.assertEqual(json.loads(rules("check", pack, "--json").stdout)["rules"][0]["time_alone"],
                             word is not None)
            if word is not None:
                self.assertIn(f"{pack}:7: {word}: the rule is asked when the incident changes, never because "
                              "time passes", done.stderr)
                self.assertIn("不因时间经过而判断", rules("check", pack, "--lang", "zh").stderr)

    def test_a_case_that_fails_is_shown(self):
        pack = self.write("p.yaml", PACK)
        self.write("p.cases.yaml", "cases:\n  - {case: three, facts: {dead: 3}, fires: [many]}\n"
                                   "  - {case: nothing, facts: {}, fires: [], unknown: [many]}\n")
        done = self.refused("does not do what its cases say", "test", pack, code=65)
        self.assertIn("p.cases.yaml:2: three: fires []; the case wants [many]. Could not tell []\n",
                      done.stdout)
        self.assertIn("2 cases, 1 failed", done.stdout)

    def test_a_case_says_which_clocks_start(self):
        pack = self.write("p.yaml", PACK.replace("rules:", CLOCK).replace("- grade: III", "- start: c"))
        self.write("p.cases.yaml", "cases:\n  - {case: four, facts: {dead: 4}, fires: [many], starts: [c]}\n"
                                   "  - {case: two, facts: {dead: 2}, fires: [], starts: []}\n"
                                   "  - {case: five, facts: {dead: 5}, fires: [many], starts: []}\n")
        done = self.refused("does not do what its cases say", "test", pack, code=65)
        self.assertIn("p.cases.yaml:4: five: fires [many]; the case wants [many]. Could not tell []. "
                      "Starts [c]; the case wants []\n", done.stdout)
        self.assertIn("3 cases, 1 failed", done.stdout)
        cases = self.write("c.yaml", "cases:\n  - {case: a, facts: {}, fires: [], starts: [d]}\n")
        self.refused('p has no clock "d"', "test", pack, cases)

    def test_a_case_may_be_a_series(self):
        pack = self.write("p.yaml", SERIES)
        agent = "agent: 370102/a/b"
        rows = (("flaps", "reading", "name: h2s, unit: t",
                 [f"{n} s, reading: {12 if n % 2 else 9.5}" for n in range(50)] + ["20 min"], "gas, lost"),
                ("twice", "reading", "name: h2s",
                 ["0 s, reading: 11", "9 s, reading: 7", "2 min, reading: 11"], "gas, gas"),
                ("dips", "reading", "name: soon",  # begins at 5 s, and not at 60 s
                 ["0 s, reading: 9.5", "2 s, reading: 12", "4 s, reading: 9.5", "6 s, reading: 11",
                  "20 s, reading: 11"], "soon"),
                ("rises", "reading", "name: w",
                 ["0 s, reading: 1", "1 min, reading: 4", "4 min, reading: 10"], "fast"),
                ("six", "silent", agent, ["0 s", "6 min, heard: true"], "gone"),
                ("four", "silent", agent, ["0 s", "4 min, heard: true"], ""),
                ("wrong", "silent", 'link: "370000"', ["0 s", "6 min"], "gas"))
        self.write("p.cases.yaml", "cases:\n" + "".join(
            f"  - {{case: {name}, when: {when}, facts: {{{facts}}}, fires: [{fires}],"
            f" series: [{', '.join('{at: ' + step + '}' for step in steps)}]}}\n"
            for name, when, facts, steps, fires in rows))
        done = self.refused("does not do what its cases say", "test", pack, code=65)
        self.assertIn("p.cases.yaml:8: wrong: fires [gone]; the case wants [gas]\n", done.stdout)
        self.assertIn("7 cases, 1 failed", done.stdout)
        for bad, why in (("[{at: 2 s, reading: 1}, {at: 1 s}]", "goes on in time"), ("[]", "1 to 1000 steps"),
                         ("[{reading: 1}]", "missing key 'at'")):
            cases = self.write("c.yaml", "cases:\n  - {case: a, when: reading, facts: {name: h2s}, "
                                         f"series: {bad}, fires: []}}\n")
            self.refused(why, "test", pack, cases)

    def test_a_case_may_be_the_life_of_an_incident(self):
        pack = self.write("life.yaml", "pack: life\nversion: '1'\nmatch: all\nkinds: [mine*]\nclocks:\n"
                          "  - {clock: daily, title: 每日续报, daily: ['08:00', '17:00'], to: city}\n"
                          "  - {clock: phone, title: 电话, within: 15 min, to: city, medium: phone}\n"
                          "rules:\n  - rule: begin\n    when: incident\n"
                          "    if: tier = 'county' and dead >= 3\n"
                          "    do: [{start: daily}, {start: phone}]\n  - rule: long\n    when: incident\n"
                          "    if: trapped > 0\n    for: 30 min\n    until: trapped = 0\n"
                          "    do: [{raise: III}]\n")
        cases = self.write("life.cases.yaml", """cases:
  - case: daily rounds
    begins: "16:30"
    facts: {tier: county, dead: 3}
    series: [{at: 5 min, sent: city, medium: phone}, {at: 25 min, sent: city}, {at: 25 h}]
    fires: [begin]
    overdue: [{clock: daily, at: 15 h 30 min}, {clock: daily, at: 24 h 30 min}]
  - case: trapped for long enough, once
    facts: {tier: county}
    series: [{at: 0 s, trapped: 2}, {at: 29 min, trapped: 0}, {at: 1 h, trapped: 1}, {at: 2 h, trapped: 2}]
    fires: [long]
""".replace("15 h 30 min", "930 min").replace("24 h 30 min", "1470 min"))
        self.assertEqual(rules("test", pack).stdout.splitlines()[-1], f"{cases}: 2 cases, 0 failed")
        text = cases.read_text(encoding="utf-8")
        cases.write_text(text.replace('"16:30"', '"17:30"').replace("[long]", "[]"), encoding="utf-8")
        failed = rules("test", pack, "--lang", "zh")
        self.assertEqual(failed.returncode, 65)
        # what went up at 17:35 is the morning's
        self.assertIn("触发 [begin]；用例要求 [begin]。逾期 [daily 23 h 30 min]；用例要求 "
                      "[daily 15 h 30 min, daily 1 d]", failed.stdout)
        self.assertIn("触发 [long]；用例要求 []", failed.stdout)
        for old, new, said in (('"16:30"', '"24:00"', "a time of day is wanted"),
                               ("dead: 3}", "grade: 3}", 'no report says "grade"'),
                               ("sent: city}", "sent: moon}", "life.cases.yaml:5:"),
                               ("{at: 25 h}", "{at: 1 min}", "a series goes on in time"),
                               ("clock: daily", "clock: hourly", 'life has no clock "hourly"'),
                               ("trapped: 1}", "traped: 1}", 'not "traped"')):
            cases.write_text(text.replace(old, new, 1), encoding="utf-8")
            self.refused(said, "test", pack)

    def test_a_pack_is_not_asked_about_other_kinds(self):
        pack = self.write("p.yaml", PACK.replace("rules:", "kinds: [mine]\nrules:"))
        self.write("p.cases.yaml", "cases:\n  - {case: mine, facts: {kind: mine, dead: 4}, fires: [many]}\n"
                                   "  - {case: fire, facts: {kind: fire, dead: 4}, fires: []}\n"
                                   "  - {case: any, facts: {dead: 4}, fires: [many]}\n")
        self.assertEqual(rules("test", pack).returncode, 0)

    def test_mistakes_are_told_in_chinese(self):
        for wrong, said in (
                (PACK.replace("dead", "deda"), ':7:9: 没有名为 "deda" 的指标；是否指 "dead"？'),
                (PACK.replace("grade: III", "grade: 3"),
                 ':9:16: "grade" 的值应为 I、II、III 或 IV，而不是 "3"'),
                (PACK.replace("dead > 3", "dead >"), ":7:"),
                (PACK.replace("match: all\n", ""), ":1:1: 缺少键 'match'，请补上"),
                (PACK.replace("    if", "   if"), "不是有效的 YAML：此处应为")):
            pack = self.write("p.yaml", wrong)
            self.refused(f"{pack}", "check", pack, "--lang", "zh")
            self.refused(said, "check", pack, "--lang", "zh")
            self.refused(f"{pack}", "load", pack, "--lang", "zh")

    def test_kinds_that_nobody_has_are_noted(self):
        pack = self.write("p.yaml", PACK.replace("rules:", "kinds: [火灾, fier, mine*, 煤矿*]\nrules:")
                          .replace("dead > 3", "dead > 3 and kind not in ('mien', 'fire')"))
        done = rules("check", pack, "--lang", "en")
        self.assertEqual(done.returncode, 0)
        self.assertIn("for fire, fier, mine*, 煤矿*", done.stdout)
        notes = ((pack, '"fier"; did you mean "fire"?'),
                 (pack, '"煤矿*"; did you mean "煤矿事故" (coal-mine)?'),
                 (f"{pack}:8", '"mien"; did you mean "mine"?'))
        self.assertEqual(done.stderr.splitlines(),
                         [f"muster: note: {where}: the table of kinds does not have the kind {what}"
                          for where, what in notes])
        done = rules("check", pack, "--lang", "zh")
        self.assertIn('事件类型表中无类型 "fier"；是否为 "fire"？', done.stderr)
        pack = self.write("p.yaml", PACK.replace("rules:", "kinds: [火宅]\nrules:")
                          .replace("dead > 3", "dead > 3 and kind = '泥石硫'"))
        done = rules("check", pack, "--lang", "zh")
        self.assertIn('事件类型表中无类型 "火宅"；是否为 "火灾"（fire）？', done.stderr)
        self.assertIn('p.yaml:8：事件类型表中无类型 "泥石硫"；是否为 "泥石流"（debris-flow）？', done.stderr)

    def test_a_kind_by_its_chinese_name_in_a_condition(self):
        pack = self.write("p.yaml", PACK.replace("dead > 3", "dead > 3 and kind = '火灾'"))
        self.refused(f"{pack}:7:9: rule \"many\": kind holds 'fire' and not '火灾'; write 'fire'",
                     "check", pack, "--lang", "en", code=65)
        self.refused("kind 记录的是 'fire' 而不是 '火灾'", "load", pack, "--lang", "zh", code=65)

    def test_loops_are_named(self):
        pack = self.write("p.yaml", PACK.replace("if: dead > 3", "if: level = 3 and dead > 3")
                          .replace("grade: III", "raise: II") + """  - rule: calm
    when: incident
    if: level = 2
    do:
      - lower: III
""")
        self.refused("can fire each other for ever: many (line 7, column 9), calm (line 12, column 9); "
                     "let one ask for more", "check", pack, "--lang", "en", code=65)
        self.refused("可能循环触发：many（第 7 行第 9 列）、calm（第 12 行第 9 列）；请收紧其中一条的条件",
                     "check", pack, "--lang", "zh", code=65)
        self.assertEqual(json.loads(rules("check", pack, "--json").stdout)["loop"], ["many", "calm"])

    def test_loops_go_through_packs(self):
        up = self.write("up.yaml", PACK.replace("dead > 3", "level = 3").replace("grade: III", "raise: II"))
        down = self.write("down.yaml", PACK.replace("pack: p", "pack: q").replace("dead > 3", "level = 2")
                          .replace("grade: III", "lower: III"))
        for pack in (up, down):
            self.assertEqual(rules("check", pack).returncode, 0)
        self.refused("together: these rules can fire each other for ever: p/many (line 7, column 9), "
                     "q/many (line 7, column 9)", "check", up, down, "--lang", "en", code=65)

    def test_the_shipped_packs_go_together(self):
        self.assertEqual(rules("check", *PACKS).returncode, 0)

    def test_a_clock_that_nothing_starts_is_shown(self):
        pack = self.write("p.yaml", PACK.replace("rules:", CLOCK))
        self.assertRegex(rules("check", pack, "--lang", "en").stdout,
                         r"c +received +1 h +city +never started")

    def test_tables(self):
        for encoding in ("utf-8", "utf-8-sig", "gb18030"):
            with self.subTest(encoding=encoding):
                pack = self.write("limits.csv", TABLE.encode(encoding))
                checked = rules("check", pack, "--lang", "en")
                self.assertEqual(checked.returncode, 0, checked.stderr)
                self.assertRegex(checked.stdout, r"4 +第4行 +incident +\(kind = 'fire'\) and dead >= 3 "
                                                 r"+grade III, notify duty-officer")
                self.write("limits.cases.yaml", "cases:\n  - {case: a, facts: {kind: fire, dead: 3, "
                                                "loss: 1}, fires: [第4行], unknown: []}\n")
                self.assertEqual(rules("test", pack).returncode, 0)
        pack = self.write("limits.csv", TABLE.replace("fire,", "火宅,"))
        self.assertIn(f'{pack}:4：事件类型表中无类型 "火宅"；是否为 "火灾"（fire）？',
                      rules("check", pack, "--lang", "zh").stderr)
        pack = self.write("limits.csv", TABLE.replace("5000万", "五千万"))
        self.refused(f'{pack}:5: 值 "五千万": 不是数字，应写如 10、2.5、5000万', "check", pack)
        for broken, said in (('"fire,', "引号未闭合 (a quote is opened and not closed)"),
                             ('"fire"x,', "单元格内的引号须写两个 (there is text behind a closing quote"),
                             ('fi"re,', "请把整个单元格加引号 (a quote stands inside a field")):
            pack = self.write("limits.csv", TABLE.replace("fire,", broken))
            self.refused(f"{pack}:4: ", "check", pack)
            self.refused(said, "check", pack)

    def test_bad_cases_and_files(self):
        pack = self.write("p.yaml", PACK)
        self.refused("p.cases.yaml", "test", pack, code=66)
        cases = self.write("c.yaml", "cases:\n  - {case: a, facts: {deda: 3}, fires: []}\n")
        self.refused('c.yaml:2:22: no fact is called "deda"', "test", pack, cases)
        cases.write_text("cases:\n  - {case: a, facts: {dead: x}, fires: []}\n", encoding="utf-8")
        self.refused("c.yaml:2:29:", "test", pack, cases)
        cases.write_text("cases:\n  - {case: a, facts: {}, fires: [few]}\n", encoding="utf-8")
        self.refused('p has no rule "few"', "test", pack, cases)
        self.refused("no-such.yaml", "check", Path(self.folder.name) / "no-such.yaml", code=66)
        self.refused("does not end in .yaml", "test", self.write("p.txt", PACK), code=64)


if __name__ == "__main__":
    unittest.main()
