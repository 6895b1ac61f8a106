"""What does a label printer do? It prints what it is given, once, and counts; mostly.

It outlives the bench's program: a label whose bytes are in it comes out whatever becomes of the
bench. How `station.spool` finds out what came of a label is tested there; here a printer either
counts its labels, and then its counter tells, or it does not, and a person is asked.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from station.spool import verdict
from station.spool.ledger import Job, JobState

if TYPE_CHECKING:
    from tests.torture.simulation.machine import Machine, Process

PRINTER = "zebra"
BYTES_SECONDS = 0.3
"""From the first byte to the last."""
LABEL_SECONDS = 1.2
"""From the last byte until it is out."""


class Printer:
    """One label printer, beside its bench."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._world = machine.world
        self.counts = self._world.chance.random() < 0.7
        self.jams = 0.02
        """The share of labels that do not come out."""
        self.out: Counter[str] = Counter()
        """What lies in the tray, by tracking number."""
        self._counter = 0
        self._flying = ""
        """The job whose bytes this life of the program sends."""
        self._woken = False

    def wake(self) -> None:
        """There may be something to print."""
        if not self._woken:
            self._woken = True
            self._world.agenda.after(0.05, self._serve)

    def _serve(self) -> None:
        self._woken = False
        process = self._machine.process
        if process is None or (self._flying and self._flying.startswith(self._machine.boot)):
            return
        self._machine.within(self._turn)

    def _turn(self, process: Process) -> None:
        job = process.ledger.next_job(PRINTER)
        if job is None or job.state is JobState.UNCERTAIN:
            return
        if job.state is not JobState.QUEUED:
            if self._flight(process, job) != self._flying:
                self._resume(process, job)
            return
        if not process.ledger.starting(job.id, self._counter if self.counts else None):
            return
        self._flying = self._flight(process, job)
        self._world.agenda.after(BYTES_SECONDS, lambda: self._bytes_out(process, job))

    def _flight(self, process: Process, job: Job) -> str:
        return f"{self._machine.boot}:{id(process)}:{job.id}"

    def _bytes_out(self, process: Process, job: Job) -> None:
        if self._machine.process is not process:
            return
        comes = self._world.chance.random() >= self.jams
        if comes:
            self._counter += 1
            self.out[job.id.rpartition(":")[0]] += 1
            self._world.rules.came_out(self._machine, job)
        else:
            self._world.faults["label jammed"] += 1
        self._machine.within(lambda alive: alive.ledger.sent(job.id))
        self._world.agenda.after(LABEL_SECONDS, lambda: self._looked(process, job, comes))

    def _looked(self, process: Process, job: Job, came: bool) -> None:
        if self._machine.process is not process:
            return
        self._flying = ""
        self._machine.within(lambda alive: self._say(alive, job, came))
        self.wake()

    def _resume(self, process: Process, job: Job) -> None:
        """The program found it in flight when it started."""
        before = job.counter_before
        came = before is not None and self._counter > before
        if before is None or not self.counts:
            process.ledger.uncertain(job.id, "the bench was switched off")
        else:
            self._say(process, job, came)
        self.wake()

    def _say(self, process: Process, job: Job, came: bool) -> None:
        if not self.counts:
            process.ledger.uncertain(job.id, "the printer does not count")
        elif came:
            process.ledger.printed(job.id, verdict.ODOMETER)
        else:
            process.ledger.not_printed(job.id, verdict.ODOMETER)
