"""A client of the bus, written from docs/protocol.md, docs/log.md and proto/ alone.

It shares no line with the C sources, so that every test which uses it also proves that those pages are true.
Everything runs in one thread: a Hub polls its clients; whoever waits names a condition and a time limit.
"""
import collections
import heapq
import time

import zmq
import zmq.utils.z85

from muster_wire import BODY_OF, BadSignature, ENVELOPE_OF, Keyring, now_ms, pb, sign, verify_head

PROTOCOL = 1
FRAME_MAX = 262144
SILENT_BEATS = 3
DRAIN_MAX = 512  # frames of one client in one turn of the hub
AGAIN_MAX = 64    # commands that are said again at once
REFUSED_BUSY, REFUSED_DISK, REFUSED_STALE = 3, 4, 10


def z85(key):
    return zmq.utils.z85.encode(key)


class Hub:
    """Polls all its clients, so that everybody beats and hears while somebody waits."""

    def __init__(self):
        self.context = zmq.Context()
        self.clients = []

    def turn(self, seconds=0.05):
        poller = zmq.Poller()
        waiting = 0
        for client in self.clients:
            if client.socket is not None:
                poller.register(client.socket, zmq.POLLIN)
                waiting += 1
        if waiting:
            poller.poll(int(seconds * 1000))
        else:
            time.sleep(seconds)
        for client in list(self.clients):
            client.pump()

    def wait(self, condition, what, seconds=20):
        """Until condition() is true; its value. A failure names what was waited for."""
        deadline = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds} s: {what}")
            self.turn()

    def close(self):
        for client in list(self.clients):
            client.close()
        self.context.destroy(linger=0)


class Journal:
    """What a client keeps through every restart: of the broker, of the connection, of itself."""

    def __init__(self):
        self.counter = 0
        self.pending = collections.OrderedDict()  # counter: serialised Signed, no final Reply yet
        self.replies = {}                         # counter: the final Reply
        self.said = {}                            # counter: serialised Signed of every command
        self.cursors = collections.Counter()      # lane: acknowledged to the broker
        self.seen = (0, b"")                      # highest record: seq, hash
        self.head = None                          # highest SignedHead


class Delivery:
    """One Deliver with its record and the signed command in it, checked."""

    def __init__(self, message, keyring):
        self.lane, self.seq, self.recalled = message.lane, message.seq, list(message.recalled)
        self.hash, self.tombstone = message.hash, not message.record
        self.record = pb.Record.FromString(message.record)
        self.command = pb.Command.FromString(self.record.command.payload)
        if not self.tombstone and keyring is not None:
            keyring.check(self.record, self.seq)

    def events(self, kind):
        return [getattr(e, kind) for e in self.record.events if e.WhichOneof("body") == kind]


