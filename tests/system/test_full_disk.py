"""A full disk: commands are refused with DISK, the broker stays, and goes on when there is room.

The log lies in a small memory file system of a mount namespace of its own; without the right to make one the
test is skipped.
"""
import errno
import os
import subprocess
import tempfile

from harness import CENTRE, HOSPITAL, SiteTest, describe, main, processes, skip, start
from muster_wire import check_chain, new_id, now_ms, pb

def private_mount(folder, size_mib):
    """A process that holds a namespace in which `folder` is a small tmpfs, and how to enter it."""
    script = 'mount -t tmpfs -o size="$1"m muster "$0" && echo ready && exec sleep 1000'
    # -r: where the tests run in a chroot, the namespace has another root than they.
    for options, enter in ((["-m"], ["-m", "-r"]),
                           (["-r", "-m"], ["-U", "-m", "-r", "--preserve-credentials"])):
        holder = start(["unshare", *options, "sh", "-c", script, folder, str(size_mib)],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if holder.stdout.readline() == "ready\n":
            return holder, ["nsenter", "-t", str(holder.pid), *enter]
        reason = holder.communicate(timeout=20)[1]
        processes.discard(holder)
    return skip("no mount namespace: " + reason.strip())


class OnSmallDisk(SiteTest):
    started = False
    size_mib = 0

    def setUp(self):
        super().setUp()
        os.mkdir(self.site.path("log"))
        self.holder, self.site.prefix = private_mount(self.site.path("log"), self.size_mib)
        self.addCleanup(self.let_go)
        self.site.config["volatile_ok"] = "true"
        self.site.start()
        self.centre, self.hospital = self.client(CENTRE), self.client(HOSPITAL)
        self.incident = new_id()
        self.done(self.centre.do(pb.FileReport(incident=self.incident, kind=pb.REPORT_KIND_INITIAL,
                                               facts=pb.Facts(kind="fire", place="harbour"))))

    def let_go(self):
        self.site.process.kill()
        self.holder.kill()
        self.holder.communicate()
        processes.discard(self.holder)

    def ballast(self):
        return f"/proc/{self.holder.pid}/root{self.site.path('log', 'ballast')}"

    def fill(self):
        """To the last byte."""
        with open(self.ballast(), "ab", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError as error:
                    self.assertEqual(error.errno, errno.ENOSPC)

    def empty(self):
        os.unlink(self.ballast())


class NoReserve(OnSmallDisk):
    """Too small for a reserve: everything is refused."""

    size_mib = 4

    def report(self, client):
        """New incidents, and one that goes on: what is known of it must outlast every refusal."""
        client.submit(pb.FileReport(incident=new_id(), kind=pb.REPORT_KIND_INITIAL, text="x" * 6000,
                                    facts=pb.Facts(kind="fire", place="market")))
        client.submit(pb.FileReport(incident=self.incident, kind=pb.REPORT_KIND_FOLLOW_UP,
                                    facts=pb.Facts(measures=f"{client.keys.name} {client.journal.counter}")))

    def until_refused(self):
        """Both send until each was refused with DISK; what each says after that waits its turn (BUSY)."""
        clients = self.centre, self.hospital
        for client in clients:
            client.put_off.clear()

        def refused():
            for client in clients:
                if len(client.journal.pending) < 20:
                    self.report(client)
            return all(any(describe(reply) == "disk" for reply in client.put_off) for client in clients)
        self.wait(refused, "DISK")
        for client in clients:
            for reply in client.put_off:
                self.assertIn(describe(reply), ("disk", "busy"))
                self.assertEqual((reply.seq, reply.hash), (0, b""))
                self.assertGreater(reply.retry_ms, 0)

    def settle(self):
        self.wait(lambda: not self.centre.journal.pending and not self.hospital.journal.pending,
                  "an answer to everything", 30)

    def ask_again(self):
        """Everything that was answered, byte for byte: the same answer, no second record."""
        for client in (self.centre, self.hospital):
            before = {counter: (reply.seq, reply.hash) for counter, reply in client.journal.replies.items()}
            client.journal.replies.clear()
            for counter in before:
                client.send_signed(client.journal.said[counter])
            self.wait(lambda c=client, b=before: len(c.journal.replies) == len(b), "the answers again")
            self.assertEqual({c: (r.seq, r.hash) for c, r in client.journal.replies.items()}, before)

    def nothing_lost(self):
        items = self.centre.read(pb.TAIL_FILTER_ALL)
        self.assertEqual(check_chain(items), [])
        by_seq = {item.seq: item for item in items}
        numbers = [event.report_filed.number for item in items
                   for event in pb.Record.FromString(item.record).events
                   if event.WhichOneof("body") == "report_filed"
                   and event.report_filed.incident == self.incident]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        commands = [(item.author, item.counter) for item in items if item.counter]
        self.assertEqual(len(commands), len(set(commands)), "done twice")
        for client in (self.centre, self.hospital):
            for counter, reply in client.journal.replies.items():
                self.done(reply)
                item = by_seq[reply.seq]
                self.assertEqual((item.author, item.counter, item.hash),
                                 (client.keys.name, counter, reply.hash))

    def test_goes_on_when_there_is_room(self):
        for _ in range(3):
            self.fill()
            self.until_refused()
            self.assert_alive()
            # It still speaks, and reads.
            beats = len(self.hospital.heads)
            self.wait(lambda b=beats: len(self.hospital.heads) > b + 1, "beats of the broker")
            self.nothing_lost()
            self.empty()
            self.settle()
            self.ask_again()
            self.nothing_lost()
        self.assertEqual((self.centre.byes, self.hospital.byes), ([], []))
        self.assertEqual(self.site.stop(), 0)
        self.site.start()
        for client in (self.centre, self.hospital):
            client.join()
        self.nothing_lost()

    def test_killed_while_full(self):
        self.fill()
        self.until_refused()
        self.site.kill()
        # A start on a full disk serves or says why not; it never spoils what is there.
        self.site.launch()
        for client in (self.centre, self.hospital):
            client.drop()
        try:
            code = self.site.process.wait(3)
            self.assertEqual(code, 74, self.site.errors())
            self.assertIn("full", self.site.errors().splitlines()[-1])
        except subprocess.TimeoutExpired:
            self.site.kill()
        self.empty()
        self.site.start()
        for client in (self.centre, self.hospital):
            client.join()
        self.settle()
        self.nothing_lost()


class Reserve(OnSmallDisk):
    """What must not wait is taken from a reserve; the rest is refused, and taken when there is space."""

    size_mib = 64

    def order(self):
        now = now_ms()
        order = pb.NewOrder(order=new_id(), kind="dispatch", addressee=HOSPITAL, text="x" * 3000,
                            answer_by_ms=now + 600_000, expires_at_ms=now + 1_200_000)
        return order.order, self.centre.submit(pb.IssueOrders(incident=self.incident, orders=[order]))

    def answer_to(self, counter):
        self.wait(lambda: counter in self.centre.journal.replies, "an answer to an order")
        return self.centre.journal.replies[counter]

    def until_refused_for_good(self):
        """The order that was."""
        while True:
            order, counter = self.order()
            if describe(self.answer_to(counter)) == "disk":
                return order

    def test_what_must_not_wait_is_taken(self):
        first, counter = self.order()
        self.done(self.answer_to(counter))
        self.fill()
        refused = self.until_refused_for_good()
        self.done(self.hospital.do(pb.FileReport(incident=self.incident, kind=pb.REPORT_KIND_FOLLOW_UP,
                                                 facts=pb.Facts(measures="still reporting"))))
        self.done(self.hospital.do(pb.GiveReceipt(incident=self.incident, order=first,
                                                  rung=pb.RUNG_ACKNOWLEDGED)))
        self.done(self.centre.do(pb.RecallOrder(incident=self.incident, order=first, reason="full")))
        self.assertIn("only reports", self.answer_to(self.order()[1]).refusal.detail)
        self.assert_alive()
        self.empty()
        self.wait(lambda: describe(self.answer_to(self.order()[1])) == "DONE",
                  "an order, with space again", 30)
        items = self.centre.read(pb.TAIL_FILTER_ALL)
        self.assertEqual(check_chain(items), [])
        issued = {event.order_issued.order for item in items
                  for event in pb.Record.FromString(item.record).events
                  if event.WhichOneof("body") == "order_issued"}
        self.assertIn(first, issued)
        self.assertNotIn(refused, issued, "what was refused for good went out later")


if __name__ == "__main__":
    # Tried before the tests, because leaving in the middle of one is an error and no skip.
    with tempfile.TemporaryDirectory(prefix="muster-test-") as tried:
        private_mount(tried, 1)[0].kill()
    main()
