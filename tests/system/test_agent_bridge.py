"""muster-agent as a bridge: an agency's own system, in another language, speaks JSON lines with it."""
import json
import os
import subprocess
import unittest

from agents import CountyTest, FIRE, HEALTH, POLICE, Program, REGION, until
from harness import BIN, start

RUNGS = ["acknowledged", "accepted", "en-route", "on-scene", "completed"]
LINE_MAX = 256 * 1024
NO_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


class BridgeTest(CountyTest):
    def setUp(self):
        super().setUp()
        for agent in (FIRE, HEALTH, POLICE):
            self.county.add(self.county.config(agent), "bridge: true")

    def bridge(self, agent=FIRE):
        bridge = self.county.bridge(agent)
        bridge.one("ready")
        return bridge

    def answered(self, bridge, ref, outcome="done", **message):
        bridge.say(ref=ref, **message)
        reply = bridge.one("reply", ref=ref)
        self.assertEqual(reply["outcome"], outcome, reply)
        return reply

    def rungs_of(self, order):
        return [event["data"]["rung"] for event in self.county.events()
                if event["event"] == "rung-reached" and event["order"] == order]


class Telemetry(BridgeTest):
    def watch(self, *options):
        return self.county.run(Program, "muster", "watch", "--json", *options)

    def samples(self, watch, **fields):
        return [sample for sample in map(json.loads, watch.out) if sample["event"] == "telemetry"
                and all(sample[name] == value for name, value in fields.items())]

    def test_from_the_agencys_system_to_who_asked(self):
        plain, all_of_it = self.watch(), self.watch("--telemetry")
        police = self.watch("--source", f"{REGION}/{POLICE}")
        bridge = self.bridge()
        bridge.say(type="telemetry", samples=[
            {"unit": "消-101", "name": "position", "datum": "cgcs2000", "latitude": 36.5,
             "longitude": 117.25},
            {"name": "h2s", "value": 10.5, "unit_of_measure": "[ppm]", "at": "2026-01-02T03:04:05Z"}])
        all_of_it.wait(lambda: len(self.samples(all_of_it)) == 2, "both samples")
        place, reading = self.samples(all_of_it)
        self.assertEqual((place["agent"], place["unit"], place["name"], place["mode"], place["datum"],
                          place["latitude_e7"], place["longitude_e7"]),
                         (f"{REGION}/{FIRE}", "消-101", "position", "actual", "cgcs2000", 365000000,
                          1172500000))
        self.assertEqual((reading["unit"], reading["name"], reading["value"], reading["unit_of_measure"],
                          reading["at_ms"]), ("", "h2s", "10.5", "[ppm]", 1767323045000))

        # What cannot be said is told by line; what the broker refuses, too.
        bridge.say(type="telemetry", samples=[{"name": "h2s", "value": 1}, {"name": "position", "value": 1}])
        self.assertIn("samples[1]", bridge.one("error")["text"])
        bridge.say(type="telemetry", samples=[{"name": "h2s", "value": 1, "at": "2099-01-01T00:00:00Z"}])
        self.assertEqual(bridge.one("telemetry-refused")["refusal"], "clock")

        # The broker keeps none: the agent says its last values again, and watchers ask again.
        self.county.kill_broker()
        seen = len(self.samples(all_of_it, unit="消-101"))
        self.county.start_broker()
        all_of_it.wait(lambda: len(self.samples(all_of_it, unit="消-101")) > seen, "the position again")
        for watch in (plain, police):
            watch.wait_line("clock-set")
            self.assertEqual(self.samples(watch), [])
        self.assertNotIn("h2s", self.county.muster("replay", self.county.log, "--mode", "all"))

    def test_a_team_and_its_members(self):
        bridge = self.bridge()
        self.answered(bridge, 1, type="units", units=[
            {"id": "T1", "kind": "team", "crew": 4, "equipment": ["gas-detector"]},
            {"id": "V1", "type": "van", "team": "T1", "equipment": ["chemical-suit"]}])
        refused = self.answered(bridge, 2, outcome="refused", type="units",
                                units=[{"id": "V2", "team": "T9"}])
        self.assertEqual((refused["refusal"], refused["text"]),
                         ("invalid", "units[0]: T9 is no team of this agent"))
        units = {member["name"]: member for member in self.county.json("agent", "list")}[
            f"{REGION}/{FIRE}"]["units"]
        self.assertEqual([(unit["id"], unit["kind"], unit["team"]) for unit in units],
                         [("T1", "team", ""), ("V1", "unit", "T1")])
        self.assertIn("team T1, V1@T1", self.county.muster("agent", "list"))
        self.assertIn("team T1 free [gas-detector], V1 of team T1 free",
                      self.county.muster("replay", self.county.log, "--mode", "all"))

        # Who names the team names its members: together they bring both; each lacks what it has not.
        incident = self.county.report()
        order = self.county.issue("fire-rescue", "--incident", incident, "--units", "T1")
        bridge.one("order", order=order)
        self.answered(bridge, 3, type="receipt", order=order, rung="accepted", units=["T1"])
        self.county.muster("incident", "update", incident, "--substance", "chlorine")
        bridge.one("amendment")
        shown = self.county.order(order)
        self.assertEqual(sorted(shown["needs"]), ["chemical-suit", "decontamination", "gas-detector", "scba"])
        self.assertEqual(sorted(shown["lacks"]), ["decontamination", "scba"])
        lines = {line.partition(" lacks ")[0]: sorted(line.partition(" lacks ")[2].split(", "))
                 for line in self.county.muster("order", "show", order).splitlines() if " lacks " in line}
        self.assertEqual(lines["team T1"], ["decontamination", "scba"])
        self.assertEqual(lines["unit V1 of team T1"], ["decontamination", "gas-detector", "scba"])


