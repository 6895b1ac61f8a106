"""The bench's end of the link.

`replica` says what an order is now: what the hub last said, with what happened here since. It
decides and does no I/O. `keep` names what the link needs of the bench's store, and `link` is the
loop that talks to the hub. A scan never waits for any of them.
"""
