"""A copy of the log in another agency's hands (FAULTS 11): taken while the broker works and dies, and put
beside a log that was damaged, cut or rewritten.
"""
import errno
import itertools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import unittest
from unittest import mock

from harness import BIN, DESK, HOSPITAL, main, processes, Site, start, STATION_3, STATION_5
from muster_wire import H, new_id, pb, ulid
from total_queue import TotalQueueTest

try:
    from faults import FOR_EVER, Faults, KILL_BEFORE, SYNC, WRITE
except SystemExit:  # no library of faults beside a sanitizer: what needs it says so
    Faults = None

MUSTER = os.path.join(BIN, "muster")
DATA, IN_USE, IO, NOBODY = 65, 75, 74, 69
DATABASE, WAL, SLOTS = "muster.db", "muster.db-wal", "head"
needs_faults = unittest.skipIf(Faults is None, "this build is for a sanitizer")
COLUMNS = "seq, epoch, kind, outcome, bus_ms, utc_ms, occurred_ms, boot, author, counter, payload_hash"
TABLES = ("SELECT stream, seq FROM touch ORDER BY 1, 2", "SELECT stream, due_ms FROM open ORDER BY 1",
          "SELECT agent, lane, seq, item, tombstone FROM waits ORDER BY 1, 2, 3, 4",
          "SELECT agent, lane, item, seq FROM tombstone ORDER BY 1, 2, 3",
          "SELECT agent, lane, seq FROM cursor ORDER BY 1, 2")


def tables(folder):
    """What is open and what waits, as a log at rest has it."""
    with sqlite3.connect(f"file:{folder}/{DATABASE}?mode=ro", uri=True) as db:
        result = [db.execute(table).fetchall() for table in TABLES]
    db.close()
    return result


def chain(previous, row):
    """docs/log.md"""
    seq, epoch, kind, outcome, bus, utc, occurred, boot, author, counter, payload_hash = row
    author = author.encode()
    header = (seq.to_bytes(8, "big") + epoch.to_bytes(8, "big") + kind.to_bytes(4, "big") + bytes([outcome]) +
              b"".join(each.to_bytes(8, "big", signed=True) for each in (bus, utc, occurred)) + boot +
              len(author).to_bytes(4, "big") + author + counter.to_bytes(8, "big"))
    return H((1).to_bytes(4, "big") + previous + len(header).to_bytes(4, "big") + header + payload_hash)


class Copies(TotalQueueTest):
    def setUp(self):
        super().setUp()
        self.log, self.copy = self.site.path("log"), self.site.path("copy")
        self.site.agents[DESK].write(self.site.path("desk.key"))
        with open(self.site.path("desk.yaml"), "w", encoding="utf-8") as file:
            file.write("broker_file: endpoint\nkeys: {agent: desk.key, region: region.pub}\n"
                       "journal: desk.db\nmode: exercise\n")

    def begin(self):
        self.centre = self.issuer()
        self.station(STATION_3)
        self.station(STATION_5)
        self.drain()

    def load(self, n=1):
        for _ in range(n):
            self.centre.issue(STATION_3)
            self.centre.issue(STATION_5)
            self.centre.report()
        self.drain()

    def command(self, *arguments):
        return [MUSTER, *arguments, "--config", self.site.path("desk.yaml")]

    def muster(self, *arguments, code=0, words=()):
        done = subprocess.run([MUSTER, *arguments], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stdout + done.stderr)
        if code != 0:
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stdout

    def take(self, *options, code=0, words=(), folder=None):
        return self.muster("copy", folder or self.copy, *options, "--config", self.site.path("desk.yaml"),
                           code=code, words=words)

    def taken(self, **options):
        return json.loads(self.take("--json", **options))

    def verify(self, code=0, words=(), folder=None):
        """What `muster verify --copy` says, as data."""
        self.muster("verify", self.log, "--copy", folder or self.copy, code=code, words=words)
        return json.loads(self.muster("verify", self.log, "--copy", folder or self.copy, "--json", code=code))

    def judged(self, verdict, code=DATA, words=(), folder=None, **fields):
        said = self.verify(code, words, folder)["copy"]
        self.assertEqual(said["verdict"], verdict, said)
        for name, value in fields.items():
            self.assertEqual(said[name], value, name)
        return said

    def head(self, folder):
        with sqlite3.connect(f"file:{folder}/{DATABASE}?mode=ro", uri=True) as db:
            seq = db.execute("SELECT max(seq) FROM record").fetchone()[0]
        db.close()
        return seq or 0

    def flip(self, folder, seq):
        """A bit in the middle of the payload of a record, as the disk has it."""
        path = os.path.join(folder, DATABASE)
        with sqlite3.connect(path) as db:
            payload = db.execute("SELECT payload FROM record WHERE seq = ?", (seq,)).fetchone()[0]
        db.close()
        with open(path, "r+b") as file:
            at = file.read().find(payload) + len(payload) // 2
            self.assertGreater(at, len(payload))
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 0x10]))

    def rewrite(self, folder, first):
        """Records from `first` on with another wall time, and the chain made anew; without a head file."""
        with sqlite3.connect(os.path.join(folder, DATABASE)) as db:
            db.execute("UPDATE record SET utc_ms = utc_ms + 1 WHERE seq = ?", (first,))
            previous = db.execute("SELECT hash FROM record WHERE seq = ?", (first - 1,)).fetchone()[0]
            rows = db.execute(f"SELECT {COLUMNS} FROM record WHERE seq >= ? ORDER BY seq", (first,))
            for row in rows.fetchall():
                previous = chain(previous, row)
                db.execute("UPDATE record SET hash = ? WHERE seq = ?", (previous, row[0]))
        db.close()
        os.unlink(os.path.join(folder, "head"))

    def stop(self):
        self.assertEqual(self.site.stop(), 0)


