"""`trueline serve` and `trueline apikey` on the command line; heavy imports wait for a command."""

from __future__ import annotations

import typer

from . import options as flag
from . import options_serve as serving
from . import options_ship as ship
from .screen import guarded

__all__ = ["add_serve_commands"]

keys = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", help="API keys for `trueline serve --keys`.",
                   epilog="Example: [bold]trueline apikey new --scopes predict --file keys.json[/bold]")  # fmt: skip


def add_serve_commands(app: typer.Typer) -> None:
    """Hang them into the one command line."""
    app.command(
        epilog="Example: [bold]trueline serve model.json --port 8000 --keys keys.json --rate 60/minute[/bold]"
    )(serve)  # fmt: skip
    app.add_typer(keys, name="apikey")


@guarded
def serve(
    model: serving.Served, port: serving.Port = 8000, host: serving.Host = "127.0.0.1", keys: serving.Keys = None,
    open_to_all: serving.OpenToAll = False, registry: ship.RegistryUri = None,
    require_signed: ship.RequireSigned = None, rate: serving.RateLimit = None, max_rows: serving.MaxRows = 10_000,
    max_body: serving.MaxBody = 2**20, timeout: serving.Timeout = 10.0, in_flight: serving.InFlight = 256,
    round_to: serving.Round = None, drift_window: serving.DriftWindow = 1000, drain: serving.Drain = 1.0,
) -> None:  # fmt: skip
    """Serve a model over HTTP: predictions that are checked on the way in, and say what was wrong.

    POST /predict takes {"rows": [{...}]} or {"columns": {...}}; /v2 is the Open Inference Protocol, /metrics speaks to
    Prometheus, / is a page to try it. One process, on this machine alone unless --host says otherwise. Every request
    is one JSON line on stdout; what was loaded and checked is said on stderr.
    """
    from .serving import ServeRequest, serve_model

    limits = {
        "rate": rate, "max_rows": max_rows, "max_body": max_body, "timeout": timeout, "in_flight": in_flight,
        "round": round_to, "drift_window": drift_window, "drain": drain,
    }  # fmt: skip
    serve_model(ServeRequest(model, host, port, keys, registry, require_signed, open_to_all, limits))


@keys.command(epilog="Example: [bold]trueline apikey new --scopes predict --expires 90d --file keys.json[/bold]")
@guarded
def new(
    file: serving.KeyFile, scopes: serving.Scopes = "predict", expires: serving.Expires = None,
    note: serving.Note = "", as_json: flag.Json = False,
) -> None:  # fmt: skip
    """Make a key, and print it this once; the file keeps its hash."""
    from .apikeys import make_key

    make_key(file, scopes, expires, note, as_json)


@keys.command("list", epilog="Example: [bold]trueline apikey list --file keys.json[/bold]")
@guarded
def list_(file: serving.KeyFile, as_json: flag.Json = False) -> None:
    """The keys of a file: id, scopes, expiry."""
    from .apikeys import list_keys

    list_keys(file, as_json)


@keys.command(epilog="Example: [bold]trueline apikey revoke 3f9ac01b77de --file keys.json[/bold]")
@guarded
def revoke(key: serving.KeyId, file: serving.KeyFile) -> None:
    """Take a key out; a running server refuses it within a second."""
    from .apikeys import revoke_key

    revoke_key(file, key)
