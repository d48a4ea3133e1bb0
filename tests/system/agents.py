"""A county as `muster keys init` makes it, its programs as processes; an agency's system beyond a bridge.

Everything is killed at the end; every wait has a deadline.
"""
import contextlib
import json
import os
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

from harness import BIN, SOURCE, processes, skip, start

REGION = "370102"
ROSTER = os.path.join(SOURCE, "agents", "ctl", "rosters", "county.yaml")
CENTRE = "emergency-management/centre"
RESCUE = "emergency-management/rescue-team"
FIRE = "fire-rescue/station-1"
POLICE = "public-security/command"
HEALTH = "health/emergency-centre"
WAIT_S = 20
POLL_S = 0.02

for program in ("musterd", "muster", "muster-agent"):
    if not os.access(os.path.join(BIN, program), os.X_OK):
        skip(f"{program} is not built in {BIN}")


def until(condition, what, seconds=WAIT_S):
    """What condition() gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(POLL_S)


class Program:
    """A process whose lines on standard output and error are gathered as they come."""

    def __init__(self, name, *arguments, cwd=None, env=None, stdin=subprocess.DEVNULL, before=()):
        self.name = name
        path = os.path.join(BIN, name) if os.sep not in name else name
        self.process = start([*before, path, *arguments], cwd=cwd, env=env, stdin=stdin,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.changed = threading.Condition()
        self.out, self.err, self.open = [], [], 2
        for stream, lines in ((self.process.stdout, self.out), (self.process.stderr, self.err)):
            threading.Thread(target=self.gather, args=(stream, lines), daemon=True).start()

    def gather(self, stream, lines):
        for line in stream:
            with self.changed:
                lines.append(line.decode(errors="replace").rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.open -= 1
            self.changed.notify_all()

    def wait(self, condition, what, seconds=WAIT_S):
        """What condition() gives as soon as it is true; looked at when a line comes."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while True:
                found = condition()
                if found:
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or self.open == 0:
                    raise AssertionError(f"{self.name}: waited for {what}; "
                                         f"it said {self.out[-5:]} {self.err[-5:]}")
                self.changed.wait(min(left, 1))

    def wait_line(self, words, lines=None, seconds=WAIT_S):
        lines = self.out if lines is None else lines
        return self.wait(lambda: next((line for line in lines if words in line), None), f'"{words}"', seconds)

    def alive(self):
        return self.process.poll() is None

    def ended(self, seconds=WAIT_S):
        """The exit code, when all it said has been gathered."""
        code = self.process.wait(seconds)
        with self.changed:
            if not self.changed.wait_for(lambda: self.open == 0, seconds):
                raise AssertionError(f"{self.name}: its output does not end")
        processes.discard(self.process)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):  # what it no longer read
                    stream.close()
        return code

    def kill(self):
        self.process.kill()
        return self.ended()

    def stop(self, seconds=WAIT_S):
        self.process.terminate()
        return self.ended(seconds)


class Bridge(Program):
    """muster-agent with `bridge: true`; on its other side is this, an agency's system in another language."""

    def __init__(self, *arguments, **options):
        self.messages = []
        self.reads = threading.Event()
        self.reads.set()
        super().__init__("muster-agent", *arguments, stdin=subprocess.PIPE, **options)

    def gather(self, stream, lines):
        if stream is not self.process.stdout:
            super().gather(stream, lines)
            return
        while True:
            self.reads.wait()
            line = stream.readline()
            if not line:
                break
            with self.changed:
                lines.append(line.decode(errors="replace").rstrip("\n"))
                if line.endswith(b"\n"):  # kill -9 may cut the last
                    self.messages.append(json.loads(line))
                    self.taken(self.messages[-1])
                self.changed.notify_all()
        with self.changed:
            self.open -= 1
            self.changed.notify_all()

    def taken(self, message):
        """For those who act on each."""

    def stop_reading(self):
        """After the next line at most. Goes on when the process is killed."""
        self.reads.clear()

    def kill(self):
        self.process.kill()
        self.reads.set()
        return super().kill()

    def write(self, data):
        """False when nobody reads any more."""
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except (BrokenPipeError, ValueError):
            return False
        return True

    def say(self, **message):
        return self.write(json.dumps(message).encode() + b"\n")

    def close(self):
        self.process.stdin.close()

    def all(self, kind, **fields):
        return [message for message in self.messages
                if message["type"] == kind
                and all(message.get(key) == value for key, value in fields.items())]

    def one(self, kind, seconds=WAIT_S, **fields):
        return self.wait(lambda: next(iter(self.all(kind, **fields)), None), f"{kind} {fields}", seconds)


