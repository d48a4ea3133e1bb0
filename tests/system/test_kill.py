"""kill -9 of the broker at random points under load: nothing acknowledged is lost, nothing is done twice.

MUSTER_SEED repeats a run, MUSTER_LONG makes it 100 kills.
"""
import os
import random
import time

from harness import CENTRE, HOSPITAL, SiteTest, STATION_3, STATION_5, describe, main
from muster_client import Client
from muster_wire import chain_hash, check_chain, new_id, now_ms, pb

SEED = int(os.environ.get("MUSTER_SEED", "20260401"))
KILLS = 100 if os.environ.get("MUSTER_LONG") else 12
READ_S = 300  # a hundred thousand records and more, read in Python, and under a sanitizer
UNDER_WAY = 40  # commands without Reply, per client


class Follower(Client):
    """Reads the whole log as it grows, over every kill: what it saw once can never be gone or changed."""

    last, hash = 0, bytes(32)

    def on_welcome(self, welcome):
        super().on_welcome(welcome)
        self.tail(pb.TAIL_FILTER_ALL, from_seq=self.last, follow=True, credit=64)

    def on_tail_item(self, item):
        super().on_tail_item(item)
        self.tail_items.clear()
        assert item.seq == self.last + 1, f"the tail goes from {self.last} to {item.seq}"
        assert chain_hash(self.hash, item) == item.hash, f"record {item.seq} does not follow"
        self.last, self.hash = item.seq, item.hash


