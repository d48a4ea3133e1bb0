"""Clocks of one region that step, strobe, sleep or are wrong, while it is linked to others (FAULTS 24): lines
hold, deadlines are their home's, what is heard keeps its times, and a person is told of a clock that is off.
"""
import time

from agents import FIRE, HEALTH, until
from harness import main
from muster_wire import ulid
from regions import CITY, COUNTY, Commanded, LinkedRegions, NAMES, PROVINCE

HOUR, DAY = 3600, 86400
ANSWERED = ("acknowledged", "accepted")
BEYOND_32_BITS = 2**31  # 2038-01-19T03:14:08Z is one second beyond


def ages(region, other):
    """HEARD and HEARD THERE as a person reads them."""
    row = next(line for line in region.muster("link", "list").splitlines() if line.startswith(other))
    return [f"{n} {unit}" for n, unit in zip(row.split(), row.split()[1:]) if unit in ("s", "min")]


class Steps(Commanded):
    """The city's wall clock is not what it was when its broker started."""

    with_faults = (CITY,)

    def configure(self, region):
        region.add("musterd.yaml", "canary: 1 s")

    def steady(self):
        return ([relay.accepted for relay in self.relays.values()],
                [each for region in self.regions for each in region.events() if each["event"] == "link-set"])

    def test_steps_of_the_wall_clock(self):
        self.drain()
        before, city = self.steady(), self.desks[CITY]
        overdue = {}
        for step in (HOUR, -HOUR, DAY, -DAY, -1):  # the last as a leap second
            self.city.faults.move_clocks(utc_s=step)
            order = ulid(city.issue(f"{COUNTY}/{HEALTH}", 2000, 1000))
            overdue[order] = time.time() * 1000
            self.load(0.3)
        for n in range(10):
            self.city.faults.move_clocks(utc_s=DAY if n % 2 else -DAY)
            self.load(0.02)
        self.city.faults.move_clocks(utc_s=HOUR)
        self.wait(lambda: len(city.got("order_expired")) == len(overdue), "what is overdue")
        for region in self.regions:  # also where the wall clock is not the bus's, for who asks, too
            for other in (row["region"] for row in region.json("link", "list")):
                self.assertEqual([age[-2:] for age in ages(region, other)], [" s"] * 2)
        logs = self.check_books(silent=set(overdue))
        self.assertEqual(self.steady(), before, "a line was dropped, or noted anew")
        self.times_hold(logs)
        for each in logs[CITY]:
            if each["event"] in ("order-unanswered", "order-expired"):
                due = overdue[each["order"]] + (1000 if each["event"] == "order-unanswered" else 2000)
                self.assertGreaterEqual(each["at_ms"], due - 50, "early")
                self.assertLess(each["at_ms"], due + 5000, "late")
        steps = {code: len([each for each in log if each["event"] == "clock-set"
                            and "stepped" in each["data"].get("text", "")]) for code, log in logs.items()}
        self.assertGreaterEqual(steps.pop(CITY), 1, "it is written down")
        self.assertEqual(set(steps.values()), {0})

    def times_hold(self, logs):
        """Bus time falls in no log, and what was heard bears the times of the log that it is from."""
        for events in logs.values():
            times = [each["bus_ms"] for each in events]
            self.assertEqual(times, sorted(times))
        said = {}
        for events in logs.values():
            for each in events:
                if each["event"] in ("report-filed", "order-issued", "rung-reached", "order-expired"):
                    what = (each["event"], each["order"], each["data"].get("text"), each["data"].get("rung"))
                    self.assertEqual(said.setdefault(what, each["at_ms"]), each["at_ms"], what)

    def test_ten_minutes_of_sleep(self):
        """The city's machine sleeps: afterwards its bus is ten minutes on, and the others' are not."""
        self.load(0.5)
        overdue = {ulid(self.desks[CITY].issue(f"{COUNTY}/{HEALTH}", 300000, 120000)) for _ in range(5)}
        later = ulid(self.desks[CITY].issue(f"{COUNTY}/{HEALTH}", 7200000, 3600000))
        self.drain()
        self.city.faults.move_clocks(utc_s=600, boot_s=600)
        self.wait(lambda: {ulid(e.order) for e in self.desks[CITY].got("order_expired")} == overdue,
                  "what is overdue")
        ordered = self.city.issue(f"{COUNTY}/{FIRE}", "--incident", self.incident)
        self.city.wait_rung(ordered, "completed")
        self.drain()
        logs = {region.code: region.events() for region in self.regions}
        for events in logs.values():
            for event in ("order-unanswered", "order-expired"):
                self.assertEqual(sorted(each["order"] for each in events if each["event"] == event),
                                 sorted(overdue))
            self.assertNotIn(later, {each["order"] for each in events if each["event"] == "order-unanswered"})
        self.times_hold(logs)
        for region in self.regions:
            lines = [each["data"]["subject"] for each in logs[region.code] if each["event"] == "link-set"]
            self.assertEqual(len(lines), len(set(lines)), "a line was noted as cut")
        self.assert_verified()


