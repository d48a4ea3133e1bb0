"""What musterd says of a bad configuration, key, log or place: one line, the right exit code, nothing half
done.
"""
import os
import shutil
import socket
import sqlite3
import subprocess
import time
import unittest

from harness import CENTRE, MUSTERD, REGION, Site, SiteTest, main
from muster_wire import Keys, new_id, pb, write_public

# sysexits.h
USAGE, DATA, NO_INPUT, UNAVAILABLE = 64, 65, 66, 69
CANNOT_CREATE, TEMPORARY, PERMISSION, CONFIG = 73, 75, 77, 78


def command(*options):
    done = subprocess.run([MUSTERD, *options], capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout, done.stderr


def report():
    return pb.FileReport(incident=new_id(), kind=pb.REPORT_KIND_INITIAL, facts=pb.Facts(kind="fire"))


class Usage(unittest.TestCase):
    def test_help_and_version(self):
        code, out, err = command("--help")
        self.assertEqual((code, err), (0, ""))
        for option in ("--config", "--check", "--version"):
            self.assertIn(option, out)
        code, out, err = command("--version")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"^musterd \d+\.\d+\.\d+\S*\n$")

    def test_wrong_options(self):
        for options in ((), ("--config",), ("--colour",), ("--config", "a", "b")):
            code, out, err = command(*options)
            self.assertEqual((code, out), (USAGE, ""), options)
            self.assertEqual(err.count("\n"), 1, err)
            self.assertIn("musterd: ", err)


class Broken(SiteTest):
    started = False

    def fails(self, code, *words, options=()):
        """One line that has the words, the exit code, nothing on stdout, no endpoint."""
        got, out, err = self.site.run(*options)
        self.assertEqual(got, code, err)
        self.assertEqual(out, "")
        lines = [line for line in err.splitlines() if " notice: " not in line]
        self.assertEqual(len(lines), 1, err)
        self.assertTrue(lines[0].startswith("musterd: "), err)
        for word in words:
            self.assertIn(word, lines[0])
        self.assertFalse(os.path.exists(self.site.path("endpoint")))
        return lines[0]

    def fails_untouched(self, code, *words):
        """As fails, and not a byte of the log is changed."""
        before = self.bytes_of_log()
        self.fails(code, *words)
        self.assertEqual(self.bytes_of_log(), before)

    def bytes_of_log(self):
        """Every file of the log but the lock, which names its last holder, and what is empty."""
        result = {}
        for name in os.listdir(self.site.path("log")):
            if name not in ("lock", "muster.db-shm"):
                with open(self.site.path("log", name), "rb") as file:
                    result[name] = file.read()
                if not result[name]:
                    del result[name]
        return result

    def fill(self, reports=20):
        """A log with something in it; the broker runs."""
        self.site.start()
        client = self.client(CENTRE)
        for _ in range(reports):
            self.done(client.do(report()))
        return client


