"""An older copy of the log under living agents, and the newer log gone for good (FAULTS 13): the broker
fences itself, a person says --recover, and everybody goes on; what was lost is known, and nothing is done
twice.
"""
import contextlib
import os
import random
import shutil
import sqlite3
import subprocess

from agents import CountyTest, FIRE, HEALTH, POLICE, REGION, until
from harness import BIN, main, pb

REASON = "disk 2 burnt; copy of 03:00"
USAGE, DATA, UNAVAILABLE, CONFIG = 64, 65, 69, 78


class Recover(CountyTest):
    def setUp(self):
        super().setUp()
        self.county.add(self.county.config(HEALTH), "bridge: true")
        self.health = self.county.bridge(HEALTH)
        self.health.one("ready")

    def errors(self):
        with open(self.county.path("musterd.err"), encoding="utf-8") as file:
            return file.read()

    def told(self, words):
        until(lambda: words in self.errors(), f'"{words}" of musterd')

    def copy(self, name="copy"):
        """A copy of the log as it is, taken while the broker is stopped."""
        self.assertEqual(self.county.stop_broker(), 0)
        shutil.copytree(self.county.log, self.county.path(name))
        self.county.start_broker()

    def put(self, name, away):
        """Another log in the place of this one."""
        self.county.kill_broker()
        os.rename(self.county.log, self.county.path(away))
        shutil.copytree(self.county.path(name), self.county.log)

    def answer(self, order, *rungs):
        for rung in rungs or ("acknowledged", "accepted", "completed"):
            self.health.say(type="receipt", ref=len(self.health.messages) + 1, order=order, rung=rung)

    def carry_out(self, text):
        """An order that is issued, delivered, answered: its id."""
        order = self.county.issue(HEALTH, "--incident", self.incident, text=text)
        self.health.one("order", order=order)
        self.answer(order)
        self.county.wait_rung(order, "completed")
        return order

    def head_seen(self):
        """The agent has kept a head that the broker signed, at or above the log's last record of now."""
        seq = self.county.events()[-1]["seq"]
        until(lambda: self.kept_head() >= seq, f"a head above {seq} in the journal")

    def kept_head(self):
        path = self.county.path("agents", HEALTH.replace("/", ".") + ".db")
        with contextlib.closing(sqlite3.connect(path)) as db:
            row = db.execute("SELECT value FROM meta WHERE name = 'head'").fetchone()
        return pb.Envelope.FromString(row[0]).beat.head.seq if row else 0

    def records(self, kind):
        return [event for event in self.county.events() if event["event"] == kind]

    def lost_and_fenced(self):
        """A copy is in place of a log that went on, and the broker knows it; the order that is lost."""
        self.incident = self.county.report()
        self.first = self.carry_out("in the copy")
        self.copy()
        lost = self.carry_out("after the copy")
        self.head_seen()
        self.put("copy", away="newer")
        self.county.start_broker()
        self.told("fenced: ")
        self.assertIn("records are missing", self.errors())
        done = self.county.call("incident", "report", "--kind", "fire", "--place", "x", "--title", "t")
        self.assertIn("records of this log are missing", done.stderr)
        return lost

    def recover(self):
        self.assertEqual(self.county.stop_broker(), 0)
        self.head = self.county.json("verify", self.county.log)[0]["head_seq"]  # it has written of its own
        self.county.start_broker("--recover", REASON)
        self.told(f"recovered: goes on from seq {self.head} of epoch 1, in epoch 2 ({REASON})")
        self.told("lost: ")
        self.told_agent("records ", f" of epoch 1 are lost in the recovery of ", REASON)

    def told_agent(self, *words):
        self.health.wait(lambda: any(all(word in line for word in words) for line in self.health.err),
                         f"{words} of muster-agent")

    def test_from_an_older_copy(self):
        lost = self.lost_and_fenced()
        self.recover()

        told = self.health.one("recovered")
        self.assertEqual((told["epoch"], told["lost_epoch"], told["after"], told["reason"]),
                         (2, 1, self.head, REASON))
        self.assertGreater(told["seen"], self.head)

        # who commanded says again what was lost; who carried it out does not do it twice, and says so again
        done = self.county.call("order", "list")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.count("are lost in the recovery of"), 1, done.stderr)
        self.county.wait_rung(lost, "completed")
        self.assertEqual(len(self.health.all("order", order=lost)), 1, "carried out twice")
        self.carry_out("in epoch 2")

        # it is in the log, for everybody and for ever
        recovered = self.records("recovered")
        self.assertEqual([(event["seq"], event["data"]["epoch"], event["data"]["number"],
                           event["data"]["text"]) for event in recovered],
                         [(self.head + 1, 1, self.head, REASON)])
        losses = {event["data"]["subject"]: event["data"] for event in self.records("loss-noted")}
        noted = losses[f"{REGION}/{HEALTH}"]
        self.assertEqual((noted["epoch"], noted["after"]), (1, self.head))
        self.assertGreater(noted["number"], self.head)
        self.assertIn(f"RECOVERED: the log goes on from record {self.head} of epoch 1, in epoch 2",
                      self.county.muster("replay", self.county.log))
        report = self.assert_verified()
        self.assertEqual((report["recoveries"], report["head_epoch"]), (1, 2))
        self.assertEqual(report["losses"], len(losses))

        # the next start is an ordinary one, and the same word again does nothing
        for options in ((), ("--recover", REASON)):
            self.assertEqual(self.county.stop_broker(), 0)
            self.county.start_broker(*options)
            self.carry_out("after another start")
        self.assertIn("recovered already for this reason", self.errors())
        self.assertEqual(len(self.records("recovered")), 1)
        self.assertEqual(self.assert_verified()["head_epoch"], 2)

    def test_the_old_log_comes_back(self):
        """Found after all, and started under agents that have seen epoch 2: fenced, and nobody goes along."""
        self.lost_and_fenced()
        self.recover()
        self.carry_out("in epoch 2")
        self.put("newer", away="recovered")
        self.county.start_broker()
        self.told("of epoch 2, signed by this broker")
        self.told_agent("the broker refused", "an old copy")
        done = self.county.call("incident", "report", "--kind", "fire", "--place", "x", "--title", "t",
                                "--timeout", "5s")
        self.assertEqual(done.returncode, UNAVAILABLE, done.stderr)
        self.assertIn("an old copy", done.stderr)
        self.put("recovered", away="old")  # and back
        self.county.start_broker()
        self.carry_out("in epoch 2 still")
        self.assert_verified()

    def test_the_agent_was_stopped_meanwhile(self):
        """Its journal alone knows what it did: nothing is given as new."""
        lost = self.lost_and_fenced()
        self.assertEqual(self.health.stop(), 0)
        for _ in range(10):  # the copy writes records of its own: their numbers were others' once
            self.assertEqual(self.county.stop_broker(), 0)
            self.county.start_broker()
        self.assertEqual(self.county.stop_broker(), 0)
        self.county.start_broker("--recover", REASON)
        self.county.muster("order", "list")
        self.health = self.county.bridge(HEALTH)
        self.told_agent("we know of none above it", REASON)
        self.county.wait_rung(lost, "completed")
        self.carry_out("in epoch 2")
        self.assertEqual(self.health.all("order", order=lost), [])
        self.assert_verified()

    def test_again_and_again(self):
        """Copies of any age are put in place one after the other, under agents that are there or away for a
        while: every order ends as it was carried out, and none is carried out twice."""
        chance = random.Random(20261122)
        bridges = {agent: [] for agent in (HEALTH, FIRE, POLICE)}  # the lives of each
        bridges[HEALTH].append(self.health)
        for agent in (FIRE, POLICE):
            self.county.add(self.county.config(agent), "bridge: true")
        self.incident = self.county.report()
        orders, away = {}, None
        for cycle in range(4):
            for agent in bridges:
                if agent != away:
                    self.be_there(bridges, agent)
            self.copy(f"copy-{cycle}")
            for _ in range(3):
                agent = chance.choice([agent for agent in bridges if agent != away])
                order = self.county.issue(agent, "--incident", self.incident, text=f"cycle {cycle}")
                orders[order] = agent
                bridges[agent][-1].one("order", order=order)
                for rung in ("acknowledged", "accepted", "completed")[:chance.randint(1, 3)]:
                    bridges[agent][-1].say(type="receipt", ref=1, order=order, rung=rung)
            away = chance.choice(list(bridges))
            bridges[away][-1].kill()
            self.put(f"copy-{chance.randint(max(0, cycle - 1), cycle)}", away=f"gone-{cycle}")
            self.recover_until_it_serves(cycle, [lives[-1] for lives in bridges.values() if lives])
        for agent in bridges:
            self.be_there(bridges, agent)
        for order, agent in orders.items():
            bridges[agent][-1].say(type="receipt", ref=2, order=order, rung="completed")
        self.county.muster("order", "list")
        for order, agent in orders.items():
            self.county.wait_rung(order, "completed")
            given = [message for life in bridges[agent] for message in life.all("order", order=order)
                     if not message.get("resumed")]
            self.assertEqual(len(given), 1, f"{order} of {agent}")
        self.assert_verified()

    def be_there(self, bridges, agent):
        if not bridges[agent] or not bridges[agent][-1].alive():
            bridges[agent].append(self.county.bridge(agent))
        bridges[agent][-1].one("ready")

    def recover_until_it_serves(self, cycle, lives):
        """A copy that is older than the last recovery is fenced once more: its epoch was others' before."""
        lives = [life for life in lives if life.alive()]
        for attempt in range(4):
            said, told = len(self.errors()), [len(life.all("recovered")) for life in lives]
            self.county.start_broker("--recover", f"cycle {cycle}, {attempt}")
            done = self.county.call("incident", "report", "--kind", "fire", "--place", "x", "--title", "t")
            until(lambda: "fenced: " in self.errors()[said:] or all(len(life.all("recovered")) > n
                                                                    for life, n in zip(lives, told)),
                  "whoever is there to come back, or to fence it")
            if done.returncode == 0 and "fenced: " not in self.errors()[said:]:
                return
            self.assertEqual(self.county.stop_broker(), 0)
        self.fail("fenced again and again: " + self.errors()[-1000:])

    def musterd(self, *options):
        return subprocess.run([os.path.join(BIN, "musterd"), "--config", "musterd.yaml", *options],
                              cwd=self.county.home, capture_output=True, text=True, timeout=30, check=False)

    def test_the_tail_is_cut(self):
        """The log of this very disk has lost its tail, and there is no copy: it does not start, but by that
        word; what its agents saw is written down."""
        self.incident = self.county.report()
        self.carry_out("kept")
        self.copy()
        lost = self.carry_out("lost")
        self.head_seen()
        self.assertEqual(self.county.stop_broker(), 0)  # the head file is at the head
        shutil.copy(self.county.path("copy", "muster.db"), os.path.join(self.county.log, "muster.db"))
        done = self.musterd()
        self.assertEqual(done.returncode, DATA)
        self.assertIn("has lost its tail", done.stderr)
        self.county.start_broker("--recover", REASON)
        self.told("has lost its tail")
        self.told("recovered: goes on from seq")
        self.told_agent("are lost in the recovery of", REASON)
        self.county.muster("order", "list")
        self.county.wait_rung(lost, "completed")
        self.assertEqual(len(self.health.all("order", order=lost)), 1, "carried out twice")
        self.assertEqual(self.county.stop_broker(), 0)
        self.county.start_broker()
        self.carry_out("in epoch 2")
        self.copy("second")
        self.carry_out("lost again")
        self.head_seen()
        self.assertEqual(self.county.stop_broker(), 0)
        shutil.copy(self.county.path("second", "muster.db"), os.path.join(self.county.log, "muster.db"))
        self.county.start_broker("--recover", REASON)  # whoever starts it still says so
        self.told("in epoch 3")
        self.carry_out("in epoch 3")
        self.assert_verified()

    def test_words_that_are_none(self):
        self.assertEqual(self.county.stop_broker(), 0)
        for reason in ("", " ", "x" * 600):
            done = self.musterd("--recover", reason)
            self.assertEqual(done.returncode, USAGE)
            self.assertEqual(done.stderr.count("\n"), 1)
            self.assertIn("--recover wants a reason", done.stderr)
        shutil.rmtree(self.county.log)
        done = self.musterd("--recover", REASON)
        self.assertEqual(done.returncode, CONFIG)
        self.assertIn("there is no log to recover", done.stderr)


if __name__ == "__main__":
    main()
