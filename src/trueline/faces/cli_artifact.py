"""The commands about one model file; heavy imports wait for a command."""

from __future__ import annotations

import typer

from . import options as flag
from . import options_artifact as own
from . import options_ship as ship_flag
from .screen import guarded

__all__ = ["add_artifact_commands"]


def add_artifact_commands(app: typer.Typer) -> None:
    """The commands about one model file."""
    schema_app = typer.Typer(no_args_is_help=True, help="What a model says of its columns, and how strict it is.")
    app.command(epilog="Example: [bold]trueline show model.json[/bold]")(show)
    app.command(epilog="Example: [bold]trueline card model.json -o card.md[/bold]")(card)
    app.command(epilog="Example: [bold]trueline export model.json -o model.onnx[/bold]")(export)
    app.command(epilog="Example: [bold]trueline keygen release[/bold]")(keygen)
    schema_app.command("show", epilog="Example: [bold]trueline schema show model.json[/bold]")(schema_show)
    strict = "trueline schema edit model.json --column rooms --out-of-range refuse"
    schema_app.command("edit", epilog=f"Example: [bold]{strict}[/bold]")(schema_edit)
    app.add_typer(schema_app, name="schema")


@guarded
def show(model: own.SealedModel, require_signed: ship_flag.RequireSigned = None, as_json: flag.Json = False) -> None:
    """What a model file is, and what it tells about the rows it was trained on."""
    from .showing import show_file

    show_file(model, require_signed, as_json)


@guarded
def card(model: own.SealedModel, require_signed: ship_flag.RequireSigned = None, output: own.CardOutput = None) -> None:
    """A model card in Markdown; what only people know is left for them to fill in."""
    from .carding import card_file

    card_file(model, require_signed, output)


@guarded
def export(
    model: own.SealedModel, output: own.OnnxOutput, require_signed: ship_flag.RequireSigned = None,
    as_json: flag.Json = False,
) -> None:  # fmt: skip
    """The model as ONNX, in double precision, clipping included; its input is what the schema encodes."""
    from .exporting import export_file

    export_file(model, output, require_signed, as_json)


@guarded
def keygen(name: own.KeyName, as_json: flag.Json = False) -> None:
    """A new Ed25519 key pair to sign model files with.

    With TRUELINE_KEY_PASSPHRASE set the private key is encrypted. A key is never overwritten.
    """
    from .signing import keygen_files

    keygen_files(name, as_json)


@guarded
def schema_show(
    model: own.SealedModel, require_signed: ship_flag.RequireSigned = None, as_json: flag.Json = False
) -> None:
    """The columns of a model: kind, range or levels, and what prediction does beyond them."""
    from .schema_editing import show_schema

    show_schema(model, require_signed, as_json)


@guarded
def schema_edit(
    model: own.SealedModel, column: own.PolicyColumns = None, out_of_range: own.OutOfRange = None,
    unknown_level: own.UnknownLevel = None, extra: own.Extra = None, output: flag.Output = None,
    require_signed: ship_flag.RequireSigned = None, sign_with: own.SignWith = None, as_json: flag.Json = False,
) -> None:  # fmt: skip
    """Change what prediction does beyond the schema, and seal the file again, in place or as -o says.

    A signature is one of the old file, so it is dropped unless --sign-with makes a new one.
    """
    from .schema_editing import SchemaEdit, edit_schema

    policies = {"out_of_range": out_of_range, "unknown_level": unknown_level, "extra": extra}
    edit_schema(SchemaEdit(model, tuple(column or ()), policies, output, require_signed, sign_with), as_json)
