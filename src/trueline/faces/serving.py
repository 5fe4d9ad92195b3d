"""`trueline serve`: a model file, or a version of a registry, over HTTP."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ..errors import OptionError
from ..ship import load
from .loading import schema_of

if TYPE_CHECKING:
    from .serve.service import Named, Service
    from .serve.settings import Settings

__all__ = ["ServeRequest", "serve_model"]

NEEDED = ("fastapi", "uvicorn", "httptools", "prometheus_client", "limits")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class ServeRequest:
    """What the command line asked for; see `Settings` for the limits."""

    model: str
    host: str
    port: int
    keys: Path | None
    registry: str | None
    require_signed: Path | None
    open_to_all: bool
    limits: dict[str, float | int | str | None] = field(default_factory=dict)


def serve_model(request: ServeRequest) -> None:
    """Load, say what was loaded and where it is served, and serve until told to stop.

    Raises
    ------
    OptionError
        The packages are missing; another host than this machine's own without keys; no such model.
    ArtifactError
        The model file cannot be trusted.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise OptionError(f"serving needs {', '.join(missing)}", advice="pip install 'trueline[serve]'")
    if not _is_loopback(request.host) and request.keys is None and not request.open_to_all:
        raise OptionError(
            f"--host {request.host}: whoever reaches this machine could ask without a key, and learn the model from "
            "its answers", advice="Give --keys FILE (trueline apikey new makes keys), or --open-to-all to accept that",
        )  # fmt: skip
    from .serve.access_log import AccessLog
    from .serve.key_file import KeyFile
    from .serve.running import listen, run
    from .serve.service import Service
    from .serve.settings import Settings

    settings = Settings(**request.limits)  # type: ignore[arg-type]
    keys = None if request.keys is None else KeyFile(request.keys, _tell)
    hosts = LOOPBACK if keys is None and _is_loopback(request.host) else None
    service = Service(_load(request), settings, keys, AccessLog(sys.stdout), hosts)
    with listen(request.host, request.port) as door:
        _say_what(service, request, *door.getsockname()[:2])
        run(service, door)
    _tell("stopped: every request that was taken has been answered")


def _load(request: ServeRequest) -> Named:
    """A file where there is one of that name, otherwise NAME@VERSION of a registry."""
    from .serve.service import Named

    path = Path(request.model)
    if "@" not in request.model or path.exists():
        model = load(path, require_signed=request.require_signed)
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-._")[:128] or "model"
        return Named(model, schema_of(model, path), stem)
    from ..ship import Registry

    version, model = Registry(request.registry).fetch(request.model, require_signed=request.require_signed)
    return Named(model, schema_of(model, Path(request.model)), version.name, str(version.version))


def _say_what(service: Service, request: ServeRequest, host: str, port: int) -> None:
    served, settings = service.served, service.settings
    address = f"[{host}]" if ":" in host else host
    _tell(f"{served.label}: {served.model.kind}, {len(served.schema.columns)} columns"
          + (f", predicts {served.schema.target}" if served.schema.target else ""))  # fmt: skip
    _tell(f"checked at load: {served.model.checked}"
          + (f" (SHA-256 {served.model.sha256})" if served.model.sha256 else ""))  # fmt: skip
    if service.keys is not None:
        _tell(f"API keys: required, {len(service.keys.ring())} in {service.keys.path}")
    else:
        _tell("API keys: none, everybody who can connect may ask")
    if service.keys is None and not _is_loopback(host):
        _tell("WARNING: this address is reachable from other machines. Whoever asks often enough knows the model; "
              "--keys, --rate and --round make that harder")  # fmt: skip
    _tell(f"limits: {_limits(settings)}")
    _tell(f"drift: /metrics looks at the last {settings.drift_window} rows" if service.window.watched else
          "drift: not watched" + ("" if settings.drift_window == 0 else
                                  ", since the model file does not remember its training rows"))  # fmt: skip
    _tell(f"one process; listening on http://{address}:{port} (Ctrl+C stops); requests are logged to stdout")


def _limits(settings: Settings) -> str:
    said = [f"{settings.max_rows} rows", f"{settings.max_body} bytes", f"{settings.timeout:g} s to send them"]
    said += [] if settings.rate is None else [f"{settings.rate} per caller"]
    decimals = f"{settings.round} decimal{'' if settings.round == 1 else 's'}"
    said += [] if settings.round is None else [f"answers rounded to {decimals}"]
    return ", ".join(said)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _tell(line: str) -> None:
    """To a person, beside the log."""
    typer.echo(line, err=True)
