"""`trueline register | pull | promote | history | diff`: versions of models, for people and machines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..audit.report.visible import visible
from ..ship.registry.differences import Difference
from ..ship.registry.registry import Registry
from ..ship.registry.version import Version
from ..ship.spelling import spelled
from .loading import check_output
from .screen import print_json, say, table

__all__ = [
    "PromoteRequest", "PullRequest", "RegisterRequest", "diff_versions", "promote_version", "pull_version",
    "register_file", "show_history",
]  # fmt: skip

SHORT = 12  # hexadecimal digits of a hash that a person compares


@dataclass(frozen=True)
class RegisterRequest:
    """What was asked for, in the words of the flags."""

    registry: str | None
    model: Path
    name: str
    audit: Path | None
    suppress: Path | None
    expect_version: int | None
    force: str | None
    require_signed: Path | None


@dataclass(frozen=True)
class PullRequest:
    """What was asked for, in the words of the flags."""

    registry: str | None
    reference: str
    output: Path
    require_signed: Path | None


@dataclass(frozen=True)
class PromoteRequest:
    """What was asked for, in the words of the flags."""

    registry: str | None
    reference: str
    alias: str
    require_signed: Path | None
    allow_unsigned: bool


def register_file(request: RegisterRequest, as_json: bool) -> None:
    """Make a file the newest version of a name, and say which one that is."""
    registry = Registry(request.registry)
    made = registry.register(
        request.model, request.name, audit=request.audit, suppress=request.suppress,
        expect_version=request.expect_version, force=request.force or "", require_signed=request.require_signed,
    )  # fmt: skip
    if as_json:
        print_json(_version(registry, made))
        return
    say(f"{request.model} -> {made.reference}, sha256 {made.sha256[:SHORT]}")
    _say_facts(made)


def pull_version(request: PullRequest, as_json: bool) -> None:
    """Write the file of a version, once it is certain that it is the one that was registered."""
    check_output(request.output)
    registry = Registry(request.registry)
    found = registry.pull(request.reference, request.output, require_signed=request.require_signed)
    if as_json:
        print_json({**_version(registry, found), "saved": str(request.output)})
        return
    say(f"{found.reference} -> {request.output}, sha256 {found.sha256[:SHORT]} as registered on {_day(found)}")
    _say_facts(found)


def promote_version(request: PromoteRequest, as_json: bool) -> None:
    """Let an alias mean a version from now on."""
    registry = Registry(request.registry)
    found = registry.promote(request.reference, request.alias, require_signed=request.require_signed,
                             allow_unsigned=request.allow_unsigned)  # fmt: skip
    if as_json:
        print_json(_version(registry, found))
        return
    say(f"{found.name}@{request.alias} is {found.reference} now, sha256 {found.sha256[:SHORT]}")
    _say_facts(found)


def show_history(registry_uri: str | None, name: str, as_json: bool) -> None:
    """Every version of a name, newest first."""
    registry = Registry(registry_uri)
    versions = registry.history(name)
    if as_json:
        print_json({"registry": registry.place, "name": name, "versions": [one.to_dict() for one in versions]})
        return
    headings = (name, "registered (UTC)", "sha256", "RMSE", "audit", "signed by", "alias")
    rows = [(f"@{one.version}", _day(one), one.sha256[:SHORT], "-" if one.rmse is None else f"{one.rmse:.4g}",
             visible(one.audit or "-", 80), visible(one.signed_by or "-", 80), " ".join(one.aliases))
            for one in versions]  # fmt: skip
    table(rows, headings)
    for one in versions:
        if one.forced:
            say(f"  {one.reference} was forced: {visible(one.forced)}")


def diff_versions(registry_uri: str | None, old: str, new: str, as_json: bool) -> None:
    """What changed between two versions."""
    registry = Registry(registry_uri)
    found = registry.diff(old, new)
    if as_json:
        print_json({"registry": registry.place, **found.to_dict()})
        return
    say(f"{found.old.reference} ({_day(found.old)}) -> {found.new.reference} ({_day(found.new)})"
        + (": the same file" if found.same else ""))  # fmt: skip
    _say_numbers(found)
    _say_data(found)
    _say_findings(found)


def _version(registry: Registry, version: Version) -> dict[str, Any]:
    return {"registry": registry.place, **version.to_dict()}


def _say_facts(version: Version) -> None:
    facts = {"status": version.status, "audit": version.audit, "signed by key": version.signed_by,
             "forced": version.forced}  # fmt: skip
    if told := [f"{name} {value}" for name, value in facts.items() if value]:
        say(f"  {visible(' · '.join(told))}")


def _say_numbers(found: Difference) -> None:
    pairs = {**found.coefficients, **{f"held out: {name}": pair for name, pair in found.metrics.items()}}
    rows = [(spelled(name), _number(old), _number(new), _change(old, new)) for name, (old, new) in pairs.items()]
    say()
    table(rows, ("coefficient or metric", "old", "new", "change"))
    say()


def _say_data(found: Difference) -> None:
    old, new = found.data.get("hash", (None, None))
    if old is None or new is None:
        say("Data: not known which rows both were trained on.")
    else:
        before, after = found.data["rows"]
        say(f"Data: the same {after:,} rows." if old == new else f"Data: other rows, {before:,} -> {after:,}.")
    for name, (was, now) in found.fit.items():
        if was != now:
            say(f"Fit: {name} {_fact(was)} -> {_fact(now)}")
    for line in found.schema or ("the same",):
        say(f"Schema: {line}")


def _say_findings(found: Difference) -> None:
    if found.findings is None:
        without = [one.reference for one in (found.old, found.new) if not one.audit]
        say(f"Findings: not comparable, {' and '.join(without)} registered without an audit.")
        return
    for word in ("new", "gone"):
        for one in found.findings[word]:
            say(f"Finding {word}: [{one.severity}] {visible(one.title)} ({one.fingerprint})")
    say(f"Findings in both: {len(found.findings['kept'])}.")


def _day(version: Version) -> str:
    return version.created.strftime("%Y-%m-%d %H:%M")


def _fact(value: Any) -> str:
    return "-" if value is None else visible(str(value), 80)


def _number(value: Any) -> str:
    return "-" if value is None else f"{value:.8g}"


def _change(old: Any, new: Any) -> str:
    return "" if old is None or new is None or old == new else f"{new - old:+.3g}"
