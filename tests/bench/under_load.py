"""What others feel, and what it costs the broker: an addressee that is away while orders gather (absent), and
an agency that says as much as it can (flood)."""

import json
import os
import subprocess
import time

from servers import Failed, Musterd, spawn
from telemetry import SUBSCRIBERS, UNREACHED

PROBE = 1  # number of the pair whose latency is watched; number 0 gathers or floods
PROBE_RATE = 200
GATHER_RATE = 5000  # a second, while the pair is watched
TAKERS = ("away", "creditless", "unread", "present")
LINE_S = 600


class Driver:
    """bench-load-absent, told what to do line by line."""

    def __init__(self, bench, broker, mode, count):
        self.process = spawn([bench.bin / "bench-load-absent", *broker.load_arguments(), "--mode", mode,
                              "--count", count, "--window", 1024, "--batch", 64],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def say(self, *words):
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"bench-load-absent: {self.process.communicate(timeout=LINE_S)[1].strip()}")
        return json.loads(line)

    def do(self, *words):
        self.say(*words)
        return self.answer()

    def end(self):
        try:
            self.process.communicate(timeout=LINE_S)
        finally:
            self.process.kill()
            self.process.wait()


def settle(bench, broker):
    """What was written before is on the disk and checkpointed: else it holds up what is watched."""
    if not bench.quick:
        os.sync()
        probe(bench, broker, bench.milliseconds)


def probe(bench, broker, milliseconds, mode="pipelined"):
    return bench.load("muster", *broker.load_arguments(), "--mode", mode, "--first", PROBE, "--clients", 1,
                      "--rate", PROBE_RATE, milliseconds=milliseconds)


class Absent:
    """Orders gather for one addressee. What all of them cost is read at the end; what the outbox costs, where
    no more open orders are kept at hand and SQLite's own cache is full."""

    def __init__(self, bench):
        self.bench = bench
        if bench.quick:
            self.watched_ms, self.total = 200, 2500
        else:
            self.watched_ms, self.total = 4000, 1_000_000 if bench.long else 100_000
        watched = GATHER_RATE * self.watched_ms // 1000
        self.level = 1500 if bench.quick else 80_000
        self.watched_from = self.total - watched
        self.away_mib = 0

    def add(self, name, unit, value):
        self.bench.add(f"absent/{name}-{self.total}", unit, value)

    def run(self):
        bench = self.bench
        for turn in range(bench.runs):
            for mode in TAKERS:
                bench.progress.say(f"run {turn + 1} of {bench.runs}: orders gather, the addressee is {mode}")
                self.gather(mode)

    def gather(self, mode):
        bench = self.bench
        broker = Musterd(bench.new_folder(), bench.bin, PROBE + 1, PROBE + 1)
        try:
            broker.start()
            alone = probe(bench, broker, self.watched_ms) if mode == "away" else None
            driver = Driver(bench, broker, mode, self.total)
            try:
                before = broker.status_kib("RssAnon")
                self.add(f"fill-{mode}", "1/s", driver.do("fill", self.level)["rate"])
                if mode == "away":
                    self.watch(broker, driver, alone)
                    self.add("order", "B", (broker.status_kib("RssAnon") - before) * 1024 / self.total)
                self.cost_of_all(broker, driver, mode)
                taken = driver.do("back")
                if mode != "present":
                    self.add(f"back-{mode}", "1/s", taken["rate"])
            finally:
                driver.end()
        finally:
            broker.kill()
            broker.remove()

    def cost_of_all(self, broker, driver, mode):
        driver.do("fill", self.total)
        mib = broker.status_kib("RssAnon") / 1024
        self.add(f"rss-{mode}", "MiB", mib)
        if mode == "away":
            self.away_mib = mib
        else:
            self.add(f"beyond-{mode}", "MiB", mib - self.away_mib)

    def watch(self, broker, driver, alone):
        """The rest of the orders; with the last of them another pair's latency, beside before."""
        before = broker.status_kib("RssAnon")
        if self.watched_from > self.level:
            driver.do("fill", self.watched_from)
        settle(self.bench, broker)
        driver.say("fill", self.total, GATHER_RATE)
        during = probe(self.bench, broker, self.watched_ms)
        driver.answer()
        self.add("outbox", "MiB", (broker.status_kib("RssAnon") - before) / 1024)
        self.add("p99-before", "us", alone["p99_us"])
        self.add("p99-during", "us", during["p99_us"])
        self.add("p99-ratio", "x", during["p99_us"] / alone["p99_us"])


