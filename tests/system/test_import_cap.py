#!/usr/bin/python3
"""muster import cap as a black box: small alerts of its own, one that would fetch if anything did; then the
public alerts and the feed, when MUSTER_DATA has them.
"""
import glob
import json
import os
import socket
import unittest

from harness import BIN, SOURCE, skip
from test_import import Broker

DATA = os.path.join(os.environ.get("MUSTER_DATA", os.path.join(SOURCE, "..", "shared", "data")), "cap")
FEED = os.path.join(DATA, "nws-atom-feed.xml")

ALERT = """<?xml version="1.0" encoding="UTF-8"?>{before}
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">{first}
<identifier>{identifier}</identifier><sender>s@example</sender><sent>2026-01-01T08:00:00+08:00</sent>
<status>{status}</status><msgType>Alert</msgType><scope>Public</scope>
<info><language>en-US</language><category>Met</category><event>{event}</event><urgency>Immediate</urgency>
<severity>Severe</severity><certainty>Likely</certainty><headline>{headline}</headline></info>
<info><language>zh-CN</language><category>Met</category><event>雷雨大风</event><urgency>Immediate</urgency>
<severity>Severe</severity><certainty>Likely</certainty><headline>大风预警</headline></info>
</alert>
"""


class CapBroker(Broker):
    def alert(self, name, **words):
        path = os.path.join(self.folder.name, name)
        said = dict({"before": "", "first": "", "identifier": "1", "status": "Actual", "event": "Wind",
                     "headline": "a gale"}, **words)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(ALERT.format(**said))
        return path

    def take(self, *arguments):
        """The exit code, and what came of each alert."""
        result = self.run("import", "cap", *arguments, "--json")
        return result.returncode, [json.loads(line) for line in result.stdout.splitlines()], result.stderr

    def events(self, kind):
        found = self.run("replay", self.log, "--format", "jsonl", "--mode", "all", check=True).stdout
        return [each for each in map(json.loads, found.splitlines()) if each["event"] == kind]


def outcomes(items):
    return [(each["outcome"], each["disputed"]) for each in items]


