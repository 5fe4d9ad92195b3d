"""The arena: what it reports is what a fit by hand gives, and nobody trains on the test rows."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from trueline import LeastSquares, LinearRegressionGD, attack, audit
from trueline.attack.poison import Poison
from trueline.errors import OptionError, ShapeError
from trueline.rows.datasets import make_linear
from trueline.rows.domain import Domain

DEFENCES = {"none": LeastSquares(), "ridge": LeastSquares(reg_lambda=0.1),
            "row clipping": LinearRegressionGD(clip_row_gradient=1.0, standardize=True)}  # fmt: skip


@pytest.fixture(scope="module")
def data():
    return make_linear(120, 2, noise=0.5, random_state=0)


@pytest.fixture(scope="module")
def arena(data):
    return audit.compare(data.X, data.y, [attack.flip_labels, partial(attack.outlier, size=6.0)], DEFENCES, [0.1, 0.2],
                         adaptive=20)  # fmt: skip


def test_every_defence_meets_every_attack_at_every_rate(arena):
    met = {(t.defence, t.attack, t.rate) for t in arena.trials}
    assert met == {(d, a, r) for d in DEFENCES for a in ("flip_labels", "outlier", "adaptive") for r in (0.1, 0.2)} | {
        (d, "none", 0.0) for d in DEFENCES
    }
    assert len(arena.trials) == len(met) and arena.rows == 90 and arena.columns == 2
    assert {t.knows for t in arena.trials if t.attack == "adaptive"} == {"defence"}
    assert arena.penalties == {"none": 0.0, "ridge": 0.1, "row clipping": 0.0}


def test_a_trial_is_the_fit_that_one_would_make_by_hand(arena, data):
    order = np.random.default_rng(0).permutation(120)
    test, train = order[:30], order[30:]
    poison = attack.flip_labels(data.X[train], data.y[train], rate=0.2, random_state=0)
    model = LeastSquares().fit(*poison.apply(data.X[train], data.y[train]))
    clean = LeastSquares().fit(data.X[train], data.y[train])
    (trial,) = [t for t in arena.trials if (t.defence, t.attack, t.rate) == ("none", "flip_labels", 0.2)]
    assert trial.mse == pytest.approx(np.mean((model.predict(data.X[test]) - data.y[test]) ** 2), rel=1e-12)
    at = data.X[train].mean(axis=0)[None, :]
    assert trial.displacement == pytest.approx(abs(model.predict(at) - clean.predict(at))[0], rel=1e-9)
    assert arena.worst("none", 0.0).mse == pytest.approx(np.mean((clean.predict(data.X[test]) - data.y[test]) ** 2))


def test_a_defence_is_judged_by_the_worst(arena):
    for line in arena.table():
        errors = [t.mse for t in arena.trials if t.defence == line["defence"] and t.rate == line["rate"]]
        worst = arena.worst(line["defence"], line["rate"])
        assert worst.mse == max(errors) == max(line["oblivious_mse"], line["adaptive_mse"])
        assert line["worst_attack"] == worst.attack and line["rows_per_column"] == 45
    assert arena.worst("none", 0.2, adaptive=True).attack == "adaptive"
    with pytest.raises(OptionError, match="no trial of 'nobody'"):
        arena.worst("nobody", 0.2)


def test_row_clipping_holds_against_flipped_labels(arena):
    errors = {t.defence: t.mse for t in arena.trials if (t.attack, t.rate) == ("flip_labels", 0.1)}
    assert errors["row clipping"] < errors["none"]
    assert arena.worst("none", 0.1, adaptive=False).mse > arena.worst("none", 0.0).mse


def test_it_prints_draws_and_is_written(arena, tmp_path):
    words = str(arena).splitlines()
    assert words[0] == "90 rows, 2 columns: 45.0 rows per column" and len(words) == 2 + 6
    assert len({line.index("MSE") for line in words[1:2]}) == 1 and "row clipping" in words[-1]
    assert "<table>" in arena._repr_html_() and "row clipping" in arena._repr_html_()
    arena.to_json(tmp_path / "arena.json")
    values = json.loads((tmp_path / "arena.json").read_text())
    assert len(values["trials"]) == len(arena.trials) and values["rows"] == 90
    arena.plot(tmp_path / "arena.png")
    assert (tmp_path / "arena.png").read_bytes().startswith(b"\x89PNG")


class Oracle(Ridge):
    """Drops the last rows, which is where poison lies."""

    def fit(self, X, y, sample_weight=None):
        self.kept_ = np.arange(len(y)) < 90
        return super().fit(X[self.kept_], y[self.kept_])


def test_what_a_defence_drops_is_counted(data):
    arena = audit.compare(
        data.X, data.y, [attack.flip_labels], {"oracle": Oracle(), "none": Ridge()}, [0.1], adaptive=0
    )
    oracle, none = arena.worst("oracle", 0.1), arena.worst("none", 0.1)
    assert (oracle.caught, oracle.dropped_clean) == (1.0, 0.0)
    assert none.caught is None and none.dropped_clean is None
    assert oracle.displacement == 0.0


def test_several_seeds_give_several_trials_and_each_is_repeatable(data):
    def run():
        return audit.compare(
            data.X, data.y, [attack.flip_labels], {"none": LeastSquares()}, [0.1], [0, 1, 2], adaptive=0
        )

    first, second = run(), run()
    assert sorted({t.seed for t in first.trials}) == [0, 1, 2] and len(first.trials) == 6
    assert [t.mse for t in first.trials] == [t.mse for t in second.trials]
    assert len({t.mse for t in first.trials if t.rate > 0}) == 3


def test_processes_change_nothing_and_progress_is_told(data):
    seen = []
    alone = audit.compare(data.X, data.y, [attack.flip_labels], DEFENCES, [0.1, 0.2], adaptive=0,
                          on_progress=lambda done, total: seen.append((done, total)))  # fmt: skip
    many = audit.compare(data.X, data.y, [attack.flip_labels], DEFENCES, [0.1, 0.2], adaptive=0, n_jobs=2)
    assert [(t.defence, t.mse) for t in alone.trials] == [(t.defence, t.mse) for t in many.trials]
    assert seen == [(k, 6) for k in range(1, 7)]


class Refuses(LeastSquares):
    """Cannot be fitted on more rows than the clean ones."""

    def fit(self, X, y, sample_weight=None):
        if len(y) > 90:
            raise ValueError("too many rows")
        return super().fit(X, y)


def test_a_defence_that_cannot_be_fitted_loses_and_says_why(data):
    arena = audit.compare(data.X, data.y, [attack.flip_labels], {"refuses": Refuses()}, [0.1], adaptive=0)
    trial = arena.worst("refuses", 0.1)
    assert np.isnan(trial.mse) and trial.note == "too many rows"
    assert "nan" in str(arena)


def made(X, y, rate, random_state):
    """An attack of one's own."""
    n = len(y)
    k = round(rate * n / (1 - rate))
    return Poison(
        np.zeros((k, X.shape[1])), np.full(k, 50.0), "mine", "nothing", "added rows", Domain(-np.inf, np.inf), n
    )


