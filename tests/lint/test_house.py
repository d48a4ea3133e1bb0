#!/usr/bin/python3
"""Every rule of house.py fails on a planted bad sample, and passes the same sample put right."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import house  # noqa: E402 (the path comes first)

GUARD = "#ifndef MUSTER_COMMON_CORE_X_H\n#define MUSTER_COMMON_CORE_X_H\n\n#endif\n"
PATHS = frozenset({"common/core/x.h", "common/base/err.h"})

# rule, path, bad text (the finding is on its last line), good text
SAMPLES = (
    ("include_direction", "common/core/x.c", '#include "common/log/log.h"', '#include "common/base/err.h"'),
    ("include_direction", "common/core/x.c", '#include "common/conf/conf.h"', '#include "common/core/y.h"'),
    ("include_direction", "common/base/x.c", '#include "common/core/x.h"', '#include "common/base/err.h"'),
    ("include_direction", "common/net/x.c", '#include "common/wire/x.h"', '#include "common/conf/conf.h"'),
    ("include_direction", "common/engine/x.c", '#include "common/view/x.h"', '#include "common/log/log.h"'),
    ("include_direction", "broker/x.c", '#include "agents/lib/muster.h"', '#include "common/engine/x.h"'),
    ("include_direction", "agents/lib/x.c", '#include "common/engine/x.h"', '#include "common/net/x.h"'),
    ("include_direction", "agents/ctl/x.c", '#include "common/engine/x.h"', '#include "common/view/x.h"'),
    ("include_direction", "common/core/x.c", '#include "err.h"', '#include "muster/version.h"'),
    ("include_direction", "common/core/x.c", '#include "../base/err.h"', '#include "common/base/err.h"'),
    ("include_direction", "common/core/x.c", "#include <common/base/err.h>", "#include <stddef.h>"),
    ("special_headers", "common/engine/x.c", "#include <sqlite3.h>", "#include <stdio.h>"),
    ("special_headers", "agents/lib/client.c", "#include <sqlite3.h>", "#include <stdio.h>"),
    ("special_headers", "broker/x.c", "#include <zmq.h>", "#include <uv.h>"),
    ("special_headers", "common/engine/x.c", "#include <uv.h>", "#include <string.h>"),
    ("special_headers", "common/log/x.c", "#include <sodium.h>", "#include <sqlite3.h>"),
    ("special_headers", "common/engine/x.c", '#include "muster/v1/a.pb-c.h"', '#include "muster/version.h"'),
    ("special_headers", "common/core/x.c", "#include <protobuf-c/protobuf-c.h>", "#include <stdint.h>"),
    ("own_header_first", "common/core/x.c", "#include <stdio.h>",
     '#include "common/core/x.h"\n#include <stdio.h>'),
    ("header_guard", "common/core/x.h", "#ifndef X_H", GUARD),
    ("banned_calls", "common/core/x.c", "    strcpy(a, b);", '    say("strcpy(a, b)"); /* sprintf(x) */'),
    ("banned_calls", "agents/ctl/x.c", "    n = atoi (text);", "    n = my_atoi(text);"),
    ("banned_calls", "common/core/x.c", "    x = rand();", "    x = rng->random(rng);"),
    ("banned_calls", "tests/unit/x.c", '    system("ls");', "    system_of(x);"),
    ("clocks", "common/core/x.c", "    now = time(NULL);", "    now = env->time(env);"),
    ("clocks", "common/engine/x.c", "    clock_gettime(CLOCK_REALTIME, &ts);", "    occurred_time(x);"),
    ("printing", "common/log/x.c", '    printf("x");', '    snprintf(a, n, "printf(x)");'),
    ("printing", "agents/lib/x.c", '    fprintf(stderr, "x");', '    err_set(err, ERR_IO, "stderr");'),
    ("markers", "docs/x.md", "Later: TO" + "DO", "Todos are issues"),
    ("markers", "common/core/x.c", "/* FIX" + "ME */", "/* fixed */"),
    ("markers", "proto/muster/v1/x.proto", "// X" + "XX", "// mktemp a.XXXX" + "XX"),
    ("length", "common/core/x.c", "\n" * 600, "\n" * 599),
    ("length", "tests/x.py", "\n" * 600, "\n" * 599),
    ("line_length", "common/core/x.c", "x" * 111, "x" * 110),
    ("line_length", "common/core/x.h", "指" * 56, "指" * 55),
    ("whitespace", "docs/x.md", "text ", "text"),
    ("whitespace", "docs/x.md", "text\r", "text"),
    ("bidirectional", "common/core/x.c", 'a = "\u202e";', 'a = "\\u202e";'),
    ("tabs", "common/core/x.c", "\tint x;", "    int x;"),
    ("machine_paths", "tests/x.py", "open('/wo" + "rk/x')", "open('../shared/x')"),
    ("machine_paths", "docs/x.md", "see /ho" + "me/me/x", "see https://example.org/home/x, ~/home/x"),
)


def findings(rule, path, text):
    return list(getattr(house, "check_" + rule)(house.File(path, text + "\n", PATHS)))


class Rules(unittest.TestCase):
    def test_bad_samples_fail_and_good_ones_pass(self):
        for rule, path, bad, good in SAMPLES:
            with self.subTest(rule=rule, path=path, bad=bad[:40]):
                found = findings(rule, path, bad)
                self.assertEqual(len(found), 1, found)
                self.assertEqual(found[0][0], bad.count("\n") + 1)
                self.assertEqual(findings(rule, path, good), [])

    def test_every_rule_has_a_sample(self):
        sampled = {"check_" + sample[0] for sample in SAMPLES}
        self.assertEqual({check.__name__ for check in house.CHECKS}, sampled)

    def test_every_include_table_entry_is_known(self):
        for own, allowed in house.MAY_INCLUDE.items():
            for target in allowed or ():
                self.assertIn(target, house.MAY_INCLUDE, own)

    def test_missing_final_newline(self):
        found = list(house.check_whitespace(house.File("docs/x.md", "text")))
        self.assertEqual([line for line, _, _ in found], [1])

    def test_comments_keep_line_numbers(self):
        found = findings("banned_calls", "common/core/x.c", "/* one\n   two */\n    gets(a);")
        self.assertEqual([line for line, _, _ in found], [3])


class Tree(unittest.TestCase):
    def test_walks_the_tree_and_skips_what_is_not_ours(self):
        with tempfile.TemporaryDirectory() as root:
            for path in ("common/core/x.c", "build/x.c", "tests/golden/x.txt"):
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as stream:
                    stream.write("int x; \n")
            found = [(path, line) for path, line, _, _ in house.check_tree(root)]
            self.assertEqual(found, [("common/core/x.c", 1)])

    def test_refuses_what_is_not_utf8(self):
        with tempfile.TemporaryDirectory() as root:
            with open(os.path.join(root, "x.md"), "wb") as stream:
                stream.write(b"\xff\xfe\n")
            self.assertEqual([what for _, _, what, _ in house.check_tree(root)], ["not UTF-8"])


if __name__ == "__main__":
    unittest.main()
