"""A simulated carrier, Simpost: it sells labels as ZPL and PDF, and keeps books.

`tariff` is what it offers and at what price, `tracking` its numbers, `paper` the label it sends
back, `book` what it sold, `description` its OpenAPI document, `routes` the only file that speaks
HTTP. A purchase bears an Idempotency-Key: the same key is the same label, whatever happened to
the first answer. What it is strict about: an address that nobody could deliver to, a weight
beyond the service, a label that is given back after its parcel was handed over.
"""
