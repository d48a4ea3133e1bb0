"""The total-queue check: everything that was put in against everything that came out, once all has drained.

lost        acknowledged, and not in the log or never executed
unexpected  in the log or executed, and nobody said it
doubled     in the log twice, or executed twice

Issuers and stations are clients written from docs/protocol.md; an Agency is a real muster-agent with an
application beyond its bridge. All keep their journals through every kill.
"""
import collections
import json
import os
import queue
import subprocess
import threading
import unittest

from agents import Bridge
from harness import BIN, CENTRE, HOSPITAL, Site, SiteTest, STATION_3, STATION_5, describe
from muster_client import Client, Hub
from muster_wire import check_chain, new_id, now_ms, pb, ulid

LIFE_MS = 20 * 60 * 1000
REPLY_WAIT_S = 1
RUNGS = ["acknowledged", "accepted", "completed"]


class Issuer(Client):
    """Reports and orders; remembers what each order was."""

    reply_wait = REPLY_WAIT_S

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.issued, self.recalled = {}, set()  # order: (counter, addressee)
        self.incident = None

    def begin(self):
        """The incident of all its orders."""
        self.incident = new_id()
        return self.report(self.incident)

    def report(self, incident=None, text=""):
        facts = pb.Facts(kind="fire", place=str(self.journal.counter))
        return self.submit(pb.FileReport(incident=incident or new_id(), kind=pb.REPORT_KIND_INITIAL,
                                         text=text, facts=facts))

    def issue(self, addressee, life_ms=LIFE_MS, answer_ms=None, text="go"):
        order, now = new_id(), now_ms()
        body = pb.IssueOrders(incident=self.incident)
        body.orders.add(order=order, kind="dispatch", addressee=addressee, text=text,
                        answer_by_ms=now + (answer_ms or life_ms // 2), expires_at_ms=now + life_ms)
        self.issued[order] = (self.submit(body), addressee)
        return order

    def recall(self, order):
        self.recalled.add(order)
        return self.submit(pb.RecallOrder(incident=self.incident, order=order))

    def renumber(self, signed):
        old = pb.Command.FromString(pb.Signed.FromString(signed).payload)
        super().renumber(signed)
        for issued in old.issue_orders.orders:
            self.issued[issued.order] = (self.journal.counter, self.issued[issued.order][1])
        self.journal.said.pop(old.counter, None)

    def acknowledged(self):
        """The orders that the broker said are safe."""
        return {order for order, (counter, _) in self.issued.items()
                if counter in self.journal.replies
                and self.journal.replies[counter].outcome == pb.OUTCOME_DONE}


class Station(Client):
    """Carries each order out when it first hears of it, and says so."""

    reply_wait = REPLY_WAIT_S

    def __init__(self, *arguments, answers=True, **options):
        super().__init__(*arguments, **options)
        self.executed = collections.defaultdict(set)  # order: the records that it was executed for
        self.ended, self.answers = set(), answers

    def work_off(self, message):
        super().work_off(message)
        delivery = self.inbox.pop()
        self.ended.update(delivery.recalled)
        for kind in ("order_recalled", "order_expired"):
            self.ended.update(event.order for event in delivery.events(kind))
        for event in delivery.events("order_issued"):
            if event.order in self.ended:
                continue
            is_new = event.order not in self.executed
            self.executed[event.order].add((delivery.seq, delivery.hash))
            for issued in delivery.command.issue_orders.orders:
                if is_new and self.answers and issued.order == event.order:
                    self.answer(delivery.command.issue_orders.incident, event.order)

    def answer(self, incident, order):
        for rung in (pb.RUNG_ACKNOWLEDGED, pb.RUNG_ACCEPTED, pb.RUNG_COMPLETED):
            self.submit(pb.GiveReceipt(incident=incident, order=order, rung=rung))

    def effects(self):
        return {order: len(records) for order, records in self.executed.items()}


class Life(Bridge):
    """One life of a bridged muster-agent. What is said goes by a thread of its own: whoever only reads
    when it has written will lock up some day."""

    def __init__(self, *arguments, agency, **options):
        self.agency, self.saying = agency, queue.SimpleQueue()
        super().__init__(*arguments, **options)
        threading.Thread(target=self.speak, daemon=True).start()

    def taken(self, message):
        self.agency.take(message, self.saying.put)

    def speak(self):
        while (message := self.saying.get()) is not None:
            if not self.say(**message):
                return

    def kill(self):
        self.saying.put(None)
        return super().kill()


class Agency:
    """A real muster-agent and, beyond its bridge, an application with a journal of its own."""

    def __init__(self, site, name, endpoint=None, answers=True, prefix=()):
        self.site, self.name, self.answers, self.prefix = site, name, answers, list(prefix)
        self.executed, self.resumed, self.recalled = (collections.Counter() for _ in range(3))
        self.expired, self.refs, self.replied, self.errors = collections.Counter(), {}, {}, []
        self.life, self.ready, self.lives = None, 0, 0
        stem = site.path(name.replace("/", "."))
        site.agents[name].write(stem + ".key")
        self.config = stem + ".yaml"
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"keys: {{agent: {stem}.key, region: {site.path('region.pub')}}}\n"
                       f"journal: {stem}.db\nbridge: true\n")
            file.write(f"broker: {endpoint}\n" if endpoint else f"broker_file: {site.path('endpoint')}\n")

    def start(self):
        self.lives += 1
        self.ready = 0
        self.life = Life("--config", self.config, agency=self, before=self.prefix)
        return self

    def kill(self):
        self.life.kill()

    def take(self, message, say):
        kind, order = message["type"], message.get("order")
        if kind == "ready":
            self.ready += 1
        elif kind == "order":
            self.perform(order, message, say)
        elif kind in ("recall", "expired"):
            (self.recalled if kind == "recall" else self.expired)[order] += 1
        elif kind == "notice" and message["event"] == "order-expired":
            self.expired[order] += 1  # before it came
        elif kind == "reply":
            self.replied[message["ref"]] = message["outcome"]
        elif kind == "error":
            self.errors.append(message)

    def perform(self, order, message, say):
        """An order that is resumed was executed before if its journal says so."""
        if message.get("resumed"):
            self.resumed[order] += 1
            self.executed[order] = max(self.executed[order], 1)
        else:
            self.executed[order] += 1
        if self.answers:
            self.receipts(order, say)

    def receipts(self, order, say=None):
        for rung in RUNGS:
            ref = len(self.refs) + 1
            self.refs[ref] = (order, rung)
            (say or self.life.saying.put)({"type": "receipt", "ref": ref, "order": order, "rung": rung})

    def effects(self):
        return {order: count for order, count in list(self.executed.items()) if count}  # its thread goes on


class TotalQueueTest(SiteTest):
    """A region under load whose books are balanced at the end."""

    beat = "500 ms"
    site_options = {}

    def setUp(self):
        self.site = Site(beat=self.beat, **self.site_options)
        self.addCleanup(self.site.close)
        self.hub = Hub()
        self.addCleanup(self.hub.close)
        self.issuers, self.stations, self.agencies, self.others = [], [], [], []
        if self.started:
            self.site.start()

    def join(self, kind, name, into, **options):
        client = kind(self.hub, self.site, self.site.agents[name], **options)
        client.join()
        client.learn_keys()
        into.append(client)
        return client

    def issuer(self, name=CENTRE, **options):
        issuer = self.join(Issuer, name, self.issuers, **options)
        issuer.begin()
        self.wait(lambda: not issuer.journal.pending, "the incident")
        return issuer

    def station(self, name=STATION_3, **options):
        return self.join(Station, name, self.stations, **options)

    def agency(self, name=STATION_5, **options):
        agency = Agency(self.site, name, **options)
        self.addCleanup(lambda: agency.life and agency.life.kill())
        self.agencies.append(agency)
        agency.start()
        self.wait(lambda: agency.ready, f"{name} to be ready")
        return agency

    def clients(self):
        return self.issuers + self.stations + self.others

    def restart(self, seconds=60):
        """A new broker after a kill, and everybody back; the seconds until it was in service."""
        began = now_ms()
        self.site.start(seconds)
        took = (now_ms() - began) / 1000
        for client in self.clients():
            client.welcome = None
            client.open()
        self.wait(lambda: all(client.welcome for client in self.clients()), "everybody is back", 30)
        return took

    def end_or_service(self):
        self.wait(lambda: self.site.process.poll() is not None
                  or os.path.exists(self.site.path("endpoint")), "an end or service", 30)

    # what is put in

    def waiting(self):
        """Orders that were acknowledged and are not executed."""
        waiting = {ulid(order) for issuer in self.issuers
                   for order in issuer.acknowledged() - issuer.recalled}
        for station in self.stations:
            waiting -= {ulid(order) for order in station.effects()}
        for agency in self.agencies:
            waiting -= set(agency.effects())
        return waiting

    def drained(self, not_executed=()):
        return (self.waiting() <= set(not_executed)
                and not any(client.journal.pending for client in self.clients())
                and all(set(agency.refs) <= set(agency.replied) for agency in self.agencies))

    def drain(self, seconds=60, not_executed=()):
        try:
            self.wait(lambda: self.drained(not_executed), "everything is answered and executed", seconds)
        except AssertionError:
            waiting = [(c.keys.name, len(c.journal.pending)) for c in self.clients()]
            waiting += [(a.name, len(a.refs) - len(a.replied)) for a in self.agencies]
            waiting += [("not executed", len(self.waiting()))]
            waiting += [(c.keys.name, "no session") for c in self.clients() if c.welcome is None]
            raise AssertionError(f"not drained: {waiting}; {self.site.errors()[-1500:]}") from None

    # what came out

    def check_books(self, seconds=60, stop=True, not_executed=()):
        """Drains, and balances: lost, unexpected and doubled are all zero. What verify found.
        `not_executed`: orders that were over before they could be."""
        self.drain(seconds, not_executed)
        items = (self.issuers or self.others)[0].read(pb.TAIL_FILTER_ALL, seconds=60)
        self.assertEqual(check_chain(items), [])
        lost, unexpected, doubled = self.books(items, set(not_executed))
        print(f"{self.id().rpartition('.')[2]}: {len(items)} records, lost {len(lost)}, unexpected "
              f"{len(unexpected)}, doubled {len(doubled)}", flush=True)
        self.assertEqual((lost[:5], unexpected[:5], doubled[:5]), ([], [], []))
        live = self.verified()
        if stop:
            self.assertEqual(self.site.stop(), 0, self.site.errors())
            closed = self.verified()
            self.assertGreaterEqual(closed["records"], live["records"])
            if closed["records"] == live["records"]:
                self.assertEqual(closed["state_hash"], live["state_hash"])
        return live

    def books(self, items, not_executed):
        lost, unexpected, doubled = [], [], []
        records, events = {}, collections.Counter()
        known = {client.keys.name: client for client in self.clients()}
        for item in items:
            key = (item.author, item.counter)
            if item.counter:
                if key in records:
                    doubled.append(("record", key))
                records[key] = item
                said = known[item.author].journal.said.get(item.counter) if item.author in known else None
                signed = pb.Record.FromString(item.record).command
                if item.author in known and (said is None or pb.Signed.FromString(said) != signed):
                    unexpected.append(("record", key))
            self.count(item, events)
        doubled += [event for event, count in events.items() if count > 1]
        for client in self.clients():
            for counter, reply in client.journal.replies.items():
                if reply.outcome != pb.OUTCOME_DONE:
                    continue
                item = records.get((client.keys.name, counter))
                if item is None or (item.seq, item.hash) != (reply.seq, reply.hash):
                    lost.append(("record", client.keys.name, counter, describe(reply)))
        self.effects(events, not_executed, lost, unexpected, doubled)
        return lost, unexpected, doubled

    def count(self, item, events):
        for event in pb.Record.FromString(item.record).events:
            kind = event.WhichOneof("body")
            body = getattr(event, kind)
            if kind == "rung_reached":
                events[kind, ulid(body.order), body.rung] += 1
            elif kind in ("order_issued", "order_recalled", "order_expired", "order_unanswered"):
                events[kind, ulid(body.order)] += 1

    def effects(self, events, not_executed, lost, unexpected, doubled):
        issued = {event[1] for event in events if event[0] == "order_issued"}
        ended = {event[1] for event in events if event[0] in ("order_recalled", "order_expired")}
        completed = {event[1] for event in events if event[0] == "rung_reached"
                     and event[2] == pb.RUNG_COMPLETED}
        executed = collections.Counter()
        for station in self.stations:
            executed.update({ulid(order): n for order, n in station.effects().items()})
        for agency in self.agencies:
            executed.update(agency.effects())
            lost += [("receipt", agency.refs[ref]) for ref, outcome in agency.replied.items()
                     if outcome == "done" and ref in agency.refs and agency.refs[ref][0] not in issued]
            unexpected += [("error", error) for error in agency.errors]
        for issuer in self.issuers:
            lost += [("order", ulid(order)) for order in issuer.acknowledged() if ulid(order) not in issued]
        known = {ulid(order) for issuer in self.issuers for order in issuer.issued}
        unexpected += [("order", order) for order in issued - known]
        lost += [("effect", order) for order in issued - ended - set(executed) - not_executed]
        unexpected += [("effect", order) for order in set(executed) - issued]
        unexpected += [("completed", order) for order in completed - set(executed)]
        doubled += [("effect", order) for order, n in executed.items() if n > 1]

    def clocks(self):
        """What the log says of a wall clock that stepped, or of a broker that stood still."""
        events = (event for item in self.centre.read(pb.TAIL_FILTER_ALL)
                  for event in pb.Record.FromString(item.record).events)
        clocks = (event.clock_set for event in events if event.WhichOneof("body") == "clock_set")
        return [clock for clock in clocks if clock.stepped_ms or clock.stood_ms]

    def shown(self, what, *options):
        """What `muster replay` or `muster stats` shows of the log."""
        done = subprocess.run([os.path.join(BIN, "muster"), what, self.site.path("log"), *options],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def verified(self):
        """What `muster verify` finds: it decides every command again and folds every event."""
        done = subprocess.run([os.path.join(BIN, "muster"), "verify", self.site.path("log"), "--root",
                               self.site.path("region.pub"), "--json"], capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual((report["good"], report["bad"]), (True, 0), report)
        return report


__all__ = ["Agency", "CENTRE", "HOSPITAL", "Issuer", "Life", "STATION_3", "STATION_5", "Station",
           "TotalQueueTest", "unittest"]
