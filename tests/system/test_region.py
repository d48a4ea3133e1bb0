"""The dated table of divisions: loaded by a person, kept in the log, and what reports say by it."""
from agents import CountyTest
from harness import main

ROWS = """代码,名称,启用,停用
370102000000,历下区,,
370102001000,解放路街道,2020-01-01,2022-12-31
370102001000,新街道,2023-01-01,
370102001005,某社区,,
"""


class Divisions(CountyTest):
    def table(self, text, name="2023.csv"):
        path = self.county.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_loaded_dated_and_checked(self):
        self.assertIn("no table of divisions", self.county.call("region", "list").stderr)
        path = self.table(ROWS)
        self.assertEqual(self.county.muster("region", "load", path), "4 divisions are in force\n")
        self.assertIn("already", self.county.muster("region", "load", path))
        for day, name in (("2022-06-01T00:00:00+08:00", "解放路街道"), ("2022-12-31", "解放路街道"),
                          ("2023-01-01", "新街道"), ("2022-12-31 23:59", "解放路街道")):
            self.assertEqual([row["name"] for row in self.county.json("region", "list", "370102001", "--at",
                                                                      day)], [name])
        refused = self.county.call("region", "list", "--at", "2023-02-30")
        self.assertEqual((refused.returncode, refused.stderr.count("\n")), (64, 1))
        self.assertEqual(len(self.county.json("region", "list")), 4)

        incident = self.county.report("--division", "370102001005")
        shown = self.county.json("incident", "show", incident)[0]
        self.assertEqual((shown["division"], shown["division_name"]), ("370102001005", "某社区"))
        self.assertIn("某社区", self.county.muster("incident", "brief", incident))

        # a report never waits: what the table does not know is told
        told = self.county.call("incident", "report", "--kind", "fire", "--place", "x",
                                "--division", "370102009")
        self.assertEqual(told.returncode, 0)
        self.assertIn("370102009 is no division of the table in force", told.stderr)
        self.assertEqual([event["data"]["what"] for event in self.county.events()
                          if event["event"] == "division-doubted"], ["370102009"])
        self.county.kill_broker()
        self.county.start_broker()
        self.assertEqual(len(self.county.json("region", "list")), 4)
        self.assertIn("行政区划代码表 2023.csv 生效",
                      self.county.muster("replay", self.county.log, "--lang", "zh"))
        self.assert_verified()

    def test_what_is_wrong_is_named_in_one_line(self):
        for text, words in ((ROWS + "37010,x,,\n", ':6: "37010" is no code'),
                            (ROWS + "370102003,x,2023-13-01,\n", ':6: "2023-13-01" is no day'),
                            (ROWS + "370102003,x,2023-02-29,\n", ':6: "2023-02-29" is no day'),
                            (ROWS + "370102003\n", "has no name beside it"),
                            (ROWS + "370103001,x,,\n", ":6: 370103001 x is not of region 370102"),
                            (ROWS + "370102001,x,2022-01-01,\n",
                             ":6: 370102001 is given twice for one day, in line 3 too"),
                            ("代码,名称\n", "no divisions")):
            done = self.county.call("region", "load", self.table(text, "bad.csv"))
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1)


if __name__ == "__main__":
    main()
