"""Disks that hang, fill up, fail, flip bits and are held by others, under real programs (FAULTS 6, 9 to
12, 14 to 16).
"""
import array
import errno
import fcntl
import os
import shutil
import sqlite3
import subprocess
import termios
import time

from faults import DATABASE, FOR_EVER, Faults, SLOTS, STALL, SYNC, WAL, WRITE
from harness import BIN, describe, main, processes, start
from muster_wire import ulid
from total_queue import HOSPITAL, STATION_3, STATION_5, TotalQueueTest

DATA, IO, IN_USE, NO_PERMISSION, CONFIG = 65, 74, 75, 77, 78
HUNG_S = 30
PIPE_BYTES = 65536


def waiting_bytes(pipe):
    """What stands in it and was not read."""
    n = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, n)
    return n[0]


class Disk(TotalQueueTest):
    started = False

    def setUp(self):
        super().setUp()
        self.faults = Faults(self.site.folder)
        self.site.prefix = self.faults.prefix

    def begin(self):
        self.site.start()
        self.centre = self.issuer()
        self.station(STATION_3)
        self.station(STATION_5)
        self.drain()

    def load(self):
        for addressee in (STATION_3, STATION_5):
            self.centre.issue(addressee)
        self.centre.report()

    def ended(self, code, *words, seconds=30):
        """The broker has ended so, and said why in its last line."""
        self.wait(lambda: self.site.process.poll() is not None, "the broker's end", seconds)
        processes.discard(self.site.process)
        self.hub.turn(0)
        last = self.site.errors().splitlines()[-1]
        self.assertEqual(self.site.process.returncode, code, last)
        for word in words:
            self.assertIn(word, last)

    def refuses(self, code, *words):
        """A start that fails: one line with the words."""
        if os.path.exists(self.site.path("endpoint")):
            os.unlink(self.site.path("endpoint"))
        got, _, err = self.site.run()
        self.assertEqual(got, code, err)
        for word in words:
            self.assertIn(word, err.splitlines()[-1])
        self.assertFalse(os.path.exists(self.site.path("endpoint")))


class Hangs(Disk):
    """An fsync that does not come back."""

    def test_watchdog(self):
        """Nothing is acknowledged, beats and deadlines' clocks go on, it is told; after 30 s the process
        ends."""
        self.begin()
        said = len(self.centre.journal.replies)
        self.faults.arm(SYNC, WAL, STALL, arg=600000)
        self.load()
        self.wait(self.faults.fired, "the hang")
        began = time.monotonic()
        beats = len(self.centre.heads)
        self.wait(lambda: "has not answered for 5 s" in self.site.errors(), "to be told", 25)
        self.assertGreater(len(self.centre.heads), beats + 3, "no beats while the disk hangs")
        self.assertEqual(len(self.centre.journal.replies), said)
        self.ended(IO, "has not answered for 30 s", seconds=HUNG_S + 30)
        self.assertGreater(time.monotonic() - began, HUNG_S - 2, "too soon")
        self.assertEqual(len(self.centre.journal.replies), said, "acknowledged without a disk")
        self.faults.disarm()
        self.restart()
        self.check_books()

    def test_pause_is_no_hang(self):
        """The machine sleeps for ten minutes within a commit: the disk had no time to answer in."""
        self.begin()
        self.faults.arm(SYNC, WAL, STALL, arg=600000)
        self.load()
        self.wait(self.faults.fired, "the hang")
        self.faults.move_clocks(boot_s=600, utc_s=600)
        beats = len(self.centre.heads)
        self.wait(lambda: len(self.centre.heads) > beats + 6, "beats")
        self.assert_alive()
        self.faults.disarm()
        self.check_books()

    def test_slow(self):
        """Every sync takes 50 ms: slower, and nothing else."""
        self.begin()
        self.faults.arm(SYNC, "", STALL, count=FOR_EVER, arg=50)
        for _ in range(5):
            self.load()
        self.drain()
        self.faults.disarm()
        self.check_books()


