"""The servers that ./dev bench measures: each in a folder of its own, on a free port of 127.0.0.1, started by
the bench and killed at its end."""

import ctypes
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path

START_S = 60
BEAT_S = 15  # of thousands of agents
PING_S = 60  # of the transport beneath them
REGION = "370102"
libc = ctypes.CDLL(None)


class Failed(Exception):
    """A server or a load that did not do what it should; the text says what."""


def die_with_parent():
    libc.prctl(1, signal.SIGKILL)


def spawn(command, **options):
    return subprocess.Popen([str(word) for word in command], preexec_fn=die_with_parent, **options)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def free_low_port():
    """Below those that clients get: one that connects to such a port while nobody listens may meet itself."""
    while True:
        port = random.randint(20000, 30000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def make_certificate(folder):
    """One self-signed certificate, which its clients trust by name."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / "tls.key",
                    "-out", folder / "tls.crt"], check=True, capture_output=True)


class Server:
    """start() returns when it answers; load_arguments() is what its load program needs."""

    load = ""

    def __init__(self, folder, tls=None):
        self.folder, self.tls = Path(folder), tls
        self.process, self.port = None, 0
        self.folder.mkdir(parents=True, exist_ok=True)

    def run(self, command):
        with open(self.folder / "server.log", "ab") as log:
            self.process = spawn(command, cwd=self.folder, stdout=log, stderr=log)

    def said(self):
        log = (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")
        return log.strip().split("\n")[-1] if log.strip() else "nothing"

    def wait(self, ready, what):
        end = time.monotonic() + START_S
        while not ready():
            if self.process.poll() is not None:
                raise Failed(f"{what} has ended: {self.said()}")
            if time.monotonic() > end:
                raise Failed(f"{what} does not answer: {self.said()}")
            time.sleep(0.002)

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                if self.tls:
                    context = ssl.create_default_context(cafile=self.tls / "tls.crt")
                    if self.load != "nats":  # speaks in the clear first
                        context.wrap_socket(connection, server_hostname="127.0.0.1").close()
            return True
        except OSError:
            return False

    def load_arguments(self):
        return ["--port", self.port] + (["--ca", self.tls / "tls.crt"] if self.tls else [])

    def kill(self):
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def status_kib(self, field):
        for line in Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii").split("\n"):
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise Failed(f"/proc has no {field}")

    def cpu_s(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Nats(Server):
    load = "nats"
    program = "/usr/sbin/nats-server"

    def start(self):
        self.port = free_port()
        tls = f'tls {{ cert_file: "{self.tls}/tls.crt", key_file: "{self.tls}/tls.key" }}' if self.tls else ""
        (self.folder / "nats.conf").write_text(
            f'listen: "127.0.0.1:{self.port}"\njetstream {{ store_dir: "{self.folder}/store" }}\n{tls}\n',
            encoding="utf-8")
        self.run([self.program, "-c", self.folder / "nats.conf"])
        self.wait(self.answers, "nats-server")
        return self


class Redis(Server):
    load = "redis"
    program = "/usr/bin/redis-server"

    def start(self):
        self.port = free_port()
        command = [self.program, "--bind", "127.0.0.1", "--dir", self.folder, "--save", "",
                   "--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0"]
        if self.tls:
            command += ["--port", "0", "--tls-port", self.port, "--tls-auth-clients", "no",
                        "--tls-cert-file", self.tls / "tls.crt", "--tls-key-file", self.tls / "tls.key",
                        "--tls-ca-cert-file", self.tls / "tls.crt"]
        else:
            command += ["--port", self.port]
        self.run(command)
        self.wait(self.answers, "redis-server")
        return self


class Mosquitto(Server):
    load = "mosquitto"
    program = "/usr/sbin/mosquitto"

    def start(self):
        self.port = free_port()
        lines = [f"listener {self.port} 127.0.0.1", "allow_anonymous true", "persistence true",
                 f"persistence_location {self.folder}/", "max_inflight_messages 0", "max_queued_messages 0",
                 "set_tcp_nodelay true"]
        if self.tls:
            lines += [f"certfile {self.tls}/tls.crt", f"keyfile {self.tls}/tls.key"]
        if os.geteuid() == 0:
            lines.insert(0, "user root")
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.run([self.program, "-c", self.folder / "mosquitto.conf"])
        self.wait(self.answers, "mosquitto")
        return self


class Musterd(Server):
    """A region whose agents may report, issue, read and measure (issuer-N), be ordered (station-N), and are
    on duty (watcher-N)."""

    load = "muster"

    def __init__(self, folder, binaries, issuers, stations, tools=None, region=REGION, watchers=0):
        super().__init__(folder)
        self.binaries, self.program, self.region = binaries, binaries / "musterd", region
        self.tools = tools or binaries
        self.site = self.folder / "site"
        roster = ["agents:"]
        roster += [f"  - {{name: emergency-management/issuer-{i}, "
                   "rights: [order, receipt, watch, units, report]}" for i in range(issuers)]
        roster += [f"  - {{name: fire-rescue/station-{i}, rights: [receipt]}}" for i in range(stations)]
        roster += [f"  - {{name: emergency-management/watcher-{i}, rights: ['role:duty']}}"
                   for i in range(watchers)]
        if watchers > 0:  # a duty room, whose operator loads rules
            roster += ["  - {name: emergency-management/centre, rights: [centre, watch]}"]
        roster += ["operators:", "  - {name: chief, rights: [admin, order]}", "policy: {version: bench}"]
        (self.folder / "roster.yaml").write_text("\n".join(roster) + "\n", encoding="utf-8")
        subprocess.run([self.tools / "muster", "keys", "init", self.site, "--region", region, "--name",
                        "bench", "--roster", self.folder / "roster.yaml", "--listen", "tcp://127.0.0.1:0"],
                       check=True, stdout=subprocess.DEVNULL)

    def muster(self, *words):
        """A word of the operator's, once the broker is in service."""
        done = subprocess.run([str(word) for word in (self.tools / "muster", *words, "--config",
                                                      self.site / "centre.yaml")],
                              capture_output=True, text=True, timeout=START_S, check=False)
        if done.returncode != 0:
            raise Failed(f"muster {words[0]} {words[1]}: {done.stderr.strip()}")
        return done.stdout

    def configure(self, port=None, beat=None, above=None):
        """A port that stays the same over restarts, a beat, the broker that it is to call."""
        file = self.site / "musterd.yaml"
        text = file.read_text(encoding="utf-8")
        if port is not None:
            text = text.replace("tcp://127.0.0.1:0", f"tcp://127.0.0.1:{port}")
        if beat is not None:
            text += f"beat: {beat}\n"
        if above is not None:
            text += f"links:\n  - {{region: \"{above.region}\", connect: \"{above.endpoint()}\"}}\n"
        file.write_text(text, encoding="utf-8")

    def start(self):
        """Returns the seconds until it was in service."""
        endpoint = self.site / "endpoint"
        endpoint.unlink(missing_ok=True)
        began = time.perf_counter()
        self.run([self.program, "--config", self.site / "musterd.yaml"])
        self.wait(endpoint.exists, "musterd")
        return time.perf_counter() - began

    def endpoint(self):
        return (self.site / "endpoint").read_text(encoding="ascii").strip()

    def load_arguments(self):
        return ["--folder", self.site, "--endpoint", self.endpoint()]

    def log(self):
        return self.site / "log"

    def stop(self):
        """SIGTERM: the log is closed as it should be."""
        self.process.terminate()
        self.process.wait(START_S)
        self.process = None

    # The broker must not run. What a copy has written must be on the disk before anything is measured.

    def keep_log(self, name):
        shutil.copytree(self.log(), self.folder / name)

    def take_copy(self, name):
        shutil.rmtree(self.log(), ignore_errors=True)
        shutil.copytree(self.folder / name, self.log())
        os.sync()

    def take_log(self, name):
        shutil.rmtree(self.log(), ignore_errors=True)
        (self.folder / name).rename(self.log())

    def give_back_log(self, name):
        self.log().rename(self.folder / name)


class Router(Server):
    """A bare ZeroMQ ROUTER that echoes."""

    load = "limits"

    def __init__(self, folder, binaries, curve):
        super().__init__(folder)
        self.binaries, self.curve, self.lines = binaries, curve, []

    def start(self):
        self.process = spawn([self.binaries / "bench-load-limits", "--mode", "router"] +
                             (["--key", "new"] if self.curve else []),
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = [self.process.stdout.readline().strip("\n\0") for _ in range(2)]
        return self

    def load_arguments(self):
        return ["--endpoint", self.lines[0]] + (["--key", self.lines[1]] if self.curve else [])

    def kill(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.stdout.close()
        super().kill()
