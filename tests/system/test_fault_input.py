"""Numbers at the edges of 32 and 64 bits in signed commands and around them (FAULTS 37): refused with a
word, or right; never a wrap, never the end of the broker, never anybody else's trouble.
"""
from harness import DESK, HOSPITAL, POLICE, describe, main
from muster_wire import new_id, now_ms, pb, sign
from total_queue import Issuer, STATION_3, TotalQueueTest

I63, U64, I31, U32 = 2**63 - 1, 2**64 - 1, 2**31 - 1, 2**32 - 1
UNSIGNED = (0, 1, I31, I31 + 1, U32, U32 + 1, I63, I63 + 1, U64 - 1, U64)
SIGNED = (-2**63, -1, 0, 1, I31, I31 + 1, U32 + 1, I63 - 1, I63)


class Edges(TotalQueueTest):
    def setUp(self):
        super().setUp()
        self.centre = self.issuer()
        self.near = self.station(STATION_3)

    def others_go_on(self):
        order = self.centre.issue(STATION_3)
        self.wait(lambda: order in self.near.executed, "an order beside it")
        self.assert_alive()

    def other(self, name):
        client = self.join(Issuer, name, self.others)
        client.incident = self.centre.incident
        return client

    def answer(self, client, counter):
        """DONE, or the refusal's word; a Reply whose counter cannot be counted comes loose."""
        loose = len(client.loose)
        self.wait(lambda: counter in client.journal.replies or len(client.loose) > loose or client.byes,
                  f"an answer to counter {counter}")
        client.journal.pending.pop(counter, None)
        reply = client.journal.replies.get(counter)
        if reply is None and len(client.loose) > loose:
            reply = client.loose[-1]
        return describe(reply) if reply is not None else "bye"

    def test_counters(self):
        """Rising over every edge; the next one after each is taken as long as there is a next one."""
        desk = self.other(DESK)
        said = {}
        for counter in (I31 - 1, I31, I31 + 1, I31 + 2, U32 - 1, U32, U32 + 1, U32 + 2):
            desk.submit(self.report(), counter=counter)
            said[counter] = self.answer(desk, counter)
            self.assertEqual(said[counter], "DONE", counter)
        self.others_go_on()
        hospital = self.other(HOSPITAL)
        for counter in (U64, U64 - 1, I63 + 1):
            hospital.submit(self.report(), counter=counter)
            said[counter] = self.answer(hospital, counter)
            self.others_go_on()
        print({hex(counter): word for counter, word in said.items()}, flush=True)
        for counter in (U64, U64 - 1, I63 + 1):
            self.assertEqual(said[counter], "invalid", hex(counter))
        # Nothing of that was taken for its mark.
        hospital.byes.clear()
        hospital.journal.counter = 100
        hospital.join()
        counter = hospital.report()
        self.assertEqual(self.answer(hospital, counter), "DONE")
        # The very last one is taken, and is the last.
        hospital.submit(self.report(), counter=I63)
        self.assertEqual(self.answer(hospital, I63), "DONE")
        self.others_go_on()
        self.site.kill()
        self.restart()
        self.others_go_on()
        self.check_books()

    def test_fields_of_a_command(self):
        desk = self.other(DESK)
        words = {}
        for name, values, fine in (("epoch", UNSIGNED, (1,)), ("issued_at_ms", SIGNED, ()),
                                   ("expires_at_ms", SIGNED, ()), ("occurred_at_ms", SIGNED, None)):
            for value in values:
                counter = desk.submit(self.report(), **{name: value})
                word = self.answer(desk, counter)
                words.setdefault(name, {}).setdefault(word, []).append(value)
                if fine is not None and value not in fine:
                    self.assertNotEqual(word, "DONE", f"{name} {value}")
        print({name: sorted(found) for name, found in words.items()}, flush=True)
        self.others_go_on()
        self.check_books()

    @staticmethod
    def report():
        return pb.FileReport(incident=new_id(), kind=pb.REPORT_KIND_INITIAL,
                             facts=pb.Facts(kind="fire", place="x"))

    def test_deadlines_of_an_order(self):
        desk, words = self.other(DESK), {}
        for answer_by in SIGNED + (now_ms() + 5000,):
            for expires_at in SIGNED + (now_ms() + 600000,):
                body = pb.IssueOrders(incident=desk.incident)
                body.orders.add(order=new_id(), kind="dispatch", addressee=STATION_3, text="go",
                                answer_by_ms=answer_by, expires_at_ms=expires_at)
                counter = desk.submit(body)
                desk.issued[body.orders[0].order] = (counter, STATION_3)
                word = self.answer(desk, counter)
                words.setdefault(word, []).append((answer_by, expires_at))
        self.issuers.append(desk)
        self.others.remove(desk)
        print({word: len(found) for word, found in words.items()}, flush=True)
        for answer_by, expires_at in words["DONE"]:
            self.assertGreater(answer_by, now_ms() - 60000)
            self.assertGreaterEqual(expires_at, answer_by)
            self.assertLess(expires_at, now_ms() + 8 * 86400000)
        self.others_go_on()
        self.check_books()

    @staticmethod
    def session(client):
        """One that lives: what is refused ends it."""
        return client if client.socket is not None and client.welcome else client.join()

    def test_numbers_of_the_conversation(self):
        """Acks, credit, tails and heads."""
        police = self.other(POLICE)
        for seq in UNSIGNED:
            body = pb.Ack(lane=pb.LANE_ORDERS, up_to_seq=seq, head_seq=seq, head_hash=bytes(32))
            ack = police.command(body, counter=0, operator="")
            self.session(police).send_signed(sign(ack.SerializeToString(), police.keys))
            self.hub.turn(0.02)
        desk = self.other(DESK)
        for add in (0, 1, I31, I31 + 1, U32):
            for lane in (0, 1, 2, 3):
                self.session(desk).say(pb.Credit(lane=lane, add=add))
        for seq in UNSIGNED:
            for credit in (0, 1, U32):
                self.session(desk).tail(pb.TAIL_FILTER_ALL, from_seq=seq, credit=credit)
                self.hub.turn(0.01)
        for seq in UNSIGNED:
            desk.journal.head = pb.SignedHead(region=self.site.code, epoch=1, seq=seq, hash=bytes(32),
                                              signature=bytes(64))
            desk.drop()
            desk.open()
            self.wait(lambda: desk.welcome or desk.byes, "Welcome or Bye")
            self.hub.turn(0.02)
        self.others_go_on()
        # Acks of what was never given have moved no cursor: an order comes.
        order = self.centre.issue(POLICE)
        self.others.remove(police)
        police.close()
        late = self.station(POLICE)
        self.wait(lambda: order in late.executed, "an order after Acks of the future")
        self.others.remove(desk)
        desk.close()
        self.check_books()


if __name__ == "__main__":
    main()