class Full(Disk):
    def test_at_each_write(self):
        """ENOSPC at the nth write of the WAL, once: refused, kept by its author, taken when it is said
        again."""
        self.begin()
        refused = 0
        for name in (WAL, SLOTS):
            for nth in range(1, 6):
                self.centre.put_off.clear()
                self.faults.fail(WRITE, name, errno.ENOSPC, first=nth if name == WAL else 1)
                for _ in range(nth):  # a commit is one write, or two
                    self.load()
                    self.wait(lambda: self.faults.fired() or not self.centre.journal.pending, "a full disk")
                self.wait(self.faults.fired, "a full disk")
                self.drain()
                refused += any(describe(reply) == "disk" for reply in self.centre.put_off)
                self.faults.disarm()
        print(f"refused with DISK: {refused} of 10", flush=True)
        self.assertGreaterEqual(refused, 1)
        self.assert_alive()
        self.check_books()

    def test_in_a_checkpoint(self):
        """The WAL cannot be written back: the stop is clean, and the next start goes on from the WAL."""
        self.begin()
        self.load()
        self.drain()
        self.faults.fail(WRITE, DATABASE, errno.ENOSPC, count=FOR_EVER)
        self.assertEqual(self.site.stop(), 0, self.site.errors())
        self.assertGreater(self.faults.fired(), 0)
        self.faults.disarm()
        self.restart()
        self.load()
        self.check_books()


class Fails(Disk):
    """EIO: the process ends; what the next one reads is the truth."""

    def test_transient(self):
        self.begin()
        for call, name, nth in ((SYNC, WAL, 1), (SYNC, WAL, 2), (WRITE, WAL, 1), (WRITE, WAL, 4),
                                (SYNC, SLOTS, 1), (WRITE, SLOTS, 1)):
            with self.subTest(call=call, name=name, nth=nth):
                replies = set(self.centre.journal.replies)
                self.faults.fail(call, name, errno.EIO, first=nth)
                self.load()
                if name == SLOTS:  # a failed store is noticed with its next commit
                    self.wait(self.faults.fired, "the head file")
                    self.load()
                self.ended(IO, "log")
                self.assertEqual(self.faults.fired(), 1, "it tried again")
                if nth == 1 and name == WAL:
                    self.assertEqual(set(self.centre.journal.replies), replies, "acknowledged")
                self.faults.disarm()
                self.restart()
                self.drain()
        self.check_books()

    def test_persistent(self):
        """It ends at every start, with a line; when the disk is well again all is there."""
        self.begin()
        for call in (SYNC, WRITE):
            self.faults.fail(call, "", errno.EIO, count=FOR_EVER)
            self.load()
            self.ended(IO)
            for _ in range(3):
                self.refuses(IO, "log")
            self.faults.disarm()
            self.restart()
            self.drain()
        self.check_books()


