"""A simulated Amazon Selling Partner API: one seller's account that keeps books.

`sold` is an order and what may happen to it, `place` how one comes to be, `book` all of them;
`search`, `confirmation` and `tokens` read what is asked, `wire` writes what is answered, `routes`
is the only file that speaks HTTP. What is simulated: Login with Amazon, searchOrders and getOrder
of the Orders API 2026-01-01, confirmShipment of v0. Facts it is strict about, because clients
get them wrong: a Before younger than two minutes, a package reference that is no string of
digits, a second reference for a fulfilled order, tokens that end, buckets that are empty.
"""
