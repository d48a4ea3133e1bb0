"""A reservoir's dam breaks in one county, and the water runs over a city's border into the next: a province,
two cities and three counties, each with its own broker, agencies, duty officer and log."""
import re
import time

from region import HEARTBEAT, SOURCE, Failure, Region, ids, until, when
from wire import Wire

DEMO = SOURCE / "tests/demo"
PACKS = (DEMO / "dam-break.yaml", SOURCE / "common/rules/packs/cross-region.yaml")
CREWS = DEMO / "flood-crews.yaml"
PROVINCE, CITY, OTHER_CITY = "370000", "370100", "370900"
FIRST, UPSTREAM, DOWNSTREAM = "370102", "370116", "370911"
FIRE, POLICE, HEALTH = "fire-rescue/station-1", "public-security/command", "health/emergency-centre"
SILENT = "emergency-management/rescue-team"  # its agent is not started
# Code, name, how deep below the province, colour. GB/T 2260 has the codes; what happens is made up.
REGIONS = [
    (PROVINCE, "山东省", 0, "35"),
    (CITY, "济南市", 1, "34"),
    (OTHER_CITY, "泰安市", 1, "33"),
    (FIRST, "历下区", 2, "36"),  # the first scenario's county
    (UPSTREAM, "莱芜区", 2, "31"),
    (DOWNSTREAM, "岱岳区", 2, "32"),
]
ABOVE = {CITY: PROVINCE, OTHER_CITY: PROVINCE, FIRST: CITY, UPSTREAM: CITY, DOWNSTREAM: OTHER_CITY}
ANSWER = "3s"
TAKEN = ("accepted", "en-route", "on-scene", "completed")
ANSWERS = ("rung-reached", "receipt-noted")


def short(identity):
    return identity[-6:]


def took(began):
    return f"{time.monotonic() - began:.1f} s"


