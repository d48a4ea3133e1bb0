"""Regions that are not what they say: two brokers that claim one region, parents in a circle, codes that are
none, a link to oneself. Each is refused in one line, at both ends where there are two."""
import os
import shutil
import subprocess
import unittest

from agents import County, FIRE, ROSTER, until
from harness import BIN, free_port, main

CITY, COUNTY = "370100", "370102"


def said(region):
    with open(region.path("musterd.err"), encoding="utf-8") as err:
        return err.read()


def lines(region, words):
    return [line for line in said(region).splitlines() if words in line]


class Claims(unittest.TestCase):
    """A city, and a county that calls it."""

    def setUp(self):
        self.city = County(code=CITY, name="济南市", listen=f"tcp://127.0.0.1:{free_port()}")
        self.addCleanup(self.city.close)
        self.county = self.below()
        self.city.start_broker()
        self.city.muster("agent", "enrol", f"{COUNTY}/broker/link", "--key", self.county.path("broker.pub"),
                         "--rights", "link")

    def below(self):
        county = County(code=COUNTY, name="历下区")
        self.addCleanup(county.close)
        county.add("musterd.yaml", f"links:\n  - region: \"{CITY}\"\n    connect: {self.city.listen}")
        return county

    def enrol_city(self, county):
        county.muster("agent", "enrol", f"{CITY}/broker/link", "--key", self.city.path("broker.pub"),
                      "--rights", "link")

    def reached(self, county):
        return any(line["reached"] for line in county.json("link", "list"))

    def city_knows(self, incident, dead):
        until(lambda: self.city.json("incident", "show", incident)[0]["casualties"] == {"dead": dead},
              "the update")

    def assert_one_follows(self, county):
        incident = county.report("--dead", "1")
        county.muster("incident", "refer", incident, "--to", CITY)
        until(lambda: any(row["incident"] == incident for row in self.city.json("incident", "list")),
              "the incident")
        return incident

    def test_a_copy_that_runs_beside_the_first_is_turned_away(self):
        self.county.start_broker()
        self.enrol_city(self.county)
        until(lambda: self.reached(self.county), "the line")
        self.assertEqual(self.county.stop_broker(), 0)
        copy = self.below()
        shutil.rmtree(copy.home)
        shutil.copytree(self.county.home, copy.home)
        self.county.start_broker()
        incident = self.assert_one_follows(self.county)
        copy.start_broker()
        claim = f"two brokers claim region {COUNTY}"
        until(lambda: lines(self.city, claim), "the city to say so")
        until(lambda: lines(copy, claim), "the copy to say so")
        self.assertIn("fenced", said(copy))
        refused = copy.call("incident", "report", "--kind", "fire", "--place", "x", "--title", "t")
        self.assertIn("records of this log are missing", refused.stderr)
        # the first goes on, as if nothing had been
        self.county.muster("incident", "update", incident, "--dead", "2")
        self.city_knows(incident, 2)
        order = self.city.issue(f"{COUNTY}/{FIRE}", "--incident", incident)
        until(lambda: any(row["order"] == order for row in self.county.json("order", "list")),
              "the order")
        self.assertNotIn("fenced", said(self.county))
        self.assertEqual(len(lines(self.city, claim)), 1)  # however often it calls
        self.assertEqual(len(lines(copy, claim)), 1)
        copy.kill_broker()
        # the first comes again after a crash, while its old connection may still look alive
        self.county.kill_broker()
        self.county.start_broker()
        self.county.muster("incident", "update", incident, "--dead", "3")
        self.city_knows(incident, 3)
        self.assertEqual(len(lines(self.city, claim)), 1)
        for region in (self.city, self.county):
            self.assertTrue(region.json("verify", region.log)[0]["good"])

    def test_another_key_for_the_same_region_is_refused_at_the_door(self):
        self.county.start_broker()
        self.enrol_city(self.county)
        other = self.below()
        other.start_broker()
        self.enrol_city(other)
        until(lambda: lines(self.city, "a key that is not enrolled was refused"), "the city to say so")
        until(lambda: lines(other, f"{CITY} at {self.city.listen}: the broker refused this key"),
              "the other to say so")
        self.assert_one_follows(self.county)
        self.assertFalse(self.reached(other))
        refused = self.city.call("agent", "enrol", f"{COUNTY}/broker/link", "--key", other.path("broker.pub"),
                                 "--rights", "link")
        self.assertIn("another key", refused.stderr)
        self.assertEqual(refused.stderr.count("\n"), 1)
        until(lambda: self.reached(self.county), "the first one's line to stand")

    def test_parents_in_a_circle_are_refused(self):
        def found(code, parent):
            return self.city.call("keys", "init", self.city.path("other"), "--region", code, "--parent",
                                  parent, "--name", "x", "--roster", ROSTER)
        for code, parent in ((CITY, COUNTY), (CITY, CITY), (CITY, "370200"), (COUNTY, "370103"),
                             ("370000", CITY), (COUNTY, "370102001"), (COUNTY, "990000"), (COUNTY, "37")):
            refused = found(code, parent)
            self.assertEqual((refused.returncode, refused.stderr.count("\n")), (64, 1), refused.stderr)
            self.assertIn(f"--parent {parent}", refused.stderr)
        self.assertEqual(found(COUNTY, "370000").returncode, 0)  # which the province governs itself

    def test_codes_and_lines_that_lead_nowhere_are_refused(self):
        incident = self.city.report()
        pack = self.city.path("p.yaml")
        with open(pack, "w", encoding="utf-8") as file:
            file.write("pack: p\nversion: '1'\nmatch: all\n"
                       "rules:\n  - {rule: r, when: incident, do: [{refer: \"990000\"}]}\n")
        key, own = (("--key", region.path("broker.pub"), "--rights", "link")
                    for region in (self.county, self.city))
        for words, why in ((("incident", "refer", incident, "--to", "990000"), "990000"),
                           (("incident", "refer", incident, "--to", "3701"), "3701"),
                           (("incident", "refer", incident, "--to", CITY), CITY),
                           (("incident", "refer", incident, "--to", "370105"), "no link leads"),
                           (("incident", "assess", incident, "--touches", "990000"), "--touches 990000"),
                           (("incident", "report", "--kind", "fire", "--division", "990000"), "no code"),
                           (("incident", "update", incident, "--division", "37010"), "--division 37010"),
                           (("order", "issue", "--to", "990000/fire", "--kind", "dispatch", "--text", "x"),
                            "990000/fire"),
                           (("agent", "enrol", "990000/broker/link", *key), "990000"),
                           (("agent", "enrol", f"{CITY}/broker/link", *key), f'is the key of "{COUNTY}"'),
                           (("agent", "enrol", f"{CITY}/broker/link", *own), f"this is region {CITY} itself"),
                           (("rules", "load", pack), "990000"), (("rules", "check", pack), "990000")):
            refused = self.city.call(*words)
            self.assertNotEqual(refused.returncode, 0, words)
            self.assertEqual(refused.stderr.count("\n"), 1, refused.stderr)
            self.assertIn(why, refused.stderr)
        for code, why in ((COUNTY, "is where this broker listens"),
                          ("990000", '"990000" is no code of GB/T 2260'),
                          (CITY, f"region {CITY} is this one")):
            with open(self.city.path("musterd.yaml"), encoding="utf-8") as file:
                good = file.read()
            with open(self.city.path("bad.yaml"), "w", encoding="utf-8") as file:
                file.write(f"{good}links:\n  - region: \"{code}\"\n    connect: {self.city.listen}\n")
            refused = subprocess.run([os.path.join(BIN, "musterd"), "--check", "--config", "bad.yaml"],
                                     check=False, cwd=self.city.home, capture_output=True, text=True,
                                     timeout=60)
            self.assertEqual((refused.returncode, refused.stderr.count("\n")), (78, 1), refused.stderr)
            self.assertIn(why, refused.stderr)


if __name__ == "__main__":
    main()
