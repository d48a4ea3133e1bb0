"""The main job, end to end, by a command centre and four agencies that know docs/protocol.md alone."""

from harness import CENTRE, DESK, HOSPITAL, POLICE, SiteTest, STATION_3, STATION_5, main
from muster_wire import check_chain, new_id, now_ms, pb, sign_batch, ulid

ENDED = (pb.RUNG_COMPLETED, pb.RUNG_DECLINED)


class MainJob(SiteTest):
    def setUp(self):
        super().setUp()
        self.centre, self.desk = self.client(CENTRE, "zhang.wei"), self.client(DESK)
        self.station, self.second, self.hospital, self.police = (
            self.client(name) for name in (STATION_3, STATION_5, HOSPITAL, POLICE))
        self.incident = new_id()

    def report(self, which=pb.REPORT_KIND_INITIAL, **facts):
        return self.centre.do(pb.FileReport(incident=self.incident, kind=which, facts=pb.Facts(**facts)))

    def order(self, addressee, text="go", kind="dispatch", answer_ms=120000, expires_ms=300000, **more):
        order = new_id()
        body = pb.IssueOrders(incident=self.incident)
        body.orders.add(order=order, kind=kind, addressee=addressee, text=text,
                        answer_by_ms=now_ms() + answer_ms, expires_at_ms=now_ms() + expires_ms, **more)
        self.done(self.centre.do(body))
        return order

    def receipt(self, agent, order, rung, **more):
        return agent.do(pb.GiveReceipt(incident=self.incident, order=order, rung=rung, **more))

    def climb(self, agent, order, *rungs, **more):
        """The agent gets the order, says the rungs, and the issuer is told each."""
        agent.wait_for("order_issued", order=order)
        for rung in rungs:
            self.done(self.receipt(agent, order, rung, **more))
            told = self.centre.wait_for("rung_reached", order=order, rung=rung)
            self.assertEqual(told.agent, agent.keys.name)

    def recall(self, order):
        return self.centre.do(pb.RecallOrder(incident=self.incident, order=order, reason="no longer needed"))

    def close(self):
        return self.centre.do(pb.CloseIncident(incident=self.incident, reason="over"))

    def everything(self):
        items = self.centre.read(pb.TAIL_FILTER_ALL)
        self.assertEqual(check_chain(items), [])
        return items

    def test_from_report_to_close(self):
        units = pb.StateUnits()
        units.units.add(id="E31", type="engine", equipment=["scba"], status=pb.UNIT_STATUS_FREE, crew=6)
        self.done(self.station.do(units))

        # A report is taken without its substance, and the substance asked for.
        self.done(self.report(kind="hazardous-chemical", place="generator room", unit="plant 4"))
        asked = self.centre.wait_for("information_requested", incident=self.incident)
        self.assertEqual(asked.fact, "substance")
        self.assertGreater(asked.due_at_ms, asked.at_ms)

        # Orders to an agent, and to an agency whose agents get it.
        fire = self.order(STATION_3, "rescue from the generator room", units=["E31"])
        health = self.order("370102/health", "two ambulances")
        self.climb(self.station, fire, pb.RUNG_ACKNOWLEDGED, pb.RUNG_ACCEPTED, pb.RUNG_EN_ROUTE)
        self.climb(self.hospital, health, pb.RUNG_ACKNOWLEDGED, pb.RUNG_ACCEPTED)
        delivery = next(d for d in self.station.inbox if d.events("order_issued"))
        self.assertEqual((delivery.lane, delivery.command.operator), (pb.LANE_ORDERS, "zhang.wei"))
        words = {o.order: o.text for o in delivery.command.issue_orders.orders}
        self.assertEqual(words[fire], "rescue from the generator room")

        # The substance comes: the request is answered and every open order amended.
        self.done(self.report(pb.REPORT_KIND_FOLLOW_UP, substance="carbon-monoxide"))
        self.desk.wait_for("information_answered", incident=self.incident, fact="substance")
        for agent, order in ((self.station, fire), (self.hospital, health)):
            amended = agent.wait_for("order_amended", order=order)
            self.assertEqual((amended.amendment, list(amended.needs)), (1, ["scba"]))
            self.done(self.receipt(agent, order, pb.RUNG_ACKNOWLEDGED, amendment=1))
            self.centre.wait_for("amendment_acknowledged", order=order, amendment=1)
        self.refused(self.receipt(self.station, fire, pb.RUNG_ACKNOWLEDGED, amendment=2), "no-amendment")

        # One declines; its order is issued anew to another.
        traffic = self.order(POLICE, "close the road")
        self.climb(self.police, traffic, pb.RUNG_DECLINED, text="no patrol free")
        again = self.order(STATION_5, "close the road", reissue_of=traffic)
        self.assertEqual(self.second.wait_for("order_issued", order=again).reissue_of, traffic)
        self.climb(self.second, again, pb.RUNG_ACCEPTED, pb.RUNG_COMPLETED)

        # One is recalled; what its addressee says afterwards is noted without effect.
        spare = self.order(POLICE, "stand by")
        self.police.wait_for("order_issued", order=spare)
        self.done(self.recall(spare))
        self.police.wait_for("order_recalled", order=spare)
        self.assertIn(pb.LANE_URGENT, [d.lane for d in self.police.inbox if d.events("order_recalled")])
        self.done(self.receipt(self.police, spare, pb.RUNG_ACCEPTED))
        self.centre.wait_for("receipt_noted", order=spare)
        self.assertEqual(self.centre.got("rung_reached", order=spare), [])
        self.assertEqual(self.recall(spare).outcome, pb.OUTCOME_UNCHANGED)
        self.refused(self.recall(traffic), "order-ended")

        # Everybody out: whoever is on scene, with a head-count.
        self.climb(self.station, fire, pb.RUNG_ON_SCENE)
        evacuation = new_id(b"\0\0")
        self.done(self.centre.do(pb.OrderEvacuation(incident=self.incident, evacuation=evacuation, text="out",
                                                    answer_by_ms=now_ms() + 60000,
                                                    expires_at_ms=now_ms() + 120000)))
        out = self.station.wait_for("order_issued", evacuation=evacuation)
        self.assertEqual((out.kind, out.order[:14]), ("evacuate", evacuation[:14]))
        self.assertEqual(list(out.agents), [STATION_3])
        lanes = {e.order: d.lane for d in self.station.inbox for e in d.events("order_issued")}
        self.assertEqual((lanes[out.order], lanes[fire]), (pb.LANE_URGENT, pb.LANE_ORDERS))
        self.climb(self.station, out.order, pb.RUNG_ACCEPTED)
        self.refused(self.receipt(self.station, out.order, pb.RUNG_COMPLETED), "head-count")
        self.done(self.receipt(self.station, out.order, pb.RUNG_COMPLETED,
                               head_count=pb.HeadCount(present=6, missing=0)))
        told = self.centre.wait_for("rung_reached", order=out.order, rung=pb.RUNG_COMPLETED)
        self.assertEqual((told.present, told.missing), (6, 0))

        # The end: not before every order has its outcome.
        self.refused(self.close(), "open-orders")
        self.refused(self.receipt(self.station, fire, pb.RUNG_ACCEPTED), "rung-back")
        self.climb(self.station, fire, pb.RUNG_COMPLETED)
        self.climb(self.hospital, health, pb.RUNG_COMPLETED)
        self.refused(self.receipt(self.station, fire, pb.RUNG_ON_SCENE), "order-ended")
        casualties = pb.Casualties(dead=pb.Count(value=0), serious=pb.Count(value=2))
        self.done(self.report(pb.REPORT_KIND_FINAL, course="carbon monoxide from a generator",
                              loss_cny=pb.Count(value=120000), casualties=casualties))
        self.done(self.close())
        self.desk.wait_for("incident_closed", incident=self.incident)
        self.assertEqual([e.kind for e in self.desk.got("report_filed")],
                         [pb.REPORT_KIND_INITIAL, pb.REPORT_KIND_FOLLOW_UP, pb.REPORT_KIND_FINAL])
        late = pb.IssueOrders(incident=self.incident)
        late.orders.add(order=new_id(), kind="dispatch", addressee=POLICE, text="late",
                        answer_by_ms=now_ms() + 60000, expires_at_ms=now_ms() + 120000)
        self.refused(self.centre.do(late), "incident-closed")

        # Nobody else got it; and the log tells each order's one outcome.
        for agent, orders in ((self.police, {traffic, spare}), (self.second, {again}),
                              (self.hospital, {health})):
            self.assertEqual({e.order for e in agent.got("order_issued")}, orders)
        self.assertEqual(self.outcomes(), {fire: pb.RUNG_COMPLETED, health: pb.RUNG_COMPLETED,
                                           traffic: pb.RUNG_DECLINED, again: pb.RUNG_COMPLETED,
                                           spare: pb.RUNG_RECALLED, out.order: pb.RUNG_COMPLETED})

    def outcomes(self):
        result = {}
        for item in self.everything():
            for event in pb.Record.FromString(item.record).events:
                kind = event.WhichOneof("body")
                outcome = None
                if kind == "rung_reached" and event.rung_reached.rung in ENDED:
                    outcome = event.rung_reached.rung
                elif kind in ("order_recalled", "order_expired"):
                    outcome = pb.RUNG_RECALLED if kind == "order_recalled" else pb.RUNG_EXPIRED
                if outcome is not None:
                    order = getattr(event, kind).order
                    self.assertNotIn(order, result, "two outcomes")
                    result[order] = outcome
        return result

    def test_silence_escalates(self):
        self.done(self.report(kind="hazardous-chemical", place="dock", substance="chlorine"))
        unanswered = self.order(POLICE, answer_ms=400, expires_ms=1200)
        accepted = self.order(STATION_3, answer_ms=400, expires_ms=1200)
        self.climb(self.station, accepted, pb.RUNG_ACCEPTED)
        told = self.centre.wait_for("order_unanswered", order=unanswered)
        issued = self.police.wait_for("order_issued", order=unanswered)
        self.assertGreaterEqual(told.at_ms, issued.answer_by_ms)
        expired = self.centre.wait_for("order_expired", order=unanswered)
        self.assertGreaterEqual(expired.at_ms, issued.expires_at_ms)
        self.police.wait_for("order_expired", order=unanswered)
        self.centre.wait_for("order_overdue", order=accepted)
        self.assertEqual(self.centre.got("order_expired", order=accepted), [])
        self.assertEqual(self.centre.got("order_unanswered", order=accepted), [])
        self.climb(self.station, accepted, pb.RUNG_COMPLETED)
        self.assertEqual(self.outcomes(), {unanswered: pb.RUNG_EXPIRED, accepted: pb.RUNG_COMPLETED})

    def test_what_is_there_already(self):
        body = pb.FileReport(incident=self.incident, kind=pb.REPORT_KIND_INITIAL,
                             facts=pb.Facts(kind="fire", place="market"))
        self.done(self.centre.do(body))
        again = self.centre.do(body)
        self.assertEqual((again.outcome, again.seq), (pb.OUTCOME_UNCHANGED, 0))
        body.facts.place = "station"
        self.refused(self.centre.do(body), "conflict")

    def test_a_batch_under_one_signature(self):
        for size in (2, 3, 5, 11):
            commands = [self.centre.command(pb.FileReport(incident=new_id(), kind=pb.REPORT_KIND_INITIAL,
                                                          facts=pb.Facts(kind="fire", place=str(n))))
                        for n in range(size)]
            batch = sign_batch([c.SerializeToString() for c in commands], self.centre.operator)
            for signed in batch:
                self.centre.send_signed(signed)
            last = commands[-1].counter
            self.wait(lambda: last in self.centre.journal.replies, "the batch's replies")
            for command in commands:
                self.done(self.centre.journal.replies[command.counter])
        self.everything()

    def test_the_present_and_a_stream(self):
        self.done(self.report(kind="fire", place="market"))
        order = self.order(STATION_3)
        reader = self.client(CENTRE, deliveries=False)
        items = reader.read(pb.TAIL_FILTER_OPEN)
        kinds = [e.WhichOneof("body") for i in items for e in pb.Record.FromString(i.record).events]
        self.assertEqual(kinds[0], "region_founded")
        self.assertIn("order_issued", kinds)
        self.assertGreaterEqual(reader.tail_end.head_seq, self.centre.journal.seen[0])

        reader.tail(pb.TAIL_FILTER_ALL, from_seq=reader.tail_end.head_seq, follow=True, credit=1)
        self.wait(lambda: reader.tail_end is not None, "TailEnd")
        before = len(reader.tail_items)
        for rung in (pb.RUNG_ACKNOWLEDGED, pb.RUNG_ACCEPTED, pb.RUNG_COMPLETED):
            self.climb(self.station, order, rung)
        told = self.centre.journal.seen[0]
        self.wait(lambda: reader.tail_items and reader.tail_items[-1].seq >= told, "what is new")
        seqs = [i.seq for i in reader.tail_items]
        self.assertEqual(seqs, list(range(seqs[0], seqs[0] + len(seqs))))
        self.assertGreaterEqual(len(seqs) - before, 3)

        # Items of the tail before may still be under way: another session.
        items = reader.join().read(pb.TAIL_FILTER_STREAM, "incident/" + ulid(self.incident))
        self.assertEqual([i.kind for i in items if i.author == CENTRE], [32, 34])


if __name__ == "__main__":
    main()
