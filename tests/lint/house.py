#!/usr/bin/python3
"""The house's own rules as a test: what no compiler checks.

usage: house.py [ROOT]      ROOT: the repository (default: the one this file is in)

Prints one line per finding, `FILE:LINE: what; remedy`, and exits 1 if there is any. Each rule is a function
that takes a File and yields (line, what, remedy); test_house.py plants a bad sample for every one of them.
"""
import os
import re
import sys
import unicodedata

LINES_MAX = 600
COLUMNS_MAX = 110

SKIPPED_FOLDERS = {".git", "build", "node_modules", "__pycache__", ".cache"}
# Data that tests compare byte for byte.
SKIPPED_PATHS = ("tests/golden/", "tests/fuzz/corpus/", "LICENSE")
CODE = (".c", ".h")
SOURCE = CODE + (".py", ".sh", ".ts", ".tsx")
TEXT = SOURCE + (".js", ".css", ".html", ".md", ".txt", ".cmake", ".yaml", ".yml", ".json", ".proto", ".in",
                 ".map", ".clang-format", ".clang-tidy", ".editorconfig", ".gitignore", ".gitattributes")
TEXT_NAMES = {"dev", "run", "Dockerfile"}

# What a folder may include, by the longest prefix that fits. A folder may always include itself.
EVERYBODY = {"common/base", "common/crypto", "common/conf"}
PROGRAM = EVERYBODY | {"common/core", "common/wire", "common/log", "common/net"}
MAY_INCLUDE = {
    "common/base": set(),
    "common/crypto": {"common/base"},
    "common/conf": {"common/base"},
    "common/core": {"common/base"},
    "common/rules": EVERYBODY | {"common/core"},
    "common/wire": EVERYBODY | {"common/core"},
    "common/log": EVERYBODY,
    "common/engine": EVERYBODY | {"common/core", "common/rules", "common/wire", "common/log"},
    "common/view": EVERYBODY | {"common/core", "common/rules", "common/wire", "common/log"},
    "common/net": EVERYBODY,
    "broker": PROGRAM | {"common/engine", "common/rules"},
    "agents/lib": EVERYBODY | {"common/core", "common/wire", "common/net"},
    "agents/agency": EVERYBODY | {"common/core", "common/wire", "common/net", "agents/lib"},
    "agents/ctl": PROGRAM | {"common/view", "common/rules", "agents/lib"},
    "agents/console": PROGRAM | {"common/view", "common/rules", "agents/lib"},
    "tests": None,  # anything: tests see private symbols
}

# Headers of one library belong to the few places that wrap it. Tests may use them: they look behind the wrap.
SPECIAL_HEADERS = (
    (re.compile(r"^sqlite3(ext)?\.h$"), ("common/log/", "common/rules/", "agents/lib/journal", "tests/")),
    (re.compile(r"^zmq(_utils)?\.h$"), ("common/net/", "tests/")),
    (re.compile(r"^uv\.h$"),
     ("common/net/", "broker/", "agents/agency/", "agents/ctl/", "agents/console/", "tests/")),
    (re.compile(r"(\.pb-c\.h|^protobuf-c/.*)$"), ("common/wire/", "tests/")),
    (re.compile(r"^sodium(/.*)?\.h$"), ("common/crypto/", "tests/")),
    (re.compile(r"^libxml/.*$"), ("agents/ctl/xml.", "agents/ctl/cap", "tests/")),
)

BANNED = {
    "strcpy": "use a struct buf or memcpy with a checked length",
    "stpcpy": "use a struct buf or memcpy with a checked length",
    "strcat": "use a struct buf",
    "strncpy": "use memcpy with a checked length; it may leave no terminator",
    "strncat": "use a struct buf",
    "sprintf": "use snprintf and check what it returns",
    "vsprintf": "use vsnprintf and check what it returns",
    "gets": "use a bounded read",
    "strtok": "walk the text with strcspn",
    "atoi": "use a parser that reports errors",
    "atol": "use a parser that reports errors",
    "atoll": "use a parser that reports errors",
    "atof": "use strtod and check where it stopped",
    "rand": "randomness is passed in",
    "srand": "randomness is passed in",
    "random": "randomness is passed in",
    "srandom": "randomness is passed in",
    "drand48": "randomness is passed in",
    "system": "no shell from C",
    "popen": "no shell from C",
    "alloca": "use an arena",
}
CLOCKS = ("time", "clock_gettime", "gettimeofday", "localtime", "gmtime", "getrandom", "uv_now", "uv_hrtime")
CLOCKLESS = ("common/core/", "common/rules/", "common/wire/", "common/engine/", "common/view/")
LIBRARIES = ("common/", "agents/lib/")
PRINTERS = ("common/base/logging.c",)

