"""The page on a port of this machine: its requests, and what keeps everything on the machine."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import math
import re
import socket
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from affectflow.errors import AffectflowError, UsageError
from affectflow.live.desk import Desk, disk_line
from affectflow.live.message import facts
from affectflow.live.pictures import LARGEST_BYTES

logger = logging.getLogger("affectflow")

TIDY_EVERY_S = 2.0
LATEST_S = 1e9
CLIENT = re.compile(r"[A-Za-z0-9-]{8,64}")
# The browser itself refuses to load anything from, or send anything to, another place than this server.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


# What may be sent here. Gradio's own functions take paths and addresses, which it reads and fetches by itself before
# anybody else is asked: none of them is used, and none is reached.
TAKES = "/live/"
TAKES_UPLOADS = "/gradio_api/upload"


class KeptHere:
    """ASGI middleware that puts `POLICY` on every answer, answers no other site's page, and takes no other requests."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get(b"origin")
        if origin is not None and origin.partition("://")[2] != headers.get(b"host"):
            await JSONResponse({"error": "asked by another site's page"}, 403)(scope, receive, send)
            return
        path: str = scope["path"]
        asks = scope["method"] in {"GET", "HEAD"}
        if not asks and not path.startswith(TAKES) and path != TAKES_UPLOADS:
            await JSONResponse({"error": "nothing of this page is sent there"}, 403)(scope, receive, send)
            return

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(b"content-security-policy", POLICY.encode()), (b"referrer-policy", b"no-referrer")]
                message = {**message, "headers": [*message.get("headers", []), *own]}
            await send(message)

        await self._app(scope, receive, with_policy)


class Requests:
    """Runs the desk's work in one thread, one request after the other."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="desk")

    async def run(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return what the work returns."""
        call = partial(work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    async def do(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return what the work returns; a user's mistake becomes an answer with its line."""
        try:
            return await self.run(work, *args, **kwargs)
        except AffectflowError as error:
            raise HTTPException(409, str(error)) from None
        except OSError as error:
            line = disk_line(error)
            logger.error("%s", line)
            raise HTTPException(507, line) from None

    def close(self) -> None:
        """Finish what is being done, and end the desk."""
        self._thread.submit(self.desk.close).result()
        self._thread.shutdown()


def make_app(requests: Requests, *, hosts: list[str]) -> FastAPI:
    """Return the application: everything but the page itself.

    Parameters
    ----------
    requests
        Where work goes.
    hosts
        Names under which the server may be asked for; "*" = any.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tidying = asyncio.create_task(_tidy(requests))
        try:
            yield
        finally:
            tidying.cancel()
            await asyncio.to_thread(requests.close)

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(KeptHere)
    # A name that some other site's owner lets point to this machine is none of ours.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts)
    _add_routes(app, requests)
    return app


async def _tidy(requests: Requests) -> None:
    while True:
        await asyncio.sleep(TIDY_EVERY_S)
        # Whatever one window's work ends in, the next one's must be tidied too.
        try:
            await requests.run(requests.desk.tidy)
        except Exception as error:
            logger.exception("%s: %s", type(error).__name__, error)


def _add_routes(app: FastAPI, requests: Requests) -> None:
    desk, fixed = requests.desk, facts()

    @app.get("/live/facts")
    async def tell_facts() -> Any:
        return fixed

    @app.post("/live/start")
    async def start(request: Request) -> Any:
        return await requests.do(desk.start, _client(request))

    @app.post("/live/open")
    async def open_file(request: Request) -> Any:
        return await requests.do(desk.open, _client(request), request.query_params.get("path", ""))

    @app.post("/live/frame")
    async def frame(request: Request) -> Any:
        return await requests.do(desk.frame, _client(request), await _body(request), _time(request))

    @app.post("/live/file")
    async def next_of_file(request: Request) -> Any:
        return await requests.do(desk.next_of_file, _client(request))

    @app.post("/live/neutral")
    async def neutral(request: Request) -> Any:
        wanted = request.query_params.get("wanted") != "false"
        return await requests.do(desk.neutral, _client(request), wanted=wanted)

    @app.post("/live/record")
    async def record(request: Request) -> Any:
        return await requests.do(desk.record, _client(request), request.query_params.get("name", ""))

    @app.post("/live/stop")
    async def stop_recording(request: Request) -> Any:
        return await requests.do(desk.stop_recording, _client(request))

    @app.post("/live/leave")
    async def leave(request: Request) -> Any:
        await requests.do(desk.leave, _client(request))
        return {}


def _client(request: Request) -> str:
    """Return the window's word for itself."""
    client = request.query_params.get("client", "")
    if not CLIENT.fullmatch(client):
        raise HTTPException(400, "no client")
    return client


def _time(request: Request) -> float:
    try:
        time_s = float(request.query_params["time_s"])
    except (KeyError, ValueError):
        time_s = math.nan
    # Beyond it a camera's clock has no microseconds that a table could hold.
    if not (math.isfinite(time_s) and abs(time_s) <= LATEST_S):
        raise HTTPException(400, "no time_s: seconds are wanted, at most 1e9 from 0")
    return time_s


async def _body(request: Request) -> bytes:
    """Return the body, or refuse it before it has grown too large."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_BYTES:
            raise HTTPException(413, "picture too large")
        parts.append(part)
    return b"".join(parts)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a server that listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def open_port(host: str, port: int) -> socket.socket:
    """Return a socket that is bound; port 0 takes any free one.

    Raises
    ------
    UsageError
        If the port is taken, or there is no such address here.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UsageError(f"--host {host}: is no address of this machine ({error.strerror}).") from None
    try:
        # A port whose last connections are still dying may be taken again.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        # Only a port on which somebody listens is taken: say so now, not when the first browser comes.
        bound.listen(128)
    except OSError as error:
        bound.close()
        raise UsageError(
            f"port {port} of {host} cannot be used ({error.strerror}). Choose another: affectflow live --port {port + 1}"
        ) from None
    return bound