class Client:
    """An agent's session and journal. `region` gives code, endpoint(), curve_public and root_public."""

    reply_wait = None  # seconds until what has no Reply is said again; None: with the next session

    def __init__(self, hub, region, keys, operator=None, journal=None, deliveries=True, window=64,
                 acknowledge=True, reconnect=True, epoch=1, bundle_max=0):
        self.hub, self.region, self.keys, self.operator = hub, region, keys, operator
        self.journal = journal if journal is not None else Journal()
        self.deliveries, self.window, self.acknowledge = deliveries, window, acknowledge
        self.reconnect, self.epoch, self.mode = reconnect, epoch, pb.MODE_ACTUAL
        self.bundle_max = bundle_max  # 0: it knows nothing of them
        self.bundles = []             # sizes of those that came
        self.socket, self.welcome, self.keyring = None, None, None
        self.byes, self.loose, self.ack_replies, self.heads = [], [], [], []
        self.put_off, self.resend = [], []
        self.inbox = []              # deliveries of all sessions
        self.session_inbox = []      # of this session
        self.held, self.reader = [], None  # deliveries whose author is looked up
        self.tail_items, self.tail_end, self.tail_credit, self.tail_taken = [], None, 0, 0
        self.telemetry, self.telemetry_refused, self.values = [], [], {}
        self.telemetry_granted, self.telemetry_credit = 0, True
        self.tail_id = 0
        self.beating, self.pause, self.open_at = True, 0.05, 0
        self.sent, self.answered = 0, 0  # Submits and Replies of this session
        self.asked_again = self.answered_at = 0
        hub.clients.append(self)

    # the conversation

    def open(self):
        """A new connection and a Hello; the answer comes with the hub's turns."""
        self.drop()
        self.socket = self.hub.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.maxmsgsize = 2 * FRAME_MAX
        self.set_mechanism(self.socket)
        self.socket.connect(self.region.endpoint())
        self.session_inbox, self.sent, self.answered = [], 0, 0
        self.heard = self.spoke = time.monotonic()
        self.open_at = 0
        self.say(self.hello())
        return self

    def set_mechanism(self, socket):
        socket.curve_serverkey = z85(self.region.curve_public)
        socket.curve_publickey = z85(self.keys.curve_public)
        socket.curve_secretkey = z85(self.keys.curve)

    def hello(self):
        return pb.Hello(protocol=PROTOCOL, agent=self.keys.name, deliveries=self.deliveries,
                        window=self.window, seen=self.journal.head, software="python test client",
                        bundle_max=self.bundle_max)

    def join(self, seconds=20):
        """Opens, and waits for Welcome."""
        self.welcome = None
        self.open()
        self.hub.wait(lambda: self.welcome is not None, f"Welcome for {self.keys.name}", seconds)
        return self

    def drop(self):
        if self.socket is not None:
            self.socket.close(0)
        self.socket, self.welcome = None, None

    def close(self):
        if self.welcome is not None:
            self.say(pb.Bye())
        self.drop()
        if self in self.hub.clients:
            self.hub.clients.remove(self)

    @staticmethod
    def envelope(body):
        envelope = pb.Envelope()
        field = getattr(envelope, ENVELOPE_OF[body.DESCRIPTOR.full_name])
        field.CopyFrom(body)
        field.SetInParent()
        return envelope.SerializeToString()

    def say(self, body):
        self.raw(self.envelope(body))

    def raw(self, *frames):
        self.spoke = time.monotonic()
        try:
            self.socket.send_multipart(frames, zmq.DONTWAIT)
        except zmq.Again:
            pass  # nobody there: silence will be noticed

    def pump(self):
        """Takes what came, and does what is due: beats, resends, a new connection."""
        now = time.monotonic()
        if self.reader is not None:
            self.look_again()
        if self.socket is None:
            if self.reconnect and self.open_at and now >= self.open_at:
                self.open()
            return
        for _ in range(DRAIN_MAX):
            if self.socket is None:
                return
            try:
                frames = self.socket.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                break
            self.heard = now
            assert len(frames) == 1, f"a message of {len(frames)} frames"
            self.take(pb.Envelope.FromString(frames[0]))
        beat = (self.welcome.beat_ms if self.welcome else 1000) / 1000
        if self.reconnect and now - self.heard > SILENT_BEATS * beat:
            self.open()
            return
        if self.welcome and self.beating and now - self.spoke > beat / 2:
            self.say(pb.Beat())
        quiet = now - max(self.asked_again, self.answered_at)
        if self.reply_wait and self.welcome and quiet > self.reply_wait:
            self.asked_again = now
            for signed in list(self.journal.pending.values())[:AGAIN_MAX]:
                self.send_signed(signed)
        while self.resend and self.welcome and self.resend[0][0] <= now:
            _, counter = heapq.heappop(self.resend)
            if counter in self.journal.pending:
                self.send_signed(self.journal.pending[counter])

    def take(self, envelope):
        kind = envelope.WhichOneof("body")
        getattr(self, "on_" + kind)(getattr(envelope, kind))

    def on_bundle(self, bundle):
        self.bundles.append(len(bundle.envelopes))
        assert 1 <= len(bundle.envelopes) <= self.bundle_max, f"a bundle of {len(bundle.envelopes)}"
        for serialised in bundle.envelopes:
            envelope = pb.Envelope.FromString(serialised)
            assert envelope.WhichOneof("body") not in ("hello", "welcome", "bundle")
            if self.socket is not None:
                self.take(envelope)

    def later(self):
        self.drop()
        self.pause = min(self.pause * 2, 1.0)
        self.open_at = time.monotonic() + self.pause

    def on_welcome(self, welcome):
        self.welcome, self.pause, self.epoch = welcome, 0.05, welcome.epoch
        self.journal.counter = max(self.journal.counter, welcome.last_counter)
        self.note_head(welcome.head)
        for signed in list(self.journal.pending.values()):
            self.send_signed(signed)

    def on_bye(self, bye):
        self.byes.append(bye)
        self.later()

    def on_beat(self, beat):
        self.note_head(beat.head)

    def note_head(self, head):
        self.heads.append((head.epoch, head.seq))
        if self.keyring is not None:
            assert verify_head(head, self.keyring.broker), "a head that is not signed by the broker"
        known = self.journal.head
        if known is None or (head.epoch, head.seq) > (known.epoch, known.seq):
            self.journal.head = pb.SignedHead()
            self.journal.head.CopyFrom(head)

    def note_record(self, seq, hash):
        if seq > self.journal.seen[0]:
            self.journal.seen = (seq, hash)

    # commands

    def command(self, body, **fields):
        """A Command with what every author fills in; `fields` overrides any of it."""
        command = pb.Command(region=self.region.code, epoch=self.epoch, mode=self.mode, agent=self.keys.name,
                             issued_at_ms=now_ms(), expires_at_ms=now_ms() + 600000)
        if self.operator is not None:
            command.operator = self.operator.name
        if body is not None:
            field = getattr(command, BODY_OF[body.DESCRIPTOR.full_name])
            field.CopyFrom(body)
            field.SetInParent()
        for name, value in fields.items():
            setattr(command, name, value)
        if "counter" not in fields:
            self.journal.counter += 1
            command.counter = self.journal.counter
        return command

    def submit(self, body, second=None, **fields):
        """Signs, keeps, sends; the counter. The Reply will be journal.replies[counter]."""
        command = self.command(body, **fields)
        author = self.operator if command.operator and self.operator else self.keys
        signed = sign(command.SerializeToString(), author, second).SerializeToString()
        self.journal.pending[command.counter] = self.journal.said[command.counter] = signed
        if self.welcome is not None:
            self.send_signed(signed)
        return command.counter

    def do(self, body, second=None, seconds=20, **fields):
        """submit, and wait for the Reply."""
        counter = self.submit(body, second, **fields)
        self.hub.wait(lambda: counter in self.journal.replies, f"Reply to {counter} of {self.keys.name}",
                      seconds)
        return self.journal.replies[counter]

    def send_signed(self, signed):
        if isinstance(signed, bytes):
            signed = pb.Signed.FromString(signed)
        self.sent += 1
        self.say(pb.Submit(command=signed))

    def on_reply(self, reply):
        self.answered += 1
        self.answered_at = time.monotonic()
        if reply.counter == 0:
            (self.ack_replies if reply.ack_lane else self.loose).append(reply)
            return
        if reply.refusal.code == REFUSED_STALE and reply.counter in self.journal.pending:
            self.renumber(self.journal.pending.pop(reply.counter))
            return
        if reply.refusal.code in (REFUSED_BUSY, REFUSED_DISK) and reply.retry_ms:
            self.put_off.append(reply)
            heapq.heappush(self.resend, (time.monotonic() + reply.retry_ms / 1000, reply.counter))
            return
        if reply.seq and reply.outcome == pb.OUTCOME_DONE:
            self.note_record(reply.seq, reply.hash)
        self.journal.replies[reply.counter] = reply
        self.journal.pending.pop(reply.counter, None)

    def renumber(self, signed):
        """A later command of ours went in before: the same words under a new counter."""
        command = pb.Command.FromString(pb.Signed.FromString(signed).payload)
        self.journal.counter += 1
        command.counter = self.journal.counter
        author = self.operator if command.operator else self.keys
        signed = sign(command.SerializeToString(), author).SerializeToString()
        self.journal.pending[command.counter] = self.journal.said[command.counter] = signed
        self.send_signed(signed)

    # deliveries

    def on_deliver(self, message):
        """What does not verify waits for a second look at the region's stream: keys may be new."""
        try:
            if not self.held:
                self.work_off(message)
        except BadSignature:
            self.reader = Client(self.hub, self.region, self.keys, deliveries=False).open()
        if self.reader is not None:
            self.held.append(message)

    def look_again(self):
        reader = self.reader
        if reader.welcome and not reader.tail_credit:
            reader.tail(pb.TAIL_FILTER_STREAM, "region/" + self.region.code)
        if reader.tail_end is not None:
            self.keyring = Keyring.learn(self.region.root_public, reader.tail_items)
            held, self.held, self.reader = self.held, [], None
            reader.close()
            for message in held:
                self.work_off(message)

    def work_off(self, message):
        delivery = Delivery(message, self.keyring)
        self.inbox.append(delivery)
        self.session_inbox.append(delivery)
        self.note_record(message.seq, message.hash)
        if self.acknowledge is True or (self.acknowledge and message.lane in self.acknowledge):
            self.say(pb.Credit(lane=message.lane, add=1))
            self.ack(message.lane, message.seq)

    def ack(self, lane, seq, **fields):
        self.journal.cursors[lane] = max(self.journal.cursors[lane], seq)
        body = pb.Ack(lane=lane, up_to_seq=seq, head_seq=self.journal.seen[0], head_hash=self.journal.seen[1])
        command = self.command(body, **dict({"counter": 0, "operator": ""}, **fields))
        self.send_signed(sign(command.SerializeToString(), self.keys))

    def got(self, kind, **fields):
        """The events of that kind that were delivered, with these values."""
        return [event for delivery in self.inbox for event in delivery.events(kind)
                if all(getattr(event, name) == value for name, value in fields.items())]

    def wait_for(self, kind, seconds=20, **fields):
        self.hub.wait(lambda: self.got(kind, **fields), f"{self.keys.name} is told {kind} {fields}", seconds)
        return self.got(kind, **fields)[-1]

    # reading

    def tail(self, filter, stream="", from_seq=0, follow=False, credit=256):
        self.tail_items, self.tail_end, self.tail_credit, self.tail_taken = [], None, credit, 0
        self.tail_id += 1
        self.say(pb.Tail(filter=filter, stream=stream, from_seq=from_seq, follow=follow, credit=credit,
                         id=self.tail_id))

    def on_tail_item(self, item):
        if item.id != self.tail_id:
            return  # of the Tail before this one
        self.tail_items.append(item)
        self.tail_taken += 1
        if self.tail_taken * 2 >= self.tail_credit:
            self.say(pb.Credit(lane=0, add=self.tail_taken))
            self.tail_taken = 0

    def on_tail_end(self, end):
        if end.id == self.tail_id:
            self.tail_end = end

    def read(self, filter, stream="", from_seq=0, seconds=30):
        """All items up to the TailEnd."""
        self.tail(filter, stream, from_seq)
        self.hub.wait(lambda: self.tail_end is not None, f"TailEnd for {self.keys.name}", seconds)
        return self.tail_items

    def learn_keys(self):
        """Knows every key from now on, and checks every signature with it."""
        items = self.read(pb.TAIL_FILTER_STREAM, "region/" + self.region.code)
        self.keyring = Keyring.learn(self.region.root_public, items)
        return self

    # telemetry

    def publish(self, *samples):
        self.say(pb.Telemetry(samples=samples))

    def subscribe(self, credit=8, give_back=True, **fields):
        """Values come into self.values by (agent, mode, unit, name), Envelopes into self.telemetry."""
        self.telemetry, self.values, self.telemetry_credit = [], {}, give_back
        self.say(pb.Subscribe(credit=credit, **fields))

    def on_telemetry(self, message):
        self.telemetry.append(message)
        for sample in message.samples:
            self.values[sample.agent, sample.mode, sample.unit, sample.name] = sample
        if self.telemetry_credit:
            self.say(pb.Credit(lane=pb.LANE_TELEMETRY, add=1))

    def on_telemetry_refused(self, refused):
        self.telemetry_refused.append(refused)

    def on_credit(self, credit):
        assert credit.lane == pb.LANE_TELEMETRY, credit
        self.telemetry_granted += credit.add
