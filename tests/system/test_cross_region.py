"""The law's cross-region rules, and the relief plan's joint level, as they are shipped, with real
brokers: a province, two of its cities that are neighbours, and the province beside it."""
import os
import unittest

from agents import County, until
from harness import free_port, main, SOURCE
from regions import LinkedRegions

PROVINCE, CITY, OTHER_CITY, BESIDE = "370000", "370100", "370200", "410000"
PACK, RELIEF, DECREE = (os.path.join(SOURCE, "common", "rules", "packs", name)
                        for name in ("cross-region.yaml", "disaster-relief.yaml", "decree-493.yaml"))
LINES = ((CITY, PROVINCE), (OTHER_CITY, PROVINCE), (CITY, OTHER_CITY), (BESIDE, PROVINCE))


class CrossRegion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.regions = {}
        for code in (PROVINCE, CITY, OTHER_CITY, BESIDE):
            cls.regions[code] = County(code=code, name=code, listen=f"tcp://127.0.0.1:{free_port()}")
            cls.addClassCleanup(cls.regions[code].close)
        for caller in cls.regions.values():
            lines = "".join(f"  - region: \"{to}\"\n    connect: {cls.regions[to].listen}\n"
                            for code, to in LINES if code == caller.code)
            if lines:
                caller.add("musterd.yaml", f"links:\n{lines}")
        for region in cls.regions.values():
            region.start_broker()
            for pack in (PACK, RELIEF):
                region.muster("rules", "load", pack)
        for line in LINES:
            for code, other in (line, line[::-1]):
                cls.regions[code].muster("agent", "enrol", f"{other}/broker/link", "--key",
                                         cls.regions[other].path("broker.pub"), "--rights", "link")

    def flood(self, code, *words):
        region = self.regions[code]
        return region.json("incident", "report", "--kind", "flood", "--place", "水库", *words)[0]["incident"]

    def follows(self, code, incident, **fields):
        region = self.regions[code]

        def shown():
            listed = any(row["incident"] == incident for row in region.json("incident", "list"))
            return region.json("incident", "show", incident)[0] if listed else {}
        return until(lambda: (row := shown()) and all(row.get(key) == value for key, value in fields.items())
                     and row, f"{code} to show {fields}")

    def fired(self, code, incident):
        return [event["data"]["what"] for event in self.regions[code].events()
                if event["event"] == "rule-fired" and event["incident"] == incident]

    def assert_verified(self):
        for region in self.regions.values():
            report = region.json("verify", region.log)[0]
            self.assertEqual((report["good"], report["bad"]), (True, 0), report["findings"])

    def test_what_touches_two_regions_goes_to_their_common_superior(self):
        city, other = self.regions[CITY], self.regions[OTHER_CITY]
        incident = self.flood(CITY, "--dead", "1", "--division", "370202")
        self.follows(CITY, incident, touches=[OTHER_CITY], referred_to=[PROVINCE, OTHER_CITY])
        self.follows(PROVINCE, incident, casualties={"dead": 1}, home=CITY)
        self.follows(OTHER_CITY, incident, casualties={"dead": 1}, touches=[OTHER_CITY])
        # both keep sharing
        other.muster("incident", "update", incident, "--dead", "2")
        city.muster("incident", "update", incident, "--missing", "4")
        for code in (PROVINCE, CITY, OTHER_CITY):
            self.follows(code, incident, casualties={"dead": 2, "missing": 4}, reports=3)
        # the superior leads by its own word
        self.regions[PROVINCE].muster("incident", "take-lead", incident, "--reason", "两市受灾")
        for code in (CITY, OTHER_CITY):
            self.follows(code, incident, lead=PROVINCE)
        explained = city.muster("explain", city.log, incident)
        self.assertIn("rule cross-region/common-superior", explained)
        self.assertIn("touches region 370200", explained)
        self.assertIn("波及 370200", city.muster("explain", city.log, incident, "--lang", "zh"))
        self.assertEqual(self.fired(PROVINCE, incident), ["ours-to-lead"])  # its people are told so
        province = self.regions[PROVINCE]
        self.assertIn("duty-chief told of incident", province.muster("explain", province.log, incident))
        summary = city.json("rules", "what-if", city.log, "--rules", PACK)[-1]
        self.assertGreater(summary["was_fired"], 0)
        self.assertEqual(summary["differ"], 0)
        self.assert_verified()

    def test_neighbours_are_told_of_what_may_become_major(self):
        city = self.regions[CITY]
        incident = self.flood(CITY, "--dead", "0")
        city.muster("incident", "assess", incident, "--expect", "III")
        self.assertEqual(self.fired(CITY, incident), [])
        city.muster("incident", "assess", incident, "--expect", "II", "--reason", "坝体渗漏")
        self.follows(OTHER_CITY, incident, expected="II")
        self.follows(PROVINCE, incident, expected="II")
        self.follows(BESIDE, incident, expected="II", referred_to=[])  # told by the province
        self.assertEqual(self.fired(PROVINCE, incident), ["major-is-possible"])
        self.assertEqual(self.fired(CITY, incident), ["major-is-possible"])
        for code in (OTHER_CITY, BESIDE):  # which are told, and pass nothing on
            self.assertEqual(self.fired(code, incident), [])
        self.assertIn("坝体渗漏", city.muster("explain", city.log, incident))
        self.assert_verified()

    def test_a_neighbours_level_is_activated_jointly(self):
        province, beside = self.regions[PROVINCE], self.regions[BESIDE]
        theirs = self.flood(PROVINCE, "--dead", "150", "--missing", "49")
        province.muster("incident", "assess", theirs, "--expect", "I")
        self.follows(BESIDE, theirs, expected="I")
        ours, few, late = (self.flood(BESIDE, "--dead", dead) for dead in ("160", "159", "199"))
        for incident in (ours, few):
            beside.muster("incident", "link", incident, "--to", theirs, "--as", "related")
        self.assertEqual(self.follows(BESIDE, ours)["level"], "")
        province.muster("incident", "update", theirs, "--missing", "50")
        self.follows(PROVINCE, theirs, level="I")
        self.follows(BESIDE, ours, level="I",
                     levels_elsewhere=[{"region": PROVINCE, "level": "I", "of": theirs}])
        # one that is linked when the level is there already
        beside.muster("incident", "link", late, "--to", theirs, "--as", "related")
        self.follows(BESIDE, late, level="I")
        self.assertEqual(self.follows(BESIDE, few)["level"], "")
        explained = beside.muster("explain", beside.log, ours)
        for words in ("rule disaster-relief/level-I-jointly", "neighbour_level 1",
                      f"region {PROVINCE} has response level I"):
            self.assertIn(words, explained)
        self.assert_verified()


