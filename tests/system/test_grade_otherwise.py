"""Casualties that are corrected after the law's term move no grade, and the duty room is told why."""
import datetime
import os

from agents import CountyTest
from harness import main, SOURCE

DECREE = os.path.join(SOURCE, "common/rules/packs/decree-493.yaml")


class Otherwise(CountyTest):
    def days_ago(self, days):
        when = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)
        return when.strftime("%Y-%m-%dT%H:%M:%SZ")

    def grades(self, incident):
        return [event for event in self.county.events()
                if event["event"] == "grade-otherwise" and event["incident"] == incident]

    def test_a_late_correction_says_why_the_grade_stays(self):
        self.county.muster("rules", "load", DECREE)
        incident = self.county.report("--kind", "traffic", "--dead", "3", "--occurred", self.days_ago(9))
        self.county.muster("incident", "update", incident, "--dead", "30")
        self.county.muster("incident", "update", incident, "--place", "东口")
        told, = self.grades(incident)
        self.assertEqual((told["data"]["grade"], told["data"]["what"]), ("I", "decree-493/grade-I"))
        other, = self.county.json("incident", "show", incident)[0]["grade_otherwise"]
        self.assertEqual((other["grade"], other["by"], other["day"], other["up_to"]), ("I", "late", 9, 7))
        said = ("casualties changed on day 9 move no grade, "
                "they count up to day 7 (第493号令第十三条")
        for command in (("incident", "show", incident), ("incident", "list"),
                        ("incident", "brief", incident, "--lang", "en"),
                        ("explain", self.county.log, incident), ("replay", self.county.log)):
            self.assertIn(said, self.county.muster(*command), command)
        for command in (("incident", "show", incident), ("incident", "brief", incident),
                        ("explain", self.county.log, incident), ("replay", self.county.log)):
            chinese = self.county.muster(*command, "--lang", "zh")
            self.assertIn("计至第 7 日（第493号令第十三条", chinese, command)
        self.assertIn("grade III", self.county.muster("incident", "show", incident))
        self.county.kill_broker()
        self.county.start_broker()
        self.assertIn(said, self.county.muster("incident", "show", incident))
        self.county.muster("incident", "update", incident, "--loss", "100000000")  # which has no term
        shown = self.county.json("incident", "show", incident)[0]
        self.assertEqual((shown["grade"], shown["grade_otherwise"]), ("I", []))
        self.assert_verified()

    def test_within_the_term_it_counts(self):
        self.county.muster("rules", "load", DECREE)
        incident = self.county.report("--kind", "mine", "--dead", "3", "--occurred", self.days_ago(29))
        self.county.muster("incident", "update", incident, "--dead", "30")
        self.assertEqual(self.county.json("incident", "show", incident)[0]["grade"], "I")
        self.assertEqual(self.grades(incident), [])


if __name__ == "__main__":
    main()