def test_attacks_of_ones_own_count_too(data):
    arena = audit.compare(data.X, data.y, {"mine": made}, {"none": LeastSquares()}, [0.2], adaptive=0, at=[[0.0, 0.0]])
    assert arena.worst("none", 0.2).attack == "mine"
    assert 5 < arena.worst("none", 0.2).displacement < 20


@pytest.mark.parametrize(
    ("change", "words"),
    [({"rates": [0.6]}, "at most at one half"), ({"rates": []}, "rates"), ({"defences": {}}, "no defence"),
     ({"attacks": {"adaptive": made}}, "adaptive"), ({"attacks": []}, "no attack"), ({"adaptive": -1}, "refits")],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(data, change, words):
    options = {"attacks": [attack.flip_labels], "defences": {"none": LeastSquares()}, "rates": [0.1], "adaptive": 0}
    with pytest.raises(OptionError, match=words):
        audit.compare(data.X, data.y, **{**options, **change})


def test_targets_of_another_width_are_refused(data):
    with pytest.raises(ShapeError, match="at has 3 columns, the data 2"):
        audit.compare(data.X, data.y, [attack.flip_labels], {"none": LeastSquares()}, [0.1], adaptive=0, at=[[1, 2, 3]])


def test_an_attack_of_ones_own_may_know_the_defence(data):
    asked = []

    def knowing(defence, X, y, *, rate, random_state):
        asked.append((type(defence).__name__, len(y), rate, random_state))
        return attack.adaptive(defence, X, y, rate=rate, random_state=random_state, effort=2, bounds=(-0.1, 0.1))

    arena = audit.compare(
        data.X, data.y, [], {"none": LeastSquares(), "ridge": Ridge()}, [0.2], [3, 4], adaptive=knowing
    )
    assert asked == [("LeastSquares", 90, 0.2, 3), ("LeastSquares", 90, 0.2, 4), ("Ridge", 90, 0.2, 3),
                     ("Ridge", 90, 0.2, 4)]  # fmt: skip
    assert {t.attack for t in arena.trials if t.rate > 0} == {"adaptive"}
    free = audit.compare(data.X, data.y, [], {"none": LeastSquares()}, [0.2], 3, adaptive=2)
    tied = [t.mse for t in arena.trials if (t.defence, t.seed, t.rate) == ("none", 3, 0.2)]
    assert tied[0] < free.worst("none", 0.2).mse  # rows near the middle pull on nothing but the level
    with pytest.raises(OptionError, match="refits, or an attack"):
        audit.compare(data.X, data.y, [], {"none": LeastSquares()}, [0.1], adaptive=1.5)
