"""kill -9 of agents, bridged and scripted, and now and then of the broker, at random points under load:
nothing acknowledged is lost, nothing is done twice, and every order ends.

MUSTER_SEED repeats a run, MUSTER_SECONDS makes it longer.
"""
import collections
import json
import os
import random
import signal
import threading
import time
import unittest

from agents import CountyTest, FIRE, HEALTH, POLICE, REGION, until
from total_queue import Life

SEED = int(os.environ.get("MUSTER_SEED", "20260401"))
SECONDS = float(os.environ.get("MUSTER_SECONDS", "18"))
RUNGS = ["acknowledged", "accepted", "on-scene", "completed"]
SCRIPT = """takes: [dispatch]
script:
  {acknowledge: 10 ms, accept: 20 ms, en_route: 20 ms, on_scene: 30 ms, complete: 50 ms, jitter: 0.9, seed: 7}
units:
""" + "".join(f"  - {{id: U{n}, type: ambulance, crew: 2}}\n" for n in range(500))


class System:
    """An agency's system, over all lives of its bridge: answers every order, and counts what it is given."""

    def __init__(self, county, agent):
        self.county, self.agent = county, agent
        self.new, self.resumed, self.recalled = (collections.Counter() for _ in range(3))
        self.asked, self.done, self.errors, self.unmarked = {}, set(), [], []
        self.bridge, self.lives = None, 0

    def start(self):
        self.lives += 1
        self.bridge = self.county.run(Life, "--config", self.county.config(self.agent), agency=self)

    def kill(self):
        self.bridge.kill()

    def take(self, message, say):
        kind, order = message["type"], message.get("order")
        if kind == "order":
            if message.get("resumed"):
                self.resumed[order] += 1
            else:
                self.new[order] += 1
                if self.resumed[order]:
                    self.unmarked.append(order)
            for rung in RUNGS:
                ref = len(self.asked) + 1
                self.asked[ref] = (order, rung)
                say({"type": "receipt", "ref": ref, "order": order, "rung": rung})
        elif kind == "recall":
            self.recalled[order] += 1
        elif kind == "reply" and message["outcome"] == "done":
            self.done.add(self.asked[message["ref"]])
        elif kind == "error":
            self.errors.append(message)


