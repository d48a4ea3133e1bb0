"""muster-agent when something is wrong: its configuration, its keys, its journal, its broker, its twin."""
import json
import os
import shutil
import signal
import sqlite3
import unittest

from agents import CountyTest, FIRE, HEALTH, Program, REGION, ROSTER
from harness import free_port

NEWER = 1000
IDLE = "warning: no units and no bridge"


class ErrorsTest(CountyTest):
    def setUp(self):
        super().setUp()
        self.config = self.county.config(FIRE)

    def fails(self, code, *words, config=None, options=()):
        """Ends at once with this code and one line that holds the words."""
        agent = self.county.run(Program, "muster-agent", "--config", config or self.config, *options)
        self.assertEqual(agent.ended(), code, agent.err)
        said = [line for line in agent.err if IDLE not in line]  # as made, it has no profile yet
        self.assertEqual(len(said), 1, agent.err)
        for word in words:
            self.assertIn(word, said[0])
        self.assertEqual(agent.out, [])

    def path(self, name):
        return self.county.path("agents", name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)


class Config(ErrorsTest):
    started = False

    def test_usage(self):
        for arguments, code in (((), 64), (("--config",), 64), (("--confg", self.config), 64),
                                (("--config", self.config, "more"), 64), (("--help",), 0),
                                (("--version",), 0)):
            agent = self.county.run(Program, "muster-agent", *arguments)
            self.assertEqual(agent.ended(), code, arguments)
            self.assertTrue(agent.out if code == 0 else agent.err, arguments)

    def test_check_is_content_and_opens_nothing(self):
        self.county.add(self.config, "units: [{id: E1}]")
        agent = self.county.run(Program, "muster-agent", "--config", self.config, "--check")
        self.assertEqual((agent.ended(), agent.err), (0, []))
        self.assertIn(f"{REGION}/{FIRE}", agent.out[0])
        self.assertFalse(os.path.exists(self.path("fire-rescue.station-1.db")))

    def test_a_file_that_muster_uses_too(self):
        self.county.change(self.config, "keys:", "keys:\n  operator: ../operators/nobody.key")
        agent = self.county.run(Program, "muster-agent", "--config", self.config, "--check")
        self.assertEqual(agent.ended(), 0, agent.err)
        self.county.change(self.config, "  operator:", "  operater: x")
        self.fails(78, "'operater'", "'operator'", options=["--check"])

    def test_without_units_and_bridge_it_says_so(self):
        self.county.change(self.config, "profile:", "")
        for options in (["--check"], []):
            agent = self.county.run(Program, "muster-agent", "--config", self.config, *options)
            agent.wait_line("key `profile`", agent.err)
            agent.kill()
            self.assertEqual(sum("warning" in line for line in agent.err), 1, agent.err)
        self.county.add(self.config, "bridge: true")
        agent = self.county.run(Program, "muster-agent", "--config", self.config, "--check")
        self.assertEqual((agent.ended(), agent.err), (0, []))

    def test_unknown_keys(self):
        for line, words in (("journl: x", ("'journl'", "'journal'")),
                            ("brigde: true", ("'brigde'", "'bridge'")),
                            ("script: {acept: 1 s}", ("'acept'", "'accept'")),
                            ("units: [{id: E1, equipmnt: [scba]}]", ("'equipmnt'", "'equipment'"))):
            self.county.add(self.config, line)
            with open(self.county.path(self.config), encoding="utf-8") as file:
                number = len(file.readlines())
            self.fails(78, f"{self.config}:{number}:", *words)
            self.county.change(self.config, line, "")
        agent = self.county.run(Program, "muster-agent", "--config", self.config, "--check")
        self.assertEqual(agent.ended(), 0, agent.err)

    def test_wrong_values(self):
        for line, words in (("mode: exercice", "exercise"), ("script: {accept: soon}", "soon"),
                            ("script: {jitter: 7}", "jitter"), ("bridge: perhaps", "bridge"),
                            ("sink: real", "sink"),
                            ("units: [{type: engine}]", "id"), ("units: [{id: A}, {id: A}]", "A"),
                            ("takes: dispatch", "takes"), ("profile: nowhere.yaml", "nowhere.yaml"),
                            ("keys: {agent: a}", "")):
            shutil.copy(self.county.path(self.config), self.path("wrong.yaml"))
            if line.startswith("mode"):
                self.county.change("agents/wrong.yaml", "mode:", line)
            else:
                self.county.add("agents/wrong.yaml", line)
            agent = self.county.run(Program, "muster-agent", "--config", "agents/wrong.yaml")
            self.assertIn(agent.ended(), (66, 78), line)
            self.assertEqual(len(agent.err), 1, agent.err)
            self.assertIn(words, agent.err[0])

    def test_the_broker_named_twice_or_not_at_all(self):
        self.county.add(self.config, "broker: tcp://127.0.0.1:5570")
        self.fails(78, "name the broker once")
        self.county.change(self.config, "broker", "")
        self.fails(78, "name the broker once")

    def test_an_endpoint_that_is_none(self):
        self.county.change(self.config, "broker_file:", "broker: 127.0.0.1")
        self.fails(78, "127.0.0.1", "tcp://")

    def test_files_that_are_not_there(self):
        self.fails(66, "nowhere.yaml", config="agents/nowhere.yaml")
        os.unlink(self.path("fire-rescue.station-1.key"))
        self.fails(66, "fire-rescue.station-1.key")

    def test_a_key_that_others_may_read(self):
        os.chmod(self.path("fire-rescue.station-1.key"), 0o644)
        self.fails(77, "fire-rescue.station-1.key", "chmod 600")

    def test_keys_that_are_of_another_kind(self):
        shutil.copy(self.county.path("operators", "duty-officer.key"), self.path("fire-rescue.station-1.key"))
        self.fails(78, "duty-officer", "no agent")
        shutil.copy(self.county.path("region.pub"), self.path("fire-rescue.station-1.key"))
        os.chmod(self.path("fire-rescue.station-1.key"), 0o600)
        self.fails(78, "fire-rescue.station-1.key", "public key")
        self.write("fire-rescue.station-1.key", "hello")
        self.fails(78, "fire-rescue.station-1.key")


