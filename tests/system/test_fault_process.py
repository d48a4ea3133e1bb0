"""Programs that stop, hang and die: the broker stopped past deadlines, an agent whose application hangs
while its I/O thread lives, an agent killed between act and receipt (FAULTS 4, 5, 7).
"""
import os
import signal
import time

from faults import FOR_EVER, Faults, ONLY_COUNT, STALL, SYNC
from harness import main
from muster_wire import now_ms, pb, ulid
from total_queue import STATION_3, STATION_5, TotalQueueTest

LONG = bool(os.environ.get("MUSTER_LONG"))
STOPPED_S = 65 if LONG else 5


class BrokerStops(TotalQueueTest):
    def told(self, kind, order):
        return [event for event in self.centre.got(kind) if event.order == order]

    def test_past_deadlines(self):
        """SIGSTOP for longer than every deadline: overdue ones fire once, at CONT, none before its time; a
        session that beats lives on or comes back, and what was said meanwhile is taken in order."""
        self.centre, station = self.issuer(), self.station()
        silent = self.station(STATION_5, answers=False)
        answer_ms, life_ms = (STOPPED_S - 3) * 1000, (STOPPED_S - 1) * 1000
        overdue = [self.centre.issue(STATION_5, life_ms, answer_ms) for _ in range(20)]
        later = self.centre.issue(STATION_5, (STOPPED_S + 600) * 1000, (STOPPED_S + 4) * 1000)
        self.wait(lambda: len(silent.executed) == 21, "the orders")
        self.site.process.send_signal(signal.SIGSTOP)
        stopped = now_ms()
        self.wait(lambda: now_ms() > stopped + STOPPED_S * 1000, "time to pass", STOPPED_S + 20)
        while_stopped = [self.centre.issue(STATION_3) for _ in range(10)]
        self.assertEqual([self.told("order_unanswered", order) for order in overdue], [[]] * 20)
        self.site.process.send_signal(signal.SIGCONT)
        self.wait(lambda: all(self.told("order_expired", order) for order in overdue), "what is overdue", 60)
        self.wait(lambda: all(order in station.executed for order in while_stopped), "what was said", 60)
        self.wait(lambda: self.told("order_unanswered", later), "the later deadline", 60)
        words = {issued.order: issued for delivery in self.centre.inbox + silent.inbox
                 for issued in delivery.command.issue_orders.orders}
        for order in overdue + [later]:
            fired = self.told("order_unanswered", order)
            self.assertEqual(len(fired), 1)
            if order in words:
                self.assertGreaterEqual(fired[0].at_ms, words[order].answer_by_ms)
        self.assertEqual(list(station.executed), while_stopped, "not in the order in which they were said")
        stops = [clock.stood_ms for clock in self.clocks() if clock.stood_ms >= (STOPPED_S - 1) * 1000]
        self.assertEqual(len(stops), 1, "the stop is written down once")
        self.assertIn("the broker stood still for", self.shown("replay"))
        self.assert_alive()
        self.check_books()

    def test_stopped_and_continued_under_load(self):
        """Twenty short stops at any moment, also within a commit."""
        centre = self.issuer()
        self.station(STATION_3)
        self.agency(STATION_5)
        for _ in range(20):
            for to in (STATION_3, STATION_5):
                centre.issue(to)
            self.hub.turn(0.005)
            self.site.process.send_signal(signal.SIGSTOP)
            self.hub.turn(0.05)
            centre.report()
            self.site.process.send_signal(signal.SIGCONT)
        self.assert_alive()
        self.check_books()


class AgentHangs(TotalQueueTest):
    def test_application_hangs(self):
        """The agent's loop stands still on its disk while ZeroMQ's thread goes on and answers pings:
        silence of the application ends the session, its order escalates; when the loop goes on, the order
        is carried out once."""
        centre = self.issuer()
        faults = Faults(self.site.folder, "agent-faults")
        agency = self.agency(STATION_5, prefix=faults.prefix)
        first = centre.issue(STATION_5)
        self.drain()
        faults.arm(SYNC, "", STALL, count=FOR_EVER, arg=120000)
        order = centre.issue(STATION_5, answer_ms=2500)
        self.wait(faults.fired, "the agent hangs")
        began = time.monotonic()
        self.wait(lambda: [e for e in centre.got("order_unanswered") if e.order == order], "an escalation")
        self.assertNotIn(ulid(order), agency.executed)
        self.assertIn(ulid(first), agency.executed)
        self.assertEqual(agency.ready, 1)
        # Three beats are 1.5 s; the session is over, so what comes now waits in the log.
        self.wait(lambda: time.monotonic() > began + 3 * 0.5 + 1, "three beats")
        after = centre.issue(STATION_5)
        faults.disarm()
        self.wait(lambda: agency.ready >= 2, "a new session", 30)
        self.wait(lambda: {ulid(order), ulid(after)} <= set(agency.executed), "both orders", 30)
        self.check_books()


class AgentDies(TotalQueueTest):
    def test_after_the_act_before_the_receipt(self):
        """The application has carried the order out and has it in its journal; the agent dies before it
        hears a receipt. The next life gives the order as one that is resumed, never as a new one."""
        centre = self.issuer()
        agency = self.agency(STATION_5, answers=False)
        orders = [centre.issue(STATION_5) for _ in range(5)]
        self.wait(lambda: len(agency.executed) == 5, "the orders")
        agency.kill()
        agency.answers = True
        agency.start()
        self.wait(lambda: sum(agency.resumed.values()) == 5, "the orders again")
        self.assertEqual([agency.executed[ulid(order)] for order in orders], [1] * 5)
        self.check_books()

    def test_with_the_receipt_in_its_journal(self):
        """The receipts are in the agent's journal and the broker has not heard them: the next life sends
        what stands there, byte for byte."""
        centre = self.issuer()
        faults = Faults(self.site.folder, "agent-faults")
        agency = self.agency(STATION_5, answers=False, prefix=faults.prefix)
        order = centre.issue(STATION_5)
        self.wait(lambda: agency.executed, "the order")
        self.site.process.send_signal(signal.SIGSTOP)
        faults.arm(SYNC, "", ONLY_COUNT, count=FOR_EVER)
        agency.receipts(ulid(order))
        self.wait(faults.seen, "its journal to be on the disk")
        agency.kill()
        self.site.process.send_signal(signal.SIGCONT)
        agency.start()
        self.wait(lambda: [e for e in centre.got("rung_reached", rung=pb.RUNG_ACKNOWLEDGED)
                           if e.order == order], "the receipt from the journal")
        self.wait(lambda: agency.resumed or agency.ready, "the agent is back")
        agency.receipts(ulid(order))  # what was not journalled in the first life is said again
        self.wait(lambda: [e for e in centre.got("rung_reached", rung=pb.RUNG_COMPLETED)
                           if e.order == order], "the last rung")
        agency.refs = {ref: said for ref, said in agency.refs.items() if ref in agency.replied}
        self.check_books()


if __name__ == "__main__":
    main()
