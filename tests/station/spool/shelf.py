"""A ledger that keeps its jobs in memory and checks what it is told; and labels to print."""

import hashlib
import threading
from collections.abc import Callable

import msgspec

from drivers.label_printers.capability import Capability
from station.spool import Job, JobKind, JobState

PATIENCE_SECONDS = 15.0
_IN_FLIGHT = (JobState.SENDING, JobState.SENT)


def label(text: str, *, size: int = 0) -> bytes:
    return f"^XA^CI28^LL1218^FO20,20^A0N,60,60^FD{text}{'x' * size}^FS^XZ".encode()


def a_job(
    id: str = "A:1",
    *,
    printer: str = "zebra",
    kind: JobKind = JobKind.LABEL,
    data: bytes = b"",
    state: JobState = JobState.QUEUED,
    counter_before: int | None = None,
) -> Job:
    data = data or label(id)
    return Job(
        id=id,
        printer=printer,
        kind=kind,
        order_id="o1",
        parcel_id="o1/1/1",
        data=data,
        sha256=hashlib.sha256(data).hexdigest(),
        state=state,
        attempts=0 if state is JobState.QUEUED else 1,
        counter_before=counter_before,
    )


class Shelf:
    """Implements `Ledger`; every transition is checked as the lifecycle of a print has it."""

    def __init__(self, *jobs: Job) -> None:
        self._changed = threading.Condition()
        self._jobs: dict[str, Job] = {job.id: job for job in jobs}
        self.told: list[str] = []
        """What happened, in order, such as "printed A:1 odometer" or "needs paper"."""
        self.needs = "?"
        self.refuses: set[str] = set()
        self.known: dict[str, Capability] = {}
        self.full = False
        """The disk takes no more."""

    # -- Ledger

    def next_job(self, printer: str) -> Job | None:
        with self._changed:
            mine = [job for job in self._jobs.values() if job.printer == printer]
            flying = [
                job
                for job in mine
                if job.state in _IN_FLIGHT
                or (job.state is JobState.UNCERTAIN and job.kind is JobKind.LABEL)
            ]
            queued = [job for job in mine if job.state is JobState.QUEUED]
            return next(iter(flying + queued), None)

    def starting(self, job: str, counter: int | None) -> bool:
        with self._changed:
            if self.full:
                raise OSError("no space left on device")
            assert self._jobs[job].state is JobState.QUEUED
            if job in self.refuses:
                self._move(job, JobState.DROPPED, "dropped")
                return False
            was = self._jobs[job]
            self._jobs[job] = msgspec.structs.replace(
                was, attempts=was.attempts + 1, counter_before=counter
            )
            self._move(job, JobState.SENDING, "starting")
            return True

    def sent(self, job: str) -> None:
        self._outcome(job, (JobState.SENDING,), JobState.SENT, "sent")

    def printed(self, job: str, evidence: str) -> None:
        self._outcome(job, _IN_FLIGHT, JobState.PRINTED, "printed", evidence)

    def uncertain(self, job: str, why: str) -> None:
        self._outcome(job, _IN_FLIGHT, JobState.UNCERTAIN, "uncertain", why)

    def not_printed(self, job: str, evidence: str) -> None:
        self._outcome(job, _IN_FLIGHT, JobState.QUEUED, "not printed", evidence)

    def capability(self, printer: str) -> Capability | None:
        with self._changed:
            return self.known.get(printer)

    def keep(self, printer: str, capability: Capability) -> None:
        with self._changed:
            self.known[printer] = capability
            self._changed.notify_all()

    def trouble(self, printer: str, needs: str) -> None:
        with self._changed:
            self.needs = needs
            self.told.append(f"needs {needs}")
            self._changed.notify_all()

    # -- what else happens at a bench

    def put(self, job: Job) -> None:
        with self._changed:
            self._jobs[job.id] = job

    def close(self, job: str) -> None:
        """The label was scanned."""
        with self._changed:
            self._move(job, JobState.PRINTED, "printed", "closing scan")

    def answer(self, job: str, *, came_out: bool) -> None:
        with self._changed:
            assert self._jobs[job].state is JobState.UNCERTAIN
            state = JobState.PRINTED if came_out else JobState.QUEUED
            self._move(job, state, "answered", str(came_out))

    # -- for the one who looks

    def state(self, job: str) -> JobState:
        with self._changed:
            return self._jobs[job].state

    def attempts(self, job: str) -> int:
        with self._changed:
            return self._jobs[job].attempts

    def wait(self, so: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        with self._changed:
            if not self._changed.wait_for(so, seconds):
                raise TimeoutError(f"it only came to: {', '.join(self.told[-12:])}")

    def wait_state(self, job: str, *states: JobState) -> None:
        self.wait(lambda: self._jobs[job].state in states)

    def wait_needs(self, needs: str) -> None:
        self.wait(lambda: self.needs == needs)

    def wait_told(self, what: str) -> None:
        self.wait(lambda: any(line.startswith(what) for line in self.told))

    def _outcome(
        self, job: str, before: tuple[JobState, ...], after: JobState, *words: str
    ) -> None:
        with self._changed:
            if self._jobs[job].state in before:
                self._move(job, after, *words)

    def _move(self, job: str, state: JobState, word: str, *why: str) -> None:
        self._jobs[job] = msgspec.structs.replace(self._jobs[job], state=state)
        self.told.append(" ".join((word, job, *why)))
        self._changed.notify_all()
