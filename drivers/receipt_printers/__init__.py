"""Receipt printers: one module a language, which draws a label on a paper roll.

`escpos` draws (through `builder`, which is python-escpos held at arm's length), `status` reads
what the printer says of itself. Bytes travel by `drivers.transports`, as everybody's do.
"""

LANGUAGES = ("escpos",)
"""What a receipt printer may speak."""
