"""What bench and hub say to each other, versioned.

Two one-way logs. Down: a feed per bench, one row a shipment, so that the snapshot is the feed
from 0; its cursor is "<hub epoch>.<seq>". Up: each bench's entries, dense from 1 and chained by
hash, acknowledged cumulatively. The two never write the same thing, so nothing is merged.

`messages` has the shapes, `cursor` the position in a feed, `chain` the hash that makes a lost or
a changed entry visible, `digest` the sum that makes a lost row visible, `signing` the words by
which a bench says who it is. `bench_end` is the bench's end as a machine without I/O, and `lanes`
what goes into it and comes out: the product and the simulation both run it. `sync.hub` and
`sync.client` speak in these and in nothing else.
"""

VERSION = 1
"""Sent with every request; the hub takes entries of any version and feeds its own."""
OLDEST_FED = 1
"""The oldest version that a hub still feeds: its own and the one before it."""
VERSION_HEADER = "Packbench-Version"