class DamBreak:
    def __init__(self, county, screen):
        """county: the first scenario's, in service."""
        self.screen = screen
        self.incident = ""
        self.wires = {}
        self.regions = {}
        for code, name, depth, colour in REGIONS:
            if code == county.code:
                county.depth, county.colour = depth, colour
                self.regions[code] = county
            else:
                self.regions[code] = Region(code, name, county.folder, county.bin, screen,
                                            dict.fromkeys((FIRE, POLICE, HEALTH), CREWS), depth, colour)

    def others(self):
        """The regions beside the county, if they are in service."""
        return [region for region in self.regions.values()
                if region.code != FIRST and region.broker is not None]

    def stop(self):
        for region in self.regions.values():
            region.stop()

    # --- regions and the links between them --------------------------------------------------------

    def setup(self):
        """From the province down, so that who calls knows whom."""
        self.screen.step("A province, two cities, three counties: six brokers; each calls the one above it.")
        for region in self.regions.values():
            if region.broker is None:
                region.setup()
            else:
                region.stop_broker()
            if region.code in ABOVE:
                self.call_above(region)
            region.start_broker()
            if region.code != FIRST:
                region.start_agencies()
        for region in self.regions.values():
            region.wait_agencies()
            for pack in PACKS:
                region.muster(["rules", "load", str(pack)], show=False)
        for below, above in ABOVE.items():
            self.enrol(self.regions[above], self.regions[below])
            self.enrol(self.regions[below], self.regions[above])
        for code, region in self.regions.items():
            until(f"the links of {region.name}",
                  lambda region=region: all(line["reached"] for line in self.links(region)))
            self.screen.say(region, f"{len(region.agencies)} agencies, rules dam-break and cross-region, "
                            "reaches " + ", ".join(sorted(line["region"] for line in self.links(region))))

    def call_above(self, region):
        above = ABOVE[region.code]
        self.wires[region.code] = Wire(self.regions[above].endpoint())
        with open(region.home / "musterd.yaml", "a", encoding="utf-8") as file:
            file.write(f"links:\n  - region: \"{above}\"\n    connect: {self.wires[region.code].endpoint}\n")

    @staticmethod
    def enrol(region, other):
        region.muster(["agent", "enrol", f"{other.code}/broker/link", "--key", str(other.home / "broker.pub"),
                       "--rights", "link"], show=False)

    @staticmethod
    def links(region):
        return region.lines(["link", "list", "--json"])

    def link(self, code, other):
        return next(line for line in self.links(self.regions[code]) if line["region"] == other)

    # --- what a region's people do and see ---------------------------------------------------------

    def say(self, code, text):
        self.screen.say(self.regions[code], text)

    def muster(self, code, *words):
        return self.regions[code].muster(list(words), show=False)

    def shown(self, code):
        region = self.regions[code]
        known = {row["incident"] for row in region.lines(["incident", "list", "--json"])}
        return region.incident(self.incident) if self.incident in known else None

    def sees(self, code, what, condition):
        """The incident as the region knows it, once that is so."""
        return until(f"{self.regions[code].name} to see {what}",
                     lambda: (shown := self.shown(code)) and condition(shown) and shown)

    def sees_order(self, code, order, *rungs):
        def found():
            return next((row for row in (self.shown(code) or {"orders": []})["orders"]
                         if row["order"] == order and (not rungs or row["rung"] in rungs)), None)
        return until(f"{self.regions[code].name} to see order {short(order)} {' or '.join(rungs)}", found)

    def order(self, code, to, kind, text, *words):
        return ids(self.muster(code, "order", "issue", "--incident", self.incident, "--to", to,
                               "--kind", kind, "--text", text, *words))[0]

    def graded(self, code, grade):
        shown = self.sees(code, f"grade {grade}",
                          lambda shown: shown["grade"] == grade and shown["level"] == grade)
        return f"GRADE {grade}, level {shown['level']}, {shown['casualties'].get('dead', 0)} dead"

    def led(self, code, leader):
        shown = self.sees(code, f"the lead of {leader}", lambda shown: shown["lead"] == leader)
        return f"region {leader} leads, term {shown['lead_term']}"

    def count(self, dead, missing, text):
        self.muster(UPSTREAM, "incident", "update", self.incident, "--dead", str(dead), "--missing",
                    str(missing), "--text", text)

    def shared(self, code, other):
        """What `incident show` says of the link's other end."""
        out = self.muster(code, "incident", "show", self.incident, "--lang", "en")
        line = next(line for line in out.splitlines() if f"shared with region {other}" in line)
        return re.sub(r"\d{4}-\d\d-\d\d ", "", line.strip())

    def rule(self, code, region):
        """The rule by which this region referred the incident to that one, as its log has it."""
        return next(event["data"]["what"] for event in self.events(code)
                    if event["event"] == "referred" and event["data"]["subject"] == region)

    def events(self, code):
        region = self.regions[code]
        return [event for event in region.lines(["replay", region.log, "--mode", "all", "--format", "jsonl"])
                if event["incident"] == self.incident]

    # --- the scenario ------------------------------------------------------------------------------

    def play(self):
        self.setup()
        self.screen.step("A reservoir's dam breaks in 莱芜区. Nobody answers its first order: that climbs.")
        self.breaks()
        self.screen.step("Casualties rise, and with them the grade and who knows; the water leaves the city.")
        self.rises()
        self.screen.step("The line between 济南市 and 山东省 is cut. Both sides go on commanding.")
        boats, search = self.is_cut()
        self.screen.step("The line heals.")
        self.heals(boats, search)
        self.screen.step("The end: what is in the six logs.")
        self.ends()

    def breaks(self):
        self.incident = ids(self.muster(
            UPSTREAM, "incident", "report", "--kind", "flood", "--title", "青峪水库垮坝", "--place",
            "青峪水库下游", "--missing", "38", "--occurred", when(-120), "--course", "主坝溃口，洪水下泄"))[0]
        self.say(UPSTREAM, f"incident {short(self.incident)}: 青峪水库垮坝, 38 missing, the dead not counted")
        alone = self.order(UPSTREAM, f"{UPSTREAM}/{SILENT}", "dispatch", "抢护溃口",
                           "--answer-within", ANSWER)
        self.say(UPSTREAM, f"order {short(alone)} to its rescue-team, answer within {ANSWER}")
        self.sees(UPSTREAM, "that nobody answers", lambda shown: shown["referred_to"])
        self.say(UPSTREAM, f"order {short(alone)} UNANSWERED: referred to {CITY} by rule "
                 + self.rule(UPSTREAM, CITY))
        self.sees(CITY, "the unanswered order", lambda shown: any(
            row["order"] == alone and row["unanswered"] for row in shown["orders"]))
        fire = self.order(CITY, f"{CITY}/{FIRE}", "rescue", "增援莱芜区，搜救失联人员")
        ambulance = self.order(CITY, f"{FIRST}/health", "medical", "救护车增援莱芜区")
        self.say(CITY, f"sees {short(alone)} unanswered; orders {short(fire)} to its own fire-rescue, "
                 f"{short(ambulance)} to {FIRST}/health")
        row = self.sees_order(FIRST, ambulance, *TAKEN)
        self.say(FIRST, f"order {short(ambulance)} of {row['home']} {row['rung']}: {', '.join(row['units'])}")
        row = self.sees_order(UPSTREAM, fire, *TAKEN)
        self.muster(UPSTREAM, "order", "recall", alone, "--reason", "市消防救援力量已接手")
        self.say(UPSTREAM, f"sees {short(fire)} of {row['home']} {row['rung']}; recalls {short(alone)}")

    def rises(self):
        self.count(1, 37, "下游村庄进水")
        self.say(UPSTREAM, self.graded(UPSTREAM, "IV"))
        self.say(CITY, self.graded(CITY, "IV"))
        self.count(4, 34, "搜救出 3 人")
        self.say(UPSTREAM, self.graded(UPSTREAM, "III"))
        self.say(CITY, self.graded(CITY, "III"))
        self.say(PROVINCE, f"{self.graded(PROVINCE, 'III')}: referred by {CITY}, by rule "
                 + self.rule(CITY, PROVINCE))
        self.muster(CITY, "incident", "take-lead", self.incident, "--reason", "县级力量不足")
        self.say(CITY, "takes the lead")
        self.say(UPSTREAM, self.led(UPSTREAM, CITY))
        self.count(13, 25, "洪峰向下游泰安方向推进")
        self.say(UPSTREAM, self.graded(UPSTREAM, "II"))
        began = time.monotonic()
        self.muster(UPSTREAM, "incident", "assess", self.incident, "--touches", DOWNSTREAM,
                    "--reason", "洪水将入境")
        self.sees(UPSTREAM, "that two regions are touched", lambda shown: DOWNSTREAM in shown["referred_to"])
        self.say(UPSTREAM, f"the water crosses the city's border: referred to {DOWNSTREAM} and {PROVINCE}, "
                 f"above both, by rule {self.rule(UPSTREAM, PROVINCE)}")
        text = self.graded(DOWNSTREAM, "II")
        self.say(DOWNSTREAM, f"{text}: learns it {took(began)} later, by {CITY}, {PROVINCE} and {OTHER_CITY}")
        evacuation = self.order(DOWNSTREAM, f"{DOWNSTREAM}/{POLICE}", "evacuate-public", "转移沿河四村群众",
                                "--cosign", str(self.regions[DOWNSTREAM].home / "operators/duty-chief.key"))
        row = self.sees_order(DOWNSTREAM, evacuation, *TAKEN)
        self.say(DOWNSTREAM, f"order {short(evacuation)} evacuate-public, signed by two: {row['rung']}")
        self.sees_order(UPSTREAM, evacuation, *TAKEN)
        self.say(UPSTREAM, f"sees {short(evacuation)} of {DOWNSTREAM}")

    def noticed(self, code, other, cut_ms):
        """How long after the cut its record says that it was, in heartbeats too."""
        region = self.regions[code]
        noted_ms = [event["bus_ms"] for event in region.lines(["replay", region.log, "--format", "jsonl"])
                    if event["event"] == "link-set" and event["data"]["subject"] == other][-1]
        after = (noted_ms - cut_ms) / 1000
        return f"noticed {after:.1f} s after the cut: {after / HEARTBEAT:.1f} heartbeats of {HEARTBEAT} s"

    def is_cut(self):
        cut_ms = time.time() * 1000
        self.wires[CITY].cut()
        for code, other in ((CITY, PROVINCE), (PROVINCE, CITY)):
            until("the cut to be noted", lambda code=code, other=other: not self.link(code, other)["reached"])
            self.say(code, f"{other} is silent, {self.noticed(code, other, cut_ms)}")
        self.count(31, 7, "下游又找到遇难者")
        self.say(UPSTREAM, self.graded(UPSTREAM, "I"))
        self.say(CITY, self.graded(CITY, "I"))
        self.say(CITY, self.shared(CITY, PROVINCE))
        boats = self.order(PROVINCE, f"{CITY}/{FIRE}", "dispatch", "省级增援冲锋舟，到莱芜区集结")
        self.say(PROVINCE, f"still {self.graded(PROVINCE, 'II')}; "
                 f"order {short(boats)} to {CITY}/fire-rescue")
        self.say(PROVINCE, self.shared(PROVINCE, CITY))
        search = self.order(DOWNSTREAM, f"{DOWNSTREAM}/{FIRE}", "rescue", "搜救被洪水围困的群众")
        row = self.sees_order(PROVINCE, search, *TAKEN)
        self.say(PROVINCE, f"sees order {short(search)} of {row['home']} {row['rung']}")
        if any(row["order"] == search for row in self.shown(CITY)["orders"]):
            raise Failure(f"{CITY} heard over a line that was cut")
        self.say(CITY, f"does not know of {short(search)}")
        return boats, search

    def heals(self, boats, search):
        self.wires[CITY].heal()
        began = time.monotonic()
        for code, other in ((CITY, PROVINCE), (PROVINCE, CITY)):
            until("the line to be there again, with nothing left to tell",
                  lambda code=code, other=other: (line := self.link(code, other))["reached"]
                  and line["pending"] == 0)
            self.say(code, f"{other} reached, 0 PENDING, {took(began)} after")
        for code in (PROVINCE, OTHER_CITY, DOWNSTREAM):
            self.say(code, self.graded(code, "I"))
        row = self.sees_order(CITY, boats, *TAKEN)
        self.say(CITY, f"order {short(boats)} of {row['home']} came, {row['rung']}: "
                 + ", ".join(row["units"]))
        for code in (CITY, UPSTREAM):
            row = self.sees_order(code, search, *TAKEN)
            self.say(code, f"sees order {short(search)} of {row['home']} {row['rung']}")

    def ends(self):
        orders = [row["order"] for row in self.shown(UPSTREAM)["orders"]]
        rungs = [self.sees_order(UPSTREAM, order, "completed", "recalled")["rung"] for order in orders]
        self.say(UPSTREAM, f"{rungs.count('completed')} orders completed, {rungs.count('recalled')} recalled")
        self.muster(CITY, "incident", "offer-lead", self.incident, "--to", UPSTREAM, "--reason", "险情已控制")
        self.sees(UPSTREAM, "the offer", lambda shown: shown["lead_offered"] == UPSTREAM)
        self.muster(UPSTREAM, "incident", "take-lead", self.incident)
        self.say(CITY, f"hands the lead back: {self.led(CITY, UPSTREAM)}")
        self.muster(UPSTREAM, "incident", "update", self.incident, "--final", "--dead", "31",
                    "--missing", "0", "--text", "搜救结束")
        said = self.picture(self.shown(UPSTREAM))
        for code in self.regions:
            self.sees(code, "what the others see", lambda shown: self.picture(shown) == said)
        self.say(UPSTREAM, f"final report; all six show {said['dead']} dead, grade {said['grade']}, "
                 f"{len(said['rungs'])} orders in the same state")
        self.muster(UPSTREAM, "incident", "close", self.incident, "--reason", "处置完毕")
        self.compare()

    @staticmethod
    def picture(shown):
        """What has to look the same from everywhere. Levels and clocks are each region's own."""
        return {"dead": shown["casualties"]["dead"], "grade": shown["grade"], "lead": shown["lead"],
                "reports": shown["reports"], "rungs": {row["order"]: row["rung"] for row in shown["orders"]}}

    def compare(self):
        """Counts what each of the six logs has of the incident, once it is closed in all of them."""
        told = {code: until(f"{region.name} to close it", lambda code=code: self.told(code))
                for code, region in self.regions.items()}
        whole = set().union(*map(set, told.values()))
        lost = sum(len(whole - set(facts)) for facts in told.values())
        twice = sum(len(facts) - len(set(facts)) for facts in told.values())
        kinds = [sum(fact[0] == kind for fact in whole) for kind in ("report", "order", "answer")]
        self.screen.line(f"  closed; {kinds[0]} reports, {kinds[1]} orders and {kinds[2]} answers, "
                         f"in each of {len(told)} logs: {lost} lost, {twice} twice")
        if lost or twice:
            raise Failure("the logs of the six regions do not say the same")

    def told(self, code):
        """What the region's log says of the incident that every other's must say as well."""
        facts = []
        for event in self.events(code):
            data, kind = event["data"], event["event"]
            if kind == "report-filed":
                facts.append(("report", event["at_ms"], data.get("text", "")))
            elif kind == "order-issued":
                facts.append(("order", event["order"], data["subject"]))
            elif kind in ANSWERS:
                facts.append(("answer", event["order"], data["rung"]))
            elif kind == "incident-closed":
                facts.append(("closed",))
        return facts if ("closed",) in facts else None

    def verify(self):
        """One line for each log; the logs are in service."""
        self.screen.step("muster verify: six logs")
        for region in self.regions.values():
            report = region.lines(["verify", region.log, "--json"])[0]
            if not report["good"]:
                raise Failure(f"{region.name}: {report['findings']}")
            self.screen.say(region, f"verified: {report['records']} records, {report['signatures']} "
                            f"signatures good, {report['decided_again']} decided again, "
                            f"head {report['head_hash'][:16]}")
