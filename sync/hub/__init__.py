"""The central sync service: the order book, the feed to benches, the rounds to the outside.

`answers` says what a request is answered and knows no socket and no clock, `app` frames that for
HTTP and waits where news may come, `server` listens, over a `wire` with an end to its patience and
the certificate of `tls`; `benches` knows who asks, `quotas` how often one may. A batch of entries
goes through `entries`: `joint` says whether it joins the journal, `captured` when each happened,
`verdicts` what it is worth, `taking` writes what came of it, `reconsider` judges the rest later.
`feed` is what benches read, `bell` wakes those who wait for it.

`rounds` goes round the channels and carriers by itself. Rounds and commands call the same steps:
`pull` (a channel's news), `allot` (work for benches), `labels` (what carriers sell) and `confirm`
(what marketplaces are told); what is done outside is begun by `hands` as durable work (`durable`
alone knows DBOS). A person moves work by `giveback` and `takeover`. `process` knows which hubs
live and frees the work of one that does not.

What decides is pure and stands apart: `news`, `work`, `ahead`, `joint`, `verdicts`, `captured`, and
the `decide` functions. Every change of an order goes through `book.record`: facts, applied and
journaled in one transaction with the feeds they move. `http` alone holds sockets to the outside.
Lock order everywhere: bench (as a device), orders ascending, benches (their feeds) ascending.

`place` says where books may lie, `room` whether their disk is full, `engine` alone knows which
database it is, `setup` makes it fit by `migrations`; `backup`, `stream` and `restore` copy the
books and put them back, by programs that `tools` finds. After a restore benches tell what was lost
before anything new is given out; `unheard` says what waits for them.
"""
