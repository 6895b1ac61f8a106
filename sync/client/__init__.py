"""The bench's end of the link.

`replica` says what an order is now: what the hub last said, with what happened here since; `wish`
what the bench answers when the hub wants work back. They decide and do no I/O. What is asked next,
and what an answer means, is decided by `sync.protocol.bench_end`, which the simulation runs as
well; `link` carries it out with three threads, over a `wire` each (the one place that knows httpx),
on the store that `keep` names. `hubs` says which of the hub's processes is asked. `signer` signs
each request with the bench's own key, `enrolment` gets a bench its place, from the hub that
`pinned` believes; `unreached` says why one was not reached. `boot` has the clock that never jumps.
A scan never waits for any of them.
"""
