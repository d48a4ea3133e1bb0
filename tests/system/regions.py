"""Regions that are linked: a province, its city and the city's counties, each a broker that calls the
one above it through a relay; who commands and who answers in them; and the books of all their logs together.
"""
import collections
import time
import unittest

from agents import County, FIRE, RESCUE, until
from faults import Faults, Relay
from harness import free_port
from muster_client import Hub
from muster_wire import Keys, pb, ulid
from total_queue import Agency, Issuer

PROVINCE, CITY, COUNTY, NEIGHBOUR = "370000", "370100", "370102", "370103"
NAMES = {PROVINCE: "山东省", CITY: "济南市", COUNTY: "历下区", NEIGHBOUR: "市中区"}
BEATS_MISSED_MAX = 3  # ENGINE_BEATS_MISSED_MAX of common/engine/engine.h


def link(region):
    return f"{region}/broker/link"


class LinkedRegions(unittest.TestCase):
    """A province, a city and a county, each a broker; each calls the one above it, through a relay."""

    beat = "500 ms"
    with_neighbour = False  # another county of the city, which calls the first one, too
    with_faults = ()        # codes of regions whose brokers have faults of their own

    def setUp(self):
        self.province = self.make(PROVINCE, listen=f"tcp://127.0.0.1:{free_port()}")
        self.city = self.make(CITY, listen=f"tcp://127.0.0.1:{free_port()}")
        self.county = self.make(COUNTY, listen=f"tcp://127.0.0.1:{free_port()}")
        self.regions = [self.province, self.city, self.county]
        lines = [(self.province, self.city), (self.city, self.county)]
        if self.with_neighbour:
            self.neighbour = self.make(NEIGHBOUR)
            self.regions.append(self.neighbour)
            lines += [(self.city, self.neighbour), (self.county, self.neighbour)]
        self.relays = {}  # by who calls; of a neighbour's two lines by the pair
        for above, below in lines:
            key = below if below not in self.relays else (above, below)
            self.relays[key] = self.call_above(above, below)
        for region in self.regions:
            self.configure(region)
            region.start_broker()
        for above, below in lines:
            self.enrol(above, below)
            self.enrol(below, above)

    def make(self, code, **options):
        region = County(code=code, name=NAMES[code], beat=self.beat, **options)
        self.addCleanup(region.close)
        if code in self.with_faults:
            region.faults = Faults(region.folder)
            region.prefix = region.faults.prefix
            region.environment.update(word.split("=", 1) for word in region.prefix[1:])  # all its programs
        return region

    def configure(self, region):
        """For those who want more of it, before it starts."""

    def call_above(self, above, below):
        relay = Relay(lambda: above.listen)
        self.addCleanup(relay.close)
        with open(below.path("musterd.yaml"), encoding="utf-8") as file:
            head = "" if "\nlinks:" in file.read() else "links:\n"
        below.add("musterd.yaml", f"{head}  - region: \"{above.code}\"\n    connect: {relay.endpoint}")
        return relay

    @staticmethod
    def enrol(region, other):
        region.muster("agent", "enrol", link(other.code), "--key", other.path("broker.pub"), "--rights",
                      "link")

    @staticmethod
    def line(region, other):
        return {row["region"]: row for row in region.json("link", "list")}[other]

    def lines(self, region):
        """What the region's log says of its lines: the last word on each."""
        return {event["data"]["subject"]: event["data"] for event in region.events()
                if event["event"] == "link-set"}

    def shown(self, region, incident):
        listed = [row for row in region.json("incident", "list") if row["incident"] == incident]
        return region.json("incident", "show", incident)[0] if listed else None

    def follows(self, region, incident, **fields):
        return until(lambda: (shown := self.shown(region, incident))
                     and all(shown.get(key) == value for key, value in fields.items()) and shown,
                     f"{region.code} to show {fields}")

    def assert_verified(self):
        for region in self.regions:
            report = region.json("verify", region.log)[0]
            self.assertEqual((report["good"], report["bad"]), (True, 0), report["findings"])


class Known:
    """What a client has to know of a region that `muster keys init` has made."""

    def __init__(self, county):
        self.code, self.path = county.code, county.path
        with open(county.path("region.pub"), encoding="utf-8") as file:
            words = dict(line.split(": ") for line in file.read().splitlines() if ": " in line)
        self.root_public, self.curve_public = bytes.fromhex(words["sign"]), bytes.fromhex(words["curve"])
        self.agents = {f"{county.code}/{name}": Keys.read(county.path(f"agents/{name.replace('/', '.')}.key"))
                       for name in (RESCUE, FIRE)}
        self.operators = {"duty-officer": Keys.read(county.path("operators/duty-officer.key"))}

    def endpoint(self):
        try:
            with open(self.path("endpoint"), encoding="utf-8") as file:
                return file.read().strip()
        except FileNotFoundError:
            return "tcp://127.0.0.1:9"  # discard: nobody there yet


