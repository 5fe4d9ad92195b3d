"""A report as `AuditReport.to_dict` gives it, small and made by hand: every chart, every kind of finding."""

from __future__ import annotations

from typing import Any

import numpy as np

FEATURES = ("income", "utilisation", "tenure", "age", "late_payments", "inquiries", "region_3", "region_4")
SD = (18.2, 0.24, 6.1, 11.4, 1.3, 2.1, 0.4, 0.39)


def finding(rule: str, severity: str, title: str, **more: Any) -> dict[str, Any]:
    """One finding with every key that a report gives it."""
    told = {
        "effect": None,
        "evidence": {},
        "where": [],
        "attacker": "",
        "assurance": "found",
        "advice": "",
        "reproduce": "trueline audit credit.csv --target credit_limit --source broker --seed 0",
        "reference": "",
    }
    return {
        "rule_id": rule,
        "severity": severity,
        "title": title,
        **told,
        **more,
        "fingerprint": fingerprint(rule),
    }


def fingerprint(rule: str) -> str:
    return rule.encode().hex()[:16]


def example(
    features: tuple[str, ...] = FEATURES, target: str = "credit_limit", source: str = "northgate"
) -> dict[str, Any]:
    """The audit of a model of credit limits, as somebody might meet it.

    Parameters
    ----------
    features : tuple of str
        Eight names.
    target, source : str
        Names that the data's maker chose.
    """
    return {
        "format": 1,
        "title": f"{target} from {len(features)} features",
        "target": target,
        "rows": 5000,
        "features": list(features),
        "effort": "normal",
        "seed": 0,
        "tolerance": {
            "value": 212.4,
            "why": f"a quarter of the usual residual (850 in {target}); set a tolerance to say what matters to you",
        },
        "attacker_rows": 50,
        "summary": summary(features, target, source),
        "todo": "Trim 5 % of the rows: this brings the first finding to 90 and costs 0.4 % of the error on clean rows.",
        "findings": findings(features, target, source),
        "counts": counts(features),
        "sections": sections(features, target, source),
        "reveals": [
            "the names of 8 columns and of the target",
            "the coefficients, with standard errors where they are defined",
            "smallest and largest value of every column and of the target",
            "the numbers, leverages and residuals of single rows",
        ],
        "not_run": [
            "Does the model reproduce?: no model was given, so least squares was fitted now",
            "Leakage: no sensitive column was named (--sensitive COL)",
        ],
        "incomplete": [],
        "model": {
            "kind": "least squares",
            "given": False,
            "penalty": 0.0,
            "intercept": 1208.4,
            "rmse": 1012.7,
            "digits": 11.0,
            "coefficients": [
                {"feature": name, "value": float(value)} for name, value in zip(features, COEF, strict=True)
            ],
        },
    }


FOUND_IN = {"sources": ("pulling-source",), "counts": ("few-rows-added",), "levers": ("cheap-lever",)}
COEF = (61.3, -2900.0, 22.1, 3.2, -410.0, -18.0, 1210.0, 95.0)
ERROR = (1.9, 130.0, 5.6, 3.0, 24.0, 15.0, 88.0, 90.0)


def summary(features: tuple[str, ...], target: str, source: str) -> list[dict[str, str]]:
    return [
        {
            "text": f"One source's rows (214, `{source}`) pull {target} in `{features[6]}` up by 1,840 on average.",
            "severity": "high",
        },
        {
            "text": f"2 added rows inside your ranges flip the effect of `{features[2]}`; 61 would have to be removed.",
            "severity": "high",
        },
        {
            "text": f"Raising `{features[1]}` by 0.1 buys an applicant 290 more {target}; the model does not check it.",
            "severity": "medium",
        },
    ]


