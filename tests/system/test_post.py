"""Who leads at the scene: handed over by signed acceptance, and proved from the log."""
from agents import CountyTest, FIRE, HEALTH, RESCUE
from harness import main


class CommandPost(CountyTest):
    def setUp(self):
        super().setUp()
        with open(self.county.path("centre.yaml"), encoding="utf-8") as file:
            chief = file.read().replace("operators/duty-officer.key", "operators/duty-chief.key")
        with open(self.county.path("chief.yaml"), "w", encoding="utf-8") as file:
            file.write(chief)
        self.incident = self.county.report()

    def post(self):
        return self.county.json("incident", "show", self.incident)[0]["post"]

    def leads(self):
        return self.post()["commander"], self.post()["term"]

    def set_up(self):
        return self.county.muster("incident", "post", self.incident, "--lead", "fire-rescue", "--commander",
                                  "duty-officer", "--place", "东门")

    def offer(self):
        return self.county.muster("incident", "handover", self.incident, "--to", "emergency-management",
                                  "--commander", "duty-chief")

    def by_chief(self, *words):
        return self.county.call("incident", "accept-post", self.incident, *words, "--config",
                                self.county.path("chief.yaml"))

    def bridge(self, agent):
        self.county.add(self.county.config(agent), "bridge: true")
        bridge = self.county.bridge(agent)
        bridge.one("ready")
        return bridge

    def test_handed_over_by_signed_acceptance(self):
        fire, rescue, health = (self.bridge(agent) for agent in (FIRE, RESCUE, HEALTH))
        self.county.issue("health", "--incident", self.incident)
        health.one("order")
        self.assertEqual(self.post(), None)
        self.set_up()
        fire.one("notice", event="post-set", commander="duty-officer", term=1)
        self.offer()
        self.assertEqual((self.leads(), self.post()["offered_commander"]),
                         (("duty-officer", 1), "duty-chief"))
        self.assertIn("not accepted yet", self.county.muster("incident", "list"))

        # nobody accepts for another
        refused = self.county.call("incident", "accept-post", self.incident)
        self.assertIn("duty-chief", refused.stderr)
        self.assertEqual(self.leads(), ("duty-officer", 1))

        # across kill -9
        self.county.kill_broker()
        self.county.start_broker()
        self.assertEqual(self.by_chief().returncode, 0)
        self.assertEqual((self.leads(), self.post()["lead"]),
                         (("duty-chief", 2), "370102/emergency-management"))
        for told in (fire, rescue, health):  # who led, who leads, and who is at work there
            told.one("notice", event="post-taken", commander="duty-chief", term=2)
        self.assertIn("as it was", self.by_chief().stdout)

        taken = [event for event in self.county.events() if event["event"] == "post-taken"]
        self.assertEqual([(event["operator"], event["data"]["number"]) for event in taken],
                         [("duty-chief", 2)])
        self.assertIn("指挥权由 fire-rescue 移交",
                      self.county.muster("replay", self.county.log, "--lang", "zh"))
        self.county.muster("incident", "update", self.incident, "--measures", "m")
        self.assertIn("总指挥 duty-chief，第 2 任，地点：东门",
                      self.county.muster("incident", "brief", self.incident))
        self.assert_verified()

    def test_refused_and_withdrawn(self):
        self.set_up()
        self.offer()
        self.assertIn("who led leads on", self.by_chief("--refuse", "--reason", "not on duty").stdout)
        self.assertEqual((self.leads(), self.post()["offered_commander"]), (("duty-officer", 1), ""))
        self.offer()
        self.county.muster("incident", "handover", self.incident, "--withdraw")
        late = self.by_chief()
        self.assertNotEqual(late.returncode, 0)
        self.assertEqual(self.leads(), ("duty-officer", 1))
        other = self.county.call("incident", "post", self.incident, "--lead", "health", "--commander", "x")
        self.assertIn("it is handed over", other.stderr)
        self.assert_verified()


if __name__ == "__main__":
    main()
