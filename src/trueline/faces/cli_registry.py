"""The commands of the registry; heavy imports wait for a command."""

from __future__ import annotations

import typer

from . import options as flag
from . import options_ship as ship_flag
from .screen import guarded

__all__ = ["add_registry_commands"]


def add_registry_commands(app: typer.Typer) -> None:
    """Hang the commands below into the one command line."""
    for command, example in (
        (register, "trueline register model.json flats --audit audit.json"),
        (pull, "trueline pull flats@champion -o model.json"),
        (promote, "trueline promote flats@3"),
        (history, "trueline history flats"),
        (diff, "trueline diff flats@2 flats@3"),
    ):
        app.command(epilog=f"Example: [bold]{example}[/bold]")(command)


@guarded
def register(
    model: flag.ModelFile, name: ship_flag.ModelName, audit: ship_flag.AuditJson = None, suppress: flag.Suppress = None,
    expect_version: ship_flag.ExpectVersion = None, force: ship_flag.ForceReason = None,
    require_signed: ship_flag.RequireSigned = None, registry: ship_flag.RegistryUri = None, as_json: flag.Json = False,
) -> None:  # fmt: skip
    """Make a model file the newest version of a name.

    Refused (exit code 1): a fit that did not converge, an audit with a finding at or above high or one that could not
    be completed, an audit of another model. Exit code 2: a file that is damaged, or not signed by the key that
    --require-signed names. Exit code 3: the registry is locked or does not answer.
    """
    from .registering import RegisterRequest, register_file

    request = RegisterRequest(registry, model, name, audit, suppress, expect_version, force, require_signed)
    register_file(request, as_json)


@guarded
def pull(
    reference: ship_flag.VersionReference, output: ship_flag.PullOutput,
    require_signed: ship_flag.RequireSigned = None, registry: ship_flag.RegistryUri = None, as_json: flag.Json = False,
) -> None:  # fmt: skip
    """Fetch the file of a version, held against the hash that was registered.

    What is gone, damaged or another file is refused, and nothing is written.
    """
    from .registering import PullRequest, pull_version

    pull_version(PullRequest(registry, reference, output, require_signed), as_json)


@guarded
def promote(
    reference: ship_flag.VersionReference, alias: ship_flag.Alias = "champion",
    require_signed: ship_flag.RequireSignedFromNow = None, allow_unsigned: ship_flag.AllowUnsigned = False,
    registry: ship_flag.RegistryUri = None, as_json: flag.Json = False,
) -> None:  # fmt: skip
    """Let an alias, champion by default, mean this version from now on.

    With --require-signed the registry remembers the key: from then on nothing else can be promoted to this alias, or
    pulled by it. What its owner did not sign is refused with exit code 2, as a damaged file is.
    """
    from .registering import PromoteRequest, promote_version

    promote_version(PromoteRequest(registry, reference, alias, require_signed, allow_unsigned), as_json)


@guarded
def history(
    name: ship_flag.ModelName, registry: ship_flag.RegistryUri = None, as_json: flag.Json = False
) -> None:  # fmt: skip
    """Every version of a name, newest first."""
    from .registering import show_history

    show_history(registry, name, as_json)


@guarded
def diff(
    old: ship_flag.VersionReference, new: ship_flag.VersionReference, registry: ship_flag.RegistryUri = None,
    as_json: flag.Json = False,
) -> None:  # fmt: skip
    """What changed between two versions: coefficients, schema, data, metrics, audit findings."""
    from .registering import diff_versions

    diff_versions(registry, old, new, as_json)
