"""What is on the screen while someone works? One screen for all flows, driven by ``Prompt``.

The verdict is painted at once, as a frame of its own; everything else follows, and is dropped when
a newer scan has been shown meanwhile.
"""

from typing import ClassVar

from textual._compositor import LayoutUpdate
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.filter import ANSIToTruecolor
from textual.screen import Screen

from station.input import Listens
from station.prompt import Prompt, StatusLine, Tone, Verdict
from station.widgets.bars import NOBODY, KeyBar, Next, NextLine, StatusBar
from station.widgets.drawn import Drawn
from station.widgets.lines import LineList
from station.widgets.look import Look
from station.widgets.panels import Facts, FactsPanel, ParcelFacts, ParcelPanel
from station.widgets.trail import KEPT, Step, Trail
from station.widgets.verdict import VerdictBanner

NOT_LISTENING = Verdict(
    "NOT LISTENING", Tone.ASLEEP, "Another window has the keyboard.", "Click here."
)
WIDE = 100
"""Columns from which the parcel has a panel of its own (see station.tcss)."""


class WorkingScreen(Screen[None], Listens, inherit_bindings=False):
    """Banner, facts, lines, parcel, next step."""

    FLOOR: ClassVar[bool] = True
    AUTO_FOCUS = None
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012  # as Textual declares it
        (0, "-narrow"),
        (WIDE, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-tiny"), (20, "-low"), (28, "-middle"), (36, "-tall"), (46, "-giant"),
    ]  # fmt: skip

    def __init__(self, look: Look, asleep: Verdict = NOT_LISTENING) -> None:
        super().__init__()
        self.look = look
        self.asleep = asleep
        """The verdict while another window has the keyboard, in the packer's language."""
        self.verdict = Verdict("", Tone.NEUTRAL)
        self.prompt = Prompt(title="", instruction="")
        self.status = NOBODY
        self._answered = self.verdict
        self._steps: tuple[Step, ...] = ()
        self._shown = 0
        self._typed = ""
        self._banner = VerdictBanner(self.verdict, look, id="verdict")
        self._status_bar = StatusBar(look, id="status")
        self._facts = FactsPanel(look, id="facts")
        self._lines = LineList(look, id="lines")
        self._trail = Trail(look, id="trail")
        self._parcel = ParcelPanel(look, id="parcel")
        self._next = NextLine(look, id="next")
        self._keys = KeyBar(look, id="keys")

    def compose(self) -> ComposeResult:
        """Top to bottom."""
        yield self._status_bar
        yield self._banner
        with Horizontal(id="middle"):
            with Vertical(id="left"):
                yield self._facts
                yield self._lines
                yield self._trail
            yield self._parcel
        yield self._next
        yield self._keys

    # -- what the app says -------------------------------------------------------------------

    def answer(self, verdict: Verdict) -> None:
        """Say whether it was right, before anything else is even looked at.

        Nothing happens for the same verdict object: it neither blinks nor wakes up a banner that
        says NOT LISTENING.
        """
        if verdict is self._answered:
            return
        self._answered = verdict
        self._banner.show(verdict)
        if self.is_mounted:
            self._paint_now(self._banner)

    def show(self, verdict: Verdict, prompt: Prompt, status: StatusLine) -> None:
        """After a scan: the verdict now, the rest when it is on the screen."""
        self._shown += 1
        self.answer(verdict)
        self._remember(verdict, status)
        self.verdict, self.prompt, self.status = verdict, prompt, status
        if self.is_mounted:
            self.call_after_refresh(self._show_rest, self._shown)

    def tick(self, status: StatusLine) -> None:
        """Between scans: clock, lamps. The verdict stays."""
        self.status = status
        self._status_bar.show(status)

    def typing(self, line: str) -> None:
        """What has been typed by hand so far."""
        self._typed = line
        self._next.show(Next(self.prompt.instruction, line))

    def listening(self, hears: bool) -> None:
        """Say it very large when scans would go to another window."""
        self._banner.show(self.verdict if hears else self.asleep)

    def dress(self, look: Look) -> None:
        """Another palette or language, from now on."""
        self.look = look
        for widget in self.query(Drawn):
            widget.dress(look)
        self._show_rest(self._shown)

    # -- the rest ----------------------------------------------------------------------------

    def on_mount(self) -> None:
        """What was shown before there was a screen."""
        self._show_rest(self._shown)

    def on_resize(self) -> None:
        """The parcel's values move between their own panel and the facts."""
        self._show_rest(self._shown)

    def _paint_now(self, widget: Drawn[Verdict]) -> None:
        """Send this widget's rows to the terminal now, as a frame of their own.

        Textual would paint when all queues are empty and its timer rings, through every layer under
        the widget: twice as late, and together with the rest of the screen. Private parts of
        8.2.8, reached for here only; where they are busy (another screen is on top, the size has
        changed, colours are filtered) the usual way, which follows anyway, is the only one.
        """
        filters = self.app.get_line_filters()
        plain = all(isinstance(each, ANSIToTruecolor) for each in filters)
        if not plain or not self.is_current or self._layout_required or self.app._batch_count:
            return
        rows = widget.rows()
        if rows and not self.app.is_headless:
            widget._exchange_repaint_regions()
            self.app._display(self, LayoutUpdate([[row] for row in rows], widget.region))

    def _show_rest(self, shown: int) -> None:
        if shown != self._shown:
            return
        prompt = self.prompt
        lane = ((self.look.headings.lane, prompt.lane),) if prompt.lane else ()
        beside = () if self.size.width >= WIDE else prompt.parcel + lane
        self._status_bar.show(self.status)
        self._facts.show(Facts(prompt.title, prompt.facts + beside, prompt.notice, prompt.progress))
        self._lines.show(prompt.rows)
        self._trail.show(self._steps)
        self._parcel.show(ParcelFacts(prompt.parcel, prompt.lane))
        self._next.show(Next(prompt.instruction, self._typed))
        self._keys.show(prompt.keys)

    def _remember(self, verdict: Verdict, status: StatusLine) -> None:
        """Into the trail, once for each verdict given: the same object again is no new scan."""
        if verdict is self.verdict or verdict.tone is Tone.NEUTRAL:
            return
        step = Step(status.clock, verdict.tone, verdict.word, verdict.line1)
        self._steps = (*self._steps, step)[-KEPT:]
