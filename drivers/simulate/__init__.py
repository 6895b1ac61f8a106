"""The other end of the wire: a label printer, a receipt printer, a scanner and a scale in software.

Product features: people try the bench without hardware and train packers with these; tests use
them in this process. They answer as the manuals say and share no code with our own readers, so
that a mistake in one is not hidden by the same mistake in the other.

    cli             the command `packbench device simulate`
    label_printer   the printer as a whole: server (the port and its faults), paper (queue, roll,
                    counter), book (what came out), and a personality: zpl, tspl, escpos
    scanner, scale  devices on a terminal, a pseudo-tty under a stable name; each has its FAULTS
    control         words in, JSON out: load media, fire a code, put a parcel on the pan
"""
