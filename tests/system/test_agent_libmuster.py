"""libmuster as a stranger's C program meets it: tests/integration/example_agency.c, the header, the names."""
import os
import re
import shutil
import subprocess
import unittest

from agents import CountyTest, FIRE, Program
from harness import BIN, SOURCE, skip

EXAMPLE = os.path.join(BIN, "..", "tests", "example-agency")
NO_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
LIBRARY = os.path.join(BIN, "..", "lib", "libmuster.so")
if not os.access(EXAMPLE, os.X_OK):
    skip(f"{EXAMPLE} is not built")


class Agency(Program):
    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def order(self, order, state):
        return self.wait_line(f"order {order} {state} ")


class LibraryTest(CountyTest):
    def example(self, agent=FIRE, journal="example.db", key=None):
        name = agent.replace("/", ".")
        return self.county.run(Agency, EXAMPLE, "endpoint", key or f"agents/{name}.key", "region.pub",
                               journal,
                               stdin=subprocess.PIPE)

    def rungs(self, order):
        return [event["data"]["rung"] for event in self.county.events()
                if event["order"] == order and event["event"] == "rung-reached"]

    def test_the_main_job(self):
        agency = self.example()
        agency.wait_line("ready")
        agency.wait_line("reply 1 done")
        incident = self.county.report()
        order = self.county.issue("fire-rescue", "--incident", incident, text="两人被困")
        self.assertTrue(agency.order(order, "new").endswith("dispatch: 两人被困"))
        self.county.wait_rung(order, "on-scene")
        self.assertEqual(self.county.order(order)["units"], ["E1"])
        self.county.muster("incident", "update", incident, "--substance", "carbon-monoxide")
        line = agency.wait_line(f"amendment {order} 1:")
        self.assertEqual(sorted(line.split()[3:]), ["gas-detector", "scba"])
        self.county.muster("order", "evacuate", "--incident", incident, "--text", "out")
        evacuation = agency.wait_line("evacuate: out").split()[1]
        self.assertEqual(self.county.wait_rung(evacuation, "completed")["rung"], "completed")
        spare = self.county.issue(FIRE, "--incident", incident)
        agency.order(spare, "new")
        self.county.muster("order", "recall", spare)
        agency.wait_line(f"recall {spare} {incident}")
        agency.say("report 街口")
        filed = agency.wait_line("reported ").split()[1]
        agency.wait_line("notice information-requested")
        shown = self.county.json("incident", "show", filed)[0]
        self.assertEqual((shown["place"], shown["kind"]), ("街口", "fire"))
        agency.say(f"done {order}")
        agency.say("quit")
        self.assertEqual(agency.ended(), 0)
        self.assertEqual(self.rungs(order), ["acknowledged", "accepted", "en-route", "on-scene", "completed"])
        self.assertEqual([line for line in agency.out if line.startswith(("failed", "trouble", "waiting"))],
                         [])
        counted = self.county.order(evacuation)
        self.assertEqual((counted["present"], counted["missing"]), (4, 0))
        self.assert_verified()

    def test_killed_and_resumed(self):
        agency = self.example()
        order = self.county.issue("fire-rescue")
        agency.order(order, "new")
        self.county.wait_rung(order, "on-scene")
        agency.kill()
        again = self.example()
        self.assertIn(" resumed last 6 ", again.order(order, "resumed"))
        again.say(f"again {order}")  # said before: nothing is sent
        again.say(f"again {NO_ID}")
        again.wait_line("failed receipt: -20")
        self.county.kill_broker()
        again.wait_line("waiting")
        again.say(f"done {order}")
        again.wait_line(f"said {order} 7")
        again.kill()
        third = self.example()  # without a broker: what was said waits, and the order is over
        third.wait_line("waiting")
        self.county.start_broker()
        third.wait_line("ready")
        self.county.wait_rung(order, "completed")
        self.assertEqual([line for line in third.out if line.startswith("order")], [])
        self.assertEqual(self.rungs(order), ["acknowledged", "accepted", "en-route", "on-scene", "completed"])
        self.assertEqual([event for event in self.county.events() if event["outcome"] == "refused"], [])

    def test_what_cannot_be_opened(self):
        for options, words in (({"key": "nowhere.key"}, "nowhere.key"), ({"key": "region.pub"}, "region.pub"),
                               ({"journal": "nowhere/x.db"}, "nowhere/x.db")):
            agency = self.example(**options)
            self.assertEqual(agency.ended(), 1)
            self.assertIn(words, agency.err[0])
        agency = self.example()
        agency.wait_line("ready")
        twin = self.example()
        self.assertEqual(twin.ended(), 1)
        self.assertIn("another process", twin.err[0])
        agency.say("quit")
        self.assertEqual(agency.ended(), 0)

    def test_the_names_it_shows(self):
        """Those of the header, all of them and no other."""
        if shutil.which("nm") is None:
            self.skipTest("nm is not installed")
        listed = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], capture_output=True, text=True,
                                check=True,
                                timeout=20).stdout
        with open(os.path.join(SOURCE, "agents", "lib", "muster.h"), encoding="utf-8") as file:
            header = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
        declared = set(re.findall(r"\b(muster_[a-z_]+)\(", header))
        self.assertEqual({line.split()[2].split("@")[0] for line in listed.splitlines()}, declared)
        self.assertGreater(len(declared), 10)

    def test_the_header_alone(self):
        """It stands on its own, in C and in C++."""
        for name, language in (("cc", "c"), ("g++", "c++")):
            compiler = shutil.which(name)
            if compiler is None:
                print(f"{name} is not installed: not tried")
                continue
            done = subprocess.run([compiler, "-x", language, "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
                                   os.path.join(SOURCE, "agents", "lib", "muster.h")], capture_output=True,
                                  text=True,
                                  timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
