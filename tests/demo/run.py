#!/usr/bin/python3
"""The main job, shown: a broker, four agencies and a command centre play one accident, then six regions a dam
break; or one imports a real dispatch file. Everything lives in a temporary folder and ends with the script,
unless --keep is given."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from accident import Accident
from dam_break import DamBreak
from region import SOURCE, Failure, Region
from screen import Screen

PROFILES = SOURCE / "agents/agency/profiles"
MAP = SOURCE / "agents/ctl/maps/sf-fire.yaml"
BAD_ROWS = 65  # the import's exit code when it left rows out

AGENCIES = {
    "emergency-management/rescue-team": PROFILES / "emergency-management.yaml",
    "fire-rescue/station-1": PROFILES / "fire-rescue.yaml",
    "public-security/command": PROFILES / "public-security.yaml",
    "health/emergency-centre": PROFILES / "health.yaml",
}


def follow(county, screen):
    """Shows each event as it happens; what it gives ends that."""
    watch = subprocess.Popen([county.bin / "muster", "watch"], env=county.environment,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    county.processes.append(watch)

    def relay():
        for line in watch.stdout:
            screen.line("    " + line.rstrip())

    thread = threading.Thread(target=relay, daemon=True)
    thread.start()

    def end():
        watch.terminate()
        thread.join()

    return end


def analyse(county, screen):
    log = county.log
    for words in (["replay", log], ["verify", log], ["stats", log]):
        screen.step(f"muster {words[0]}: what the log says")
        screen.line(county.muster(words).rstrip())


def import_file(county, screen, path, columns):
    """The import's exit code: 0, or 65 when some of the rows are bad and the rest is in."""
    screen.step(f"Importing {path} as history")
    done = subprocess.run([county.bin / "muster", "import", "cad-csv", path, "--map", columns],
                          env=county.environment, check=False)
    if done.returncode not in (0, BAD_ROWS):
        raise Failure(f"muster import: exit {done.returncode}")
    log = county.log
    for words in (["verify", log], ["stats", log]):
        screen.step(f"muster {words[0]}: what the log says")
        screen.line(county.muster(words).rstrip())
    return done.returncode


def keep(county, regions, screen):
    """regions: those that were set up beside the county."""
    screen.step("Left running. Try, in another terminal:")
    screen.line(f"  export PATH={county.bin}:$PATH MUSTER_CONFIG={county.environment['MUSTER_CONFIG']}\n"
                "  muster watch\n"
                "  muster incident report --kind fire --place 'somewhere' --title 'a fire'\n"
                "  muster agent list")
    for region in regions:
        config = region.environment["MUSTER_CONFIG"]
        screen.line(f"  MUSTER_CONFIG={config} muster incident list --all    # {region.name}")
    screen.line("Ctrl-C ends it and removes the folder.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        pass


def main():
    parser = argparse.ArgumentParser(prog="./dev run", description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--import", dest="file", metavar="FILE", help="a dispatch system's CSV file instead")
    parser.add_argument("--map", metavar="MAP",
                        help="what its columns mean (default: the map of San Francisco's)")
    parser.add_argument("--keep", action="store_true", help="leave it running to play with")
    arguments = parser.parse_args()
    if arguments.file and not Path(arguments.file).is_file():
        print(f"./dev run: {arguments.file}: no such file; name a CSV of dispatch records", file=sys.stderr)
        return 66
    if arguments.map and not arguments.file:
        parser.error("--map is for --import")
    if arguments.map and not Path(arguments.map).is_file():
        print(f"./dev run: {arguments.map}: no such file; name a map of columns (YAML)", file=sys.stderr)
        return 66
    if not (arguments.bin / "musterd").is_file():
        print(f"./dev run: no programs in {arguments.bin}; ./dev build makes them", file=sys.stderr)
        return 66
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    screen = Screen()
    code = 0
    with tempfile.TemporaryDirectory(prefix="muster-") as folder:
        county = Region("370102", "历下区", Path(folder), arguments.bin.resolve(), screen, AGENCIES)
        dam_break = DamBreak(county, screen)
        try:
            screen.step(f"A county with fresh keys, in {folder}")
            county.setup()
            county.start_broker()
            county.start_agencies()
            county.wait_agencies()
            if arguments.file:
                code = import_file(county, screen, str(Path(arguments.file).resolve()),
                                   str(Path(arguments.map or MAP).resolve()))
            else:
                end = follow(county, screen)
                Accident(county, screen).play()
                end()
                analyse(county, screen)
                dam_break.play()
                dam_break.verify()
            if arguments.keep:
                keep(county, dam_break.others(), screen)
            screen.step("Done.")
        except Failure as failure:
            print(f"./dev run: {failure}", file=sys.stderr)
            for log in sorted(Path(folder).glob("*.log")):
                tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
                print(f"--- {log.name}\n" + "\n".join(tail), file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 130
        finally:
            dam_break.stop()
    return code


if __name__ == "__main__":
    sys.exit(main())