class Flipped(Disk):
    """Bits that turn over on the disk."""

    def close_log(self, reports=0):
        self.begin()
        for _ in range(reports):
            self.centre.report(text="t" * 300)
            if len(self.centre.journal.pending) > 40:
                self.drain()
        self.load()
        self.check_books()

    def flip(self, name, at):
        with open(self.site.path("log", name), "r+b") as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 0x10]))

    def find(self, seq):
        """Where the payload of a record lies in the database."""
        with sqlite3.connect(self.site.path("log", DATABASE)) as db:
            payload = db.execute("SELECT payload FROM record WHERE seq = ?", (seq,)).fetchone()[0]
        db.close()
        with open(self.site.path("log", DATABASE), "rb") as file:
            at = file.read().find(payload)
        self.assertGreater(at, 0)
        return at + len(payload) // 2

    def verify(self):
        return subprocess.run([os.path.join(BIN, "muster"), "verify", self.site.path("log")],
                              capture_output=True, text=True, timeout=60, check=False)

    def test_old_record(self):
        """`muster verify` names it; a broker whose commands need it ends with a line that names it, and
        acknowledges nothing that rests on it."""
        self.close_log(reports=100)
        seq = self.incident_record()
        self.flip(DATABASE, self.find(seq))
        done = self.verify()
        self.assertEqual(done.returncode, DATA, done.stdout + done.stderr)
        self.assertRegex(done.stdout + done.stderr, rf"\b{seq}\b")
        self.refuses(DATA, f"record {seq}")

    def incident_record(self):
        with sqlite3.connect(self.site.path("log", DATABASE)) as db:
            seq = db.execute("SELECT min(seq) FROM touch WHERE stream = ?",
                             ("incident/" + ulid(self.centre.incident),)).fetchone()[0]
        db.close()
        return seq

    def test_tail_of_the_wal(self):
        """SQLite drops a WAL from the first frame on that does not fit; the head file knows better."""
        self.begin()
        self.load()
        self.drain()
        head = self.centre.journal.seen[0]
        self.wait(lambda: self.slot() >= head, "the head file")
        self.site.kill()
        size = os.path.getsize(self.site.path("log", WAL))
        shutil.copytree(self.site.path("log"), self.site.path("whole"))
        for at in (size - 100, size // 2, 40):
            self.flip(WAL, at)
            self.refuses(DATA, "are missing")
            shutil.rmtree(self.site.path("log"))
            shutil.copytree(self.site.path("whole"), self.site.path("log"))
        self.restart()
        self.check_books()

    def slot(self):
        with open(self.site.path("log", SLOTS), "rb") as file:
            slots = file.read(8192)
        return max(int.from_bytes(slots[at + 24:at + 32], "big") for at in (0, 4096))

    def test_each_page(self):
        """One bit in each page in turn: found, or without effect; never served as true, never a crash."""
        self.close_log()
        path = self.site.path("log", DATABASE)
        shutil.copytree(self.site.path("log"), self.site.path("whole"))
        found = 0
        pages = os.path.getsize(path) // 4096
        for page in range(pages):
            for at in (100, 2000, 4000):
                self.flip(DATABASE, page * 4096 + at)
                done = self.verify()
                self.assertIn(done.returncode, (0, DATA), done.stderr)
                found += done.returncode == DATA
                shutil.rmtree(self.site.path("log"))
                shutil.copytree(self.site.path("whole"), self.site.path("log"))
        print(f"{found} of {3 * pages} flipped bits made verify fail", flush=True)
        self.assertGreater(found, pages // 4)


class Tables(Disk):
    """What stands beside the records, and is not hashed: what waits for whom, what is open."""

    DAMAGES = (
        ("outbox", "DELETE FROM outbox WHERE agent = :agent AND lane = 2"),
        ("outbox", "UPDATE outbox SET lane = 3 WHERE agent = :agent AND lane = 2"),
        # a digit of an order's id, of a distance, of a seq
        ("outbox", "UPDATE outbox SET items = CAST(substr(CAST(items AS TEXT), 1, 30) || 'ZZZ' ||"
                   " substr(CAST(items AS TEXT), 34) AS BLOB) WHERE agent = :agent AND lane = 2"),
        ("outbox", "UPDATE outbox SET items = CAST('0' || (1 + substr(CAST(items AS TEXT), 2, 1)) ||"
                   " substr(CAST(items AS TEXT), 3) AS BLOB) WHERE agent = :agent AND lane = 2"),
        ("outbox", "UPDATE outbox SET first_seq = first_seq + 1, last_seq = last_seq + 1"
                   " WHERE agent = :agent AND lane = 2"),
        ("tombstone", "INSERT INTO tombstone (agent, lane, item, seq) VALUES (:agent, 2, :order, 4000000)"),
        ("cursor", "UPDATE cursor SET seq = seq + 1"),
        ("open", "DELETE FROM open"),
        ("open", "UPDATE open SET due_ms = due_ms + 100000000"),
        ("touch", "DELETE FROM touch WHERE stream LIKE 'order/%'"),
    )

    def wait_for_absent(self):
        """Orders that wait for a station that is not there; the log is closed."""
        self.site.start()
        self.centre = self.issuer()
        self.station(STATION_3)
        orders = [self.centre.issue(STATION_5) for _ in range(5)] + [self.centre.issue(STATION_3)]
        self.wait(lambda: not self.centre.journal.pending, "the replies")
        self.drain(not_executed=[ulid(order) for order in orders[:5]])
        self.assertEqual(self.site.stop(), 0, self.site.errors())
        return orders[:5]

    def damage(self, sql, order):
        with sqlite3.connect(self.site.path("log", DATABASE)) as db:
            done = db.execute(sql, {"agent": STATION_5, "order": ulid(order)})
            self.assertGreater(done.rowcount, 0, sql)
        db.close()

    def test_rebuild(self):
        """`muster verify` names what was damaged, `musterd --rebuild` mends it, and every order comes."""
        orders = self.wait_for_absent()
        code, out, err = self.site.run("--rebuild")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("nothing was changed", out)
        for table, sql in self.DAMAGES:
            self.damage(sql, orders[0])
            done = subprocess.run([os.path.join(BIN, "muster"), "verify", self.site.path("log")],
                                  capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, DATA, sql)
            self.assertIn(f"table {table}: ", done.stderr, sql)
            code, out, err = self.site.run("--rebuild")
            self.assertEqual((code, err), (0, ""), sql)
            self.assertIn(f"table {table}: ", out.splitlines()[0], sql)
            self.assertIn("differences mended: ", out.splitlines()[-1], sql)
            self.verified()
        self.restart()
        self.station(STATION_5)
        self.check_books()

    def test_lost_without(self):
        """What it is for: nothing else would say that an order is gone."""
        orders = self.wait_for_absent()
        self.damage(self.DAMAGES[0][1], orders[0])
        self.restart()
        station = self.station(STATION_5)
        more = self.centre.issue(STATION_5)
        self.wait(lambda: more in station.executed, "the order after them")
        self.assertFalse(set(orders) & set(station.executed))
        self.assertEqual(self.site.stop(), 0, self.site.errors())

    def test_damaged_pages(self):
        """A bit in a tree by which a table would be emptied: verify names the table, nothing is changed, and
        the way that is named brings every record and every order."""
        self.wait_for_absent()
        log, new, path = (self.site.path(name) for name in ("log", "new", "log/" + DATABASE))
        with sqlite3.connect(path) as db:
            root = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'touch'").fetchone()[0]
        db.close()
        with open(path, "rb") as file:
            whole = file.read()
        at = (root - 1) * 4096 + 5  # where its cells begin
        damaged = whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1:]
        with open(path, "wb") as file:
            file.write(damaged)
        done = subprocess.run([os.path.join(BIN, "muster"), "verify", log], capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, DATA, done.stdout)
        self.assertIn("table touch: ", done.stderr)
        code, out, err = self.site.run("--rebuild")
        self.assertEqual((code, len(err.splitlines())), (DATA, 1), err)
        self.assertIn("table touch: ", out)
        self.assertIn("muster copy", err)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), damaged)
        subprocess.run([os.path.join(BIN, "muster"), "copy", new, "--from", log], stdout=subprocess.DEVNULL,
                       timeout=60, check=True)
        os.rename(log, self.site.path("log.damaged"))
        os.rename(new, log)
        code, out, err = self.site.run("--rebuild")
        self.assertEqual((code, err), (0, ""), out)
        self.verified()
        self.restart()
        self.station(STATION_5)
        self.check_books()

    def test_refused(self):
        """Not beside a broker, not on records that are not what they were, not on what is gone by law."""
        orders = self.wait_for_absent()
        self.restart()
        code, out, err = self.site.run("--rebuild")
        self.assertEqual((code, out), (75, ""))
        self.assertIn(str(self.site.process.pid), err)
        self.assertEqual(self.site.stop(), 0, self.site.errors())
        self.damage(self.DAMAGES[0][1], orders[0])
        shutil.copytree(self.site.path("log"), self.site.path("whole"))
        for sql, words in (("UPDATE record SET payload = substr(payload, 2) WHERE seq = 3", "record 3"),
                           ("UPDATE record SET payload = NULL WHERE seq = 3", "record 3 is redacted")):
            with sqlite3.connect(self.site.path("log", DATABASE)) as db:
                db.execute(sql)
                before = db.execute("SELECT count(*) FROM outbox").fetchone()
            db.close()
            code, out, err = self.site.run("--rebuild")
            self.assertEqual((code, out), (DATA, ""), err)
            self.assertIn(words, err)
            with sqlite3.connect(self.site.path("log", DATABASE)) as db:
                self.assertEqual(db.execute("SELECT count(*) FROM outbox").fetchone(), before)
            db.close()
            shutil.rmtree(self.site.path("log"))
            shutil.copytree(self.site.path("whole"), self.site.path("log"))


