"""What does the set-up wizard say, and what does it say of a scanner that is set wrong?"""

from __future__ import annotations

from drivers.scanners import setup as s
from station.session import Text
from station.wording.text import shown, text

MODE = text("setup.mode")
PRINTER_TITLE = text("setup.printer_title")
RECEIPTS_TITLE = text("setup.receipts_title")
SCANNER_TITLE = text("setup.scanner_title")
SCALE_TITLE = text("setup.scale_title")
WRITE_TITLE = text("setup.write_title")
TRIAL_TITLE = text("setup.trial_title")
DONE_TITLE = text("setup.done_title")

CHOOSE_PRINTER = text("setup.choose_printer")
CHOOSE_RECEIPTS = text("setup.choose_receipts")
CHOOSE_SCANNER = text("setup.choose_scanner")
CHOOSE_SCALE = text("setup.choose_scale")
SCAN_THIS = text("setup.scan_this")
SCAN_AGAIN = text("setup.scan_again")
EMPTY_SCALE = text("setup.empty_scale")
LOAD_SCALE = text("setup.load_scale")
UNLOAD_SCALE = text("setup.unload_scale")
WRITE_IT = text("setup.write_it")
SCAN_TRIAL = text("setup.scan_trial")
NO_PRINTER_NO_TRIAL = text("setup.no_trial")
LEAVE = text("setup.leave")
ASKING = text("setup.asking")
KEYBOARD = text("setup.keyboard")
ALL_WELL = text("setup.all_well")
SCALE_WELL = text("setup.scale_well")
NOT_ZERO = text("setup.not_zero")
CODE_PRINTED = text("setup.code_printed")
TRIAL_WELL = text("setup.trial_well")
NOTHING_FOUND = text("setup.nothing_found")
NO_PRINTER = text("setup.no_printer")
NO_RECEIPTS = text("setup.no_receipts")
NO_SCALE = text("setup.no_scale")
NO_LABELS_ON_RECEIPTS = text("setup.no_labels_on_receipts")
ONLY_RECEIPTS = text("setup.only_receipts")

KEY_CHOOSE = text("setup.key_choose")
KEY_ON = text("setup.key_on")
KEY_SKIP = text("setup.key_skip")
KEY_BACK = text("setup.key_back")
KEY_PRINT = text("setup.key_print")
KEY_LEAVE = text("setup.key_leave")


def printer_found(language: str, dots_per_mm: int, model: str) -> Text:
    """What a printer turned out to be; "" for a model that it does not tell."""
    if not model:
        return text("setup.printer_unnamed", language=language.upper())
    return text("setup.printer_found", language=language.upper(), dots=dots_per_mm, model=model)


def scale_found(protocol: str, grams: int) -> Text:
    """What a scale turned out to be."""
    return text("setup.scale_found", protocol=protocol, n=grams)


def scanner_at(url: str) -> Text:
    """Where the scanner is heard."""
    return text("setup.scanner_at", url=url)


def no_answer(url: str) -> Text:
    """Nobody at that address speaks anything that we know."""
    return text("setup.no_answer", url=url)


def unreached(why: str) -> Text:
    """That address cannot be opened."""
    return text("setup.unreached", why=why)


def no_address(typed: str) -> Text:
    """What was typed is none."""
    return text("setup.no_address", text=shown(typed))


def another_code(scanned: str) -> Text:
    """Something else was scanned."""
    return text("setup.another_code", text=shown(scanned))


def written(path: str) -> Text:
    """The file is there."""
    return text("setup.written", path=path)


def refused(why: str) -> Text:
    """The file was left as it was."""
    return text("setup.refused", why=why)


def finding(found: s.Finding) -> Text:
    """What is wrong with how a scanner is set."""
    match found:
        case s.WrongLayout(scanner=scanner, keyboard=keyboard):
            return text("finding.layout", scanner=scanner.upper(), keyboard=keyboard.upper())
        case s.CapsLock():
            return text("finding.caps")
        case s.OneCase():
            return text("finding.case")
        case s.LostGs(instead=instead):
            return (
                text("finding.gs_instead", text=shown(instead)) if instead else text("finding.gs")
            )
        case s.InputMethod():
            return text("finding.ime")
        case s.NoEnding():
            return text("finding.no_ending")
        case s.DoubleEnding():
            return text("finding.double_ending")
        case s.NoAim():
            return text("finding.no_aim")
        case s.Twice():
            return text("finding.twice")
        case s.Damaged():
            return text("finding.damaged")
        case s.AnotherCode(text=scanned):
            return text("finding.another", text=shown(scanned))


def finding_todo(found: s.Finding) -> Text:
    """What to do about it."""
    match found:
        case s.WrongLayout(keyboard=keyboard):
            return text("finding_do.layout", keyboard=keyboard.upper())
        case s.CapsLock():
            return text("finding_do.caps")
        case s.OneCase():
            return text("finding_do.case")
        case s.LostGs():
            return text("finding_do.gs")
        case s.InputMethod():
            return text("finding_do.ime")
        case s.NoEnding():
            return text("finding_do.no_ending")
        case s.DoubleEnding():
            return text("finding_do.double_ending")
        case s.NoAim():
            return text("finding_do.no_aim")
        case s.Twice():
            return text("finding_do.twice")
        case s.Damaged():
            return text("finding_do.damaged")
        case s.AnotherCode():
            return text("finding_do.another")
