"""What the demonstration says and what the bus does, one line at a time."""
import os
import shlex
import sys
import threading
import time


class Screen:
    def __init__(self):
        self.lock = threading.Lock()
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.began = time.monotonic()

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def line(self, text=""):
        with self.lock:
            print(text, flush=True)

    def clock(self):
        return f"[{time.monotonic() - self.began:5.1f} s]"

    def step(self, text):
        self.line(self.paint("1;36", f"\n{self.clock()} {text}"))

    def command(self, words):
        self.line(self.paint("2", "  $ muster " + shlex.join(words)))

    def say(self, region, text):
        """A region's line: its tier by how far it is moved in, itself by code, name and colour."""
        who = f"{region.code}  {'  ' * region.depth}{region.name}{'  ' * (2 - region.depth)}"
        self.line(f"{self.clock()} {self.paint(region.colour, who)}  {text}")
