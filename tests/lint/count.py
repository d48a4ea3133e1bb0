#!/usr/bin/python3
"""Adds up ctest's JUnit files. usage: count.py FOLDER [NAME...]

Names the failed and skipped tests, then prints one closing line, `N passed, N failed, N skipped`. Exits 1 if
a test failed, none passed, or a run that should be there, NAME.xml, is missing.
"""
import os
import sys
import xml.etree.ElementTree as ElementTree


def outcome(case):
    if case.find("failure") is not None or case.get("status") == "fail":
        return "failed"
    if case.find("skipped") is None:
        return "passed"
    # ctest calls a test skipped both when it said so itself and when its program could not be started.
    message = case.find("skipped").get("message") or ""
    return "skipped" if message.startswith("SKIP") or case.get("status") == "disabled" else "failed"


def count(folder, expected):
    """The names of the tests by outcome."""
    names = {"passed": [], "failed": [], "skipped": []}
    files = sorted(os.listdir(folder))
    for name in expected:
        if name + ".xml" not in files:
            names["failed"].append(f"{name}: no results")
    for file in files:
        if file.endswith(".xml"):
            for case in ElementTree.parse(os.path.join(folder, file)).iter("testcase"):
                names[outcome(case)].append(f"{file[:-4]}: {case.get('name')}")
    return names


def main(arguments):
    names = count(arguments[0], arguments[1:])
    for kind in ("skipped", "failed"):
        for name in names[kind]:
            print(f"{kind}  {name}")
    print(", ".join(f"{len(names[kind])} {kind}" for kind in ("passed", "failed", "skipped")))
    return 1 if names["failed"] or not names["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
