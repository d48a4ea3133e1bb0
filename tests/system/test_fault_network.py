"""Networks that part, crawl and lie dead, between real agents and the broker (FAULTS 17, 20, 21).

A TCP relay of our own delays, stalls and cuts; a network namespace with a token bucket gives 64 kbit/s.
(Loss and reordering of datagrams are the simulator's: TCP hides them, as stalls, which the relay has too.)
"""
import os
import shutil
import subprocess
import time

from agents import CountyTest, Program, until
from faults import Relay, Via
from harness import AGENTS, DESK, STATION_3, STATION_5, main, processes, start
from muster_wire import now_ms, ulid
from total_queue import HOSPITAL, TotalQueueTest

LONG = bool(os.environ.get("MUSTER_LONG"))
TRIES = 5
FLIGHT_MIN = 8192  # ENGINE_FLIGHT_MIN of common/engine/engine.h


class Relayed(TotalQueueTest):
    """Two muster-agents and the issuer behind relays of their own; another station is not."""

    def setUp(self):
        super().setUp()
        self.relays = []
        self.centre = self.issuer()
        self.near = self.station(STATION_3)

    def relay(self):
        relay = Relay(self.site.endpoint, seed=len(self.relays))
        self.addCleanup(relay.close)
        self.relays.append(relay)
        return relay

    def executed(self, agency, orders):
        return all(ulid(order) in agency.executed for order in orders)


class Partition(Relayed):
    def part(self, seconds, up, down):
        """What is issued meanwhile arrives in order after the heal; what has expired by then is not
        carried out."""
        relay = self.relay()
        agency = self.agency(STATION_5, endpoint=relay.endpoint)
        first = self.centre.issue(STATION_5)
        self.wait(lambda: self.executed(agency, [first]), "the first order")
        relay.part(up=up, down=down)
        began = now_ms()
        short = self.centre.issue(STATION_5, life_ms=2000, answer_ms=1000)
        kept = [self.centre.issue(STATION_5) for _ in range(5)]
        beside = self.centre.issue(STATION_3)
        self.wait(lambda: beside in self.near.executed, "another station's order: nobody else waits")
        for kind in ("order_unanswered", "order_expired"):
            self.wait(lambda k=kind: [e for e in self.centre.got(k) if e.order == short], kind, 30)
        self.wait(lambda: now_ms() > began + seconds * 1000, "time to pass", seconds + 30)
        # One way only, the agent may have heard of it; it cannot have answered.
        executed_late = ulid(short) in agency.executed and up and down
        self.assertFalse(executed_late)
        relay.heal()
        self.wait(lambda: self.executed(agency, kept), "the orders after the heal", 60)
        order = [each for each in agency.executed if each in {ulid(o) for o in kept}]
        self.assertEqual(order, [ulid(o) for o in kept], "not in order")
        if up and down:
            self.assertNotIn(ulid(short), agency.executed)
        self.check_books(not_executed={ulid(short)})

    def test_both_ways(self):
        self.part(60 if LONG else 3, True, True)

    def test_agent_is_not_heard(self):
        self.part(60 if LONG else 3, True, False)

    def test_agent_does_not_hear(self):
        self.part(60 if LONG else 3, False, True)

    def test_issuer_is_cut_off(self):
        """What it says stands in its journal and is taken in its order after the heal, once."""
        relay = self.relay()
        self.centre.region = Via(self.site, relay)
        self.centre.join()
        relay.part()
        orders = [self.centre.issue(STATION_3) for _ in range(10)]
        began = now_ms()
        self.wait(lambda: now_ms() > began + 3000, "time to pass")
        self.assertFalse(set(orders) & set(self.near.executed))
        relay.heal()
        self.wait(lambda: set(orders) <= set(self.near.executed), "the orders", 60)
        self.assertEqual([order for order in self.near.executed if order in orders], orders)
        self.check_books()

    def test_many_short_ones(self):
        """Parted, healed and cut at random moments under load."""
        relays = [self.relay(), self.relay()]
        agency = self.agency(STATION_5, endpoint=relays[0].endpoint)
        self.centre.region = Via(self.site, relays[1])
        self.centre.join()
        for turn in range(30 if not LONG else 300):
            for to in (STATION_3, STATION_5):
                self.centre.issue(to)
            relay = relays[turn % 2]
            if turn % 3 == 0:
                relay.cut()
            else:
                relay.part(up=turn % 3 == 1, down=turn % 6 < 4)
            self.hub.turn(0.05)
            relay.heal()
            self.hub.turn(0.05)
        self.assertGreater(agency.ready, 1)
        self.check_books()


