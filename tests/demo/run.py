#!/usr/bin/python3
"""The main job, shown: a broker, four agencies and a command centre play one accident, or import a real
dispatch file. Everything lives in a temporary folder and ends with the script, unless --keep is given."""

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
REGION = "370102"
WAIT_S = 20  # for any one thing that must happen
MAP = SOURCE / "agents/ctl/maps/sf-fire.yaml"
BAD_ROWS = 65  # the import's exit code when it left rows out

AGENCIES = {
    "emergency-management/rescue-team": "emergency-management",
    "fire-rescue/station-1": "fire-rescue",
    "public-security/command": "public-security",
    "health/emergency-centre": "health",
}


class Failure(Exception):
    pass


class Screen:
    """What the script says and what the bus does, one line at a time."""

    def __init__(self):
        self.lock = threading.Lock()
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.began = time.monotonic()

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def line(self, text=""):
        with self.lock:
            print(text, flush=True)

    def step(self, text):
        at = time.monotonic() - self.began
        self.line(self.paint("1;36", f"\n[{at:5.1f} s] {text}"))

    def command(self, words):
        self.line(self.paint("2", "  $ muster " + shlex.join(words)))


class County:
    """Keys, configuration and processes of one county in a temporary folder."""

    def __init__(self, folder, binaries, screen):
        self.folder = folder
        self.bin = binaries
        self.screen = screen
        self.processes = []
        self.broker = None
        self.environment = dict(os.environ, MUSTER_CONFIG=str(folder / "county" / "centre.yaml"))

    def setup(self):
        self.muster(["keys", "init", str(self.folder / "county"), "--region", REGION, "--name", "历下区",
                     "--roster", str(SOURCE / "agents/ctl/rosters/county.yaml")], show=False)
        county = self.folder / "county"
        replace(county / "musterd.yaml", "listen:",
                "listen: tcp://127.0.0.1:0\nendpoint_file: endpoint\nbeat: 500 ms\nvolatile_ok: true")
        replace(county / "centre.yaml", "broker:", "broker_file: endpoint")
        for agent, profile in AGENCIES.items():
            config = county / "agents" / (agent.replace("/", ".") + ".yaml")
            replace(config, "broker:", "broker_file: ../endpoint")
            with open(config, "a", encoding="utf-8") as file:
                file.write(f"profile: {SOURCE}/agents/agency/profiles/{profile}.yaml\n")

    def start(self, name, arguments):
        log = open(self.folder / f"{name}.log", "ab")
        process = subprocess.Popen([self.bin / arguments[0], *arguments[1:]], cwd=self.folder / "county",
                                   stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment)
        log.close()
        self.processes.append(process)
        return process

    def start_broker(self):
        endpoint = self.folder / "county" / "endpoint"
        endpoint.unlink(missing_ok=True)
        self.broker = self.start("musterd", ["musterd", "--config", "musterd.yaml"])
        until("the broker to be in service", endpoint.exists, self.broker)

    def start_agencies(self):
        for agent in AGENCIES:
            name = agent.replace("/", ".")
            self.start(name, ["muster-agent", "--config", f"agents/{name}.yaml"])
        def all_stated():
            members = self.lines(["agent", "list", "--json"])
            return sum(bool(member.get("units")) for member in members) == len(AGENCIES)
        until("four agencies to say what units they have", all_stated)

    def muster(self, words, show=True, check=True):
        if show:
            self.screen.command(words)
        done = subprocess.run([self.bin / "muster", *words], env=self.environment, capture_output=True,
                              text=True, timeout=WAIT_S * 3)
        if check and done.returncode != 0:
            raise Failure(f"muster {shlex.join(words)}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def lines(self, words):
        return [json.loads(line) for line in self.muster(words, show=False).splitlines() if line.strip()]

    def incident(self, incident):
        return self.lines(["incident", "show", incident, "--json"])[0]

    def stop(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def replace(path, start, line):
    """The line that begins so, by another."""
    text = path.read_text(encoding="utf-8").splitlines()
    lines = [line if old.startswith(start) else old for old in text]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def until(what, condition, process=None):
    end = time.monotonic() + WAIT_S
    while True:
        try:
            found = condition()
        except Failure:  # the broker may be away for a moment
            found = None
        if found:
            return found
        if process is not None and process.poll() is not None:
            raise Failure(f"waiting for {what}: the process ended with exit code {process.returncode}")
        if time.monotonic() > end:
            raise Failure(f"waited {WAIT_S} s for {what}")
        time.sleep(0.05)


def follow(county, screen):
    """Shows each event as it happens."""
    watch = subprocess.Popen([county.bin / "muster", "watch"], env=county.environment,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    county.processes.append(watch)

    def relay():
        for line in watch.stdout:
            screen.line("    " + line.rstrip())

    threading.Thread(target=relay, daemon=True).start()


def ids(text):
    return [word for line in text.splitlines() for word in line.split()[:1] if len(word) == 26]


class Accident:
    """A poisoning and asphyxiation accident, as a county's duty room would live it."""

    def __init__(self, county, screen):
        self.county = county
        self.screen = screen
        self.incident = ""

    def order(self, to, kind, text, reissue_of=""):
        where = ["--reissue-of", reissue_of] if reissue_of else ["--incident", self.incident]
        out = self.county.muster(["order", "issue", *where, "--to", f"{REGION}/{to}", "--kind", kind,
                                  "--text", text])
        return ids(out)[0]

    def orders(self):
        return {order["order"]: order for order in self.county.incident(self.incident)["orders"]}

    def wait(self, order, *rungs):
        return until(f"order {order[-6:]} to be {' or '.join(rungs)}",
                     lambda: self.orders().get(order, {}).get("rung") in rungs and self.orders()[order])

    def play(self):
        county, step = self.county, self.screen.step
        step("Decree 493 is in force: grades, and by when which report must have reached whom.")
        county.muster(["rules", "load", os.path.relpath(SOURCE / "common/rules/packs/decree-493.yaml")])

        step("A call: an operator has collapsed in a generator room, a colleague went in after him. "
             "Nobody has said which gas.")
        out = county.muster(["incident", "report", "--kind", "poisoning-asphyxiation",
                             "--title", "发电机房中毒窒息", "--place", "工业园区 3 号厂房 发电机房",
                             "--unit", "某机械有限公司", "--trapped", "2", "--caller", "值班电话 0531-0000",
                             "--occurred", when(-420), "--course", "巡检时一人倒地，同事进入施救后失联"])
        self.incident = ids(out)[0]
        self.screen.line("  " + out.strip().replace("\n", "\n  "))

        step("Orders to four agencies.")
        fire = self.order("fire-rescue", "dispatch", "两人被困发电机房，佩戴空呼进入搜救")
        ambulance = self.order("health", "medical", "两人疑似中毒，救护车到 3 号厂房东门")
        police = self.order("public-security", "supply", "封控厂区道路")
        team = self.order("emergency-management/rescue-team", "inspect", "现场气体检测")

        step("Public security does not take \"supply\": it declines, and the order is issued again.")
        self.wait(police, "declined")
        police = self.order("public-security", "traffic-control", "封控厂区道路", police)

        step("The broker is killed with -9, in the middle.")
        self.wait(fire, "accepted", "en-route", "on-scene")
        county.broker.send_signal(signal.SIGKILL)
        county.broker.wait()
        began = time.monotonic()
        county.start_broker()
        until("the broker to answer", lambda: county.muster(["incident", "list"], show=False))
        self.screen.line(f"  in service again after {time.monotonic() - began:.2f} s; "
                         "agents come back by themselves")

        step("The plant calls back: exhaust gas, carbon monoxide. Every open order is amended.")
        county.muster(["incident", "update", self.incident, "--substance", "carbon-monoxide",
                       "--serious", "2", "--trapped", "0", "--text", "发电机尾气，一氧化碳"])
        until("the amendment to be acknowledged",
              lambda: all(order["amendments"] == order["amendments_acknowledged"] > 0
                          for order in self.orders().values() if order["open"]))
        out = county.muster(["order", "show", fire])
        lacks = [line for line in out.splitlines() if "lack" in line]
        self.screen.line("  " + "\n  ".join(lacks))

        step("Now that somebody has counted the injured, the incident has a grade; "
             "the county tells the city by phone.")
        until("a grade", lambda: county.incident(self.incident)["grade"])
        county.muster(["incident", "send", self.incident, "--to", "city", "--medium", "phone",
                       "--signer", "王芳", "--text", "市应急局值班室 0531-0001"])

        step("The gas is known: the inspection is recalled.")
        county.muster(["order", "recall", team, "--reason", "气体已查明"])
        self.wait(team, "recalled")

        step("Crews arrive; the room is not safe: everybody out, heads are counted.")
        self.wait(fire, "on-scene")
        self.wait(ambulance, "on-scene")
        county.muster(["order", "evacuate", "--incident", self.incident, "--text", "二次爆燃风险，立即撤离"])
        for order in until("the evacuation orders", self.evacuations):
            self.wait(order, "completed")
        counted = list(self.evacuations().values())
        present = sum(order.get("present", 0) for order in counted)
        missing = sum(order.get("missing", 0) for order in counted)
        self.screen.line(f"  {len(counted)} agencies counted: {present} present, {missing} missing")

        step("The work is done.")
        for order in (fire, ambulance, police):
            self.wait(order, "completed")

        step("The final report; the incident is closed.")
        county.muster(["incident", "update", self.incident, "--final", "--serious", "2", "--dead", "0",
                       "--measures", "两人救出送医，现场通风检测合格", "--text", "处置完毕"])
        county.muster(["incident", "close", self.incident, "--reason", "处置完毕"])

    def evacuations(self):
        return {key: order for key, order in self.orders().items() if order["evacuation"]}


def when(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def analyse(county, screen):
    log = str(county.folder / "county" / "log")
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
    log = str(county.folder / "county" / "log")
    for words in (["verify", log], ["stats", log]):
        screen.step(f"muster {words[0]}: what the log says")
        screen.line(county.muster(words).rstrip())
    return done.returncode


def keep(county, screen):
    screen.step("Left running. Try, in another terminal:")
    screen.line(f"  export PATH={county.bin}:$PATH MUSTER_CONFIG={county.environment['MUSTER_CONFIG']}\n"
                "  muster watch\n"
                "  muster incident report --kind fire --place 'somewhere' --title 'a fire'\n"
                "  muster agent list\n"
                "Ctrl-C ends it and removes the folder.")
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
        county = County(Path(folder), arguments.bin.resolve(), screen)
        try:
            screen.step(f"A county with fresh keys, in {folder}")
            county.setup()
            county.start_broker()
            county.start_agencies()
            if arguments.file:
                code = import_file(county, screen, str(Path(arguments.file).resolve()),
                                   str(Path(arguments.map or MAP).resolve()))
            else:
                follow(county, screen)
                Accident(county, screen).play()
                analyse(county, screen)
            if arguments.keep:
                keep(county, screen)
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
            county.stop()
    return code


if __name__ == "__main__":
    sys.exit(main())
