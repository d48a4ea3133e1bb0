"""The disk of an agent's journal fails while it works: whatever sync it is, the agent ends with one line and
its next life knows what was kept. The books are balanced over all its lives.
"""
import errno
import json
import os
import subprocess

from agents import CountyTest, FIRE, Program
from faults import Faults, ONLY_COUNT, SYNC, WRITE
from harness import BIN
from muster_wire import ulid
from total_queue import CENTRE, STATION_5, TotalQueueTest, unittest

ORDERS = 6
LIVES = 12
# The folder is synced too, and SQLite does not care how that went.
JOURNAL = STATION_5.replace("/", ".") + ".db"


class FailingJournal(TotalQueueTest):
    def setUp(self):
        super().setUp()
        self.faults = Faults(self.site.folder, "faults-agent")
        self.issuer_ = self.issuer(CENTRE)
        self.station_ = self.agency(STATION_5, prefix=self.faults.prefix)

    def ended(self):
        self.wait(lambda: not self.station_.life.alive(), "the agent to end")
        self.assertEqual(self.station_.life.ended(), 74, self.station_.life.err)
        lines = [line for line in self.station_.life.err if "input/output" in line or "sqlite" in line
                 or "journal" in line]
        self.assertEqual(len(lines), 1, self.station_.life.err)
        self.assertEqual(lines[0], self.station_.life.err[-1])
        self.assertIn(".db: disk I/O error (sqlite ", lines[0])
        self.assertIn("start again", lines[0])

    def again(self):
        """What had no reply when the agent ended is said again: whether it was kept is what nobody knows."""
        agency = self.station_
        open_refs = [ref for ref in agency.refs if ref not in agency.replied]
        agency.start()
        self.wait(lambda: agency.ready, "the agent to be back")
        for ref in open_refs:
            order, rung = agency.refs[ref]
            agency.life.saying.put({"type": "receipt", "ref": ref, "order": order, "rung": rung})

    def test_each_sync(self):
        for life in range(LIVES):
            first = life // 2 + 1
            self.faults.fail(SYNC, JOURNAL + ("" if life % 2 else "-journal"), first=first)
            for _ in range(first):  # each is kept before it is given, and so one sync of either at least
                order = ulid(self.issuer_.issue(STATION_5))
                self.wait(lambda o=order: o in self.station_.executed or not self.station_.life.alive(),
                          "the order, or an end")
            self.ended()
            self.assertEqual(self.faults.fired(), 1)
            self.faults.disarm()
            self.again()
        self.check_books()
        self.assertGreater(self.station_.lives, LIVES)

    def test_lines_share_their_syncs(self):
        """What the application says at once is one transaction of the journal, not one a line."""
        lines, agency = 400, self.station_
        for ref in range(1, lines + 1):
            agency.refs[ref] = ("units", ref)
        self.faults.arm(SYNC, JOURNAL, ONLY_COUNT)
        agency.life.write(b"".join(json.dumps({"type": "units", "ref": ref, "units": [
            {"id": "E1", "crew": ref % 9}]}).encode() + b"\n" for ref in agency.refs))
        self.wait(lambda: len(agency.replied) == lines, "every reply", 60)
        self.assertEqual(list(agency.replied), list(agency.refs), "in order")
        self.assertEqual(set(agency.replied.values()), {"done"})
        self.assertLess(self.faults.seen(), lines / 4)
        self.assertEqual(agency.errors, [])

    def test_a_full_disk_is_no_end(self):
        self.faults.fail(WRITE, JOURNAL + "-journal", errno.ENOSPC, count=8)
        for _ in range(ORDERS):
            self.issuer_.issue(STATION_5)
        self.wait(lambda: self.faults.fired() == 8, "the disk to have room again")
        self.check_books()
        self.assertEqual(self.station_.lives, 1)
        self.assertTrue(any("no space left" in line for line in self.station_.life.err))


class Library(CountyTest):
    """The same of a program of the agency's own, with libmuster: tests/integration/example_agency.c."""

    def example(self, before=()):
        name = FIRE.replace("/", ".")
        return self.county.run(Program, os.path.join(BIN, "..", "tests", "example-agency"), "endpoint",
                               f"agents/{name}.key", "region.pub", "example.db", stdin=subprocess.PIPE,
                               before=before)

    def test_its_calls_fail(self):
        faults = Faults(self.county.home)
        life = self.example(faults.prefix)
        life.wait_line("reply 1 done")
        faults.fail(SYNC, "example.db-journal")
        order = self.county.issue(FIRE)
        self.assertEqual(life.ended(), 74)
        self.assertEqual(len([line for line in life.out if line.startswith("trouble ")]), 1, life.out)
        self.assertEqual(len(life.err), 1, life.err)
        self.assertIn("example.db: disk I/O error", life.err[0])
        self.assertFalse(any(order in line for line in life.out))
        self.example().wait_line(f"order {order} ")
        self.county.wait_rung(order, "on-scene")


if __name__ == "__main__":
    unittest.main(verbosity=2)
