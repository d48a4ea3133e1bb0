#!/usr/bin/python3
"""muster keys init and muster import as black boxes: a small table of its own, bad rows, the same file again
and shuffled; then the real month of San Francisco, when MUSTER_DATA has it.
"""
import calendar
import csv
import json
import os
import random
import signal
import subprocess
import tempfile
import time
import unittest

from harness import BIN, MUSTERD, SOURCE, skip, start

DATA = os.path.join(os.environ.get("MUSTER_DATA", os.path.join(SOURCE, "..", "shared", "data")),
                    "sf-fire", "sf-fire-calls-2020-04.csv")
ROSTER = os.path.join(SOURCE, "agents/ctl/rosters/county.yaml")
MAP = os.path.join(SOURCE, "agents/ctl/maps/sf-fire.yaml")
START_S = 10
COUNTS = ("incidents", "orders", "units", "recalled", "recorded")

COLUMNS = ["Incident Number", "Unit ID", "RowID", "Call Type", "Address", "City", "Location",
           "Call Final Disposition", "Received DtTm", "Dispatch DtTm", "Response DtTm", "On Scene DtTm",
           "Transport DtTm", "Hospital DtTm", "Available DtTm", "Call Type Group", "Unit Type"]


def row(number, unit, dispatched, on_scene="", ended="", received="04/07/2020 11:59:00 PM", kind="ENGINE"):
    return {"Incident Number": number, "Unit ID": unit, "RowID": f"{number}-{unit}",
            "Call Type": 'Fire, "big"',
            "Address": "1 Main\nSt", "City": "SF", "Location": "(37.7, -122.4)", "Received DtTm": received,
            "Dispatch DtTm": dispatched, "On Scene DtTm": on_scene, "Available DtTm": ended,
            "Call Type Group": "Fire", "Unit Type": kind}


GOOD = [
    row("100", "E1", "04/07/2020 11:59:30 PM", "04/08/2020 12:04:00 AM", "04/08/2020 12:30:00 AM"),
    row("100", "M7", "04/07/2020 11:59:50 PM", "", "04/08/2020 12:02:00 AM", kind="MEDIC"),
    row("101", "E1", "04/09/2020 12:01:00 PM", "04/09/2020 12:06:00 PM", "04/09/2020 12:50:00 PM",
        received="04/09/2020 12:00:00 PM"),
]


class Broker:
    """A region of its own in a temporary folder, with a broker on a free port."""

    said = ""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="muster-import-")
        self.home = os.path.join(self.folder.name, "region")
        self.run("keys", "init", self.home, "--region", "370102", "--name", "历城区", "--roster", ROSTER,
                 "--listen", "tcp://127.0.0.1:0", check=True)
        self.log = os.path.join(self.home, "log")
        self.process = start([MUSTERD, "--config", os.path.join(self.home, "musterd.yaml")],
                             stderr=subprocess.PIPE)
        deadline = time.monotonic() + START_S
        while not os.path.exists(os.path.join(self.home, "endpoint")):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("musterd did not come into service: " + self.stop())
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.stop()
        self.folder.cleanup()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(START_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if not self.process.stderr.closed:
            self.said = self.process.stderr.read().decode()
            self.process.stderr.close()
        return self.said

    def run(self, *arguments, check=False):
        environment = dict(os.environ, MUSTER_CONFIG=os.path.join(self.home, "centre.yaml"), LC_ALL="C")
        result = subprocess.run([os.path.join(BIN, "muster"), *arguments], env=environment, text=True,
                                capture_output=True, timeout=120)
        if check and result.returncode != 0:
            raise AssertionError(f"muster {' '.join(arguments)}: {result.returncode}: {result.stderr}")
        return result

    def table(self, rows, name="calls.csv"):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS, restval="")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def load(self, path):
        result = self.run("import", "cad-csv", path, "--map", MAP, "--json")
        return result, json.loads(result.stdout) if result.stdout else None

    def records(self):
        """Number of records, what state they make, and the chain's end."""
        found = json.loads(self.run("verify", self.log, "--json", check=True).stdout)
        return [found[key] for key in ("good", "records", "state_hash", "head_hash")]

    def incidents(self):
        result = self.run("incident", "list", "--all", "--json", check=True)
        return [json.loads(line) for line in result.stdout.splitlines()]


