"""Clocks that step, strobe and stand still for a while (FAULTS 24): order is by seq, deadlines run on the
time since boot, and what is overdue after a pause fires once.
"""
import json
import shutil
import subprocess
import time

from faults import Faults
from harness import STATION_3, STATION_5, main
from muster_wire import now_ms, pb
from total_queue import TotalQueueTest

HOUR, DAY = 3600, 86400
# 2038-01-19T03:14:08Z: one second beyond 31 bits.
BEYOND_32_BITS = 2**31


class Clock(TotalQueueTest):
    started = False

    def setUp(self):
        super().setUp()
        self.faults = Faults(self.site.folder)
        self.site.prefix = self.faults.prefix
        self.site.start()
        self.centre = self.issuer()
        self.station(STATION_3)
        self.silent = self.station(STATION_5, answers=False)

    def fired(self, kind, order):
        return [event for event in self.centre.got(kind) if event.order == order]

    def records(self):
        return self.centre.read(pb.TAIL_FILTER_ALL)

    def bus_never_falls(self):
        times = [item.bus_ms for item in self.records()]
        self.assertEqual(times, sorted(times), "bus time fell")


class Steps(Clock):
    def test_wall_clock_moves_no_deadline(self):
        """Steps of an hour and a day, both ways, and to and fro: no deadline fires early for them, none is
        skipped, bus time does not fall, commands go on being taken."""
        orders = [self.centre.issue(STATION_5, life_ms=12000, answer_ms=6000)]
        began = now_ms()
        for step in (HOUR, -HOUR, DAY, -DAY, 0):
            self.faults.move_clocks(utc_s=step)
            orders.append(self.centre.issue(STATION_5, life_ms=12000, answer_ms=6000))
            self.centre.issue(STATION_3)
            self.wait(lambda: not self.centre.journal.pending, "replies under a wrong wall clock")
        for n in range(60):
            self.faults.move_clocks(utc_s=DAY if n % 2 else -DAY)
            self.centre.issue(STATION_3)
            self.hub.turn(0.01)
        self.faults.move_clocks(utc_s=0)
        self.assertLess(now_ms() - began, 30000, "this machine is too slow for the test's deadlines")
        for order in orders:
            for kind in ("order_unanswered", "order_expired"):
                self.wait(lambda o=order, k=kind: self.fired(k, o), kind, 40)
        words = {issued.order: issued for delivery in self.silent_inbox()
                 for issued in delivery.command.issue_orders.orders}
        for order in orders:
            for kind, due in (("order_unanswered", words[order].answer_by_ms),
                              ("order_expired", words[order].expires_at_ms)):
                self.assertEqual(len(self.fired(kind, order)), 1)
                self.assertGreaterEqual(self.fired(kind, order)[0].at_ms, due, "early")
        self.bus_never_falls()
        self.check_books()

    def silent_inbox(self):
        """The orders' words, from the log."""
        class Words:
            def __init__(self, item):
                self.command = pb.Command.FromString(pb.Record.FromString(item.record).command.payload)
        return [Words(item) for item in self.records()]

    def test_a_step_is_written_down(self):
        """Once, with how far; the offset of bus time stays. So is the sleep that comes with the step back."""
        steps = lambda: [clock for clock in self.clocks() if clock.stepped_ms]
        self.faults.move_clocks(utc_s=HOUR)
        self.wait(lambda: self.clocks() or self.hub.turn(0.1), "the record of the step")
        self.drain()
        self.assertEqual(len(steps()), 1)
        first = steps()[0]
        self.assertAlmostEqual(first.stepped_ms, HOUR * 1000, delta=100)
        self.faults.move_clocks(utc_s=61, boot_s=61)
        self.wait(lambda: all(client.welcome for client in self.clients()), "everybody is back")
        self.wait(lambda: len(steps()) > 1 or self.hub.turn(0.1), "the record of the step back")
        self.assertEqual(len(steps()), 2)
        second = steps()[1]
        self.assertAlmostEqual(second.stepped_ms, -HOUR * 1000, delta=100)
        self.assertAlmostEqual(second.stood_ms, 61000, delta=5000)
        self.assertEqual(first.bus_ms - first.boot_ms, second.bus_ms - second.boot_ms)
        self.assertIn("the wall clock stepped by -1 h", self.shown("replay"))
        stats = json.loads(self.shown("stats", "--json"))
        self.assertEqual((stats["clock_steps"], stats["stops"], stats["stood_ms"]), (2, 1, second.stood_ms))
        self.assertIn("stepped 2 times", self.shown("stats"))
        self.bus_never_falls()
        self.assertEqual(self.site.stop(), 0)
        self.verified()

    def test_restart_under_a_wrong_wall_clock(self):
        """A step of two days while the broker is down: within the same boot bus time goes on where it was."""
        order = self.centre.issue(STATION_5, life_ms=40000, answer_ms=20000)
        self.drain()
        for step in (2 * DAY, -2 * DAY):
            self.site.kill()
            self.faults.move_clocks(utc_s=step)
            self.restart()
            self.centre.issue(STATION_3)
            self.drain()
        self.assertEqual(self.fired("order_unanswered", order), [])
        self.bus_never_falls()
        self.check_books()

    def test_beyond_32_bits(self):
        """A whole region in 2038: keys, founding, orders, deadlines."""
        self.site.kill()
        shutil.rmtree(self.site.path("log"))
        shift = BEYOND_32_BITS - 2 - int(time.time())
        self.faults.move_clocks(utc_s=shift)
        self.site.start()
        for client in self.clients():
            client.journal.__init__()
            client.welcome = None
            client.open()
            client.command = lambda body, _command=client.command, **fields: _command(
                body, **dict({"issued_at_ms": now_ms() + shift * 1000,
                              "expires_at_ms": now_ms() + shift * 1000 + 600000}, **fields))
        self.wait(lambda: all(client.welcome for client in self.clients()), "everybody")
        for client in self.clients():
            client.learn_keys()
        self.centre.issued.clear()
        self.centre.begin()
        for answer_ms in (1500, 600000):
            self.issue_in_2038(shift, answer_ms)
        self.wait(lambda: self.centre.got("order_unanswered"), "a deadline beyond 32 bits", 30)
        self.wait(lambda: int(time.time()) + shift > BEYOND_32_BITS, "the second itself")
        self.issue_in_2038(shift, 600000)
        self.drain()
        self.assertEqual(len(self.centre.got("order_unanswered")), 1)
        self.assertGreater(self.centre.got("order_unanswered")[0].at_ms, (BEYOND_32_BITS - 10) * 1000)
        self.bus_never_falls()
        self.check_books()

    def issue_in_2038(self, shift, answer_ms):
        now = now_ms() + shift * 1000
        body = pb.IssueOrders(incident=self.centre.incident)
        order = now.to_bytes(6, "big") + bytes(9) + bytes([len(self.centre.issued)])
        body.orders.add(order=order, kind="dispatch", text="go", answer_by_ms=now + answer_ms,
                        expires_at_ms=now + answer_ms + 600000,
                        addressee=STATION_5 if answer_ms < 5000 else STATION_3)
        self.centre.issued[order] = (self.centre.submit(body), STATION_3)


