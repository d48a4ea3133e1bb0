"""A region in a folder of its own: keys, configuration, its broker and its agencies as processes."""
import json
import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
WAIT_S = 20  # for any one thing that must happen
POLL_S = 0.05
HEARTBEAT = 0.5  # s, of every broker


class Failure(Exception):
    pass


class Region:
    def __init__(self, code, name, folder, binaries, screen, agencies, depth=2, colour="0"):
        """agencies: the profile's path by the agent's name; depth: 0 a province, 1 a city, 2 a county."""
        self.code = code
        self.name = name
        self.folder = folder
        self.home = folder / code
        self.log = str(self.home / "log")
        self.bin = binaries
        self.screen = screen
        self.agencies = agencies
        self.depth = depth
        self.colour = colour
        self.processes = []
        self.broker = None
        self.environment = dict(os.environ, MUSTER_CONFIG=str(self.home / "centre.yaml"))

    def setup(self):
        self.muster(["keys", "init", str(self.home), "--region", self.code, "--name", self.name,
                     "--roster", str(SOURCE / "agents/ctl/rosters/county.yaml")], show=False)
        replace(self.home / "musterd.yaml", "listen:",
                "listen: tcp://127.0.0.1:0\nendpoint_file: endpoint\n"
                f"beat: {HEARTBEAT * 1000:.0f} ms\nvolatile_ok: true")
        replace(self.home / "centre.yaml", "broker:", "broker_file: endpoint")
        for agent, profile in self.agencies.items():
            config = self.home / "agents" / (agent.replace("/", ".") + ".yaml")
            replace(config, "broker:", "broker_file: ../endpoint")
            with open(config, "a", encoding="utf-8") as file:
                file.write(f"profile: {profile}\n")

    def start(self, name, arguments):
        with open(self.folder / f"{self.code}.{name}.log", "ab") as log:
            process = subprocess.Popen([self.bin / arguments[0], *arguments[1:]], cwd=self.home,
                                       stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment)
        self.processes.append(process)
        return process

    def start_broker(self):
        endpoint = self.home / "endpoint"
        endpoint.unlink(missing_ok=True)
        self.broker = self.start("musterd", ["musterd", "--config", "musterd.yaml"])
        until(f"the broker of {self.name} to be in service", endpoint.exists, self.broker)

    def stop_broker(self, number=signal.SIGTERM):
        self.broker.send_signal(number)
        self.broker.wait(WAIT_S)

    def endpoint(self):
        return (self.home / "endpoint").read_text(encoding="utf-8").strip()

    def start_agencies(self):
        for agent in self.agencies:
            name = agent.replace("/", ".")
            self.start(name, ["muster-agent", "--config", f"agents/{name}.yaml"])

    def wait_agencies(self):
        def all_stated():
            members = self.lines(["agent", "list", "--json"])
            return sum(bool(member.get("units")) for member in members) == len(self.agencies)
        until(f"the agencies of {self.name} to say what units they have", all_stated)

    def muster(self, words, show=True, check=True):
        if show:
            self.screen.command(words)
        done = subprocess.run([self.bin / "muster", *words], env=self.environment, capture_output=True,
                              text=True, timeout=WAIT_S * 3)
        if check and done.returncode != 0:
            raise Failure(f"{self.name}: muster {shlex.join(words)}: exit {done.returncode}: "
                          f"{done.stderr.strip()}")
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
        time.sleep(POLL_S)


def ids(text):
    return [word for line in text.splitlines() for word in line.split()[:1] if len(word) == 26]


def when(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