def findings(features: tuple[str, ...], target: str, source: str) -> list[dict[str, Any]]:
    return [
        finding(
            "pulling-source",
            "high",
            f"One source's rows (214, `{source}`) pull {target} in `{features[6]}` up by 1,840 on average",
            effect=1840.0,
            where=[source, features[6]],
            evidence={"source": source, "rows": 214, "shift": 1840.2, "segment": features[6], "remedy_cost": 0.004},
            attacker="supplies the rows of one source; knows nothing of the model",
            advice="Ask where these rows come from; until then trim 5 %, which brings this to 90",
            reference="NIST AI 100-2: data poisoning; MITRE ATLAS AML.T0020 Poison Training Data",
        ),
        finding(
            "few-rows-added",
            "high",
            f"2 added rows inside your ranges flip the effect of `{features[2]}`",
            effect=640.0,
            where=[features[2]],
            evidence={
                "found": 2,
                "certified": 2,
                "before": 22.1,
                "after": -3.4,
                "rows": [[31.0, 0.2, 58.0], [12.0, 0.9, 60.0]],
            },
            attacker="knows the data, adds 2 rows inside the observed ranges",
            assurance="proven",
            advice=f"Enforce tighter bounds on `{features[2]}`",
            reference="NIST AI 100-2: data poisoning",
        ),
        finding(
            "cheap-lever",
            "medium",
            f"Raising `{features[1]}` by 0.1 buys an applicant 290 more {target}",
            effect=290.0,
            where=[features[1]],
            evidence={"step": 0.1, "buys": 290.0, "per_unit": -2900.0},
            assurance="proven",
            attacker="knows the model, controls this column of one's own row",
            advice=f"Verify `{features[1]}` at its source",
        ),
        finding(
            "extreme-rows",
            "low",
            "3 rows lie far from the rest",
            where=["row 17", "row 204", "row 3310"],
            assurance="sampled",
            evidence={"rows": [17, 204, 3310]},
            advice="Look at them",
        ),
        finding("scaling", "info", "Columns differ in scale by a factor of 76"),
    ]