class Small(unittest.TestCase):
    def test_rows_become_history(self):
        with Broker() as broker:
            result, summary = broker.load(broker.table(GOOD))
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertEqual([summary[key] for key in COUNTS], [2, 3, 2, 1, 2])
            first = [each for each in broker.incidents() if each["history"]][0]
            self.assertFalse(first["open"])
            self.assertEqual(first["place"], "1 Main\nSt, SF")
            self.assertEqual(sorted(order["rung"] for order in first["orders"]), ["completed", "recalled"])

    def test_again_and_shuffled_changes_nothing(self):
        with Broker() as broker:
            broker.load(broker.table(GOOD))
            before = broker.records()
            for rows in (GOOD, GOOD[::-1], [GOOD[1], GOOD[2], GOOD[0], GOOD[1]]):
                result, summary = broker.load(broker.table(rows))
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual((summary["recorded"], summary["unchanged"]), (0, 2))
            self.assertEqual(broker.records(), before)

    def test_bad_row_is_named_the_rest_goes_in_and_the_mended_file_after_it(self):
        with Broker() as broker:
            bad = dict(GOOD[0], **{"Received DtTm": "13/45/2020"})
            path = broker.table([bad] + GOOD[1:])
            result, summary = broker.load(path)
            self.assertEqual(result.returncode, 65)
            # The table has one row over several lines: lines are the file's, as an editor counts them.
            self.assertIn(f'{path}:2: column "Received DtTm": "13/45/2020" is no time; mend it',
                          result.stderr)
            self.assertEqual((summary["orders"], summary["bad_rows"], summary["recorded"]), (2, 1, 2))
            result, summary = broker.load(broker.table(GOOD))
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual((summary["recorded"], summary["unchanged"]), (1, 1))
            self.assertEqual([each["open"] for each in broker.incidents()], [False, False])

    def test_what_contradicts_is_refused_and_named(self):
        with Broker() as broker:
            broker.load(broker.table(GOOD))
            other = dict(GOOD[2], **{"On Scene DtTm": "04/09/2020 12:07:00 PM"})
            result, summary = broker.load(broker.table(GOOD[:2] + [other]))
            self.assertEqual(result.returncode, 65)
            self.assertIn("incident 101: refused", result.stderr)
            self.assertEqual((summary["refused"], summary["unchanged"]), (1, 1))

    def test_without_the_right_it_stops(self):
        with Broker() as broker:
            agent = os.path.join(broker.home, "agents", "fire-rescue.station-1.yaml")
            result = broker.run("import", "cad-csv", broker.table(GOOD), "--map", MAP, "--config", agent)
            self.assertEqual(result.returncode, 77, result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1)

    def test_missing_things_are_one_line(self):
        with Broker() as broker:
            table = broker.table(GOOD)
            empty = os.path.join(broker.folder.name, "empty.csv")
            open(empty, "w", encoding="utf-8").close()
            for arguments, code, words in (
                    (("no.csv", "--map", MAP), 66, "no.csv"),
                    ((table, "--map", "no.yaml"), 66, "no.yaml"),
                    ((table,), 64, "--map"),
                    ((empty, "--map", MAP), 65, "empty"),
                    ((table, "--map", ROSTER), 78, "county.yaml")):
                result = broker.run("import", "cad-csv", *arguments)
                self.assertEqual(result.returncode, code, result.stderr)
                self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
                self.assertIn(words, result.stderr)


