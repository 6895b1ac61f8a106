"""What does the bench cost its packer? Figures, each beside its floor, measured in one run.

    python -m tests.bench [--full] [GROUP or NAME ...]

`figure` has the contract, `results` the table and the file, `terminal` the clock on a pty, `side`
the two apps that take turns, `full_store` the bench's file of 100,000 orders, `script` what is
scanned. A figure is a module with FIGURE, and a line here. Goals speak of ratios where they can;
seconds of a shared machine never fail a test.
"""

from tests.bench import (
    label_bytes,
    last_piece,
    link_cold,
    link_entries,
    link_feed,
    link_scan,
    link_torture,
    open_by_code,
    paper_limit,
    paper_once,
    paper_pdf,
    scan_to_frame,
    start,
)
from tests.bench.figure import Figure

FIGURES: tuple[Figure, ...] = (
    scan_to_frame.FIGURE,
    last_piece.FIGURE,
    start.FIGURE,
    open_by_code.FIGURE,
    paper_pdf.FIGURE,
    link_scan.FIGURE,
    link_entries.SQLITE,
    link_entries.POSTGRESQL,
    link_feed.SQLITE,
    link_feed.POSTGRESQL,
    link_cold.FIGURE,
    link_torture.FIGURE,
    paper_limit.FIGURE,
    paper_once.FIGURE,
    label_bytes.FIGURE,
)