class Kill(SiteTest):
    beat = "500 ms"

    def setUp(self):
        super().setUp()
        print(f"seed {SEED}", flush=True)
        self.random = random.Random(SEED)
        self.centres = [self.client(CENTRE), self.client(HOSPITAL)]
        self.stations = [self.client(STATION_3), self.client(STATION_5)]
        self.follower = Follower(self.hub, self.site, self.site.agents[CENTRE], deliveries=False).join()
        self.clients = self.centres + self.stations
        self.incident = new_id()
        self.done(self.centres[0].do(pb.FileReport(incident=self.incident, kind=pb.REPORT_KIND_INITIAL,
                                                   facts=pb.Facts(kind="fire", place="market"))))
        self.given, self.issued, self.acknowledged = {}, set(), {}
        self.highest = 0

    def load(self):
        """Keeps everybody busy: reports, orders, receipts for what came."""
        centre, hospital = self.centres
        while len(centre.journal.pending) < UNDER_WAY:
            order = new_id()
            body = pb.IssueOrders(incident=self.incident)
            addressee = self.random.choice((STATION_3, STATION_5))
            body.orders.add(order=order, kind="dispatch", addressee=addressee, text="go",
                            answer_by_ms=now_ms() + 600000, expires_at_ms=now_ms() + 1200000)
            if len(self.issued) < 180:
                centre.submit(body)
                self.issued.add(order)
            else:
                self.file(centre)
        while len(hospital.journal.pending) < UNDER_WAY:
            self.file(hospital)
        for station in self.stations:
            for delivery in station.inbox:
                self.answer(station, delivery)
            station.inbox.clear()
            self.state(station)

    def file(self, client):
        client.submit(pb.FileReport(incident=new_id(), kind=pb.REPORT_KIND_INITIAL,
                                    facts=pb.Facts(kind="fire", place=str(client.journal.counter))))

    def answer(self, station, delivery):
        """An order is carried out once: a repetition was answered already."""
        for event in delivery.events("order_issued"):
            if event.order in self.given:
                self.assertEqual(self.given[event.order], (delivery.seq, delivery.hash), "another record")
                continue
            self.given[event.order] = (delivery.seq, delivery.hash)
            for rung in (pb.RUNG_ACKNOWLEDGED, pb.RUNG_ACCEPTED, pb.RUNG_COMPLETED):
                station.submit(pb.GiveReceipt(incident=self.incident, order=event.order, rung=rung))

    def state(self, station):
        if len(station.journal.pending) < 4:
            units = pb.StateUnits()
            units.units.add(id=f"E{station.journal.counter % 100}", type="engine", status=pb.UNIT_STATUS_FREE,
                            crew=station.journal.counter % 1009)
            station.submit(units)

    def promise(self):
        """What was said of each counter stays said; the Reply to a repetition is the same."""
        for client in self.clients:
            for counter, reply in client.journal.replies.items():
                said = (describe(reply), reply.seq, reply.hash)
                before = self.acknowledged.setdefault((client.keys.name, counter), said)
                self.assertEqual(said, before, f"{client.keys.name} {counter}")

    def ask_again(self):
        """Some of what is long answered is sent again, byte for byte."""
        for client in self.clients:
            for counter in self.random.sample(sorted(client.journal.said), min(5, len(client.journal.said))):
                if counter not in client.journal.pending:
                    client.send_signed(client.journal.said[counter])

    def look_at_heads(self):
        for client in self.clients:
            head = client.welcome.head.seq if client.welcome else 0
            if head:
                self.assertGreaterEqual(head, self.highest, "the head went back")

    def round(self):
        """Load for a random while, a kill that nobody expects, a new broker, everybody back."""
        until = time.monotonic() + self.random.uniform(0.01, 0.5)
        while time.monotonic() < until:
            self.load()
            self.hub.turn(0.005)
            if self.follower.last and self.random.random() < 0.1:
                self.follower.open()  # its past is read while more is committed
        self.site.kill()
        self.hub.turn(0)  # what it had said before
        self.promise()
        self.highest = max([self.highest] + [c.journal.seen[0] for c in self.clients])
        self.site.start()
        for client in self.clients + [self.follower]:
            client.welcome = None
            client.open()
        self.wait(lambda: all(c.welcome for c in self.clients), "everybody is back")
        self.look_at_heads()
        self.ask_again()

    def test_many_kills(self):
        for _ in range(KILLS):
            self.round()
        self.settle()
        items = self.centres[0].read(pb.TAIL_FILTER_ALL, seconds=READ_S)
        self.assertEqual(check_chain(items), [])
        self.assertGreaterEqual(len(items), self.highest)
        self.wait(lambda: self.follower.last >= len(items), "all of it to the follower", READ_S)
        records = self.exactly_once(items)
        self.replies_hold(items)
        self.orders_once(items)
        print(f"{KILLS} kills, {records} commands, {len(items)} records, {len(self.given)} orders; lost 0, "
              "unexpected 0, doubled 0", flush=True)
        self.assertGreater(len(self.given), 20)
        self.assertEqual(self.site.stop(), 0)

    def settle(self):
        """Until every command has its Reply and every order its answers."""
        def done():
            for station in self.stations:
                for delivery in station.inbox:
                    self.answer(station, delivery)
                station.inbox.clear()
            return not any(c.journal.pending for c in self.clients) and self.issued == set(self.given)
        self.wait(done, "an answer to everything", 60)
        for client in self.clients:
            self.wait(lambda c=client: c.answered >= c.sent, "one Reply for each Submit")
            self.assertEqual(client.answered, client.sent, "one Reply for each Submit")
        self.promise()

    def exactly_once(self, items):
        """Each command has one record, and each record's command was sent, as it stands there."""
        seen = {}
        said = {client.keys.name: client.journal.said for client in self.clients}
        for item in items:
            if item.counter:
                self.assertNotIn((item.author, item.counter), seen, "done twice")
                seen[item.author, item.counter] = item
                self.assertEqual(pb.Record.FromString(item.record).command,
                                 pb.Signed.FromString(said[item.author][item.counter]), "nobody said this")
        for client in self.clients:
            for counter in client.journal.said:
                self.assertIn((client.keys.name, counter), self.acknowledged)
        return len(seen)

    def replies_hold(self, items):
        """What was answered DONE is there, under that seq and hash, with the bytes that were signed."""
        by_seq = {item.seq: item for item in items}
        for client in self.clients:
            for counter, reply in client.journal.replies.items():
                self.assertEqual(describe(reply), "DONE", reply.refusal.detail)
                item = by_seq.get(reply.seq)
                self.assertIsNotNone(item, f"lost: {client.keys.name} {counter} seq {reply.seq}")
                self.assertEqual((item.author, item.counter, item.hash),
                                 (client.keys.name, counter, reply.hash))
                signed = pb.Signed.FromString(client.journal.said[counter])
                self.assertEqual(pb.Record.FromString(item.record).command, signed)

    def orders_once(self, items):
        """Each order reached each rung once and was completed."""
        reached = {}
        for item in items:
            for event in pb.Record.FromString(item.record).events:
                if event.WhichOneof("body") == "rung_reached":
                    key = event.rung_reached.order, event.rung_reached.rung
                    self.assertNotIn(key, reached, "a rung was reached twice")
                    reached[key] = item.seq
        self.assertEqual({order for order, rung in reached if rung == pb.RUNG_COMPLETED}, self.issued)


if __name__ == "__main__":
    main()
