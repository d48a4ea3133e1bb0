#!/usr/bin/python3
"""clang-tidy over all our sources, as a test.

usage: tidy.py CLANG_TIDY BUILD [PATH...]     (exit 77: the tool is not there)

BUILD holds compile_commands.json. Generated code and the simulator's second builds are left out. What passed
is remembered in BUILD/tidy by a hash of the source, all our headers, its command and the settings. A third of
the paths through a function are looked at, which takes half the time; with MUSTER_LONG all that the tool's
own limit allows.
"""
import concurrent.futures
import hashlib
import json
import os
import subprocess
import sys

import house

DEPTH = [] if os.environ.get("MUSTER_LONG") else [
    f"--extra-arg={word}" for word in ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=75000")]


def digest(root, paths):
    total = hashlib.sha256()
    for path in paths:
        with open(os.path.join(root, path), "rb") as stream:
            total.update(path.encode() + b"\0" + stream.read() + b"\0")
    return total.hexdigest()


def commands(root, build):
    """One entry of the compilation database for each of our files."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as stream:
        entries = json.load(stream)
    chosen = {}
    for entry in entries:
        path = os.path.relpath(entry["file"], root)
        ours = not path.startswith("..") and not entry["file"].startswith(build + os.sep)
        if ours and os.path.exists(entry["file"]) and "_mutants.dir" not in entry["command"]:
            chosen.setdefault(path, entry)
    return chosen


def main(arguments):
    tool, build = arguments[0], os.path.abspath(arguments[1])
    if tool.endswith("NOTFOUND"):
        print("clang-tidy is not installed")
        return 77
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    chosen = commands(root, build)
    if len(arguments) > 2:
        chosen = {path: entry for path, entry in chosen.items() if path.startswith(tuple(arguments[2:]))}
    folder = os.path.join(build, "tidy")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "compile_commands.json"), "w", encoding="utf-8") as stream:
        json.dump(list(chosen.values()), stream)
    headers = [path for path in house.tree(root) if path.endswith(".h")]
    common = digest(root, [".clang-tidy", "tests/.clang-tidy", *headers])

    def analyse(path):
        said = common + " ".join(DEPTH) + chosen[path]["command"] + digest(root, [path])
        key = hashlib.sha256(said.encode()).hexdigest()
        stamp = os.path.join(folder, path.replace("/", "_") + ".ok")
        if os.path.exists(stamp):
            with open(stamp, encoding="utf-8") as stream:
                if stream.read() == key:
                    return 0, ""
        done = subprocess.run([tool, "--quiet", *DEPTH, "-p", folder, path], cwd=root, check=False,
                              capture_output=True, text=True)
        if done.returncode == 0:
            with open(stamp, "w", encoding="utf-8") as stream:
                stream.write(key)
        return done.returncode, (done.stdout or done.stderr).replace(root + os.sep, "")

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for code, text in pool.map(analyse, sorted(chosen)):
            if code:
                failed += 1
                print(text.strip())
    print(f"{len(chosen) - failed} of {len(chosen)} files are clean")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
