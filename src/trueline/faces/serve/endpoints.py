"""What each path answers."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ... import __version__
from .body import check_type, read_body
from .call import Call, call_of
from .card import card_of
from .open_inference import infer_answer, model_metadata, tensor_columns
from .page import page
from .refusals import RefusedError
from .service import Service
from .strict_json import parse

__all__ = ["Endpoints"]

METRICS = "text/plain; version=0.0.4; charset=utf-8"


class Endpoints:
    """The answers of one service.

    Parameters
    ----------
    service : Service
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self._started = time.time()
        self._card = card_of(service.served, service.settings)
        self._page, self._policy = page()

    async def predict(self, request: Request) -> Response:
        """``POST /predict``: rows or columns to predictions."""
        call = call_of(request)
        taken = self.service.reader.read(parse(await self._body(request, call)))
        answer = self.service.answer(taken)
        call.rows = len(taken.X)
        return Response(answer, media_type="application/json")

    async def infer(self, request: Request) -> Response:
        """``POST /v2/models/{name}/infer``: tensors to a tensor."""
        call, service = call_of(request), self.service
        columns, id_ = tensor_columns(parse(await self._body(request, call)), service.served.schema.columns)
        taken = service.reader.read_columns(columns)
        values = service.predict(taken)
        call.rows = len(values)
        return Response(infer_answer(service.served, values, taken, id_), media_type="application/json")

    async def live(self, request: Request) -> Response:
        """``/v2/health/live``: the process answers."""
        return JSONResponse({"live": True})

    async def ready(self, request: Request) -> Response:
        """``/v2/health/ready``: send requests here."""
        if self.service.draining:
            raise RefusedError("busy", "the server is about to stop")
        return JSONResponse({"ready": True})

    async def server(self, request: Request) -> Response:
        """``/v2``: what runs here."""
        return JSONResponse({"name": "trueline", "version": __version__, "extensions": []})

    async def model(self, request: Request) -> Response:
        """``/v2/models/{name}``: its inputs and its output."""
        return JSONResponse(model_metadata(self.service.served))

    async def model_ready(self, request: Request) -> Response:
        """``/v2/models/{name}/ready``: the same as the server's, since there is one model."""
        if self.service.draining:
            raise RefusedError("busy", "the server is about to stop")
        return JSONResponse({"name": self.service.served.name, "ready": True})

    async def card(self, request: Request) -> Response:
        """``/card``: what is known about the model, for the page."""
        return JSONResponse(self._card)

    async def page(self, request: Request) -> Response:
        """``/``: the same page for every model; it asks for the card, with the key that it is given."""
        return Response(self._page, media_type="text/html", headers={"Content-Security-Policy": self._policy})

    async def metrics(self, request: Request) -> Response:
        """``/metrics``: for Prometheus; drift is looked for at most every ten seconds, beside the requests."""
        await asyncio.to_thread(self.service.window.look, self.service.metrics)
        return Response(self.service.metrics.page(), media_type=METRICS)

    async def status(self, request: Request) -> Response:
        """``/status``: for whoever runs the server."""
        service = self.service
        ring = None if service.keys is None else service.keys.ring()
        known: dict[str, Any] = {
            "model": service.served.label, "sha256": service.served.model.sha256,
            "checked": service.served.model.checked, "trueline": __version__,
            "uptime_seconds": round(time.time() - self._started, 3), "draining": service.draining,
            "settings": vars(service.settings),
            "keys": None if ring is None else ring.listed(),
        }  # fmt: skip
        return JSONResponse(known)

    async def _body(self, request: Request, call: Call) -> bytes:
        service = self.service
        check_type(call.headers)
        if service.reading >= service.settings.in_flight:
            raise RefusedError("busy", "too many requests at once", (), {"Retry-After": "1", "Connection": "close"})
        service.reading += 1
        try:
            return await read_body(request.receive, call.headers, service.settings)
        finally:
            service.reading -= 1
