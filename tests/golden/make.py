"""Makes a golden log: a folder beside this file, named by the version that wrote it, with a log of every kind of
event and what it must replay to. Run once for a release, with its programs; never again for the same one:

    MUSTER_BIN=build/release/bin /usr/bin/python3 -B tests/golden/make.py 0.1.0

test_view_golden replays every folder here for ever. Four kinds of event are left out: `amendments_left` (an incident
of thousands of orders) and `refusals_counted` (a minute of refusals) would make the log too large; `recovered` and
`loss_noted` need a log that was lost (test_recover).
"""
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "system"))

from harness import ADMIN, BIN, HOSPITAL, POLICE, STATION_5  # noqa: E402
from muster_wire import Keys, new_id, now_ms, pb  # noqa: E402
from test_main_job import MainJob  # noqa: E402

IMPORTER = "370102/emergency-management/importer"
LEFT_OUT = {"amendments_left", "loss_noted", "recovered", "refusals_counted"}
BYTES_MAX = 200 * 1024
SOON_MS, LATER_MS = 1000, 300000


class Story(MainJob):
    """The main job, and after it what takes time, what goes wrong, and what is still open at the end."""

    def tell(self):
        self.test_from_report_to_close()
        admin = self.client(ADMIN, "wang.fang")
        policy = pb.Policy(clock_tolerance_ms=300000, amend_answer_ms=SOON_MS, version="golden")
        policy.kinds.add(kind="hazardous-chemical", required=["substance"], ask_within_ms=SOON_MS)
        policy.substances.add(substance="carbon-monoxide", needs=["scba"])
        self.done(admin.do(pb.SetPolicy(policy=policy)))
        self.passed_deadlines()
        self.other_modes(admin)
        self.after_a_restart()

    def passed_deadlines(self):
        self.incident = new_id()
        self.done(self.report(kind="hazardous-chemical", place="仓库 3"))
        self.order("370102/fire-rescue", "一个中队", answer_ms=SOON_MS, expires_ms=2 * SOON_MS)
        kept = self.order(STATION_5, "keep the gate", answer_ms=2 * SOON_MS, expires_ms=3 * SOON_MS)
        self.climb(self.second, kept, pb.RUNG_ACCEPTED)
        self.centre.wait_for("information_overdue", incident=self.incident)
        self.done(self.report(pb.REPORT_KIND_FOLLOW_UP, substance="carbon-monoxide"))
        for kind in ("order_unanswered", "order_expired", "order_overdue", "amendment_overdue"):
            self.centre.wait_for(kind)
        self.climb(self.second, kept, pb.RUNG_COMPLETED)

    def other_modes(self, admin):
        self.centre.mode = pb.MODE_EXERCISE
        drill = new_id()
        self.done(self.centre.do(pb.FileReport(incident=drill, kind=pb.REPORT_KIND_INITIAL,
                                               facts=pb.Facts(kind="fire", place="演练场"))))
        self.centre.mode = pb.MODE_ACTUAL
        keys = self.site.agents[IMPORTER] = Keys(IMPORTER)
        self.done(admin.do(pb.EnrolAgent(name=IMPORTER, sign_key=keys.sign_public, curve_key=keys.curve_public,
                                         rights=["history", "alert"])))
        past, day_ms = pb.RecordHistory(source="old cad", key="2025-17", incident=new_id()), 86400000
        past.facts.kind, past.reported_at_ms, past.closed_at_ms = "fire", now_ms() - day_ms, now_ms() - day_ms // 2
        past.orders.add(order=new_id(), kind="dispatch", addressee="370102/fire-rescue", units=["E7"],
                        issued_at_ms=past.reported_at_ms + 60000, accepted_at_ms=past.reported_at_ms + 90000,
                        completed_at_ms=past.closed_at_ms)
        importer = self.client(IMPORTER)
        self.done(importer.do(past))
        for content in (b"1", b"2"):  # one sender, one identifier, two contents: disputed
            self.done(importer.do(self.alert(content * 32)))
        self.done(admin.do(pb.Revoke(name=POLICE, reason="the device is lost")))
        self.done(admin.do(pb.Revoke(name="li.na", reason="has left")))

    @staticmethod
    def alert(content):
        alert = pb.RecordAlert(alert=bytes(range(1, 17)), source=pb.ALERT_SOURCE_CAP, sender="济南市气象局",
                               identifier="37010041600000_20260101080000", sent_ms=1767225600000, content=content,
                               status=pb.ALERT_STATUS_ACTUAL, type=pb.ALERT_TYPE_UPDATE,
                               scope=pb.ALERT_SCOPE_PUBLIC)
        alert.references.add(sender=alert.sender, identifier="37010041600000_20260101070000",
                             sent_ms=1767222000000, alert=bytes(range(2, 18)))
        info = alert.infos.add(language="zh-CN", event="暴雨", colour=pb.ALERT_COLOUR_ORANGE,
                               urgency=pb.ALERT_URGENCY_EXPECTED, certainty=pb.ALERT_CERTAINTY_LIKELY)
        info.areas.add(description="历城区").geocodes.add(value="370112000000")
        return alert

    def after_a_restart(self):
        """The hospital is away: an order waits for it, one that is recalled, and one in lane 1."""
        self.hospital.reconnect = False
        self.hospital.close()
        self.assertEqual(self.site.stop(), 0)
        self.site.start()
        for client in (self.centre, self.second):
            client.join()
        self.incident = new_id()
        self.done(self.report(kind="poisoning-asphyxiation", place="发电机房", occurred_at_ms=now_ms() - 60000))
        waits, recalled = (self.order(HOSPITAL, "救护车两辆") for _ in range(2))
        self.done(self.recall(recalled))
        self.climb(self.second, self.order(STATION_5, "stand by"), pb.RUNG_ACCEPTED)
        self.assertNotEqual(waits, recalled)


def verify(folder):
    done = subprocess.run([os.path.join(BIN, "muster"), "verify", folder, "--json"], capture_output=True, text=True,
                          timeout=60, check=True)
    return json.loads(done.stdout)


def kinds_in(items):
    return {event.WhichOneof("body") for item in items for event in pb.Record.FromString(item.record).events}


def main():
    if len(sys.argv) != 2:
        sys.exit("name the version: make.py 0.1.0")
    folder = os.path.join(HERE, sys.argv[1])
    if os.path.exists(folder):
        sys.exit(f"{folder} is there: a golden log is never made anew")
    story = Story("test_from_report_to_close")
    story.setUp()
    try:
        story.tell()
        missing = {field.name for field in pb.Event.DESCRIPTOR.fields} - kinds_in(story.everything()) - LEFT_OUT
        if missing:
            sys.exit(f"the story has no {', '.join(sorted(missing))}")
        story.wait(lambda: all(client.sent == client.answered for client in story.hub.clients), "the last Acks")
        story.assertEqual(story.site.stop(), 0)
        os.mkdir(folder)
        for name in ("muster.db", "head"):
            shutil.copy(story.site.path("log", name), folder)
    finally:
        story.doCleanups()
    report = verify(folder)
    size = sum(entry.stat().st_size for entry in os.scandir(folder))
    if not report["good"] or report["table_differences"] or size > BYTES_MAX:
        sys.exit(f"not golden: {size} bytes, {report['findings']}")
    with open(os.path.join(folder, "expected"), "w", encoding="ascii") as file:
        for key in ("region", "records", "refused", "head_seq", "head_hash", "state_hash", "root_key"):
            file.write(f"{key} {report[key]}\n")
    print(f"{folder}: {report['records']} records, {size} bytes")


if __name__ == "__main__":
    main()
