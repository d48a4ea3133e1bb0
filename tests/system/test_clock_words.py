"""A report that went up: which statutory clocks it meets, which stay open, and what they ask for."""
import time
import unittest

from agents import County, until
from harness import main

PACK = """pack: told
version: '1'
match: all
clocks:
  - {clock: phone, title: 电话报省, within: 1 h, to: province, medium: phone, signer: true}
  - {clock: written, title: 书面报市, within: 2 h, to: city, medium: written}
  - {clock: final, title: 终报, within: 7 d, to: city, report: final}
  - {clock: late, title: 事发后 1 小时, from: occurred, within: 1 h, to: city, medium: phone, signer: true}
rules:
  - {rule: starts, when: incident, if: dead > 0, do: [{start: phone}, {start: written}, {start: final}]}
  - {rule: old, when: incident, if: missing > 0, do: [{start: late}]}
"""


class ClockWords(unittest.TestCase):
    def setUp(self):
        self.county = County()
        self.addCleanup(self.county.close)
        self.county.start_broker()
        self.county.add("told.yaml", PACK)
        self.county.muster("rules", "load", self.county.path("told.yaml"))

    def clocks(self, incident):
        shown = self.county.json("incident", "show", incident)[0]
        return {clock["clock"]: clock for clock in shown["clocks"]}

    def started(self, n, *facts):
        incident = self.county.report(*facts)
        until(lambda: len(self.clocks(incident)) == n, "its clocks")
        return incident

    def send(self, incident, to, medium, *words):
        return self.county.muster("incident", "send", incident, "--to", to, "--medium", medium, *words)

    def test_what_a_report_meets_and_what_it_lacks(self):
        incident = self.started(3, "--dead", "1")
        shown = self.county.muster("incident", "show", incident)
        self.assertIn("电话报省: to the province, phone, signed off, due by ", shown)
        self.assertIn("终报: to the city, final, due by ", shown)
        self.assertIn("电话报省：报至省级，电话，须有签发人，时限 ",
                      self.county.muster("incident", "show", incident, "--lang", "zh"))

        said = self.send(incident, "province", "phone").splitlines()
        self.assertIn("it went up to the province, phone", said[0])
        self.assertEqual(len(said), 4, said)
        self.assertTrue(all(line.startswith("  still open: ") for line in said[1:]), said)
        self.assertIn("电话报省: to the province, phone, signed off, due by ", said[1])
        self.assertTrue(said[1].endswith("(this report: no signer)"), said[1])
        self.assertTrue(said[2].endswith("(this report: not written)"), said[2])
        self.assertTrue(said[3].endswith("(this report: not final)"), said[3])

        said = self.send(incident, "county", "network", "--lang", "zh").splitlines()
        self.assertTrue(said[1].startswith("  仍未满足：电话报省：报至省级，电话，须有签发人"), said[1])
        self.assertTrue(said[1].endswith("（本次报告：方式不是电话，未报至省级，无签发人）"), said[1])

        row = self.county.json("incident", "send", incident, "--to", "city", "--medium", "written")[0]
        rows = {clock["clock"]: clock for clock in row["clocks"]}
        self.assertEqual({name: (clock["met"], clock["lacks"]) for name, clock in rows.items()},
                         {"written": (True, []), "phone": (False, ["medium", "level", "signer"]),
                          "final": (False, ["kind"])})
        self.assertEqual((rows["phone"]["medium"], rows["phone"]["signer"]), ("phone", True))
        self.assertEqual(rows["phone"]["incident"], incident)
        said = self.send(incident, "state", "phone", "--signer", "王芳", "--kind", "final").splitlines()
        self.assertEqual(said[1:], ["  meets 电话报省", "  meets 终报"])

    def test_of_one_event_the_clocks_of_both(self):
        one = self.started(3, "--dead", "1")
        other = self.started(3, "--dead", "2")
        self.county.muster("incident", "merge", other, "--into", one)
        row = self.county.json("incident", "send", other, "--to", "city", "--medium", "written")[0]
        met = [clock["incident"] for clock in row["clocks"] if clock["met"]]
        still = [clock["clock"] for clock in row["clocks"] if not clock["met"]]
        self.assertEqual((sorted(met), sorted(still)),
                         (sorted((one, other)), ["final", "final", "phone", "phone"]))

    def test_what_did_not_fit_is_not_nothing(self):
        occurred = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - 3 * 3600))
        incident = self.started(1, "--missing", "1", "--occurred", occurred)
        until(lambda: self.clocks(incident)["late"]["overdue"], "it to be overdue")
        self.send(incident, "city", "network")
        shown = self.county.muster("incident", "show", incident)
        self.assertIn("no report as it asks for (to the city, phone, signed off) by ", shown)
        self.assertNotIn("nothing was reported", shown)
        self.assertIn("未见符合要求的报告（报至市级，电话，须有签发人），时限 ",
                      self.county.muster("incident", "show", incident, "--lang", "zh"))
        self.assertIn("  meets 事发后 1 小时, LATE", self.send(incident, "city", "phone", "--signer", "王芳"))


if __name__ == "__main__":
    main()
