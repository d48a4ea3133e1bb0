"""Escalation: how fast rules are asked (rules); how late what is due comes, of a million pending deadlines
while orders pass (deadlines), and of an order nobody answers that rules take from a county over its city to
the province (hops)."""

import json
import subprocess
import time
from pathlib import Path

from measures import SYSTEM, missing
from servers import Failed, Musterd, Redis, free_low_port, spawn

PENDING = 1_000_000
DUE_RATE = 500  # a second
PASS_RATE = 10_000  # orders a second that pass meanwhile
PASS_LEAD_MS = 3000  # so long before the first deadline that is watched: the orders kept at hand are those
HOPS_RATE = 20  # incidents a second
PROVINCE, CITY, COUNTY = "370000", "370100", "370102"
PACK = Path(__file__).resolve().parent / "hops.yaml"
LATE_MAX_S = 10  # of the load programs
LATE = ("p50_us", "p99_us", "p999_us", "max_us")
LINK_S = 30
LINE_S = 600


def json_line(process):
    line = process.stdout.readline()
    if not line:
        raise Failed(f"{process.args[0]}: {process.communicate(timeout=LINE_S)[1].strip()}")
    return json.loads(line)


RULE_MODES = ("rules", "sqlite", "plain")


class Rules:
    """The broker's own way of asking, beside the least that SQLite and the least that the processor does."""

    def __init__(self, bench):
        self.bench = bench

    def run(self):
        for turn in range(self.bench.runs):
            self.bench.progress.say(f"run {turn + 1} of {self.bench.runs}: rules")
            for mode in RULE_MODES[turn % len(RULE_MODES):] + RULE_MODES[:turn % len(RULE_MODES)]:
                result = self.bench.load("rules", "--mode", mode)
                self.bench.add(f"rules/{mode}", "1/s", result["rate"])
                if mode == "rules":
                    self.bench.add("rules/changes", "1/s", result["changes"])
                    self.bench.add("rules/unknown", "%", 100 * result["unknown"])


class Deadlines:
    """Of Muster, orders that nobody answers; of Redis, which has nothing nearer, keys that expire."""

    def __init__(self, bench):
        self.bench = bench
        self.pending, self.milliseconds = (4000, 300) if bench.quick else (PENDING, 10_000)
        self.lead_ms = 200 if bench.quick else PASS_LEAD_MS

    def add(self, name, unit, value):
        self.bench.add(f"deadlines/{name}-{self.pending}", unit, value)

    def run(self):
        reason = missing(self.bench, SYSTEM["redis"])
        if reason:
            self.bench.absent["redis"] = reason
        keys = ["muster"] if reason else ["muster", "redis"]
        for turn in range(self.bench.runs):
            for key in keys if turn % 2 == 0 else reversed(keys):
                self.bench.progress.say(f"run {turn + 1} of {self.bench.runs}: deadlines: {key}")
                server = Redis(self.bench.new_folder()) if key == "redis" else \
                    Musterd(self.bench.new_folder(), self.bench.bin, 2, 11)
                try:
                    server.start()
                    self.once(server, key)
                finally:
                    server.kill()
                    server.remove()

    def once(self, server, key):
        before = server.status_kib("RssAnon")
        watch = self.spawn("redis_due" if key == "redis" else "due", *server.load_arguments(), "--count",
                           self.pending, "--window", 1024, "--batch", 64,
                           *(() if key == "redis" else ("--mode", "pending")))
        try:
            filled = json_line(watch)
            self.add(f"{key}-rss", "B", (server.status_kib("RssAnon") - before) * 1024 / self.pending)
            time.sleep(max(0, filled["first_in_ms"] - self.lead_ms) / 1000)
            timer = self.spawn("limits", "--mode", "timer", "--warmup", self.lead_ms)
            clients = ("--clients", 10) if key == "redis" else \
                ("--first", 1, "--clients", 1, "--batch", 64, "--addressees", 10)
            passing = self.bench.load(key, *server.load_arguments(), *clients, "--rate", PASS_RATE,
                                      "--warmup", self.lead_ms, milliseconds=self.milliseconds)
            self.add_late(f"{key}-timer", json_line(timer))
            told = json_line(watch)
            self.add_late(key, told["own"])
            timer.communicate(timeout=LINE_S)
            watch.communicate(timeout=LINE_S)
        finally:
            watch.kill()
            watch.wait()
        self.add(f"{key}-fill", "1/s", filled["rate"])
        self.add(f"{key}-rss-all", "MiB", server.status_kib("RssAnon") / 1024)
        self.add(f"{key}-watched", "", told["watched"])
        self.add(f"{key}-untold", "%", 100 * (1 - told["told"] / told["watched"]))
        self.add(f"{key}-passing", "1/s", passing["rate"])
        self.add(f"{key}-passing-p99", "us", passing["p99_us"])

    def spawn(self, program, *arguments):
        return spawn([self.bench.bin / f"bench-load-{program}", "--rate", DUE_RATE, "--ms", self.milliseconds,
                      *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def add_late(self, name, late):
        for share in LATE:
            self.add(f"{name}-{share}", "us", late[share])


class Hops:
    """County, city, province: each a broker that calls the one above it."""

    def __init__(self, bench):
        self.bench, self.count = bench, 10 if bench.quick else 300

    def run(self):
        for turn in range(self.bench.runs):
            self.bench.progress.say(f"run {turn + 1} of {self.bench.runs}: three hops")
            brokers = []
            try:
                self.start(brokers)
                self.once(*brokers)
            finally:
                for broker in brokers:
                    broker.kill()
                    broker.remove()

    def start(self, brokers):
        bench = self.bench
        for region in (PROVINCE, CITY, COUNTY):
            broker = Musterd(bench.new_folder(), bench.bin, 1, 1, region=region, watchers=1)
            broker.configure(port=free_low_port(), above=brokers[-1] if brokers else None)
            brokers.append(broker)
            broker.start()
            broker.muster("rules", "load", PACK)
        for above, below in zip(brokers, brokers[1:]):
            for broker, other in ((above, below), (below, above)):
                broker.muster("agent", "enrol", f"{other.region}/broker/link", "--key",
                              other.site / "broker.pub", "--rights", "link")
        end = time.monotonic() + LINK_S
        for broker in brokers:
            while not all(json.loads(line)["reached"] for line in
                          broker.muster("link", "list", "--json").splitlines()):
                if time.monotonic() > end:
                    raise Failed(f"the links of region {broker.region} are not there after {LINK_S} s")
                time.sleep(0.05)

    def once(self, province, city, county):
        told = self.bench.load("due", *county.load_arguments(), "--mode", "hops", "--via", city.site, "--to",
                               province.site, "--count", self.count, "--rate", HOPS_RATE, "--window", 64)
        for place in ("own", "via", "to"):
            for figure in ("p50_us", "p99_us", "max_us"):
                self.bench.add(f"hops/{place}-{figure}", "us", told[place][figure])
        self.bench.add("hops/incidents", "", told["watched"])
