"""What one broker says to another about their sessions: each is the other's agent, on one connection. What
ends one of the two ways is not to end the other."""
from harness import AGENTS, Site, SiteTest, main
from muster_client import Client
from muster_wire import pb

ABOVE = "370100"
NAME = ABOVE + "/broker/link"
BEATS = 4


class Broker(Client):
    """The broker above, as the county's sees it: it welcomes whoever says Hello to it."""

    hellos = 0
    beats = 0

    def on_hello(self, _):
        self.hellos += 1
        self.say(pb.Welcome(protocol=1, region=ABOVE, epoch=1, beat_ms=500))

    def on_submit(self, _):
        """What it tells is not what this is about."""

    def on_beat(self, beat):
        super().on_beat(beat)
        self.beats += 1


class LinkSession(SiteTest):
    started = False

    def setUp(self):
        super().setUp()
        self.site.close()
        self.site = Site(beat="500 ms", agents=dict(AGENTS, **{NAME: ["link"]}))
        self.addCleanup(self.site.close)
        self.site.start()
        self.above = Broker(self.hub, self.site, self.site.agents[NAME], reconnect=False)
        self.above.join()
        self.wait(lambda: self.above.hellos == 1, "the broker to say Hello, too")

    def answered(self):
        """What it submits has an answer: it is an agent still."""
        self.assertEqual(self.above.do(pb.FileReport(), seconds=5).outcome, pb.OUTCOME_REFUSED)
        self.assertEqual([bye.reason for bye in self.above.byes], [])

    def test_who_is_to_say_hello_again_does_and_keeps_the_other(self):
        self.above.say(pb.Bye(reason="say Hello first"))
        self.answered()
        self.wait(lambda: self.above.hellos == 2, "the broker to say Hello again")
        self.answered()

    def test_who_hears_hello_again_need_not_say_it(self):
        self.above.welcome = None
        self.above.say(self.above.hello())
        self.wait(lambda: self.above.welcome, "Welcome")
        seen = self.above.beats
        self.wait(lambda: self.above.beats >= seen + BEATS, "beats")
        self.assertEqual(self.above.hellos, 1)
        self.answered()


if __name__ == "__main__":
    main()