class Kill(CountyTest):
    def setUp(self):
        super().setUp()
        print(f"seed {SEED}", flush=True)
        self.random = random.Random(SEED)
        for agent in (FIRE, POLICE):
            self.county.add(self.county.config(agent), "bridge: true")
        self.county.add(self.county.config(HEALTH), SCRIPT)
        self.systems = [System(self.county, FIRE), System(self.county, POLICE)]
        self.scripted = None
        self.issued, self.loading = [], True
        self.ended = threading.Event()

    def load(self):
        """Orders for all three, six at once; some are recalled. A broker that is away is tried again: what
        had no reply is kept and sent again."""
        choice = random.Random(SEED + 1)
        to = [word for agent in (FIRE, POLICE, HEALTH) * 2 for word in ("--to", f"{REGION}/{agent}")]
        while not self.ended.is_set():
            done = self.county.call("order", "issue", *to, "--text", "go", "--json")
            if done.returncode == 0:
                orders = [json.loads(line)["order"] for line in done.stdout.splitlines()]
                self.issued += orders
                if choice.random() < 0.5:
                    self.county.call("order", "recall", choice.choice(orders))
            elif done.returncode not in (69, 75):
                self.issued.append(done.stderr)  # is no order: the test fails with it
                return

    def kills(self):
        counts = collections.Counter()
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            self.ended.wait(self.random.uniform(0.02, 0.7))
            victim = self.random.choice(["bridge", "bridge", "scripted", "broker"])
            counts[victim] += 1
            if victim == "broker":
                self.county.kill_broker()
                self.county.start_broker()
            elif victim == "scripted":
                self.scripted.kill()
                self.scripted = self.county.agent(HEALTH)
            else:
                system = self.random.choice(self.systems)
                system.kill()
                system.start()
        return counts

    def test_under_load(self):
        for system in self.systems:
            system.start()
        self.scripted = self.county.agent(HEALTH)
        load = threading.Thread(target=self.load)
        load.start()
        try:
            counts = self.kills()
        finally:
            self.ended.set()
            load.join(60)
        self.assertFalse(load.is_alive())
        self.county.muster("order", "list")  # what the command line has under way is sent by its next command
        try:
            until(lambda: self.county.json("order", "list") == [], "every order to end", 60)
        except AssertionError:
            print(self.open_orders(), flush=True)
            raise
        events = self.county.events()
        orders = {event["order"]: event["data"]["subject"] for event in events
                  if event["event"] == "order-issued"}
        print(f"{len(orders)} orders, kills {dict(counts)}", flush=True)
        self.assertGreater(len(orders), 50)
        self.assertEqual([order for order in self.issued if order not in orders], [], "acknowledged and lost")
        self.check_log(events, orders)
        for system in self.systems:
            self.check_system(system, events, orders)
        self.assert_verified()

    def open_orders(self):
        return [{key: order[key] for key in ("order", "addressee", "rung", "units", "unanswered", "agents")}
                for order in self.county.json("order",
                                              "list")][:5], self.scripted.out[-3:], self.scripted.err[-3:]

    def check_log(self, events, orders):
        reached = collections.Counter((event["order"], event["data"]["rung"]) for event in events
                                      if event["event"] == "rung-reached")
        self.assertEqual([key for key, count in reached.items() if count > 1], [], "twice in the log")
        outcomes = collections.Counter(order for order, rung in reached if rung in ("completed", "declined"))
        outcomes.update(event["order"] for event in events
                        if event["event"] in ("order-recalled", "order-expired"))
        self.assertEqual({order: outcomes[order] for order in orders if outcomes[order] != 1}, {},
                         "one outcome each")

    def check_system(self, system, events, orders):
        own = {order for order, to in orders.items() if to == f"{REGION}/{system.agent}"}
        got = set(system.new) | set(system.resumed)
        self.assertGreater(system.lives, 1)
        self.assertEqual(got - own, set())
        self.assertEqual([order for order, count in system.new.items() if count > 1], [], "twice as new")
        self.assertEqual(system.unmarked, [], "new after it was resumed")
        reached = {(event["order"], event["data"]["rung"]) for event in events
                   if event["event"] in ("rung-reached", "receipt-noted")}
        self.assertEqual(system.done - reached, set(), "acknowledged and not in the log")
        recalled = {event["order"] for event in events if event["event"] == "order-recalled"}
        self.assertEqual(own - got - recalled, set(), "never given")
        finished = {order for order, rung in reached if rung == "completed"}
        self.assertEqual((got & recalled) - set(system.recalled) - finished, set(),
                         "given, and its recall not")
        self.assertEqual(system.errors, [])

    def test_killed_between_journal_and_application(self):
        """The agent has journalled a recall, but its reader is slow: the recall comes in the next life."""
        life = self.county.bridge(FIRE)
        first = self.county.issue(FIRE)
        life.one("order", order=first)
        life.say(type="receipt", ref=1, order=first, rung="accepted")
        life.one("reply", ref=1)
        until(lambda: [event for event in self.county.events() if event["command"] == "ack"],
              "nothing to be under way: credit comes with the Ack")
        life.stop_reading()
        life.process.send_signal(signal.SIGSTOP)  # so that all of it comes at once
        many = 24  # in one record, which is under way alone; more than a pipe holds of 64 KiB
        to = [word for _ in range(many) for word in ("--to", f"{REGION}/{FIRE}")]
        self.county.muster("order", "issue", *to, "--text", "x" * 3900)
        self.county.muster("order", "recall", first)
        life.process.send_signal(signal.SIGCONT)
        issued = [event for event in self.county.events() if event["event"] == "order-issued"]
        self.assertEqual(len(issued), 1 + many)
        self.ended.wait(1)  # it takes them, and is stuck in the pipe
        self.assertTrue(life.alive())
        life.kill()
        self.assertEqual(life.all("recall"), [])
        again = self.county.bridge(FIRE)
        again.one("recall", order=first)
        again.wait(lambda: len({message["order"] for message in again.all("order")} |
                               {message["order"] for message in life.all("order")}) == 1 + many, "all orders")


if __name__ == "__main__":
    unittest.main(verbosity=2)
