"""The simulated outside world: marketplaces and a carrier that keep books.

People try the software on it and train packers with it; the tests count on its books. It is
honest: it enforces the rules that the real services enforce (tokens, throttles, what may be
confirmed), it answers in their words, and it counts what it was told, so that "shipped twice"
can be looked up instead of believed. It knows nothing of our adapters and shares no code with
them: a misunderstanding must not cancel itself out.

- `goods`, `people`, `baskets` say what is ordered, by whom; `figures.json` what was measured.
- `amazon/`, `carrier/`: one folder a service. The book decides (pure: time and chance come in),
  the routes speak HTTP, `wire` writes the service's own JSON.
- `faults` and `buckets` are what goes wrong and how often one may ask; every service has them.
- `keep` lets a restart find the books again; `serve` holds the socket; `cli` starts it.

Nothing happens by itself: what time brings (a cancellation, a new order) is dated when the order
is placed and applied when somebody next asks. So a run is repeatable and there is no task to stop.
"""