class Small(unittest.TestCase):
    def test_in_again_and_disputed(self):
        with CapBroker() as broker:
            one, other = broker.alert("one.cap"), broker.alert("other.cap", headline="a breeze")
            code, items, said = broker.take(one)
            self.assertEqual((code, said, outcomes(items)), (0, "", [("in", False)]))
            before = broker.records()
            self.assertEqual(outcomes(broker.take(one)[1]), [("already-there", False)])
            self.assertEqual(broker.records(), before)
            self.assertEqual(outcomes(broker.take(other)[1]), [("in", True)])
            self.assertEqual(outcomes(broker.take(one, other)[1]), [("already-there", True)] * 2)
            first, second = broker.events("alert-recorded")
            self.assertEqual([each["data"]["alert"]["disputed"] for each in (first, second)], [False, True])
            self.assertEqual(first["data"]["alert"]["id"], second["data"]["alert"]["id"])
            english = broker.run("replay", broker.log, "--lang", "en", check=True).stdout
            chinese = broker.run("replay", broker.log, "--lang", "zh", check=True).stdout
            self.assertIn('Wind, severity Severe, urgency Immediate, certainty Likely "a breeze"; DISPUTED: '
                          'content 2 under this identifier (1)', english)
            self.assertIn("雷雨大风，严重程度严重，紧急程度立即，确定性很可能“大风预警”；存在争议：同一编号的"
                          "第 2 个内容", chinese)

    def test_the_others_go_in_when_one_is_refused(self):
        with CapBroker() as broker:
            bad = broker.alert("bad.cap", status="Draft")
            good = broker.alert("good.cap")
            result = broker.run("import", "cap", bad, good, "no.cap")
            self.assertEqual(result.returncode, 65)
            self.assertEqual(result.stderr, "muster: 2 refused; the rest is in\n")
            draft = "line 4: <status> is Draft: what may still change is not taken in"
            self.assertEqual(result.stdout.splitlines()[1:], [
                f"{bad}   -           refused: {draft}",
                f"{good}  1           in",
                f"{'no.cap':{len(good)}}  -           refused: cannot be opened: No such file or directory"])
            self.assertEqual(len(broker.events("alert-recorded")), 1)
            torn = broker.alert("torn.cap", identifier="")
            chinese = broker.run("import", "cap", bad, torn, "--lang", "zh")
            self.assertIn("被拒：行 4：<status> 为 Draft：草稿不入库", chinese.stdout)
            self.assertIn("<identifier> 为空", chinese.stdout)
            broker.stop()
            code, items, said = broker.take(bad, good, "--check")  # needs no broker
            self.assertEqual((code, said), (65, "muster: 1 refused\n"))
            self.assertEqual([each["outcome"] for each in items], ["refused", "read"])

    def test_chinese_encodings(self):
        with CapBroker() as broker:
            path = broker.alert("gb.cap", headline="济南市气象局发布大风预警")
            with open(path, encoding="utf-8") as stream:
                text = stream.read()
            code, items, said = broker.take(path)
            self.assertEqual((code, said, outcomes(items)), (0, "", [("in", False)]))
            for encoding, outcome in (("gb18030", "already-there"), ("utf-16", "already-there")):
                with open(path, "wb") as stream:
                    stream.write(text.replace("UTF-8", encoding).encode(encoding))
                self.assertEqual(outcomes(broker.take(path)[1]), [(outcome, False)])
            with open(path, "wb") as stream:  # says what it is not
                stream.write(text.replace("UTF-8", "gb2312").encode())
            code, items, said = broker.take(path)
            self.assertEqual((code, said), (65, "muster: 1 refused\n"))
            self.assertIn("not well-formed", items[0]["why"])

    def test_each_alert_has_its_own_mode(self):
        with CapBroker() as broker:
            paths = [broker.alert(f"{status}.cap", status=status, identifier=status)
                     for status in ("Actual", "Exercise", "System", "Test")]
            self.assertEqual(broker.take(*paths)[0], 0)
            self.assertEqual([each["mode"] for each in broker.events("alert-recorded")],
                             ["actual", "exercise", "test", "test"])
            code, items, _ = broker.take(*paths, "--mode", "exercise")
            self.assertEqual((code, [each["outcome"] for each in items]),
                             (65, ["refused", "already-there", "refused", "refused"]))
            self.assertIn("the alert is actual, this desk exercise", items[0]["why"])

    def test_without_the_right_it_stops(self):
        with CapBroker() as broker:
            agent = os.path.join(broker.home, "agents", "fire-rescue.station-1.yaml")
            result = broker.run("import", "cap", broker.alert("one.cap"), "--config", agent)
            self.assertEqual(result.returncode, 77, result.stderr)
            self.assertIn('has not the right "alert"', result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1)

    def test_nothing_is_fetched(self):
        with CapBroker() as broker, socket.create_server(("127.0.0.1", 0)) as server:
            url = f"http://127.0.0.1:{server.getsockname()[1]}"
            style = f'<?xml-stylesheet type="text/xsl" href="{url}/a.xsl"?>'
            declared = broker.alert("declared.cap", before=f'<!DOCTYPE alert PUBLIC "-//A" "{url}/a.dtd" ['
                                    f'<!ENTITY % a SYSTEM "{url}/b"><!ENTITY b SYSTEM "{url}/c"> %a;]>',
                                    headline="&b;")
            include = ('<x xmlns:xi="http://www.w3.org/2001/XInclude" '
                       'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
                       f'xsi:schemaLocation="{url}/a {url}/a.xsd"><xi:include href="{url}/d"/></x>')
            pointing = broker.alert("pointing.cap", before=style, first=include)
            code, items, _ = broker.take(declared, pointing)
            self.assertEqual(code, 65)
            self.assertEqual([each["outcome"] for each in items], ["refused", "in"])
            self.assertIn(f"{declared}:1: a document type declaration", items[0]["why"])
            server.settimeout(0.2)
            with self.assertRaises(socket.timeout):
                server.accept()