# What, its title, the program and its arguments.
FLOODS = {
    "orders": ("another agency's orders, signed by batch", "muster",
               ("--clients", 1, "--window", 1024, "--batch", 64)),
    "lane": ("orders for the issuer (watched: until it is told of the receipt)", "muster",
             ("--clients", 1, "--window", 1024, "--batch", 64, "--mode", "lane", "--share", PROBE)),
    "refused": ("commands that are refused", "flood", ("--mode", "refused", "--window", 1024)),
    "tail": ("a reader of the whole log, again and again", "flood", ("--mode", "tail")),
    "telemetry": ("telemetry to 50 subscribers at full speed", "telemetry",
                  ("--addressees", SUBSCRIBERS, "--rate", UNREACHED)),
}
WHOLE_LIFE = ("lane",)  # the pair is watched until the issuer is told that the order is completed
FLOOD_LEAD_MS = 500  # the flood begins so long before the pair is watched, and ends so long after
FLOOD_NICE = 10  # its programs would run elsewhere: they get what the broker and the pair leave of the cores
FLOOD_LOG = 20_000  # orders in the log that the reader reads


class Flood:
    """Another pair's latency alone, and beside an agent that says as much as it can."""

    def __init__(self, bench):
        self.bench = bench
        self.milliseconds, self.lead_ms = (200, 100) if bench.quick else (4000, FLOOD_LEAD_MS)

    def run(self):
        bench = self.bench
        for turn in range(bench.runs):
            broker = Musterd(bench.new_folder(), bench.bin, SUBSCRIBERS + 2, PROBE + 1)
            try:
                broker.start()
                self.fill(broker)
                kinds = list(FLOODS)
                for what in kinds[turn % len(kinds):] + kinds[:turn % len(kinds)]:
                    bench.progress.say(f"run {turn + 1} of {bench.runs}: a flood: {FLOODS[what][0]}")
                    self.once(broker, what)
            finally:
                broker.kill()
                broker.remove()

    def fill(self, broker):
        self.bench.load("muster", *broker.load_arguments(), "--clients", 1, "--window", 1024, "--batch", 64,
                        "--count", 500 if self.bench.quick else FLOOD_LOG)

    def once(self, broker, what):
        """Alone before each, since the machine and the log change."""
        bench = self.bench
        mode = "completed" if what in WHOLE_LIFE else "pipelined"
        settle(bench, broker)
        alone = probe(bench, broker, self.milliseconds, mode)
        settle(bench, broker)
        flood, during = self.beside(broker, mode, *FLOODS[what][1:])
        if flood.get("submits") != flood.get("answers"):
            raise Failed(f"{FLOODS[what][0]}: {flood['submits']} were said, {flood['answers']} answered")
        bench.add(f"flood/{what}/rate", "1/s", flood["rate"])
        if "busy" in flood:  # telemetry has no answers
            bench.add(f"flood/{what}/busy", "%", 100 * flood["busy"] / flood["submits"])
        bench.add(f"flood/{what}/alone", "us", alone["p99_us"])
        bench.add(f"flood/{what}/beside", "us", during["p99_us"])
        bench.add(f"flood/{what}/p50-alone", "us", alone["p50_us"])
        bench.add(f"flood/{what}/p50-beside", "us", during["p50_us"])
        bench.add(f"flood/{what}/ratio", "x", during["p99_us"] / alone["p99_us"])

    def beside(self, broker, mode, program, arguments):
        """What the flood did, and the pair's latency during it."""
        command = [self.bench.bin / f"bench-load-{program}", *broker.load_arguments(), "--first", 0,
                   "--warmup", 0, "--ms", self.milliseconds + self.bench.warmup + 2 * self.lead_ms,
                   *arguments]
        flood = spawn(["nice", "-n", FLOOD_NICE, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                      text=True)
        try:
            time.sleep(self.lead_ms / 1000)
            during = probe(self.bench, broker, self.milliseconds, mode)
            out, err = flood.communicate(timeout=LINE_S)
        finally:
            flood.kill()
            flood.wait()
        if flood.returncode != 0:
            raise Failed(f"bench-load-{program}: {err.strip()}")
        return json.loads(out), during