class Place(Disk):
    """Where a log cannot be kept: refused at the start, in a line, and nothing is made."""

    def mounted(self, script):
        """A process that holds a mount namespace in which the script has run on the log's folder."""
        holder = start(["unshare", "-m", "sh", "-c", script + ' && echo ready && exec sleep 1000',
                        self.site.path("log")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.let_go, holder)
        if holder.stdout.readline() != "ready\n":
            self.skipTest("no mount namespace: " + holder.stderr.read().strip())
        return ["nsenter", "-t", str(holder.pid), "-m", *self.faults.prefix]

    @staticmethod
    def let_go(holder):
        holder.kill()
        holder.communicate()
        processes.discard(holder)

    def test_tmpfs(self):
        os.mkdir(self.site.path("log"))
        self.site.prefix = self.mounted('mount -t tmpfs muster "$0"')
        self.refuses(CONFIG, "tmpfs", "local disk")

    def test_read_only(self):
        self.begin()
        self.load()
        self.check_books()
        before = self.bytes()
        self.site.prefix = self.mounted('mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"')
        self.refuses(NO_PERMISSION, "log")
        self.assertEqual(self.bytes(), before)
        self.site.prefix = self.faults.prefix
        self.restart()
        self.check_books()

    def bytes(self):
        found = {}
        for name in sorted(os.listdir(self.site.path("log"))):
            with open(self.site.path("log", name), "rb") as file:
                found[name] = file.read()
        return found


class OldCopy(Disk):
    def test_under_living_agents(self):
        """An older copy is put in place of the log while agents live: fenced at the first Hello, nothing
        is taken and no number is used again; with the newer log back, what was said meanwhile is taken."""
        self.begin()
        log, agency = self.site.path("log"), self.agency(HOSPITAL, answers=False)
        order = self.centre.issue(HOSPITAL)
        self.wait(lambda: agency.executed, "the order")
        self.assertEqual(self.site.stop(), 0)
        shutil.copytree(log, self.site.path("old"))
        self.restart()
        self.load()
        self.drain()
        seen = self.centre.journal.seen[0]
        self.wait(lambda: self.centre.journal.head.seq >= seen, "a beat with the head")
        self.site.kill()
        os.rename(log, self.site.path("newer"))
        os.rename(self.site.path("old"), log)
        ready = agency.ready
        self.restart()
        counter = self.centre.report()
        self.wait(lambda: counter in self.centre.journal.replies, "a refusal")
        self.assertEqual(describe(self.centre.journal.replies[counter]), "fenced")
        self.assertIn("records are missing", self.site.errors())
        self.wait(lambda: agency.ready > ready, "the agent is back")
        agency.receipts(ulid(order))
        self.hub.turn(1)
        self.site.kill()
        shutil.rmtree(log)
        os.rename(self.site.path("newer"), log)
        self.restart()
        self.load()
        self.check_books()
        self.assertEqual(set(agency.replied.values()), {"done"})


class Readers(Disk):
    """Others at the log while the broker writes."""

    def hold(self):
        """A program that reads in one long transaction."""
        path = self.site.path("log", DATABASE)
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
        self.addCleanup(db.close)
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM record").fetchone()
        return db

    def test_our_readers(self):
        """verify, replay and stats in a loop on the live log: the broker never waits and loses nothing; a
        second writer is refused."""
        self.begin()
        runs = 0
        programs = {}
        until = time.monotonic() + 2
        while time.monotonic() < until:
            for words in (("verify",), ("replay", "--format", "jsonl"), ("stats",)):
                if words in programs and programs[words].poll() is None:
                    continue
                if words in programs:
                    self.assertEqual(programs[words].returncode, 0, words)
                    runs += 1
                command = [os.path.join(BIN, "muster"), words[0], self.site.path("log"), *words[1:]]
                programs[words] = start(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.load()
            self.wait(lambda: len(self.centre.journal.pending) < 20, "replies")
        code, _, err = self.site.run()
        self.assertEqual(code, IN_USE, err)
        self.assertIn(str(self.site.process.pid), err)
        for program in programs.values():
            program.wait(60)
        print(f"{runs} readers beside the broker", flush=True)
        self.assertGreater(runs, 0)
        self.check_books()

    def test_unread_output(self):
        """A replay whose output nobody takes (a pager, Ctrl-S): the WAL can still be written back, whole."""
        self.begin()
        for _ in range(10):
            for _ in range(10):
                self.centre.report(text="x" * 1900)
            self.drain()
        program = start([os.path.join(BIN, "muster"), "replay", self.site.path("log"), "--format", "jsonl"],
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.wait(lambda: waiting_bytes(program.stdout) >= PIPE_BYTES, "the pipe to be full")
        for _ in range(3):
            self.load()
        self.drain()
        self.assertEqual(waiting_bytes(program.stdout), PIPE_BYTES)
        db = sqlite3.connect(self.site.path("log", DATABASE), isolation_level=None)
        busy, frames, written = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        db.close()
        self.assertEqual((busy, written), (0, frames))
        out, err = program.communicate(timeout=60)
        self.assertEqual((program.returncode, err), (0, b""))
        self.assertGreater(len(out), 2 * PIPE_BYTES)
        processes.discard(program)
        self.check_books()

    def test_long_reader(self):
        """One long transaction: commits go on, and the WAL is written back when it ends. (At its bound
        commits are refused: unit test log_reader, and here with --long.)"""
        self.begin()
        db = self.hold()
        for _ in range(20):
            self.load()
        self.drain()
        if os.environ.get("MUSTER_LONG"):
            self.fill_wal()
        db.close()
        self.load()
        self.check_books()

    def fill_wal(self):
        deadline = time.monotonic() + 240
        while "cannot be written back" not in self.site.errors():
            self.assertLess(time.monotonic(), deadline, "the WAL has no bound")
            while len(self.centre.journal.pending) < 200:
                self.centre.report(text="x" * 16000)
            self.hub.turn(0.01)
        size = os.path.getsize(self.site.path("log", WAL))
        print(f"WAL of {size >> 20} MiB", flush=True)
        self.assertLess(size, 300 << 20)


if __name__ == "__main__":
    main()
