#!/usr/bin/python3
"""./dev itself, in a small tree where nothing is built: cmake does nothing, the demo prints a line."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEMO = "import sys\nprint('历下区', sys.argv[-1])\n"


class DevTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="muster-dev-")
        self.addCleanup(folder.cleanup)
        self.tree = folder.name
        shutil.copy(os.path.join(SOURCE, "dev"), self.tree)
        for path in ("docker", "tests/demo", "bin"):
            os.makedirs(os.path.join(self.tree, path))
        self.write("tests/demo/run.py", DEMO)
        self.write("bin/cmake", "#!/bin/sh\nexit 0\n")
        os.chmod(os.path.join(self.tree, "bin/cmake"), 0o755)
        for name in os.listdir(os.path.join(SOURCE, "docker")):
            if name.startswith("packages-"):
                self.write("docker/" + name, "# none\n")

    def write(self, path, text):
        with open(os.path.join(self.tree, path), "w", encoding="utf-8") as file:
            file.write(text)

    def dev(self, *words, **environment):
        return subprocess.run([os.path.join(self.tree, "dev"), *words], check=False, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=60,
                              env={"PATH": self.tree + "/bin:/usr/bin:/bin", **environment})

    def test_speaks_utf8_in_any_locale(self):
        # As where the user's locale is of another encoding, such as GBK.
        done = self.dev("run", "--keep", LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.decode().splitlines()[-1], "历下区 --keep")

    def test_unknown_command(self):
        done = self.dev("biuld")
        self.assertEqual((done.returncode, done.stdout), (64, b""))

    def test_unknown_option(self):
        done = self.dev("test", "--lnog")
        self.assertEqual((done.returncode, done.stderr.count(b"\n")), (1, 1))
        self.assertIn(b"--lnog", done.stderr)

    def test_help_names_every_command(self):
        done = self.dev("help")
        with open(os.path.join(SOURCE, "dev"), encoding="utf-8") as file:
            commands = {line[4:line.index("(")] for line in file if line.startswith("cmd_")}
        self.assertGreater(len(commands), 5)
        lines = done.stdout.decode().splitlines()
        said = {line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "}
        self.assertEqual(said, commands)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
