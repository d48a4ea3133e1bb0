"""Rule packs on the command line: those that are shipped do what the cases beside them say, and one with a
mistake is refused with its place."""
import json
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import BIN, SOURCE

PACKS = sorted(path for path in (Path(SOURCE) / "common/rules/packs").glob("*.yaml")
               if not path.name.endswith(".cases.yaml"))

PACK = """pack: p
version: '1'
match: all
rules:
  - rule: many
    when: incident
    if: dead > 3
    do:
      - grade: III
"""


def rules(*arguments):
    return subprocess.run([Path(BIN) / "muster", "rules", *arguments], capture_output=True, text=True,
                          timeout=60, check=False)


class Shipped(unittest.TestCase):
    def test_each_does_what_its_cases_say(self):
        self.assertTrue(PACKS)
        for pack in PACKS:
            with self.subTest(pack=pack.name):
                checked = rules("check", pack, "--json")
                self.assertEqual(checked.returncode, 0, checked.stderr)
                self.assertGreater(len(json.loads(checked.stdout)["rules"]), 0)
                tested = rules("test", pack)
                self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)
                self.assertIn(" 0 failed\n", tested.stdout)


class Mistakes(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, name, text):
        path = Path(self.folder.name) / name
        path.write_text(text, encoding="utf-8")
        return path

    def refused(self, words, *arguments, code=78):
        done = rules(*arguments)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(words, done.stderr)
        return done

    def test_a_mistake_has_its_place(self):
        pack = self.write("p.yaml", PACK.replace("dead > 3", "dead > 3 or deda > 9"))
        self.refused(f'{pack}:7:21: no fact is called "deda"; did you mean "dead"?', "check", pack)

    def test_what_never_holds_is_shown(self):
        pack = self.write("p.yaml", PACK.replace("dead > 3", "dead > 3 and dead < 2"))
        done = self.refused("1 of its conditions can never hold", "check", pack, code=65)
        self.assertRegex(done.stdout, r"7 +many +incident +dead > 3 and dead < 2 +grade III +can never hold")
        self.assertIn("永不成立", rules("check", pack, "--lang", "zh").stdout)

    def test_a_case_that_fails_is_shown(self):
        pack = self.write("p.yaml", PACK)
        self.write("p.cases.yaml", "cases:\n  - {case: three, facts: {dead: 3}, fires: [many]}\n"
                                   "  - {case: nothing, facts: {}, fires: [], unknown: [many]}\n")
        done = self.refused("does not do what its cases say", "test", pack, code=65)
        self.assertIn("p.cases.yaml:2: three: fires [], could not tell []\n", done.stdout)
        self.assertIn("2 cases, 1 failed", done.stdout)

    def test_bad_cases_and_files(self):
        pack = self.write("p.yaml", PACK)
        self.refused("p.cases.yaml", "test", pack, code=66)
        cases = self.write("c.yaml", "cases:\n  - {case: a, facts: {deda: 3}, fires: []}\n")
        self.refused('c.yaml:2:22: no fact is called "deda"', "test", pack, cases)
        cases.write_text("cases:\n  - {case: a, facts: {dead: x}, fires: []}\n", encoding="utf-8")
        self.refused("c.yaml:2:29:", "test", pack, cases)
        cases.write_text("cases:\n  - {case: a, facts: {}, fires: [few]}\n", encoding="utf-8")
        self.refused('p has no rule "few"', "test", pack, cases)
        self.refused("no-such.yaml", "check", Path(self.folder.name) / "no-such.yaml", code=66)
        self.refused("does not end in .yaml", "test", self.write("p.txt", PACK), code=64)


if __name__ == "__main__":
    unittest.main()
