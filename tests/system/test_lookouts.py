"""Rules about readings and silence, in force: a reading that crosses its threshold fires once however it
flaps, an agent that is killed and a link that is cut are told of once, in time, and not after a restart."""
import json
import time
import unittest

from agents import CENTRE, County, FIRE, HEALTH, Program, until
from harness import main
import test_links

BEAT_S = 0.15
PACK = """pack: plant
version: '2026'
match: all
rules:
  - {rule: gas, when: reading, if: name = 'h2s' and reading > 10, until: reading < 8,
     do: [notify: centre, raise: II]}
  - {rule: lasting, when: reading, if: name = 'co' and reading > 100, for: 1 s, do: [notify: centre]}
  - {rule: gone, when: silent, if: agency = '370102/health', for: 1 s, do: [notify: centre]}
"""
TABLE = """规则包,county-gas,,,,
版本,2026-11-22,,,,
事件类型,指标,比较,值,持续,动作
,读数:h2s,大于,10.5,1秒,通知 centre
"""
LINES = """pack: lines
version: '2026'
match: all
rules:
  - {rule: cut, when: silent, if: link = '370100', for: 1 s, do: [notify: centre]}
"""


class InForce(unittest.TestCase):
    def setUp(self):
        self.loaded = []
        self.county = County(beat="150 ms")
        self.addCleanup(self.county.close)
        self.county.add("musterd.yaml", "stale: 2 s")
        for agent in (CENTRE, FIRE, HEALTH):
            self.county.add(self.county.config(agent), "bridge: true")
        self.county.start_broker()

    def load(self, name, text):
        with open(self.county.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        self.assertIn("is in force", self.county.muster("rules", "load", self.county.path(name)))
        self.loaded.append(self.county.path(name))

    def bridge(self, agent):
        bridge = self.county.bridge(agent)
        bridge.one("ready")
        return bridge

    def data(self, kind, **fields):
        found = [event["data"] for event in self.county.events() if event["event"] == kind]
        return [data for data in found if all(data.get(key) == value for key, value in fields.items())]

    def one(self, kind, **fields):
        return until(lambda: self.data(kind, **fields), f"{kind} {fields}")[0]

    def say(self, station, name, *values):
        for value in values:
            station.say(type="telemetry", samples=[
                {"unit": "tank-7", "name": name, "value": value, "unit_of_measure": "[ppm]"}])

    def assert_verified(self):
        report = self.county.json("verify", self.county.log)[0]
        self.assertEqual((report["good"], report["bad"]), (True, 0), report["findings"])
        # the packs in force, asked about, differ in nothing
        for name in self.loaded:
            *_, summary = self.county.json("rules", "what-if", self.county.log, "--rules", name)
            self.assertEqual(summary["differ"], 0)

    def test_a_reading_fires_once(self):
        self.load("plant.yaml", PACK)
        station, desk = self.bridge(FIRE), self.bridge(CENTRE)
        watch = self.county.run(Program, "muster", "watch", "--json")
        incident = self.county.report("--unit", "tank-7")
        self.say(station, "h2s", 5, 9.5)
        self.say(station, "h2s", *([12.5, 9.5] * 50))
        notice = desk.one("notice", event="lookout-fired")
        self.assertEqual((notice["rule"], notice["unit"], notice["seen"]["reading"], notice["incident"]),
                         ("gas", "tank-7", "12.5", incident))
        self.say(station, "co", 120, 130)
        self.one("lookout-fired", rule="lasting")
        self.assertEqual([len(self.data("lookout-fired", rule=rule)) for rule in ("gas", "lasting")], [1, 1])
        self.assertEqual(len(self.data("lookout-began", rule="lasting")), 1)
        self.assertEqual(self.county.json("incident", "show", incident)[0]["level"], "II")
        until(lambda: any(json.loads(line)["event"] == "lookout-fired" for line in list(watch.out)),
              "muster watch to show it")
        # what is not said any more cannot be told, which is not "no"
        self.one("lookout-doubted", rule="gas")
        self.assertEqual(self.data("lookout-ended"), [])

        # again after kill -9 at once: fired, and not again
        self.county.kill_broker()
        self.county.start_broker()
        until(lambda: station.all("ready")[1:], "the station to be back")
        self.say(station, "h2s", 12.5, 11)
        self.say(station, "h2s", 7.5)
        self.one("lookout-ended", rule="gas")
        self.assertEqual(len(self.data("lookout-fired", rule="gas")), 1)
        self.assertIn("READING: h2s of tank-7", self.county.muster("replay", self.county.log))
        self.assertIn("读数告警：h2s，tank-7", self.county.muster("replay", self.county.log, "--lang", "zh"))
        self.assertIn("READING: h2s of tank-7", self.county.muster("explain", self.county.log, incident))
        self.assert_verified()

    def test_a_table_is_in_force(self):
        self.load("gas.csv", TABLE)
        station = self.bridge(FIRE)
        self.say(station, "co", 500)
        self.say(station, "h2s", 10.5, 10.6)
        fired = self.one("lookout-fired")
        self.assertEqual((fired["rule"], fired["what"], fired["roles"]), ("第4行", "h2s", ["centre"]))
        self.assert_verified()

    def test_a_killed_agent_is_silent(self):
        self.load("plant.yaml", PACK)
        hospital, desk = self.bridge(HEALTH), self.bridge(CENTRE)
        until(lambda: self.county.json("agent", "list"), "the agents")
        time.sleep(13 * BEAT_S)  # in which nobody is said to be silent yet
        self.assertEqual(self.data("lookout-fired"), [])
        hospital.kill()
        killed = time.time()
        notice = desk.one("notice", event="lookout-fired")
        self.assertEqual(notice["agent"], f"370102/{HEALTH}")
        self.assertGreater(time.time() - killed, 1 - BEAT_S)  # from its last word on
        self.assertEqual(notice["seen"]["agency"], "370102/health")
        self.county.kill_broker()
        self.county.start_broker()
        time.sleep(16 * BEAT_S)  # beyond the time in which agents may come back
        self.assertEqual(len(self.data("lookout-fired")), 1)
        self.bridge(HEALTH)
        self.one("lookout-ended", rule="gone")
        self.assertIn("失联：代理 370102/", self.county.muster("replay", self.county.log, "--lang", "zh"))
        told = self.county.muster("explain", self.county.log, f"370102/{HEALTH}")
        for words in ("holds for", "SILENT:", "does not hold"):
            self.assertIn(words, told)
        self.assertEqual(self.county.muster("explain", self.county.log, HEALTH), told)  # as pages call it
        self.assertIn("there is no agent 1/2", self.county.call("explain", self.county.log, "1/2").stderr)
        self.assert_verified()


class Link(test_links.Regions):
    def fired(self):
        return [event["data"] for event in self.county.events() if event["event"] == "lookout-fired"]

    def test_a_cut_link_is_silent(self):
        with open(self.county.path("lines.yaml"), "w", encoding="utf-8") as file:
            file.write(LINES)
        self.county.muster("rules", "load", self.county.path("lines.yaml"))
        until(lambda: self.lines(self.county).get("370100", {}).get("due_ms"), "the line to be noted")
        self.relays[self.county].part()
        data = until(self.fired, "the silence of the link")
        self.assertEqual(data[0]["seen"]["link"], "370100")
        self.relays[self.county].heal()
        self.relays[self.county].cut()
        until(lambda: any(event["event"] == "lookout-ended" for event in self.county.events()),
              "the line to be there again")
        self.assertEqual(len(self.fired()), 1)
        self.assertIn("SILENT: link to region 370100", self.county.muster("replay", self.county.log))
        self.assert_verified()


for test in [name for name in dir(test_links.Regions) if name.startswith("test_")]:
    setattr(Link, test, None)  # those are its own

if __name__ == "__main__":
    main()
