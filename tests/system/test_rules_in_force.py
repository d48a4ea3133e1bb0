"""Rule packs in force: put there by a person, asked by the broker, told to those whom it concerns, and the
same across kill -9."""
import os
import time

from agents import CENTRE, CountyTest, HEALTH, until
from harness import SOURCE, main

DECREE = os.path.join(SOURCE, "common/rules/packs/decree-493.yaml")
COUNTY = """pack: county
version: '2026'
match: all
rules:
  - {rule: chief, when: incident, if: grade <= 2, do: [raise: II, refer: parent, notify: chief]}
  - {rule: lasting, when: incident, if: trapped > 0, for: 2 s, do: [notify: rescue]}
  - {rule: silent, when: order-unanswered, if: agency = '370102/health', do: [notify: chief]}
"""


class InForce(CountyTest):
    def setUp(self):
        super().setUp()
        self.pack = self.county.path("county-rules.yaml")
        with open(self.pack, "w", encoding="utf-8") as file:
            file.write(COUNTY)

    def assert_verified(self):
        """And the packs in force, tried out on the log, would have done what they did."""
        super().assert_verified()
        packs = []
        for pack in self.county.json("rules", "list"):
            packs.append(self.county.path(f"in-force-{pack['pack']}.yaml"))
            with open(packs[-1], "w", encoding="utf-8") as file:
                file.write(self.county.muster("rules", "list", pack["pack"]))
        if packs:
            words = [word for pack in packs for word in ("--rules", pack)]
            *firings, summary = self.county.json("rules", "what-if", self.county.log, *words)
            self.assertEqual((summary["differ"], len(firings) > 0), (0, summary["fired"] > 0), firings)

    def load(self):
        for pack in (DECREE, self.pack):
            self.assertIn("is in force", self.county.muster("rules", "load", pack))

    def shown(self, incident):
        return self.county.json("incident", "show", incident)[0]

    def desk(self):
        self.county.add(self.county.config(CENTRE), "bridge: true")
        desk = self.county.bridge(CENTRE)
        desk.one("ready")
        return desk

    def explosion(self, *words):
        return self.county.report("--kind", "explosion", *words)

    def graded(self, incident, grade):
        return until(lambda: (shown := self.shown(incident))["grade"] == grade and shown, f"grade {grade}")

    def data(self, kind):
        return [event["data"] for event in self.county.events() if event["event"] == kind]

    def test_a_grade_rises_with_the_facts(self):
        self.load()
        packs = self.county.json("rules", "list")
        self.assertEqual([pack["pack"] for pack in packs], ["county", "decree-493"])
        with open(DECREE, encoding="utf-8") as file:
            self.assertEqual(self.county.muster("rules", "list", "decree-493"), file.read())
        self.assertIn("was in force so already", self.county.muster("rules", "load", DECREE))

        desk = self.desk()
        incident = self.explosion("--dead", "2")
        shown = self.graded(incident, "IV")
        self.assertEqual(shown["graded_by"], "decree-493/grade-IV")
        self.assertLessEqual({"serious", "loss"}, set(self.data("graded")[0]["unknown"]))
        for dead, grade in ((3, "III"), (10, "II"), (30, "I")):
            self.county.muster("incident", "update", incident, "--dead", str(dead))
            shown = self.graded(incident, grade)
            notice = desk.one("notice", event="graded", incident=incident, grade=grade)
            self.assertEqual(notice["rule"], f"decree-493/grade-{grade}")
        self.assertEqual((shown["level"], shown["referred_to"]), ("II", ["370100"]))

        # down is a person's word
        self.county.muster("incident", "update", incident, "--dead", "29")
        until(lambda: self.shown(incident)["grade_doubted"] == "II", "a doubt")
        self.assertEqual(self.shown(incident)["grade"], "I")
        refused = self.county.call("incident", "grade", incident, "II")
        self.assertIn("needs a reason", refused.stderr)
        self.county.muster("incident", "grade", incident, "II", "--reason", "one was counted twice")
        shown = self.shown(incident)
        self.assertEqual((shown["grade"], shown["grade_doubted"], shown["graded_by"]),
                         ("II", "", "duty-officer"))

        # the response ends by a person's word, too, with a reason; what starts it anew says how long
        refused = self.county.call("incident", "level", incident, "none")
        self.assertEqual(refused.returncode, 64)
        self.assertIn("lowered or ended with a reason", refused.stderr)
        self.assertIn("duration not stated", self.county.muster("incident", "show", incident))
        self.county.muster("incident", "level", incident, "none", "--reason", "over")
        self.assertEqual(self.shown(incident)["level"], "")
        for words, lang, said in (((), "en", "Emergency Response Law Art. 72"), ((), "zh", "第七十二条"),
                                  (("--reason", "pump"), "zh", "第七十二条"),
                                  (("--for", "12 h"), "en", "Art. 72"),
                                  (("--for", "12 h", "--until", "08:00"), "zh", "请只写一个")):
            refused = self.county.call("incident", "level", incident, "III", *words, "--lang", lang)
            self.assertEqual((refused.returncode, said in refused.stderr), (64, True), refused.stderr)
        self.county.muster("incident", "level", incident, "III", "--reason", "pump", "--for", "12 h")
        until_ms = self.shown(incident)["level_until_ms"]
        self.assertGreater(until_ms, 0)
        self.assertIn("as it was", self.county.muster("incident", "level", incident, "III"))
        self.assertEqual(self.shown(incident)["level_until_ms"], until_ms)
        self.assertIn("三级响应，预计至", self.county.muster("incident", "show", incident, "--lang", "zh"))
        self.county.muster("incident", "level", incident, "IV", "--reason", "pumped")
        self.assertIn("定级 重大", self.county.muster("replay", self.county.log, "--lang", "zh"))
        self.assertIn("by rule decree-493/grade-I", self.county.muster("replay", self.county.log))
        self.assert_verified()

    def test_a_kind_that_no_pack_is_for_is_ungraded(self):
        self.load()
        desk = self.desk()
        incident = self.county.report("--dead", "40")  # an ambulance's case is no accident at work
        desk.one("notice", event="grade-asked", incident=incident)
        self.assertEqual(self.shown(incident)["grade"], "")
        self.assertIn("asked of a person", self.county.muster("incident", "list"))
        self.county.muster("incident", "update", incident, "--dead", "41")
        until(lambda: len(self.data("rules-asked")) == 2, "the rules to be asked again")
        self.assertEqual(len(self.data("grade-asked")), 1)
        self.county.muster("incident", "grade", incident, "II")
        self.assertEqual(self.shown(incident)["grade"], "II")
        self.assertIn("无定级规则，请人工定级", self.county.muster("replay", self.county.log, "--lang", "zh"))
        self.assert_verified()

    def test_a_table_calls_kinds_by_their_chinese_names(self):
        table = self.county.path("fires.csv")
        with open(table, "w", encoding="utf-8") as file:
            file.write("规则包,fires\n版本,1\n事件类型,指标,比较,值,持续,动作\n"
                       "火灾、森林火灾,死亡,大于等于,3,,定级 III\n")
        self.county.muster("rules", "load", table)
        for kind in ("火灾", "forest-fire"):
            incident = self.county.report("--kind", kind, "--dead", "4")
            self.assertEqual(self.graded(incident, "III")["graded_by"], "fires/第4行")
        self.assert_verified()

    def test_a_grade_that_no_rule_says_any_more_is_asked_for(self):
        table = self.county.path("limits.csv")
        with open(table, "w", encoding="utf-8") as file:
            file.write("规则包,limits\n版本,1\n事件类型,指标,比较,值,持续,动作\n,死亡,大于等于,3,,定级 III\n")
        self.county.muster("rules", "load", table)
        desk = self.desk()
        incident = self.county.report("--kind", "fire", "--dead", "4")
        self.graded(incident, "III")
        self.county.muster("incident", "update", incident, "--dead", "1")
        notice = desk.one("notice", event="grade-asked", incident=incident)
        self.assertEqual(notice["rule"], "limits/第4行")
        for word, said in (("show", "请重新定级"), ("brief", "较大（limits/第4行）；依现有情况已无规则支持")):
            self.assertIn(said, self.county.muster("incident", word, incident, "--lang", "zh"))
        self.assertIn("rule limits/第4行 does not hold any more, nor does another that grades",
                      self.county.muster("replay", self.county.log))
        self.county.muster("incident", "grade", incident, "IV", "--reason", "one is dead")
        self.assertNotIn("请重新定级", self.county.muster("incident", "show", incident, "--lang", "zh"))
        self.assert_verified()

    def test_a_coal_mine_is_an_accident_at_work(self):
        self.load()
        incident = self.county.report("--kind", "煤矿事故", "--dead", "31", "--serious", "0", "--loss", "0")
        self.assertEqual(self.graded(incident, "I")["graded_by"], "decree-493/grade-I")

    def test_a_table_is_put_in_force(self):
        table = self.county.path("limits.csv")
        rows = ("规则包,limits\r\n版本,1\r\n事件类型,指标,比较,值,持续,动作\r\n"
                ",死亡,大于等于,3,,定级 III；通知 chief\r\n")
        with open(table, "wb") as file:
            file.write(rows.encode("gb18030"))
        self.assertIn("limits 1 is in force", self.county.muster("rules", "load", table))
        self.assertEqual(self.county.muster("rules", "list", "limits").replace("\r\n", "\n"),
                         rows.replace("\r\n", "\n"))
        incident = self.county.report("--dead", "3")
        self.assertEqual(self.graded(incident, "III")["graded_by"], "limits/第4行")
        self.county.kill_broker()
        self.county.start_broker()
        self.assertEqual(self.shown(incident)["grade"], "III")
        self.assert_verified()

    def test_without_a_pack_it_is_ungraded(self):
        incident = self.county.report("--dead", "40")
        self.assertEqual(self.shown(incident)["grade"], "")
        self.assertIn("ungraded", self.county.muster("incident", "list"))
        self.assertIn("未定级", self.county.muster("incident", "list", "--lang", "zh"))
        self.county.muster("incident", "grade", incident, "I")
        self.assertEqual(self.shown(incident)["grade"], "I")
        self.assert_verified()

    def test_what_waits_fires_once_across_kill(self):
        self.load()
        incident = self.county.report("--trapped", "3")
        until(lambda: self.data("rule-waits"), "the rule to wait")
        due = self.data("rule-waits")[0]["due_ms"] / 1000
        self.county.kill_broker()
        until(lambda: time.time() > due, "its time to come while nobody is there")
        self.county.start_broker()
        until(lambda: [data for data in self.data("notified") if data["subject"] == "rescue"],
              "the rule to fire")
        self.county.muster("incident", "update", incident, "--trapped", "4")
        self.county.kill_broker()
        self.county.start_broker()
        self.county.muster("incident", "update", incident, "--trapped", "5")
        until(lambda: len(self.data("rules-asked")) == 3, "the rules to be asked of each report")
        self.assertEqual(len([data for data in self.data("rule-fired") if data["what"] == "lasting"]), 1)
        self.assert_verified()

    def clocks(self, incident):
        return {clock["clock"]: clock for clock in self.shown(incident)["clocks"]}

    def test_statutory_clocks(self):
        """One was met by the report itself, too late; one is met by phone, one runs on; the log proves it."""
        self.load()
        occurred = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - 90 * 60))
        incident = self.explosion("--dead", "3", "--occurred", occurred)
        until(lambda: len(self.clocks(incident)) == 3, "the clocks of grade III")
        self.assertTrue(self.clocks(incident)["unit-county"]["late"])
        self.assertIn("剩余", self.county.muster("incident", "list", "--lang", "zh"))

        self.county.muster("incident", "send", incident, "--to", "市级", "--medium", "电话",
                           "--kind", "初报", "--signed-off-by", "王芳")
        clocks = self.clocks(incident)
        self.assertEqual((clocks["county-city"]["late"], clocks["unit-county"]["late"]), (False, True))
        self.assertGreater(clocks["county-city"]["met_ms"], 0)
        self.assertEqual(clocks["county-province"]["met_ms"], 0)
        self.county.kill_broker()
        self.county.start_broker()
        self.assertEqual(self.clocks(incident), clocks)
        replay = self.county.muster("replay", self.county.log, "--lang", "zh")
        for words in ("时限“县级报市级 2 小时", "初报", "签发人 王芳", "（迟报）"):
            self.assertIn(words, replay)
        done = self.county.call("incident", "send", incident, "--to", "moon", "--medium", "phone")
        self.assertEqual(done.returncode, 64)
        self.assertIn("county, city, province, state", done.stderr)
        done = self.county.call("incident", "close", incident, "--reason", "over")
        self.assertEqual(done.returncode, 0)
        self.assertIn("1 of its statutory clocks", done.stderr)
        self.assertIn("no final report was filed", done.stderr)
        self.assert_verified()

    def test_a_silent_agency(self):
        self.load()
        incident = self.county.report()
        self.county.issue(HEALTH, "--incident", incident, "--answer-within", "1s")
        until(lambda: self.data("order-unanswered"), "the order to be unanswered")
        fired = [data for data in self.data("rule-fired") if data["what"] == "silent"]
        self.assertEqual(len(fired), 1)
        self.assertEqual(fired[0]["seen"], {"agency": "370102/health"})
        self.assert_verified()

    def test_a_role_that_nobody_has(self):
        """The centres are told in its place; record and views say so, loading and checking beforehand."""
        desk = self.desk()
        shipped = os.path.join(SOURCE, "common/rules/packs/unanswered.yaml")
        self.assertEqual(self.county.call("rules", "load", shipped).stderr, "")  # the roster gives duty-chief
        loaded = self.county.call("rules", "load", self.pack)
        self.assertEqual(loaded.returncode, 0)
        self.assertEqual(loaded.stderr.splitlines(), [
            f"muster: note: {self.pack}:{line}: nobody in region 370102 has the role {role}: the centres "
            f'will be told instead; enrol an agent with the right "role:{role}"'
            for line, role in ((5, "chief"), (6, "rescue"))])
        self.assertIn("无人承担角色 chief",
                      self.county.call("rules", "load", self.pack, "--lang", "zh").stderr)
        checked = self.county.call("rules", "check", self.pack, "--log", self.county.log)
        self.assertEqual((checked.returncode, checked.stderr), (0, loaded.stderr))

        incident = self.county.report("--trapped", "3")
        notice = desk.one("notice", event="notified", incident=incident)
        self.assertEqual((notice["role"], notice["nobody"]), ("rescue", True))
        self.assertEqual([(data["nobody"], data.get("untold")) for data in self.data("notified")],
                         [(True, None)])
        said = "nobody has the role rescue; the centres were told of incident"
        self.assertIn(said, self.county.muster("replay", self.county.log))
        self.assertIn(said, self.county.muster("incident", "show", incident))
        self.assertIn("无人承担角色 rescue，已改为通知指挥中心",
                      self.county.muster("replay", self.county.log, "--lang", "zh"))
        self.assert_verified()

    def test_the_duty_chief_is_told(self):
        """By the shipped roster."""
        desk = self.desk()
        with open(self.pack, "w", encoding="utf-8") as file:
            file.write("pack: county\nversion: '2'\nmatch: all\nrules:\n"
                       "  - {rule: up, when: order-unanswered, do: [notify: duty-chief]}\n")
        self.assertEqual(self.county.call("rules", "load", self.pack).stderr, "")
        incident = self.county.report()
        self.county.issue(HEALTH, "--incident", incident, "--answer-within", "1s")
        notice = desk.one("notice", event="notified", incident=incident)
        self.assertEqual(notice["role"], "duty-chief")
        self.assertNotIn("nobody", notice)
        self.assertIn("duty-chief told of incident", self.county.muster("incident", "show", incident))
        self.assert_verified()

    def test_a_bad_pack_changes_nothing(self):
        self.load()
        with open(self.pack, "a", encoding="utf-8") as file:
            file.write("  - {rule: bad, when: incident, if: deths > 3, do: [grade: I]}\n")
        done = self.county.call("rules", "load", self.pack)
        self.assertEqual(done.returncode, 78)
        self.assertIn("county-rules.yaml:8:", done.stderr)
        self.assertIn('no fact is called "deths"', done.stderr)
        self.assertNotIn("bad", self.county.muster("rules", "list", "county"))
        self.county.muster("rules", "drop", "county", "--reason", "test")
        self.assertEqual([pack["pack"] for pack in self.county.json("rules", "list")], ["decree-493"])
        self.assert_verified()

    def test_a_loop_is_not_put_in_force(self):
        def pack(name, *rules):
            path = self.county.path(f"{name}.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"pack: {name}\nversion: '1'\nmatch: all\nrules:\n" + "".join(
                    f"  - {{rule: {name}-{n}, when: incident, if: {rule}, do: [{{{does}}}]}}\n"
                    for n, (rule, does) in enumerate(rules)))
            return path

        up, down = ("level = 3", "raise: II"), ("level = 2", "lower: III")
        loop = pack("loop", up, down)
        refused = self.county.call("rules", "load", loop)
        self.assertEqual(refused.returncode, 65)
        said = (f"{loop}: these rules can fire each other for ever: loop-0 (line 5, column 40), "
                "loop-1 (line 6, column 40); let one ask for more")
        self.assertEqual(refused.stderr, f"muster: {said}\n")
        self.assertEqual(self.county.call("rules", "check", loop).stderr, f"muster: {said}\n")
        self.assertIn("可能循环触发：loop-0（第 5 行第 40 列）",
                      self.county.call("rules", "load", loop, "--lang", "zh").stderr)

        # alone each is fine, and a pack does not loop with what it replaces
        self.county.muster("rules", "load", pack("up", up))
        second = pack("down", down)
        refused = self.county.call("rules", "load", second)
        self.assertEqual(refused.returncode, 65)
        self.assertIn("down.yaml, together with what is in force: these rules can fire each other for ever: ",
                      refused.stderr)
        self.assertIn("up/up-0 (line 5, column 38)", refused.stderr)
        self.county.muster("rules", "load", pack("up", down))
        self.assertEqual([each["pack"] for each in self.county.json("rules", "list")], ["up"])
        self.assert_verified()


if __name__ == "__main__":
    main()
