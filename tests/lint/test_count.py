#!/usr/bin/python3
"""count.py on JUnit files as ctest 3.25 writes them."""
import contextlib
import io
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import count  # noqa: E402 (the path comes first)

PASSED = '<testcase name="a" status="run"><system-out/></testcase>'
FAILED = '<testcase name="b" status="fail"><failure message=""/></testcase>'
SKIPPED = '<testcase name="c" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>'
NOT_BUILT = '<testcase name="d" status="notrun"><skipped message="Unable to find executable"/></testcase>'


class Count(unittest.TestCase):
    def run_on(self, *suites, expected=()):
        with tempfile.TemporaryDirectory() as folder:
            for number, cases in enumerate(suites):
                with open(os.path.join(folder, f"s{number}.xml"), "w", encoding="utf-8") as stream:
                    stream.write("<testsuite>" + "".join(cases) + "</testsuite>")
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                code = count.main([folder, *expected])
            return code, output.getvalue().splitlines()

    def test_adds_up_over_files(self):
        code, lines = self.run_on([PASSED, SKIPPED], [PASSED])
        self.assertEqual((code, lines), (0, ["skipped  s0: c", "2 passed, 0 failed, 1 skipped"]))

    def test_a_failure_is_named_and_fails(self):
        code, lines = self.run_on([PASSED, FAILED])
        self.assertEqual((code, lines), (1, ["failed  s0: b", "1 passed, 1 failed, 0 skipped"]))

    def test_a_test_without_its_program_has_failed(self):
        code, lines = self.run_on([PASSED, NOT_BUILT])
        self.assertEqual((code, lines), (1, ["failed  s0: d", "1 passed, 1 failed, 0 skipped"]))

    def test_a_missing_run_has_failed(self):
        code, lines = self.run_on([PASSED], expected=["s0", "s1"])
        self.assertEqual((code, lines), (1, ["failed  s1: no results", "1 passed, 1 failed, 0 skipped"]))

    def test_nothing_at_all_is_no_success(self):
        code, lines = self.run_on([])
        self.assertEqual((code, lines), (1, ["0 passed, 0 failed, 0 skipped"]))


if __name__ == "__main__":
    unittest.main()
