"""Who is the printer on this wire, and what can it tell?

Asked after every connection that the other side may have used to become another printer: one
question at a time, for no answer says which it is for. Never in another language than its own.
"""

from __future__ import annotations

import time
from typing import TypeVar

from drivers.label_printers import tspl_status, zpl_status
from drivers.label_printers.capability import Capability
from drivers.label_printers.zpl_status import Errors, Identity, Status, Variable
from drivers.transports import Transport

Answer = TypeVar("Answer", Identity, Variable, Errors, Status)

ASKED = ("zpl", "tspl")
"""Languages that have a question; the others would print it."""
_TRIES = 2
"""One answer may get lost."""


class Probe:
    """Questions over one wire; `owed` when one was given up on."""

    def __init__(self, wire: Transport, answer_seconds: float) -> None:
        """Take the wire for as long as the questions last."""
        self._wire, self._answer_seconds = wire, answer_seconds
        self.owed = False

    def ask(
        self, url: str, language: str, *, variables: bool, known: Capability | None
    ) -> Capability | None:
        """Return what the printer is; None when it does not say. Raises Cut, Stalled.

        `variables`: it may be asked getvar, which some printers print.
        """
        if language == "tspl":
            status = self._answer(tspl_status.ASK_STATUS, Status, _TRIES, tspl_status.Reader())
            return Capability(url=url, language=language, answers=status is not None)
        identity = self._answer(zpl_status.ASK_IDENTITY + b"\r\n", Identity, 1)
        if identity is None:
            return None
        serial = self._answer(zpl_status.ASK_SERIAL, Variable, _TRIES) if variables else None
        counter = self._answer(zpl_status.ASK_COUNTER, Variable, _TRIES) if serial else None
        same = known is not None and known.url == url and known.model == identity.model
        if same and known is not None:
            errors = known.errors
        else:
            errors = self._answer(zpl_status.ASK_ERRORS + b"\r\n", Errors, 1) is not None
        return Capability(
            url=url,
            language=language,
            model=identity.model,
            firmware=identity.firmware,
            serial=(serial.text or "") if serial else "",
            dots_per_mm=identity.dots_per_mm,
            variables=serial is not None,
            odometer=counter is not None and counter.count is not None,
            errors=errors,
        )

    def _answer(
        self,
        question: bytes,
        kind: type[Answer],
        tries: int,
        reader: zpl_status.Reader | tspl_status.Reader | None = None,
    ) -> Answer | None:
        reader = reader or zpl_status.Reader()
        for _ in range(tries):
            deadline = time.monotonic() + self._answer_seconds
            self._wire.write(question, deadline)
            # Not only until nothing comes: a printer that babbles would keep us for ever.
            while (data := self._wire.read_until(deadline)) and time.monotonic() <= deadline:
                for said in reader.receive(data):
                    if isinstance(said, kind):
                        return said
            self.owed = True
        return None
