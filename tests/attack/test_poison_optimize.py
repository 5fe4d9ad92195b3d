"""The gradient against finite differences, the climb, and the published protocols."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import train_test_split

from published import communities, house
from trueline import Domain, attack
from trueline.attack.climbing import climb
from trueline.attack.victim import Victim
from trueline.errors import OptionError


def mse(model, X, y):
    return float(np.square(model.predict(X) - y).mean())


@pytest.mark.parametrize("reg_lambda", [0.0, 0.3])
@pytest.mark.parametrize("outer", ["training", "validation"])
def test_gradient_equals_finite_differences(clean, rng, reg_lambda, outer):
    X, y = clean
    victim = Victim.of(X[:50], y[:50], reg_lambda)
    loss = victim.training_loss if outer == "training" else victim.loss_on(X[50:], y[50:])
    rows, labels = X[60:66] * 1.3, y[60:66] + 5 * rng.normal(size=6)
    _, dX, dy = victim.attack_gradient(rows, labels, loss)
    step = 1e-5 * X.std(axis=0)
    for i in range(6):
        for j in range(4):
            ahead, behind = rows.copy(), rows.copy()
            ahead[i, j], behind[i, j] = rows[i, j] + step[j], rows[i, j] - step[j]
            slope = (loss.value(victim.fit(ahead, labels)) - loss.value(victim.fit(behind, labels))) / (2 * step[j])
            assert slope == pytest.approx(dX[i, j], rel=1e-6, abs=1e-6 * np.abs(dX[:, j]).max())
        up, down = labels.copy(), labels.copy()
        up[i], down[i] = labels[i] + 1e-4, labels[i] - 1e-4
        slope = (loss.value(victim.fit(rows, up)) - loss.value(victim.fit(rows, down))) / 2e-4
        assert slope == pytest.approx(dy[i], rel=1e-6, abs=1e-6 * np.abs(dy).max())


@pytest.mark.parametrize("reg_lambda", [0.0, 0.3])
def test_the_victim_is_ridge_on_all_rows(clean, reg_lambda):
    X, y = clean
    victim = Victim.of(X[:60], y[:60], reg_lambda)
    peer = Ridge(alpha=80 * reg_lambda, solver="svd").fit(X, y) if reg_lambda else LinearRegression(tol=0).fit(X, y)
    coef, intercept = victim.line(victim.fit(X[60:], y[60:]))
    np.testing.assert_allclose(coef, peer.coef_, rtol=1e-9)
    assert intercept == pytest.approx(peer.intercept_, rel=1e-9)
    loss = victim.training_loss.value(victim.fit(X[60:], y[60:]))
    assert 2 * loss == pytest.approx(mse(peer, X[:60], y[:60]), rel=1e-10)
    assert 2 * victim.loss_on(X[:9], y[:9]).value(victim.fit(X[60:], y[60:])) == pytest.approx(mse(peer, X[:9], y[:9]))


def test_a_climb_never_goes_down_and_never_leaves_the_domain(clean):
    X, y = clean
    domain = Domain.learn(np.round(X), y)
    victim = Victim.of(X, y, 0.0)
    start = (domain.project(X[:8]), y[:8])
    values = [climb(victim, victim.training_loss, start, domain, steps).value for steps in (1, 3, 10, 40)]
    assert values == sorted(values) and values[-1] > 1.5 * values[0]
    end = climb(victim, victim.training_loss, start, domain, 40)
    assert domain.contains(end.X, end.y).all()
    assert end.value == victim.training_loss.value(victim.fit(end.X, end.y))


def test_optimized_poison_does_more_than_every_other(clean):
    X, y = clean
    before = mse(LinearRegression().fit(X, y), X, y)
    damage = {}
    for attacked in (attack.flip_labels, attack.statistical, attack.optimize):
        poison = attacked(X, y, rate=0.1)
        damage[poison.kind] = mse(LinearRegression().fit(*poison.apply(X, y)), X, y) / before
    assert damage["optimize"] > 1.2 * max(damage["flip_labels"], damage["statistical"]) > 1.2
    report = attack.optimize(X, y, rate=0.1).report
    assert report["training_mse_before"] == pytest.approx(before)
    assert report["training_mse_after"] == pytest.approx(before * damage["optimize"])


def test_validation_rows_are_what_the_attacker_aims_at(clean):
    X, y = clean
    judge = X[X[:, 0] > 0.8], y[X[:, 0] > 0.8]
    aimed, general = (attack.optimize(X, y, rows=8, objective=o).apply(X, y) for o in (judge, "training"))
    assert mse(LinearRegression().fit(*aimed), *judge) > mse(LinearRegression().fit(*general), *judge)


def test_progress_reaches_its_end(clean):
    seen = []
    attack.optimize(*clean, rows=3, steps=20, on_progress=lambda *step: seen.append(step))
    assert seen[-1][0] == seen[-1][1] and [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_options(clean):
    for bad in ({"objective": "most"}, {"steps": 0}, {"reg_lambda": -1.0}, {"objective": (clean[0][:, :2], clean[1])}):
        with pytest.raises(OptionError):
            attack.optimize(*clean, rows=3, **bad)
    with pytest.raises(OptionError, match="y can only be"):
        attack.optimize(clean[0], np.ones(80), rows=3)


def test_label_flips_do_what_was_measured_on_communities():
    X, y = communities()
    X, test_X, y, test_y = train_test_split(X, y, test_size=0.25, random_state=42)
    clean = mse(LinearRegression().fit(X, y), test_X, test_y)
    assert clean == pytest.approx(0.01870, abs=5e-6)
    for rate, known in ((0.04, 1.07), (0.08, 1.45), (0.12, 1.93), (0.2, 3.37)):
        poison = attack.flip_labels(X, y, rate=rate)
        damage = mse(LinearRegression().fit(*poison.apply(X, y)), test_X, test_y) / clean
        assert damage == pytest.approx(known, rel=0.03)  # rows of equal label are drawn by chance
    assert len(poison.labels) == 373


def test_optimized_poison_on_house():
    X, y, test_X, test_y = house()
    clean = mse(Ridge(0.1).fit(X, y), test_X, test_y)
    assert clean == pytest.approx(0.00301, abs=5e-6)
    poison = attack.optimize(X, y, rate=0.2, bounds=(0, 1), y_bounds=(0, 1), reg_lambda=0.1 / 375)
    assert len(poison.labels) == 75
    assert mse(Ridge(0.1).fit(*poison.apply(X, y)), test_X, test_y) > 150 * clean
