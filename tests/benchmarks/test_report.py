"""The page and its pictures, from a small race that is run but not judged by the clock."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from benchmarks.__main__ import main
from benchmarks.goals import all_goals
from benchmarks.peers import PEERS, Peer, missing
from benchmarks.poisoning import Damage, Poisoned
from benchmarks.racing import Timing
from benchmarks.report import Results, doubts, render
from benchmarks.robust import RobustRace, robust_fits
from benchmarks.speed import LIMIT

from benchmarks import accuracy, descent, install, limit, plots, speed

EMPTY = Results(True, 0.0, {}, [], [], {}, {})
ROOT = Path(__file__).parents[2]
CORE = [peer for peer in PEERS if peer.needs in ("trueline", "sklearn", "numpy")]
LOCK = ROOT / "benchmarks" / "requirements.lock"


def pins(path):
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", path.read_text(), re.M))


@pytest.fixture(scope="module", autouse=True)
def small_product():
    """The speed of a matrix product, from a small one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limit, "arithmetic_rate", partial(limit.arithmetic_rate, 2, 100))
        yield


@pytest.fixture(scope="module")
def results(small_product):
    cases, left_out = accuracy.hard_cases()
    return Results(
        True, 1.5, {"absent": "ModuleNotFoundError: No module named 'absent'"}, cases[:1], left_out,
        accuracy.table(CORE, cases[:1]), accuracy.table(CORE, accuracy.wampler_cases()),
        speed.fits(CORE, [(3000, 3), (2000, 5)], 1, 1.0),
        [descent.gradients(3000, 4, "float64", 1, 1.0), descent.gradients(3000, 4, "float32", 1, 1.0)],
        descent.epochs(3000, 4, 1, 1.0), descent.huber(2000, 3, 1, 1.0),
    )  # fmt: skip


def test_a_missing_peer_is_skipped_with_its_reason(results):
    reason = missing(Peer("absent", "no_such_module_at_all", lambda X, y: y))
    assert reason == "ModuleNotFoundError: No module named 'no_such_module_at_all'"
    assert "- Skipped: absent, ModuleNotFoundError" in render(results)


def test_the_page_names_everybody_and_every_goal(results):
    page = render(results)
    assert all(page.count(f"| {peer.name} |") == 3 for peer in CORE)
    assert "| **0.2** |" in page  # LinearRegression on Wampler1, without a word
    assert all(f"| {goal.text} | " in page for goal in results.goals())
    lines = [line for line in page.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in lines)


def test_everybody_agrees_on_tall_rows(results):
    for race in results.races:
        assert {name: timing.note for name, timing in race.timings.items() if timing.note} == {}
        assert all(timing.error < 1e-8 for timing in race.timings.values())


def test_every_gradient_and_fit_agrees(results):
    timings = [timing for race in results.gradients for timing in race.timings.values()]
    timings += [*results.epochs.values(), *results.huber.timings.values()]
    assert [timing.note for timing in timings if timing.note] == []


def test_a_goal_is_missed_by_a_slow_time_and_open_without_one(results):
    race = results.races[0]
    slow = replace(race, timings=race.timings | {"trueline LeastSquares": Timing("trueline LeastSquares", 1e9)})
    wrong = replace(race, timings=race.timings | {"trueline LeastSquares": Timing("trueline LeastSquares", None)})
    for changed, met in ((slow, False), (wrong, None)):
        goals = {goal.text: goal.met for goal in all_goals({}, [changed], [], {}, [], [])}
        assert goals["50 × faster than LinearRegression"] is met
        assert goals["within 2 × of the slower of memory and arithmetic"] is met
        assert goals["one full gradient within 1.3 reads, every loss"] is None


def test_whoever_beats_the_limit_was_not_measured_well(results):
    race = results.races[0]
    fast = replace(race, timings=race.timings | {"oneDAL": Timing("oneDAL", 1e-12)})
    disturbed = replace(results, races=[fast])
    assert "oneDAL" in doubts(disturbed)
    assert "**Too noisy, run again:**" in render(disturbed)


