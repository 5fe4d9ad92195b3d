"""Calls to MLflow: without its messages, its telemetry and its patience, and with errors in our words."""

from __future__ import annotations

import importlib
import logging
import os
import random
import re
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from ...errors import OptionError, RegistryBusyError, RegistryError

__all__ = ["AbsentError", "ExistsError", "ask", "connect", "quiet"]

T = TypeVar("T")

# Retries are ours: MLflow's own take minutes to say that nobody answers, and may create a version twice.
ALWAYS = {
    "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}  # fmt: skip
LOGGERS = ("mlflow", "alembic")
BY_DEFAULT = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "30"}  # seconds
BUSY = ("database is locked", "database table is locked", "Giving up after")
DAMAGED = ("malformed", "not a database", "disk image")
SILENCE = ("Connection refused", "timed out", "Failed to resolve", "No route to host", "CERTIFICATE_VERIFY_FAILED")
RESTORE = "Restore a copy of it; the model files beside it are whole, and load by themselves"
SIGN_IN = "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
NO_ANSWER_TRIES = 3
LONGEST_PAUSE = 1.0  # seconds

_lock = threading.Lock()
_inside = 0
_before: dict[str, str | None] = {}
_levels: dict[str, int] = {}


class AbsentError(RegistryError):
    """MLflow knows nothing of this name; whoever asked says it better."""


class ExistsError(RegistryError):
    """MLflow has one of this name already."""


@contextmanager
def quiet() -> Iterator[None]:
    """Hold MLflow's settings still while calls run, in any number of threads; afterwards all is as it was."""
    global _inside
    with _lock:
        if _inside == 0:
            wanted = {**{key: os.environ.get(key, value) for key, value in BY_DEFAULT.items()}, **ALWAYS}
            _before.update({key: os.environ.get(key) for key in wanted})
            os.environ.update(wanted)
            for name in LOGGERS:
                _levels[name] = logging.getLogger(name).level
                logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                for key, value in _before.items():
                    os.environ.pop(key, None) if value is None else os.environ.update({key: value})
                for name, level in _levels.items():
                    logging.getLogger(name).setLevel(level)


def connect(uri: str) -> Any:
    """A client of the server or database at `uri`; MLflow takes two seconds to import, so it is imported here.

    Raises
    ------
    OptionError
        MLflow is not installed.
    """
    with quiet():
        if "mlflow" not in sys.modules:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _import("mlflow")
                if uri.startswith("sqlite:"):
                    _import("mlflow.store.tracking.sqlalchemy_store")
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _import(name: str) -> None:
    try:
        importlib.import_module(name)
    except ImportError as error:
        raise OptionError(f"a registry needs MLflow ({error})", advice="pip install 'trueline[registry]'") from None


def ask(place: str, call: Callable[[], T], patience: float, done: Callable[[], T | None] = lambda: None) -> T:
    """The answer of MLflow, waiting where the registry is busy.

    Parameters
    ----------
    place : str
        How messages name the registry.
    call : callable
    patience : float
        Seconds after which a busy registry is given up.
    done : callable, optional
        Asked before another try: what an earlier one did although it failed.

    Raises
    ------
    AbsentError, ExistsError
        What was named is not there, or is there already.
    RegistryBusyError
        Locked all the time, or no answer.
    RegistryError
        Anything else that MLflow says.
    """
    until, tries = time.monotonic() + patience, 0
    while True:
        tries += 1
        try:
            with quiet():
                return call()
        except Exception as error:
            told = _translated(place, error)
            silent = isinstance(told, _NoAnswerError) and tries >= NO_ANSWER_TRIES
            if not isinstance(told, RegistryBusyError) or silent or time.monotonic() > until:
                raise told from None
        time.sleep(min(LONGEST_PAUSE, 0.02 * 2**tries) * random.uniform(0.5, 1.0))  # so that two do not meet again
        with quiet():
            try:
                before = done()
            except Exception:  # still busy: the next try says so
                before = None
        if before is not None:
            return before


class _NoAnswerError(RegistryBusyError):
    """Nobody there, which is waited for less long than a lock."""


def _translated(place: str, error: Exception) -> Exception:
    """What MLflow, its database or its transport raised, as one of ours; anything else as it is."""
    whole = str(error)
    text = (whole.splitlines() or [type(error).__name__])[0][:300]
    origin = type(error).__module__.partition(".")[0]
    code = getattr(error, "error_code", "") or getattr(getattr(error, "response", None), "status_code", "")
    if origin not in ("mlflow", "sqlalchemy", "sqlite3", "requests", "urllib3"):
        return error
    if code in ("RESOURCE_DOES_NOT_EXIST", 404):
        return AbsentError(f"{place}: {text}")
    if code == "RESOURCE_ALREADY_EXISTS":
        return ExistsError(f"{place}: {text}")
    if any(word in text for word in BUSY):
        return RegistryBusyError(f"{place}: locked by another process, nothing was changed", advice="Try again")
    if overloaded := re.search(r"too many (\d+) error responses", text):
        return RegistryBusyError(f"{place}: the server answers {overloaded[1]}", advice="Try again, or read its log")
    if any(word in text for word in DAMAGED):
        return RegistryError(f"{place}: the database is damaged ({text})", advice=RESTORE)
    if answered := re.search(r"failed with error code (\d+)", text):
        advice = SIGN_IN if answered[1] in ("401", "403") else ""
        return RegistryError(f"{place}: the server answered {answered[1]}", advice=advice)
    if origin in ("requests", "urllib3") or "API request to" in text:
        reason = next((words for words in SILENCE if words in whole), whole[-120:])
        return _NoAnswerError(f"{place}: no answer ({reason})", advice="Is it running, and is this its address?")
    return RegistryError(f"{place}: {text}")
