"""The control panel of the simulation: its books, its faults, and the hand of fate.

GET    /simulate/books                       every service's books, by its name
GET    /simulate/faults                      what is armed, what has struck
POST   /simulate/faults                      arm one: {"name": …, "probability", "times", "on"}
DELETE /simulate/faults?name=                disarm that one, or all
POST   /simulate/place?n=1&kind=&market=     place orders: {"orders": [ids]}
POST   /simulate/orders/{id}/{verb}          cancel | request_cancel | address | pay
GET    /simulate/goods                       the catalogue; as CSV with ?format=csv
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sync.simulate import goods
from sync.simulate.faults import Fault
from sync.simulate.service import Marketplace, Service


def app(services: Sequence[Service], markets: Sequence[Marketplace] = ()) -> Starlette:
    """Make one app of services and their control panel."""
    panel = _Panel(services, markets)
    routes = [route for service in services for route in service.routes()]
    return Starlette(
        routes=[
            *routes,
            Route("/simulate/books", panel.books, methods=["GET"]),
            Route("/simulate/faults", panel.faults, methods=["GET", "POST", "DELETE"]),
            Route("/simulate/place", panel.place, methods=["POST"]),
            Route("/simulate/orders/{order}/{verb}", panel.act, methods=["POST"]),
            Route("/simulate/goods", panel.goods, methods=["GET"]),
        ]
    )


class _Panel:
    def __init__(self, services: Sequence[Service], markets: Sequence[Marketplace]) -> None:
        self._services = services
        self._markets = markets

    async def books(self, request: Request) -> Response:
        return _json({service.name: service.books() for service in self._services})

    async def faults(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                fault = msgspec.json.decode(await request.body(), type=Fault)
            except msgspec.DecodeError as wrong:
                return _json({"error": str(wrong)}, 400)
            for service in self._services:
                service.faults.arm(fault)
        elif request.method == "DELETE":
            for service in self._services:
                service.faults.disarm(request.query_params.get("name", ""))
        return _json(
            {
                service.name: {"armed": service.faults.armed, "struck": service.faults.struck}
                for service in self._services
            }
        )

    async def place(self, request: Request) -> Response:
        asked = request.query_params
        number = asked.get("n", "1")
        if not (number.isascii() and number.isdigit() and len(number) < 7):
            return _json({"error": f"n={number} is no number of orders"}, 400)
        wanted = asked.get("market", "")
        market = next((one for one in self._markets if wanted in ("", one.name)), None)
        if market is None:
            return _json({"error": f"no marketplace is called {wanted}"}, 404)
        try:
            return _json({"orders": market.place(int(number), asked.get("kind", ""))})
        except ValueError as wrong:
            return _json({"error": str(wrong)}, 400)

    async def act(self, request: Request) -> Response:
        order, verb = request.path_params["order"], request.path_params["verb"]
        for market in self._markets:
            try:
                why_not = market.act(order, verb)
            except KeyError:
                continue
            except ValueError as wrong:
                return _json({"error": str(wrong)}, 400)
            return _json({"order": order, "done": why_not is None, "why": why_not or ""})
        return _json({"error": f"no marketplace has an order {order}"}, 404)

    async def goods(self, request: Request) -> Response:
        if request.query_params.get("format") == "csv":
            return Response(goods.master_data(), media_type="text/csv")
        return _json({"goods": goods.catalogue()})


def _json(said: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(said), status, media_type="application/json")
