"""What ./dev bench measures. Every figure is kept with all its runs; rounds go over all systems, so that what
disturbs the machine disturbs them alike."""

import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import servers
from servers import BEAT_S, PING_S, Failed

LOAD_S = 600
PARTIES = 50
RATE = 10000
OPEN_ORDERS = 1000
GROWS_FROM = 10**6  # records
SQLITE_BATCHES = (1, 16, 256, 1024)


@dataclass(frozen=True)
class System:
    """One column of the comparison; the words say what it does before it answers."""
    key: str
    title: str
    fsyncs: str
    encrypts: str
    signs: str
    delivers: str
    make: object
    pipelined: tuple
    tls: bool = False


def peer(key, title, fsyncs, delivers, server, pipelined):
    for tls in (False, True):
        yield System(key + ("-tls" if tls else ""), title + (", TLS" if tls else ""), fsyncs,
                     "TLS" if tls else "no", "no", delivers,
                     lambda bench, folder, tls=tls: server(folder, bench.folder if tls else None),
                     pipelined, tls)


def muster(bench, folder, binaries):
    return servers.Musterd(folder, binaries, PARTIES, PARTIES, bench.bin)


MUSTER_PIPELINE = ("--clients", 4, "--window", 1024, "--batch", 64)
SYSTEMS = [
    System("muster", "Muster", "every commit", "CURVE", "every order and Ack", "until a signed Ack",
           lambda bench, folder: muster(bench, folder, bench.bin), MUSTER_PIPELINE),
    System("muster-unsigned", "Muster, signatures off in the build", "every commit", "CURVE", "no",
           "until an Ack", lambda bench, folder: muster(bench, folder, bench.unsigned), MUSTER_PIPELINE),
    *peer("nats", "NATS JetStream", "no: every 2 min", "until an ack", servers.Nats,
          ("--clients", 1, "--window", 4000)),
    *peer("redis", "Redis Streams", "always", "consumer group, XACK", servers.Redis,
          ("--clients", 50, "--window", 3200)),
    *peer("mosquitto", "Mosquitto QoS 1", "no: every 30 min", "until PUBACK", servers.Mosquitto,
          ("--clients", 1, "--window", 500)),
]
SYSTEM = {system.key: system for system in SYSTEMS}

FIFTY = ("--clients", PARTIES, "--window", PARTIES)
# What, its title, the load's arguments (None: the system's own), whom it is for.
SPEED = {
    "one": ("one in flight", ("--clients", 1, "--window", 1), None),
    "clients": ("50 clients, one in flight each", FIFTY, None),
    "clients-to-one": ("50 clients, all orders to one addressee", FIFTY + ("--addressees", 1), "muster"),
    "clients-issued": ("50 clients, issued and not delivered", FIFTY + ("--deliver", 0), "nats redis"),
    "open": ("10,000 a second, open loop", ("--rate", RATE), None),
    "pipelined": ("pipelined", None, None),
    "issued": ("pipelined, issued and not delivered", ("--deliver", 0), "nats redis"),
}
WHATS = ("one", "clients", "open", "pipelined", "limits", "log", "sessions", "absent", "flood",
         "storm", "telemetry", "rules", "deadlines", "hops", "import")


class Figure:
    """The runs of one figure."""

    def __init__(self, unit):
        self.unit, self.runs = unit, []

    def add(self, value):
        self.runs.append(value)

    def median(self):
        return statistics.median(self.runs)

    def as_json(self):
        return {"unit": self.unit, "median": self.median(), "min": min(self.runs), "max": max(self.runs),
                "runs": self.runs}


class Progress:
    """One line on a terminal, nothing elsewhere."""

    def __init__(self):
        self.began, self.terminal = time.monotonic(), sys.stderr.isatty()

    def say(self, text):
        if self.terminal:
            minutes, seconds = divmod(int(time.monotonic() - self.began), 60)
            print(f"\r\033[K{minutes:2}:{seconds:02}  {text}", end="", file=sys.stderr, flush=True)

    def end(self):
        if self.terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


