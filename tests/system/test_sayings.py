"""What a duty officer is told of a refusal or a slip of the finger, in Chinese."""
import errno
import glob
import os
import re

from agents import CountyTest, FIRE, REGION
from harness import SOURCE, main

TABLES = ("common/view/view_detail_zh.c", "agents/ctl/saying.c")
ROOMS = [f"common/{room}" for room in ("core", "engine", "view", "base", "log", "crypto", "conf")]
ROOMS += ["agents/ctl", "agents/lib"]
PIECE_MIN = 6  # characters between two parts that tell one saying from another
STRING = r'"((?:\\.|[^"\\])*)"'


def literals(path):
    """The strings of a source, adjacent ones in one, their directives as %."""
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        text = file.read()
    for run in re.finditer(rf"(?:{STRING}\s*)+", text):
        joined = "".join(re.findall(STRING, run[0])).replace('\\"', '"')
        yield re.sub(r"%[-0-9.*]*(?:z|l|ll)?[a-zA-Z]", "%", joined)


class Sayings(CountyTest):
    def refused(self, *words):
        done = self.county.call(*words, "--lang", "zh")
        self.assertNotEqual(done.returncode, 0, (words, done.stdout))
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr

    def test_each_row_is_of_words_that_are_said(self):
        said = [text for room in ROOMS for path in glob.glob(os.path.join(SOURCE, room, "*.[ch]"))
                if os.path.relpath(path, SOURCE) not in TABLES for text in literals(path)]
        said += [os.strerror(number) for number in errno.errorcode]
        rows = 0
        for table in TABLES:
            with open(os.path.join(SOURCE, table), encoding="utf-8") as file:
                text = file.read()
            for row in re.finditer(rf"REFUSED_\w+,\s*((?:{STRING}\s*)+),\s*((?:{STRING}\s*)+)}}", text):
                english = "".join(re.findall(STRING, row[1])).replace('\\"', '"')
                chinese = "".join(re.findall(STRING, row[3]))
                rows += 1
                parts = english.count("%")
                self.assertTrue(all(1 <= int(n) <= parts for n in re.findall("[%#](.)", chinese)), english)
                for piece in (part.strip(': "') for part in re.split("%|; ", english)):
                    if len(piece.strip()) >= PIECE_MIN:
                        self.assertTrue(any(piece in words for words in said), (english, piece))
        self.assertGreater(rows, 180)

    def test_refusals_carry_their_details(self):
        incident, other = self.county.report(), self.county.report()
        order = self.county.issue(FIRE, "--incident", incident)
        for words, said in (
                (("incident", "split", incident), f"被拒绝：该事件未并入其他事件（事件 {incident}）"),
                (("incident", "refer", incident, "--to", "370100"),
                 "被拒绝：无此接收单位（没有通往 370100 的链路）"),
                (("incident", "merge", incident, "--into", incident),
                 "被拒绝：格式无效（须写明两起不同的事件）"),
                (("incident", "close", incident), f"（指令 {order} 为“已下达”：请先完成或撤回）"),
                (("incident", "refer", other, "--to", REGION), f"（{REGION} 即本行政区）"),
                (("order", "issue", "--to", f"{REGION}/nobody", "--text", "x"), f"（{REGION}/nobody）"),
                (("order", "receipt", order, "--rung", "accepted"), "的接收方为 370102/fire-rescue")):
            self.assertIn(said, self.refused(*words))
        self.assertRegex(self.refused("incident", "send", other, "--to", "city", "--medium", "phone", "--at",
                                      "2099-01-01 00:00"), r"该时间在 \d+ d \d+ h 之后")
        replayed = self.county.muster("replay", self.county.log, "--lang", "zh")
        self.assertIn("（须写明两起不同的事件）", replayed)
        self.assertIn("(two incidents are named, and not one twice)",
                      self.county.muster("replay", self.county.log, "--lang", "en"))

    def test_slips_of_the_finger(self):
        incident = self.county.report()
        with open(self.county.path("torn"), "wb") as file:
            file.write(b"no bundle")
        for words, said in (
                (("incident", "report", "--kidn", "fire"), "没有选项 --kidn；是否为 --kind？"),
                (("incident", "report", "--dead", "two"), "--dead two：请写 0 或更大的整数"),
                (("incident", "report"), "未写任何内容"),
                (("incident", "show"), "缺少参数；用法：muster incident show"),
                (("incident", "show", incident, "x"), "多了参数 \"x\""),
                (("incident", "show", "OOOO"), "OOOO"),
                (("incident", "grade", incident, "V"), "\"V\" 不是 I, II, III, IV 之一"),
                (("incident", "send", incident, "--to", "moon"),
                 "应为 county, city, province, state (县级, 市级, 省级, 国务院) 之一"),
                (("explain", self.county.log, "ZZZZZZ"), "本日志中没有事件或指令"),
                (("explain", self.county.log, "x"), "\"x\" 不是编号"),
                (("incident", "brief", incident, "--number", "7"), "有第 1 至 1 次报告，没有第 7 次"),
                (("replay", self.county.path("none")), "没有该文件或目录"),
                (("export", "--to", "370100"), "请写 --to CODE 和 -o FILE"),
                (("export", "--to", REGION, "-o", self.county.path("x")), "即本行政区"),
                (("import", "bundle", self.county.path("torn")), "不是 muster export 导出的文件"),
                (("incident", "frobnicate"), "没有命令 \"incident frobnicate\"；"),
                (("import", "bundle", self.county.path("none")), "没有该文件"),
                (("incident", "report", "--config", self.county.path("none.yaml"), "--kind", "fire"),
                 "none.yaml")):
            self.assertIn(said, self.refused(*words))
        # the environment's language does as well, and English stays English
        self.county.environment["LC_ALL"] = "zh_CN.UTF-8"
        self.assertIn("没有命令 \"incident shwo\"", self.county.call("incident", "shwo").stderr)
        self.assertIn("unknown option --kidn", self.county.call("incident", "report", "--kidn", "x", "--lang",
                                                                "en").stderr)
        self.county.kill_broker()
        self.assertIn("内消息中心无应答", self.refused("incident", "list", "--timeout", "300ms"))


if __name__ == "__main__":
    main()
