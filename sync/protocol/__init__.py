"""What bench and hub say to each other, versioned.

Two one-way logs. Down: a feed per bench, one row a shipment, so that the snapshot is the feed
from 0; its cursor is "<hub epoch>.<seq>". Up: each bench's entries, dense from 1 and chained by
hash, acknowledged cumulatively. The two never write the same thing, so nothing is merged.

`messages` has the shapes, `reading` how a page is read that was written by a newer version,
`cursor` the position in a feed, `chain` the hash that makes a lost or a changed entry visible,
`digest` the sum that makes a lost row visible, `signing` the words by which a bench says who it is,
`whole` the digest by which a damaged answer is known. `bench_end` is the bench's end as a machine
without I/O, and `lanes` what goes into it and comes out: the product and the simulation both run
it. `sync.hub` and `sync.client` speak in these and in nothing else.
"""

VERSION = 1
"""Sent with every request; entries are taken of any version, feeds are read from OLDEST_FED on."""
OLDEST_FED = 1
"""The oldest version that a hub still feeds; an older bench is asked to update, and may upload."""
VERSION_HEADER = "Packbench-Version"
