"""Several callers of one event: merged by a person, answered under either id, the same across kill -9."""
from agents import CountyTest, FIRE, HEALTH, until
from harness import main


class Together(CountyTest):
    def shown(self, incident):
        return self.county.json("incident", "show", incident)[0]

    def receipt(self, agent, incident, order, rung):
        self.county.muster("order", "receipt", order, "--incident", incident, "--rung", rung, "--config",
                           self.county.path(self.county.config(agent)))

    def two(self):
        """Two calls of one fire, and an order under each."""
        first = self.county.report("--dead", "1")
        second = self.county.report("--caller", "139-0000")
        return (first, second, self.county.issue("fire-rescue", "--incident", second),
                self.county.issue("health", "--incident", first))

    def data(self, kind):
        return [event["data"] for event in self.county.events() if event["event"] == kind]

    def test_one_event_under_two_ids(self):
        first, second, engine, ambulance = self.two()
        self.assertEqual([row["incident"] for row in self.shown(first)["similar"]], [second])
        said = self.county.muster("incident", "merge", second, "--into", first, "--reason", "one market")
        self.assertEqual(said, f"{second} is merged into {first}\n")
        self.assertIn("as it was", self.county.muster("incident", "merge", second, "--into", first))
        self.assertEqual(self.shown(second)["merged_into"], first)
        shown = self.shown(first)
        self.assertEqual((shown["merged"], shown["similar"]), ([second], []))
        self.assertEqual({order["order"] for order in shown["orders"]}, {engine, ambulance})
        self.assertIn("merged into it: " + second, self.county.muster("incident", "list"))

        self.receipt(FIRE, first, engine, "accepted")  # each under the other's id
        self.receipt(HEALTH, second, ambulance, "completed")
        self.county.muster("incident", "update", second, "--dead", "4", "--text", "he called again")
        self.assertEqual(self.shown(first)["reports"], 2)
        self.assertEqual(self.data("report-filed")[-1]["under"], second)

        explained = self.county.muster("explain", self.county.log, first)
        self.assertRegex(explained, "fire-rescue +is ordered: 1 order")
        self.assertRegex(explained, f"order {engine[-6:]} to fire-rescue")
        self.assertIn("with 1 open orders", explained)
        self.assertIn("已下达指令 2 条", self.county.muster("incident", "brief", first))
        refused = self.county.call("incident", "close", second)
        self.assertIn(first, refused.stderr)
        refused = self.county.call("incident", "close", first)
        self.assertIn(engine, refused.stderr)
        self.receipt(FIRE, second, engine, "completed")
        self.county.muster("incident", "close", first)
        self.assertIn("系同一事件", self.county.muster("explain", self.county.log, second, "--lang", "zh"))
        self.assert_verified()

    def test_what_belongs_together_is_found_again_after_kill(self):
        first, second, engine, _ = self.two()
        self.county.muster("incident", "merge", second, "--into", first)
        self.receipt(FIRE, first, engine, "completed")  # the merged one is not at hand
        self.county.kill_broker()
        self.county.start_broker()
        self.county.muster("incident", "update", second, "--dead", "2")
        self.assertEqual(self.shown(first)["reports"], 2)
        late = self.county.issue("fire-rescue", "--incident", second)
        self.assertEqual(self.county.order(late)["incident"], first)
        third = self.county.report("--place", "海边")
        other = self.county.issue("health", "--incident", second)
        self.county.muster("incident", "split", second, "--order", other, "--into", third)
        self.assertEqual([order["order"] for order in self.shown(third)["orders"]], [other])
        self.county.muster("incident", "split", second, "--reason", "another market")
        self.assertEqual((self.shown(first)["merged"], self.shown(second)["merged_into"]), ([], ""))
        brief = ("incident", "brief", first, "--number", "2")  # of the time when they were one event
        for said in (self.county.muster(*brief), self.county.muster(*brief, "--log", self.county.log)):
            self.assertIn(f"指令 {engine[-6:]}", said)
        self.county.muster("incident", "split", first, "--order", late, "--into", second)
        self.assertEqual([order["order"] for order in self.shown(second)["orders"]], [engine, late])
        self.receipt(FIRE, second, late, "completed")
        self.county.muster("incident", "link", second, "--to", first, "--as", "secondary")
        self.assertEqual(self.shown(first)["links"],
                         [{"incident": second, "link": "secondary", "caused": True,
                           "merged_elsewhere": False}])
        until(lambda: not self.shown(second)["similar"], "what a person has told apart is suspected no more")
        self.assert_verified()

    def test_a_drill_is_not_merged_into_what_is_real(self):
        with open(self.county.path("centre.yaml"), encoding="utf-8") as file:
            drill = file.read().replace("mode: actual", "mode: exercise").replace("centre.db", "drill.db")
        with open(self.county.path("drill.yaml"), "w", encoding="utf-8") as file:
            file.write(drill)
        drill = self.county.report("--config", self.county.path("drill.yaml"))
        real = self.county.report()
        refused = self.county.call("incident", "merge", drill, "--into", real)
        self.assertIn("mode", refused.stderr)
        self.assertEqual(self.shown(real)["merged"], [])


if __name__ == "__main__":
    main()
