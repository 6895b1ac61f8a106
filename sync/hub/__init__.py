"""The central sync service: the order book, the feed to benches, the rounds to the outside.

`answers` says what a request is answered and knows no socket and no clock, `app` frames that for
HTTP and waits where news may come, `server` listens; `rounds` goes round the channels and carriers
by itself. Both call the same steps: `pull` (a channel's news), `allot` (work for benches), `labels`
(what carriers sell) and `confirm` (what marketplaces are told). What decides in them is pure and
stands apart: `news`, and the `decide` functions. Every change of an order goes through
`book.record`: facts, applied and journaled in one transaction with the feeds they move. `http`
alone holds sockets to the outside, `engine` alone knows which database it is. Lock order
everywhere: bench (as a device), orders ascending, benches (their feeds) ascending.
"""
