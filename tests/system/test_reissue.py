"""An order that nobody answers, or that is declined: reminded of, given to the next agency that is able to,
and shared with the region above when nobody is; each step once, with its reason, also across kill -9."""
import json
import time

from agents import CENTRE, CountyTest, FIRE, POLICE, REGION, RESCUE, until
from harness import ADMIN, POLICE as PRECINCT, SiteTest, STATION_3, STATION_5
from harness import CENTRE as COMMAND, main
from muster_wire import new_id, now_ms, pb

PACK = """pack: silence
version: '1'
match: all
rules:
  - {rule: remind, when: order-unanswered, if: step = 0, do: [remind: 2 s]}
  - {rule: next, when: order-unanswered, if: step > 0, do: [{reissue: next-able, ability: rescue}]}
  - {rule: declined, when: order-declined, if: step < 2, do: [{reissue: next-able, ability: rescue}]}
  - {rule: nobody, when: ability-short, if: ability = 'rescue', do: [refer: parent]}
"""
TEXT = "两人被困，速救"


class Reissue(CountyTest):
    def setUp(self):
        super().setUp()
        path = self.county.path("silence.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(PACK)
        self.county.muster("rules", "load", path)
        for name in (CENTRE, FIRE, RESCUE, POLICE):
            self.county.add(self.county.config(name), "bridge: true")

    def bridge(self, name, *abilities):
        bridge = self.county.bridge(name)
        bridge.one("ready")
        if abilities:
            bridge.say(type="units", ref=1, units=[{"id": "U1", "type": "vehicle", "status": "free",
                                                    "crew": 4, "abilities": list(abilities)}])
            bridge.one("reply", ref=1)
        return bridge

    def order(self):
        incident = self.county.report()
        return incident, self.county.issue("fire-rescue", "--incident", incident, "--answer-within", "1s",
                                           "--expires-within", "10min", text=TEXT)

    def assert_what_if_differs_in_nothing(self):
        lines = self.county.muster("rules", "what-if", self.county.log, "--rules",
                                   self.county.path("silence.yaml"), "--json").splitlines()
        self.assertEqual((json.loads(lines[-1])["differ"], len(lines) > 2), (0, True), lines)

    def all(self, kind):
        return [event for event in self.county.events() if event["event"] == kind]

    def once(self, kind):
        return until(lambda: self.all(kind), kind)[0]

    def test_the_next_agency_takes_it(self):
        fire = self.bridge(FIRE)
        rescue, police = self.bridge(RESCUE, "rescue"), self.bridge(POLICE, "traffic-control")
        desk = self.bridge(CENTRE)
        incident, order = self.order()
        fire.one("order", order=order)
        reminder = fire.one("reminder", order=order)
        self.assertEqual((reminder["step"], reminder["rule"]), (1, "silence/remind"))
        taken = rescue.one("order", reissue_of=order)
        self.assertEqual((taken["text"], taken["addressee"]), (TEXT, f"{REGION}/{RESCUE}"))
        again = taken["order"]
        self.assertEqual(fire.one("recall", order=order)["reissued_to"], f"{REGION}/{RESCUE}")
        rescue.say(type="receipt", ref=2, order=again, rung="accepted", units=["U1"])
        self.assertEqual(rescue.one("reply", ref=2)["outcome"], "done")
        self.assertEqual(self.county.wait_rung(again, "accepted")["text"], TEXT)
        self.assertEqual(self.county.wait_rung(order, "recalled")["rung"], "recalled")
        told = desk.one("notice", event="order-reissued", order=order)
        self.assertEqual((told["by"], told["rule"]), (again, "silence/next"))
        self.assertEqual((police.all("order"), police.all("recall"), rescue.all("recall")), ([], [], []))
        # too late: it is noted, and changes nothing
        fire.say(type="receipt", ref=3, order=order, rung="accepted")
        fire.one("reply", ref=3)
        self.assertEqual(self.county.wait_rung(again, "accepted")["rung"], "accepted")

        explained = self.county.muster("explain", self.county.log, order)
        for words in ("NOT answered in time", "rule silence/remind 1 holds", "its addressee is reminded",
                      "by rule silence/remind (step 1)", "nobody answered, goes to emergency-management",
                      "by rule silence/next (step 2)"):
            self.assertIn(words, explained)
        told = self.county.muster("explain", self.county.log, order, "--lang", "zh")
        for words in ("催办", "无人答复，改派", "依规则 silence/next（第 2 步）"):
            self.assertIn(words, told)
        explained = self.county.muster("explain", self.county.log, again)
        self.assertIn(TEXT, explained)
        self.assertIn(f"in place of order {order[-6:]}, which nobody answered, by rule silence/next (step 2)",
                      explained)
        self.assertEqual(self.assert_verified()["signatures_unchecked"], 0)

    def test_each_step_once_across_kill(self):
        """Killed when it has reminded, away when the next step is due, and killed again after it."""
        fire, rescue = self.bridge(FIRE), self.bridge(RESCUE, "rescue")
        incident, order = self.order()
        fire.one("reminder", order=order)
        due = self.once("order-reminded")["data"]["due_ms"] / 1000
        self.county.kill_broker()
        until(lambda: time.time() > due, "its time to come while nobody is there")
        self.county.start_broker()
        again = rescue.one("order", reissue_of=order)["order"]
        self.county.kill_broker()
        self.county.start_broker()
        rescue.say(type="receipt", ref=2, order=again, rung="accepted")
        self.assertEqual(rescue.one("reply", ref=2)["outcome"], "done")
        fire.one("recall", order=order)
        for kind, n in (("order-issued", 1), ("order-unanswered", 2), ("order-reminded", 1),
                        ("reissue-wanted", 1), ("order-reissued", 1), ("order-recalled", 1)):
            self.assertEqual(len([event for event in self.all(kind) if event["order"] == order]), n, kind)
        self.assertEqual(len(rescue.all("order")), 1)
        self.assert_verified()
        self.assert_what_if_differs_in_nothing()

    def test_nobody_is_able(self):
        fire, police = self.bridge(FIRE), self.bridge(POLICE, "traffic-control")
        incident, order = self.order()
        until(lambda: self.county.json("incident", "show", incident)[0]["referred_to"] == ["370100"],
              "the incident to be shared with the region above")
        short = self.once("ability-short")["data"]
        self.assertEqual((short["subject"], short["what"]), ("rescue", "silence/next"))
        self.assertEqual(self.county.order(order)["rung"], "issued")
        self.assertEqual((police.all("order"), fire.all("recall")), ([], []))
        replay = self.county.muster("replay", self.county.log)
        self.assertIn("NOBODY ELSE can take order", replay)
        self.assertIn("no free unit has rescue, by rule silence/next", replay)
        self.assertIn("待命力量中无 rescue", self.county.muster("replay", self.county.log, "--lang", "zh"))
        self.assert_verified()
        self.assert_what_if_differs_in_nothing()

    def decline(self, bridge, order, text):
        bridge.say(type="receipt", ref=7, order=order, rung="declined", text=text)
        self.assertEqual(bridge.one("reply", ref=7)["outcome"], "done")

    def fired(self, order):
        return [event["data"]["what"] for event in self.all("rule-fired") if event["order"] == order]

    def test_who_declines_is_no_end(self):
        """At once, and not when its time has passed; the next that declines leaves nobody, and the region
        above is told."""
        fire, rescue = self.bridge(FIRE), self.bridge(RESCUE, "rescue")
        incident = self.county.report()
        order = self.county.issue("fire-rescue", "--incident", incident, "--answer-within", "1h",
                                  "--expires-within", "2h", text=TEXT)
        fire.one("order", order=order)
        self.decline(fire, order, "无待命车辆")
        again = rescue.one("order", reissue_of=order)
        self.assertEqual(again["text"], TEXT)
        self.assertEqual(self.county.order(order)["rung"], "declined")  # it keeps its outcome
        self.assertEqual((fire.all("recall"), fire.all("reminder")), ([], []))
        self.decline(rescue, again["order"], "在别处")
        until(lambda: self.county.json("incident", "show", incident)[0]["referred_to"] == ["370100"],
              "the incident to be shared with the region above")
        self.assertEqual((self.fired(order), self.fired(again["order"])),
                         (["declined"], ["declined", "nobody"]))

        explained = self.county.muster("explain", self.county.log, order)
        for words in ("rule silence/declined 1 holds", f"agent {REGION}/{FIRE}",
                      f"which {FIRE} declined, goes to", "by rule silence/declined (step 1)", "无待命车辆"):
            self.assertIn(words, explained)
        explained = self.county.muster("explain", self.county.log, again["order"])
        self.assertIn(f"in place of order {order[-6:]}, which {FIRE} declined, by rule silence/declined",
                      explained)
        self.assertIn(f"被 {FIRE} 拒绝，改派", self.county.muster("replay", self.county.log, "--lang", "zh"))
        self.assert_verified()
        self.assert_what_if_differs_in_nothing()

    def test_a_decline_is_asked_about_once_across_kill(self):
        fire = self.bridge(FIRE)
        rescue = self.bridge(RESCUE, "rescue")
        orders = []
        for _ in range(4):
            orders.append(self.county.issue("fire-rescue", "--answer-within", "1h", "--expires-within", "2h",
                                            text=TEXT))
            fire.one("order", order=orders[-1])
            fire.say(type="receipt", ref=len(orders), order=orders[-1], rung="declined")
            self.county.kill_broker()
            self.county.start_broker()
        for order in orders:
            rescue.one("order", reissue_of=order)
            self.assertEqual(self.fired(order), ["declined"])
        self.assertEqual(len(rescue.all("order")), len(orders))
        self.assert_verified()
        self.assert_what_if_differs_in_nothing()


class ByProtocol(SiteTest):
    """The same for a client that knows docs/protocol.md alone: whose words it is given, and whose recall."""

    def test_the_words_are_the_persons(self):
        centre, admin = self.client(COMMAND, "zhang.wei"), self.client(ADMIN, "wang.fang")
        silent, second, precinct = (self.client(name) for name in (STATION_3, STATION_5, PRECINCT))
        self.done(admin.do(pb.SetPack(text=PACK.replace("remind: 2 s", "remind: 1 s"))))
        for client, ability in ((second, "rescue"), (precinct, "traffic-control")):
            units = pb.StateUnits()
            units.units.add(id="U1", type="vehicle", abilities=[ability], status=pb.UNIT_STATUS_FREE, crew=4)
            self.done(client.do(units))
        incident, order = new_id(), new_id()
        self.done(centre.do(pb.FileReport(incident=incident, kind=pb.REPORT_KIND_INITIAL,
                                          facts=pb.Facts(kind="medical"))))
        body = pb.IssueOrders(incident=incident)
        body.orders.add(order=order, kind="dispatch", addressee=STATION_3, text=TEXT,
                        answer_by_ms=now_ms() + 1000, expires_at_ms=now_ms() + 300000)
        self.done(centre.do(body))
        self.assertEqual(silent.wait_for("order_reminded", order=order).step, 1)

        issued = second.wait_for("order_issued", reissue_of=order)
        self.assertEqual((issued.addressee, issued.issuer), (STATION_5, COMMAND))
        delivery = next(d for d in second.inbox if d.events("order_issued"))
        reissue = delivery.command.reissue_order
        said = second.keyring.check(pb.Record(command=pb.Signed.FromString(reissue.said)), reissue.said_seq)
        self.assertEqual((said.operator, said.mode, said.issue_orders.incident),
                         ("zhang.wei", delivery.command.mode, incident))
        self.assertEqual([o.text for o in said.issue_orders.orders if o.order == reissue.said_order], [TEXT])

        # The recall in that record is for whom the old order was addressed to.
        gone = silent.wait_for("order_reissued", order=order)
        self.assertEqual((gone.former, gone.by), (STATION_3, issued.order))
        silent.wait_for("order_recalled", order=order)
        self.assertEqual([d.lane for d in silent.inbox if d.events("order_recalled")], [pb.LANE_URGENT])
        self.done(second.do(pb.GiveReceipt(incident=incident, order=issued.order, rung=pb.RUNG_ACCEPTED)))
        centre.wait_for("rung_reached", order=issued.order, rung=pb.RUNG_ACCEPTED)
        self.assertEqual(precinct.got("order_issued"), [])
        self.assert_alive()


if __name__ == "__main__":
    main()
