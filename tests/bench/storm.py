"""Everybody comes back at once after the broker was killed (storm)."""

import itertools
import json
import subprocess
import time

from servers import BEAT_S, Failed, Musterd, free_low_port, spawn

PER_PROCESS = 100  # their sockets are all looked at whenever one has news
AWAY_S = 5  # the broker is away so long, that back-off has grown


class Crowd:
    """bench-load-storm, as many as are needed."""

    def __init__(self, bench, broker, n, per_process):
        self.processes = []
        for first in range(0, n, per_process):
            self.processes.append(spawn(
                [bench.bin / "bench-load-storm", *broker.load_arguments(), "--first", first, "--clients",
                 min(per_process, n - first)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))

    def do(self, *words):
        for process in self.processes:
            process.stdin.write(" ".join(str(word) for word in words) + "\n")
            process.stdin.flush()
        return [self.answer(process) for process in self.processes]

    @staticmethod
    def answer(process):
        line = process.stdout.readline()
        if not line:
            raise Failed(f"bench-load-storm: {process.communicate(timeout=60)[1].strip()}")
        return json.loads(line)

    def end(self):
        for process in self.processes:
            process.kill()
            process.communicate()


class Storm:
    def __init__(self, bench):
        self.bench = bench
        self.n = 40 if bench.quick else 5000 if bench.long else 1000
        self.per_process = 20 if bench.quick else PER_PROCESS
        self.away_s = 0.3 if bench.quick else AWAY_S

    def add(self, name, unit, value):
        self.bench.add(f"storm/{name}-{self.n}", unit, value)

    def run(self):
        bench = self.bench
        for turn in range(bench.runs):
            bench.progress.say(f"run {turn + 1} of {bench.runs}: {self.n:,} agents come back at once")
            broker = Musterd(bench.new_folder(), bench.bin, 1, self.n)
            try:
                self.once(broker)
            finally:
                broker.kill()
                broker.remove()

    def once(self, broker):
        broker.configure(port=free_low_port(), beat=f"{BEAT_S}s")
        broker.start()
        began = time.monotonic()
        crowd = Crowd(self.bench, broker, self.n, self.per_process)
        try:
            self.add("first", "s", max(said["last_s"] for said in crowd.do("up", 0)) - began)
            crowd.do("gone")
            broker.kill()
            time.sleep(self.away_s)
            began = time.monotonic()
            service = broker.start()
            crowd.do("there")
            back = crowd.do("up", 1)
            self.add("service", "s", service)
            self.add("back", "s", max(said["last_s"] for said in back) - began)
            self.add("cpu", "s", broker.cpu_s())
            self.add("attempts-median", "", max(said["attempts_median"] for said in back))
            self.add("attempts-max", "", max(said["attempts_max"] for said in back))
            looks = itertools.zip_longest(*(said["by_100_ms"] for said in back), fillvalue=0)
            self.add("busiest", "%", 100 * max((sum(look) for look in looks), default=0) / self.n)
            self.add("byes", "", sum(said["byes"] for said in back))
        finally:
            crowd.end()
