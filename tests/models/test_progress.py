"""The live line and the log records of verbose=True."""

from __future__ import annotations

import logging
import re

import pytest

from trueline import LinearRegressionGD
from trueline.maths.descent import Epoch
from trueline.models.progress import live_line

engines = pytest.mark.parametrize("engine", ["compiled", "numpy"])


@engines
def test_a_line_with_epoch_loss_and_both_norms(rows, descend, capsys, engine):
    model = descend(*rows, verbose=True, epochs=20, tol=0, engine=engine)
    shown = capsys.readouterr()
    lines = shown.err.splitlines()
    assert shown.out == "" and len(lines) == 21
    number = r"[\d.]+e[+-]\d\d"
    assert re.fullmatch(rf"epoch  0/20  loss {number}  gradient {number}  parameters {number}", lines[0])
    assert f"loss {model.loss_history_[7]:.6e}" in lines[7] and f"gradient {model.gradient_norms_[7]:.2e}" in lines[7]
    assert f"parameters {model.parameter_norms_[20]:.4e}" in lines[20]


@engines
def test_silent_unless_asked(rows, descend, capsys, caplog, engine):
    with caplog.at_level(logging.DEBUG, logger="trueline"):
        descend(*rows, engine=engine, epochs=20)
    shown = capsys.readouterr()
    assert shown.err == shown.out == "" and not caplog.records


@engines
def test_the_same_as_structured_records(rows, descend, caplog, engine):
    with caplog.at_level(logging.INFO, logger="trueline.descent"):
        model = descend(*rows, verbose=True, epochs=20, tol=0, engine=engine)
    assert [record.epoch for record in caplog.records] == list(range(21))
    assert [record.loss for record in caplog.records] == model.loss_history_
    assert [record.gradient_norm for record in caplog.records] == model.gradient_norms_
    assert [record.parameter_norm for record in caplog.records] == model.parameter_norms_


def test_a_hundred_states_of_a_long_run_first_and_last_always(rows, capsys):
    model = LinearRegressionGD(verbose=True, tol=1e-11).fit(*rows)
    lines = capsys.readouterr().err.splitlines()
    assert 2 <= len(lines) <= 102
    assert lines[0].startswith("epoch     0/10000") and model.n_iter_ % 100
    assert lines[-1].startswith(f"epoch {model.n_iter_:>5}/10000")


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_gets_one_line_that_changes(monkeypatch, capsys, terminal):
    import sys

    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    show = live_line(10, True)
    assert show is not None and live_line(10, False) is None
    show(Epoch(0, 2.0, 1.0, 0.0), False)
    show(Epoch(10, 1.0, 0.5, 0.1), True)
    written = capsys.readouterr().err
    assert written.count("\n") == (1 if terminal else 2) and written.count("\r") == (1 if terminal else 0)
    assert written.endswith("\n")
