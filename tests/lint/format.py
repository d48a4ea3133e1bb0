#!/usr/bin/python3
"""clang-format as a test. usage: format.py CLANG_FORMAT (from the root; exit 77: the tool is not there)"""
import os
import subprocess
import sys

import house


def main(arguments):
    tool = arguments[0] if arguments else "clang-format"
    if tool.endswith("NOTFOUND"):
        print("clang-format is not installed")
        return 77
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    files = [path for path in house.tree(root) if path.endswith(house.CODE)]
    if not files:
        return 0
    done = subprocess.run([tool, "--dry-run", "-Werror", "--style=file", *files], cwd=root, check=False,
                          capture_output=True, text=True)
    seen = set()
    for line in done.stderr.splitlines():
        if "-Wclang-format-violations" in line:
            path, number = line.split(":")[:2]
            if path not in seen:  # the first place of each file is enough
                seen.add(path)
                print(f"{path}:{number}: not formatted; run ./dev fmt")
        elif done.returncode and "error:" in line:
            print(line)
    return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
