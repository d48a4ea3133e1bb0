"""Hostile and wrong input over the wire: refused by its word, kept where it must be, nobody else harmed."""
import os
import re

import zmq

from harness import ADMIN, CENTRE, HOSPITAL, POLICE, SiteTest, STATION_3, STATION_5, describe, main
from muster_client import Client, FRAME_MAX, PROTOCOL, z85
from muster_wire import Keys, new_id, now_ms, pb, sign

IDENTITY, INVALID, VERSION = 6, 5, 1


class Refusals(SiteTest):
    def setUp(self):
        super().setUp()
        self.bystander = self.client(HOSPITAL)
        self.centre = self.client(CENTRE)
        self.addCleanup(self.others_are_served)

    def others_are_served(self):
        """After each test: the broker lives and the bystander's session was never disturbed."""
        self.assert_alive()
        self.assertEqual(self.bystander.byes, [])
        self.done(self.bystander.do(report()))

    def head(self):
        return self.done(self.bystander.do(report())).seq

    def answer(self, client, signed, counter=None):
        """The Reply to bytes of our own making; `counter`: where they cannot be read."""
        counter = pb.Command.FromString(signed.payload).counter if counter is None else counter
        client.journal.replies.pop(counter, None)
        loose = len(client.loose)
        client.send_signed(signed)
        self.wait(lambda: counter in client.journal.replies or len(client.loose) > loose, "a Reply")
        return client.journal.replies.get(counter) or client.loose[-1]

    def make(self, client, body, keys=None, **fields):
        """A command as `fields` want it, signed by `keys`."""
        return sign(client.command(body, **fields).SerializeToString(), keys or client.keys)

    def wait_bye(self, client, code):
        self.wait(lambda: client.byes, "Bye")
        self.assertEqual(client.byes[-1].code, code)

    def wait_reply(self, client, reply_to):
        self.wait(lambda: reply_to in client.journal.replies, "a Reply")
        return client.journal.replies[reply_to]


def report(incident=None, **facts):
    return pb.FileReport(incident=incident or new_id(), kind=pb.REPORT_KIND_INITIAL,
                         facts=pb.Facts(**dict({"kind": "fire", "place": "market"}, **facts)))


def orders(incident, addressee=STATION_3, kind="dispatch", answer_ms=60000, expires_ms=120000, **fields):
    body = pb.IssueOrders(incident=incident)
    body.orders.add(order=new_id(), kind=kind, addressee=addressee, text="go",
                    answer_by_ms=now_ms() + answer_ms, expires_at_ms=now_ms() + expires_ms, **fields)
    return body