# Spelled in pieces, so that this file keeps the rules that it checks.
MARKERS = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3)) + r")\b")
MACHINE_PATH = re.compile(r"(?<![\w.~$}])/(" + "|".join(("wo" "rk", "fa" "rm", "ro" "ot", "ho" "me")) + r")/")

# Characters that make a line read other than it compiles.
BIDIRECTIONAL = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(text, strings):
    """The C text with comments (and string contents, if asked) blanked out; lines stay where they are."""
    def replace(match):
        token = match.group(0)
        if token[0] in "\"'":
            return token[0] + token[0] if strings else token
        return "\n" * token.count("\n") or " "
    return TOKEN.sub(replace, text)


class File:
    """One text file: its path below the root, its text, and the root's other paths."""

    def __init__(self, path, text, paths=frozenset()):
        self.path = path
        self.text = text
        self.paths = paths
        self.lines = text.split("\n")
        self.is_code = path.endswith(CODE)
        self.code = blank(text, strings=True).split("\n") if self.is_code else []
        self.includes = []
        if self.is_code:
            for number, line in enumerate(blank(text, strings=False).split("\n"), 1):
                match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
                if match:
                    self.includes.append((number, match.group(1), match.group(2)))

    def folder(self):
        """The key of MAY_INCLUDE that this file belongs to, or None."""
        fits = [key for key in MAY_INCLUDE if self.path.startswith(key + "/")]
        return max(fits, key=len, default=None)


def room_of(path):
    fits = [key for key in MAY_INCLUDE if path.startswith(key + "/")]
    return max(fits, key=len, default=None)


def check_include_direction(file):
    own = file.folder()
    allowed = MAY_INCLUDE.get(own)
    for line, quote, header in file.includes:
        target = room_of(header)
        if quote == "<":
            if target:
                yield line, f"<{header}> is ours", f'write "{header}"'
            continue
        if not target:
            generated = header == "muster/version.h" or header.endswith(".pb-c.h")
            if not generated and header not in file.paths:
                yield line, f'"{header}" is not rooted at the repository', "write its path from the root"
        elif own and allowed is not None and target != own and target not in allowed:
            names = ", ".join(sorted(allowed)) or "nothing"
            yield line, f"{own} includes {header}", f"{own} may include only itself and {names}"


def check_special_headers(file):
    for line, _, header in file.includes:
        for pattern, homes in SPECIAL_HEADERS:
            if pattern.search(header) and not file.path.startswith(homes):
                yield line, f"{header} outside {', '.join(homes)}", "use what wraps it"


def check_own_header_first(file):
    if not file.path.endswith(".c"):
        return
    own = file.path[:-2] + ".h"
    if own not in file.paths:
        return
    if not file.includes:
        yield 1, "the own header is not included", f'write #include "{own}" first'
    elif file.includes[0][2] != own:
        yield file.includes[0][0], "the own header is not included first", f'put #include "{own}" before it'


def check_header_guard(file):
    if not file.path.endswith(".h"):
        return
    guard = "MUSTER_" + re.sub(r"[^A-Z0-9]", "_", file.path[:-2].upper()) + "_H"
    directives = [(number, line.split()) for number, line in enumerate(file.code, 1)
                  if line.lstrip().startswith("#")]
    words = [words for _, words in directives]
    if len(words) < 3 or words[0] != ["#ifndef", guard] or words[1] != ["#define", guard] or \
            words[-1][0] != "#endif":
        line = directives[0][0] if directives else 1
        yield line, "the include guard is missing or misnamed", f"name it {guard}"


