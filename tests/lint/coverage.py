#!/usr/bin/python3
"""gcovr's CSV as a short table: what the tests ran of each folder. usage: coverage.py FILES.csv"""
import csv
import os
import sys


def share(covered, total):
    return f"{100 * covered / total:5.1f} %" if total else "      -"


def main(arguments):
    folders = {}
    with open(arguments[0], encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sums = folders.setdefault(os.path.dirname(row["filename"]), [0, 0, 0, 0])
            for at, column in enumerate(("line_covered", "line_total", "branch_covered", "branch_total")):
                sums[at] += int(row[column])
    if not folders:
        print(f"{arguments[0]}: no file of ours; were the tests run?", file=sys.stderr)
        return 1
    folders["all"] = [sum(column) for column in zip(*(folders[name] for name in folders))]
    width = max(len(name) for name in folders)
    print(f"{'':{width}}   lines  covered  branches")
    for name, (lines_run, lines, branches_run, branches) in folders.items():
        print(f"{name:{width}}  {lines:6}  {share(lines_run, lines)}   {share(branches_run, branches)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
