"""A township with a broker of its own: rules know what it is, the county is told, and the law's clock towards
it runs."""
import os
import unittest

from agents import County, until
from harness import SOURCE, main

TOWNSHIP = "370102001"
DECREE = os.path.join(SOURCE, "common", "rules", "packs", "decree-493.yaml")


class Township(unittest.TestCase):
    def setUp(self):
        self.township = County(code=TOWNSHIP, name="解放路街道")
        self.addCleanup(self.township.close)
        self.township.start_broker()

    def clocks(self, incident):
        shown = self.township.json("incident", "show", incident)[0]
        return {clock["clock"]: clock for clock in shown["clocks"]}

    def test_the_clock_towards_the_county_runs(self):
        self.township.muster("rules", "load", DECREE)
        incident = self.township.report("--kind", "mine", "--dead", "3", "--serious", "0", "--loss", "0")
        clock = until(lambda: self.clocks(incident).get("unit-county"), "the clock to the county")
        self.assertEqual((clock["to"], clock["met_ms"]), ("county", 0))
        self.assertEqual(list(self.clocks(incident)), ["unit-county"])
        until(lambda: self.township.json("incident", "show", incident)[0]["referred_to"] == [TOWNSHIP[:6]],
              "the county to be told")
        self.assertIn("层级 乡镇级", self.township.muster("incident", "show", incident, "--lang", "zh"))
        self.township.muster("incident", "send", incident, "--to", "county", "--medium", "phone")
        until(lambda: self.clocks(incident)["unit-county"]["met_ms"] > 0, "it to be met")
        report = self.township.json("verify", self.township.log)[0]
        self.assertEqual((report["good"], report["bad"]), (True, 0), report["findings"])


if __name__ == "__main__":
    main()