def calls(file, names):
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(names) + r")\s*\(")
    for number, line in enumerate(file.code, 1):
        for match in pattern.finditer(line):
            yield number, match.group(1)


def check_banned_calls(file):
    for line, name in calls(file, BANNED):
        yield line, f"{name}() is banned", BANNED[name]


def check_clocks(file):
    if file.path.startswith(CLOCKLESS):
        for line, name in calls(file, CLOCKS):
            yield line, f"{name}() in a room without a clock", "time and randomness are passed in"


def check_printing(file):
    if file.path.startswith(LIBRARIES) and file.path not in PRINTERS:
        for line, name in calls(file, ("printf", "vprintf", "puts", "putchar", "perror")):
            yield line, f"{name}() in a library", "return the text in a struct err"
        for number, text in enumerate(file.code, 1):
            match = re.search(r"\b(stderr|stdout)\b", text)
            if match:
                yield number, f"{match.group(1)} in a library", "return the text in a struct err"


def check_markers(file):
    for number, line in enumerate(file.lines, 1):
        match = MARKERS.search(line)
        if match:
            yield number, f"{match.group(1)} left behind", "do it, or open an issue"


def check_length(file):
    if file.path.endswith(SOURCE) or os.path.basename(file.path) in TEXT_NAMES:
        count = len(file.lines) - 1
        if count > LINES_MAX:
            yield count, f"{count} lines, more than {LINES_MAX}", "split it by its nouns"


def columns(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1
               for c in text)


def check_line_length(file):
    if file.path.endswith(SOURCE + (".proto",)):
        for number, line in enumerate(file.lines, 1):
            width = columns(line)
            if width > COLUMNS_MAX:
                yield number, f"{width} columns, more than {COLUMNS_MAX}", "wrap it"


def check_whitespace(file):
    for number, line in enumerate(file.lines, 1):
        if line.endswith("\r"):
            yield number, "a carriage return", "end lines with a line feed alone"
        elif line != line.rstrip():
            yield number, "trailing white space", "remove it"
    if file.text and not file.text.endswith("\n"):
        yield len(file.lines), "no line feed at the end of the file", "add one"


def check_bidirectional(file):
    for number, line in enumerate(file.lines, 1):
        match = BIDIRECTIONAL.search(line)
        if match:
            yield number, f"the invisible character U+{ord(match.group(0)):04X}", "write it as an escape"


def check_tabs(file):
    if file.path.endswith(SOURCE):
        for number, line in enumerate(file.lines, 1):
            if "\t" in line:
                yield number, "a tab", "indent with spaces, write \\t in strings"


def check_machine_paths(file):
    for number, line in enumerate(file.lines, 1):
        match = MACHINE_PATH.search(line)
        if match:
            yield number, f"a path of one machine: {match.group(0)}", "make it relative, or an option"


CHECKS = (check_include_direction, check_special_headers, check_own_header_first, check_header_guard,
          check_banned_calls, check_clocks, check_printing, check_markers, check_length, check_line_length,
          check_whitespace, check_bidirectional, check_tabs, check_machine_paths)


def tree(root):
    """The paths of all files below root that are ours, sorted."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), root)
            if not path.startswith(SKIPPED_PATHS) and name != "package-lock.json":
                found.append(path)
    return sorted(found)


def check_tree(root):
    """All findings as (path, line, what, remedy)."""
    paths = tree(root)
    known = frozenset(paths)
    for path in paths:
        name = os.path.basename(path)
        if not name.endswith(TEXT) and name not in TEXT_NAMES:
            continue
        try:
            with open(os.path.join(root, path), encoding="utf-8", newline="") as stream:
                file = File(path, stream.read(), known)
        except UnicodeDecodeError:
            yield path, 1, "not UTF-8", "convert it"
            continue
        for check in CHECKS:
            for line, what, remedy in check(file):
                yield path, line, what, remedy


def main(arguments):
    here = os.path.dirname(os.path.abspath(__file__))
    root = arguments[0] if arguments else os.path.dirname(os.path.dirname(here))
    count = 0
    for path, line, what, remedy in check_tree(root):
        print(f"{path}:{line}: {what}; {remedy}")
        count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
