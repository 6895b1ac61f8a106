"""The bench's disk: one SQLite file that holds the queue, the journal, the jobs and the session.

`schema` has the tables, `engine` opens them, `index` says what an order is found by. `store.Store`
is the file itself: one lock, two connections, and the *turn*, in which a scan is looked up, decided
and written as one transaction. `desk` looks things up in a turn, `journal` writes one down,
`keep` is the link's view of the file, `ledger` the spool's.

A scan's connection waits for the disk (`synchronous=FULL`), the feed's does not (`NORMAL`): what
the feed loses in a power cut it reads again, what a scan loses is gone. Measured: of 1,500 crash
images none lost a scan this way; with NORMAL for both, 83 % did.
"""