class Bench:
    def __init__(self, arguments, folder):
        self.bin, self.unsigned = arguments.bin.resolve(), arguments.unsigned.resolve()
        self.folder, self.progress = folder, Progress()
        self.quick, self.long = arguments.quick, arguments.long
        self.runs = 1 if self.quick else arguments.runs
        self.milliseconds, self.warmup = (150, 50) if self.quick else (1000, 250)
        self.figures, self.notes, self.serial = {}, [], 0
        self.file = arguments.file
        self.absent = {}

    def add(self, name, unit, value):
        self.figures.setdefault(name, Figure(unit)).add(value)

    def new_folder(self):
        self.serial += 1
        return self.folder / str(self.serial)

    def load(self, program, *arguments, milliseconds=None, binaries=None):
        command = [(binaries or self.bin) / f"bench-load-{program}", "--ms",
                   milliseconds or self.milliseconds, "--warmup", self.warmup, *arguments]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                              timeout=LOAD_S, check=False)
        if done.returncode != 0:
            raise Failed(f"{' '.join(str(word) for word in command)}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    # --- side by side ---

    def systems(self):
        for system in SYSTEMS:
            reason = missing(self, system)
            if reason:
                self.absent[system.key] = reason
            else:
                yield system

    def speed(self, whats):
        systems = list(self.systems())
        for turn in range(self.runs):
            for system in systems[turn % len(systems):] + systems[:turn % len(systems)]:
                server = system.make(self, self.new_folder())
                try:
                    server.start()
                    for what, (title, arguments, whom) in SPEED.items():
                        if what.split("-")[0].replace("issued", "pipelined") in whats and \
                                (not whom or system.key.split("-")[0] in whom.split()):
                            self.progress.say(f"run {turn + 1} of {self.runs}: {system.title}: {title}")
                            self.speed_once(server, system, what, arguments)
                finally:
                    server.kill()
                    shutil.rmtree(server.folder, ignore_errors=True)

    def speed_once(self, server, system, what, arguments):
        arguments = arguments or ()
        if what in ("pipelined", "issued"):
            arguments = system.pipelined + arguments
        if what == "open":
            arguments += ("--clients", 1, "--batch", 64, "--addressees", 10) if server.load == "muster" \
                else ("--clients", 10)
        binaries = self.unsigned if system.key == "muster-unsigned" else self.bin
        bus, own = server.cpu_s(), load_cpu_s()
        result = self.load(server.load, *server.load_arguments(), *arguments, binaries=binaries)
        orders = max(result["orders"], 1)  # a moment on a busy machine may see none come through
        self.add(f"{what}/{system.key}/rate", "1/s", result["rate"])
        self.add(f"{what}/{system.key}/cpu_bus", "us", (server.cpu_s() - bus) * 1e6 / orders)
        self.add(f"{what}/{system.key}/cpu_load", "us", (load_cpu_s() - own) * 1e6 / orders)
        for share in ("p50_us", "p99_us", "p999_us"):
            self.add(f"{what}/{system.key}/{share}", "us", result[share])
        if result.get("busy"):
            self.notes.append(f"{system.title}, {what}: {result['busy']} commands were told BUSY")

    # --- limits ---

    def limits(self):
        count = 50 if self.quick else 400
        for turn in range(self.runs):
            self.progress.say(f"run {turn + 1} of {self.runs}: the disk, SQLite, ZeroMQ")
            folder = self.new_folder()
            folder.mkdir()
            for mode in ("overwrite", "append"):
                result = self.load("limits", "--mode", mode, "--folder", folder, "--count", count)
                self.add(f"limits/fdatasync-{mode}", "us", result["p50_us"])
            for batch in SQLITE_BATCHES:
                result = self.load("limits", "--mode", "sqlite", "--folder", folder / f"log-{batch}",
                                   "--batch", batch)
                self.add(f"limits/sqlite-{batch}", "1/s", result["rate"])
            shutil.rmtree(folder)
            for curve in (False, True):
                self.echo(curve)

    def echo(self, curve):
        name = "curve" if curve else "plain"
        router = servers.Router(self.new_folder(), self.bin, curve)
        try:
            router.start()
            one = self.load("limits", "--mode", "echo", *router.load_arguments())
            many = self.load("limits", "--mode", "echo", "--window", 1000, *router.load_arguments())
        finally:
            router.kill()
        self.add(f"limits/echo-{name}-one", "us", one["p50_us"])
        self.add(f"limits/echo-{name}-pipelined", "1/s", many["rate"])

    # --- a log that grows: recovery, throughput, reading ---

    def log_sizes(self):
        sizes = (2000,) if self.quick else (10**4, 10**5, 10**6)
        return sizes + ((10**7,) if self.long else ())

    def log(self):
        broker = servers.Musterd(self.new_folder(), self.bin, 4, 4)
        sizes = self.log_sizes()
        try:
            for size in sizes:
                self.fill(broker, size)
            os.sync()
            for turn in range(self.runs):
                for size in sizes:
                    self.progress.say(f"run {turn + 1} of {self.runs}: a log of {size:,} records")
                    self.grow(broker, size)
            self.close_log(broker, f"at-{sizes[-1]}")
            self.read(broker.log())
            if len(sizes) > 1:
                self.close_log(broker, f"at-{sizes[1]}")
            self.read_as_analyst(broker.log())
        finally:
            broker.kill()
            shutil.rmtree(broker.folder, ignore_errors=True)

    def fill(self, broker, size):
        """Orders with their whole life up to `size` records, then 1,000 that stay open; kill -9."""
        broker.start()
        head = 0
        while head < size:
            self.progress.say(f"filling the log: {head:,} of {size:,} records")
            result = self.load("muster", *broker.load_arguments(), "--mode", "completed", "--clients", 4,
                               "--window", 768, "--batch", 64, "--count",
                               max(500, min(50000, (size - head) * 2 // 5)))
            head = result["head"]
        self.load("muster", *broker.load_arguments(), "--count", OPEN_ORDERS, "--clients", 4, "--window", 256,
                  "--batch", 64)
        broker.kill()
        broker.keep_log(f"at-{size}")

    def grow(self, broker, size):
        """A burst is some 30,000 records: a small log begins each from a copy, a large one grows a little."""
        grows = size >= GROWS_FROM
        (broker.take_log if grows else broker.take_copy)(f"at-{size}")
        self.add(f"log/recovery-{size}", "s", broker.start())
        result = self.load("muster", *broker.load_arguments(), "--mode", "completed", "--clients", 4,
                           "--window", 768, "--batch", 64)
        self.add(f"log/throughput-{size}", "1/s", result["rate"])
        broker.kill()
        if grows:
            broker.give_back_log(f"at-{size}")

    def close_log(self, broker, name):
        """As an analyst gets it: closed. From a log that a crash left, readers make a copy first."""
        broker.take_log(name)
        broker.start()
        broker.stop()

    def read(self, log):
        records = 0
        for turn in range(self.runs):
            for mode in ("scan", "fold"):
                self.progress.say(f"run {turn + 1} of {self.runs}: {mode} of {records:,} records")
                result = self.load("fold", "--folder", log, "--mode", mode)
                records = result["records"]
                self.add(f"log/{mode}", "1/s", result["rate"])

    def read_as_analyst(self, log):
        """The analyst's programs as they are called, on a log that they are done with in seconds."""
        records = self.load("fold", "--folder", log, "--mode", "scan")["records"]
        for turn in range(self.runs):
            for command in ("verify", "stats", "replay"):
                self.progress.say(f"run {turn + 1} of {self.runs}: muster {command} of {records:,} records")
                began = time.perf_counter()
                subprocess.run([self.bin / "muster", command, log], check=True, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, timeout=LOAD_S)
                self.add(f"log/muster-{command}", "1/s", records / (time.perf_counter() - began))

    # --- sessions ---

    def sessions(self):
        n = 20 if self.quick else 5000 if self.long else 1000
        for turn in range(self.runs):
            self.progress.say(f"run {turn + 1} of {self.runs}: {n:,} idle agents")
            broker = servers.Musterd(self.new_folder(), self.bin, 1, n)
            broker.configure(beat=f"{BEAT_S}s")
            router = servers.Router(self.new_folder(), self.bin, True)
            try:
                broker.start()
                own = self.idle(broker, n, "muster", watch_cpu=True)
                router.start()
                bare = self.idle(router, n, "limits")
            finally:
                broker.kill()
                router.kill()
                shutil.rmtree(broker.folder, ignore_errors=True)
            self.add(f"sessions/muster-{n}", "KiB", own)
            self.add(f"sessions/router-{n}", "KiB", bare)
            self.add(f"sessions/beyond-{n}", "KiB", own - bare)

    def idle(self, server, n, program, watch_cpu=False):
        """RSS of a session, from n of them; how much of a core they cost while nothing happens."""
        before = server.status_kib("VmRSS")
        clients = servers.spawn([self.bin / f"bench-load-{program}", "--mode", "idle", "--clients", n,
                                 *server.load_arguments()],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            if clients.stdout.readline().strip() != "ready":
                raise Failed(f"{n} idle sessions could not be had")
            if watch_cpu:
                seconds = 1 if self.quick else PING_S if self.long else BEAT_S
                cpu = server.cpu_s()
                time.sleep(seconds)
                self.add(f"sessions/cpu-{n}", "%", (server.cpu_s() - cpu) / seconds * 100)
            return (server.status_kib("VmRSS") - before) / n
        finally:
            clients.kill()
            clients.wait()
            clients.stdin.close()
            clients.stdout.close()

    # --- a dispatch system's file ---

    def import_(self):
        source = Path(__file__).resolve().parents[2]
        data = Path(os.environ.get("MUSTER_DATA", source.parent / "shared" / "data"))
        file = Path(self.file or data / "sf-fire" / "sf-fire-calls-2020-04.csv")
        if not file.is_file():
            self.absent["import"] = f"no data at {file}; name a file with --file or set MUSTER_DATA"
            return
        for turn in range(self.runs):
            self.progress.say(f"run {turn + 1} of {self.runs}: import of {file.name}")
            self.import_once(source, file)

    def import_once(self, source, file):
        folder = self.new_folder()
        county = folder / "county"
        folder.mkdir()
        subprocess.run([self.bin / "muster", "keys", "init", county, "--region", "370102", "--name", "bench",
                        "--roster", source / "agents/ctl/rosters/county.yaml", "--listen",
                        "tcp://127.0.0.1:0"], check=True, stdout=subprocess.DEVNULL)
        broker = servers.Server(folder)
        try:
            broker.run([self.bin / "musterd", "--config", county / "musterd.yaml"])
            broker.wait((county / "endpoint").exists, "musterd")
            began = time.perf_counter()
            subprocess.run([self.bin / "muster", "import", "cad-csv", file, "--map",
                            source / "agents/ctl/maps/sf-fire.yaml", "--config", county / "centre.yaml"],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            seconds = time.perf_counter() - began
            self.add("import/seconds", "s", seconds)
            self.add("import/rss", "MiB", broker.status_kib("VmHWM") / 1024)
        finally:
            broker.kill()
        stats = subprocess.run([self.bin / "muster", "stats", county / "log", "--json"], check=True,
                               capture_output=True, text=True).stdout
        self.add("import/orders", "1/s", json.loads(stats)["orders"] / seconds)
        shutil.rmtree(folder)


def load_cpu_s():
    """Of all load programs that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def missing(bench, system):
    """Why a system cannot be measured here, or nothing."""
    binaries = bench.unsigned if system.key == "muster-unsigned" else bench.bin
    name = system.key.split("-", maxsplit=1)[0]
    server = {"nats": servers.Nats, "redis": servers.Redis, "mosquitto": servers.Mosquitto}.get(name)
    if server and not os.access(server.program, os.X_OK):
        return f"{server.program} is not installed (docker/packages-bench.txt)"
    for program in [f"bench-load-{name}"] + ([] if server else ["musterd"]):
        if not os.access(binaries / program, os.X_OK):
            return f"{binaries / program} is not built"
    return None


def file_system(folder):
    """Type of the file system that holds the folder."""
    kind, longest = "?", -1
    for line in Path("/proc/mounts").read_text(encoding="utf-8").split("\n"):
        fields = line.split()
        if len(fields) > 2 and len(fields[1]) > longest and \
                re.match(re.escape(fields[1].rstrip("/")) + "(/|$)", str(folder)):
            kind, longest = fields[2], len(fields[1])
    return kind