class Desk(Issuer):
    """Who commands in a region: reports and orders of an incident that several follow."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.texts = {}  # of reports, by counter

    def follow_up(self, size=0):
        text = f"{self.region.code} {len(self.texts)} " + "t" * size
        counter = self.submit(pb.FileReport(incident=self.incident, kind=pb.REPORT_KIND_FOLLOW_UP, text=text))
        self.texts[counter] = text
        return text

    def renumber(self, signed):
        old = pb.Command.FromString(pb.Signed.FromString(signed).payload).counter
        super().renumber(signed)
        if old in self.texts:
            self.texts[self.journal.counter] = self.texts.pop(old)

    def safe(self):
        """The texts of reports that the broker said are safe."""
        return [text for counter, text in self.texts.items() if counter in self.journal.replies
                and self.journal.replies[counter].outcome == pb.OUTCOME_DONE]


class Commanded(LinkedRegions):
    """An incident of the county that all follow; each region has a desk that commands, and a station that
    carries out what it is told and answers. What they say goes on whatever happens to brokers and lines; then
    all logs' books are balanced together."""

    def setUp(self):
        super().setUp()
        self.hub = Hub()
        self.addCleanup(self.hub.close)
        self.known = {region.code: Known(region) for region in self.regions}
        self.desks = {code: self.desk(known) for code, known in self.known.items()}
        self.stations = {code: self.station(known) for code, known in self.known.items()}
        self.incident = self.begin()

    def desk(self, known):
        desk = Desk(self.hub, known, known.agents[f"{known.code}/{RESCUE}"], known.operators["duty-officer"])
        desk.join()
        return desk.learn_keys()

    def station(self, known):
        agency = Agency(known, f"{known.code}/{FIRE}")
        self.addCleanup(lambda: agency.life and agency.life.kill())
        agency.start()
        self.wait(lambda: agency.ready, f"{agency.name} to be ready")
        return agency

    def begin(self):
        """The incident, followed by all."""
        desk = self.desks[COUNTY]
        desk.begin()
        self.wait(lambda: not desk.journal.pending, "the incident")
        incident = ulid(desk.incident)
        for above in (PROVINCE, NEIGHBOUR) if self.with_neighbour else (PROVINCE,):
            self.county.muster("incident", "refer", incident, "--to", above)
        for region in self.regions:
            self.follows(region, incident, reports=1)
        for other in self.desks.values():
            other.incident = desk.incident
        return incident

    def wait(self, condition, what, seconds=20):
        return self.hub.wait(condition, what, seconds)

    def pass_time(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.hub.turn(0.02)

    def load(self, seconds, size=0, orders=True):
        """Each desk reports; now and then it orders the stations of its region and of the county."""
        end, n = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            for code, desk in self.desks.items():
                desk.follow_up(size)
                if orders and n % 10 == 0:
                    for to in {code, COUNTY}:
                        desk.issue(f"{to}/{FIRE}")
            n += 1
            self.hub.turn(0.02)
            time.sleep(0.03)

    # what came out

    def reached(self, region, other):
        return self.line(region, other.code)["reached"]

    def not_executed(self):
        """Orders that are safe, and that no station has carried out."""
        waiting = {ulid(order) for desk in self.desks.values()
                   for order in desk.acknowledged() - desk.recalled if desk.issued[order][1].endswith(FIRE)}
        for station in self.stations.values():
            waiting -= set(station.effects())
        return waiting

    def drained(self, over):
        return (not any(desk.journal.pending for desk in self.desks.values())
                and self.not_executed() <= set(over)
                and all(set(station.refs) <= set(station.replied) for station in self.stations.values())
                and all(row["reached"] and row["pending"] == 0 for region in self.regions
                        for row in region.json("link", "list")))

    def drain(self, seconds=60, over=()):
        """Until everybody has an answer, and every region what the others know. `over`: orders that ended
        before they could be carried out."""
        try:
            self.wait(lambda: self.drained(over), "everything is told everywhere", seconds)
        except AssertionError:
            left = [(code, len(desk.journal.pending)) for code, desk in self.desks.items()]
            left += [("not executed", self.not_executed() - set(over))]
            left += [(station.name, len(station.refs) - len(station.replied))
                     for station in self.stations.values()]
            left += [(region.code, row["region"], row["reached"], row["pending"]) for region in self.regions
                     for row in region.json("link", "list")]
            raise AssertionError(f"not drained: {left}") from None

    def check_books(self, seconds=60, over=(), silent=()):
        """Drains, and balances all logs: lost, unexpected and doubled are none in any; what befell an order
        is the same in each. `over`: orders that ended before they could be carried out; `silent`: those to
        somebody who does not answer."""
        self.drain(seconds, over)
        logs = {region.code: region.events() for region in self.regions}
        books = Books(self.desks, self.stations, logs)
        books.balance(set(over), set(silent))
        reports, orders = (sum(len(getattr(desk, what)) for desk in self.desks.values())
                           for what in ("texts", "issued"))
        print(f"{self.id().rpartition('.')[2]}: {reports} reports, {orders} orders, in {len(logs)} logs: "
              f"lost {len(books.lost)}, unexpected {len(books.unexpected)}, doubled {len(books.doubled)}",
              flush=True)
        self.assertEqual((books.lost[:5], books.unexpected[:5], books.doubled[:5]), ([], [], []))
        self.assert_verified()
        return logs


class Books:
    """What was said and done in all regions, against all their logs."""

    FATES = ("order-unanswered", "order-expired", "order-recalled", "order-overdue")

    def __init__(self, desks, stations, logs):
        self.desks, self.stations, self.logs = desks, stations, logs
        self.lost, self.unexpected, self.doubled = [], [], []

    def balance(self, over, silent):
        self.commands()
        for code, events in self.logs.items():
            self.reports(code, events)
            self.orders(code, events)
            self.heard(code, events)
        self.fates()
        self.effects(over, silent)

    def once(self, what, found, expected):
        """`found`: a Counter; each of `expected` is to be in it once, and nothing else."""
        self.lost += [(*what, key) for key in expected if not found[key]]
        self.unexpected += [(*what, key) for key in found if key not in expected]
        self.doubled += [(*what, key) for key, n in found.items() if n > 1]

    def commands(self):
        """Every word that a broker took stands at its place in its log."""
        for code, desk in self.desks.items():
            at = {(event["author"], event["counter"]): event["seq"] for event in self.logs[code]
                  if event["command"] != "tell-record"}
            name = desk.keys.name
            self.lost += [("record", name, counter) for counter, reply in desk.journal.replies.items()
                          if reply.outcome == pb.OUTCOME_DONE and at.get((name, counter)) != reply.seq]

    def reports(self, code, events):
        found = collections.Counter(event["data"]["text"] for event in events
                                    if event["event"] == "report-filed" and event["data"].get("text"))
        self.once(("report", code), found, {text for desk in self.desks.values() for text in desk.safe()})

    def orders(self, code, events):
        found = collections.Counter(event["order"] for event in events if event["event"] == "order-issued")
        self.once(("order", code), found,
                  {ulid(order) for desk in self.desks.values() for order in desk.acknowledged()})

    def heard(self, code, events):
        """Another region's log is heard in its order."""
        marks = collections.defaultdict(int)
        for event in events:
            if event["event"] == "heard":
                key = event["incident"], event["data"]["subject"]
                if event["data"]["number"] <= marks[key]:
                    self.doubled.append(("heard", code, key, event["data"]["number"]))
                marks[key] = event["data"]["number"]

    def fates(self):
        """What befell an order, and what was said of it: once in each log, and the same in all."""
        seen = {}
        for code, events in self.logs.items():
            fates = collections.Counter((event["event"], event["order"]) for event in events
                                        if event["event"] in self.FATES)
            rungs = collections.Counter((event["order"], event["data"]["rung"], event["data"].get("subject"))
                                        for event in events
                                        if event["event"] in ("rung-reached", "receipt-noted"))
            self.doubled += [(code, *key) for counts in (fates, rungs) for key, n in counts.items() if n > 1]
            seen[code] = set(fates) | set(rungs)
        everything = set().union(*seen.values())
        self.lost += [("fate", code, key) for code, keys in seen.items() for key in everything - keys]

    def effects(self, over, silent):
        issued = {ulid(order): to for desk in self.desks.values() for order, (_, to) in desk.issued.items()}
        safe = {ulid(order) for desk in self.desks.values() for order in desk.acknowledged()}
        recalled = {ulid(order) for desk in self.desks.values() for order in desk.recalled}
        executed = collections.Counter()
        for station in self.stations.values():
            executed.update(station.effects())
            self.unexpected += [("effect of another's order", order) for order in station.effects()
                                if issued.get(order) != station.name]
            self.unexpected += [("error", error) for error in station.errors]
        self.unexpected += [("effect of what was over", order) for order in over if executed[order]]
        self.once(("effect",), executed, safe - recalled - over - silent | set(executed) & recalled)