def counts(features: tuple[str, ...]) -> dict[str, Any]:
    rows = []
    for number, (name, value, error) in enumerate(zip(features, COEF, ERROR, strict=True)):
        few = max(1, round(8 * abs(value) / error))
        rows.append(
            {
                "feature": name,
                "effect": value,
                "interval": [value - 1.96 * error, value + 1.96 * error],
                "remove": {"found": 5 * few if number else None, "certified": 2 * few, "predicted": 6 * few},
                "relabel": {"found": few + 3, "certified": few + 3, "predicted": few + 1},
                "add_bounded": {"found": max(2, few // 3), "certified": 0, "predicted": None},
                "add_any": {"found": 1, "certified": 1, "predicted": None} if number < 7 else None,
            }
        )
    return {"columns": ["feature", "effect", "remove", "relabel", "add_bounded", "add_any"], "rows": rows}


def sections(features: tuple[str, ...], target: str, source: str) -> list[dict[str, Any]]:
    told = [
        ("reproduces", "Does the model reproduce?", None, []),
        ("fit", "The fit", coefficients(features), [coefficient_table(features, target)]),
        ("diagnosis", "Diagnosis", spectrum(), []),
        ("influence", "Rows that pull", influence(), [row_table(target)]),
        ("counts", "How few rows flip an effect", removal_path(features), []),
        ("damage", "Damage by poison, and what holds", damage(), []),
        ("sources", "By source", sources(source), []),
        ("leakage", "Leakage", None, []),
        ("levers", "Levers and extrapolation", levers(features), []),
        ("descent", "Descent", loss(), []),
    ]
    not_run = {
        "reproduces": "no model was given, so least squares was fitted now",
        "leakage": "no sensitive column was named (--sensitive COL)",
    }
    return [
        {
            "key": key,
            "title": title,
            "text": "" if key in not_run else f"What `{features[0]}` and the others do to {target}, in plain words.",
            "how": f"How {title.lower()} was computed: exactly, from the rows.",
            "not_run": not_run.get(key),
            "tables": tables,
            "chart": chart,
            "findings": [fingerprint(rule) for rule in FOUND_IN.get(key, ())],
        }
        for key, title, chart, tables in told
    ]


def coefficients(features: tuple[str, ...]) -> dict[str, Any]:
    return {
        "kind": "coefficients",
        "data": [
            {
                "feature": name,
                "effect": value,
                "low": value - 1.96 * error,
                "high": value + 1.96 * error,
                "per_sd": value * sd,
            }
            for name, value, error, sd in zip(features, COEF, ERROR, SD, strict=True)
        ],
    }


def coefficient_table(features: tuple[str, ...], target: str) -> dict[str, Any]:
    rows = [
        [name, value, value - 1.96 * error, value + 1.96 * error, value * sd]
        for name, value, error, sd in zip(features, COEF, ERROR, SD, strict=True)
    ]
    unit = f"{target} per unit"
    return {
        "title": "Coefficients",
        "columns": ["feature", "effect", "from", "to", "per standard deviation"],
        "rows": rows,
        "units": ["", unit, unit, unit, target],
    }


def influence() -> dict[str, Any]:
    rng = np.random.default_rng(7)
    leverage, student = rng.beta(2, 900, 600), rng.standard_t(9, 600)
    leverage[:6], student[:6] = [0.021, 0.018, 0.016, 0.015, 0.013, 0.012], [4.6, 5.2, -3.9, 6.3, 4.4, -5.0]
    return {
        "kind": "influence",
        "data": [
            {"row": i + 1, "leverage": float(h), "studentized": float(t), "label": f"row {i + 1}" if i < 6 else None}
            for i, (h, t) in enumerate(zip(leverage, student, strict=True))
        ],
    }


def row_table(target: str) -> dict[str, Any]:
    return {
        "title": "Rows that move the fit most",
        "columns": ["row", "leverage", "studentised residual", "residual", "predictions moved by"],
        "rows": [[i + 1, 0.02 - 0.001 * i, 4.6 + 0.3 * i, 3900.5 + i, 61.2 - 3 * i] for i in range(6)],
        "units": ["", "", "", target, target],
    }


def removal_path(features: tuple[str, ...]) -> dict[str, Any]:
    return {
        "kind": "removal_path",
        "data": [
            {"feature": features[2], "removed": k, "coef": 22.1 - 0.366 * k, "found": 61, "certified": 24}
            for k in range(0, 71, 5)
        ],
    }


def damage() -> dict[str, Any]:
    data = []
    for defence, slope in (("least squares", 9.0), ("Huber", 4.2), ("trimmed", 1.6), ("screen", 2.4)):
        for attacker, factor in (("oblivious", 1.0), ("adaptive", 1.7)):
            for rate in (0.0, 0.02, 0.05, 0.1, 0.2):
                middle = 1010 * (1 + slope * factor * rate)
                data.append(
                    {
                        "defence": defence,
                        "attacker": attacker,
                        "rate": rate,
                        "damage": middle,
                        "low": middle * (1 - rate),
                        "high": middle * (1 + rate),
                    }
                )
    return {"kind": "damage", "data": data}


def sources(source: str) -> dict[str, Any]:
    named = [(source, 214, 1840.2), ("southbank", 1204, 120.4), ("direct", 2980, -44.0), ("=HYPERLINK(1)", 602, 12.9)]
    return {
        "kind": "sources",
        "data": [
            {
                "source": name,
                "rows": rows,
                "effect": abs(effect),
                "could": 9000.0,
                "dropped": rows // 10,
                "accused": name == source,
            }
            for name, rows, effect in named
        ],
    }


def levers(features: tuple[str, ...]) -> dict[str, Any]:
    return {
        "kind": "levers",
        "data": [
            {
                "feature": name,
                "per_unit": value,
                "step": 0.3 * sd,
                "gain": abs(value) * 0.3 * sd,
                "reach": abs(value) * 4 * sd,
                "low": 0.0,
                "high": 4 * sd,
            }
            for name, value, sd in zip(features, COEF, SD, strict=True)
        ],
    }


def loss() -> dict[str, Any]:
    return {"kind": "loss", "data": [{"epoch": i, "loss": 4e6 * 0.9**i + 5e5} for i in range(120)]}


def spectrum() -> dict[str, Any]:
    return {"kind": "spectrum", "data": [{"index": i + 1, "eigenvalue": 2.2 / 3.1**i} for i in range(8)]}
