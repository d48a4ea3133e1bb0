"""What the system tests share: a region in a temporary folder, its broker, and time limits on everything.

MUSTER_BIN is the folder of the programs, MUSTER_SOURCE the repository. Exit code 77 says that a test cannot
run here; the reason is printed.
"""
import atexit
import ctypes
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

SKIPPED = 77
SOURCE = os.environ.setdefault(
    "MUSTER_SOURCE", os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..")))
BIN = os.environ.get("MUSTER_BIN", os.path.join(SOURCE, "build", "release", "bin"))
MUSTERD = os.path.join(BIN, "musterd")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


if not os.access(MUSTERD, os.X_OK):
    skip(f"{MUSTERD} is not built")
if shutil.which("protoc") is None:
    skip("protoc is not installed")
try:
    import zmq.utils.z85  # noqa: F401
    import google.protobuf  # noqa: F401
    import nacl  # noqa: F401
except ImportError as missing:
    skip(f"{missing}; install docker/packages-test.txt")

from muster_client import Client, Hub  # noqa: E402
from muster_wire import Keys, pb, REFUSAL_WORDS, sign, write_public  # noqa: E402

REGION = "370102"
CENTRE = REGION + "/emergency-management/centre"
DESK = REGION + "/emergency-management/duty-desk"
STATION_3 = REGION + "/fire-rescue/station-3"
STATION_5 = REGION + "/fire-rescue/station-5"
HOSPITAL = REGION + "/health/hospital-1"
POLICE = REGION + "/public-security/precinct-2"
ADMIN = REGION + "/emergency-management/admin"
FIXED_PORTS = (15000, 30000)  # below those that a kernel gives to whoever asks for any
COMMAND_RIGHTS = ["report", "order", "recall", "evacuate", "close", "watch", "centre"]
AGENTS = {
    CENTRE: COMMAND_RIGHTS,
    DESK: COMMAND_RIGHTS,
    STATION_3: ["report", "receipt", "units"],
    STATION_5: ["report", "receipt", "units"],
    HOSPITAL: ["report", "receipt", "units"],
    POLICE: ["report", "receipt", "units"],
    ADMIN: ["admin", "watch"],
}
OPERATORS = {"zhang.wei": COMMAND_RIGHTS, "li.na": COMMAND_RIGHTS, "wang.fang": ["admin"]}


def free_port():
    """A port that stays free while its broker is down: no test beside this one is given it."""
    for port in random.sample(range(*FIXED_PORTS), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError(f"no port of 100 tried is free in {FIXED_PORTS}")


def policy():
    result = pb.Policy(clock_tolerance_ms=300000, amend_answer_ms=600000, version="test 1")
    result.kinds.add(kind="hazardous-chemical", required=["substance"], ask_within_ms=600000)
    result.substances.add(substance="carbon-monoxide", needs=["scba"])
    for kind, two in (("dispatch", False), ("evacuate", False), ("demolish", True)):
        result.order_kinds.add(kind=kind, two_persons=two)
    return result


processes = set()


def kill_all():
    for process in list(processes):
        if process.poll() is None:
            process.kill()
            process.wait()


atexit.register(kill_all)
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    libc.prctl(1, signal.SIGKILL)


def start(command, **options):
    """A process that does not outlive this one."""
    process = subprocess.Popen(command, preexec_fn=die_with_parent, **options)
    processes.add(process)
    return process


class Site:
    """A region: keys, founding and configuration in a folder of its own, and its broker.

    The founding is written here from docs/protocol.md, so that what `muster keys init` makes has an
    independent second.
    """

    def __init__(self, beat="1 s", agents=None, operators=None, folder=None, **config):
        self.folder = folder or tempfile.mkdtemp(prefix="muster-test-")
        self.code, self.process, self.prefix = REGION, None, []
        self.root, self.broker = Keys(REGION), Keys("broker")
        self.curve_public, self.root_public = self.broker.curve_public, self.root.sign_public
        self.agents = {name: Keys(name) for name in (agents or AGENTS)}
        self.operators = {name: Keys(name) for name in (operators or OPERATORS)}
        self.rights = dict(agents or AGENTS), dict(operators or OPERATORS)
        self.broker.write(self.path("broker.key"))
        write_public(self.path("region.pub"), REGION, self.root_public, self.curve_public)
        self.write_genesis()
        self.config = {"region": f'"{REGION}"', "listen": "tcp://127.0.0.1:0", "log": "log",
                       "keys": "{broker: broker.key, region: region.pub}", "genesis": "genesis.bin",
                       "beat": beat, "endpoint_file": "endpoint"}
        self.config.update(config)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def founding(self):
        yield pb.FoundRegion(region=REGION, name="test county", utc_offset_minutes=480,
                             root_key=self.root_public, broker_sign_key=self.broker.sign_public,
                             broker_curve_key=self.curve_public)
        yield pb.SetPolicy(policy=policy())
        for name, keys in self.agents.items():
            yield pb.EnrolAgent(name=name, sign_key=keys.sign_public, curve_key=keys.curve_public,
                                rights=self.rights[0][name])
        for name, keys in self.operators.items():
            yield pb.EnrolOperator(name=name, sign_key=keys.sign_public, rights=self.rights[1][name])

    def write_genesis(self):
        hub = Hub()
        author = Client(hub, self, Keys(""))
        with open(self.path("genesis.bin"), "wb") as file:
            for body in self.founding():
                command = author.command(body, counter=0, expires_at_ms=0)
                signed = sign(command.SerializeToString(), self.root).SerializeToString()
                file.write(struct.pack(">I", len(signed)) + signed)
        hub.close()

    def write_config(self):
        with open(self.path("musterd.yaml"), "w", encoding="utf-8") as file:
            for key, value in self.config.items():
                file.write(f"{key}: {value}\n")
        return self.path("musterd.yaml")

    def endpoint(self):
        try:
            with open(self.path("endpoint"), encoding="utf-8") as file:
                return file.read().strip()
        except FileNotFoundError:
            return "tcp://127.0.0.1:9"  # discard: nobody there yet

    def launch(self, *options):
        """Starts the broker and does not wait for it."""
        if os.path.exists(self.path("endpoint")):
            os.unlink(self.path("endpoint"))
        with open(self.path("musterd.err"), "ab") as err:
            self.process = start([*self.prefix, MUSTERD, "--config", self.write_config(), *options],
                                 cwd=self.folder, stdout=err, stderr=err)
        return self

    def start(self, seconds=30, options=()):
        """Starts the broker and waits until it is in service."""
        self.launch(*options)
        deadline = time.monotonic() + seconds
        while not os.path.exists(self.path("endpoint")):
            if self.process.poll() is not None:
                raise AssertionError(f"musterd ended with {self.process.returncode}: {self.errors()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"musterd is not in service within {seconds} s: {self.errors()}")
            time.sleep(0.005)
        return self

    def errors(self):
        with open(self.path("musterd.err"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait(20)
        processes.discard(self.process)

    def stop(self, seconds=20):
        """SIGTERM; the exit code."""
        self.process.terminate()
        code = self.process.wait(seconds)
        processes.discard(self.process)
        return code

    def run(self, *options, seconds=30):
        """The broker as a command that is expected to end: exit code, stdout, stderr."""
        process = start([*self.prefix, MUSTERD, "--config", self.write_config(), *options], cwd=self.folder,
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"musterd did not end within {seconds} s: {out}{err}") from None
        finally:
            processes.discard(process)
        return process.returncode, out, err

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


class SiteTest(unittest.TestCase):
    """A test with a region of its own. Everything ends with it; the broker must not have ended before."""

    beat = "1 s"
    started = True

    def setUp(self):
        self.site = Site(beat=self.beat)
        self.addCleanup(self.site.close)
        self.hub = Hub()
        self.addCleanup(self.hub.close)
        if self.started:
            self.site.start()

    def client(self, name, operator=None, join=True, learn=True, **options):
        keys = self.site.agents[name]
        client = Client(self.hub, self.site, keys, operator and self.site.operators[operator], **options)
        if join:
            client.join()
            if learn:
                client.learn_keys()
        return client

    def wait(self, condition, what, seconds=20):
        return self.hub.wait(condition, what, seconds)

    def done(self, reply):
        self.assertEqual(describe(reply), "DONE")
        self.assertGreater(reply.seq, 0)
        self.assertEqual(len(reply.hash), 32)
        return reply

    def refused(self, reply, word):
        self.assertEqual(describe(reply), word)
        return reply

    def assert_alive(self):
        self.assertIsNone(self.site.process.poll(), f"musterd has ended: {self.site.errors()}")


def describe(reply):
    """DONE, UNCHANGED, or the refusal's word."""
    if reply.outcome == pb.OUTCOME_REFUSED:
        return REFUSAL_WORDS.get(reply.refusal.code, str(reply.refusal.code))
    return pb.Outcome.Name(reply.outcome).replace("OUTCOME_", "")


def main():
    unittest.main(verbosity=2)
