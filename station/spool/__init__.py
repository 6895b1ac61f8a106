"""The print spool: one label in flight at each printer, and none printed twice.

The store keeps the jobs (`ledger`: what it must offer); the spool has a thread for each printer
(`loop`) and a wire that it holds (`line`), with somebody at its end who must be the printer that
we know (`contact`, `probe`). What has become of a label (`flown`) is decided in `verdict`, which
does no I/O; `pace` says when to look, `lamp` tells people. A turn of the thread: read the ledger,
ask the printer, decide, write the ledger.

What bites, and is dealt with here and nowhere else:
- The journal comes before the first byte; whoever finds `sending` or `sent` there at start-up
  compares the printer's counter with `counter_before`.
- A label is sent again only when it is proven that it did not come out: no byte had left us, or
  the printer is in order, idle for a while, and its counter has not moved.
- While the wire that a label went over is up, only that wire is asked. Over a second one a printer
  that is merely slow looks idle, and the label would come out twice.
- After paper-out the printer prints the label again by itself (^JZ): wait, and send nothing.

The counter is read after each label and kept for the next, so that nothing but one commit lies
between the last piece and the first byte. That takes a printer that only this bench uses: where
the counter moves by itself, or station.toml says `shared`, the closing scan alone is evidence.

One label is in flight, and still a printer hardly stands still: `pace` learns how long a label
takes and looks when it should be out. The alternative, to send the next label but for its ^XZ
while the last one leaves, would need two jobs on record as begun, and a counter for both.
"""

from station.spool.lamp import OnLamp
from station.spool.ledger import Job, JobKind, JobState, Ledger
from station.spool.line import Printer
from station.spool.spool import Spool
from station.spool.verdict import NEEDS, Needs, Patience

__all__ = [
    "NEEDS",
    "Job",
    "JobKind",
    "JobState",
    "Ledger",
    "Needs",
    "OnLamp",
    "Patience",
    "Printer",
    "Spool",
]