class Off(LinkedRegions):
    """The city's clock is wrong from the start."""

    with_faults = (CITY,)
    off_s = HOUR

    def configure(self, region):
        region.add("musterd.yaml", "canary: 1 s")
        if region is self.city:
            region.faults.move_clocks(utc_s=self.off_s)

    def said(self, region):
        with open(region.path("musterd.err"), encoding="utf-8") as file:
            return file.read()

    def test_is_told_to_a_person_at_both_ends(self):
        station = self.county.agent(FIRE)
        incident = self.county.report("--dead", "1")
        self.county.muster("incident", "refer", incident, "--to", CITY)
        self.follows(self.city, incident, casualties={"dead": 1})
        there, here = ("ahead of", "behind") if self.off_s > 0 else ("behind", "ahead of")
        for region, other, word in ((self.city, COUNTY, here), (self.city, PROVINCE, here),
                                    (self.county, CITY, there), (self.province, CITY, there)):
            until(lambda: [line for line in self.said(region).splitlines()
                           if f"clock of region {other} is 3" in line and f" s {word} ours" in line],
                  f"{region.code} to say that {other} is {word}")
            self.assertEqual(self.said(region).count("clock of region"), 2 if region is self.city else 1)
        order = self.city.issue(f"{COUNTY}/{FIRE}", "--incident", incident)
        self.orders_below(order, station)
        # each region's own word is later than what it has heard
        self.city.muster("incident", "update", incident, "--dead", "5")
        self.follows(self.county, incident, casualties={"dead": 5})
        self.county.muster("incident", "update", incident, "--dead", "6")
        self.follows(self.city, incident, casualties={"dead": 6})
        for region, other in ((self.city, COUNTY), (self.county, CITY)):
            until(lambda: ages(region, other) and all(age.endswith(" s") for age in ages(region, other)),
                  "canaries of now")
        self.assert_verified()

    def orders_below(self, order, station):
        """Its time is not over by the county's clock: it is carried out."""
        self.city.wait_rung(order, *ANSWERED)


class Behind(Off):
    off_s = -HOUR

    def orders_below(self, order, station):
        """By the county's clock its time was over before it came: not carried out there, without an outcome
        here."""
        until(lambda: [each for each in self.county.events() if each["order"] == order], "the order")
        until(lambda: "expired" in "".join(station.out), "its system to be told so")
        self.assertEqual(self.city.order(order)["rung"], "issued")


class Beyond32Bits(LinkedRegions):
    with_faults = tuple(NAMES)

    def setUp(self):
        self.shift_s = BEYOND_32_BITS - 3 - int(time.time())
        super().setUp()

    def configure(self, region):
        region.faults.move_clocks(utc_s=self.shift_s)

    def test_lines_in_2038(self):
        self.county.agent(FIRE)
        incident = self.county.report("--dead", "1")
        self.county.muster("incident", "refer", incident, "--to", PROVINCE)
        self.follows(self.province, incident, casualties={"dead": 1})
        for dead in ("2", "3"):
            order = self.province.issue(f"{COUNTY}/{FIRE}", "--incident", incident)
            self.province.wait_rung(order, *ANSWERED)
            self.county.muster("incident", "update", incident, "--dead", dead)
            self.follows(self.province, incident, casualties={"dead": int(dead)})
            until(lambda: time.time() + self.shift_s > BEYOND_32_BITS, "the second itself")
        self.assertGreater(self.county.events()[-1]["bus_ms"], BEYOND_32_BITS * 1000)
        self.assert_verified()


if __name__ == "__main__":
    main()
