"""The command line beside a running broker: its exit codes and words when something is wrong, what it shows
of other modes and in Chinese, and what it reads out of a log, live, copied or damaged.
"""
import csv
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import unittest

from agents import CountyTest, FIRE, HEALTH, POLICE, Program, REGION, ROSTER, until
from harness import BIN

NO_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


class CliTest(CountyTest):
    def bad(self, code, words, *arguments):
        """This exit code and one line on standard error."""
        done = self.county.call(*arguments)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("muster: "), done.stderr)
        self.assertIn(words, done.stderr)

    def as_agent(self, agent):
        return "--config", self.county.path(self.county.config(agent))

    def receipt(self, agent, order, incident, rung, *words):
        self.county.muster("order", "receipt", order, "--incident", incident, "--rung", rung, *words,
                           *self.as_agent(agent))


class Errors(CliTest):
    def test_words_that_are_none(self):
        for words, arguments in (
                ("--help", ()), ("incident", ("incidnt",)), ("incident list", ("incident", "lst")),
                ("--json", ("incident", "list", "--jsn")), ("--help", ("order",)),
                ("needs a value", ("order", "issue", "--to")),
                ("takes no value", ("order", "list", "--all=1")),
                ("one argument too many", ("incident", "show", "a", "b")),
                ("argument is missing", ("order", "show")),
                ("time is wanted", ("incident", "report", "--occurred", "yesterday")),
                ("duration is wanted", ("order", "issue", "--answer-within", "soon")),
                ("whole number", ("incident", "report", "--dead", "-1")),
                ("datum", ("incident", "report", "--position", "1,2")),
                ("REGION/AGENCY", ("order", "issue", "--to", "fire", "--text", "x")),
                ("exercise", ("incident", "list", "--mode", "exercice")),
                ("languages", ("incident", "list", "--lang", "fr")),
                ("--rung", ("order", "receipt", NO_ID, "--rung", "done")),
                ("is no id", ("incident", "show", "abc")),
                ("does not occur", ("incident", "show", "abcdeu")),
                ("--reason", ("agent", "revoke", f"{REGION}/{FIRE}")),
                ("text, jsonl or csv", ("replay", self.county.log, "--format", "xml")),
                ("records 1 to", ("replay", self.county.log, "--at", "999999")),
                ("a time", ("replay", self.county.log, "--at", "noon"))):
            self.bad(64, words, *arguments)

    def test_no_configuration(self):
        del self.county.environment["MUSTER_CONFIG"]
        self.bad(64, "--config FILE", "incident", "list")
        self.bad(66, "nowhere.yaml", "incident", "list", "--config", "nowhere.yaml")

    def test_no_broker(self):
        self.county.stop_broker()
        self.bad(69, "start musterd", "incident", "list", "--timeout", "1500ms")
        self.county.change("centre.yaml", "broker_file:", "broker: tcp://127.0.0.1:9")
        self.bad(69, "tcp://127.0.0.1:9", "order", "issue", "--to", f"{REGION}/{FIRE}", "--text", "x",
                 "--timeout", "1s")

    def test_a_log_that_is_none(self):
        for command in (("verify",), ("replay",), ("stats",)):
            self.bad(66, "nowhere", *command, "nowhere")
        self.bad(66, NO_ID, "explain", self.county.log, NO_ID)

    def test_what_is_not_there(self):
        self.bad(66, NO_ID, "incident", "show", NO_ID)
        self.bad(66, NO_ID, "order", "recall", NO_ID)
        self.bad(66, "no open incident", "incident", "show", "ZZZZZZ")
        self.bad(66, "370102/nobody", "order", "issue", "--to", "370102/nobody", "--text", "x")

    def test_an_id_that_stands_for_two(self):
        ids = [self.county.report() for _ in range(2)]
        common = os.path.commonprefix(ids)
        self.assertGreaterEqual(len(common), 6)
        self.bad(65, "give more characters", "incident", "show", common)
        for incident in ids:
            self.assertIn(incident, self.county.muster("incident", "show", incident[-8:].lower()))

    def test_rights(self):
        self.bad(77, '"watch"', "incident", "list", *self.as_agent(FIRE))
        self.bad(77, '"order:dispatch"', "order", "issue", "--to", f"{REGION}/{FIRE}", "--text", "x",
                 *self.as_agent(FIRE))
        self.bad(77, "admin", "agent", "revoke", f"{REGION}/{HEALTH}", "--reason", "x", *self.as_agent(FIRE))
        order = self.county.issue(HEALTH)
        self.bad(77, "", "order", "receipt", order, "--incident", self.county.order(order)["incident"],
                 "--rung",
                 "accepted", *self.as_agent(FIRE))
        refused = [event["refusal"] for event in self.county.events() if event["outcome"] == "refused"]
        self.assertEqual(refused, ["right", "right", "not-addressee"])

    def test_the_second_person(self):
        issue = ("order", "issue", "--to", f"{REGION}/{POLICE}", "--kind", "evacuate-public", "--text", "x")
        operators = self.county.path("operators")
        self.bad(77, "second", *issue)
        self.bad(77, "second", *issue, "--cosign", os.path.join(operators, "duty-officer.key"))
        self.bad(66, "nobody.key", *issue, "--cosign", os.path.join(operators, "nobody.key"))
        self.county.muster(*issue, "--cosign", os.path.join(operators, "duty-chief.key"))
        issued = [event for event in self.county.events() if event["event"] == "order-issued"]
        self.assertEqual(len(issued), 1)

    def test_standard_output_that_takes_nothing(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([os.path.join(BIN, "muster"), "replay", self.county.log], stdout=full,
                                  stderr=subprocess.PIPE, env=self.county.environment, timeout=20,
                                  check=False)
        self.assertEqual(done.returncode, 74)
        self.assertIn(b"No space left", done.stderr)


class Show(CliTest):
    def test_modes(self):
        actual, exercise, test = (self.county.report("--mode", mode)
                                  for mode in ("actual", "exercise", "test"))
        for incident, options in ((actual, ()), (exercise, ("--mode", "exercise")),
                                  (test, ("--mode", "test"))):
            self.assertEqual([entry["incident"] for entry in self.county.json("incident", "list", *options)],
                             [incident])
            self.assertEqual({event["incident"] for event in map(json.loads, self.county.muster(
                "replay", self.county.log, "--format", "jsonl", *options).splitlines()) if event["incident"]},
                             {incident})
        self.assertIn("[exercise]", self.county.muster("incident", "show", exercise))
        # An order of an exercise's incident is of the exercise, whatever the configuration says.
        order = self.county.issue(FIRE, "--incident", exercise)
        self.assertEqual(self.county.order(order)["mode"], "exercise")
        self.assertEqual(self.county.json("order", "list"), [])
        self.assertEqual(len(self.county.json("order", "list", "--mode", "exercise")), 1)
        self.assertEqual(self.county.json("stats", self.county.log)[0]["orders"], 0)
        self.assertEqual(self.county.json("stats", self.county.log, "--mode", "exercise")[0]["orders"], 1)

    def test_chinese(self):
        incident = self.county.report()
        order = self.county.issue(FIRE, "--incident", incident)
        for words, arguments in (
                ("事件", ("incident", "list")), ("市场", ("incident", "show", incident)),
                ("指令", ("order", "list")),
                ("下达", ("order", "show", order)), ("值班员", ("agent", "list")),
                ("初报", ("replay", self.county.log)),
                ("事件", ("stats", self.county.log)), ("下达", ("explain", self.county.log, order))):
            self.assertIn(words, self.county.muster(*arguments, "--lang", "zh"), arguments)
            english = self.county.muster(*arguments, "--lang", "en")
            self.assertNotEqual(english, self.county.muster(*arguments, "--lang", "zh"))
            self.county.environment["LC_ALL"] = "zh_CN.UTF-8"
            self.assertIn(words, self.county.muster(*arguments), "as the locale says")
            self.county.environment["LC_ALL"] = "C.UTF-8"
        self.bad(66, "没有", "incident", "show", "ZZZZZZ", "--lang", "zh")

    def test_the_equipment_that_lacks(self):
        self.county.add(self.county.config(FIRE), "takes: [dispatch]\nunits:\n"
                        "  - {id: E1, type: engine, crew: 4, equipment: [scba]}\n"
                        "script: {acknowledge: 10 ms, accept: 10 ms, complete: on recall}")
        self.county.agent(FIRE).wait_line("ready")
        incident = self.county.report()
        order = self.county.issue(FIRE, "--incident", incident)
        self.county.wait_rung(order, "accepted", "en-route", "on-scene")
        self.assertNotIn("lack", self.county.muster("order", "show", order))
        self.county.muster("incident", "update", incident, "--substance", "chlorine")
        until(lambda: self.county.order(order)["amendments_acknowledged"] == 1,
              "the amendment to be acknowledged")
        self.assertIn("unit E1 lacks gas-detector, chemical-suit, decontamination", self.sorted_lacks(order))
        self.assertEqual(sorted(self.county.order(order)["lacks"]),
                         ["chemical-suit", "decontamination", "gas-detector"])

    def sorted_lacks(self, order):
        """The line that names the unit, its words in the order of the policy."""
        line = next(line for line in self.county.muster("order", "show", order).splitlines()
                    if line.startswith("unit E1"))
        begin, _, words = line.partition("lacks ")
        wanted = ["gas-detector", "chemical-suit", "decontamination"]
        return begin + "lacks " + ", ".join(sorted(words.split(", "), key=wanted.index))

    def test_watch_lives_through_a_restart(self):
        watch = self.county.run(Program, "muster", "watch", "--json")
        until(lambda: self.county.report() and watch.out, "it to see what happens")
        before = self.county.report()
        watch.wait_line(before)
        self.county.kill_broker()
        watch.wait(lambda: watch.err, "that the broker is gone")
        self.county.start_broker()
        after = self.county.report()
        watch.wait_line(after)
        self.assertTrue(watch.alive())
        events = [json.loads(line) for line in watch.out]
        seen = [(event["seq"], event["index"]) for event in events]
        self.assertEqual(seen, sorted(set(seen)), "each once, in order")
        opened = [event["incident"] for event in events if event["event"] == "incident-opened"]
        self.assertEqual(opened[-2:], [before, after])
        watch.process.send_signal(signal.SIGINT)
        self.assertEqual(watch.ended(), 0)
        self.assertLessEqual(len(watch.err), 2, watch.err)


class Log(CliTest):
    def play(self):
        """Two incidents; of four orders one is done, one declined and issued again, one recalled."""
        first = self.county.report("--substance", "chlorine")
        done = self.county.issue(FIRE, "--incident", first)
        self.receipt(FIRE, done, first, "acknowledged")
        self.receipt(FIRE, done, first, "accepted", "--units", "E1,E2")
        self.receipt(FIRE, done, first, "on-scene")
        self.receipt(FIRE, done, first, "completed")
        declined = self.county.issue(HEALTH, "--incident", first)
        self.receipt(HEALTH, declined, first, "acknowledged")
        self.receipt(HEALTH, declined, first, "declined", "--text", "no, \"none\"\nfree")
        again = self.county.json("order", "issue", "--reissue-of", declined, "--to", f"{REGION}/{HEALTH}",
                                 "--text",
                                 "as above")[0]["order"]
        second = self.county.report()
        recalled = self.county.issue(POLICE, "--incident", second)
        self.county.muster("order", "recall", recalled, "--reason", "false alarm")
        return first, second, done, declined, again, recalled

    def test_replay(self):
        first, second, done, declined, again, recalled = self.play()
        events = self.county.events()
        keys = [(event["seq"], event["index"]) for event in events]
        self.assertEqual(keys, sorted(set(keys)))
        rows = list(csv.DictReader(io.StringIO(self.county.muster("replay", self.county.log, "--mode", "all",
                                                                  "--format",
                                                                  "csv"))))
        self.assertEqual([(int(row["seq"]), int(row["index"]), row["event"], row["order"]) for row in rows],
                         [(event["seq"], event["index"], event["event"], event["order"]) for event in events])
        text = next(row["text"] for row in rows if row["order"] == declined and row["rung"] == "declined")
        self.assertEqual(text, "no, \"none\"\nfree")
        lines = self.county.muster("replay", self.county.log)
        self.assertEqual(lines.count("\n"), len(events))
        for order in (done, declined, again, recalled):
            self.assertIn(f"order {order[-6:]}", lines)
        own = self.county.muster("replay", self.county.log, "--incident", second[-6:], "--format", "jsonl")
        self.assertEqual({json.loads(line)["incident"] for line in own.splitlines()}, {second})
        self.bad(66, "there is no incident", "replay", self.county.log, "--incident", "ZZZZZZ")

    def test_replay_at(self):
        first, second, done, *_ = self.play()
        events = self.county.events()
        accepted = next(event for event in events if event["order"] == done
                        and event["data"].get("rung") == "accepted")
        opened = next(event for event in events if event["incident"] == second)

        def at(point):
            lines = self.county.muster("replay", self.county.log, "--at", str(point), "--format",
                                       "jsonl").splitlines()
            return {entry["incident"]: {order["order"]: order["rung"] for order in entry["orders"]}
                    for entry in map(json.loads, lines)}

        self.assertEqual(at(accepted["seq"]), {first: {done: "accepted"}})
        self.assertEqual(at(accepted["seq"] - 1), {first: {done: "acknowledged"}})
        self.assertEqual(at(accepted["bus"]), {first: {done: "accepted"}})
        self.assertNotIn(second, at(opened["seq"] - 1))
        self.assertIn(second, at(opened["seq"]))
        civil = accepted["bus"][:23].replace("T", " ")  # in the region's own time
        self.assertEqual(at(civil), {first: {done: "accepted"}})
        self.assertEqual(at("2020-01-01 00:00:00"), {})

    def test_stats(self):
        first, second, done, *_ = self.play()
        stats = self.county.json("stats", self.county.log)[0]
        self.assertEqual({key: stats[key] for key in ("incidents", "open", "orders", "units", "declined",
                                                      "recalled",
                                                      "expired", "arrived")},
                         {"incidents": 2, "open": 2, "orders": 4, "units": 2, "declined": 1, "recalled": 1,
                          "expired": 0,
                          "arrived": 1})
        counts = {key: stats[key]["n"] for key in ("report_to_first_order", "order_to_acknowledgement",
                                                   "order_to_on_scene")}
        self.assertEqual(counts,
                         {"report_to_first_order": 2, "order_to_acknowledgement": 2, "order_to_on_scene": 1})
        agencies = {entry["agency"]: (entry["orders"], entry["declined"], entry["recalled"], entry["arrived"])
                    for entry in stats["by_agency"]}
        self.assertEqual(agencies, {f"{REGION}/fire-rescue": (1, 0, 0, 1), f"{REGION}/health": (2, 1, 0, 0),
                                    f"{REGION}/public-security": (1, 0, 1, 0)})
        times = {event["data"].get("rung") or event["event"]: event["at_ms"] for event in self.county.events()
                 if event["order"] == done}
        self.assertEqual(stats["order_to_on_scene"]["median_ms"], times["on-scene"] - times["issued"])
        incidents = {entry["incident"]: (entry["orders"], entry["arrived"]) for entry in stats["by_incident"]}
        self.assertEqual(incidents, {first: (3, 1), second: (1, 0)})

    def test_explain(self):
        first, second, done, declined, again, recalled = self.play()
        for order, words in ((done, "completed"), (declined, "declined"), (recalled, "recalled"),
                             (again, "open")):
            told = self.county.muster("explain", self.county.log, order)
            self.assertIn(order, told)
            self.assertIn(words, told.partition("how it ended")[2])
        told = self.county.muster("explain", self.county.log, first[-8:])
        for order in (done, declined, again):
            self.assertIn(order[-6:], told)
        self.assertNotIn(recalled[-6:], told)
        self.assertIn(f"{declined[-6:]}", self.county.muster("explain", self.county.log, again))
        agencies = told.partition("every agency of the region")[2]
        for agency in ("emergency-management", "fire-rescue", "health", "public-security"):
            self.assertRegex(agencies, rf"\n  {agency} +\S")
        self.assertIn("is ordered: ", agencies)
        self.assertIn("本行政区各部门", self.county.muster("explain", self.county.log, done, "--lang", "zh"))

    def test_verify(self):
        """Live; a copy of the live log; and a copy in which one byte is another."""
        first, *_ = self.play()
        live = self.assert_verified()
        self.assertTrue(live["live"])
        copy = os.path.join(self.county.folder, "copy")
        shutil.copytree(self.county.log, copy)
        told = self.county.json("verify", copy)[0]
        self.assertEqual((told["good"], told["live"], told["head_hash"]), (True, False, live["head_hash"]))
        self.assertEqual(told["state_hash"], live["state_hash"])
        self.county.muster("verify", copy, "--root", self.county.path("region.pub"))
        self.county.stop_broker()
        closed = self.assert_verified()
        self.assertFalse(closed["live"])
        self.assertEqual(closed["state_hash"], live["state_hash"])

        damaged = os.path.join(self.county.folder, "damaged")
        shutil.copytree(self.county.log, damaged)
        name = os.path.join(damaged, "muster.db")
        seq = next(event["seq"] for event in self.county.events() if event["event"] == "order-recalled")
        with open(name, "r+b") as file:
            data = file.read()
            self.assertEqual(data.count(b"false alarm"), 1)
            file.seek(data.index(b"false alarm"))
            file.write(b"F")
        done = self.county.call("verify", damaged)
        self.assertEqual(done.returncode, 65)
        self.assertIn(f"seq {seq}", done.stderr)
        self.assertIn("NOT verified", done.stdout)
        done = self.county.call("verify", damaged, "--json")
        report = json.loads(done.stdout)
        self.assertEqual((done.returncode, report["good"], report["findings"][0]["seq"]), (65, False, seq))
        self.assert_read_and_warned(damaged, first, seq)

    def assert_read_and_warned(self, log, incident, seq):
        """Every reader shows what was good, says once where it ends, and ends with 65."""
        for words in (["replay", log, "--mode", "all"], ["replay", log, "--at", "2100-01-01T00:00:00Z"],
                      ["stats", log], ["explain", log, incident]):
            done = self.county.call(*words)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (65, 1), (words, done.stderr))
            self.assertIn(f"{log}: damaged at record {seq}: ", done.stderr)
            self.assertIn(f"muster verify {log} says more", done.stderr)
            self.assertGreater(done.stdout.count("\n"), 1, words)

    def test_verify_a_tail_that_was_cut(self):
        """The chain cannot show it; the head file beside it does."""
        first, *_ = self.play()
        self.county.stop_broker()
        head = self.assert_verified()["head_seq"]
        with sqlite3.connect(os.path.join(self.county.log, "muster.db")) as database:
            database.execute("DELETE FROM record WHERE seq = ?", (head,))
        database.close()
        done = self.county.call("verify", self.county.log)
        self.assertEqual(done.returncode, 65)
        self.assertIn(str(head), done.stderr)
        self.assert_read_and_warned(self.county.log, first, head)

    def test_verify_another_regions_root(self):
        other = os.path.join(self.county.folder, "other")
        self.county.muster("keys", "init", other, "--region", REGION, "--name", "x", "--roster",
                           ROSTER)
        done = self.county.call("verify", self.county.log, "--root", os.path.join(other, "region.pub"))
        self.assertEqual(done.returncode, 65)
        self.assertIn("root", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
