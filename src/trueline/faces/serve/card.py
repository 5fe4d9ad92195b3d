"""What a caller may know about the model: never its coefficients where answers are rounded to protect them."""

from __future__ import annotations

from typing import Any

from ...rows.columns import Column
from .service import Named
from .settings import Settings

__all__ = ["card_of"]


def card_of(served: Named, settings: Settings) -> dict[str, Any]:
    """Name, origin, training record, columns and, where answers are exact, coefficients, as JSON has them.

    Parameters
    ----------
    served : Named
    settings : Settings
    """
    model, schema = served.model, served.schema
    exact = settings.round is None
    coefficients = [{"feature": name, "value": float(value)}
                    for name, value in zip(schema.feature_names, model.coef_, strict=True)]  # fmt: skip
    return {
        "name": served.name, "version": served.version, "kind": model.kind, "target": schema.target,
        "sha256": model.sha256, "checked": model.checked,
        "rounded_to": settings.round, "max_rows": settings.max_rows, "max_body": settings.max_body,
        "training": _simple(model.training), "rows": None if model.data is None else model.data.rows,
        "coefficients": coefficients if exact else None, "intercept": float(model.intercept_) if exact else None,
        "extra": schema.extra, "columns": [_column(column) for column in schema.columns],
    }  # fmt: skip


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name, "kind": column.kind, "levels": list(column.levels), "low": column.low,
        "high": column.high, "policy": getattr(column, column.policy_name),
    }  # fmt: skip


def _simple(record: dict[str, Any]) -> dict[str, Any]:
    """Numbers and words; the rest of a training record is for files."""
    flat = {**record, **{f"held-out {name}": value for name, value in (record.get("metrics") or {}).items()}}
    return {name: value for name, value in flat.items() if isinstance(value, str | int | float)}
