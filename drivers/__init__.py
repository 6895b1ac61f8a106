"""The things on the bench. Nothing in here knows what an order is.

Folders that only decide — `scanners`, `scales`, `label_printers`, `receipt_printers` — turn bytes
into values or values into bytes and never wait. `transports` is the only one that waits.
`simulate` is the other end of the wire: devices that exist in software, for people who try the
bench without hardware and for tests.

A device is composed at the bench: a transport (the wire) and a reader or a language (what the
bytes mean). There is no base class for all devices, on purpose.
"""
