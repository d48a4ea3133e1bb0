"""What a duty officer of the region above reads of an incident that came over a link."""
import time
import unittest

from agents import County, FIRE, until
from harness import free_port, main
from regions import CITY, COUNTY, link, LinkedRegions


class SeenAbove(unittest.TestCase):
    def setUp(self):
        self.city = County(code=CITY, name="济南市", listen=f"tcp://127.0.0.1:{free_port()}")
        self.county = County(code=COUNTY, name="历下区")
        for region in (self.city, self.county):
            self.addCleanup(region.close)
        self.county.add("musterd.yaml", f"links:\n  - region: \"{CITY}\"\n    connect: {self.city.listen}")
        for region in (self.city, self.county):
            region.start_broker()
        for region, other in ((self.city, self.county), (self.county, self.city)):
            region.muster("agent", "enrol", link(other.code), "--key", other.path("broker.pub"), "--rights",
                          "link")
        self.county.add(self.county.config(FIRE), "bridge: true")
        self.station = self.county.bridge(FIRE)
        self.station.one("ready")
        self.station.say(type="units", units=[{"id": "消-101", "type": "engine", "crew": 7, "status": "free",
                                               "equipment": ["hose", "scba"]}])

    @staticmethod
    def course(region, incident):
        """What happened, as lines of (time, sentence)."""
        lines = region.muster("incident", "show", incident).split("\nwhat happened\n")[1].split("\n\n")[0]
        return [(line.split()[1], line.split(": ", 1)[1]) for line in lines.splitlines()]

    def test_the_past_has_its_own_times_and_order(self):
        incident = self.county.json("incident", "report", "--kind", "fire", "--place", "仓库")[0]["incident"]
        order = self.county.issue(FIRE, "--incident", incident)
        self.station.one("order", order=order)
        self.station.say(type="receipt", order=order, rung="accepted", units=["消-101"])
        self.county.wait_rung(order, "accepted")
        self.county.muster("incident", "update", incident, "--dead", "1")
        time.sleep(2)  # so that the time of arrival is another
        self.county.muster("incident", "refer", incident, "--to", CITY)
        until(lambda: any(row["incident"] == incident and row["casualties"] == {"dead": 1}
                          for row in self.city.json("incident", "list")), "the incident to be followed above")
        self.county.muster("incident", "update", incident, "--dead", "2")
        until(lambda: self.city.json("incident", "show", incident)[0]["casualties"] == {"dead": 2}, "news")
        there, here = self.course(self.county, incident), self.course(self.city, incident)
        told = ("opened", f"order {order[-6:]} to", "accepted 消-101", "dead 1", "dead 2")

        def first(course, words):
            return next((at for at, (_, said) in enumerate(course) if words in said), None)
        places = [first(here, words) for words in told]
        self.assertNotIn(None, places, here)
        self.assertEqual(places, sorted(places), here)
        for words in told:
            self.assertEqual(here[first(here, words)][0], there[first(there, words)][0], words)
        self.assertEqual([said for _, said in here if f"region {COUNTY}" in said and "record" in said],
                         [said for _, said in here if f"region {COUNTY} tells it so far" in said], here)
        self.assertEqual(sum(f"region {COUNTY} tells it so far" in said for _, said in here), 1, here)
        replayed = self.city.muster("replay", self.city.log)
        self.assertGreater(replayed.count(f"so region {COUNTY} told it"), 2)

    def test_equipment_that_is_not_known_above_is_not_lacking(self):
        incident = self.city.json("incident", "report", "--kind", "fire", "--place", "仓库")[0]["incident"]
        order = self.city.issue(f"{COUNTY}/{FIRE}", "--incident", incident)
        self.station.one("order", order=order)
        self.station.say(type="receipt", order=order, rung="accepted", units=["消-101"])
        self.city.wait_rung(order, "accepted")
        for words in (("incident", "show", incident), ("incident", "list"), ("order", "show", order)):
            said = self.city.muster(*words)
            self.assertNotIn("lacks", said)
            self.assertIn("unit 消-101: its equipment was never stated; needed:", said)
        shown = self.city.order(order)
        self.assertEqual((shown["lacks"], shown["unstated"]), ([], ["消-101"]))
        said = f"{COUNTY}/fire-rescue  is ordered: 1 order; region {COUNTY} has 1 of the 1 given here"
        until(lambda: said in self.city.muster("explain", self.city.log, order), said)
        self.assertIn("其他地区的受令部门",
                      self.city.muster("explain", self.city.log, incident, "--lang", "zh"))
        self.assertEqual((self.county.order(order)["lacks"], self.county.order(order)["unstated"]), ([], []))
        self.assertNotIn("never stated", self.county.muster("incident", "show", incident))

    def test_an_order_to_another_region_says_what_that_region_has(self):
        order = self.city.issue(f"{COUNTY}/{FIRE}")
        self.station.one("order", order=order)

        def told(region, *words):
            return region.muster("order", "show", order, *words).split("\n\n")[1]
        until(lambda: f"region {COUNTY}: acknowledged by {COUNTY} " in told(self.city), "it to be there")
        self.assertIn(f"行政区 {COUNTY}：{COUNTY} 于 ", told(self.city, "--lang", "zh"))
        self.assertIn(f"{FIRE}  lane orders  delivered", told(self.county))
        self.county.stop_broker()
        order = self.city.issue(f"{COUNTY}/{FIRE}")
        self.assertIn(f"region {COUNTY}: not acknowledged there yet", told(self.city))

    def test_who_answered_late_is_not_unanswered(self):
        order = self.county.issue(FIRE, "--answer-within", "1 s")
        self.station.one("order", order=order)
        until(lambda: "UNANSWERED" in self.county.muster("order", "list"), "the time to answer to pass")
        self.assertIn("逾期未答复", self.county.muster("order", "list", "--lang", "zh"))
        self.station.say(type="receipt", order=order, rung="on-scene")
        self.county.wait_rung(order, "on-scene")
        self.assertNotIn("UNANSWERED", self.county.muster("order", "list"))
        self.assertTrue(self.county.order(order)["unanswered"])  # that it was late stays known


class DecidedBelow(LinkedRegions):
    def test_what_a_broker_decided_is_of_its_region(self):
        """The county grades by a rule and the city passes that on: it is the county's word, also above."""
        with open(self.county.path("up.yaml"), "w", encoding="utf-8") as file:
            file.write("pack: up\nversion: '1'\nmatch: all\nrules:\n"
                       "  - {rule: four, when: incident, if: dead > 0, do: [grade: IV, refer: '370000']}\n")
        self.county.muster("rules", "load", self.county.path("up.yaml"))
        incident = self.county.report("--dead", "1")
        self.follows(self.province, incident, grade="IV")
        graded = [event for event in self.province.events() if event["event"] == "graded"]
        self.assertEqual([(event["author"], event["data"]["origin"], event["data"]["told_by"])
                          for event in graded], [(COUNTY, COUNTY, link(CITY))])
        for said in (self.province.muster("incident", "show", incident),
                     self.province.muster("explain", self.province.log, incident),
                     self.province.muster("replay", self.province.log)):
            self.assertRegex(said, r" 370102(:| +).*GRADE IV")
            self.assertNotRegex(said, "broker/link.*by rule up/four")


if __name__ == "__main__":
    main()
