"""An absent agent gets what waits for it, in order and once, when it comes back; also over kill -9."""
from harness import CENTRE, HOSPITAL, SiteTest, STATION_3, main
from muster_wire import new_id, now_ms, pb

ORDERS = pb.LANE_ORDERS


class Absent(SiteTest):
    def setUp(self):
        super().setUp()
        self.centre = self.client(CENTRE)
        self.incident = new_id()
        self.done(self.centre.do(pb.FileReport(incident=self.incident, kind=pb.REPORT_KIND_INITIAL,
                                               facts=pb.Facts(kind="fire", place="market"))))

    def order(self, addressee=STATION_3, count=1, expires_ms=600000):
        body = pb.IssueOrders(incident=self.incident)
        for n in range(count):
            body.orders.add(order=new_id(), kind="dispatch", addressee=addressee, text=f"order {n}",
                            answer_by_ms=now_ms() + expires_ms // 2, expires_at_ms=now_ms() + expires_ms)
        self.done(self.centre.do(body))
        return [o.order for o in body.orders]

    def issue(self, count):
        return [self.order()[0] for _ in range(count)]

    def restart(self):
        """kill -9 and a new broker on the same log."""
        head = self.centre.journal.head.seq
        self.site.kill()
        self.site.start()
        self.centre.join()
        self.assertGreaterEqual(self.centre.welcome.head.seq, head)

    def quiet(self, client):
        """Until the broker has answered something said after all that it had to give."""
        client.read(pb.TAIL_FILTER_STREAM, "region/" + self.site.code)

    def given(self, client):
        return [e.order for d in client.session_inbox for e in d.events("order_issued")]

    def wait_given(self, client, orders):
        self.wait(lambda: len(self.given(client)) >= len(orders), f"{len(orders)} orders")
        self.quiet(client)
        self.assertEqual(self.given(client), orders)

    def acked(self, client, replies):
        self.wait(lambda: len(client.ack_replies) >= replies, f"{replies} replies to Acks")

    def test_comes_back(self):
        orders = self.issue(3)
        self.restart()
        orders += self.issue(3)
        station = self.client(STATION_3)
        self.wait_given(station, orders)
        seqs = [d.seq for d in station.inbox]
        self.assertEqual(seqs, sorted(set(seqs)))
        self.acked(station, len(orders))

        # Acknowledged is not given again: not on a new session, not by a new broker.
        station.join()
        self.quiet(station)
        self.assertEqual(self.given(station), [])
        self.assertEqual({c.lane: c.acked_seq for c in station.welcome.cursors}.get(ORDERS), seqs[-1])
        self.restart()
        station.join()
        self.quiet(station)
        self.assertEqual(self.given(station), [])
        more = self.issue(2)
        self.wait_given(station, more)

    def test_unacknowledged_is_given_again(self):
        orders = self.issue(5)
        station = self.client(STATION_3, acknowledge=False)
        self.wait_given(station, orders)
        station.ack(ORDERS, station.inbox[1].seq)
        self.acked(station, 1)
        station.join()
        self.wait_given(station, orders[2:])
        self.restart()
        station.join()
        self.wait_given(station, orders[2:])
        again = {d.seq: d.hash for d in station.inbox}
        self.assertEqual(len(again), 5, "a record changed its seq")
        station.ack(ORDERS, station.inbox[-1].seq)
        self.acked(station, 2)
        station.join()
        self.quiet(station)
        self.assertEqual(self.given(station), [])

    def test_window_and_credit(self):
        orders = self.issue(6)
        station = self.client(STATION_3, acknowledge=False, window=2)
        self.wait_given(station, orders[:2])
        station.say(pb.Credit(lane=ORDERS, add=3))
        self.wait_given(station, orders[:5])
        station.say(pb.Credit(lane=ORDERS, add=1))
        self.wait_given(station, orders)
        station.say(pb.Credit(lane=ORDERS, add=10))
        self.wait_given(station, orders + self.issue(1))

    def test_tombstones(self):
        kept, recalled = self.issue(2)
        pair = self.order(count=2)
        for order in (recalled, pair[0]):
            self.done(self.centre.do(pb.RecallOrder(incident=self.incident, order=order)))
        self.restart()
        station = self.client(STATION_3)
        self.wait(lambda: len(station.inbox) >= 5, "two recalls, three records")
        self.quiet(station)
        waiting = [d for d in station.inbox if d.lane == ORDERS]
        self.assertEqual([(d.tombstone, d.recalled) for d in waiting],
                         [(False, []), (True, [recalled]), (False, [pair[0]])])
        self.assertEqual(self.given(station)[0], kept)
        self.assertEqual({e.order for e in station.got("order_recalled")}, {recalled, pair[0]})
        self.assertEqual({d.lane for d in station.inbox if d.events("order_recalled")}, {pb.LANE_URGENT})
        for event in station.got("order_recalled"):
            self.assertGreater(event.expires_at_ms, now_ms())

        # A tombstone is acknowledged like any other.
        self.acked(station, 5)
        station.join()
        self.quiet(station)
        self.assertEqual(station.session_inbox, [])

    def test_one_absent_delays_nobody(self):
        absent = [self.order()[0] for _ in range(10)]
        here = self.client(HOSPITAL)
        order = self.order(HOSPITAL)
        self.wait_given(here, order)
        station = self.client(STATION_3)
        self.wait_given(station, absent)

    def test_issuer_was_absent(self):
        order = self.order()[0]
        station = self.client(STATION_3)
        station.wait_for("order_issued", order=order)
        self.centre.close()
        rungs = [pb.RUNG_ACKNOWLEDGED, pb.RUNG_ACCEPTED, pb.RUNG_COMPLETED]
        for rung in rungs:
            self.done(station.do(pb.GiveReceipt(incident=self.incident, order=order, rung=rung)))
        self.site.kill()
        self.site.start()
        centre = self.client(CENTRE, journal=self.centre.journal)
        centre.wait_for("rung_reached", order=order, rung=pb.RUNG_COMPLETED)
        self.assertEqual([e.rung for e in centre.got("rung_reached")], rungs)

    def test_deadlines_over_a_kill(self):
        """One passes while there is no broker, another after it is back: each fires once, none early."""
        soon = self.order(expires_ms=1200)[0]
        later = self.order(expires_ms=4000)[0]
        self.site.kill()
        dead = now_ms()
        self.wait(lambda: now_ms() > dead + 1300, "the first order's end")
        self.site.start()
        self.centre.join()
        station = self.client(STATION_3)
        for order in (soon, later):
            self.centre.wait_for("order_expired", order=order)
            station.wait_for("order_expired", order=order)
            self.assertEqual([len(self.centre.got(kind, order=order)) for kind in
                              ("order_unanswered", "order_expired")], [1, 1])
        words = {o.order: o for d in station.inbox for o in d.command.issue_orders.orders}
        self.assertGreaterEqual(self.centre.got("order_unanswered", order=later)[0].at_ms,
                                words[later].answer_by_ms)
        self.assertGreaterEqual(self.centre.got("order_expired", order=later)[0].at_ms,
                                words[later].expires_at_ms)

    def test_silent_session_is_forgotten(self):
        station = self.client(STATION_3, reconnect=False)
        station.beating = False
        heard = len(station.heads)
        self.wait(lambda: len(station.heads) > heard, "the broker's beat")
        other = self.client(HOSPITAL)
        silent = 4 * station.welcome.beat_ms / 1000
        beats = len(other.heads)
        # Four beats by the other's count, which stays because it beats.
        self.wait(lambda: len(other.heads) >= beats + 5, "beats", 10 * silent)
        self.assertEqual(other.byes, [])
        station.submit(pb.StateUnits())
        self.wait(lambda: station.byes, "a Bye for who was silent")
        self.assertEqual(station.byes[-1].code, 6)
        station.join()


if __name__ == "__main__":
    main()
