#!/usr/bin/python3
"""./dev bench [WHAT...]: real programs on a real disk, side by side; the median of several runs.

  one        one order in flight: rate and latency
  clients    50 clients with one order in flight each
  open       10,000 orders a second, whether or not those before have come: latency
  pipelined  as fast as it goes, signed in batches
  limits     what the parts can do: fdatasync, SQLite, ZeroMQ
  log        recovery after kill -9, throughput as the log grows, reading and folding it
  sessions   memory and idle cost of an agent
  absent     100,000 orders gather for an agent that is away: memory, others' latency, catching up
  flood      one agency's latency while another says as much as it can
  telemetry  one agency's positions to 50 subscribers: samples a second, their age
  storm      1,000 agents come back at once after kill -9 of the broker
  rules      200 rules asked about an incident, on one core
  deadlines  1,000,000 pending deadlines: how late they fire while 10,000 orders a second pass
  hops       an order nobody answers in a county: how late the province has it, by way of the city
  import     a dispatch system's file through the broker

Without WHAT: all of them. Writes build/bench/results.json, results.md and *.svg."""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import escalation
import measures
import plots
import report
import servers
import storm
import telemetry
import under_load

SOURCE = Path(__file__).resolve().parents[2]
RUNS = 5


def version(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return (done.stdout + done.stderr).strip().split("\n")[0]
    except OSError:
        return "not installed"


def package(name):
    return version(["dpkg-query", "-W", "-f", "${Version}", name])


def machine(folder):
    processors = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n")
    cpu = [line.split(":")[1].strip() for line in processors if line.startswith("model name")]
    memory = Path("/proc/meminfo").read_text(encoding="ascii").split("\n", maxsplit=1)[0].split()[1]
    return {"cpu": cpu[0] if cpu else platform.machine(), "cores": os.cpu_count(),
            "memory_gib": round(int(memory) / 2**20), "kernel": platform.release(),
            "folder": str(folder), "file_system": measures.file_system(folder),
            "load_before": os.getloadavg()[0],
            "commit": version(["git", "-C", SOURCE, "describe", "--always", "--dirty"]),
            "packages": {name: package(name) for name in (
                "libzmq5", "libsqlite3-0", "libsodium23", "libuv1", "libprotobuf-c1", "nats-server",
                "redis-server", "mosquitto", "libnats3.4", "libhiredis0.14", "libmosquitto1")}}


def raise_descriptors():
    """Thousands of agents in one program: what a shell leaves as a soft limit is too little."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def choose_folder():
    """On a disk that keeps what it is given: memory would make fsync free."""
    for parent in (SOURCE / "build" / "bench", Path("/var/tmp")):
        parent.mkdir(parents=True, exist_ok=True)
        if measures.file_system(parent) not in ("tmpfs", "ramfs", "overlay"):
            return parent
    for parent in (SOURCE / "build" / "bench", Path("/var/tmp")):
        if measures.file_system(parent) == "overlay":
            return parent
    sys.exit("bench: build/bench and /var/tmp are in memory: no disk to measure")


def measure(bench, whats):
    speed = [what for what in whats if what in measures.SPEED]
    if speed:
        servers.make_certificate(bench.folder)
        bench.speed(speed)
    if "telemetry" in whats:
        if not speed:
            servers.make_certificate(bench.folder)
        telemetry.Telemetry(bench).run([s for s in bench.systems() if s.key in telemetry.TITLES])
    for what, function in (("limits", bench.limits), ("log", bench.log), ("sessions", bench.sessions),
                           ("absent", lambda: under_load.Absent(bench).run()),
                           ("flood", lambda: under_load.Flood(bench).run()),
                           ("storm", lambda: storm.Storm(bench).run()),
                           ("rules", lambda: escalation.Rules(bench).run()),
                           ("deadlines", lambda: escalation.Deadlines(bench).run()),
                           ("hops", lambda: escalation.Hops(bench).run()), ("import", bench.import_)):
        if what in whats:
            function()


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--unsigned", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=SOURCE / "build" / "bench", help=argparse.SUPPRESS)
    parser.add_argument("what", nargs="*", metavar="WHAT", help="what to measure (everything)")
    parser.add_argument("--quick", action="store_true", help="a smoke run: the figures mean nothing")
    parser.add_argument("--long", action="store_true", help="logs of up to 10 million records, 5,000 agents, "
                        "1,000,000 orders for one that is away")
    parser.add_argument("--json", action="store_true", help="print results.json, not the page")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"runs of each figure ({RUNS})")
    parser.add_argument("--file", help="import: another file than the San Francisco one")
    arguments = parser.parse_args()
    whats = arguments.what or list(measures.WHATS)
    for what in whats:
        if what not in measures.WHATS:
            parser.error(f"{what} is not one of: {', '.join(measures.WHATS)}")
    raise_descriptors()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="run-", dir=choose_folder()) as folder:
        bench = measures.Bench(arguments, Path(folder))
        facts = machine(bench.folder)
        failed = None
        try:
            measure(bench, whats)
        except (servers.Failed, subprocess.SubprocessError, KeyboardInterrupt) as failure:
            failed = str(failure) or "interrupted"
            bench.notes.append(f"ended before the end: {failed}")
        bench.progress.end()
    facts["load_after"] = os.getloadavg()[0]
    facts["seconds"] = round(time.monotonic() - began)
    results = {"machine": facts, "runs": bench.runs, "quick": bench.quick, "absent": bench.absent,
               "notes": bench.notes,
               "figures": {name: figure.as_json() for name, figure in bench.figures.items()}}
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    text = report.markdown(results)
    (arguments.out / "results.md").write_text(text, encoding="utf-8")
    plots.write(results, arguments.out)
    print(json.dumps(results, indent=1) if arguments.json else text, end="")
    if failed:
        print(f"bench: {failed}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
