"""A smoke run of ./dev bench: every row that can be measured here gets a figure. Never how large it is."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

from harness import BIN, SOURCE, main, skip

SECONDS_MAX = 400
UNSIGNED = os.path.join(SOURCE, "build", "bench-unsigned", "bin")
LOADS = ("muster", "limits", "fold", "absent", "flood", "storm", "telemetry", "rules", "due")
SHARES = ("rate", "p50_us", "p99_us", "p999_us", "cpu_bus", "cpu_load")

for load in LOADS:
    if not os.access(os.path.join(BIN, f"bench-load-{load}"), os.X_OK):
        skip(f"bench-load-{load} is not built")


class BenchTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.out = tempfile.TemporaryDirectory(prefix="muster-test-")
        cls.addClassCleanup(cls.out.cleanup)
        command = [sys.executable, "-B", os.path.join(SOURCE, "tests", "bench", "bench.py"), "--bin", BIN,
                   "--unsigned", UNSIGNED, "--out", cls.out.name, "--quick", "one", "clients", "open",
                   "pipelined", "limits", "log", "sessions", "absent", "flood",
                   "storm", "telemetry", "rules", "deadlines", "hops"]
        cls.run_ = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
        if cls.run_.returncode != 0:
            raise AssertionError(f"bench ended with {cls.run_.returncode}: {cls.run_.stderr}")
        with open(cls.path("results.json"), encoding="utf-8") as file:
            cls.results = json.load(file)

    @classmethod
    def path(cls, name):
        return os.path.join(cls.out.name, name)

    def has(self, *names):
        for name in names:
            figure = self.results["figures"].get(name)
            self.assertIsNotNone(figure, f"{name} has no figure")
            self.assertEqual(len(figure["runs"]), self.results["runs"], name)

    def has_system(self, key, *whats):
        if key in self.results["absent"]:
            self.skipTest(self.results["absent"][key])
        self.has(*(f"{what}/{key}/{share}" for what in whats for share in SHARES))

    def test_muster(self):
        self.assertNotIn("muster", self.results["absent"])
        self.has_system("muster", "one", "clients", "clients-to-one", "open", "pipelined")

    def test_muster_unsigned(self):
        self.has_system("muster-unsigned", "one", "clients", "clients-to-one", "open", "pipelined")

    def test_who_signs_says_so(self):
        """What takes every signature as good must not be mistaken for what checks them, nor be installed."""
        self.assertNotIn("INSECURE", self.version(BIN))
        if "muster-unsigned" in self.results["absent"]:
            self.skipTest(self.results["absent"]["muster-unsigned"])
        self.assertIn("INSECURE: SIGNATURES OFF", self.version(UNSIGNED))
        done = subprocess.run(["cmake", "--install", os.path.dirname(UNSIGNED), "--prefix",
                               self.path("installed")], capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("never installed", done.stderr)
        self.assertFalse(os.path.exists(self.path("installed")))

    @staticmethod
    def version(folder):
        return subprocess.run([os.path.join(folder, "musterd"), "--version"], capture_output=True, text=True,
                              check=True).stdout

    def test_nats(self):
        self.has_system("nats", "one", "clients", "clients-issued", "open", "pipelined", "issued")
        self.has_system("nats-tls", "one", "clients", "clients-issued", "open", "pipelined", "issued")

    def test_redis(self):
        self.has_system("redis", "one", "clients", "clients-issued", "open", "pipelined", "issued")
        self.has_system("redis-tls", "one", "clients", "clients-issued", "open", "pipelined", "issued")

    def test_mosquitto(self):
        self.has_system("mosquitto", "one", "clients", "open", "pipelined")
        self.has_system("mosquitto-tls", "one", "clients", "open", "pipelined")

    def test_limits(self):
        self.has("limits/fdatasync-overwrite", "limits/fdatasync-append", "limits/echo-plain-one",
                 "limits/echo-plain-pipelined", "limits/echo-curve-one", "limits/echo-curve-pipelined",
                 *(f"limits/sqlite-{batch}" for batch in (1, 16, 256, 1024)))

    def test_log(self):
        self.has("log/scan", "log/fold", "log/muster-verify", "log/muster-stats", "log/muster-replay")
        self.assertTrue([name for name in self.results["figures"] if name.startswith("log/recovery-")])
        self.assertTrue([name for name in self.results["figures"] if name.startswith("log/throughput-")])

    def test_sessions(self):
        for kind in ("muster", "router", "beyond", "cpu"):
            self.has(f"sessions/{kind}-20")

    def test_absent(self):
        self.has(*(f"absent/{name}-2500" for name in (
            "outbox", "order", "beyond-creditless", "beyond-unread", "p99-ratio",
            "fill-away", "fill-present", "back-away", "back-creditless", "back-unread")))

    def test_flood(self):
        self.has(*(f"flood/{what}/{name}" for what in ("orders", "refused", "tail", "telemetry")
                   for name in ("rate", "alone", "beside", "ratio")))
        self.has(*(f"flood/{what}/busy" for what in ("orders", "refused", "tail")))

    def test_telemetry(self):
        for key in ("muster", "nats", "nats-tls", "redis", "redis-tls", "mosquitto", "mosquitto-tls"):
            with self.subTest(key):
                if key not in self.results["absent"]:
                    self.has(*(f"telemetry/{what}/{key}/{name}" for what in ("rate", "full")
                               for name in ("published", "delivered", "p50_us", "p99_us")))

    def test_storm(self):
        self.has(*(f"storm/{name}-40" for name in ("back", "service", "cpu", "attempts-max", "busiest")))

    def test_rules(self):
        self.has(*(f"rules/{name}" for name in ("rules", "sqlite", "plain", "changes")))

    def test_deadlines(self):
        for key in ("muster", "redis"):
            with self.subTest(key):
                if key not in self.results["absent"]:
                    self.has(*(f"deadlines/{key}-{name}-4000" for name in (
                        "p50_us", "p99_us", "p999_us", "max_us", "timer-p99_us", "fill", "rss", "passing")))
        told = {name: self.results["figures"][f"deadlines/muster-{name}-4000"]["median"]
                for name in ("watched", "untold")}
        self.assertEqual(told, {"watched": 150, "untold": 0})

    def test_hops(self):
        self.has(*(f"hops/{place}-{name}" for place in ("own", "via", "to")
                   for name in ("p50_us", "p99_us", "max_us")))
        self.assertEqual(self.results["figures"]["hops/incidents"]["median"], 10)

    def test_page_and_plots(self):
        with open(self.path("results.md"), encoding="utf-8") as file:
            page = file.read()
        self.assertEqual(page, self.run_.stdout)
        for title in ("Who does what", "Orders a second", "CPU of an order", "What the parts can do",
                      "As the log grows", "2,500 orders gather for one agent", "Against the floors"):
            self.assertIn(f"## {title}", page)
        drawings = [name for name in os.listdir(self.out.name) if name.endswith(".svg")]
        self.assertIn("throughput-pipelined.svg", drawings)
        self.assertIn("latency-open.svg", drawings)
        for name in drawings:
            xml.etree.ElementTree.parse(self.path(name))

    def test_nothing_is_left(self):
        self.assertFalse(os.path.exists(self.results["machine"]["folder"]))


if __name__ == "__main__":
    main()