def test_pictures_are_small(tmp_path):
    curve = speed.curve(CORE, "n", [(200, 3), (400, 3)], 1.0)
    plots.draw(curve, tmp_path / "time.png")
    assert 5_000 < (tmp_path / "time.png").stat().st_size < 100_000


def test_the_reference_line_is_least_squares(rng):
    X = rng.standard_normal((50, 3)) + 5
    y = rng.standard_normal(50)
    expected = np.linalg.lstsq(np.column_stack([np.ones(50), X]), y)[0]
    np.testing.assert_allclose(speed.line_by_cholesky(X, y), expected, atol=1e-12)


def test_the_limit_reads_every_cell(rng):
    X = rng.standard_normal((300_001, 7))
    assert limit.read(X) == pytest.approx(float(X.sum()), rel=1e-9)


def test_rows_shrink_with_memory():
    assert speed.rows_that_fit(16_000_000, 5, memory=2**30) == 2**26 // 40
    assert speed.rows_that_fit(1000, 5, memory=2**40) == 1000


def test_the_lock_agrees_with_what_is_shipped():
    ours, shipped = pins(LOCK), pins(ROOT / "requirements.lock")
    differing = {name for name in ours.keys() & shipped.keys() if ours[name] != shipped[name]}
    assert differing == set(), "recompile benchmarks/requirements.lock as benchmarks/__init__.py says"


def test_the_lock_has_hashes_and_no_address():
    text = LOCK.read_text()
    assert re.findall(r"\w+://|--index|--extra-index|--find-links|--trusted-host", text) == []
    packages = install.entries(text)
    assert {"glum", "scikit-learn-intelex", "statsmodels", "hatchling"} <= set(packages)
    assert [name for name, entry in packages.items() if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_help_names_quick(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "--quick" in capsys.readouterr().out


def robust_race(ours, theirs, objective=1.0):
    timings = {
        LIMIT: Timing(LIMIT, 0.1),
        "trueline QuantileRegression": Timing("ours", ours),
        "peer": Timing("peer", theirs),
    }
    return RobustRace("median", 100, 2, timings, {"trueline QuantileRegression": objective, "peer": 1.0})


@pytest.mark.parametrize(
    ("race", "met"),
    [(robust_race(0.1, 4.1), True), (robust_race(0.1, 3.9), False), (robust_race(0.1, 9.0, 1.01), False),
     (robust_race(None, 9.0), None)],
)  # fmt: skip
def test_a_robust_fit_must_be_fast_and_as_good(race, met):
    (goal,) = [goal for goal in all_goals({}, [], [], {}, [race], []) if goal.text.startswith("median")]
    assert goal.met is met


def test_poison_is_printed_beside_what_others_reached():
    run = Poisoned("B2, houses", 0.003, [Damage(0.2, 41.0, "40.7")], 2.0)
    (goal,) = [goal for goal in all_goals({}, [], [], {}, [], [run]) if goal.text.startswith("B2")]
    assert goal.met and goal.measured == "× 41 in 2.0 s"
    page = render(replace(EMPTY, poisoned=[run], not_poisoned=["communities.csv is not in ../shared/data"]))
    assert "| B2, houses | 20% | 0.00300 | × 41.00 | × 40.7 |" in page and "Left out: communities.csv" in page


def test_robust_fits_race_their_peers():
    """statsmodels is not in every environment: then it says so, and ours still has its time."""
    for race in robust_fits(3000, 3, 1, 0.1):
        ours = next(timing for name, timing in race.timings.items() if name.startswith("trueline"))
        assert ours.seconds is not None, ours.note
        assert not race.objective or min(race.objective.values()) == 1.0
        assert "| trueline " in render(replace(EMPTY, robust=[race]))
