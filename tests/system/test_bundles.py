"""Several envelopes in one frame, said and heard by a client written from docs/protocol.md; beside it one
that knows nothing of them."""
from harness import CENTRE, HOSPITAL, SiteTest, STATION_3, main
from muster_wire import new_id, now_ms, pb, sign

IDENTITY, INVALID = 6, 5
TAKES = 16
MANY = 48


def report():
    return pb.FileReport(incident=new_id(), kind=pb.REPORT_KIND_INITIAL,
                         facts=pb.Facts(kind="fire", place="market"))


def orders(incident):
    body = pb.IssueOrders(incident=incident)
    body.orders.add(order=new_id(), kind="dispatch", addressee=STATION_3, text="go",
                    answer_by_ms=now_ms() + 60000, expires_at_ms=now_ms() + 120000)
    return body


class Bundles(SiteTest):
    def setUp(self):
        super().setUp()
        self.centre = self.client(CENTRE)

    def signed(self, client, body):
        """Submit, serialised, of a command that is known to the client's journal; and its counter."""
        command = client.command(body)
        signed = sign(command.SerializeToString(), client.operator or client.keys)
        client.journal.pending[command.counter] = signed.SerializeToString()
        return client.envelope(pb.Submit(command=signed)), command.counter

    def replies(self, client, counters):
        self.wait(lambda: all(counter in client.journal.replies for counter in counters), "all Replies")
        return [client.journal.replies[counter] for counter in counters]

    def test_both_ways_beside_one_that_knows_none(self):
        plain = self.client(HOSPITAL)
        station = self.client(STATION_3, bundle_max=TAKES)
        self.assertGreater(plain.welcome.bundle_max, 1)
        incident = new_id()
        self.done(self.centre.do(pb.FileReport(incident=incident, kind=pb.REPORT_KIND_INITIAL,
                                               facts=pb.Facts(kind="fire", place="market"))))
        submits, counters = zip(*(self.signed(self.centre, orders(incident)) for _ in range(MANY)))
        self.centre.say(pb.Bundle(envelopes=submits))
        theirs = [plain.submit(report()) for _ in range(MANY)]
        seqs = [self.done(reply).seq for reply in self.replies(self.centre, counters)]
        self.assertEqual(seqs, sorted(seqs), "taken in another order")
        for reply in self.replies(plain, theirs):
            self.done(reply)
        self.wait(lambda: len(station.inbox) >= MANY, "all deliveries")
        self.assertEqual([delivery.seq for delivery in station.inbox], seqs)
        self.assertTrue(station.bundles, "no bundle came")
        self.assertLessEqual(max(station.bundles), TAKES)
        self.assertEqual(plain.bundles + self.centre.bundles, [])

    def refuse(self, envelopes, holds):
        """`holds` of the envelopes are taken, then comes one Bye."""
        hostile = self.client(STATION_3, reconnect=False)
        before, counter = self.signed(hostile, report())
        hostile.say(pb.Bundle(envelopes=[before] * holds + envelopes))
        self.wait(lambda: hostile.byes, "Bye")
        self.assertEqual([bye.code for bye in hostile.byes], [INVALID])
        later = self.done(self.centre.do(report())).seq
        hostile.join()  # and says again what has no Reply
        seq = self.done(self.replies(hostile, [counter])[0]).seq
        if holds:
            self.assertLess(seq, later, "it was taken only when it was said again")
        else:
            self.assertGreater(seq, later)
        hostile.close()

    def test_refusals(self):
        beat, hello = pb.Envelope(beat=pb.Beat()), pb.Envelope(hello=pb.Hello(protocol=1, agent=STATION_3))
        beat.beat.SetInParent()
        beat, hello = beat.SerializeToString(), hello.SerializeToString()
        nested = pb.Envelope(bundle=pb.Bundle(envelopes=[beat])).SerializeToString()
        self.refuse([], 0)
        self.refuse([beat] * (self.centre.welcome.bundle_max + 1), 0)
        for bad in (nested, hello, b"", b"\xff\xff garbage"):
            self.refuse([bad, beat], 2)

    def test_before_hello(self):
        client = self.client(STATION_3, join=False, reconnect=False)
        beat = client.envelope(pb.Beat())
        client.hello = lambda: pb.Bundle(envelopes=[beat, beat])
        client.open()
        self.wait(lambda: client.byes, "Bye")
        self.assertEqual([bye.code for bye in client.byes], [IDENTITY])


if __name__ == "__main__":
    main()