class Conversation(BridgeTest):
    def test_the_main_job(self):
        bridge = self.bridge()
        self.assertEqual(bridge.one("ready")["agent"], f"{REGION}/{FIRE}")
        self.answered(bridge, 1, type="units", units=[
            {"id": "消-101", "type": "engine", "crew": 7, "equipment": ["scba"], "status": "free"}])
        listed = {member["name"]: member for member in self.county.json("agent", "list")}
        self.assertEqual([(unit["id"], unit["crew"], unit["equipment"])
                          for unit in listed[f"{REGION}/{FIRE}"]["units"]],
                         [("消-101", 7, ["scba"])])

        # An order comes once, with its words.
        incident = self.county.report()
        order = self.county.issue("fire-rescue", "--incident", incident, "--units", "消-101",
                                  text='人 "困"\n两名')
        given = bridge.one("order", order=order)
        self.assertEqual((given["incident"], given["mode"], given["kind"], given["text"], given["units"]),
                         (incident, "actual", "dispatch", '人 "困"\n两名', ["消-101"]))
        self.assertEqual((given["issuer"], given["operator"], given["addressee"]),
                         (f"{REGION}/emergency-management/centre", "duty-officer", f"{REGION}/fire-rescue"))
        self.assertLess(given["at"], given["answer_by"])
        self.assertLess(given["answer_by"], given["expires_at"])
        self.assertNotIn("resumed", given)

        # Receipts; then the facts change, and the change is acknowledged.
        for ref, rung in enumerate(RUNGS[:3], 10):
            self.answered(bridge, ref, type="receipt", order=order, rung=rung, units=["消-101"])
        self.county.muster("incident", "update", incident, "--substance", "carbon-monoxide")
        amendment = bridge.one("amendment", order=order)
        self.assertEqual((amendment["amendment"], sorted(amendment["needs"])), (1, ["gas-detector", "scba"]))
        self.answered(bridge, 20, type="receipt", order=order, amendment=1)
        self.answered(bridge, 21, type="receipt", order=order, rung="on-scene")
        shown = self.county.order(order)
        self.assertEqual((shown["rung"], shown["amendments_acknowledged"], shown["units"], shown["lacks"]),
                         ("on-scene", 1, ["消-101"], ["gas-detector"]))

        # Everybody out, with a head-count; without one it is refused and can be said again.
        self.county.muster("order", "evacuate", "--incident", incident, "--text", "out")
        evacuation = bridge.one("evacuation", incident=incident)
        self.assertEqual(evacuation["text"], "out")
        out = evacuation["order"]
        self.assertEqual(self.answered(bridge, 30, "refused", type="receipt", order=out,
                                       rung="completed")["refusal"],
                         "head-count")
        self.answered(bridge, 31, type="receipt", order=out, rung="completed", present=6, missing=1)
        counted = [event["data"] for event in self.county.events() if event["order"] == out
                   and event["event"] == "rung-reached"]
        self.assertEqual([(data["rung"], data["present"], data["missing"]) for data in counted],
                         [("completed", 6, 1)])

        # A recall, and a report of the agency's own.
        spare = self.county.issue(FIRE, "--incident", incident)
        bridge.one("order", order=spare)
        self.county.muster("order", "recall", spare, "--reason", "误报")
        self.assertEqual(bridge.one("recall", order=spare, incident=incident)["reason"], "误报")
        self.answered(bridge, 40, type="report", kind="initial", text="街口见烟", facts={
            "kind": "fire", "place": "街口", "title": "烟", "casualties": {"trapped": 2}, "loss_cny": 0,
            "occurred_at": "2026-01-02T03:04:05+08:00",
            "position": {"datum": "wgs84", "latitude": 36.65, "longitude": 117.12}})
        filed = [entry for entry in self.county.json("incident", "list") if entry["place"] == "街口"]
        self.assertEqual([(entry["reporter"], entry["kind"], entry["title"]) for entry in filed],
                         [(f"{REGION}/{FIRE}", "fire", "烟")])
        self.answered(bridge, 41, type="report", kind="follow-up", incident=filed[0]["incident"], text="扑灭")
        self.answered(bridge, 42, type="receipt", order=order, rung="completed")

        self.assertEqual(self.rungs_of(order), RUNGS)
        self.assertEqual(len(bridge.all("order")), 2)
        self.assertEqual(bridge.all("error"), [])
        self.assertEqual(bridge.stop(), 0)
        self.assert_verified()

    def test_the_reporter_is_asked(self):
        bridge = self.bridge()
        self.answered(bridge, 1, type="report", facts={"kind": "fire", "place": "market"})
        for fact in ("casualties", "time"):
            bridge.one("notice", event="information-requested", fact=fact)

    def test_a_receipt_is_said_once(self):
        bridge = self.bridge()
        order = self.county.issue("fire-rescue")
        bridge.one("order", order=order)
        self.answered(bridge, 1, type="receipt", order=order, rung="accepted")
        for ref in (2, 3):
            self.answered(bridge, ref, "unchanged", type="receipt", order=order, rung="accepted")
        bridge.say(type="receipt", ref=4, order=order, rung="acknowledged")  # and never taken back
        self.assertIn("accepted", bridge.one("error")["text"])
        bridge.kill()
        again = self.bridge()
        resumed = again.one("order", order=order)
        self.assertEqual((resumed["resumed"], resumed["said"]), (True, "accepted"))
        self.answered(again, 5, "unchanged", type="receipt", order=order, rung="accepted")
        self.answered(again, 6, "refused", type="receipt", order=order, rung="declined", text="no crew")
        self.answered(again, 7, type="receipt", order=order, rung="completed")
        self.answered(again, 8, "unchanged", type="receipt", order=order, rung="completed")
        self.assertEqual(self.rungs_of(order), ["accepted", "completed"])

    def test_an_order_expires(self):
        bridge = self.bridge()
        order = self.county.issue("fire-rescue", "--answer-within", "1s", "--expires-within", "1s")
        bridge.one("order", order=order)
        bridge.one("expired", order=order)
        self.assertEqual(self.county.order(order)["rung"], "expired")