class Taken(Copies):
    def test_while_the_broker_works(self):
        """In two goes, the second with a kill and with traffic under it; then the same as the log."""
        self.begin()
        self.load(5)
        first = self.taken()
        self.assertTrue(first["complete"])
        self.assertEqual(first["records"], first["head_seq"])
        self.assertGreater(first["signed_seq"], 0)
        self.assertEqual(self.verify()["copy"]["verdict"], "copy-behind" if
                         self.head(self.log) > first["head_seq"] else "same")
        follower = start(self.command("copy", self.copy, "--follow", "--json"), stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
        self.load(5)
        self.wait(lambda: self.head(self.copy) > first["head_seq"], "new records in the copy")
        self.site.kill()
        self.restart()
        self.load(5)
        self.wait(lambda: self.head(self.copy) == self.head(self.log), "the copy to reach the head")
        self.judged_live()
        self.take(code=IN_USE, words=["in use by process"])
        self.take("--from", self.log, folder=self.site.path("local"))  # in service
        self.assertGreaterEqual(self.head(self.site.path("local")), first["head_seq"])
        follower.send_signal(signal.SIGINT)
        out, err = follower.communicate(timeout=20)
        processes.discard(follower)
        self.assertEqual(follower.returncode, 0, err)
        self.assertIn("; trying again", err)  # lost, or it took no more: whichever is seen first
        said = json.loads(out)
        self.assertEqual(said["head_seq"], self.head(self.copy))
        self.check_books()
        self.stop()
        again = self.verify()
        self.assertTrue(again["good"])
        self.assertIn(again["copy"]["verdict"], ("same", "copy-behind"))
        self.muster("verify", self.copy, "--root", self.site.path("region.pub"))
        self.assertEqual(self.muster("replay", self.copy, "--at", str(said["head_seq"])),
                         self.muster("replay", self.log, "--at", str(said["head_seq"])))

    def judged_live(self):
        said = self.verify()
        self.assertIn(said["copy"]["verdict"], ("same", "copy-behind"))
        self.assertTrue(said["live"])

    def copied(self):
        """How many records the killed one left."""
        return json.loads(self.muster("verify", self.copy, "--json"))["records"]

    @needs_faults
    def test_killed_copy_goes_on(self):
        """kill -9 before the nth write of each file, and before the nth sync, leaves a copy that the next run
        takes to the end."""
        self.begin()
        while self.head(self.log) < 600:  # some batches of 256
            self.load(20)
        faults, killed, partly = Faults(self.site.folder), 0, 0
        for call, name in ((WRITE, WAL), (WRITE, DATABASE), (WRITE, SLOTS), (WRITE, "signed-head.new"),
                           (SYNC, "")):
            for nth in itertools.chain(range(1, 9), range(9, 400, 13)):
                shutil.rmtree(self.copy, ignore_errors=True)
                faults.arm(call, name, KILL_BEFORE, first=nth)
                done = subprocess.run(faults.prefix + self.command("copy", self.copy), capture_output=True,
                                      text=True, timeout=120, check=False)
                faults.disarm()
                if done.returncode != -signal.SIGKILL:
                    self.assertEqual(done.returncode, 0, done.stderr)
                    break
                killed += 1
                partly += os.path.exists(os.path.join(self.copy, SLOTS)) and 0 < self.copied() < 600
                self.assertEqual(self.taken()["head_seq"], self.head(self.copy))
                self.judged("same", code=0)
            print(f"{name or 'sync'}: {nth - 1} or more", flush=True)
            self.assertGreater(nth, 1, f"nothing was killed at {name or 'a sync'}")
        print(f"killed {killed} times, {partly} of them half-way", flush=True)
        self.assertGreater(partly, 0)

    @needs_faults
    def test_full_disk(self):
        """No space at the nth write of each file: one line, nothing half done, and the next run goes on."""
        self.begin()
        self.load(3)
        faults = Faults(self.site.folder)
        for name, nth in ((WAL, 1), (WAL, 2), (SLOTS, 1), (SLOTS, 2), ("signed-head.new", 1),
                          (DATABASE, 9)):
            with self.subTest(name=name, nth=nth):
                shutil.rmtree(self.copy, ignore_errors=True)
                faults.fail(WRITE, name, errno.ENOSPC, first=nth, count=FOR_EVER)
                done = subprocess.run(faults.prefix + self.command("copy", self.copy), capture_output=True,
                                      text=True, timeout=120, check=False)
                fired = faults.fired()
                faults.disarm()
                if name != DATABASE:  # what is written back later is durable already
                    self.assertGreater(fired, 0)
                    self.assertEqual(done.returncode, IO, done.stderr)
                    self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                    self.assertRegex(done.stderr, "full|[Nn]o space")
                    print(name, nth, done.stderr.strip(), flush=True)
                self.taken()
                self.judged("same", code=0)
                self.muster("verify", self.copy)

    def test_refused(self):
        """Without the right, without a broker, into a log that is no copy."""
        self.begin()
        self.taken()
        self.take(folder=self.log, code=IN_USE, words=["in use by process"])
        self.stop()
        self.take("--timeout", "1s", code=NOBODY)
        with sqlite3.connect(os.path.join(self.copy, DATABASE)) as db:
            db.execute("DELETE FROM meta WHERE key = 'copy'")
        db.close()
        self.restart()
        self.take(code=DATA, words=["is a broker's own log and no copy"])
        self.stop()
        self.take(folder=self.site.path("another"), code=NOBODY)
        self.site.agents[STATION_3].write(self.site.path("desk.key"))
        os.unlink(self.site.path("desk.db"))
        self.restart()
        self.take(folder=self.site.path("third"), code=77, words=["watch"])


class Restored(Copies):
    """A copy takes the place of the log."""

    def rebuild(self, code=0, words="are this broker's log now"):
        got, out, err = self.site.run("--rebuild")
        self.assertEqual(got, code, err)
        self.assertIn(words, out + err)

    def whole_copy(self):
        """A copy of all, with orders that wait, are recalled and are closed; then the broker is killed."""
        self.begin()
        self.load(3)
        for _ in range(3):
            waits = self.centre.issue(HOSPITAL)
        self.centre.recall(waits)
        self.drain_issuer()
        while self.taken()["head_seq"] < self.head(self.log):
            pass
        self.site.kill()
        self.assertEqual(self.head(self.log), self.head(self.copy))

    def drain_issuer(self):
        self.wait(lambda: not self.centre.journal.pending, "replies")

    def replace(self):
        os.rename(self.log, self.site.path("damaged"))
        os.rename(self.copy, self.log)

    def test_in_the_place_of_a_damaged_log(self):
        self.whole_copy()
        expected = tables(self.log)
        self.assertTrue(all(expected), "every table has something")
        self.flip(self.log, 15)
        self.judged("log-bad", log_bad_seq=15)
        self.replace()
        code, _, err = self.site.run()
        self.assertEqual(code, DATA, err)
        self.assertIn("musterd --config FILE --rebuild", err)
        self.rebuild()
        self.assertEqual(tables(self.log), expected)
        self.rebuild(words="nothing was changed")
        self.restart()
        hospital = self.station(HOSPITAL)
        self.wait(lambda: len(hospital.executed) == 2, "what waited for the hospital")
        self.load(3)
        self.check_books()
        self.muster("verify", self.log)

    def test_what_the_damaged_log_has_beyond_the_copy(self):
        """The chain goes on over a record whose payload is damaged, so a copy that ended behind it can take
        the rest from the damaged log, and nothing is lost."""
        self.begin()
        self.load(3)
        ended = self.taken()["head_seq"]
        self.load(3)
        self.site.kill()
        head = self.head(self.log)
        self.flip(self.log, 15)
        self.judged("log-bad", log_bad_seq=15)
        self.take("--from", self.log, "--follow", code=64, words=["--follow wants a broker"])
        said = json.loads(self.take("--from", self.log, "--json"))
        self.assertEqual((said["records"], said["head_seq"]), (head - ended, head))
        self.take("--from", self.log, folder=self.site.path("another"), code=DATA,
                  words=["record 15 is damaged"])
        self.assertEqual(self.head(self.site.path("another")), 14)
        self.replace()
        self.rebuild()
        self.restart()
        self.check_books()

    @needs_faults
    def test_cut_off(self):
        """Killed at a write of the indexes it is a copy still, and becomes the log the next time."""
        self.whole_copy()
        expected = tables(self.log)
        self.replace()
        faults, nth = Faults(self.site.folder), 0
        self.site.prefix = faults.prefix
        while True:
            nth += 1
            faults.arm(WRITE, WAL, KILL_BEFORE, first=nth)
            got, _, err = self.site.run("--rebuild")
            faults.disarm()
            if got != -signal.SIGKILL:
                self.assertEqual(got, 0, err)
                break
            self.assertEqual(self.site.run()[0], DATA)
        print(f"killed at {nth - 1} writes", flush=True)
        self.assertGreater(nth, 3)
        self.assertEqual(tables(self.log), expected)
        self.site.prefix = []
        self.restart()
        self.station(HOSPITAL)
        self.check_books()

    def test_damaged_copy(self):
        self.whole_copy()
        self.replace()
        self.flip(self.log, 12)
        self.rebuild(DATA, "record 12 is damaged")
        self.assertEqual(self.site.run()[0], DATA)


class Beside(Copies):
    """Put beside a log that is not what it was."""

    def both(self):
        self.begin()
        self.load(3)
        self.stop()
        self.restart()  # its clock is a record
        self.taken()
        self.site.kill()
        self.judged("same", code=0, words=["the copy is the same as the log"])
        self.end = self.head(self.copy)

    def test_flipped_bit_in_the_log(self):
        self.both()
        self.flip(self.log, self.end - 5)
        alone = self.muster("verify", self.log, code=DATA, words=["--copy FOLDER", f"record {self.end - 5}"])
        self.assertIn("NOT verified", alone)
        self.judged("log-bad", words=[f"first bad record is {self.end - 5} of the LOG; the copy has",
                                      "restore from the copy"],
                    log_bad_seq=self.end - 5, same_to=self.end - 6, copy_bad_seq=0)

    def test_flipped_bit_under_a_broker_in_service(self):
        """An old record that nobody but a reader needs: a copy gets what is before it, the broker goes on."""
        self.begin()
        incident = new_id()
        self.centre.report(incident, text="t" * 300)
        self.drain()
        self.centre.submit(pb.CloseIncident(incident=incident, reason="over"))
        self.load(8)  # more records than are looked at when a log is opened
        self.stop()
        with sqlite3.connect(os.path.join(self.log, DATABASE)) as db:
            seq = db.execute("SELECT min(seq) FROM touch WHERE stream = ?",
                             ("incident/" + ulid(incident),)).fetchone()[0]
        db.close()
        self.flip(self.log, seq)
        self.restart()
        for _ in range(2):
            self.take(code=NOBODY, words=[f"record {seq} of the log is damaged"])
        self.assertEqual(self.head(self.copy), seq - 1)
        self.assertIn(f"record {seq} of the log is damaged; {DESK} asked for it", self.site.errors())
        self.load()
        self.assert_alive()

    def test_flipped_bit_in_the_copy(self):
        self.both()
        self.flip(self.copy, 12)
        self.judged("copy-bad", words=["first bad record is 12 of the COPY; the log is good"],
                    copy_bad_seq=12, log_bad_seq=0, same_to=11)

    def test_log_that_cannot_be_opened(self):
        self.both()
        with open(os.path.join(self.log, DATABASE), "r+b") as file:
            file.write(bytes(4096))
        for end in ("-wal", "-shm"):
            if os.path.exists(os.path.join(self.log, DATABASE + end)):
                os.unlink(os.path.join(self.log, DATABASE + end))
        self.judged("log-bad", words=["restore from the copy"], same_to=0)

    def cut(self, records):
        """The last records are gone, and the head file that saw them."""
        self.both()
        with sqlite3.connect(os.path.join(self.log, DATABASE)) as db:
            db.execute("DELETE FROM record WHERE seq > ?", (self.end - records,))
            known = db.execute("SELECT max(seq) FROM touch").fetchone()[0]
        db.close()
        os.unlink(os.path.join(self.log, SLOTS))
        self.assertGreater(known, self.end - records)
        return known

    def test_tail_that_was_cut(self):
        """The tables alone still know of it, and are not made anew over it; a copy has what is gone."""
        known = self.cut(3)
        before = tables(self.log)
        self.muster("verify", self.log, code=DATA, words=[
            f"seq {self.end - 2}: the tables know of records up to {known}: the tail was cut; "
            "bring back a newer copy"])
        code, out, err = self.site.run("--rebuild")
        self.assertEqual((code, out), (DATA, ""), err)
        self.assertIn(f"ends at record {self.end - 3}, and its tables know of records up to {known}", err)
        self.assertIn("--recover if there is none", err)
        self.assertEqual(tables(self.log), before)
        self.judged("log-bad", words=["restore from the copy"], log_bad_seq=self.end - 2,
                    same_to=self.end - 3)

    def test_tail_that_was_cut_and_no_copy(self):
        """By a person's word it goes on without, and is a log like any other."""
        self.cut(8)
        self.hub.close()
        self.site.start(options=["--recover", "no copy has it; Zhang Wei, 04:10"])
        self.assertEqual(self.site.stop(), 0, self.site.errors())
        self.assertIn("recovered: goes on from seq", self.site.errors())
        code, _, err = self.site.run("--rebuild")
        self.assertEqual(code, 0, err)
        self.muster("verify", self.log)

    def test_tail_that_was_cut_from_the_tables_too(self):
        """The log alone looks whole, once the rest of the tables is made anew."""
        self.cut(3)
        with sqlite3.connect(os.path.join(self.log, DATABASE)) as db:
            db.execute("DELETE FROM touch WHERE seq > ?", (self.end - 3,))
        db.close()
        self.assertEqual(self.site.run("--rebuild")[0], 0)
        self.muster("verify", self.log)
        self.judged("log-behind", words=[f"records {self.end - 2} to {self.end} are in the copy alone"],
                    same_to=self.end - 3)

    def test_rewritten_history(self):
        """The last record told otherwise, with a chain that holds: the log alone looks whole, and the copy
        with the broker's signature does not let it pass; nor does the next run of `muster copy`."""
        self.both()
        self.rewrite(self.log, self.end)
        self.muster("verify", self.log)
        said = self.judged("rewritten", words=[
            f"REWRITTEN HISTORY: record {self.end} of the log is not record {self.end} of the copy",
            f"the broker itself signed record {self.end} of the copy"],
            differs=self.end, same_to=self.end - 1)
        self.assertFalse(said["log_has_signed"])
        self.hub.close()
        self.site.start()
        before = self.head(self.copy)
        self.take(code=DATA, words=["THE BROKER'S LOG WAS REWRITTEN", f"record {self.end}"])
        self.assertEqual(self.head(self.copy), before)

    def test_copy_of_another_region(self):
        """Named by mistake: one line, and nobody is told to stop a broker."""
        self.both()
        with mock.patch("harness.REGION", "370103"):
            other = Site(agents={"370103/health/hospital-1": ["report"]}, operators={"zhang.wei": ["admin"]})
            self.addCleanup(other.close)
            other.start()
        self.muster("copy", self.site.path("theirs"), "--from", other.path("log"))
        words = ["the copy is of region 370103, the log of 370102"]
        self.judged("other-region", words=words, folder=self.site.path("theirs"), same_to=0, differs=0)
        said = self.muster("verify", self.log, "--copy", self.site.path("theirs"), code=DATA)
        self.assertNotIn("to do", said)
        self.assertNotIn("REWRITTEN", said)

    def test_shorter_log_under_a_living_copy(self):
        """The broker is started on what it was before: the copy sees it at the next Welcome."""
        self.begin()
        self.stop()
        shutil.copytree(self.log, self.site.path("old"))
        self.restart()
        self.load(5)
        self.taken()
        self.site.kill()
        shutil.rmtree(self.log)
        os.rename(self.site.path("old"), self.log)
        self.hub.close()
        self.site.start()
        self.take(code=DATA, words=["THE BROKER'S LOG HAS LOST RECORDS"])


if __name__ == "__main__":
    main()