class Slow(Relayed):
    beat = "5 s"  # as a county has it: a line that stalls for a second is no silence

    def test_delay_jitter_and_stalls(self):
        """2 s of delay with jitter and stalls: slower, and that is all; sessions hold."""
        relay = self.relay()
        agency = self.agency(STATION_5, endpoint=relay.endpoint)
        connections = relay.accepted
        relay.slow(delay_s=0.3 if not LONG else 2, jitter_s=0.3, stall_share=0.3)
        orders = [self.centre.issue(STATION_5) for _ in range(10)]
        self.wait(lambda: self.executed(agency, orders), "the orders", 120)
        self.assertEqual(relay.accepted, connections, "it began anew")
        relay.slow()
        self.check_books(seconds=120)

    def test_slow_handshake_does_not_storm(self):
        """A path that is slow from the first byte on: connections are bounded by back-off."""
        relay = self.relay()
        relay.slow(delay_s=0.3, jitter_s=0.3)
        began = time.monotonic()
        agency = self.agency(STATION_5, endpoint=relay.endpoint)
        orders = [self.centre.issue(STATION_5) for _ in range(3)]
        self.wait(lambda: self.executed(agency, orders), "the orders", 120)
        tries = relay.accepted
        seconds = time.monotonic() - began
        print(f"{tries} connections in {seconds:.0f} s", flush=True)
        self.assertLessEqual(tries, 4 + 2 * seconds)
        relay.slow()
        self.check_books(seconds=120)


class Watch(CountyTest):
    def test_not_heard_for_more_than_three_beats(self):
        """The broker forgets a session that it does not hear, and says so to what then arrives of it: a
        reason to begin anew, and not to end."""
        relay = Relay(lambda: self.endpoint())
        self.addCleanup(relay.close)
        self.county.change("centre.yaml", "broker_file:", f"broker: {relay.endpoint}")
        watch = self.county.run(Program, "muster", "watch", "--json")
        until(lambda: self.county.report() and watch.out, "it to see what happens")
        for _ in range(TRIES):
            before = relay.accepted
            relay.part(up=True, down=False)
            self.silence(relay)
            in_time = relay.accepted == before
            relay.heal()
            for _ in range(3):
                watch.wait_line(self.county.report())
            self.assertTrue(watch.alive(), watch.err)
            if in_time:
                return  # it was told, and began anew on the same connection
        self.fail("each time it gave up by itself before it was told")

    def silence(self, relay):
        """Until the broker beats no more: the session is forgotten. (In three beats it would be given up at
        the other end, too.)"""
        quiet_s, beat_bytes = 0.9, 100  # the broker beats each 500 to 750 ms; ZMTP's own beats are smaller
        heard, since = relay.carried[relay.DOWN], time.monotonic()

        def is_silent():
            nonlocal heard, since
            if relay.carried[relay.DOWN] >= heard + beat_bytes:
                heard, since = relay.carried[relay.DOWN], time.monotonic()
            return time.monotonic() > since + quiet_s

        until(is_silent, "the broker to forget the session")

    def endpoint(self):
        with open(self.county.path("endpoint"), encoding="utf-8") as file:
            return file.read().strip()


class Cable(Relayed):
    """The agent in a network namespace of its own, behind a virtual cable."""

    NEAR, FAR = "10.213.77.1", "10.213.77.2"

    def run_ip(self, *words):
        if shutil.which(words[0]) is None:
            self.skipTest(f"{words[0]} is not installed")
        done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
        if done.returncode:
            self.skipTest(f"{' '.join(words)}: {done.stderr.strip()}")

    def make(self):
        self.holder = start(["unshare", "-n", "sh", "-c", "echo ready && exec sleep 1000"],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.let_go)
        if self.holder.stdout.readline() != "ready\n":
            self.skipTest("no network namespace: " + self.holder.stderr.read().strip())
        pid = str(self.holder.pid)
        self.link = f"mt{pid}"
        self.run_ip("ip", "link", "add", self.link, "type", "veth", "peer", "name", "far", "netns", pid)
        self.addCleanup(subprocess.run, ["ip", "link", "del", self.link], capture_output=True, check=False)
        self.run_ip("ip", "addr", "add", self.NEAR + "/30", "dev", self.link)
        self.run_ip("ip", "link", "set", self.link, "up")
        self.inside = ["nsenter", "-t", pid, "-n"]
        self.run_ip(*self.inside, "ip", "addr", "add", self.FAR + "/30", "dev", "far")
        self.run_ip(*self.inside, "ip", "link", "set", "far", "up")

    def let_go(self):
        self.holder.kill()
        self.holder.communicate()
        processes.discard(self.holder)

    def rate(self, words):
        for inside, device in (([], self.link), (self.inside, "far")):
            self.run_ip(*inside, "tc", "qdisc", "replace", "dev", device, "root", "tbf", *words.split())

    def far_agency(self, name=STATION_5, **options):
        self.make()
        relay = Relay(self.site.endpoint, host=self.NEAR)
        self.addCleanup(relay.close)
        return self.agency(name, endpoint=relay.endpoint, prefix=self.inside, **options)