class Rise(LinkedRegions):
    """Decree 493 as it is shipped, in a county, its city and its province: an incident goes as far up as its
    grade reaches, and further when it rises."""

    def referred_by(self, region, incident):
        return [(event["data"]["subject"], event["data"]["what"]) for event in region.events()
                if event["event"] == "referred" and event["incident"] == incident
                and event["data"].get("what")]

    def test_a_rise_reroutes_the_incident(self):
        for region in self.regions:
            region.muster("rules", "load", DECREE)
        incident = self.county.json("incident", "report", "--kind", "collapse",
                                    "--place", "工地")[0]["incident"]
        self.assertEqual(self.follows(self.county, incident, grade="")["referred_to"], [])

        self.county.muster("incident", "update", incident, "--dead", "1")
        self.follows(self.county, incident, grade="IV", referred_to=[self.city.code])
        self.assertEqual(self.follows(self.city, incident, grade="IV")["referred_to"], [])

        self.county.muster("incident", "update", incident, "--dead", "3")
        self.follows(self.city, incident, grade="III", referred_to=[self.province.code])
        self.follows(self.province, incident, grade="III", casualties={"dead": 3})
        self.assertEqual(self.shown(self.province, incident)["referred_to"], [])

        self.county.muster("incident", "update", incident, "--dead", "10")  # II: nobody is told twice
        self.follows(self.province, incident, grade="II", casualties={"dead": 10})
        self.assertEqual([self.referred_by(region, incident) for region in self.regions[::-1]],
                         [[(self.city.code, "decree-493/to-the-city")],
                          [(self.province.code, "decree-493/to-the-province")], []])
        self.assertIn("rule decree-493/to-the-province", self.city.muster("explain", self.city.log, incident))
        self.assert_verified()


if __name__ == "__main__":
    main()