class Journal(ErrorsTest):
    started = False

    def setUp(self):
        super().setUp()
        self.journal = self.path("fire-rescue.station-1.db")

    def test_of_another_agent(self):
        agent = self.county.agent(HEALTH)
        agent.wait_line("no broker yet", agent.err)
        self.assertEqual(agent.stop(), 0)
        self.county.change(self.config, "journal:", "journal: health.emergency-centre.db")
        self.fails(65, "health.emergency-centre.db", f"{REGION}/health/emergency-centre",
                   f"not of {REGION}/{FIRE}")

    def test_of_a_newer_version(self):
        self.assertEqual(self.first_life().stop(), 0)
        with sqlite3.connect(self.journal) as database:
            database.execute(f"PRAGMA user_version={NEWER}")
        database.close()
        with open(self.journal, "rb") as file:
            before = file.read()
        self.fails(65, "fire-rescue.station-1.db", str(NEWER), "newer")
        with open(self.journal, "rb") as file:
            self.assertEqual(file.read(), before, "it is left as it was")

    def first_life(self):
        agent = self.county.agent(FIRE)
        agent.wait_line("no broker yet", agent.err)
        return agent

    def test_that_is_none(self):
        self.write("fire-rescue.station-1.db", "These are my notes.\n" * 100)
        self.fails(65, "fire-rescue.station-1.db")
        with sqlite3.connect(self.path("other.db")) as database:
            database.execute("CREATE TABLE t(x)")
        database.close()
        self.county.change(self.config, "journal:", "journal: other.db")
        self.fails(65, "other.db", "not an agent's journal")

    def test_that_is_damaged(self):
        self.assertEqual(self.first_life().stop(), 0)
        size = os.path.getsize(self.journal)
        with open(self.journal, "r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (size - 4096))
        self.fails(65, "fire-rescue.station-1.db")

    def test_that_cannot_be_made(self):
        self.county.change(self.config, "journal:", "journal: nowhere/fire.db")
        self.fails(73, "nowhere/fire.db", "No such file")
        self.county.change(self.config, "journal:", "journal: /dev/full/fire.db")
        self.fails(73, "/dev/full/fire.db")
        self.county.change(self.config, "journal:", "journal: /proc/fire.db")
        self.fails(73, "/proc/fire.db")

    def test_that_is_a_folder(self):
        os.mkdir(self.journal)
        self.fails(73, "fire-rescue.station-1.db")

    def test_is_for_its_owner_alone(self):
        self.first_life().stop()
        self.assertEqual(os.stat(self.journal).st_mode & 0o777, 0o600)


class Broker(ErrorsTest):
    started = False

    def test_is_not_there_yet(self):
        """It says so once, however often it tries; it comes when the broker comes; SIGTERM ends it."""
        port = free_port()
        self.county.change(self.config, "broker_file:", f"broker: tcp://127.0.0.1:{port}")
        self.county.change("musterd.yaml", "listen:", f"listen: tcp://127.0.0.1:{port}")
        agent = self.county.agent(FIRE)
        agent.wait_line(f"tcp://127.0.0.1:{port}", agent.err)
        self.county.start_broker()
        agent.wait_line("ready")
        for _ in range(3):
            said = len(agent.err)
            self.county.kill_broker()
            agent.wait(lambda: len(agent.err) > said, "that it is gone")
            self.county.start_broker()
            readies = len([line for line in agent.out if "ready" in line])
            agent.wait(lambda: len([line for line in agent.out if "ready" in line]) > readies or readies > 3,
                       "ready")
        self.assertLessEqual(len(agent.err), 7, agent.err)
        self.assertEqual(agent.stop(), 0)

    def test_is_never_there(self):
        self.county.add(self.config, "units: [{id: E1}]")
        for number in (signal.SIGTERM, signal.SIGINT):
            agent = self.county.agent(FIRE)
            agent.wait(lambda: agent.err, "why it waits")
            self.assertTrue(agent.alive())
            agent.process.send_signal(number)
            self.assertEqual(agent.ended(5), 0)
            self.assertEqual(len(agent.err), 1, agent.err)
            self.assertEqual(agent.out, [])

    def test_has_another_key(self):
        self.county.start_broker()
        other = os.path.join(self.county.folder, "other")
        self.county.muster("keys", "init", other, "--region", REGION, "--name", "x", "--roster",
                           ROSTER)
        shutil.copy(os.path.join(other, "region.pub"), self.county.path("region.pub"))
        agent = self.county.agent(FIRE)
        agent.wait_line("public key", agent.err)
        self.assertTrue(agent.alive())
        self.assertEqual(agent.stop(), 0)
        self.assertLessEqual(len(agent.err), 2, agent.err)

    def test_does_not_know_the_key(self):
        self.county.start_broker()
        other = os.path.join(self.county.folder, "other")
        self.county.muster("keys", "init", other, "--region", REGION, "--name", "x", "--roster",
                           ROSTER)
        shutil.copy(os.path.join(other, self.config.replace(".yaml", ".key")),
                    self.path("fire-rescue.station-1.key"))
        agent = self.county.agent(FIRE)
        agent.wait_line("enrolled", agent.err)
        self.assertTrue(agent.alive())
        self.assertEqual(agent.stop(), 0)
        self.assertEqual(agent.out, [])

    def test_revokes_the_key(self):
        self.county.start_broker()
        agent = self.county.agent(FIRE)
        agent.wait_line("ready")
        self.county.muster("agent", "revoke", f"{REGION}/{FIRE}", "--reason", "stolen")
        agent.wait_line("revoked", agent.err)
        self.assertTrue(agent.alive())
        self.assertEqual(agent.stop(), 0)


class Twins(ErrorsTest):
    def test_two_processes_of_one_agent(self):
        shutil.copy(self.county.path(self.config), self.path("speaker.yaml"))
        self.county.add(self.config, "bridge: true")
        first = self.county.bridge(FIRE)
        first.one("ready")
        self.fails(75, "fire-rescue.station-1.db", "another process")
        order = self.county.issue("fire-rescue")
        first.one("order", order=order)
        # The command line may speak as the agent meanwhile.
        self.county.muster("incident", "report", "--kind", "medical", "--place", "x", "--title", "t",
                           "--config", self.path("speaker.yaml"))
        first.kill()  # and a killed one holds nothing
        second = self.county.bridge(FIRE)
        self.assertTrue(second.one("order", order=order)["resumed"])

    def test_two_journals_of_one_agent(self):
        """A copy of the key on another machine: one ends the session of the other, and both say so."""
        shutil.copy(self.county.path(self.config), self.path("copy.yaml"))
        for config, journal in ((self.config, None), ("agents/copy.yaml", "copy.db")):
            self.county.add(config, "bridge: true")
            if journal:
                self.county.change(config, "journal:", f"journal: {journal}")
        first = self.county.bridge(FIRE)
        first.one("ready")
        second = self.county.run(type(first), "--config", "agents/copy.yaml")
        second.one("ready")
        first.wait_line("replaced", first.err)
        order = self.county.issue("fire-rescue")
        second.wait(lambda: first.all("order", order=order) or second.all("order", order=order), "the order")
        for twin in (first, second):
            twin.say(type="receipt", ref=1, order=order, rung="accepted")
        answers = [twin.wait(lambda: twin.all("reply", ref=1) or twin.all("error"), "an answer")[0]
                   for twin in (first, second)]
        self.assertIn("done", [answer.get("outcome") for answer in answers], json.dumps(answers))
        rungs = [event for event in self.county.events() if event["event"] == "rung-reached"]
        self.assertEqual(len(rungs), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