class Input(BridgeTest):
    def test_bad_lines(self):
        bridge = self.bridge()
        order = self.county.issue("fire-rescue")
        bridge.one("order", order=order)
        receipt = {"type": "receipt", "order": order}
        bad = [
            (b"hello", ""), (b"{", ""), (b"[]", "object"), (b'"x"', ""), (b"{}", "type"), (b"\xff\xfe{}", ""),
            (b'{"type": "receipt", "order": "\x00"}', ""), (b"[" * 5000, ""), (b'{"type": {"a": 1}}', "type"),
            (b'{"type": "units", "type": "units"}', "uplicate"),
            (b'{"type": "launch"}', "receipt, units, report or telemetry"),
            ({"type": "receipt"}, "order"), ({"type": "receipt", "order": 7}, "order"),
            ({"type": "receipt", "order": "x", "rung": "accepted"}, "order"),
            (dict(receipt, rung="done"), "rung"),
            (receipt, "rung"), (dict(receipt, rung="accepted", units="E1"), "units"),
            (dict(receipt, rung="accepted", units=[1]), "units"),
            (dict(receipt, rung="accepted", present=-1), "present"),
            (dict(receipt, rung="accepted", present=1e300), "present"),
            (dict(receipt, amendment=2 ** 40), "amendment"),
            (dict(receipt, rung="accepted", ref=-1), "ref"), (dict(receipt, rung="accepted", ref="1"), "ref"),
            (dict(receipt, order=NO_ID, rung="accepted"), "no such order"),
            ({"type": "units"}, "units"), ({"type": "units", "units": []}, "units"),
            ({"type": "units", "units": [{"type": "engine"}]}, "id"),
            ({"type": "units", "units": [{"id": "E1", "status": "asleep"}]}, "status"),
            ({"type": "units", "units": [7]}, "id"),
            ({"type": "units", "units": [{"id": "E"}] * 5000}, "units"),
            ({"type": "report", "kind": "rumour"}, "kind"), ({"type": "report", "kind": "final"}, "incident"),
            ({"type": "report", "facts": {"occurred_at": "noon"}}, "occurred_at"),
            ({"type": "report", "facts": {"position": {"latitude": 1, "longitude": 2}}}, "datum"),
            ({"type": "report", "facts": {"position": {"datum": "wgs84", "latitude": 91, "longitude": 2}}},
             "latitude"),
            ({"type": "report", "facts": {"casualties": {"dead": -1}}}, "dead"),
            ({"type": "report", "facts": {"place": "a\u0000b"}}, "u0000"),
            (b"x" * (LINE_MAX + 1), "too long"), (b"[" + b"1," * (3 * LINE_MAX) + b"1]", "too long"),
        ]
        for number, (line, words) in enumerate(bad, 1):
            bridge.write((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n")
            error = bridge.one("error", line=number)
            self.assertIn(words, error["text"], line[:100] if isinstance(line, bytes) else line)
        bridge.write(b"\n\n")  # no line to speak of
        self.answered(bridge, 1, type="receipt", order=order, rung="accepted")
        self.assertEqual(len(bridge.all("error")), len(bad))
        self.assertTrue(bridge.alive())
        self.assertEqual(self.rungs_of(order), ["accepted"])
        refused = [event for event in self.county.events() if event["outcome"] == "refused"]
        self.assertEqual(refused, [], "what is wrong is told here, not sent")

    def test_a_line_in_pieces_and_many_in_one(self):
        bridge = self.bridge()
        order = self.county.issue("fire-rescue")
        bridge.one("order", order=order)
        receipt = {"type": "receipt", "ref": 1, "order": order, "rung": "acknowledged", "text": "签收"}
        line = json.dumps(receipt, ensure_ascii=False).encode() + b"\n"
        for at in range(0, len(line), 7):
            bridge.write(line[at:at + 7])
        bridge.one("reply", ref=1)
        bridge.write(b"".join(json.dumps({"type": "receipt", "ref": ref, "order": order,
                                          "rung": rung}).encode() + b"\n"
                              for ref, rung in enumerate(RUNGS[1:], 2)))
        for ref in range(2, 6):
            self.assertEqual(bridge.one("reply", ref=ref)["outcome"], "done")
        self.assertEqual(self.rungs_of(order), RUNGS)

    def test_a_flood_of_lines(self):
        """More than may be under way waits in the pipe; every one is answered, in order."""
        bridge = self.bridge()
        count = 2500
        for ref in range(count):
            self.assertTrue(bridge.say(type="units", ref=ref, units=[{"id": "E1", "crew": ref % 100}]))
        bridge.wait(lambda: len(bridge.all("reply")) == count, "every reply", 120)
        self.assertEqual([reply["ref"] for reply in bridge.all("reply")], list(range(count)))
        self.assertEqual({reply["outcome"] for reply in bridge.all("reply")}, {"done"})
        self.assertEqual(bridge.all("error"), [])

    def test_the_end_of_input(self):
        bridge = self.bridge()
        order = self.county.issue("fire-rescue")
        bridge.one("order", order=order)
        bridge.write(json.dumps({"type": "receipt", "ref": 1, "order": order, "rung": "accepted"}).encode())
        bridge.close()  # the last line has no end, and its reply is waited for
        self.assertEqual(bridge.ended(), 0)
        self.assertEqual([reply["outcome"] for reply in bridge.all("reply", ref=1)], ["done"])
        self.assertEqual(self.rungs_of(order), ["accepted"])

    def test_the_end_of_input_without_a_broker(self):
        bridge = self.bridge()
        order = self.county.issue("fire-rescue")
        bridge.one("order", order=order)
        self.county.kill_broker()
        bridge.say(type="receipt", ref=1, order=order, rung="accepted")
        bridge.close()
        self.assertEqual(bridge.ended(), 0)
        self.assertEqual(bridge.all("reply"), [])
        bridge.wait_line("1 commands are not answered yet", bridge.err)
        self.county.start_broker()
        again = self.bridge()
        self.assertEqual(again.one("reply", ref=1)["outcome"], "done")
        self.assertEqual(self.rungs_of(order), ["accepted"])

    def test_nobody_reads(self):
        reader, writer = os.pipe()
        os.close(reader)
        agent = start([os.path.join(BIN, "muster-agent"), "--config", self.county.config(FIRE)],
                      cwd=self.county.home,
                      stdin=subprocess.PIPE, stdout=writer, stderr=subprocess.PIPE, text=True)
        os.close(writer)
        with agent:
            self.assertEqual(agent.wait(20), 74)
            self.assertIn("standard output takes no more", agent.stderr.read())


class Restart(BridgeTest):
    def test_the_broker_restarts_in_between(self):
        bridge = self.bridge()
        order = self.county.issue("fire-rescue")
        bridge.one("order", order=order)
        for ref, rung in enumerate(RUNGS, 1):
            self.county.kill_broker()
            bridge.say(type="receipt", ref=ref, order=order, rung=rung)
            self.county.start_broker()
            self.assertEqual(bridge.one("reply", ref=ref)["outcome"], "done")
        self.assertEqual(self.rungs_of(order), RUNGS)
        self.assertEqual(len(bridge.all("order")), 1)
        self.assertGreater(len(bridge.all("ready")), len(RUNGS))
        self.assert_verified()

    def test_recalled_while_the_agent_was_away(self):
        """An order that was at work is recalled, one that was never seen too, and a third lives."""
        bridge = self.bridge()
        seen = self.county.issue("fire-rescue")
        bridge.one("order", order=seen)
        self.answered(bridge, 1, type="receipt", order=seen, rung="accepted")
        self.assertEqual(bridge.stop(), 0)
        unseen, alive = self.county.issue("fire-rescue"), self.county.issue("fire-rescue")
        for order in (seen, unseen):
            self.county.muster("order", "recall", order)
        again = self.bridge()
        again.one("order", order=alive)
        again.one("recall", order=seen)
        self.assertEqual([message["order"] for message in again.all("order")], [seen, alive])
        self.assertEqual([message.get("resumed", False) for message in again.all("order")], [True, False])


class Exercise(BridgeTest):
    def sink(self, text, agent=FIRE):
        self.county.add(self.county.config(agent), text)

    def incident(self, mode):
        return self.county.report("--mode", mode)

    def test_an_exercise_never_reaches_an_actual_sink(self):
        bridge = self.bridge()
        incident = self.incident("exercise")
        order = self.county.issue("fire-rescue", "--incident", incident)
        shown = self.county.wait_rung(order, "declined")
        self.assertIn("exercise", shown["end_reason"] + json.dumps(self.county.events()))
        self.county.issue(POLICE, "--incident", incident)  # nobody answers; the incident stays open
        self.county.muster("incident", "update", incident, "--substance", "chlorine")
        actual = self.county.issue("fire-rescue")
        bridge.one("order", order=actual)
        bridge.kill()
        again = self.bridge()
        self.assertTrue(again.one("order", order=actual)["resumed"])
        for life in (bridge, again):
            for message in life.messages:
                self.assertNotEqual(message.get("incident"), incident)
                self.assertIn(message.get("mode", "actual"), ("actual",))

    def test_a_test_neither(self):
        bridge = self.bridge()
        order = self.county.issue("fire-rescue", "--mode", "test")
        self.county.wait_rung(order, "declined")
        self.assertEqual(bridge.all("order"), [])

    def test_an_actual_sink_that_takes_part(self):
        self.sink("exercise: true")
        bridge = self.bridge()
        order = self.county.issue("fire-rescue", "--incident", self.incident("exercise"))
        self.assertEqual(bridge.one("order", order=order)["mode"], "exercise")
        self.answered(bridge, 1, type="receipt", order=order, rung="accepted")
        self.assertEqual({event["mode"] for event in self.county.events() if event["order"] == order},
                         {"exercise"})

    def test_an_actual_order_never_moves_players(self):
        self.sink("sink: exercise")
        bridge = self.bridge()
        actual = self.county.issue("fire-rescue")
        self.county.wait_rung(actual, "declined")
        order = self.county.issue("fire-rescue", "--incident", self.incident("exercise"))
        bridge.one("order", order=order)
        self.assertEqual(len(bridge.all("order")), 1)

    def test_a_scripted_sink_too(self):
        self.county.change(self.county.config(HEALTH), "bridge:", "sink: actual")
        agent = self.county.agent(HEALTH)
        agent.wait_line("ready")
        order = self.county.issue("health", "--incident", self.incident("exercise"))
        shown = until(lambda: (found := self.county.order(order))["rung"] == "declined" and found, "declined")
        self.assertEqual((shown["units"], shown["mode"]), ([], "exercise"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