class NoBroker(unittest.TestCase):
    def test_nobody_answers(self):
        with Broker() as broker:
            broker.stop()
            result = broker.run("incident", "list", "--timeout", "300ms")
            self.assertEqual(result.returncode, 69, result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1)

    def test_keys_init_refuses_what_is_there_and_leaves_nothing_half_done(self):
        with tempfile.TemporaryDirectory() as folder:
            home = os.path.join(folder, "region")
            muster = [os.path.join(BIN, "muster"), "keys", "init", home, "--region", "370102", "--name", "x"]
            bad = os.path.join(folder, "bad.yaml")
            with open(bad, "w", encoding="utf-8") as stream:
                stream.write("policy: {version: a}\nagents: [{name: a/b, rights: [reprot]}]\noperators: []\n")
            result = subprocess.run(muster + ["--roster", bad], capture_output=True, text=True)
            self.assertEqual(result.returncode, 78, result.stderr)
            self.assertIn(f"{bad}:2:", result.stderr)
            self.assertEqual(sorted(os.listdir(folder)), ["bad.yaml"])
            subprocess.run(muster + ["--roster", ROSTER], capture_output=True, check=True)
            before = sorted(os.listdir(home))
            result = subprocess.run(muster + ["--roster", ROSTER], capture_output=True, text=True)
            self.assertEqual(result.returncode, 73, result.stderr)
            self.assertEqual(sorted(os.listdir(home)), before)
            self.assertEqual(os.stat(os.path.join(home, "root.key")).st_mode & 0o777, 0o600)
            self.assertEqual(sorted(os.listdir(folder)), ["bad.yaml", "region"])


@unittest.skipUnless(os.path.exists(DATA), "MUSTER_DATA has no sf-fire/sf-fire-calls-2020-04.csv")
class SanFrancisco(unittest.TestCase):
    def test_a_month_of_a_city(self):
        with Broker() as broker:
            result, summary = broker.load(DATA)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual([summary[key] for key in COUNTS], [5292, 10410, 199, 1713, 5292])
            self.assertEqual(result.stderr.count("note:"), 3, result.stderr)
            stats = broker.run("stats", broker.log, check=True).stdout
            for figure in ("31.7 %", "103 s", "238 s"):
                self.assertIn(figure, stats)
            before = broker.records()
            with open(DATA, encoding="utf-8", newline="") as stream:
                rows = list(csv.DictReader(stream))
            random.Random(1).shuffle(rows)
            shuffled = os.path.join(broker.folder.name, "shuffled.csv")
            with open(shuffled, "w", encoding="utf-8", newline="") as stream:
                writer = csv.DictWriter(stream, rows[0].keys())
                writer.writeheader()
                writer.writerows(rows)
            for path in (DATA, shuffled):
                result, summary = broker.load(path)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual((summary["recorded"], summary["unchanged"]), (0, 5292))
            self.assertEqual(broker.records(), before)

            # what would have been: 60 s itself is in time
            pack = os.path.join(broker.folder.name, "dispatch.yaml")
            with open(pack, "w", encoding="utf-8") as stream:
                stream.write("pack: dispatch\nversion: '1'\nmatch: all\nrules:\n  - {rule: nobody-sent, "
                             "when: incident, if: orders = 0, for: 60 s, do: [notify: chief]}\n")
            told = broker.run("rules", "what-if", broker.log, "--rules", pack, "--json", check=True)
            *firings, summary = [json.loads(line) for line in told.stdout.splitlines()]
            sent = {}
            for each in rows:
                received, dispatched = (time.strptime(each[name], "%m/%d/%Y %I:%M:%S %p")
                                        for name in ("Received DtTm", "Dispatch DtTm"))
                took = calendar.timegm(dispatched) - calendar.timegm(received)
                number = each["Incident Number"]
                sent[number] = min(took, sent.get(number, took))
            self.assertEqual({firing["title"] for firing in firings},
                             {f"sf-fire-cad {number}" for number, took in sent.items() if took > 60})
            self.assertEqual([summary[key] for key in ("incidents", "fired", "was_fired", "differ")],
                             [5292, 3614, 0, 3614])
            self.assertEqual(summary["rules"][0]["share"], 0.683)


if __name__ == "__main__":
    if not os.access(os.path.join(BIN, "muster"), os.X_OK):
        skip(f"{BIN}/muster is not built")
    unittest.main()