class County:
    """Keys, configuration and processes of one county in a folder of its own."""

    def __init__(self, beat="500 ms", code=REGION, name="历下区", listen="tcp://127.0.0.1:0"):
        self.code = code
        self.listen = listen
        self.folder = tempfile.mkdtemp(prefix="muster-test-")
        self.home = os.path.join(self.folder, "county")
        self.log = self.path("log")
        self.broker = None
        self.programs = []
        self.prefix = []  # before the broker's command
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG"))}
        self.environment = dict(environment, LC_ALL="C.UTF-8", MUSTER_CONFIG=self.path("centre.yaml"))
        self.muster("keys", "init", self.home, "--region", code, "--name", name, "--roster", ROSTER)
        self.change("musterd.yaml", "listen:", f"listen: {listen}\nendpoint_file: endpoint\n"
                    f"beat: {beat}\nvolatile_ok: true")
        self.change("centre.yaml", "broker:", "broker_file: endpoint")
        for agent in (CENTRE, RESCUE, FIRE, POLICE, HEALTH):
            self.change(self.config(agent), "broker:", "broker_file: ../endpoint")

    def path(self, *names):
        return os.path.join(self.home, *names)

    @staticmethod
    def config(agent):
        return f"agents/{agent.replace('/', '.')}.yaml"

    def change(self, name, begin, line):
        """The line that begins so, by another; "" takes it away."""
        with open(self.path(name), encoding="utf-8") as file:
            lines = file.read().splitlines()
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.writelines((line if old.startswith(begin) else old) + "\n" for old in lines)

    def add(self, name, text):
        with open(self.path(name), "a", encoding="utf-8") as file:
            file.write(text + "\n")

    def start_broker(self, *options):
        endpoint = self.path("endpoint")
        if os.path.exists(endpoint):
            os.unlink(endpoint)
        with open(self.path("musterd.err"), "ab") as err:
            self.broker = start([*self.prefix, os.path.join(BIN, "musterd"), "--config", "musterd.yaml",
                                 *options], cwd=self.home, stdin=subprocess.DEVNULL, stdout=err, stderr=err)
        until(lambda: os.path.exists(endpoint) or self.broker.poll() is not None,
              "the broker to be in service")
        if self.broker.poll() is not None:
            with open(self.path("musterd.err"), encoding="utf-8") as err:
                raise AssertionError(f"musterd ended with {self.broker.returncode}: {err.read()}")

    def kill_broker(self):
        self.broker.kill()
        self.broker.wait(WAIT_S)
        processes.discard(self.broker)

    def stop_broker(self):
        self.broker.terminate()
        code = self.broker.wait(WAIT_S)
        processes.discard(self.broker)
        return code

    def run(self, kind, *arguments, **options):
        program = kind(*arguments, cwd=self.home, env=self.environment, **options)
        self.programs.append(program)
        return program

    def agent(self, agent, *options):
        return self.run(Program, "muster-agent", "--config", self.config(agent), *options)

    def bridge(self, agent):
        return self.run(Bridge, "--config", self.config(agent))

    def call(self, *words, seconds=60):
        """The command line as somebody types it; ends in time or is killed."""
        return subprocess.run([os.path.join(BIN, "muster"), *words], env=self.environment, cwd=self.folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds,
                              check=False)

    def muster(self, *words):
        done = self.call(*words)
        if done.returncode != 0:
            raise AssertionError(f"muster {shlex.join(words)}: {done.returncode}: {done.stderr}")
        return done.stdout

    def json(self, *words):
        return [json.loads(line) for line in self.muster(*words, "--json").splitlines()]

    def report(self, *words):
        return self.json("incident", "report", "--kind", "medical", "--place", "市场", "--title", "t",
                         *words)[0]["incident"]

    def issue(self, to, *words, kind="dispatch", text="go"):
        address = to if to[0].isdigit() else f"{self.code}/{to}"
        return self.json("order", "issue", "--to", address, "--kind", kind, "--text", text,
                         *words)[0]["order"]

    def order(self, order):
        return self.json("order", "show", order)[0]

    def wait_rung(self, order, *rungs):
        return until(lambda: (shown := self.order(order))["rung"] in rungs and shown,
                     f"{order} to be {rungs}")

    def events(self):
        """Every event of the log, with its record's seq, in order."""
        return [json.loads(line) for line in self.muster("replay", self.log, "--mode", "all", "--format",
                                                         "jsonl").splitlines()]

    def close(self):
        for program in self.programs:
            program.kill()
        if self.broker is not None and self.broker.poll() is None:
            self.kill_broker()
        shutil.rmtree(self.folder, ignore_errors=True)


class CountyTest(unittest.TestCase):
    started = True

    def setUp(self):
        self.county = County()
        self.addCleanup(self.county.close)
        if self.started:
            self.county.start_broker()

    def assert_verified(self):
        report = self.county.json("verify", self.county.log)[0]
        self.assertEqual((report["good"], report["bad"]), (True, 0), report["findings"])
        return report
