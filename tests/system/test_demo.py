"""The demo does the main job and leaves nothing behind, also when somebody stops it in the middle."""
import csv
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import agents  # noqa: F401, says when the programs are not built
from agents import SOURCE, until
from harness import BIN, processes, start
from test_import import COLUMNS, GOOD, MAP, row

DEMO = os.path.join(SOURCE, "tests", "demo", "run.py")
SECONDS = 120
CODES = ["370000", "370100", "370900", "370102", "370116", "370911"]
STEPS = [
    "A county with fresh keys", "rules load",
    "Orders to four agencies", "declined", "--reissue-of", "killed with -9",
    "in service again after", "Every open order is amended", "GRADE IV",
    "unit 消-101 lacks gas-detector", "incident send", "signed off by 王芳", "is met", "order recall",
    "recalled",
    "everybody out", "head-count: 7 present, 0 missing", "agencies counted", "The work is done",
    "The final report",
    "closed", "muster replay", "muster verify", "verified: nothing is wrong with it", "muster stats",
    "six brokers", "reaches 370100, 370900", "A reservoir's dam breaks",
    "UNANSWERED: referred to 370100 by rule dam-break/nobody-answers", "orders",
    "of 370100 accepted", "recalls", "GRADE IV", "GRADE III",
    "referred by 370100, by rule dam-break/province-is-told",
    "takes the lead", "GRADE II,", "above both, by rule cross-region/common-superior", "learns it",
    "evacuate-public, signed by two",
    "is cut", "370000 is silent", "370100 is silent", "GRADE I,", "PENDING since", "NOT REACHED since",
    "still GRADE II,", "PENDING since", "NOT REACHED since", "does not know of",
    "The line heals", "370000 reached, 0 PENDING", "GRADE I,", "of 370000 came", "of 370911",
    "5 orders completed, 1 recalled",
    "hands the lead back: region 370116 leads, term 2", "all six show 31 dead, grade I, 6 orders",
    "6 reports, 6 orders", "in each of 6 logs: 0 lost, 0 twice", "six logs", "Done.",
]


class Demo(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="muster-test-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.addCleanup(self.kill_left)

    def begin(self, *arguments):
        process = start(["/usr/bin/python3", "-B", DEMO, "--bin", BIN, *arguments], stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE, text=True, start_new_session=True,
                        env=dict(os.environ, TMPDIR=self.folder, LC_ALL="C.UTF-8"))
        self.addCleanup(processes.discard, process)
        return process

    def ours(self):
        """Processes that work on our folder, as pid and command line."""
        found = {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                where = os.readlink(f"/proc/{name}/cwd")
                with open(f"/proc/{name}/environ", "rb") as file:
                    environment = file.read()
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    line = file.read()
            except OSError:
                continue  # it has ended, or is another's
            if where.startswith(self.folder) or self.folder.encode() in environment + line:
                found[int(name)] = line.replace(b"\0", b" ").decode(errors="replace")
        return found

    def kill_left(self):
        for pid in self.ours():
            os.kill(pid, signal.SIGKILL)

    def assert_clean(self):
        until(lambda: not self.ours(), f"everything to end; left: {self.ours()}", 10)
        self.assertEqual(os.listdir(self.folder), [])

    def test_the_main_job(self):
        process = self.begin()
        out, err = process.communicate(timeout=SECONDS)
        self.assertEqual(process.returncode, 0, err)
        at = 0
        for step in STEPS:
            found = out.find(step, at)
            self.assertGreaterEqual(found, 0, f"after {at}: no \"{step}\" in\n{out}")
            at = found
        self.assertEqual(err, "")
        logs = re.findall(r"^\[.*\] (\d{6}) .* verified: (\d+) records, .* good, \2 decided again", out,
                          re.MULTILINE)
        self.assertEqual([code for code, _ in logs], CODES)
        self.assert_clean()

    def stop_in_the_middle(self, number, code, where="killed with -9"):
        process = self.begin()
        for line in process.stdout:
            if where in line:
                break
        self.assertGreater(len(self.ours()), 5, "broker, agents, watch and the script itself")
        os.killpg(process.pid, number)  # as a terminal does
        _, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, code, err)
        self.assertLess(err.count("\n"), 30)
        self.assert_clean()

    def test_interrupted(self):
        self.stop_in_the_middle(signal.SIGINT, 130)

    def test_interrupted_while_a_line_is_cut(self):
        self.stop_in_the_middle(signal.SIGINT, 130, "is silent")

    def test_terminated(self):
        self.stop_in_the_middle(signal.SIGTERM, 143)

    def test_an_import_with_a_bad_row(self):
        """By a map of one's own; what is good is in, verified and counted; the exit code is the import's."""
        inputs = tempfile.mkdtemp(prefix="muster-input-")
        self.addCleanup(shutil.rmtree, inputs, True)
        table, columns = os.path.join(inputs, "calls.csv"), os.path.join(inputs, "map.yaml")
        shutil.copy(MAP, columns)
        with open(table, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows([*GOOD, row("102", "E2", "no time at all")])
        process = self.begin("--import", table, "--map", columns)
        out, err = process.communicate(timeout=SECONDS)
        self.assertEqual(process.returncode, 65, out + err)
        for step in ("muster verify", "verified: nothing is wrong with it", "muster stats", "Done."):
            self.assertIn(step, out)
        self.assertIn("1 bad rows", err)
        self.assert_clean()

    def test_a_map_that_is_not_there(self):
        process = self.begin("--import", DEMO, "--map", "nowhere.yaml")
        _, err = process.communicate(timeout=20)
        self.assertEqual((process.returncode, err.count("\n")), (66, 1), err)
        self.assertIn("nowhere.yaml", err)

    def test_a_file_that_is_not_there(self):
        process = self.begin("--import", "nowhere.csv")
        _, err = process.communicate(timeout=20)
        self.assertEqual((process.returncode, err.count("\n")), (66, 1), err)
        self.assertIn("nowhere.csv", err)

    def test_programs_that_are_not_there(self):
        process = start(["/usr/bin/python3", "-B", DEMO, "--bin", self.folder], stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE, text=True)
        _, err = process.communicate(timeout=20)
        self.assertNotIn("Traceback", err)
        self.assertEqual((process.returncode, err.count("\n")), (66, 1), err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
