"""What is said about the carrier's label and its printer."""

from __future__ import annotations

from station.session import Text
from station.wording.text import shown, text
from sync.orders import LabelState, Parcel, PrintState

ADDRESS_CHANGED = text("labels.address_changed")
WEIGHT_CHANGED = text("labels.weight_changed")
NO_ADDRESS = text("labels.no_address")
AGAIN_OR_HOLD = text("labels.again_or_hold")
CAME_OUT = text("labels.came_out")
CLEAN_HEAD = text("labels.clean_head")
COMING = text("labels.coming")
UNCERTAIN = text("labels.uncertain")
GIVING_BACK = text("labels.giving_back")
DESTROY_IT = text("labels.destroy_it")
FINISH_FIRST = text("labels.finish_first")
IT_GOES_ON = text("labels.it_goes_on")
MANY_COPIES = text("labels.many_copies")
NONE_YET = text("labels.none_yet")
ONLY_THE_SCAN = text("labels.only_the_scan")
PRINTED_AGAIN = text("labels.printed_again")
PRINTER_WELL = text("labels.printer_well")
PRINTING = text("labels.printing")
PUT_ASIDE = text("labels.put_aside")
PUT_IT_THERE = text("labels.put_it_there")
REASONS = text("labels.reasons")
SCAN_IT = text("labels.scan_it")
SCAN_OR_REPRINT = text("labels.scan_or_reprint")
SPOILED = text("labels.spoiled")
TAKE_IT_OFF = text("labels.take_it_off")
VOID_TAKE_IT_OFF = text("labels.void_take_it_off")
TOO_EARLY = text("labels.too_early")
LABEL_TOO_MANY = text("labels.label_too_many")
UNSURE = text("labels.unsure")
VOID_AGAIN = text("labels.void_again")
VOID_SURE = text("labels.void_sure")
WAIT_OR_PUT_ASIDE = text("labels.wait_or_put_aside")
WHY = text("labels.why")

NEEDS = (
    "paper",
    "ribbon",
    "head",
    "jam",
    "hot",
    "pause",
    "take",
    "silent",
    "language",
    "unreachable",
    "swapped",
    "resolution",
)


def refused(why: str) -> Text:
    """The carrier said no; its own sentence."""
    return text("labels.refused", why=shown(why)) if why else text("labels.refused_unsaid")


def of_another(number: str) -> Text:
    """Whose label was scanned."""
    return text("labels.of_another", order=number)


def of_parcel(number: str) -> Text:
    """A label of the same order, for another of its boxes."""
    return text("labels.of_parcel", n=number)


def unknown(number: str) -> Text:
    """A carrier's number that no parcel here has."""
    return text("labels.unknown", text=shown(number))


def printer_needs(needs: str) -> Text:
    """What the printer wants of somebody's hands."""
    return text(f"printer.{needs}" if needs in NEEDS else "printer.other")


def state(parcel: Parcel) -> Text:
    """Label and print in one word, for the panel."""
    if parcel.closed:
        return text("label_state.closed")
    if parcel.void_wanted:
        return text("label_state.voiding")
    if parcel.label_state is LabelState.BOUGHT and parcel.print_state is not PrintState.NONE:
        return text(f"print_state.{parcel.print_state.value}")
    return text(f"label_state.{parcel.label_state.value}")
