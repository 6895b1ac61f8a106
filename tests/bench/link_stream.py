"""The floor of being fed: bytes through a stream of a bare ASGI service, and nothing else.

    python -m tests.bench.link_stream serve
    python -m tests.bench.link_stream hear URL COUNT

The service sends what is posted for a listener down the listener's stream, after the moment at
which it did so. Listeners tell, when a number comes in and so many messages have come, how many
seconds each took.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import threading
import time
from collections.abc import AsyncIterator

import httpx
import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

ALL_SECONDS = 20.0
_HEAD = struct.Struct(">Id")
"""Before each message: how long it is, and when it was sent."""


def serve() -> None:
    """Serve, saying where."""
    listeners: dict[str, asyncio.Queue[bytes]] = {}

    async def hear(request: Request) -> Response:
        mine = listeners[request.path_params["name"]] = asyncio.Queue()

        async def messages() -> AsyncIterator[bytes]:
            yield _HEAD.pack(0, 0.0)  # so that the listener knows that it listens
            while True:
                said = await mine.get()
                yield _HEAD.pack(len(said), time.time()) + said

        return StreamingResponse(messages(), media_type="application/octet-stream")

    async def tell(request: Request) -> Response:
        listeners[request.path_params["name"]].put_nowait(await request.body())
        return Response()

    routes = [Route("/{name}", hear), Route("/{name}", tell, methods=["POST"])]
    listening = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"http://127.0.0.1:{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(Starlette(routes=routes), log_level="warning")
    uvicorn.Server(config).run(sockets=[listening])


def hear(url: str, count: str) -> None:
    """Listen as so many."""
    took: list[float] = []
    came = threading.Semaphore(0)

    def listen(name: int) -> None:
        with httpx.stream("GET", f"{url}/{name}", timeout=None) as response:
            kept = b""
            for part in response.iter_raw():
                kept += part
                while len(kept) >= _HEAD.size:
                    size, at = _HEAD.unpack_from(kept)
                    if len(kept) < _HEAD.size + size:
                        break
                    kept = kept[_HEAD.size + size :]
                    if size:
                        took.append(time.time() - at)
                    came.release()

    for name in range(int(count)):
        threading.Thread(target=listen, args=(name,), daemon=True).start()
    for _ in range(int(count)):
        came.acquire()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for _ in range(int(sys.stdin.readline())):
        came.acquire(timeout=ALL_SECONDS)
    sys.stdout.write(msgspec.json.encode(took).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    hear(*sys.argv[2:]) if sys.argv[1] == "hear" else serve()