@unittest.skipUnless(os.path.exists(FEED), "MUSTER_DATA has no cap/nws-atom-feed.xml")
class PublicAlerts(unittest.TestCase):
    REFUSED = {
        "canada_errors.cap": ":12: <msgType> is Update, so <references> must name what it refers to; "
                             "it is empty",
        "invalid.cap": ":2: <alert> has no <scope>, which it must have",
        "noaa_errors.cap": ":17: <urgency> is empty",
        "xee.cap": ":3: a document type declaration; entities are neither read nor fetched"}
    DISPUTED = {"earthquake.cap", "no_optional_fields.cap"}

    def test_nine_are_in_four_refused_two_disputed_and_a_surge(self):
        with CapBroker() as broker:
            alerts = sorted(glob.glob(os.path.join(DATA, "*.cap")))
            self.assertEqual(len(alerts), 13)
            code, items, said = broker.take(*alerts)
            self.assertEqual((code, said), (65, "muster: 4 refused; the rest is in\n"))
            names = {os.path.basename(each["file"]): each for each in items}
            for name, why in self.REFUSED.items():
                self.assertEqual(names[name]["outcome"], "refused")
                self.assertEqual(names[name]["why"], os.path.join(DATA, name) + why)
            self.assertEqual({name for name, each in names.items() if each["outcome"] == "in"},
                             set(names) - set(self.REFUSED))
            self.assertEqual({name for name, each in names.items() if each["disputed"]}, self.DISPUTED)
            self.assertEqual(len({names[name]["alert"] for name in self.DISPUTED}), 1)
            self.assertEqual([names["canada.cap"]["infos"], names["no_optional_fields.cap"]["infos"]], [2, 0])

            code, items, said = broker.take(FEED)
            self.assertEqual((code, said), (0, ""))
            self.assertEqual(outcomes(items), [("in", False)] * 163)
            before = broker.records()
            code, items, _ = broker.take(*alerts, FEED)
            self.assertEqual(code, 65)
            self.assertEqual(len([each for each in items if each["outcome"] == "already-there"]), 9 + 163)
            self.assertEqual(broker.records(), before)
            self.kept(broker)
            self.assertIn("alerts of other systems 171, disputed 1",
                          broker.run("stats", broker.log, check=True).stdout)

    def kept(self, broker):
        alerts = [each["data"]["alert"] for each in broker.events("alert-recorded")]
        self.assertEqual(len(alerts), 9 + 163)
        entries = [each for each in alerts if each["source"] == "atom"]
        self.assertEqual(len(entries), 163)
        for entry in entries:
            (info,) = entry["infos"]
            self.assertNotIn("scope", entry)
            self.assertEqual([entry[key] for key in ("sender", "status", "type")],
                             ["w-nws.webmaster@noaa.gov", "Actual", "Alert"])
            self.assertEqual([info[key] for key in ("instruction", "contact", "sender_name")], [""] * 3)
        areas = [entry["infos"][0]["areas"][0] for entry in entries]
        self.assertEqual(len([area for area in areas if not area["polygons"]]), 64)
        by_name = {each["identifier"]: each for each in alerts}
        self.assertEqual(len(by_name["2.49.0.1.124.f2c83f5f.2013"]["references"]), 9)
        quake = by_name["USGS-earthquakes-usB000D5T4.3947362.7.20121014T225304.360Z.0"]["infos"][0]
        self.assertIn("Usulután", quake["headline"])
        circle = by_name["tag:www.rfs.nsw.gov.au2011-10-06:40184"]["infos"][0]["areas"][0]["circles"][0]
        self.assertEqual(circle["radius_m"], 25000)


if __name__ == "__main__":
    if not os.access(os.path.join(BIN, "muster"), os.X_OK):
        skip(f"{BIN}/muster is not built")
    unittest.main()
