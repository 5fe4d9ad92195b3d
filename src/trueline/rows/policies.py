"""What prediction does with cells that training did not see: a policy per column, changed by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..errors import ColumnsError, Problem
from .columns import Column
from .stream import did_you_mean

__all__ = ["with_policies"]


def with_policies(
    columns: Sequence[Column], chosen: Sequence[str] | None, policies: Mapping[str, str]
) -> tuple[Column, ...]:
    """The columns, of which the chosen ones have these policies.

    Parameters
    ----------
    columns : sequence of Column
    chosen : sequence of str, optional
        By name; all that have such a policy by default.
    policies : mapping of str to str
        ``out_of_range`` for columns of numbers, ``unknown_level`` for categories.

    Raises
    ------
    ColumnsError
        No such column, or one without such a policy.
    OptionError
        No such policy.
    """
    if chosen is not None:
        names = [column.name for column in columns]
        problems = [Problem(f"no such column{did_you_mean(name, names)}", name) for name in chosen if name not in names]
        problems += [Problem(f"is {column.kind}, and has no policy {policy}", column.name)
                     for column in columns if column.name in chosen
                     for policy in policies if policy != column.policy_name]  # fmt: skip
        if problems:
            raise ColumnsError("policies", problems=problems, advice=f"The schema has {', '.join(names)}")
    return tuple(
        _changed(column, policies) if chosen is None or column.name in chosen else column for column in columns
    )


def _changed(column: Column, policies: Mapping[str, str]) -> Column:
    own: dict[str, Any] = {name: value for name, value in policies.items() if name == column.policy_name}
    return replace(column, **own)
