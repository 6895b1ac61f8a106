"""Which question comes next, and that no answer is taken for another's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drivers.scanners.setup import CapsLock, Finding, NoAim, WrongLayout
from station.session import Text
from station.setup import plan as p
from station.setup.exchange import (
    AskPrinter,
    AskScale,
    Failed,
    Input,
    Job,
    Key,
    Leave,
    Line,
    Listen,
    PrintCode,
    PrinterFound,
    PrintTrial,
    Refused,
    Saved,
    ScaleFound,
    ScannerTried,
    Watch,
    Weighed,
    Write,
)
from station.setup.plan import Plan, Stage, step
from station.wording import setup as w

ZEBRA = PrinterFound(url="tcp://10.0.0.1", language="zpl", dots_per_mm=12, model="ZD421")
EPSON = PrinterFound(url="tcp://10.0.0.2", language="escpos", model="ESC/POS")
PAN = ScaleFound(url="serial:///dev/a", protocol="nci", grams=0)
PORTS = ("serial:///dev/a", "usb:///dev/usb/lp0", "serial:///dev/b")


def after(*inputs: Input, begun: Plan | None = None) -> tuple[Plan, list[Job]]:
    plan, jobs = begun or Plan(ports=PORTS, trial_code="PKCMDDEVICES"), list[Job]()
    for one in inputs:
        plan, asked = step(plan, one)
        jobs += asked
    return plan, jobs


def test_a_whole_set_up_ends_with_a_label_scanned_back() -> None:
    plan, jobs = after(
        Line("tcp://10.0.0.1"),
        ZEBRA,
        Line("tcp://10.0.0.2"),
        EPSON,
        Key("enter"),
        ScannerTried(()),
        Key("f8"),
        Key("enter"),
        PAN,
        Weighed(0),
        Weighed(850),
        Weighed(0),
        Key("f8"),
        Saved("station.toml"),
        Line("PKCMDUNDO"),
        Line("]C0PKCMDDEVICES"),
        Key("f8"),
    )
    assert plan.stage is Stage.DONE
    assert jobs == [
        AskPrinter("tcp://10.0.0.1"),
        AskPrinter("tcp://10.0.0.2"),
        Listen(p.KEYBOARD),
        PrintCode(ZEBRA),
        AskScale("serial:///dev/a"),
        Watch(PAN),
        Write(),
        Listen(p.KEYBOARD),
        PrintTrial(ZEBRA),
        Leave(),
    ]


def test_a_receipt_printer_is_no_label_printer_and_the_other_way_round() -> None:
    plan, _ = after(Line("tcp://10.0.0.2"), EPSON)
    assert (plan.stage, plan.printer, plan.said) == (Stage.PRINTER, None, w.NO_LABELS_ON_RECEIPTS)
    plan, _ = after(Key("f8"), Line("tcp://10.0.0.1"), ZEBRA)
    assert (plan.stage, plan.receipts, plan.said) == (Stage.RECEIPTS, None, w.ONLY_RECEIPTS)


def test_a_printer_that_does_not_answer_is_said_and_can_be_asked_again() -> None:
    plan, _ = after(Line("tcp://10.0.0.9"), Failed(w.no_answer("tcp://10.0.0.9")))
    assert (plan.stage, plan.busy) == (Stage.PRINTER, False)
    assert after(Line("tcp://10.0.0.9"), begun=plan)[1] == [AskPrinter("tcp://10.0.0.9")]


def test_what_is_no_address_is_asked_for_again() -> None:
    for typed in ("hello", "", "192.168.1.20", "tcp://", "://"):
        plan, jobs = after(Line(typed))
        assert jobs == []
        assert plan.said == w.no_address(typed)


def test_a_port_that_is_taken_is_not_offered_again() -> None:
    scanner, _ = after(Key("f8"), Key("f8"), Key("down"), Key("enter"), Key("f8"))
    assert scanner.scanner == "serial:///dev/a"
    assert scanner.offered == ("serial:///dev/b",)


def test_a_scanner_that_is_set_wrong_keeps_the_test_and_may_go_on_as_it_is() -> None:
    to_test = (Key("f8"), Key("f8"), Key("enter"))
    wrong, _ = after(*to_test, ScannerTried((CapsLock(),)))
    assert (wrong.stage, wrong.said) == (Stage.SCANNER_TEST, w.SCAN_AGAIN)
    assert after(ScannerTried((NoAim(),)), begun=wrong)[0].said == Text("")
    assert after(Key("f8"), begun=wrong)[0].stage is Stage.SCALE


def test_a_grabbed_scanner_is_read_as_it_is_set() -> None:
    grabbed = "evdev:///dev/input/by-id/usb-Netum-event-kbd"
    begun = Plan(ports=(grabbed,), stage=Stage.SCANNER)
    wrong = ScannerTried((WrongLayout(scanner="de", keyboard="us"), NoAim()))
    plan, jobs = after(Key("down"), Key("enter"), wrong, begun=begun)
    assert jobs == [Listen(grabbed)]
    assert (plan.framing, plan.findings) == ("keys-de", (NoAim(),))
    typing, _ = after(Key("enter"), wrong, begun=begun)
    assert typing.said == w.SCAN_AGAIN


def test_a_scale_must_be_empty_loaded_and_empty_again() -> None:
    to_scale = (Key("f8"), Key("f8"), Key("enter"), Key("f8"), Key("enter"), PAN)
    not_zero, _ = after(*to_scale, Weighed(12))
    assert (not_zero.stage, not_zero.said) == (Stage.SCALE_EMPTY, w.NOT_ZERO)
    stuck, _ = after(Weighed(1), Weighed(850), Weighed(850), Weighed(12), begun=not_zero)
    assert stuck.stage is Stage.SCALE_EMPTIED
    assert after(Weighed(-1), begun=stuck)[0].stage is Stage.WRITE


def test_without_a_label_printer_there_is_no_test_label() -> None:
    plan, jobs = after(Key("f8"), Key("f8"), Key("enter"), Key("f8"), Key("f8"), Key("f8"))
    assert jobs[-1] == Write()
    done, more = after(Saved("x"), begun=plan)
    assert (done.stage, done.said, more) == (Stage.DONE, w.NO_PRINTER_NO_TRIAL, [])


def test_a_file_that_was_refused_leaves_the_set_up_where_it_is() -> None:
    plan, _ = after(Refused("no"), begun=Plan(stage=Stage.WRITE, busy=True))
    assert (plan.stage, plan.busy, plan.said) == (Stage.WRITE, False, w.refused("no"))


FINDINGS: tuple[tuple[Finding, ...], ...] = ((), (CapsLock(),), (NoAim(),))
INPUTS = st.one_of(
    st.sampled_from(["up", "down", "enter", "f4", "f5", "f8", "f1", "x"]).map(Key),
    st.sampled_from(["tcp://a", "PKCMDDEVICES", "nonsense"]).map(Line),
    st.sampled_from([ZEBRA, EPSON, PAN, Saved("x"), Refused("y"), Failed(Text(""))]),
    st.sampled_from(FINDINGS).map(ScannerTried),
    st.integers(-50, 5000).map(Weighed),
)


@given(st.lists(INPUTS, max_size=40))
def test_any_answers_in_any_order_leave_a_plan_that_makes_sense(inputs: list[Input]) -> None:
    plan = Plan(ports=PORTS, trial_code="PKCMDDEVICES")
    for one in inputs:
        plan, jobs = step(plan, one)
        assert not plan.offered or 0 <= plan.chosen < len(plan.offered)
        assert plan.printer is None or plan.printer.language != "escpos"
        assert plan.receipts is None or plan.receipts.language == "escpos"
        assert plan.stage is not Stage.TRIAL or plan.printer is not None
        assert Write() not in jobs or plan.stage is Stage.WRITE