class Pulled(Cable):
    def test_link_goes_down(self):
        """The cable is pulled for longer than three beats, with an answer under way."""
        agency = self.far_agency()
        for _ in range(2):
            orders = [self.centre.issue(STATION_5) for _ in range(5)]
            self.run_ip("ip", "link", "set", self.link, "down")
            orders += [self.centre.issue(STATION_5) for _ in range(5)]
            began = now_ms()
            self.wait(lambda b=began: now_ms() > b + 2500, "three beats")
            self.run_ip("ip", "link", "set", self.link, "up")
            self.wait(lambda o=orders: self.executed(agency, o), "the orders after the cable is back", 60)
        self.check_books()


class Narrow(Cable):
    """64 kbit/s between namespaces. Beats are tuned to such a line."""

    beat = "2 s"
    site_options = {"agents": {**AGENTS, DESK: ["centre", "receipt"]}}

    def test_64_kbit(self):
        agency = self.far_agency()
        self.rate("rate 64kbit burst 3kb latency 2s")
        orders = [self.centre.issue(STATION_5, text="t" * 400) for _ in range(30)]
        recalled = orders[-1]
        self.centre.recall(recalled)
        self.wait(lambda: self.executed(agency, orders[:-1]), "the orders over 64 kbit/s", 120)
        self.wait(lambda: ulid(recalled) in agency.recalled or ulid(recalled) not in agency.executed,
                  "the recall")
        self.assertEqual(agency.ready, 1, "the session flapped")
        self.check_books(seconds=120, not_executed={ulid(recalled)})

    def notices(self):
        return {message["seq"] for message in self.desk.life.all("notice")}

    def committed(self):
        self.wait(lambda: not self.centre.journal.pending, "everything to be committed")

    def test_orders_overtake_bulk_and_recalls_both(self):
        """With a minute of bulk, and of orders, waiting for the line, so much of each at the most goes before
        what is more urgent as may be under way, and not a window of it."""
        many, size, text = 40, 1000, "t" * 1000
        self.desk = desk = self.far_agency(DESK, answers=False)
        first = self.centre.issue(DESK)
        self.wait(lambda: self.executed(desk, [first]), "the first order")
        self.rate("rate 64kbit burst 3kb latency 2s")
        for _ in range(many):
            self.centre.report(text=text)
        self.committed()
        self.wait(self.notices, "the line to be busy with reports")

        urgent = self.centre.issue(DESK)
        self.committed()
        before = self.notices()
        self.wait(lambda: self.executed(desk, [urgent]), "the order", 60)
        bulk = len(self.notices() - before)
        self.assertLessEqual(bulk * size, FLIGHT_MIN)
        self.assertLess(len(self.notices()), many, "nothing was left to be overtaken")

        orders = [self.centre.issue(DESK, text=text) for _ in range(many)]
        self.committed()
        self.wait(lambda: self.executed(desk, orders[:1]), "the line to be busy with orders", 60)
        self.centre.recall(first)
        self.committed()
        before, done = self.notices(), len(desk.executed)
        self.wait(lambda: desk.recalled[ulid(first)], "the recall", 60)
        late, more = len(desk.executed) - done, len(self.notices() - before)
        print(f"{bulk} reports went before an order, {late} orders and {more} reports before a recall",
              flush=True)
        self.assertLessEqual(late * size, FLIGHT_MIN)
        self.assertLessEqual(more * size, FLIGHT_MIN)
        self.assertLess(len(desk.executed), many, "nothing was left to be overtaken")

        self.wait(lambda: len(self.notices()) > many, "every report", 120)  # and the first incident
        self.assertEqual(desk.ready, 1, "the session flapped")
        self.check_books(seconds=120)


class HalfOpen(Relayed):
    beat = "5 s"
    TIMES_OUT_S = 15  # three beats

    def test_agent_returns_with_the_same_name(self):
        """Power is cut at the agent: its connection stays, black, at the broker. It returns on a new one,
        with its journal, and is served before the old one has timed out."""
        relay = self.relay()
        agency = self.agency(HOSPITAL, endpoint=relay.endpoint, answers=False)
        orders = [self.centre.issue(HOSPITAL) for _ in range(3)]
        self.wait(lambda: self.executed(agency, orders), "the orders")
        for _ in range(3):
            # The relay keeps the broker's half open and silent for ever: no FIN, no RST.
            old = relay
            old.part()
            relay = self.relay()
            agency.kill()
            more = [self.centre.issue(HOSPITAL) for _ in range(3)]
            with open(agency.config, encoding="utf-8") as file:
                text = file.read().replace(old.endpoint, relay.endpoint)
            with open(agency.config, "w", encoding="utf-8") as file:
                file.write(text)
            began = time.monotonic()
            agency.start()
            self.wait(lambda m=more: self.executed(agency, m), "the orders on the new connection")
            seconds = time.monotonic() - began
            print(f"served again after {seconds:.2f} s", flush=True)
            self.assertLess(seconds, self.TIMES_OUT_S)
            old.heal()
        agency.answers = True
        agency.kill()
        agency.start()
        self.check_books()


if __name__ == "__main__":
    main()
