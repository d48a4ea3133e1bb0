"""Faults for unmodified programs, by a library that is loaded before the C library (tests/fault/preload), and
a TCP relay that delays, stalls and cuts.
"""
import contextlib
import errno
import mmap
import os
import random
import shutil
import socket
import struct
import threading
import time

from harness import BIN, skip

LIBRARY = os.path.join(os.path.dirname(BIN), "tests", "muster-faults.so")
if not os.access(LIBRARY, os.X_OK):
    skip(f"{LIBRARY} is not built: this build is for a sanitizer")

# tests/fault/preload/preload.h has the same.
WRITE, SYNC, SEND, MALLOC = 1, 2, 3, 4
ONLY_COUNT, KILL_BEFORE, KILL_AFTER, ERRNO, STALL, TEAR, LIE = 0, 1, 2, 3, 4, 5, 6
HEAD, RULE, RULES = struct.Struct("=qqII"), struct.Struct("=IIIIiIII64s"), 8
FOR_EVER = 2**32 - 1
WAL, DATABASE, SLOTS = "muster.db-wal", "muster.db", "head"


class Faults:
    """One program's plan."""

    def __init__(self, folder, name="faults"):
        self.path = os.path.join(folder, name)
        with open(self.path, "wb") as file:
            file.truncate(HEAD.size + RULES * RULE.size)
        with open(self.path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 0)

    @property
    def prefix(self):
        """What to put before a command."""
        return ["env", f"LD_PRELOAD={LIBRARY}", f"MUSTER_FAULTS={self.path}"]

    def at(self, rule):
        return HEAD.size + (rule - 1) * RULE.size

    def arm(self, call, name, action, first=1, count=1, arg=0, after=0, rule=1):
        """The call'th `first` to `first + count - 1` from now on fares as `action` says."""
        at = self.at(rule)
        struct.pack_into("=I", self.map, at, 0)
        RULE.pack_into(self.map, at, 0, action, first, count, arg, after, 0, 0, name.encode())
        struct.pack_into("=I", self.map, at, call)
        return self

    def disarm(self, rule=1):
        struct.pack_into("=I", self.map, self.at(rule), 0)

    def seen(self, rule=1):
        """How many such calls there were since it was armed."""
        return RULE.unpack_from(self.map, self.at(rule))[6]

    def fired(self, rule=1):
        return RULE.unpack_from(self.map, self.at(rule))[7]

    def fail(self, call, name, number=errno.EIO, **options):
        return self.arm(call, name, ERRNO, arg=number, **options)

    def move_clocks(self, utc_s=None, boot_s=None):
        """Steps: seconds that are added from now on to what the kernel says."""
        for at, seconds in ((0, utc_s), (8, boot_s)):
            if seconds is not None:
                struct.pack_into("=q", self.map, at, int(seconds * 1000))

    # power

    def keep_what_is_durable(self, folder):
        """From now on a power cut can be played; the program must not be running yet."""
        for name in (DATABASE, WAL, SLOTS):
            path = os.path.join(folder, name)
            if os.path.exists(path):
                shutil.copyfile(path, path + ".durable")
            elif os.path.exists(path + ".durable"):
                os.unlink(path + ".durable")
        struct.pack_into("=I", self.map, 16, 1)

    @staticmethod
    def cut_power(folder):
        """After a kill: every file as it was at its last sync, or gone."""
        lost = 0
        for name in (DATABASE, WAL, SLOTS):
            path = os.path.join(folder, name)
            if os.path.exists(path + ".durable"):
                with open(path, "rb") as now, open(path + ".durable", "rb") as durable:
                    lost += now.read() != durable.read()
                shutil.copyfile(path + ".durable", path)
            elif os.path.exists(path):
                os.unlink(path)
                lost += 1
        return lost


class Via:
    """A region whose broker is reached through a relay."""

    def __init__(self, site, relay):
        self.site, self.relay = site, relay

    def __getattr__(self, name):
        return getattr(self.site, name)

    def endpoint(self):
        return self.relay.endpoint


class Flow(threading.Thread):
    """One direction of one connection."""

    def __init__(self, relay, source, sink, up):
        super().__init__(daemon=True)
        self.relay, self.source, self.sink, self.up = relay, source, sink, up
        self.start()

    def run(self):
        try:
            while True:
                self.relay.gate(self.up)
                data = self.source.recv(65536)
                if not data:
                    break
                self.relay.hold(self.up, len(data))
                self.relay.gate(self.up)
                self.sink.sendall(data)
                self.relay.carried[self.up] += len(data)
        except OSError:
            pass
        self.relay.gate(self.up)
        for end in (self.source, self.sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Relay:
    """A TCP relay between an agent and its broker. Whoever connects thinks that it is the broker."""

    UP, DOWN = True, False

    def __init__(self, target, seed=1, host="127.0.0.1"):
        """target(): where the broker is now, as tcp://HOST:PORT."""
        self.target, self.random = target, random.Random(seed)
        self.open = {True: threading.Event(), False: threading.Event()}
        self.delay_s, self.jitter_s, self.bytes_per_s, self.stall_share = 0, 0, 0, 0
        self.carried, self.connections, self.refusing, self.ended = {True: 0, False: 0}, [], False, False
        self.accepted = 0
        self.heal()
        self.listener = socket.create_server((host, 0))
        self.endpoint = f"tcp://{host}:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            host, _, port = self.target()[len("tcp://"):].rpartition(":")
            try:
                if self.refusing:
                    raise ConnectionRefusedError
                far = socket.create_connection((host, int(port)), 5)
                far.settimeout(None)
            except OSError:
                near.close()
                continue
            self.connections.append((near, far))
            Flow(self, near, far, self.UP)
            Flow(self, far, near, self.DOWN)

    def gate(self, up):
        self.open[up].wait()

    def hold(self, up, n):
        """Delay and rate of one piece; a piece that was lost comes when it is sent again."""
        pause = self.delay_s + self.random.random() * self.jitter_s
        if self.bytes_per_s:
            pause += n / self.bytes_per_s
        if self.random.random() < self.stall_share:
            pause += 0.2 + self.random.random()
        if pause:
            time.sleep(pause)

    def slow(self, delay_s=0, jitter_s=0, bytes_per_s=0, stall_share=0):
        self.delay_s, self.jitter_s, self.bytes_per_s = delay_s, jitter_s, bytes_per_s
        self.stall_share = stall_share

    def part(self, up=True, down=True):
        """Nothing passes, and nobody is told."""
        if up:
            self.open[True].clear()
        if down:
            self.open[False].clear()

    def heal(self):
        for event in self.open.values():
            event.set()

    def cut(self):
        """Every connection is reset."""
        connections, self.connections = self.connections, []
        for pair in connections:
            for end in pair:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RD)  # else who waits in recv() holds it until there is something
                end.close()

    def port_at_broker(self):
        """The newest connection's port, as the broker sees it."""
        return self.connections[-1][1].getsockname()[1]

    def close(self):
        self.listener.close()
        self.heal()
        self.cut()
