#!/usr/bin/python3
"""./dev bench WHAT: measures with real programs and real data, several runs, the median beside the range.

  import   a dispatch system's file through the broker, durably, beside what the disk alone can do
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
RUNS = 5
WAIT_S = 30
FDATASYNC_ROUNDS = 500
RECORD_BYTES = 4096


def spread(values, unit):
    return f"{statistics.median(values):8.2f} {unit}  ({min(values):.2f} to {max(values):.2f})"


def fdatasync_us(folder):
    """Median time of appending a page and making it durable: the floor of one commit."""
    times = []
    descriptor = os.open(Path(folder) / "probe", os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        for _ in range(FDATASYNC_ROUNDS):
            began = time.perf_counter()
            os.write(descriptor, b"m" * RECORD_BYTES)
            os.fdatasync(descriptor)
            times.append((time.perf_counter() - began) * 1e6)
    finally:
        os.close(descriptor)
    return statistics.median(times)


def peak_rss_mib(pid):
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) / 1024


def wait_for(path, process):
    end = time.monotonic() + WAIT_S
    while not path.exists():
        if process.poll() is not None or time.monotonic() > end:
            raise SystemExit("bench: musterd did not come into service")
        time.sleep(0.01)


def import_once(binaries, file):
    with tempfile.TemporaryDirectory(prefix="muster-bench-", dir="/var/tmp") as folder:
        county = Path(folder) / "county"
        roster = SOURCE / "agents/ctl/rosters/county.yaml"
        subprocess.run([binaries / "muster", "keys", "init", county, "--region", "370102", "--name", "bench",
                        "--roster", roster, "--listen", "tcp://127.0.0.1:0"],
                       check=True, stdout=subprocess.DEVNULL)
        broker = subprocess.Popen([binaries / "musterd", "--config", county / "musterd.yaml"],
                                  stderr=subprocess.DEVNULL)
        try:
            wait_for(county / "endpoint", broker)
            began = time.perf_counter()
            subprocess.run([binaries / "muster", "import", "cad-csv", file, "--map",
                            SOURCE / "agents/ctl/maps/sf-fire.yaml", "--config", county / "centre.yaml"],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            seconds = time.perf_counter() - began
            rss = peak_rss_mib(broker.pid)
        finally:
            broker.terminate()
            broker.wait()
        stats = subprocess.run([binaries / "muster", "stats", county / "log", "--json"], check=True,
                               capture_output=True, text=True).stdout
        return seconds, rss, json.loads(stats), fdatasync_us(folder)


def bench_import(arguments):
    data = Path(os.environ.get("MUSTER_DATA", SOURCE.parent / "shared" / "data"))
    file = arguments.file or data / "sf-fire" / "sf-fire-calls-2020-04.csv"
    if not Path(file).is_file():
        print(f"bench: skipped: no data at {file}; name a file or set MUSTER_DATA", file=sys.stderr)
        return 0
    results = []
    for run in range(RUNS + 1):
        results.append(import_once(arguments.bin, file))
        print(f"  run {run} of {RUNS}{' (warm-up, not counted)' if run == 0 else ''}: {results[-1][0]:.2f} s",
              file=sys.stderr)
    results = results[1:]
    seconds = [result[0] for result in results]
    rss = [result[1] for result in results]
    disk = [result[3] for result in results]
    stats = results[0][2]
    print(f"import of {Path(file).name}: {stats['incidents']:,} incidents, {stats['orders']:,} orders, "
          f"signed, encrypted, durable; {RUNS} runs, median (range)\n"
          f"  whole import              {spread(seconds, 's')}      floor 5 s\n"
          f"  orders a second           {stats['orders'] / statistics.median(seconds):8.0f}\n"
          f"  broker, peak RSS          {spread(rss, 'MiB')}    floor 96 MiB\n"
          f"  the disk: append + sync   {spread(disk, 'us')}")
    return 0


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("what", nargs="?", choices=["import"], default="import")
    parser.add_argument("--file", help="another file than the San Francisco one")
    arguments = parser.parse_args()
    return bench_import(arguments)


if __name__ == "__main__":
    sys.exit(main())
