"""The broker ends at every point of a commit, a checkpoint and a founding, by kill -9 and by a power cut:
what was acknowledged is there, what was not comes again, nothing is done twice (FAULTS 1, 2, 8).
"""
import os
import shutil

from faults import (DATABASE, FOR_EVER, Faults, KILL_AFTER, KILL_BEFORE, LIE, ONLY_COUNT, Relay, SEND, SLOTS,
                    SYNC, TEAR, Via, WAL, WRITE)
from harness import describe, main
from total_queue import STATION_3, STATION_5, TotalQueueTest

RESTART_S = 2
LOADED = 10  # how much slower a machine may be that has other work


class Ends(TotalQueueTest):
    started = False

    def setUp(self):
        super().setUp()
        self.faults = Faults(self.site.folder)
        self.site.prefix = self.faults.prefix
        self.slowest = 0

    def begin(self):
        self.site.start()
        self.centre = self.issuer()
        self.station(STATION_3)
        self.station(STATION_5)
        self.drain()

    def ended(self, seconds=30):
        self.wait(lambda: self.site.process.poll() is not None, "the broker's end", seconds)
        self.site.kill()
        self.hub.turn(0)  # what it had said before

    def back(self):
        self.faults.disarm()
        self.faults.disarm(2)
        took = self.restart()
        self.slowest = max(self.slowest, took)
        self.assertLess(took, RESTART_S * LOADED)

    def load(self):
        for addressee in (STATION_3, STATION_5):
            self.centre.issue(addressee)
        self.centre.report()


class Commit(Ends):
    POINTS = {
        "before write": (WRITE, WAL, KILL_BEFORE),
        "in a write": (WRITE, WAL, TEAR),
        "between write and sync": (SYNC, WAL, KILL_BEFORE),
        "after sync, before the reply": (SYNC, WAL, KILL_AFTER),
    }

    def each_point(self, power):
        self.begin()
        log, unsynced, found = self.site.path("log"), 0, set()
        for nth in (1, 2, 5):
            for point, (call, name, action) in self.POINTS.items():
                if power:
                    self.site.kill()
                    self.faults.keep_what_is_durable(log)
                    self.back()
                before = len(self.centre.journal.replies)
                self.faults.arm(call, name, action, first=nth)
                self.load()
                self.ended()
                self.assertEqual(self.faults.fired(), 1, point)
                if power:
                    unsynced += Faults.cut_power(log)
                self.back()
                self.wait(lambda: not self.centre.journal.pending, f"answers after an end {point}")
                self.assertGreater(len(self.centre.journal.replies), before)
                found.add(point)
        self.assertEqual(found, set(self.POINTS))
        print(f"slowest start {self.slowest:.2f} s; files with unsynced bytes {unsynced}", flush=True)
        if power:
            self.assertGreater(unsynced, 0, "the power cut took nothing away")
        self.check_books()

    def test_killed(self):
        self.each_point(power=False)

    def test_power_cut(self):
        self.each_point(power=True)

    def test_between_reply_and_delivery(self):
        """The issuer has its reply, the addressee has nothing: the order comes from the log."""
        self.begin()
        relay = Relay(self.site.endpoint)
        self.addCleanup(relay.close)
        station = self.stations[0]
        station.region = Via(self.site, relay)
        with_reply = 0
        for _ in range(5):
            station.join()
            self.drain()
            # Armed by the sync of the order's commit: the next thing that goes to the station is the end.
            self.faults.arm(SYNC, WAL, ONLY_COUNT, count=FOR_EVER)
            self.faults.arm(SEND, str(relay.port_at_broker()), KILL_BEFORE, after=1, rule=2)
            order = self.centre.issue(STATION_3)
            self.ended()
            self.assertNotIn(order, station.executed)
            with_reply += order in self.centre.acknowledged()
            self.back()
            self.wait(lambda o=order: o in station.executed, "the order from the log")
        print(f"acknowledged and not delivered: {with_reply} of 5", flush=True)
        self.assertGreater(with_reply, 0)
        self.check_books()


    def test_disk_that_lies(self):
        """A power cut takes what the disk said it had: the heads that agents have seen tell, and the
        broker takes no command on the shorter log. (Also the proof that a power cut here takes something
        away.)"""
        self.begin()
        self.site.stop()
        log = self.site.path("log")
        self.faults.keep_what_is_durable(log)
        self.restart()
        self.faults.arm(SYNC, "", LIE, count=FOR_EVER)
        order = self.centre.issue(STATION_3)
        self.wait(lambda: order in self.stations[0].executed, "the order")
        seen = self.centre.journal.seen[0]
        self.wait(lambda: self.centre.journal.head.seq >= seen, "a beat with the head")
        self.site.kill()
        self.assertGreater(Faults.cut_power(log), 0)
        self.faults.disarm()
        self.restart()
        counter = self.centre.report()
        self.wait(lambda: counter in self.centre.journal.replies, "a refusal")
        self.assertEqual(describe(self.centre.journal.replies[counter]), "fenced")
        self.assertIn("records are missing", self.site.errors())


class Checkpoint(Ends):
    """The WAL is written back when the broker stops."""

    POINTS = ((WRITE, KILL_BEFORE, 1), (WRITE, TEAR, 2), (WRITE, KILL_AFTER, 3), (SYNC, KILL_BEFORE, 1),
              (SYNC, KILL_AFTER, 1))

    def test_killed(self):
        self.begin()
        for power in (False, True):
            for call, action, nth in self.POINTS:
                if power:
                    self.site.kill()
                    self.faults.keep_what_is_durable(self.site.path("log"))
                    self.back()
                self.load()
                self.drain()
                self.faults.arm(call, DATABASE, action, first=nth)
                self.site.process.terminate()
                self.ended()
                self.assertEqual(self.faults.fired(), 1, (call, action, nth))
                if power:
                    Faults.cut_power(self.site.path("log"))
                self.back()
        self.check_books()


class Founding(Ends):
    """A log that is being made: the next start makes it whole, or goes on with it; never half a region."""

    def test_killed(self):
        points = [(call, name, action, nth) for call, name, action in (
            (WRITE, DATABASE, KILL_BEFORE), (SYNC, DATABASE, KILL_BEFORE), (SYNC, DATABASE, KILL_AFTER),
            (WRITE, DATABASE + "-journal", TEAR), (WRITE, SLOTS, TEAR), (SYNC, WAL, KILL_BEFORE),
            (SYNC, WAL, KILL_AFTER)) for nth in (1, 2)]
        killed = 0
        for call, name, action, nth in points:
            shutil.rmtree(self.site.path("log"), ignore_errors=True)
            self.faults.arm(call, name, action, first=nth)
            self.site.launch()
            self.end_or_service()
            killed += self.faults.fired()
            self.site.kill()
            self.faults.disarm()
            self.site.start()
            self.verified()
            self.site.kill()
        self.assertGreater(killed, len(points) // 2)
        self.begin()
        self.load()
        self.check_books()


if __name__ == "__main__":
    main()
