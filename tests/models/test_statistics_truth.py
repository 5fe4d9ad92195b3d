"""Standard errors, tests and quality of fit against published numbers, and against statsmodels' on diabetes."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

from trueline import LeastSquares
from trueline.errors import PrecisionWarning
from trueline.models.influence import influence_of
from trueline.models.prediction import prediction_interval
from trueline.models.statistics import summary_of


def half_unit(printed):
    """Half a unit in the last printed digit of a decimal string."""
    digits = printed.lower().split("e")[0]
    places = len(digits.split(".")[1]) if "." in digits else 0
    return 0.5000001 * 10.0**-places


def printed_as(value, printed, slack=1.0):
    return abs(value - float(printed)) <= half_unit(printed) * slack


@pytest.mark.parametrize("name", ["r_attitude_full", "r_lifecyclesavings"])
def test_r_prints_the_same(truth, name):
    data = truth(f"ols/{name}")
    X, y, said = np.array(data["X"])[:, 1:], np.array(data["y"]), data["published"]
    summary = summary_of(LeastSquares().fit(X, y))
    for found, key in ((summary.coef, "coef"), (summary.standard_errors, "se"), (summary.t, "t")):
        assert all(printed_as(v, p) for v, p in zip(found, said[key].values(), strict=True))
    assert summary.df_resid == said["df_resid"]
    assert printed_as(summary.residual_standard_error, said["residual_standard_error"])
    assert printed_as(summary.r2, said["r_squared"])
    assert printed_as(summary.adjusted_r2, said["adj_r_squared"])


@pytest.mark.parametrize("cov", ["HC0", "HC1", "HC2", "HC3"])
def test_longley_with_robust_errors(truth, cov):
    data = truth("ols/hc_longley")
    X, y = np.array(data["X"])[:, :-1], np.array(data["y"])
    model = LeastSquares().fit(X, y)
    published = data["published"][cov]
    found = np.roll(summary_of(model, cov, X, y).standard_errors, -1)
    # exactly, in fractions, HC2 of YEAR is 617.592955084: its last printed digit is rounded the wrong way
    assert all(printed_as(v, str(p), slack=1.02) for v, p in zip(found, published, strict=True))


def test_a_weighted_fit_of_stata(truth):
    data = truth("ols/wls_ccard")
    X, y, said = np.array(data["X"])[:, :-1], np.array(data["y"]), data["published"]
    summary = summary_of(LeastSquares().fit(X, y, data["weights"]))
    assert np.allclose(np.roll(summary.coef, -1), said["params"], rtol=1e-9)
    assert np.allclose(np.roll(summary.standard_errors, -1), said["bse"], rtol=1e-9)
    assert summary.r2 == pytest.approx(said["r_squared"], rel=1e-9)
    assert summary.f == pytest.approx(said["fvalue"], rel=1e-9)
    squares = summary.residual_standard_error**2 * summary.df_resid
    assert squares * len(y) / np.sum(data["weights"]) == pytest.approx(
        said["ssr"], rel=1e-9
    )  # Stata's weights add to n


def design(data):
    x, y = np.array(data["x"], dtype=float), np.array(data["y"], dtype=float)
    powers = data["powers"]
    return (x if powers is None else np.column_stack([x[:, 0] ** p for p in powers if p > 0])), y


@pytest.mark.parametrize("read", [False, True], ids=["moments", "rows"])
@pytest.mark.parametrize(("name", "digits"), [("Norris", 10), ("NoInt1", 13), ("Longley", 13), ("Wampler4", 10)])
def test_certified_standard_errors(truth, name, digits, read):
    data = truth(f"strd/{name}")
    X, y = design(data)
    model = LeastSquares(fit_intercept=data["intercept"]).fit(X, y)
    summary = summary_of(model, "classical", *((X, y) if read else ()))
    exact = np.array([float(v) for v in data["exact_se_30_digits"].values()])
    assert np.allclose(summary.standard_errors, exact, rtol=10.0**-digits)
    assert np.allclose(summary.standard_errors, exact, rtol=10.0**-summary.digits)
    assert summary.r2 == pytest.approx(float(data["exact_r_squared_30_digits"]), rel=1e-12)
    assert summary.f == pytest.approx(float(data["anova"]["F"]), rel=1e-8)


def test_filip_from_its_rows(truth):
    data = truth("strd/Filip")
    X, y = design(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PrecisionWarning)
        model = LeastSquares().fit(X, y)
    with pytest.warns(PrecisionWarning, match="only 4 digits"):
        summary = summary_of(model, "classical", X, y)
    exact = np.array([float(v) for v in data["exact_se_30_digits"].values()])
    assert np.allclose(summary.standard_errors, exact, rtol=1e-6)


def test_wampler1_is_a_perfect_fit():
    x = np.arange(21.0)
    X = x[:, None] ** np.arange(1, 6)
    y = 1 + X.sum(axis=1)
    model = LeastSquares().fit(X, y)
    with pytest.warns(PrecisionWarning, match="zero to rounding"):
        summary = summary_of(model, "classical", X, y)
    assert not summary.standard_errors.any()
    assert np.isnan(summary.t).all() and np.isnan(summary.p).all()
    assert (summary.r2, summary.f, summary.aic) == (1.0, np.inf, -np.inf)


# statsmodels 0.15.0 on scikit-learn's diabetes, clusters i % 20, weights 1 + i % 3; intercept first
# fmt: off
ERRORS = {
    "classical": [2.575854485119e+00, 5.974924652149e+01, 6.122234394347e+01, 6.653344473855e+01, 6.542199205492e+01,
                  4.166798703406e+02, 3.390304948218e+02, 2.125314567224e+02, 1.614757952002e+02, 1.718999819231e+02,
                  6.598428190748e+01],
    "HC0": [2.543600054821e+00, 5.670338547209e+01, 5.813576230217e+01, 6.654228715649e+01, 6.449795530660e+01,
            3.889148933163e+02, 3.077061570600e+02, 1.978839875351e+02, 1.554859378643e+02, 1.601425032267e+02,
            6.214571188585e+01],
    "HC1": [2.575854485119e+00, 5.742241965788e+01, 5.887295991681e+01, 6.738608473344e+01, 6.531582948453e+01,
            3.938465759897e+02, 3.116080624624e+02, 2.003932795408e+02, 1.574575962372e+02, 1.621732097438e+02,
            6.293375815459e+01],
    "HC2": [2.574467150378e+00, 5.745911699672e+01, 5.888248301457e+01, 6.755345075491e+01, 6.541965114417e+01,
            3.998057779278e+02, 3.168391361643e+02, 2.030410156776e+02, 1.589146866210e+02, 1.635824823551e+02,
            6.301433820218e+01],
    "HC3": [2.606011518381e+00, 5.822966213209e+01, 5.964591114353e+01, 6.859076934365e+01, 6.636165590258e+01,
            4.113081606675e+02, 3.265083859918e+02, 2.084548925328e+02, 1.624747314425e+02, 1.671865045207e+02,
            6.390131291817e+01],
    "cluster": [2.832603038254e+00, 3.938993723175e+01, 6.987324422945e+01, 5.736055620807e+01, 5.316057131460e+01,
                4.113382785048e+02, 3.619191790272e+02, 2.057878930044e+02, 1.731308852801e+02, 1.691797228782e+02,
                6.864726826480e+01],
}
P_VALUES = {
    "classical": [1.010081929168e-208, 8.670306337001e-01, 1.041671192769e-04, 4.296391419519e-14, 1.024278392211e-06,
                  5.794760536920e-02, 1.603902400150e-01, 6.347232557752e-01, 2.734586936607e-01, 1.555899086539e-05,
                  3.059895261964e-01],
    "HC3": [8.740431276139e-207, 8.635943009404e-01, 6.851101685661e-05, 2.152607128352e-13, 1.438722356266e-06,
            5.476297106053e-02, 1.449876342670e-01, 6.281177815278e-01, 2.764148557991e-01, 9.007480813812e-06,
            2.905119360257e-01],
    "cluster": [3.224561294125e-22, 8.021308316106e-01, 2.793607067347e-03, 2.506147646358e-08, 7.236201894774e-06,
                6.922069457819e-02, 2.034195797326e-01, 6.290448993251e-01, 3.192894795030e-01, 2.805363523832e-04,
                3.369384205180e-01],
}
F_TESTS = {
    "classical": (46.27243958524319, 3.8286490381855213e-62),
    "HC3": (64.61152921992314, 2.3361530034556025e-79),
    "cluster": (174.3676996010349, 1.6650038974865767e-16),
}
WEIGHTED = [2.585240097195e+00, 5.897748779027e+01, 6.130661815885e+01, 6.707444817745e+01, 6.549483118525e+01,
            4.009292807301e+02, 3.208837445596e+02, 2.119963379601e+02, 1.693377011411e+02, 1.657798220408e+02,
            6.571675837517e+01]
WEIGHTED_HC3 = [2.848010355881e+00, 6.014417721123e+01, 6.373002769959e+01, 7.475093827197e+01, 7.557047416154e+01,
                4.277883460569e+02, 3.287158037169e+02, 2.290727309258e+02, 1.853109316563e+02, 1.759252422393e+02,
                6.696597212143e+01]
NO_INTERCEPT = [1.799665381192e+02, 1.844035521199e+02, 2.004007483916e+02, 1.970530192837e+02, 1.255052375300e+03,
                1.021170107107e+03, 6.401511773709e+02, 4.863699802770e+02, 5.177679460498e+02, 1.987466533306e+02]
DFBETAS_382 = [-0.1065879076566482, -0.13540354554837802, 0.08399526852787731, -0.10116938776487333,
               0.1842889951474414, -0.2684518494501423, 0.27998820974784927, 0.29070075204797724, 0.19724607358932658,
               0.11880296530720996, -0.03231653773119707]
# fmt: on


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.mark.parametrize("cov", sorted(ERRORS))
def test_diabetes_as_statsmodels(diabetes, cov):
    X, y = diabetes
    groups = np.arange(len(y)) % 20 if cov == "cluster" else None
    summary = summary_of(LeastSquares().fit(X, y), cov, X, y, groups=groups)
    assert np.allclose(summary.standard_errors, ERRORS[cov], rtol=1e-10)
    if cov in P_VALUES:
        assert np.allclose(summary.p, P_VALUES[cov], rtol=1e-8, atol=0)
        assert np.allclose((summary.f, summary.f_p), F_TESTS[cov], rtol=1e-8, atol=0)


def test_diabetes_quality_and_intervals_as_statsmodels(diabetes):
    summary = summary_of(LeastSquares().fit(*diabetes))
    found = [summary.r2, summary.adjusted_r2, summary.log_likelihood, summary.aic, summary.bic]
    assert np.allclose(
        found, [0.5177484222203498, 0.5065592904853231, -2385.9928621235194, 4793.985724247039, 4838.990132949893],
        rtol=1e-12,
    )  # fmt: skip
    published = [[1.470706851368e02, 1.571962831890e02], [-1.274460137407e02, 1.074262811411e02]]
    assert np.allclose(summary.intervals[:2], published, rtol=1e-10)


def test_diabetes_weighted_as_statsmodels(diabetes):
    X, y = diabetes
    weights = 1 + np.arange(len(y)) % 3
    model = LeastSquares().fit(X, y, weights)
    summary = summary_of(model)
    assert np.allclose(summary.standard_errors, WEIGHTED, rtol=1e-10)
    found = [summary.r2, summary.adjusted_r2, summary.log_likelihood, summary.aic, summary.bic, summary.f]
    assert np.allclose(
        found, [0.5084606438148298, 0.4970560183812992, -2408.1833995308043, 4838.366799061609, 4883.371207764463,
                44.58372147145751], rtol=1e-10,
    )  # fmt: skip
    robust = summary_of(model, "HC3", X, y, sample_weight=weights)
    assert np.allclose(robust.standard_errors, WEIGHTED_HC3, rtol=1e-10)
    assert robust.aic == pytest.approx(summary.aic, rel=1e-12)


def test_diabetes_without_intercept_as_statsmodels(diabetes):
    summary = summary_of(LeastSquares(fit_intercept=False).fit(*diabetes))
    assert np.allclose(summary.standard_errors, NO_INTERCEPT, rtol=1e-10)
    found = [summary.r2, summary.adjusted_r2, summary.log_likelihood, summary.aic, summary.bic, summary.f]
    assert np.allclose(
        found, [0.105597360593925, 0.08489359579285849, -2873.860573706128, 5767.721147412256, 5808.634246233033,
                5.10039413645605], rtol=1e-10,
    )  # fmt: skip


def test_diabetes_predictions_as_statsmodels(diabetes):
    X, y = diabetes
    found = prediction_interval(LeastSquares().fit(X, y), X[:3], 0.9)
    assert np.allclose(
        np.column_stack(found),
        [[206.1166772451056, 116.06496843540535, 296.16838605480586],
         [68.07103297306885, -22.18832853987361, 158.3303944860113],
         [176.88279035105296, 86.57027558356152, 267.1953051185444]], rtol=1e-10,
    )  # fmt: skip


def test_diabetes_influence_as_statsmodels(diabetes):
    X, y = diabetes
    found = influence_of(LeastSquares().fit(X, y), X, y)
    row = [found.leverage, found.standardized, found.studentized, found.cooks_distance, found.dffits]
    assert np.allclose(
        [values[382] for values in row],
        [0.054080268258522766, -2.1700266144262463, -2.1794465074404883, 0.024474959836224493, -0.5211208988122018],
        rtol=1e-10,
    )
    assert np.allclose(found.dfbetas[382], DFBETAS_382, rtol=1e-9)
