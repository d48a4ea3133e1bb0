"""Descriptors, memory and patience run out (FAULTS 30, 38, 39)."""
import errno
import os
import random
import resource
import signal
import socket
import time

from faults import ERRNO, FOR_EVER, Faults, MALLOC
from harness import DESK, HOSPITAL, main, processes
from muster_wire import pb, ulid
from total_queue import Issuer, STATION_3, STATION_5, TotalQueueTest

LONG = bool(os.environ.get("MUSTER_LONG"))
UNREAD_MAX = 60000  # commands; each is said again in each session until its Reply is read
SEED = int(os.environ.get("MUSTER_SEED", "20260401"))
OUT_OF_MEMORY = 71


class Descriptors(TotalQueueTest):
    """More connections than descriptors."""

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.site.process.pid}/fd"))

    def busy_s(self):
        with open(f"/proc/{self.site.process.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_exhausted(self):
        """Sessions live on, commits too; nobody gets in by it; afterwards everybody can."""
        centre, station = self.issuer(), self.station()
        limit = self.descriptors() + 10
        resource.prlimit(self.site.process.pid, resource.RLIMIT_NOFILE, (limit, limit))
        host, _, port = self.site.endpoint()[len("tcp://"):].rpartition(":")
        crowd = [socket.create_connection((host, int(port)), 5) for _ in range(100)]
        self.wait(lambda: self.descriptors() >= limit, "the last descriptor")
        before, began = self.busy_s(), time.monotonic()
        for _ in range(20):
            centre.issue(STATION_3)
            centre.report()
        self.drain()
        late = Issuer(self.hub, self.site, self.site.agents[HOSPITAL])
        late.open()
        self.hub.turn(0.2)
        self.assertIsNone(late.welcome)
        share = (self.busy_s() - before) / (time.monotonic() - began)
        print(f"{limit} descriptors, all in use: {share:.0%} of a core", flush=True)
        self.assertEqual((centre.byes, station.byes), ([], []))
        for connection in crowd:
            connection.close()
        self.wait(lambda: late.welcome is not None, "the late one, when there is room", 60)
        late.learn_keys()
        self.others.append(late)
        self.assert_alive()
        self.check_books()

    def test_soft_limit_is_raised(self):
        """What a shell or a unit file leaves as a soft limit is no limit."""
        self.site.stop()
        self.site.prefix = ["prlimit", "--nofile=64:4096"]
        self.site.start()
        soft, hard = resource.prlimit(self.site.process.pid, resource.RLIMIT_NOFILE)
        self.assertEqual((soft, hard), (4096, 4096))
        self.assertNotIn("descriptors may be open", self.site.errors())

    def test_too_few_for_who_is_enrolled(self):
        """Said at the start, not when the last agents cannot come in."""
        self.site.stop()
        self.site.prefix = ["prlimit", "--nofile=60:60"]
        self.site.start()
        self.assertIn("60 descriptors may be open, and who is enrolled needs ", self.site.errors())

    def test_none_at_the_start(self):
        """Too few to start with: a line and an exit code, or service; never half of it."""
        self.issuer()
        self.station()
        self.drain()
        codes = {}
        for limit in range(4, 32, 3):
            self.site.kill()
            self.site.prefix = ["prlimit", f"--nofile={limit}:{limit}"]
            self.site.launch()
            self.end_or_service()
            codes[limit] = self.site.process.poll()
            if codes[limit] not in (None, -signal.SIGABRT):  # libzmq ends so
                self.assertIn(codes[limit], range(64, 79), self.site.errors()[-300:])
        print(f"limit and exit code: {codes}", flush=True)
        self.site.kill()
        self.site.prefix = []
        self.restart()
        self.check_books()


class Memory(TotalQueueTest):
    """The nth allocation fails: a refusal, or a clean end and a restart; nothing torn, nothing
    acknowledged that is not there. (libzmq ends the process by abort().)"""

    started = False

    def setUp(self):
        super().setUp()
        self.faults = Faults(self.site.folder)
        self.site.prefix = self.faults.prefix
        self.random = random.Random(SEED)

    def run_out(self, first, count):
        """Load with failing allocations; True when the broker ended."""
        centre = self.issuers[0]
        self.faults.arm(MALLOC, "", ERRNO, first=first, count=count, arg=errno.ENOMEM)
        for to in (STATION_3, STATION_5):
            centre.issue(to)
        centre.report()
        for station in self.stations:
            station.open()  # Hello, keys, sessions
        self.end_or_answer(f"allocation {first}", self.faults.fired)
        if count == FOR_EVER:
            self.end_or_answer(f"allocation {first}", lambda: self.faults.fired() > 200)
        self.faults.disarm()
        self.hub.turn(0.02)
        return self.site.process.poll() is not None

    def end_or_answer(self, what, or_else=lambda: False):
        try:
            self.wait(lambda: self.site.process.poll() is not None or or_else() or self.drained(), what, 60)
        except AssertionError:
            self.drain(1)  # says who waits for what
            raise

    def test_each_allocation(self):
        self.site.start()
        self.issuer()
        self.station(STATION_3)
        self.station(STATION_5)
        self.drain()
        ends, fired, codes = 0, 0, {}
        firsts = list(range(1, 40, 4)) + [self.random.randrange(40, 2000) for _ in range(400 if LONG else 16)]
        for first in firsts:
            ended = self.run_out(first, 1 if first % 4 else FOR_EVER)
            fired += self.faults.fired() > 0
            if not ended:
                self.end_or_answer(f"allocation {first}")
                ended = self.site.process.poll() is not None
            if ended:
                ends += 1
                code = self.site.process.returncode
                codes[code] = codes.get(code, 0) + 1
                self.assertIn(code, (OUT_OF_MEMORY, -signal.SIGABRT),
                              f"allocation {first}: {self.site.errors()[-600:]}")
                processes.discard(self.site.process)
                self.restart()
            self.drain()
        print(f"seed {SEED}: {fired} of {len(firsts)} ran out, {ends} ends: {codes}", flush=True)
        self.assertGreater(fired, 3)
        self.check_books()

    def test_at_the_start(self):
        """No service, or whole service; and the log is as it was."""
        self.site.start()
        self.issuer()
        self.station(STATION_3)
        self.centre_order = self.issuers[0].issue(STATION_3)
        self.drain()
        codes = {}
        for first in sorted(self.random.sample(range(1, 3000), 300 if LONG else 15)):
            self.site.kill()
            self.faults.arm(MALLOC, "", ERRNO, first=first, arg=errno.ENOMEM)
            self.site.launch()
            self.end_or_service()
            self.faults.disarm()
            code = self.site.process.poll()
            codes[code] = codes.get(code, 0) + 1
            if code not in (None, -signal.SIGABRT):
                self.assertIn(code, range(64, 79), f"allocation {first}: {self.site.errors()[-300:]}")
        print(f"exit codes: {codes}", flush=True)
        self.site.kill()
        self.restart()
        self.check_books()

    def test_address_space(self):
        """A limit on the whole process, as MemoryMax is one."""
        self.site.start()
        centre = self.issuer()
        self.station(STATION_3)
        self.drain()
        pid = self.site.process.pid
        with open(f"/proc/{pid}/statm", encoding="utf-8") as file:
            size = int(file.read().split()[0]) * resource.getpagesize()
        resource.prlimit(pid, resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))
        for _ in range(60):
            centre.issue(STATION_3, text="x" * 16000)
            centre.report(text="y" * 16000)
        self.end_or_answer("limit")
        code = self.site.process.poll()
        print(f"limit {size >> 20} MiB: {'served' if code is None else f'ended with {code}'}", flush=True)
        if code is not None:
            self.assertIn(code, (OUT_OF_MEMORY, -signal.SIGABRT), self.site.errors()[-600:])
            processes.discard(self.site.process)
            self.restart()
        else:
            unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(pid, resource.RLIMIT_AS, unlimited)
        self.check_books()


