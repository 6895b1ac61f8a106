"""A bench without a business: every scan gets a verdict. For what must hold of any floor app.

    python -m tests.station.floor_sample JOURNAL [--look mono|blue|green] [--zh]

Every scan is one JSON line in JOURNAL, before anything is shown. F10 leaves.
"""

import json
import sys
import time
from pathlib import Path

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Button, Input

from station.input import FloorApp, RawScan
from station.prompt import Headings, Key, Lamp, Prompt, Row, StatusLine, Tone, Verdict
from station.screens.working import WorkingScreen
from station.terminal import harden, refuse_dumb_terminal
from station.wedge import Broken
from station.widgets.look import Look

TEASPOON = "4098765432105"
STALL = "STALL"
"""After this scan the whole app is busy for a while."""
STALL_SECONDS = 1.0
ROWS = (
    Row("", "MUG-330-BL", "Blue mug 330 ml", "A-12-3", 3, 2),
    Row("", "TEA-GRN-100", "绿茶 Green tea 100 g 茉莉花", "B-03-1", 1, 0),
    Row("", "SPN-TEA-ST", "Teaspoon, steel, 6 pcs", "A-14-2", 2, 1, current=True),
    Row("", "CARD-XMAS", 'Gift card "Frohes Fest"', "C-01-9", 1, 1),
)
ENGLISH = Prompt(
    title="SO-100423",
    instruction="scan the next ITEM    (wrong one? scan UNDO)",
    rows=ROWS,
    facts=(("", "DHL Paket"), ("ship by", "16:00"), ("lines", "4"), ("to", "Hamburg, DE")),
    parcel=(("Box", "M 30×20×15"), ("Weight", "2.350 kg"), ("Label", "—")),
    notice="GIFT: no invoice in the box",
    progress=(4, 7),
    keys=(
        Key("f1", "Help"),
        Key("f4", "Undo"),
        Key("f5", "Reprint"),
        Key("f8", "Confirm"),
        Key("f9", "Hold"),
        Key("f10", "Menu"),
    ),
    lane="DHL-3",
)
CHINESE = Prompt(
    title="SO-100423",
    instruction="扫描下一件商品（扫错了？请扫「撤销」卡）",
    rows=ROWS,
    facts=(("", "DHL Paket"), ("发货截止", "16:00"), ("行数", "4"), ("送往", "汉堡，德国")),
    parcel=(("箱子", "M 30×20×15"), ("重量", "2.350 kg"), ("面单", "—")),
    notice="礼品：箱内不放发票",
    progress=(4, 7),
    keys=(
        Key("f1", "帮助"),
        Key("f4", "撤销"),
        Key("f5", "重打"),
        Key("f8", "确认"),
        Key("f9", "保留"),
        Key("f10", "菜单"),
    ),
    lane="DHL-3",
)
HEADINGS_ZH = Headings(
    "货号",
    "商品",
    "库位",
    "应取",
    "已取",
    "包裹",
    "道口",
    "下一步",
    "上方还有 {n} 行",
    "下方还有 {n} 行",
)
STATUS = StatusLine(
    "PACK",
    "bench P3",
    "Anna M.",
    "41 packed",
    (
        Lamp("scanner", "ok", "serial"),
        Lamp("printer", "warn", "few labels"),
        Lamp("hub", "ok", "3 s"),
    ),
    "14:32",
)
STATUS_ZH = StatusLine(
    "装箱",
    "工位 P3",
    "李雷",
    "已装 41",
    (Lamp("扫描枪", "ok", "串口"), Lamp("打印机", "warn", "标签将尽"), Lamp("中心", "ok", "3 秒")),
    "14:32",
)
SCAN = Verdict("SCAN", Tone.NEUTRAL, "Scan a tote or an order slip.")


def verdict_of(text: str, zh: bool) -> Verdict:
    """What this bench says to a scan."""
    if text == TEASPOON:
        word = "对 1/2" if zh else "OK 1/2"
        return Verdict(word, Tone.GOOD, "Teaspoon, steel, 6 pcs", "4 pieces to go")
    if zh:
        return Verdict("错", Tone.BAD, "不在此订单中", f"扫到 {text}：请放到一边")
    return Verdict("WRONG", Tone.BAD, "Not in this order", f"scanned {text}: put it aside")


class Trap(Screen[None]):
    """A focused button, as some library screen might have: no scan may ever press it."""

    def compose(self) -> ComposeResult:
        """One button."""
        yield Button("Delete order", id="delete")


class Field(Screen[None]):
    """A focused field: what a person types goes in, what a scanner types does not."""

    def compose(self) -> ComposeResult:
        """One field."""
        yield Input(placeholder="a note")


class FloorSample(FloorApp):
    """Says WRONG to all but teaspoons. F2 opens a field, F3 a button, F4 comes back."""

    def __init__(
        self, journal: Path | None = None, look: Look | None = None, zh: bool = False
    ) -> None:
        super().__init__()
        self.journal = journal
        self.zh = zh
        self.pressed_keys: list[str] = []
        self.heard: list[str] = []
        self.working = WorkingScreen(look or Look(headings=HEADINGS_ZH if zh else Headings()))
        self._say(SCAN)

    def on_mount(self) -> None:
        """Straight to work."""
        self.push_screen(self.working)

    async def scanned(self, raw: RawScan) -> None:
        """On record first, then on the screen."""
        self.heard.append(raw.text)
        self._record("scan", raw.text)
        self._say(verdict_of(raw.text, self.zh))
        if raw.text == STALL:
            time.sleep(STALL_SECONDS)  # noqa: ASYNC251 # the worst that work after a scan can do
            self._record("stalled", "")

    async def broken(self, broken: Broken) -> None:
        """Half a code."""
        self._record(broken.fault.value, broken.text)
        self._say(Verdict("RESCAN", Tone.ASK, "Half a code arrived.", "Scan it again."))

    async def pressed(self, key: str) -> None:
        """F10 leaves; any other key is only remembered."""
        self.pressed_keys.append(key)
        self._record("key", key)
        match key:
            case "f10":
                self.exit(0)
            case "f2":
                await self.push_screen(Field())
            case "f3":
                await self.push_screen(Trap())
            case "f4" if len(self.screen_stack) > 2:
                await self.pop_screen()

    def on_button_pressed(self) -> None:
        """The accident."""
        self._record("button", "pressed")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A note typed by a person."""
        self._record("note", event.value)

    def _say(self, verdict: Verdict) -> None:
        self.working.show(
            verdict, CHINESE if self.zh else ENGLISH, STATUS_ZH if self.zh else STATUS
        )

    def _record(self, kind: str, text: str) -> None:
        if self.journal is not None:
            with self.journal.open("a", encoding="utf-8") as journal:
                journal.write(json.dumps([kind, text]) + "\n")


def main(arguments: list[str]) -> int:
    """Run it in this terminal."""
    refuse_dumb_terminal()
    harden()
    app = FloorSample(Path(arguments[0]), zh="--zh" in arguments)
    app.run()
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