class Frames(Refusals):
    """What is no Envelope, or not said in its place."""

    def test_garbage(self):
        hostile = self.client(STATION_3, reconnect=False)
        hostile.raw(b"\xff\xff\xff\xff garbage")
        self.wait_bye(hostile, INVALID)
        hostile.join()
        self.wait(lambda: "turned away: 1 unreadable" in self.site.errors(), "the keeper is told")

    def test_random_frames(self):
        hostile = self.client(STATION_3, reconnect=False, learn=False)
        good = pb.Envelope(submit=pb.Submit(command=self.make(hostile, report()))).SerializeToString()
        for n in range(60):
            cut = bytearray(good)
            cut[n * 7 % len(cut)] ^= 0xff
            hostile.raw(bytes(cut[:len(cut) - n % 5]))
            hostile.raw(os.urandom(n * 11 % 500 + 1))
            self.hub.turn(0)
            if hostile.welcome is None:
                hostile.join()

    def test_multipart_and_empty_are_dropped(self):
        hostile = self.client(STATION_3)
        beat = pb.Envelope(beat=pb.Beat()).SerializeToString()
        hostile.raw(beat, beat)
        hostile.raw(b"", beat)
        hostile.raw(b"")
        self.done(hostile.do(report()))
        self.assertEqual(hostile.byes, [])

    def test_oversized_cuts_the_peer(self):
        hostile = self.client(STATION_3, reconnect=False)
        self.assertEqual(hostile.welcome.frame_max, FRAME_MAX)
        monitor = hostile.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self.addCleanup(monitor.close)
        hostile.raw(bytes(FRAME_MAX + 100000))
        self.assertTrue(monitor.poll(20000), "the peer was not cut")
        hostile.socket.disable_monitor()

    def test_largest_frame_passes(self):
        text = "x" * (FRAME_MAX // 2)
        reply = self.centre.do(pb.FileReport(incident=new_id(), kind=pb.REPORT_KIND_INITIAL, text=text))
        self.assertIn(describe(reply), ("DONE", "invalid"))
        self.assertEqual(self.centre.byes, [])

    def test_before_hello(self):
        client = self.client(STATION_3, join=False, reconnect=False)
        client.hello = lambda: pb.Beat()
        client.open()
        self.wait_bye(client, IDENTITY)

    def test_other_protocol_version(self):
        client = self.client(STATION_3, join=False, reconnect=False)
        client.hello = lambda: pb.Hello(protocol=PROTOCOL + 1, agent=STATION_3)
        client.open()
        self.wait_bye(client, VERSION)

    def test_hello_as_another(self):
        client = self.client(STATION_3, join=False, reconnect=False)
        client.hello = lambda: pb.Hello(protocol=PROTOCOL, agent=CENTRE, deliveries=True, window=8)
        client.open()
        self.wait_bye(client, IDENTITY)
        self.assertEqual(self.centre.byes, [], "the other's session was touched")


class Mechanisms(Refusals):
    """Who is let in by CURVE: enrolled keys and nobody else. A refused peer learns nothing."""

    def refused_at_the_door(self, client, change=None):
        """Opens; the other sockets' conversation goes on while this one hears nothing."""
        if change is not None:
            client.set_mechanism = change
        client.reconnect = False
        client.open()
        for _ in range(3):
            self.head()
        beats = len(self.bystander.heads)
        self.wait(lambda: len(self.bystander.heads) > beats + 1, "two beats of the broker")
        self.assertEqual((client.welcome, client.byes), (None, []))

    def test_unenrolled_key(self):
        client = Client(self.hub, self.site, Keys(STATION_3))
        self.refused_at_the_door(client)
        self.wait(lambda: re.search("turned away: .* [1-9][0-9]* keys", self.site.errors()),
                  "the keeper is told")

    def test_null(self):
        self.refused_at_the_door(self.client(STATION_3, join=False), lambda socket: None)

    def test_plain(self):
        def plain(socket):
            socket.plain_username, socket.plain_password = b"admin", b"admin"
        self.refused_at_the_door(self.client(STATION_3, join=False), plain)

    def test_wrong_server_key(self):
        def wrong(socket):
            Client.set_mechanism(client, socket)
            socket.curve_serverkey = z85(Keys("x").curve_public)
        client = self.client(STATION_3, join=False)
        self.refused_at_the_door(client, wrong)

    def test_another_routing_id(self):
        """A DEALER that takes another's routing id gets nothing of the other's."""
        def named(socket):
            Client.set_mechanism(client, socket)
            socket.identity = b"\0abcd"[1:]
        client = self.client(STATION_3, join=False)
        self.refused_at_the_door(client, named)


class Sessions(Refusals):
    def test_another_session_replaces(self):
        first = self.client(STATION_3, reconnect=False)
        second = self.client(STATION_3)
        self.wait_bye(first, 0)
        self.done(second.do(report()))
        self.assertEqual(second.byes, [])

    def test_readers_stand_beside(self):
        # Eight sessions in all, the one with deliveries among them, which no reader displaces.
        first = self.client(STATION_3)
        readers = [self.client(STATION_3, deliveries=False, reconnect=False) for _ in range(9)]
        self.wait(lambda: any(r.byes for r in readers), "one makes room")
        self.assertEqual([bool(r.byes) for r in readers], [True, True] + [False] * 7)
        self.assertEqual(first.byes, [])

    def test_revoked_on_a_living_connection(self):
        admin, victim = self.client(ADMIN, "wang.fang"), self.client(STATION_5, reconnect=False)
        self.done(victim.do(report()))
        self.done(admin.do(pb.Revoke(name=STATION_5, reason="lost")))
        self.hub.turn()
        if victim.socket is not None:
            victim.submit(report())
        self.wait_bye(victim, IDENTITY)
        self.assertNotIn(victim.journal.counter + 1, victim.journal.replies)
        self.refused_again(victim)

    def refused_again(self, victim):
        victim.byes.clear()
        victim.open()
        beats = len(self.bystander.heads)
        self.wait(lambda: len(self.bystander.heads) > beats + 1, "two beats of the broker")
        self.assertIsNone(victim.welcome)

    def test_rotated_key(self):
        admin = self.client(ADMIN, "wang.fang")
        old = self.client(STATION_5, deliveries=False, reconnect=False)
        fresh = Keys(STATION_5)
        self.done(admin.do(pb.EnrolAgent(name=STATION_5, sign_key=fresh.sign_public,
                                         curve_key=fresh.curve_public, rights=["receipt", "report"])))
        client = Client(self.hub, self.site, fresh).join()
        self.done(client.do(report()))
        if old.socket is not None:
            old.submit(report())
        self.wait_bye(old, IDENTITY)

    def test_revoked_operator(self):
        centre, admin = self.client(CENTRE, "li.na"), self.client(ADMIN, "wang.fang")
        self.done(centre.do(report()))
        self.done(admin.do(pb.Revoke(name="li.na", reason="left")))
        self.refused(centre.do(report()), "identity")

    def test_tail_without_the_right(self):
        client = self.client(STATION_3)
        for filter, stream in ((pb.TAIL_FILTER_ALL, ""), (pb.TAIL_FILTER_OPEN, ""),
                               (pb.TAIL_FILTER_STREAM, "agent/" + CENTRE)):
            self.assertEqual(client.read(filter, stream), [])
            self.assertEqual(client.tail_end.refusal.code, 15)
        client.read(pb.TAIL_FILTER_STREAM, "agent/" + STATION_3)
        self.assertEqual(client.tail_end.refusal.code, 0)


class Signatures(Refusals):
    def test_unsigned(self):
        signed = self.make(self.centre, report())
        del signed.signatures[:]
        self.refused(self.answer(self.centre, signed), "signature")

    def test_wrongly_signed(self):
        signed = self.make(self.centre, report())
        wrong = bytearray(signed.signatures[0].bytes)
        wrong[3] ^= 1
        signed.signatures[0].bytes = bytes(wrong)
        self.refused(self.answer(self.centre, signed), "signature")

    def test_other_payload_under_the_signature(self):
        signed = self.make(self.centre, report())
        signed.payload = self.make(self.centre, report(), counter=self.centre.journal.counter).payload
        self.refused(self.answer(self.centre, signed), "signature")

    def test_signed_by_another(self):
        keys = self.site.agents[STATION_3]
        self.refused(self.answer(self.centre, self.make(self.centre, report(), keys)), "signature")

    def test_operator_named_agent_signed(self):
        signed = self.make(self.centre, report(), operator="zhang.wei")
        self.refused(self.answer(self.centre, signed), "signature")

    def test_operator_unknown(self):
        signed = self.make(self.centre, report(), operator="nobody")
        self.assertIn(describe(self.answer(self.centre, signed)), ("identity", "signature"))

    def test_envelope_of_the_signature(self):
        """Sizes that no Signed can have make the frame invalid; what is well-formed is compared."""
        for change, ends in (({"salt": b"short"}, True), ({"path": [bytes(5)], "batch_size": 2}, True),
                             ({"hash_alg": 0}, None), ({"batch_size": 2}, None), ({"batch_index": 1}, None),
                             ({"path": [bytes(32)]}, None), ({"batch_size": 2, "path": [bytes(32)]}, False)):
            with self.subTest(change):
                client = self.client(STATION_3, deliveries=False, learn=False, reconnect=False)
                signed = self.make(client, report())
                for name, value in change.items():
                    if name == "path":
                        signed.path.extend(value)
                    else:
                        setattr(signed, name, value)
                client.send_signed(signed)
                counter = client.journal.counter
                self.wait(lambda c=client, n=counter: c.byes or n in c.journal.replies, "Bye or Reply")
                if ends is not None:
                    self.assertEqual(bool(client.byes), ends)
                if client.byes:
                    self.assertEqual(client.byes[0].code, INVALID)
                else:
                    self.assertIn(describe(client.journal.replies[counter]), ("signature", "invalid"))
                client.close()

    def test_command_naming_another_agent(self):
        station = self.site.agents[STATION_3]
        signed = self.make(self.centre, report(), station, agent=STATION_3)
        self.refused(self.answer(self.centre, signed), "identity")
        self.assertEqual(self.client(STATION_3).welcome.last_counter, 0, "the other's mark was moved")

    def test_a_bad_signature_moves_no_mark(self):
        signed = self.make(self.centre, report(), self.site.agents[STATION_3], counter=1000000)
        self.refused(self.answer(self.centre, signed), "signature")
        self.assertLess(self.centre.join().welcome.last_counter, 1000000)

    def test_the_brokers_own_commands(self):
        for body in (pb.PassDeadlines(stream="region/" + self.site.code, at_ms=now_ms()),
                     pb.SetClock(bus_ms=1, reason="x"), pb.CountRefusals(agent=CENTRE, count=1),
                     pb.FoundRegion(region=self.site.code)):
            reply = self.centre.do(body)
            self.assertIn(describe(reply), ("right", "founding", "invalid"), body)


class Commands(Refusals):
    """One wrong field each; the right word; the next command still goes through."""

    def refuses(self, word, body=None, **fields):
        reply = self.centre.do(body or report(), **fields)
        self.refused(reply, word)
        self.assertTrue(reply.refusal.detail, f"{word} says nothing")
        return reply

    def test_frame_of_the_command(self):
        now = now_ms()
        self.refuses("region", region="370103")
        self.refuses("epoch", epoch=7)
        self.refuses("mode", mode=0)
        self.refuses("expired", issued_at_ms=now - 900000, expires_at_ms=now - 600000)
        self.refuses("clock", issued_at_ms=now + 900000, expires_at_ms=now + 1000000)
        self.refuses("invalid", expires_at_ms=now + 9 * 86400000)
        self.refuses("invalid", expires_at_ms=now - 1)
        self.done(self.centre.do(report(), issued_at_ms=now + 200000, expires_at_ms=now + 300000))

    def test_malformed(self):
        signed = sign(b"\xff\xff\xff", self.centre.keys)
        self.centre.send_signed(signed)
        self.wait(lambda: self.centre.loose, "a Reply without counter")
        self.refused(self.centre.loose[0], "invalid")
        self.refuses("invalid", report(incident=b"short"))
        self.refuses("invalid", pb.FileReport(incident=new_id(), kind=0))
        self.refuses("invalid", pb.GiveReceipt(incident=new_id(), order=new_id(), rung=77))
        self.refused(self.answer(self.centre, self.make(self.centre, report(), counter=0)), "invalid")

    def test_bytes_that_are_no_text(self):
        for wrong in (b"PL\xffCE", b"PL\0CE"):
            payload = self.centre.command(report(place="PLACE")).SerializeToString().replace(b"PLACE", wrong)
            signed = sign(payload, self.centre.keys)
            self.refused(self.answer(self.centre, signed, self.centre.journal.counter), "invalid")

    def test_no_body(self):
        reply = self.centre.do(None)
        self.refused(reply, "invalid")

    def test_counters(self):
        counter = self.centre.submit(report())
        same = self.centre.journal.pending[counter]
        first = self.done(self.wait_reply(self.centre, counter))
        again = self.answer(self.centre, pb.Signed.FromString(same))
        self.assertEqual((again.seq, again.hash), (first.seq, first.hash))
        self.refused(self.answer(self.centre, self.make(self.centre, report(), counter=counter)), "conflict")
        jump = self.centre.journal.counter = counter + 50
        self.done(self.centre.do(report()))
        self.refused(self.answer(self.centre, self.make(self.centre, report(), counter=jump - 20)), "stale")

    def test_a_kept_refusal_is_answered_again(self):
        counter = self.centre.submit(report(), region="999999")
        same = self.centre.journal.pending[counter]
        first = self.wait_reply(self.centre, counter)
        again = self.answer(self.centre, pb.Signed.FromString(same))
        self.assertEqual((describe(again), again.seq, again.hash), ("region", first.seq, first.hash))

    def test_refusals_are_in_the_log(self):
        kept = self.refuses("epoch", epoch=9)
        self.assertGreater(kept.seq, 0)
        items = {i.seq: i for i in self.centre.read(pb.TAIL_FILTER_ALL)}
        self.assertEqual(items[kept.seq].outcome, 2)
        self.assertEqual(pb.Record.FromString(items[kept.seq].record).refusal.code, 8)

    def test_a_flood_of_refusals_cannot_eat_the_disk(self):
        before = self.head()
        counters = [self.centre.submit(report(), epoch=9) for _ in range(2000)]
        self.wait(lambda: all(c in self.centre.journal.replies for c in counters), "2000 refusals", 60)
        self.assertEqual({describe(self.centre.journal.replies[c]) for c in counters}, {"epoch"})
        self.assertLess(self.head() - before, 1000)

    def test_position_without_reference(self):
        self.refuses("reference", report(position=pb.Position(latitude_e7=366500000,
                                                              longitude_e7=1170000000)))
        self.done(self.centre.do(report(position=pb.Position(datum=pb.DATUM_WGS84, latitude_e7=366500000,
                                                             longitude_e7=1170000000))))

    def test_right(self):
        station = self.client(STATION_3)
        incident = new_id()
        self.done(self.centre.do(report(incident)))
        self.refused(station.do(orders(incident)), "right")
        self.refused(station.do(pb.CloseIncident(incident=incident)), "right")
        self.refused(station.do(pb.EnrolOperator(name="me", sign_key=os.urandom(32))), "right")
        self.refuses("right", pb.GiveReceipt(incident=incident, order=new_id(), rung=pb.RUNG_ACCEPTED))

    def test_enrolments(self):
        admin = self.client(ADMIN, "wang.fang")
        station = self.site.agents[STATION_3]
        self.refused(admin.do(pb.EnrolOperator(name=CENTRE, sign_key=os.urandom(32))), "invalid")
        self.refused(admin.do(pb.EnrolAgent(name="zhang.wei", sign_key=os.urandom(32),
                                            curve_key=os.urandom(32))), "invalid")
        self.refused(admin.do(pb.EnrolAgent(name=STATION_5, sign_key=os.urandom(32))), "invalid")
        self.refused(admin.do(pb.EnrolAgent(name=STATION_5, sign_key=station.sign_public,
                                            curve_key=station.curve_public)), "conflict")
        self.refused(admin.do(pb.Revoke(name="nobody")), "no-addressee")

    def test_orders(self):
        incident, exercise = new_id(), new_id()
        self.refuses("no-incident", orders(incident))
        self.done(self.centre.do(report(incident)))
        self.done(self.centre.do(report(exercise), mode=pb.MODE_EXERCISE))
        self.refuses("mode", orders(exercise))
        self.refuses("order-kind", orders(incident, kind="dance"))
        self.refuses("no-addressee", orders(incident, addressee="370102/fire-rescue/station-99"))
        self.refuses("deadline", orders(incident, answer_ms=120000, expires_ms=60000))
        self.refuses("deadline", orders(incident, answer_ms=-120000, expires_ms=-60000))
        self.refuses("no-order", orders(incident, reissue_of=new_id()))
        self.refuses("no-order", pb.RecallOrder(incident=incident, order=new_id()))
        self.refuses("nobody-on-scene", pb.OrderEvacuation(
            incident=incident, evacuation=new_id(b"\0\0"), text="out", answer_by_ms=now_ms() + 60000,
            expires_at_ms=now_ms() + 120000))
        many = pb.IssueOrders(incident=incident)
        for n in range(2000):
            many.orders.add(order=new_id(), kind="dispatch", addressee=STATION_3,
                            answer_by_ms=now_ms() + 60000, expires_at_ms=now_ms() + 120000)
        self.refuses("invalid", many)

    def test_second_person(self):
        zhang, li = self.site.operators["zhang.wei"], self.site.operators["li.na"]
        centre = self.client(CENTRE, "zhang.wei")
        incident = new_id()
        self.done(centre.do(report(incident)))
        self.refused(centre.do(orders(incident, kind="demolish")), "second-person")
        self.refused(centre.do(orders(incident, kind="demolish"), second=zhang), "second-person")
        stranger = Keys("li.na")
        self.refused(centre.do(orders(incident, kind="demolish"), second=stranger), "signature")
        self.refused(centre.do(orders(incident, kind="demolish"), second=self.site.agents[STATION_3]),
                     "identity")
        body = orders(incident, kind="demolish")
        self.done(centre.do(body, second=li))
        # An exercise needs no second person.
        drill = new_id()
        self.done(centre.do(report(drill), mode=pb.MODE_EXERCISE))
        self.done(centre.do(orders(drill, kind="demolish"), mode=pb.MODE_EXERCISE))

    def test_receipts(self):
        incident = new_id()
        station, police = self.client(STATION_3), self.client(POLICE)
        self.done(self.centre.do(report(incident)))
        body = orders(incident)
        self.done(self.centre.do(body))
        order = body.orders[0].order

        def say(agent, rung, **fields):
            fields.setdefault("order", order)
            return agent.do(pb.GiveReceipt(incident=incident, rung=rung, **fields))
        self.refused(say(police, pb.RUNG_ACCEPTED), "not-addressee")
        self.refused(say(station, pb.RUNG_ACCEPTED, order=new_id()), "no-order")
        for never in (pb.RUNG_ISSUED, pb.RUNG_DELIVERED, pb.RUNG_RECALLED, pb.RUNG_EXPIRED):
            self.refused(say(station, never), "invalid")
        self.done(say(station, pb.RUNG_ON_SCENE))
        self.refused(say(station, pb.RUNG_ACCEPTED), "rung-back")
        self.done(say(station, pb.RUNG_COMPLETED))
        self.refused(say(station, pb.RUNG_DECLINED), "order-ended")

    def test_acks(self):
        station = self.client(STATION_3, acknowledge=False)
        for lane, seq in ((0, 1), (9, 1), (pb.LANE_ORDERS, 10**9)):
            replies = len(station.ack_replies) + len(station.loose)
            station.ack(lane, seq)
            self.wait(lambda r=replies: len(station.ack_replies) + len(station.loose) > r, "a Reply")
            reply = (station.ack_replies + station.loose)[-1] if lane else station.loose[-1]
            self.refused(reply, "invalid")


if __name__ == "__main__":
    main()
