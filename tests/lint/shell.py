#!/usr/bin/python3
"""shellcheck as a test. usage: shell.py SHELLCHECK (exit 77: the tool is not there)"""
import os
import subprocess
import sys

import house


def is_shell(root, path):
    if path.endswith(".sh"):
        return True
    if "." in os.path.basename(path):
        return False
    with open(os.path.join(root, path), "rb") as stream:
        first = stream.readline(80)
    return first.startswith(b"#!") and first.rstrip().endswith(b"sh")


def main(arguments):
    tool = arguments[0] if arguments else "shellcheck"
    if tool.endswith("NOTFOUND"):
        print("shellcheck is not installed")
        return 77
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    files = [path for path in house.tree(root) if is_shell(root, path)]
    return subprocess.run([tool, *files], cwd=root, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
