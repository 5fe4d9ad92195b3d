"""What changed between two versions: coefficients, schema, data, metrics, and what an audit found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...findings import Finding
from ..artifact import Model
from ..spelling import spelled, spelled_list
from .gate import Audit
from .version import Version

__all__ = ["Difference", "difference"]

Pair = tuple[Any, Any]

WHOLE = "(table)"


@dataclass(frozen=True)
class Difference:
    """Two versions side by side; in each pair the old one stands first, and None is what one of them does not have.

    Parameters
    ----------
    old, new : Version
    coefficients : dict of str to pair of float
        By feature, the intercept under ``(intercept)``; in units of y per unit.
    schema : tuple of str
        One line for each column that came, went or changed.
    fit : dict of str to pair
        Class, loss, penalty and status.
    data : dict of str to pair
        ``hash`` and ``rows`` of the training rows.
    metrics : dict of str to pair
        What was measured on rows held out.
    findings : dict of str to tuple of Finding, optional
        ``new``, ``gone`` and ``kept``; None where one of the two was not audited.
    """

    old: Version
    new: Version
    coefficients: dict[str, Pair]
    schema: tuple[str, ...]
    fit: dict[str, Pair]
    data: dict[str, Pair]
    metrics: dict[str, Pair]
    findings: dict[str, tuple[Finding, ...]] | None

    @property
    def same(self) -> bool:
        """Is it one file?"""
        return self.old.sha256 == self.new.sha256

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        pairs = {
            part: {name: dict(zip(("old", "new"), pair, strict=True)) for name, pair in getattr(self, part).items()}
            for part in ("coefficients", "fit", "data", "metrics")
        }
        found = {key: [one.to_dict() for one in group] for key, group in (self.findings or {}).items()} or None
        return {"old": self.old.to_dict(), "new": self.new.to_dict(), "same": self.same, **pairs,
                "schema": list(self.schema), "findings": found}  # fmt: skip


def difference(old: tuple[Version, Model, Audit | None], new: tuple[Version, Model, Audit | None]) -> Difference:
    """Hold two versions against each other.

    Parameters
    ----------
    old, new : tuple of Version, Model and Audit
    """
    (first, before, audit_before), (second, after, audit_after) = old, new
    fit, data, metrics = ([part(model) for model in (before, after)] for part in (_fit, _data, _metrics))
    return Difference(
        first, second, _pairs(_coefficients(before), _coefficients(after)), tuple(_schema_lines(before, after)),
        _pairs(*fit), _pairs(*data), _pairs(*metrics), _findings(audit_before, audit_after),
    )  # fmt: skip


def _fit(model: Model) -> dict[str, Any]:
    line = model.line
    return {"kind": model.kind, "loss": str(line.loss), "reg_lambda": line.reg_lambda, "alpha": line.alpha,
            "status": model.training.get("status")}  # fmt: skip


def _data(model: Model) -> dict[str, Any]:
    return {} if model.data is None else {"hash": model.data.hash, "rows": model.data.rows}


def _metrics(model: Model) -> dict[str, Any]:
    return dict(model.training.get("metrics") or {})


def _pairs(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Pair]:
    return {name: (old.get(name), new.get(name)) for name in dict.fromkeys([*old, *new])}


def _coefficients(model: Model) -> dict[str, float]:
    names = model.feature_names or (None if model.schema is None else model.schema.feature_names)
    names = names or tuple(f"X[:, {j}]" for j in range(len(model.coef_)))
    return {"(intercept)": model.intercept_, **dict(zip(names, model.coef_.tolist(), strict=True))}


def _schema_lines(before: Model, after: Model) -> list[str]:
    """``age: high 79.8 -> 80``, and columns that came or went."""
    old, new = (_columns(model) for model in (before, after))
    whole: list[str] = []
    if (before.schema is None) != (after.schema is None):  # of one side no more than names can be known
        whole = [f"{'gone' if after.schema is None else 'new'}, with its ranges, levels and policies"]
        old, new = _names_alone(old), _names_alone(new)
    lines = whole + [f"{spelled(name)}: gone" for name in old if name not in new]
    for name, fields in new.items():
        if name not in old:
            lines.append(f"{spelled(name)}: new ({fields['kind']})" if "kind" in fields else f"{spelled(name)}: new")
            continue
        changes = [_change(key, was, now) for key, (was, now) in _pairs(old[name], fields).items() if was != now]
        lines += [f"{spelled(name)}: {', '.join(changes)}"] if changes else []
    return lines


def _change(key: str, was: Any, now: Any) -> str:
    """``high 79.8 -> 80``; of lists only what came or went."""
    if not (isinstance(was, tuple) and isinstance(now, tuple)):
        return f"{key} {_short(was)} -> {_short(now)}"
    moved = (("gone", set(was) - set(now)), ("new", set(now) - set(was)))
    return f"{key} {', '.join(f'{word} {spelled_list(sorted(names))}' for word, names in moved if names)}"


def _columns(model: Model) -> dict[str, dict[str, Any]]:
    """Fields by column; what concerns the whole table under a name that reads as such."""
    if model.schema is None:
        return {name: {} for name in model.feature_names or ()}
    values = model.schema.to_dict()
    columns = {str(column["name"]): {**column, "levels": tuple(column["levels"])} for column in values.pop("columns")}
    return {**columns, WHOLE: {**values, "dropped": tuple(values["dropped"])}}


def _names_alone(columns: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: {} for name in columns if name != WHOLE}


def _short(value: Any) -> str:
    return f"{value:.8g}" if isinstance(value, float) else spelled(str(value))


def _findings(old: Audit | None, new: Audit | None) -> dict[str, tuple[Finding, ...]] | None:
    if old is None or new is None:
        return None
    before, after = ({one.fingerprint for one in audit.findings} for audit in (old, new))
    return {
        "new": tuple(one for one in new.findings if one.fingerprint not in before),
        "gone": tuple(one for one in old.findings if one.fingerprint not in after),
        "kept": tuple(one for one in new.findings if one.fingerprint in before),
    }