class Suspend(Clock):
    def test_ten_minutes(self):
        """The machine sleeps for ten minutes: afterwards what is overdue fires once, what is not does not,
        and agents whose clocks have gone on are heard."""
        overdue = [self.centre.issue(STATION_5, life_ms=300000, answer_ms=120000) for _ in range(20)]
        later = self.centre.issue(STATION_5, life_ms=7200000, answer_ms=3600000)
        self.wait(lambda: len(self.silent.executed) == 21, "the orders")
        self.assertEqual(self.fired("order_unanswered", overdue[0]), [])
        self.faults.move_clocks(utc_s=600, boot_s=600)
        for order in overdue:
            for kind in ("order_unanswered", "order_expired"):
                self.wait(lambda o=order, k=kind: self.fired(k, o), kind + " after the sleep")
        self.wait(lambda: all(client.welcome for client in self.clients()), "everybody is back")
        self.centre.read(pb.TAIL_FILTER_STREAM, "region/" + self.site.code)
        for order in overdue:
            self.assertEqual([len(self.fired(kind, order)) for kind in ("order_unanswered", "order_expired")],
                             [1, 1])
        self.assertEqual(self.fired("order_unanswered", later), [])
        self.assert_alive()
        self.bus_never_falls()
        # The others' clocks were not with it: what they say is ten minutes old now, and is told so.
        self.assertEqual(self.site.stop(), 0)
        self.verified()

    def test_time_namespace(self):
        """The same, as the kernel does it: a new broker in a time namespace whose boot clock is ten minutes
        ahead finds what is overdue."""
        done = subprocess.run(["unshare", "--time", "--boottime", "600", "true"], capture_output=True,
                              text=True, timeout=20, check=False)
        if done.returncode:
            self.skipTest("no time namespace: " + done.stderr.strip())
        order = self.centre.issue(STATION_5, life_ms=300000, answer_ms=120000)
        later = self.centre.issue(STATION_5, life_ms=7200000, answer_ms=3600000)
        self.wait(lambda: len(self.silent.executed) == 2, "the orders")
        self.site.kill()
        self.site.prefix = ["unshare", "--time", "--boottime", "600"]
        self.restart()
        self.wait(lambda: self.fired("order_expired", order), "the overdue one")
        self.assertEqual(len(self.fired("order_unanswered", order)), 1)
        self.assertEqual(self.fired("order_unanswered", later), [])
        self.bus_never_falls()
        self.site.kill()
        self.verified()


if __name__ == "__main__":
    main()
