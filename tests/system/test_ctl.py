#!/usr/bin/python3
"""The command line against a running broker: an incident from its report to its closing, each command as a
person would type it, in both languages and in JSON; what is refused, and how.
"""
import json
import os
import signal
import time
import unittest

from harness import BIN, skip, start
from test_import import Broker

FIRE = "agents/fire-rescue.station-1.yaml"
WAIT_S = 10


class Job(unittest.TestCase):
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

    def report(self):
        return self.one("incident", "report", "--kind", "poisoning-asphyxiation", "--place", "3号车间",
                        "--title", "两人倒地", "--trapped", "2")

    def issue(self, incident, *arguments):
        return self.one("order", "issue", "--incident", incident, "--to", "370102/fire-rescue",
                        "--text", "two men down", *arguments)["order"]

    def evacuations(self):
        """The orders that are open."""
        listed = [json.loads(line) for line in self.ok("order", "list", "--json").splitlines()]
        return [each["order"] for each in listed if each["kind"] == "evacuate"]

    def test_from_report_to_closing(self):
        reported = self.report()
        incident = reported["incident"]
        self.assertEqual([each["fact"] for each in reported["requests"]], ["substance", "time", "unit"])
        order = self.issue(incident[-6:])
        self.ok("order", "receipt", order, "--incident", incident, "--rung", "accepted", "--units", "E1",
                *self.fire)
        result = self.broker.run("incident", "update", incident[-7:], "--substance", "carbon-monoxid")
        self.assertIn('did you mean "carbon-monoxide"?', result.stderr)
        self.ok("incident", "update", incident, "--substance", "carbon-monoxide")
        shown = self.one("order", "show", order[-6:])
        self.assertEqual((shown["rung"], shown["units"], shown["amendments"]), ("accepted", ["E1"], 1))
        self.assertIn("gas-detector", shown["needs"])
        self.assertIn("unit E1: its equipment was never stated", self.ok("order", "show", order))
        self.assertIn("车组 E1", self.ok("order", "show", order, "--lang", "zh"))
        self.ok("order", "receipt", order, "--incident", incident, "--amendment", "1", *self.fire)
        self.ok("order", "receipt", order, "--incident", incident, "--rung", "on-scene", *self.fire)
        self.assertIn("everybody out", self.ok("order", "evacuate", "--incident", incident, "--text", "out"))
        again = self.one("order", "evacuate", "--incident", incident, "--text", "out, now")
        self.assertEqual(again["outcome"], "unchanged")
        self.assertIn("--again", self.ok("order", "evacuate", "--incident", incident, "--text", "out, now"))
        evacuation = self.evacuations()
        self.assertEqual(len(evacuation), 1)
        evacuation = evacuation[0]
        self.assertEqual(evacuation[:24], again["evacuation"][:24])
        self.bad(65, "head-count", "order", "receipt", evacuation, "--incident", incident,
                 "--rung", "completed", *self.fire)
        self.ok("order", "receipt", evacuation, "--incident", incident, "--rung", "completed",
                "--present", "8", "--missing", "0", *self.fire)
        self.assertEqual(self.evacuations(), [])
        self.assertIn("everybody out", self.ok("order", "evacuate", "--incident", incident, "--text", "out"))
        self.assertIn("everybody out", self.ok("order", "evacuate", "--incident", incident, "--text", "out",
                                               "--again"))
        self.assertEqual(len(self.evacuations()), 2)
        for evacuation in self.evacuations():
            self.ok("order", "recall", evacuation)
        self.bad(65, "still open", "incident", "close", incident)
        self.bad(65, "仍有未结指令", "incident", "close", incident, "--lang", "zh")
        self.assertIn("is recalled", self.ok("order", "recall", order, "--reason", "over"))
        self.assertIn("already", self.ok("order", "recall", order))
        self.ok("incident", "update", incident, "--final", "--text", "all out")
        self.assertIn("is closed", self.ok("incident", "close", incident))
        self.assertIn("already", self.ok("incident", "close", incident))
        self.bad(66, "no open incident", "incident", "show", incident[-6:])
        self.assertIn("两人倒地", self.ok("incident", "show", incident))

    def test_reissue_of_a_declined_order(self):
        incident = self.report()["incident"]
        order = self.issue(incident)
        self.ok("order", "receipt", order, "--incident", incident, "--rung", "declined", "--text", "no crew",
                *self.fire)
        again = self.one("order", "issue", "--reissue-of", order, "--to", "370102/health",
                         "--text", "you then")
        self.assertEqual(again["incident"], incident)
        self.assertEqual(self.one("order", "show", again["order"])["reissue_of"], order)

    def test_reissue_by_hand(self):
        """The same words to somebody else, and the old order recalled."""
        incident = self.report()["incident"]
        order = self.issue(incident)
        again = self.one("order", "reissue", order, "--to", "370102/health", "--reason", "no answer")
        self.assertEqual((again["incident"], again["reissue_of"], again["recalled"]), (incident, order, True))
        shown, old = self.one("order", "show", again["order"]), self.one("order", "show", order)
        self.assertEqual((shown["text"], shown["kind"]), ("two men down", "dispatch"))
        self.assertGreater(shown["answer_by_ms"], old["answer_by_ms"])
        self.assertEqual((old["rung"], old["end_reason"]), ("recalled", "no answer"))
        self.assertIn("by a person's word", self.ok("explain", self.broker.log, again["order"]))
        self.assertIn("替代", self.ok("order", "reissue", again["order"], "--to", "370102/public-security",
                                    "--text", "road", "--lang", "zh"))
        self.bad(64, "--to REGION/AGENCY", "order", "reissue", order)
        self.bad(66, "no order", "order", "reissue", "01ARZ3NDEKTSV4RRFFQ69G5FAV",
                 "--to", "370102/health")

    def test_same_report_twice_is_one(self):
        incident = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
        arguments = ("incident", "report", "--kind", "fire", "--place", "x", "--id", incident)
        self.assertEqual(self.one(*arguments)["outcome"], "done")
        self.assertEqual(self.one(*arguments)["outcome"], "unchanged")
        self.bad(65, "other content", *arguments[:-3], "y", "--id", incident)

    def test_two_persons(self):
        incident = self.report()["incident"]
        second = os.path.join(self.broker.home, "operators", "duty-chief.key")
        self.bad(77, "second person", "order", "issue", "--incident", incident, "--to", "370102/fire-rescue",
                 "--kind", "evacuate-public", "--text", "x")
        self.issue(incident, "--kind", "evacuate-public", "--cosign", second)

    def test_agents_come_and_go(self):
        names = [json.loads(line)["name"] for line in self.ok("agent", "list", "--json").splitlines()]
        self.assertIn("370102/fire-rescue/station-1", names)
        key = os.path.join(self.broker.home, "agents", "fire-rescue.station-1.pub")
        self.bad(65, "is the key of", "agent", "enrol", "370102/fire-rescue/x", "--key", key,
                 "--rights", "report")
        self.bad(64, "is no right", "agent", "enrol", "370102/fire-rescue/station-1", "--key", key,
                 "--rights", "reprot")
        self.ok("agent", "revoke", "370102/fire-rescue/station-1", "--reason", "stolen")
        self.bad(69, "refused this key", "agent", "list", "--timeout", "1s", *self.fire)
        self.ok("agent", "enrol", "370102/fire-rescue/station-1", "--key", key, "--rights", "report,receipt")
        self.ok("agent", "list", *self.fire)

    def test_wrong_usage(self):
        self.bad(64, 'did you mean "incident"', "incidnet")
        self.bad(64, 'did you mean "incident list"', "incident", "lsit")
        self.bad(64, "did you mean --place", "incident", "report", "--plaice", "x")
        self.bad(64, "--datum", "incident", "report", "--position", "1,2")
        self.bad(64, "is no id", "order", "show", "12")
        self.bad(66, "no order", "order", "show", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
        self.bad(66, "nowhere.yaml", "order", "list", "--config", "nowhere.yaml")
        self.assertIn("examples:", self.ok("order", "issue", "--help"))

    def test_watch_follows_and_ends_clean(self):
        with open(os.path.join(self.broker.folder.name, "watch.out"), "w+", encoding="utf-8") as out:
            environment = dict(os.environ, MUSTER_CONFIG=os.path.join(self.broker.home, "centre.yaml"))
            watch = start([os.path.join(BIN, "muster"), "watch", "--json"], stdout=out, env=environment)
            deadline = time.monotonic() + WAIT_S
            seen = []
            while not seen and time.monotonic() < deadline:
                incident = self.report()["incident"]  # again, until the watch has begun
                time.sleep(0.2)
                out.seek(0)
                seen = [line for line in out.read().splitlines() if incident in line]
            self.assertTrue(seen)
            watch.send_signal(signal.SIGINT)
            self.assertEqual(watch.wait(WAIT_S), 0)


if __name__ == "__main__":
    if not os.access(os.path.join(BIN, "muster"), os.X_OK):
        skip(f"{BIN}/muster is not built")
    unittest.main()
