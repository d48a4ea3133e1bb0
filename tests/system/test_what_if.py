"""muster rules what-if on real logs: beside what a real broker did, on history, in both languages; and that
the log's folder stays as it was, to the byte."""
import contextlib
import hashlib
import json
import os
import sqlite3
import unittest

from agents import CountyTest, until
from harness import SOURCE, main
from test_import import GOOD, MAP, Broker, row

DECREE = os.path.join(SOURCE, "common/rules/packs/decree-493.yaml")
COUNTY = """pack: county
version: '2026'
match: all
rules:
  - {rule: chief, when: incident, if: grade <= 2, do: [raise: II, refer: parent, notify: chief]}
  - {rule: lasting, when: incident, if: trapped > 0, for: 2 s, do: [notify: rescue]}
"""
LOOP = """pack: loop
version: '1'
match: all
rules:
  - {rule: up, when: incident, if: level = 3, do: [raise: II]}
  - {rule: down, when: incident, if: level = 2, do: [lower: III]}
"""
DISPATCH = """pack: dispatch
version: '1'
match: all
rules:
  - {rule: nobody-sent, when: incident, if: orders = 0, for: 60 s, do: [notify: chief]}
"""


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def folder_bytes(folder):
    found = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        with open(path, "rb") as file:
            found[name] = (hashlib.sha256(file.read()).hexdigest(), os.stat(path).st_mtime_ns)
    return found


class BesideTheBroker(CountyTest):
    def what_if(self, *arguments):
        done = self.county.muster("rules", "what-if", self.county.log, *arguments, "--json")
        lines = [json.loads(line) for line in done.splitlines()]
        return lines[:-1], lines[-1]

    def test_the_same_packs_give_the_same_and_others_do_not(self):
        county = write(self.county.path(), "county-rules.yaml", COUNTY)
        for pack in (DECREE, county):
            self.county.muster("rules", "load", pack)
        small = self.county.report("--kind", "explosion", "--dead", "2")
        large = self.county.report("--kind", "explosion", "--dead", "3", "--trapped", "1")
        self.county.muster("incident", "update", large, "--dead", "12")

        def fired():
            return {event["data"]["what"] for event in self.county.events() if event["event"] == "rule-fired"}
        until(lambda: fired() >= {"grade-IV", "grade-III", "grade-II", "chief", "lasting"}, "the rules")

        # of the log in service: what the broker did, it does again
        firings, summary = self.what_if("--rules", DECREE, "--rules", county)
        self.assertEqual(summary["differ"], 0, firings)
        self.assertEqual((summary["incidents"], summary["fired"], summary["was_fired"]), (2, 2, 2))
        self.assertGreaterEqual(len(firings), 5)
        self.assertEqual({firing["change"] for firing in firings}, {"same"})

        loop = write(self.county.path(), "loop.yaml", LOOP)
        self.assertIn("can fire each other for ever: up (line 5, ",
                      self.county.call("rules", "what-if", self.county.log, "--rules", loop).stderr)

        self.county.stop_broker()
        before = folder_bytes(self.county.log)
        other = write(self.county.path(), "other.yaml", COUNTY.replace("grade <= 2", "grade <= 4")
                      .replace("notify: chief", "notify: mayor").replace("2 s", "5 min"))
        firings, summary = self.what_if("--rules", other)
        changes = {(firing["incident"], firing["rule"]): firing["change"] for firing in firings
                   if firing["pack"] == "county"}
        self.assertEqual(changes[small, "chief"], "new")
        self.assertIn(changes[large, "chief"], ("otherwise", "moved"))  # with III already, and the mayor
        self.assertEqual(changes[large, "lasting"], "gone")             # the log ends before five minutes
        self.assertEqual(summary["differ"], 2)
        text = self.county.muster("rules", "what-if", self.county.log, "--rules", other, "--incident", large)
        self.assertIn("county 2026, in place of 2026\n", text)
        self.assertIn("gone  county/lasting: notify rescue", text)
        self.assertNotIn(small[-6:], text)
        self.assertEqual(folder_bytes(self.county.log), before)

        # of a damaged log what was read before, and where it ends
        with contextlib.closing(sqlite3.connect(os.path.join(self.county.log, "muster.db"))) as database:
            database.execute("UPDATE record SET payload = zeroblob(length(payload)) "
                             "WHERE seq = (SELECT max(seq) FROM record)")
            database.commit()
        damaged = self.county.call("rules", "what-if", self.county.log, "--rules", other)
        self.assertEqual(damaged.returncode, 65)
        self.assertIn("damaged at record", damaged.stderr)
        self.assertEqual(damaged.stderr.count("\n"), 1)
        self.assertIn("2 incidents, reported ", damaged.stdout)


class History(unittest.TestCase):
    """Of small tables; test_import.py has a real month of a city."""

    def test_history_is_told_as_if_it_were_now(self):
        with Broker() as broker:
            late = row("102", "E2", "04/07/2020 11:59:31 PM", "", "04/08/2020 12:02:00 AM",
                       received="04/07/2020 11:58:30 PM")
            broker.load(broker.table(GOOD + [late]))
            broker.stop()
            pack = write(broker.folder.name, "dispatch.yaml", DISPATCH)
            before = folder_bytes(broker.log)
            # 30 s; 60 s, which is in time; 61 s
            text = broker.run("rules", "what-if", broker.log, "--rules", pack, check=True).stdout
            self.assertIn("would have fired for 1 incidents (33.3 %), and did for 0; 1 incidents differ.",
                          text)
            self.assertIn("2020-04-08 14:59:30", text)  # the county's civil time
            self.assertIn("sf-fire-cad 102  new  dispatch/nobody-sent: notify chief (orders 0)", text)
            chinese = broker.run("rules", "what-if", broker.log, "--rules", pack, "--lang", "zh").stdout
            self.assertIn("规则将对 1 起事件触发（33.3 %），原为 0 起；结果不同的事件 1 起", chinese)
            self.assertIn("sf-fire-cad 102  新增  dispatch/nobody-sent：通知 chief（指令总数 0）", chinese)
            self.assertEqual(folder_bytes(broker.log), before)

            for arguments, code, words in (
                    ((broker.log,), 64, "--rules FILE"),
                    ((broker.log, "--rules", pack, "--rules", pack), 64, 'called "dispatch"'),
                    ((broker.log, "--rules", "no.yaml"), 66, "no.yaml"),
                    ((broker.log, "--rules", MAP), 78, "sf-fire.yaml:"),
                    (("no-log", "--rules", pack), 66, "no-log"),
                    ((broker.log, "--rules", pack, "--incident", "ZZZZZZ"), 66, "no incident ZZZZZZ")):
                refused = broker.run("rules", "what-if", *arguments)
                self.assertEqual(refused.returncode, code, refused.stderr)
                self.assertEqual(refused.stderr.count("\n"), 1, refused.stderr)
                self.assertIn(words, refused.stderr)


if __name__ == "__main__":
    main()
