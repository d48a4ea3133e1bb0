"""A poisoning and asphyxiation accident, as a county's duty room would live it."""
import os
import signal
import time

from region import SOURCE, ids, until, when


class Accident:
    def __init__(self, county, screen):
        self.county = county
        self.screen = screen
        self.incident = ""

    def order(self, to, kind, text, reissue_of=""):
        where = ["--reissue-of", reissue_of] if reissue_of else ["--incident", self.incident]
        out = self.county.muster(["order", "issue", *where, "--to", f"{self.county.code}/{to}",
                                  "--kind", kind, "--text", text])
        return ids(out)[0]

    def orders(self):
        return {order["order"]: order for order in self.county.incident(self.incident)["orders"]}

    def wait(self, order, *rungs):
        return until(f"order {order[-6:]} to be {' or '.join(rungs)}",
                     lambda: self.orders().get(order, {}).get("rung") in rungs and self.orders()[order])

    def play(self):
        county, step = self.county, self.screen.step
        step("Decree 493 is in force: grades, and by when which report must have reached whom.")
        county.muster(["rules", "load", os.path.relpath(SOURCE / "common/rules/packs/decree-493.yaml")])

        step("A call: an operator has collapsed in a generator room, a colleague went in after him. "
             "Nobody has said which gas.")
        out = county.muster(["incident", "report", "--kind", "poisoning-asphyxiation",
                             "--title", "发电机房中毒窒息", "--place", "工业园区 3 号厂房 发电机房",
                             "--unit", "某机械有限公司", "--trapped", "2", "--caller", "值班电话 0531-0000",
                             "--occurred", when(-420), "--course", "巡检时一人倒地，同事进入施救后失联"])
        self.incident = ids(out)[0]
        self.screen.line("  " + out.strip().replace("\n", "\n  "))

        step("Orders to four agencies.")
        fire = self.order("fire-rescue", "dispatch", "两人被困发电机房，佩戴空呼进入搜救")
        ambulance = self.order("health", "medical", "两人疑似中毒，救护车到 3 号厂房东门")
        police = self.order("public-security", "supply", "封控厂区道路")
        team = self.order("emergency-management/rescue-team", "inspect", "现场气体检测")

        step("Public security does not take \"supply\": it declines, and the order is issued again.")
        self.wait(police, "declined")
        police = self.order("public-security", "traffic-control", "封控厂区道路", police)

        step("The broker is killed with -9, in the middle.")
        self.wait(fire, "accepted", "en-route", "on-scene")
        county.stop_broker(signal.SIGKILL)
        began = time.monotonic()
        county.start_broker()
        until("the broker to answer", lambda: county.muster(["incident", "list"], show=False))
        self.screen.line(f"  in service again after {time.monotonic() - began:.2f} s; "
                         "agents come back by themselves")

        step("The plant calls back: exhaust gas, carbon monoxide. Every open order is amended.")
        county.muster(["incident", "update", self.incident, "--substance", "carbon-monoxide",
                       "--serious", "2", "--trapped", "0", "--text", "发电机尾气，一氧化碳"])
        until("the amendment to be acknowledged",
              lambda: all(order["amendments"] == order["amendments_acknowledged"] > 0
                          for order in self.orders().values() if order["open"]))
        out = county.muster(["order", "show", fire])
        lacks = [line for line in out.splitlines() if "lack" in line or "缺少" in line]
        self.screen.line("  " + "\n  ".join(lacks))

        step("Now that somebody has counted the injured, the incident has a grade; "
             "the county tells the city by phone.")
        until("a grade", lambda: county.incident(self.incident)["grade"])
        county.muster(["incident", "send", self.incident, "--to", "city", "--medium", "phone",
                       "--signer", "王芳", "--text", "市应急局值班室 0531-0001"])

        step("The gas is known: the inspection is recalled.")
        county.muster(["order", "recall", team, "--reason", "气体已查明"])
        self.wait(team, "recalled")

        step("Crews arrive; the room is not safe: everybody out, heads are counted.")
        self.wait(fire, "on-scene")
        self.wait(ambulance, "on-scene")
        county.muster(["order", "evacuate", "--incident", self.incident, "--text", "二次爆燃风险，立即撤离"])
        for order in until("the evacuation orders", self.evacuations):
            self.wait(order, "completed")
        counted = list(self.evacuations().values())
        present = sum(order.get("present", 0) for order in counted)
        missing = sum(order.get("missing", 0) for order in counted)
        self.screen.line(f"  {len(counted)} agencies counted: {present} present, {missing} missing")

        step("The work is done.")
        for order in (fire, ambulance, police):
            self.wait(order, "completed")

        step("The final report; the incident is closed.")
        county.muster(["incident", "update", self.incident, "--final", "--serious", "2", "--dead", "0",
                       "--measures", "两人救出送医，现场通风检测合格", "--text", "处置完毕"])
        county.muster(["incident", "close", self.incident, "--reason", "处置完毕"])

    def evacuations(self):
        return {key: order for key, order in self.orders().items() if order["evacuation"]}
