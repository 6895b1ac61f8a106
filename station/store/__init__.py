"""The bench's disk: one SQLite file that holds the queue, the journal, the jobs and the session.

`schema` has the tables, `engine` opens them, `index` says what an order is found by. `store.Store`
is the file itself: one lock, two connections, and the *turn*, in which a scan is looked up, decided
and written as one transaction. `desk` looks things up in a turn, `queue` what waits,
`journal` writes down what happened; `keep` is the link's view of the file, `intake` what a page of
the feed writes, `ledger` the spool's view. What every scan runs is a `statement`,
told to the driver itself; everything else is SQLAlchemy Core.

What the hub decides about work that was done here is compared in `notices` and kept until a packer
has acknowledged it; `lease` has until when the bench may begin on what it has, `heard` how long ago
the hub answered.

`opening` makes a file fit for this version, by `migrations` where it is older. A damaged one is
moved aside: `pages` reads what SQLite cannot reach any more, `salvage` says what of it is true,
`rescue` writes it into a new file. `compaction` forgets what is old, `upkeep` when nobody packs.
What can go wrong, and whose fault it is, is in `errors`.

A scan's connection waits for the disk (`synchronous=FULL`), the feed's does not (`NORMAL`): what
the feed loses in a power cut it reads again, what a scan loses is gone. Measured: of 1,500 crash
images none lost a scan this way; with NORMAL for both, 83 % did.
"""
