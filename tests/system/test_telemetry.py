"""Telemetry: last values reach who subscribed, never the log, and never before an order."""
from harness import CENTRE, HOSPITAL, SiteTest, STATION_3, STATION_5, main
from muster_wire import new_id, now_ms, pb, REFUSAL_WORDS

ACTUAL, EXERCISE = pb.MODE_ACTUAL, pb.MODE_EXERCISE


def position(unit, at_ms, latitude_e7, mode=ACTUAL, datum=pb.DATUM_CGCS2000):
    return pb.Sample(unit=unit, name="position", at_ms=at_ms, mode=mode,
                     position=pb.Position(datum=datum, latitude_e7=latitude_e7, longitude_e7=1170000000))


def reading(unit, name, at_ms, value, mode=ACTUAL):
    return pb.Sample(unit=unit, name=name, at_ms=at_ms, mode=mode,
                     reading=pb.Reading(value=value, exponent=-1, unit_of_measure="[ppm]"))


class Telemetry(SiteTest):
    def setUp(self):
        super().setUp()
        self.centre = self.client(CENTRE)
        self.station = self.client(STATION_3)
        self.other = self.client(STATION_5)
        self.now = now_ms()

    def report(self):
        incident = new_id()
        self.done(self.centre.do(pb.FileReport(incident=incident, kind=pb.REPORT_KIND_INITIAL,
                                               facts=pb.Facts(kind="fire", place="market"))))
        return incident

    def settle(self, *clients):
        """What they said before was heard: the broker has answered something said after it."""
        for client in clients:
            client.read(pb.TAIL_FILTER_STREAM, "region/" + self.site.code)

    def value(self, client, agent, unit, name, mode=ACTUAL):
        return client.values.get((agent, mode, unit, name))

    def latitude(self, client, agent, unit):
        sample = self.value(client, agent, unit, "position")
        return sample.position.latitude_e7 if sample else None

    def refusal(self, client, word, subscription=False):
        self.wait(lambda: client.telemetry_refused, f"a refusal for {client.keys.name}")
        refused = client.telemetry_refused.pop(0)
        self.assertEqual(REFUSAL_WORDS[refused.refusal.code], word, refused)
        self.assertEqual(refused.subscription, subscription)
        self.assertEqual(client.byes, [])
        return refused

    def test_last_values(self):
        for n in range(5):
            self.station.publish(position("E1", self.now + n, n), reading("E1", "h2s", self.now + n, n))
        forged = position("E9", self.now, 77)
        forged.agent = STATION_3
        self.other.publish(forged)
        self.settle(self.station, self.other)

        # What there is, once, with its author by the broker's word; then what changes.
        self.centre.subscribe()
        self.wait(lambda: len(self.centre.values) == 3, "the present values")
        self.assertEqual(sum(len(message.samples) for message in self.centre.telemetry), 3)
        self.assertEqual(self.latitude(self.centre, STATION_3, "E1"), 4)
        self.assertEqual(self.latitude(self.centre, STATION_5, "E9"), 77)
        self.assertIsNone(self.latitude(self.centre, STATION_3, "E9"))
        h2s = self.value(self.centre, STATION_3, "E1", "h2s")
        self.assertEqual((h2s.at_ms, h2s.reading.value, h2s.reading.exponent, h2s.reading.unit_of_measure),
                         (self.now + 4, 4, -1, "[ppm]"))
        self.station.publish(position("E1", self.now + 9, 9))
        self.wait(lambda: self.latitude(self.centre, STATION_3, "E1") == 9, "the change")

        # What comes late does not replace what is newer.
        self.station.publish(position("E1", self.now + 8, 8))
        self.station.publish(position("E2", self.now + 8, 2))
        self.wait(lambda: self.latitude(self.centre, STATION_3, "E2") == 2, "what was said after it")
        self.assertEqual(self.latitude(self.centre, STATION_3, "E1"), 9)

    def test_filters(self):
        self.station.publish(position("E1", self.now, 1), position("E1", self.now, 2, EXERCISE))
        self.other.publish(position("E9", self.now, 3))
        self.settle(self.station, self.other)
        for fields, latitudes in (({"source": STATION_5}, {3}), ({"source": "370102/fire-rescue"}, {1, 3}),
                                  ({"mode": EXERCISE}, {2}), ({"every_mode": True}, {1, 2, 3})):
            self.centre.subscribe(**fields)
            self.wait(lambda: len(self.centre.values) == len(latitudes), fields)
            self.assertEqual({s.position.latitude_e7 for s in self.centre.values.values()}, latitudes)
        self.centre.subscribe(source="370102/health")
        self.centre.subscribe(end=True)
        self.station.publish(position("E1", self.now + 1, 4))
        self.settle(self.station, self.centre)
        self.assertEqual(self.centre.telemetry, [])

    def test_a_slow_reader_is_given_the_newest(self):
        self.centre.subscribe(credit=1, give_back=False)
        self.station.publish(position("E1", self.now, 0))
        self.wait(lambda: self.centre.telemetry, "the first value")
        for n in range(1, 200):
            self.station.publish(position("E1", self.now + n, n))
            self.other.publish(reading("", "water_level", self.now + n, n))
        self.settle(self.station, self.other, self.centre)
        self.assertEqual(len(self.centre.telemetry), 1)
        self.centre.say(pb.Credit(lane=pb.LANE_TELEMETRY, add=1))
        self.wait(lambda: len(self.centre.telemetry) == 2, "the next Envelope")
        self.assertEqual(len(self.centre.telemetry[1].samples), 2)
        self.assertEqual(self.latitude(self.centre, STATION_3, "E1"), 199)
        self.assertEqual(self.value(self.centre, STATION_5, "", "water_level").reading.value, 199)
        self.settle(self.centre)
        self.assertEqual(len(self.centre.telemetry), 2)
        # A publisher knows what has been taken: here all but a few.
        self.wait(lambda: self.station.telemetry_granted >= 192, "credit for the publisher")

    def test_orders_go_on_and_the_log_knows_nothing(self):
        incident = self.report()
        head = len(self.centre.read(pb.TAIL_FILTER_ALL))
        self.centre.subscribe(credit=1, give_back=False)  # stuck from the first Envelope on
        orders = []
        for n in range(20):
            for i in range(20):
                self.station.publish(*(position(f"E{u}", self.now + 20 * n + i, u) for u in range(100)))
            order = new_id()
            body = pb.IssueOrders(incident=incident)
            body.orders.add(order=order, kind="dispatch", addressee=STATION_3, text="go",
                            answer_by_ms=now_ms() + 60000, expires_at_ms=now_ms() + 600000)
            self.done(self.centre.do(body))
            orders.append(order)
            self.station.wait_for("order_issued", order=order)
        self.assertEqual([event.order for event in self.station.got("order_issued")], orders)
        self.done(self.station.do(pb.GiveReceipt(incident=incident, order=orders[0], rung=pb.RUNG_ACCEPTED)))
        self.centre.wait_for("rung_reached", order=orders[0])

        # Of 40,000 samples no record: orders, the receipt, and Acks of what was delivered.
        kinds = set()
        records = self.centre.read(pb.TAIL_FILTER_ALL)[head:]
        for item in records:
            command = pb.Command.FromString(pb.Record.FromString(item.record).command.payload)
            kinds.add(command.WhichOneof("body"))
        self.assertEqual(kinds, {"issue_orders", "give_receipt", "ack"})
        self.site.kill()
        self.site.start()
        self.centre.join()
        self.centre.subscribe()
        self.settle(self.centre)
        self.assertEqual(self.centre.telemetry, [])

    def test_refused(self):
        self.centre.publish(position("E1", self.now, 1))
        self.refusal(self.centre, "right")
        self.station.subscribe()
        self.refusal(self.station, "right", subscription=True)
        self.centre.subscribe(source="nobody's")
        self.refusal(self.centre, "invalid", subscription=True)
        self.centre.subscribe()
        good = position("E1", self.now, 1)
        for sample, word in ((position("E1", self.now, 1, mode=0), "mode"),
                             (position("E1", self.now, 1, datum=0), "reference"),
                             (position("E1", 0, 1), "invalid"),
                             (position("E1", self.now + 3600000, 1), "clock"),
                             (reading("E1", "position", self.now, 1), "invalid"),
                             (pb.Sample(name="h2s", at_ms=self.now, mode=ACTUAL), "invalid"),
                             (reading("E1", "", self.now, 1), "invalid")):
            self.other.join()  # told at most once a second, in one session
            self.other.publish(good, sample)
            refused = self.refusal(self.other, word)
            self.assertIn("samples[1]", refused.refusal.detail)
            self.assertEqual(refused.samples, 1)
        # The good one of such an Envelope is taken, and nothing else.
        self.wait(lambda: self.centre.values, "the good sample")
        self.assertEqual(list(self.centre.values), [(STATION_5, ACTUAL, "E1", "position")])

        # Many are told together.
        hospital = self.client(HOSPITAL)
        for _ in range(10):
            hospital.publish(position("A1", self.now, 1, mode=0))
        self.assertEqual(self.refusal(hospital, "mode").samples, 1)
        self.assertEqual(self.refusal(hospital, "mode").samples, 9)

    def test_lane_is_of_credit_only(self):
        self.centre.say(pb.Credit(lane=pb.LANE_TELEMETRY, add=5))  # without a subscription: harmless
        self.settle(self.centre)
        self.station.ack(pb.LANE_TELEMETRY, 1)
        self.wait(lambda: self.station.ack_replies or self.station.loose, "the answer to the Ack")
        reply = (self.station.ack_replies + self.station.loose)[0]
        self.refused(reply, "invalid")


if __name__ == "__main__":
    main()