class Flood(TotalQueueTest):
    def memory(self):
        with open(f"/proc/{self.site.process.pid}/statm", encoding="utf-8") as file:
            return int(file.read().split()[1]) * resource.getpagesize() >> 20

    def test_one_agent_says_too_much(self):
        """As many commands and Hellos as one connection carries, for seconds, from one who reads no reply:
        others are served meanwhile, memory is bounded, recalls go through."""
        centre, station = self.issuer(), self.station()
        before = self.memory()
        flood = Issuer(self.hub, self.site, self.site.agents[DESK], reconnect=False)
        flood.join()
        flood.learn_keys()
        self.hub.clients.remove(flood)  # nobody pumps it: it reads nothing
        flood.incident = centre.incident
        said, orders, peak = 0, [], before
        until = time.monotonic() + (3 if not LONG else 30)
        while time.monotonic() < until and said < UNREAD_MAX:
            for _ in range(200):
                flood.report(text="z" * 200)
                said += 1
            orders.append(centre.issue(STATION_3))
            self.wait(lambda: orders[-1] in station.executed, "an order beside the flood", 30)
            if len(orders) % 5 == 0:
                late = centre.issue(STATION_5)
                recall = centre.recall(late)
                self.wait(lambda r=recall: r in centre.journal.replies, "a recall beside the flood", 30)
            peak = max(peak, self.memory())
        print(f"{said} commands unread, {len(orders)} orders beside them; memory {before} MiB, "
              f"peak {peak} MiB", flush=True)
        self.assertLess(peak - before, 200)
        self.others.append(flood)
        self.hub.clients.append(flood)
        self.ask_for_replies(flood)
        self.check_books(seconds=120)

    def ask_for_replies(self, flood):
        """What was not read in time is gone; what has no Reply is said again with each session."""
        deadline = time.monotonic() + 120
        while flood.journal.pending:
            self.assertLess(time.monotonic(), deadline, f"{len(flood.journal.pending)} have no reply")
            flood.join()
            left, quiet = len(flood.journal.pending), time.monotonic()
            while flood.journal.pending and time.monotonic() < quiet + 2:
                self.hub.turn()
                if len(flood.journal.pending) < left:
                    left, quiet = len(flood.journal.pending), time.monotonic()

    def test_one_lane_is_not_worked_off(self):
        """An agent gives no credit for its orders, of which ever more wait: each recall comes at once."""
        centre, window = self.issuer(), 8
        station = self.station(acknowledge={pb.LANE_URGENT}, answers=False, window=window)
        orders = []
        for _ in range(4 if not LONG else 100):
            orders += [centre.issue(STATION_3) for _ in range(50)]
            self.wait(lambda: not centre.journal.pending, "the orders to be committed", 60)
            centre.recall(orders[-1])
            self.wait(lambda: orders[-1] in station.ended, "the recall")
        self.assertEqual(list(station.executed), orders[:window], "more orders than it has credit for")
        station.acknowledge = True
        station.join()
        self.check_books(seconds=120)

    def test_one_agent_never_reads(self):
        """A muster-agent is stopped while orders for it gather: they wait in the log, others are served,
        and it gets all of them, in order, when it goes on."""
        centre, station = self.issuer(), self.station()
        agency = self.agency(STATION_5)
        before = self.memory()
        agency.life.process.send_signal(signal.SIGSTOP)
        waiting = []
        for _ in range(6 if not LONG else 200):
            waiting += [centre.issue(STATION_5, text="t" * 2000) for _ in range(50)]
            beside = centre.issue(STATION_3)
            self.wait(lambda b=beside: b in station.executed, "an order beside it", 30)
            self.wait(lambda: not centre.journal.pending, "replies", 60)
        after = self.memory()
        print(f"{len(waiting)} orders wait; memory {before} MiB, then {after} MiB", flush=True)
        agency.life.process.send_signal(signal.SIGCONT)
        self.wait(lambda: len(agency.executed) >= len(waiting), "all that waited", 120)
        self.assertEqual(list(agency.executed), [ulid(order) for order in waiting], "not in order")
        self.check_books(seconds=120)


if __name__ == "__main__":
    main()
