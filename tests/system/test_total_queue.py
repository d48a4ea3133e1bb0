"""The total-queue check finds what is planted: a lost, an unexpected and a doubled effect, one at a time."""
from harness import main
from muster_wire import new_id, pb
from total_queue import STATION_3, STATION_5, TotalQueueTest


class Planted(TotalQueueTest):
    def setUp(self):
        super().setUp()
        self.centre = self.issuer()
        self.station_3 = self.station()
        self.agency_5 = self.agency(STATION_5)
        self.orders = [self.centre.issue(to) for to in (STATION_3, STATION_5) * 3]
        self.drain()

    def found(self):
        """The kinds that the books show: lost, unexpected, doubled."""
        items = self.centre.read(pb.TAIL_FILTER_ALL)
        return [sorted({kind for kind, *_ in part}) for part in self.books(items, set())]

    def test_all(self):
        self.assertEqual(self.found(), [[], [], []])

        executed = self.station_3.executed.pop(self.orders[0])
        self.assertEqual(self.found(), [["effect"], ["completed"], []])
        self.station_3.executed[self.orders[0]] = executed | {(1, b"another record")}
        self.assertEqual(self.found(), [[], [], ["effect"]])
        self.station_3.executed[self.orders[0]] = executed
        self.agency_5.executed["01" * 13] += 1
        self.assertEqual(self.found(), [[], ["effect"], []])
        del self.agency_5.executed["01" * 13]

        counter, reply = max(self.centre.journal.replies.items())
        self.centre.journal.replies[counter + 1] = reply
        self.assertEqual(self.found(), [["record"], [], []])
        del self.centre.journal.replies[counter + 1]
        said = self.centre.journal.said.pop(counter)
        self.assertEqual(self.found(), [[], ["record"], []])
        self.centre.journal.said[counter] = said
        self.centre.issued[new_id()] = (counter, STATION_3)
        self.assertEqual(self.found(), [["order"], [], []])
        self.centre.issued.popitem()

        self.check_books()


if __name__ == "__main__":
    main()
