"""The results of ./dev bench as a Markdown page."""

import telemetry
from escalation import DUE_RATE, LATE, LATE_MAX_S, PASS_RATE, PENDING
from under_load import FLOODS
from measures import SPEED, SQLITE_BATCHES, SYSTEMS


def number(value):
    """Three figures that count; nothing for what was not measured."""
    if value is None:
        return ""
    if value < 0:
        return f"-{number(-value)}"
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(figure, scale=1):
    if figure is None:
        return ""
    return f"{number(figure['median'] * scale)} ({number(figure['min'] * scale)} to " \
           f"{number(figure['max'] * scale)})"


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "| " + " | ".join("---" for _ in head) + " |"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


class Page:
    def __init__(self, results):
        self.results, self.figures, self.lines = results, results["figures"], []

    def figure(self, name):
        return self.figures.get(name)

    def median(self, name):
        figure = self.figure(name)
        return figure["median"] if figure else None

    def add(self, *lines):
        for line in lines:
            self.lines.extend([line] if isinstance(line, str) else line)

    def measured(self, prefix):
        return any(name.startswith(prefix) for name in self.figures)

    # --- sections ---

    def machine(self):
        facts = self.results["machine"]
        packages = ", ".join(f"{name} {text}" for name, text in facts["packages"].items())
        self.add(f"{facts['cpu']}, {facts['cores']} cores, {facts['memory_gib']} GiB, "
                 f"Linux {facts['kernel']}, {facts['file_system']}; load average before "
                 f"{facts['load_before']:.1f}, after {facts['load_after']:.1f}; commit {facts['commit']}; "
                 f"{packages}.", "",
                 f"Median of {self.results['runs']} runs (lowest to highest).", "")
        if self.results["quick"]:
            self.add("**A smoke run: these figures mean nothing.**", "")

    def systems(self):
        return [s for s in SYSTEMS if any(self.measured(f"{what}/{s.key}/") for what in SPEED)]

    def behaviour(self):
        self.add("## Who does what before an order counts as delivered", "")
        self.add(table(["system", "fsync before the answer", "encrypts", "signs", "keeps for the addressee"],
                       [[s.title, s.fsyncs, s.encrypts, s.signs, s.delivers] for s in self.systems()]))

    def rates(self):
        columns = [what for what in SPEED if what != "open" and self.measured(what + "/")]
        if not columns:
            return
        self.add("## Orders a second: issued, durable as far as the system goes, delivered", "")
        self.add(table(["system"] + [SPEED[what][0] for what in columns],
                       [[s.title] + [spread(self.figure(f"{what}/{s.key}/rate")) for what in columns]
                        for s in self.systems()]))

    def latencies(self):
        for what in ("one", "clients", "open"):
            if not self.measured(what + "/"):
                continue
            shares = [("p50", "p50_us"), ("p99", "p99_us"), ("p99.9", "p999_us")]
            self.add(f"## From issue to delivery, {SPEED[what][0]}: milliseconds", "")
            rows = [[system.title] +
                    [spread(self.figure(f"{what}/{system.key}/{key}"), 0.001) for _, key in shares] +
                    ([spread(self.figure(f"{what}/{system.key}/rate"))] if what == "open" else [])
                    for system in self.systems()]
            self.add(table(["system"] + [title for title, _ in shares] +
                           (["delivered a second"] if what == "open" else []), rows))

    def cpu(self):
        columns = [what for what in ("clients", "open", "pipelined") if self.measured(what + "/")]
        if not columns:
            return
        self.add("## CPU of an order, microseconds: the bus + the load", "",
                 "The load costs too, and both share the machine's cores.", "")
        self.add(table(["system"] + [SPEED[what][0] for what in columns],
                       [[s.title] + [" + ".join(number(self.median(f"{what}/{s.key}/cpu_{who}"))
                                                for who in ("bus", "load")) for what in columns]
                        for s in self.systems()]))

    def limits(self):
        if not self.measured("limits/"):
            return
        rows = [["fdatasync of 4 KiB, overwritten", "us", "limits/fdatasync-overwrite"],
                ["fdatasync of 4 KiB, appended", "us", "limits/fdatasync-append"]]
        rows += [[f"SQLite, Muster's schema, {batch} a commit", "records/s", f"limits/sqlite-{batch}"]
                 for batch in SQLITE_BATCHES]
        for name, title in (("plain", ""), ("curve", " with CURVE")):
            rows += [[f"ZeroMQ ROUTER echo{title}, one in flight", "us", f"limits/echo-{name}-one"],
                     [f"ZeroMQ ROUTER echo{title}, 1,000 under way", "1/s", f"limits/echo-{name}-pipelined"]]
        self.add("## What the parts can do", "")
        self.add(table(["part", "unit", "figure"],
                       [[title, unit, spread(self.figure(name))] for title, unit, name in rows]))

    def sizes(self, prefix):
        return sorted(int(name.rsplit("-", 1)[1]) for name in self.figures if name.startswith(prefix))

    def log(self):
        sizes = self.sizes("log/recovery-")
        if not sizes:
            return
        self.add("## As the log grows", "")
        self.add(table(["records", "in service after kill -9, s",
                        "orders issued, delivered and completed a second"],
                       [[f"{size:,}", spread(self.figure(f"log/recovery-{size}")),
                         spread(self.figure(f"log/throughput-{size}"))] for size in sizes]))
        self.add(f"## Reading a log of {sizes[-1]:,} records (the analyst's programs: of "
                 f"{sizes[min(1, len(sizes) - 1)]:,})", "")
        rows = [("scan: every hash checked", "log/scan"), ("fold: log to state", "log/fold"),
                ("muster verify, signatures and all", "log/muster-verify"),
                ("muster stats", "log/muster-stats"), ("muster replay", "log/muster-replay")]
        self.add(table(["", "records/s"], [[title, spread(self.figure(name))] for title, name in rows]))

    def sessions(self):
        for n in self.sizes("sessions/muster-"):
            self.add(f"## {n:,} idle agents", "")
            rows = [("musterd, RSS of an agent, KiB", "muster"), ("bare CURVE ROUTER, KiB", "router"),
                    ("beyond it, KiB", "beyond"), ("musterd, share of a core, %", "cpu")]
            self.add(table(["", "figure"], [[title, spread(self.figure(f"sessions/{name}-{n}"))]
                                            for title, name in rows]))

    def figures_of(self, head, suffix, rows):
        """A table of single figures: (title, name, scale)."""
        self.add(table(["", head], [[title, spread(self.figure(name + suffix), scale)]
                                    for title, name, scale in rows if self.figure(name + suffix)]))

    def absent(self):
        for n in self.sizes("absent/outbox-"):
            self.add(f"## {n:,} orders gather for one agent", "")
            self.figures_of("figure", f"-{n}", [
                ("gathering, the agent is away, orders/s", "absent/fill-away", 1),
                ("the same, the agent is there and takes them, orders/s", "absent/fill-present", 1),
                ("it is back: taken in order, none missing, none twice, orders/s", "absent/back-away", 1),
                ("back after a session without credit, orders/s", "absent/back-creditless", 1),
                ("back after a session that was never read, orders/s", "absent/back-unread", 1),
                ("musterd's memory that grew with the outbox alone, MiB", "absent/outbox", 1),
                ("an agent without credit, beyond one that is away, MiB", "absent/beyond-creditless", 1),
                ("an agent that never reads, beyond one that is away, MiB", "absent/beyond-unread", 1),
                ("musterd's memory with all of them, MiB", "absent/rss-away", 1),
                ("of it for an open order, each an incident of its own, SQLite's cache and all, B",
                 "absent/order", 1),
                ("another pair, 200 orders/s, before: p99, ms", "absent/p99-before", 0.001),
                ("the same while 5,000/s gather: p99, ms", "absent/p99-during", 0.001)])

    def telemetry(self):
        for what, title in telemetry.WHATS.items():
            rows = [[name, encrypts] +
                    [spread(self.figure(f"telemetry/{what}/{key}/{figure}"), scale)
                     for figure, scale in (("published", 1), ("delivered", 1), ("p50_us", 0.001),
                                           ("p99_us", 0.001), ("cpu", 1))]
                    for key, (name, encrypts) in telemetry.TITLES.items()
                    if self.figure(f"telemetry/{what}/{key}/delivered")]
            if rows:
                self.add(f"## One agency's positions to 50 subscribers, {title}", "")
                self.add(table(["system", "encrypts", "samples published a second", "delivered a second",
                                "age p50, ms", "age p99, ms", "the bus's CPU of a delivery, us"], rows))

    def storm(self):
        for n in self.sizes("storm/back-"):
            self.add(f"## {n:,} agents come back at once", "")
            self.figures_of("figure", f"-{n}", [
                ("all welcomed for the first time, their programs' start in it, s", "storm/first", 1),
                ("killed and 5 s away, then from its start: in service after s", "storm/service", 1),
                ("all welcomed again after s", "storm/back", 1),
                ("musterd's CPU until then, s", "storm/cpu", 1),
                ("connects begun by an agent, median", "storm/attempts-median", 1),
                ("connects begun by an agent, the most", "storm/attempts-max", 1),
                ("agents that connected in the busiest 100 ms since, %", "storm/busiest", 1),
                ("Byes", "storm/byes", 1)])

    def rules(self):
        if self.measured("rules/"):
            self.add("## 200 rules asked about an incident, on one core", "")
            self.figures_of("a second", "", [
                ("evaluations: facts in, verdicts out, as the broker asks", "rules/rules", 1),
                ("changes of an incident, each with 200 of them", "rules/changes", 1),
                ("SQLite, `SELECT ?1 > 30` over no table", "rules/sqlite", 1),
                ("thresholds compared in C", "rules/plain", 1)])

    def deadlines(self):
        systems = (("muster", "Muster: an order's deadline, until its issuer is told of it"),
                   ("redis", "Redis: a key's expiry, until who subscribed is told"))
        for n in self.sizes("deadlines/muster-fill-"):
            self.add(f"## {n:,} pending deadlines while {PASS_RATE:,} orders a second pass: ms late", "",
                     f"{DUE_RATE} are due a second. What is not told {LATE_MAX_S} s after its time counts as "
                     "that late.", "")
            rows = [row for key, title in systems if self.figure(f"deadlines/{key}-fill-{n}")
                    for row in ((title, key), ("a bare timer, until it is read, in the same seconds",
                                               f"{key}-timer"))]
            self.add(table(["", "p50", "p99", "p99.9", "max"],
                           [[title] + [spread(self.figure(f"deadlines/{key}-{share}-{n}"), 0.001)
                                       for share in LATE] for title, key in rows]))
            rows = [("issuing them, a second", "fill", 1), ("watched", "watched", 1),
                    (f"of them not told within {LATE_MAX_S} s, %", "untold", 1),
                    ("the server's memory that grew with them, B each", "rss", 1),
                    ("its memory in all, MiB", "rss-all", 1),
                    ("orders that passed meanwhile, a second", "passing", 1),
                    ("of them from issue to delivery: p99, ms", "passing-p99", 0.001)]
            self.add(table(["", "Muster", "Redis"],
                           [[title] + [spread(self.figure(f"deadlines/{key}-{name}-{n}"), scale)
                                       for key, _ in systems] for title, name, scale in rows]))

    def hops(self):
        if self.measured("hops/"):
            self.add("## An order nobody answers, from county to province: milliseconds beyond its deadline",
                     "")
            rows = [("the county's issuer is told", "own"),
                    ("the city's duty room is, by a rule of the county's and one of its own", "via"),
                    ("the province's duty room is, by another of the city's and one of its own", "to")]
            self.add(table(["", "p50", "p99", "max"],
                           [[title] + [spread(self.figure(f"hops/{key}-{share}"), 0.001)
                                       for share in ("p50_us", "p99_us", "max_us")] for title, key in rows]))

    def flood(self):
        rows = [[title, spread(self.figure(f"flood/{what}/rate")),
                 spread(self.figure(f"flood/{what}/busy"))] +
                [spread(self.figure(f"flood/{what}/{name}"), 0.001)
                 for name in ("p50-alone", "p50-beside", "alone", "beside")] +
                [spread(self.figure(f"flood/{what}/ratio"))]
                for what, (title, _, _) in FLOODS.items() if self.figure(f"flood/{what}/ratio")]
        if rows:
            self.add("## One agency's 200 orders a second beside a flood: milliseconds", "",
                     "Every Submit and every Tail of the flood was answered; BUSY named a time to come "
                     "again.", "")
            self.add(table(["flood", "of it answered a second", "of them BUSY, %", "p50 alone",
                            "p50 beside it", "p99 alone", "p99 beside it", "p99, times"], rows))

    def import_(self):
        if self.measured("import/"):
            self.add("## Import of a month of a city's dispatch records", "")
            rows = [("whole import, s (floor 5)", "import/seconds"), ("orders a second", "import/orders"),
                    ("broker's peak RSS, MiB (floor 96)", "import/rss")]
            self.add(table(["", "figure"], [[title, spread(self.figure(name))] for title, name in rows]))

    # --- floors ---

    def goals(self):
        """(what, Muster's figure, floor, aim, whether more is better, and perhaps the size that was tried
        with the one that the floor is for); a floor that something measured here sets is worked out."""
        def times(factor, *names):
            values = [self.median(name) for name in names]
            return None if None in values else factor * sum(values)

        mosquitto = "pipelined/mosquitto/rate"
        nats = self.median("issued/nats-tls/rate")
        aim = times(2.5, mosquitto)
        echo = ("limits/fdatasync-append", "limits/echo-curve-one")
        yield ("pipelined, orders/s (1.2 times Mosquitto plain; aim 2.5 times, or JetStream issuing, TLS)",
               "pipelined/muster/rate", times(1.2, mosquitto), min(aim, nats) if aim and nats else aim, True)
        yield "50 clients, orders/s", "clients/muster/rate", 5000, 8000, True
        for what, title in (("clients", "delivered"), ("clients-issued", "issued only")):
            yield (f"50 clients, signatures off, orders/s (0.7 times Redis, {title}; aim 1.5 times)",
                   "clients/muster-unsigned/rate", times(0.7, f"{what}/redis/rate"),
                   times(1.5, f"{what}/redis/rate"), True)
        yield ("one in flight, p50, us (2.5 times fdatasync append and CURVE echo; aim 1.5 times)",
               "one/muster/p50_us", times(2.5, *echo), times(1.5, *echo), False)
        yield "p99.9 at 10,000 a second, us", "open/muster/p999_us", 20000, 5000, False
        yield "fold, records/s", "log/fold", 500000, 1000000, True
        sizes = self.sizes("log/throughput-")
        if len(sizes) > 1:
            first, last = (self.median(f"log/throughput-{size}") for size in (sizes[0], sizes[-1]))
            self.figures["log/growth"] = {"median": last / first}
            yield (f"throughput at {sizes[-1]:,} records over that at {sizes[0]:,}", "log/growth", 0.8, 0.95,
                   True, (sizes[-1], 10_000_000))
        for n in self.sizes("sessions/beyond-"):
            yield (f"{n:,} agents: RSS of one beyond a bare ROUTER's, KiB", f"sessions/beyond-{n}", 16, 16,
                   False, (n, 5000))
            yield (f"{n:,} idle agents, a beat every 15 s, share of a core, %", f"sessions/cpu-{n}", 3, 3,
                   False, (n, 5000))
        for n in self.sizes("log/recovery-")[-1:]:
            yield (f"in service after kill -9, {n:,} records, s", f"log/recovery-{n}", 1, 1, False,
                   (n, 10_000_000))

        yield from self.goals_under_load()
        yield from self.goals_of_regions()

    def goals_of_regions(self):
        yield "200 rules: evaluations a second on one core", "rules/rules", 500_000, 1_000_000, True
        for n in self.sizes("deadlines/muster-p99_us-"):
            yield (f"{n:,} pending deadlines: late by, p99, us", f"deadlines/muster-p99_us-{n}", 10_000,
                   10_000, False, (n, PENDING))
        yield "county to province: late by, p99, us", "hops/to-p99_us", 50_000, 50_000, False

    def goals_under_load(self):
        for n in self.sizes("storm/back-"):
            yield (f"{n:,} agents welcomed again after kill -9, s", f"storm/back-{n}", 15, 15, False,
                   (n, 5000))
        for what, (title, _, _) in FLOODS.items():
            yield f"p99 beside {title}, over that alone", f"flood/{what}/ratio", 2, 2, False
        for n in self.sizes("absent/outbox-"):
            for name, title, floor in (
                    ("outbox", "its outbox, MiB", 1),
                    ("beyond-creditless", "an agent without credit, beyond one that is away, MiB", 1),
                    ("beyond-unread", "an agent that never reads, beyond one that is away, MiB", 1),
                    ("order", "an open order, B", 256),
                    ("p99-ratio", "p99 of another pair, over that before", 2)):
                yield (f"{n:,} orders gather for an agent: {title}", f"absent/{name}-{n}", floor, floor,
                       False, (n, 1_000_000))

    def floors(self):
        rows = []
        for title, name, floor, aim, more_is_better, *sizes in self.goals():
            own = self.median(name)
            if own is None or floor is None:
                continue
            verdict = "yes" if (own >= floor) == more_is_better or own == floor else "no"
            for at, of in sizes:  # a floor that is set for more than was tried
                verdict += f", at {at:,} of {of:,}" if at < of else ""
            rows.append([title, number(own), number(floor), number(aim), verdict])
        if rows:
            self.add("## Against the floors", "")
            self.add(table(["measure", "Muster", "floor", "aim", "floor reached"], rows))

    def rest(self):
        if self.results["absent"]:
            self.add("## Not measured", "",
                     [f"- {what}: {why}" for what, why in self.results["absent"].items()], "")
        if self.results["notes"]:
            self.add("## Seen on the way", "", [f"- {note}" for note in self.results["notes"]], "")


def markdown(results):
    page = Page(results)
    page.machine()
    if page.systems():
        page.behaviour()
    for section in (page.rates, page.latencies, page.cpu, page.limits, page.log, page.sessions, page.absent,
                    page.flood, page.storm, page.telemetry,
                    page.rules, page.deadlines, page.hops, page.import_, page.floors, page.rest):
        section()
    return "\n".join(page.lines)
