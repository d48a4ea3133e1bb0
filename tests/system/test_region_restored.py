"""A region whose log was restored from an older copy, among those that are linked to it: what the lines show,
and what a bundle brings back."""
import glob
import os
import shutil

from agents import until
from harness import main
from regions import CITY, COUNTY, LinkedRegions

REASON = "the disk is lost"
DATA, UNAVAILABLE = 65, 69


class Restored(LinkedRegions):
    def settled(self):
        """Every line is there, and nothing waits on any."""
        until(lambda: all(row["reached"] and row["pending"] == 0
                          for region in self.regions for row in region.json("link", "list")),
              "every line to be there, and nothing to wait")

    def shared(self, region, other):
        incident = region.report("--dead", "1")
        region.muster("incident", "refer", incident, "--to", other.code)
        self.follows(other, incident, reports=1)
        return incident

    @staticmethod
    def save(region):
        region.stop_broker()
        shutil.copytree(region.log, region.path("saved"))
        region.start_broker()

    @staticmethod
    def restore(region, *options):
        region.kill_broker()
        shutil.rmtree(region.log)
        shutil.copytree(region.path("saved"), region.log)
        region.start_broker(*options)

    def test_what_the_copy_still_had_to_say_is_pending_no_longer(self):
        """It was told and acknowledged after the copy; nothing new is told since."""
        incident = self.shared(self.county, self.city)
        self.settled()
        self.relays[self.county].part()
        until(lambda: not self.line(self.city, COUNTY)["reached"], "the line to be noted as cut")
        self.city.muster("incident", "update", incident, "--dead", "2")
        self.save(self.city)
        self.relays[self.county].heal()
        self.relays[self.county].cut()
        self.follows(self.county, incident, reports=2)
        self.settled()
        self.restore(self.city, "--recover", REASON)
        self.settled()
        self.assert_verified()

    def test_a_region_that_takes_nothing_is_not_reached(self):
        """Its log is an older copy, and it is fenced: to be answered by it is not to be heard."""
        self.shared(self.county, self.city)
        self.save(self.city)
        self.city.report()
        self.shared(self.county, self.city)
        self.settled()
        self.restore(self.city)
        for region in (self.province, self.county):
            until(lambda r=region: not self.line(r, CITY)["reached"], f"{region.code} to say so")
        self.assertEqual(self.city.stop_broker(), 0)
        self.city.start_broker("--recover", REASON)
        self.settled()

    @staticmethod
    def journals_away(region):
        """What the command line has kept, under another name."""
        paths = glob.glob(region.path("agents", "*.db*"))
        for path in paths:
            os.replace(path, path + ".away")
        return [(path + ".away", path) for path in paths]

    def bring(self, bundle, *options):
        return self.county.call("import", "bundle", bundle, *options)

    def test_a_bundle_is_refused_in_one_line_and_taken_in_one_go(self):
        known = self.shared(self.county, self.city)
        self.save(self.county)
        lost = [self.shared(self.county, self.city) for _ in range(3)]
        for incident in lost:
            for n in range(2, 5):
                self.city.muster("incident", "update", incident, "--dead", str(n))
        theirs = self.shared(self.city, self.county)
        self.city.muster("incident", "update", known, "--dead", "7")
        self.follows(self.county, known, reports=2)
        self.settled()
        self.relays[self.county].part()
        bundle = self.city.path("to-county.bundle")
        records = self.city.json("export", "--to", COUNTY, "-o", bundle, "--since", "0")[0]["records"]

        self.restore(self.county)
        for options, words in (((), "--recover"), (("--lang", "zh"), "以 --recover 启动 musterd 一次")):
            done = self.bring(bundle, *options)  # this command line has seen what is lost
            self.assertEqual((done.returncode, done.stderr.count("\n")), (UNAVAILABLE, 1), done.stderr)
            self.assertIn(bundle, done.stderr)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stderr.count("missing"), 0 if options else 1, done.stderr)

        self.restore(self.county)  # and nobody is there who has seen it
        journals = self.journals_away(self.county)
        done = self.bring(bundle)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (DATA, 1), done.stderr)
        self.assertRegex(done.stderr, rf"{bundle}: record \d+ and 8 more: refused: .*--recover")
        self.follows(self.county, theirs, reports=1)  # what can be taken is
        self.follows(self.county, known, casualties={"dead": 7})

        for away, path in journals:
            os.replace(away, path)
        self.restore(self.county, "--recover", REASON)
        self.county.muster("order", "list")  # and the desk says again what it had said
        done = self.county.json("import", "bundle", bundle)[0]
        self.assertEqual((done["refused"], done["taken"] + done["known"]), (0, records))
        for incident in lost:
            self.follows(self.county, incident, reports=4)
        self.relays[self.county].heal()
        self.relays[self.county].cut()
        self.settled()
        self.assert_verified()


if __name__ == "__main__":
    main()