class Config(Broken):
    def no_log(self):
        self.assertFalse(os.path.exists(self.site.path("log")), "a log was begun")

    def test_check(self):
        code, out, err = self.site.run("--check")
        self.assertEqual((code, err), (0, ""))
        self.assertIn(REGION, out)
        self.no_log()
        self.site.config["regoin"] = self.site.config.pop("region")
        self.fails(CONFIG, "regoin", "region", options=("--check",))

    def test_unknown_key(self):
        self.site.config["lsiten"] = "tcp://127.0.0.1:0"
        self.fails(CONFIG, "musterd.yaml:", "lsiten", "'listen'")
        self.no_log()

    def test_unknown_key_below(self):
        self.site.config["keys"] = "{broker: broker.key, region: region.pub, brokre: x}"
        self.fails(CONFIG, "brokre", "broker")
        self.no_log()

    def test_missing_key(self):
        for key in ("region", "listen", "log", "keys"):
            with self.subTest(key):
                value = self.site.config.pop(key)
                self.fails(CONFIG, key)
                self.site.config[key] = value
        self.no_log()

    def test_wrong_values(self):
        for key, value in (("region", '"3701x2"'), ("listen", "udp://127.0.0.1:1"),
                           ("listen", "tcp://127.0.0.1"), ("listen", "tcp://127.0.0.1:70000"),
                           ("beat", "5"), ("beat", "0 s"), ("beat", "soon"),
                           ("accept_clock", "perhaps"), ("log", "[a, b]"), ("keys", "broker.key")):
            with self.subTest(key=key, value=value):
                before = self.site.config[key] if key in self.site.config else None
                self.site.config[key] = value
                self.fails(CONFIG, "musterd.yaml:", key)
                self.site.config.pop(key) if before is None else self.site.config.update({key: before})
        self.no_log()

    def test_no_yaml(self):
        self.site.config["keys"] = "{broker: broker.key, region: [region.pub"
        self.fails(CONFIG, "musterd.yaml:")

    def test_missing_configuration(self):
        code, out, err = command("--config", self.site.path("nothing.yaml"))
        self.assertEqual((code, out), (NO_INPUT, ""))
        self.assertIn("nothing.yaml", err)
        self.assertEqual(err.count("\n"), 1)

    def test_missing_files(self):
        for name in ("broker.key", "region.pub", "genesis.bin"):
            with self.subTest(name):
                os.rename(self.site.path(name), self.site.path("aside"))
                self.fails(NO_INPUT, name)
                os.rename(self.site.path("aside"), self.site.path(name))
        self.no_log()

    def test_readable_key_file(self):
        for mode in (0o644, 0o640, 0o604):
            os.chmod(self.site.path("broker.key"), mode)
            self.fails(PERMISSION, "broker.key", "chmod 600")
        self.no_log()

    def test_damaged_key_file(self):
        with open(self.site.path("broker.key"), "a", encoding="utf-8") as file:
            file.write("sign: 00\n")
        self.fails(CONFIG, "broker.key")
        self.no_log()

    def test_other_region(self):
        self.site.config["region"] = '"370103"'
        self.fails(CONFIG, "370103", "370102")

    def test_key_that_is_not_the_regions(self):
        Keys("broker").write(self.site.path("broker.key"))
        self.fails(CONFIG, "keys.broker")

    def test_founding_of_another_root(self):
        write_public(self.site.path("region.pub"), REGION, Keys("x").sign_public, self.site.curve_public)
        self.fails(CONFIG, "root key")
        self.assertEqual(self.records(), 0, "half a founding")

    def test_damaged_founding(self):
        with open(self.site.path("genesis.bin"), "r+b") as file:
            file.truncate(os.path.getsize(file.name) - 7)
        self.fails(CONFIG, "genesis")
        self.assertEqual(self.records(), 0, "half a founding")

    def test_no_founding(self):
        del self.site.config["genesis"]
        self.fails(CONFIG, "genesis")

    def records(self):
        path = self.site.path("log", "muster.db")
        if not os.path.exists(path):
            return 0
        with sqlite3.connect(path) as db:
            return db.execute("SELECT count(*) FROM record").fetchone()[0]

    def test_port_in_use(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            self.site.config["listen"] = f"tcp://127.0.0.1:{other.getsockname()[1]}"
            self.fails(UNAVAILABLE, str(other.getsockname()[1]), "in use")
            self.assertFalse(os.path.exists(self.site.path("log")), "a start that failed founded a log")
        self.site.config["listen"] = "tcp://127.0.0.1:0"
        self.fill(2)

    def test_a_link_to_a_broker_that_nobody_enrolled_is_named_once(self):
        self.site.config["links"] = '[{region: "370100", connect: "tcp://127.0.0.1:9"}]'
        self.site.start()
        time.sleep(1.2)  # two looks at the line
        told = self.site.errors()
        self.assertEqual(told.count("link to region 370100: its broker is not enrolled here"), 1)
        self.assertIn("muster agent enrol 370100/broker/link", told)
        self.assertEqual(self.site.stop(), 0)

    def test_endpoint_file_that_cannot_be(self):
        self.site.config["endpoint_file"] = "nowhere/endpoint"
        self.fails(CANNOT_CREATE, "nowhere/endpoint")


class Log(Broken):
    def test_unwritable_folder(self):
        with open(self.site.path("log"), "w", encoding="utf-8"):
            pass
        self.fails(NO_INPUT, "log is not a folder")
        self.site.config["log"] = "broker.key/log"
        self.fails(NO_INPUT, "broker.key/log")

    def test_read_only_folder(self):
        self.site.config["log"] = "/proc/muster-log"
        self.fails(CANNOT_CREATE, "/proc/muster-log")

    def test_newer_format(self):
        self.fill()
        self.assertEqual(self.site.stop(), 0)
        os.unlink(self.site.path("endpoint"))
        with sqlite3.connect(self.site.path("log", "muster.db")) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
        self.fails_untouched(DATA, "muster.db", "99")

    def test_not_a_log(self):
        os.mkdir(self.site.path("log"))
        with open(self.site.path("log", "muster.db"), "wb") as file:
            file.write(b"something else altogether" * 400)
        self.fails_untouched(DATA, "muster.db")
        os.unlink(self.site.path("log", "muster.db"))
        with sqlite3.connect(self.site.path("log", "muster.db")) as db:
            db.execute("CREATE TABLE notes (text)")
        db.close()
        self.fails_untouched(DATA, "muster.db")

    def test_second_broker(self):
        client = self.fill(2)
        endpoint = self.site.endpoint()
        self.site.config["endpoint_file"] = "second"
        code, out, err = self.site.run()
        self.assertEqual((code, out), (TEMPORARY, ""), err)
        self.assertEqual(err.count("\n"), 1, err)
        self.assertIn(str(self.site.process.pid), err)
        self.assertEqual(self.site.endpoint(), endpoint)
        self.done(client.do(report()))

    def test_log_of_another_region(self):
        self.fill(1)
        self.site.stop()
        other = Site()
        self.addCleanup(other.close)
        shutil.copytree(self.site.path("log"), other.path("log"))
        self.site = other
        self.fails(CONFIG, "root key")

    def crash(self):
        """A log as kill -9 leaves it: the head file up to the last record, the records in the WAL."""
        client = self.fill()
        with open(self.site.path("log", "head"), "rb") as file:
            def head_is_there():
                file.seek(0)
                slots = file.read(8192)
                seqs = [int.from_bytes(slots[at + 24:at + 32], "big") for at in (0, 4096)]
                return max(seqs) >= client.journal.seen[0]
            self.wait(head_is_there, "the head file", 10)
        self.site.kill()
        os.unlink(self.site.path("endpoint"))
        return client

    def test_lost_wal(self):
        self.crash()
        os.unlink(self.site.path("log", "muster.db-wal"))
        self.fails_untouched(DATA, "are missing")

    def test_cut_wal(self):
        self.crash()
        wal = self.site.path("log", "muster.db-wal")
        os.truncate(wal, os.path.getsize(wal) // 2)
        self.fails_untouched(DATA, "are missing")

    def test_torn_last_byte_of_the_wal(self):
        self.crash()
        wal = self.site.path("log", "muster.db-wal")
        os.truncate(wal, os.path.getsize(wal) - 1)
        self.fails_untouched(DATA, "are missing")

    def test_cut_database(self):
        self.fill()
        self.assertEqual(self.site.stop(), 0)
        os.unlink(self.site.path("endpoint"))
        db = self.site.path("log", "muster.db")
        os.truncate(db, os.path.getsize(db) // 2)
        self.fails_untouched(DATA, "muster.db")

    def test_missing_database(self):
        self.fill()
        self.site.stop()
        os.unlink(self.site.path("endpoint"))
        os.unlink(self.site.path("log", "muster.db"))
        self.fails(DATA)
        self.assertFalse(os.path.exists(self.site.path("log", "muster.db")), "made anew")

    def test_changed_record(self):
        self.fill()
        self.site.stop()
        os.unlink(self.site.path("endpoint"))
        with sqlite3.connect(self.site.path("log", "muster.db")) as db:
            db.execute("DELETE FROM record WHERE seq = (SELECT max(seq) FROM record)")
        db.close()
        self.fails(DATA, "records 33")

    def test_missing_head_file_is_a_warning(self):
        client = self.fill()
        self.site.stop()
        os.unlink(self.site.path("log", "head"))
        self.site.start()
        self.assertRegex(self.site.errors(), "warning: .*head")
        self.assertGreaterEqual(client.join().welcome.head.seq, client.journal.seen[0])

    def test_an_older_copy_is_fenced(self):
        """The head file went back with the log: only the heads that agents have seen can tell."""
        client = self.fill()
        self.assertEqual(self.site.stop(), 0)
        shutil.copytree(self.site.path("log"), self.site.path("old"))
        self.site.start()
        client.join()
        for _ in range(5):
            self.done(client.do(report()))
        seen = client.journal.seen[0]
        self.wait(lambda: client.journal.head.seq >= seen, "a beat with the head")
        client.close()
        self.site.kill()
        shutil.rmtree(self.site.path("log"))
        os.rename(self.site.path("old"), self.site.path("log"))
        self.site.start()

        # What nobody signed fences nothing.
        liar = self.client(CENTRE, join=False, deliveries=False)
        liar.journal.head = pb.SignedHead(region=REGION, epoch=1, seq=10**6, hash=bytes(32),
                                          signature=bytes(64))
        liar.join()
        self.done(liar.do(report()))
        liar.close()

        again = self.client(CENTRE, join=False, journal=client.journal)
        again.journal.counter += 100
        self.refused(again.join().do(report()), "fenced")
        self.assertRegex(self.site.errors(), "(error|warning): .*[Ff]ence|behind|missing")


if __name__ == "__main__":
    main()
