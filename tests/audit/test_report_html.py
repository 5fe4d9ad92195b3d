"""The page of an audit: nothing loaded from anywhere, nothing executed that others wrote, and readable by everybody."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("altair")
pytest.importorskip("vl_convert")

from audit.report_example import FEATURES, example
from trueline.audit.audit_report import AuditReport
from trueline.audit.report import charts, html, to_html
from trueline.audit.report.answers import answers
from trueline.audit.report.counting import counts_of
from trueline.audit.report.grid import grid
from trueline.audit.section import Section
from trueline.errors import OptionError
from trueline.findings import Finding, Severity

HOSTILE = (
    "<script>hacked=1</script>",
    '"><img src=x onerror=hacked=1>',
    "</script ><script>hacked=1</script>",
    "<!--<script>",
    "price\u202ecod.exe",
    "=HYPERLINK(\"http://evil.example\")",
    "{{ 7*7 }}${7*7}{% raw %}`x`",
    "datum['x'];hacked=1//\x00\u2028\n",
)  # fmt: skip
VOID = {"meta", "link", "br", "img", "input", "hr"}


@dataclass
class Element:
    """One element of a page, with the text right inside it."""

    name: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """What a parser sees in a page."""

    content: str
    elements: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)
        self._open: list[Element] = []
        self.feed(self.content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().name == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, *names: str) -> list[Element]:
        return [element for element in self.elements if element.name in names]

    @property
    def scripts(self) -> list[Element]:
        return [script for script in self.all("script") if script.attributes.get("type") != "application/json"]

    @property
    def specs(self) -> list[dict[str, Any]]:
        return [json.loads(s.text) for s in self.all("script") if s.attributes.get("type") == "application/json"]

    @property
    def words(self) -> str:
        return self.all("body")[0].text


def write(path: Path, report: dict[str, Any], **options: bool) -> Page:
    to_html(report, path / "audit.html", **options)
    page = Page((path / "audit.html").read_text(encoding="utf-8"))
    assert page._open == []
    return page


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return write(tmp_path_factory.mktemp("report"), example())


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return write(tmp_path_factory.mktemp("hostile"), example(HOSTILE, HOSTILE[2], HOSTILE[1]))


def addresses(page: Page) -> list[str]:
    """Whatever a browser might load or go to."""
    loading = (
        "src",
        "href",
        "xlink:href",
        "action",
        "formaction",
        "data",
        "poster",
        "srcset",
        "background",
        "ping",
        "cite",
    )
    found = [e.attributes[name] for e in page.elements for name in loading if name in e.attributes]
    styles = [style.text for style in page.all("style")] + [e.attributes.get("style", "") for e in page.elements]
    shown = [
        value for e in page.elements for name, value in e.attributes.items() if name not in ("content", "aria-label")
    ]
    for text in [*styles, *shown]:
        found += re.findall(r"url\(\s*['\"]?([^)'\"]*)", text) + re.findall(r"@import\s+(\S+)", text)
    return found


@pytest.mark.parametrize("name", ["page", "hostile"])
def test_nothing_is_loaded_from_anywhere(name, request):
    page: Page = request.getfixturevalue(name)
    assert [address for address in addresses(page) if not address.startswith("#")] == []
    assert page.all("link", "img", "iframe", "object", "embed", "form", "base", "video", "audio", "source") == []
    assert [e for e in page.elements for attribute in e.attributes if attribute.startswith("on")] == []
    assert not re.search(r"\bfetch\(|XMLHttpRequest|import\(|eval\(|new Function", page.scripts[-1].text)


def test_a_planted_address_is_seen():
    for planted in ('<script src="https://x.example/a.js"></script>', "<style>a{background:url(//x)}</style>",
                    "<style>@import 'x.css';</style>", '<p style="background:url(http://x)"></p>'):  # fmt: skip
        assert [found for found in addresses(Page(planted)) if not found.startswith("#")]


def test_the_policy_allows_these_scripts_and_nothing_else(page):
    policy = next(e.attributes["content"] for e in page.all("meta") if "http-equiv" in e.attributes)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    prints = {f"'sha256-{base64.b64encode(hashlib.sha256(s.text.encode()).digest()).decode()}'" for s in page.scripts}
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert set(rules["script-src"].split()) == prints
    assert set(rules) == {"default-src", "script-src", "style-src", "base-uri", "form-action"}


def test_names_that_others_chose_stay_text(page, hostile):
    assert len(hostile.scripts) == len(page.scripts) == 2
    assert {e.name for e in hostile.elements} == {e.name for e in page.elements}
    assert {a for e in hostile.elements for a in e.attributes} == {a for e in page.elements for a in e.attributes}
    for name in HOSTILE[:4] + HOSTILE[5:7]:
        assert name in hostile.words
    assert "price\\u202ecod.exe" in hostile.words
    assert not set("\u202e\x00\u2028") & set(hostile.content)
    data = [script.text for script in hostile.all("script") if script.attributes.get("type") == "application/json"]
    assert data and not any(set("<>&") & set(text) for text in data)
    assert "hacked" not in "".join(script.text for script in hostile.scripts)


def test_names_stand_only_where_a_chart_takes_data(hostile):
    def places(value: Any) -> set[str]:
        """Fields, expressions and filters: what Vega evaluates."""
        if isinstance(value, dict):
            own = {
                str(value[key]) for key in ("field", "expr", "filter", "test", "signal", "calculate") if key in value
            }
            return own.union(*map(places, (entry for key, entry in value.items() if key != "values")))
        return set().union(*map(places, value)) if isinstance(value, list) else set()

    evaluated = set().union(*map(places, hostile.specs))
    assert len(hostile.specs) >= 8
    assert [text for text in evaluated if any(sign in text for sign in "<>{}`;") and "datum." not in text] == []
    assert not any("hacked" in text or "evil" in text for text in evaluated)
    assert HOSTILE[0] in json.dumps(hostile.specs)


def test_the_same_report_gives_the_same_bytes(page, tmp_path):
    assert write(tmp_path, example()).content == page.content
    call = "import sys; from audit.report_example import example; from trueline.audit.report import to_html; "
    call += "to_html(example(), sys.argv[1])"
    here = [str(Path(__file__).parents[1]), str(Path(html.__file__).parents[3])]
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(here), "PYTHONHASHSEED": "77"}
    subprocess.run([sys.executable, "-c", call, str(tmp_path / "other.html")], check=True, timeout=120, env=paths)
    assert (tmp_path / "other.html").read_text(encoding="utf-8") == page.content


def test_the_file_stays_small(page, tmp_path):
    assert len(page.content.encode()) < 1_400_000
    names = tuple(f"column {number} " + "x" * 300 for number in range(8))
    report = example(names)
    report["counts"]["rows"] *= 1500
    report["findings"] = [
        {**report["findings"][0], "fingerprint": f"{n:016x}", "advice": "y" * 5000} for n in range(2000)
    ]
    for section in report["sections"]:
        section["tables"] = [{**table, "rows": table["rows"] * 3000} for table in section["tables"]] * 6
    large = write(tmp_path, report)
    assert len(large.content.encode()) < html.LIMIT
    assert "more findings, in the JSON" in large.words


def test_findings_come_first_and_worst_first(page):
    findings = [e for e in page.all("details") if e.attributes.get("class") == "finding"]
    told = [next(s for s in ("critical", "high", "medium", "low", "info") if s in f.text) for f in findings]
    assert told == ["high", "high", "medium", "low", "info"]
    assert "open" in findings[0].attributes
    first = findings[0].text
    for word in ("What to do", "What that costs", "Attacker", "How sure", "Evidence", "Find it again", "Reference",
                 "trueline audit credit.csv --target credit_limit --source broker --seed 0"):  # fmt: skip
        assert word in first
    order = [e.attributes["id"] for e in page.all("section")]
    assert order[:3] == ["summary", "findings", "counts"]


def test_every_link_leads_somewhere_and_every_number_to_how_it_was_computed(page):
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    links = [e.attributes["href"][1:] for e in page.all("a")]
    assert set(links) <= set(ids)
    assert "how-s6-damage" in links and "how-s9-levers" in links
    findings = [e for e in page.all("details") if e.attributes.get("class") == "finding" and "Effect" in e.text]
    assert len(findings) == 3
    assert links.count("how-s7-sources") >= 2  # the finding of that section, and its chart
    assert {anchor for anchor in ids if anchor.startswith("how-")} <= set(links)


def test_headings_language_title_and_charts_speak(page):
    levels = [int(e.name[1]) for e in page.all("h1", "h2", "h3")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.all("html")[0].attributes["lang"] == "en"
    assert page.all("title")[0].text.startswith("Audit: credit_limit")
    pictures = [e for e in page.elements if e.attributes.get("class") == "still"]
    assert len(pictures) == len(page.specs) == 9
    assert all(e.attributes["role"] == "img" and len(e.attributes["aria-label"]) > 30 for e in pictures)
    assert page.content.count("The numbers as a table") == len(pictures)
    assert all("scope" in e.attributes for e in page.all("th"))
    assert [e.attributes["aria-label"] for e in page.all("nav")] == ["Contents"]


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_in_light_and_dark():
    style = (Path(html.__file__).parent / "style.css").read_text()
    blocks = re.findall(r":root \{(.*?)\n *\}", style, re.S)[:2]
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks)
    assert set(light) == set(dark)
    for theme in (light, dark):
        for ground in ("paper", "card", "sunk"):
            assert all(contrast(theme[text], theme[ground]) >= 4.5 for text in ("ink", "soft", "accent", "mark"))
        for severity in ("critical", "high", "medium", "low", "info"):
            assert contrast(theme[severity], theme[f"{severity}-wash"]) >= 4.5
        assert all(contrast(theme[f"c{number}"], theme["card"]) >= 3 for number in range(1, 7))
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_redacted_leaves_out_what_rows_hold(tmp_path):
    report = example()
    report["findings"][1]["evidence"] |= {"rows": [{"income": 31.5, "age": 58.25}], "cell": "12 Elm Street"}
    whole, less = write(tmp_path, report), write(tmp_path, report, redact=True)
    for told in ("northgate", "southbank", "58.25", "12 Elm Street", "predictions moved by"):
        assert told in whole.content
        assert told not in less.content
    drawn = [sum("studentized" in json.dumps(spec) for spec in page.specs) for page in (whole, less)]
    assert drawn == [1, 0]
    assert "One source's rows (214, source 1) pull credit_limit in region_3" in less.words
    assert "Left out: what single rows hold." in less.words
    assert [report["findings"][0]["fingerprint"] in page.content for page in (whole, less)] == [True, False]
    assert less.content.count('"#how-s7-sources"') == whole.content.count('"#how-s7-sources"')
    assert "row contents left out" in less.words
    assert "residuals of single rows" not in less.words
    assert "row 17" in less.words  # the number of a row is no content of it


def test_a_report_with_little_in_it(tmp_path):
    assert "None of the sections below found anything" in write(tmp_path, {}).words
    bare = write(tmp_path, {"sections": [{}, {"chart": {"kind": "pie", "data": [1]}}], "findings": [{"title": "odd"}],
                            "summary": ["one"], "counts": {"rows": [{"feature": "a"}]}})  # fmt: skip
    assert "odd" in bare.words
    assert len(bare.scripts) == 1  # nothing to draw, so nothing to draw it with


@pytest.mark.parametrize("kind", charts.KINDS)
def test_a_chart_without_its_numbers_is_no_chart(kind):
    chart = next(s["chart"] for s in example()["sections"] if s["chart"] and s["chart"]["kind"] == kind)
    assert charts.figures_of(chart, "y")
    for missing in (None, "text", True):
        data = [{name: missing if isinstance(value, float | int) else value for name, value in row.items()}
                for row in chart["data"]]  # fmt: skip
        assert charts.figures_of({**chart, "data": data}, "y") == []
    assert charts.figures_of({"kind": kind, "data": []}, "y") == charts.figures_of(None, "y") == []


def test_what_a_chart_says():
    def of(kind: str, data: list[dict[str, Any]]) -> Any:
        return charts.figures_of({"kind": kind, "data": data}, "y")[0]

    flat = of("spectrum", [{"index": i, "eigenvalue": value} for i, value in enumerate((2.0, 1.0, 0.0))])
    assert "1 more are 0" in flat.caption
    wide = of("spectrum", [{"index": i, "eigenvalue": 1.0 / i} for i in range(1, 100)])
    assert "rule" not in json.dumps(wide.spec["mark"])
    bare = of("coefficients", [{"feature": "a", "effect": 1.0, "per_sd": 2.0, "low": None, "high": None}])
    assert (bare.title, "no intervals" in bare.caption) == ("Effects", True)
    path = [{"feature": "a", "removed": k, "coef": 1.0 - k / 3, "found": None, "certified": 2} for k in range(3)]
    assert "No rows were found that flip it; fewer than 2 cannot, by proof" in of("removal_path", path).caption
    both = charts.figures_of(next(s["chart"] for s in example()["sections"] if s["key"] == "damage"), "y")
    assert [figure.title for figure in both] == [
        "Against an attacker who does not know the defence", "Against an attacker who knows the defence"
    ]  # fmt: skip


def test_tables_fold_and_drop_what_is_empty():
    table = grid("t", ("a", "b", "c"), [["x", None, 0.5]] * 26, ("", "m", "share"))
    assert [head["name"] for head in table["heads"]] == ["a", "c"]
    assert [cell["text"] for cell in table["rows"][0]] == ["x", "50 %"]
    assert (table["folded"], grid("t", ("row",), [[1234]])["folded"]) == ("t: 26 rows", "")
    assert grid("t", ("row",), [[1234]])["rows"][0][0]["text"] == "1234"  # the number of a row is a name
    assert grid("t", ("a", "b"), [["x"], {"a": "y", "b": 1}], most=1)["more"] == 1


def test_counts_show_the_bracket(page):
    row = page.content.partition('<th scope="row"><bdi>tenure</bdi></th>')[2].partition("</tr>")[0]
    assert "64–160" in row and "≤ 10" in row and "exact" in row
    assert "≥ 516" in page.content  # nothing found, something proven
    told = [
        {"remove": {"found": found, "certified": certified}} for found, certified in ((9, 1), (1, 0), (1, 1), (None, 1))
    ]
    cells = [row["cells"][0] for row in counts_of({"rows": told}, 9)["rows"]]
    assert [(cell["text"], cell["note"]) for cell in cells] == [
        ("≤ 9", ""), ("1", ""), ("1", "exact"), ("none found", "")
    ]  # fmt: skip


class Report:
    """As `AuditReport` does."""

    def to_dict(self) -> dict[str, Any]:
        return {"title": "said by itself"}


def test_findings_of_an_audit_lead_to_the_section_that_made_them(tmp_path):
    found = Finding("odd", Severity.HIGH, "odd rows", effect=2.0)
    section = Section("fit", "The fit", how="By hand.", findings=(found,))
    report = AuditReport(
        title="t", target="y", rows=9, features=("a",), effort="quick", seed=0, tolerance=1.0, tolerance_why="given",
        attacker_rows=1, findings=(found,), sections=(section,),
    )  # fmt: skip
    report.to_html(tmp_path / "audit.html", redact=True)
    page = Page((tmp_path / "audit.html").read_text(encoding="utf-8"))
    finding = page.content.partition("<dt>Effect</dt>")[2].partition("</dd>")[0]
    assert '<a href="#how-s1-fit">2</a>' in finding
    to_html(json.loads(report.json()), tmp_path / "bare.html", redact=True)  # what lies in a file knows it too
    assert (tmp_path / "bare.html").read_bytes() == (tmp_path / "audit.html").read_bytes()


def test_evidence_is_told_in_words():
    evidence = {"found": 9, "certified": 4, "by": "add_bounded", "note": "", "remedy": "leave `a` out"}
    found = answers({"rule_id": "sign-flips", "title": "t", "evidence": {**evidence, "remedy_cost": 0.1}}, [])
    told = {piece["name"]: piece["text"] for piece in found["evidence"]}
    assert told == {"rows found that do it": "9", "rows it takes at least, proven": "4",
                    "how": "rows added within bounds", "remedy": "leave a out"}  # fmt: skip


def test_a_report_may_say_itself_and_the_file_is_whole(tmp_path):
    to_html(Report(), tmp_path / "a.html")
    assert "said by itself" in (tmp_path / "a.html").read_text()
    with pytest.raises(OSError, match="missing"):
        to_html(Report(), tmp_path / "missing" / "a.html")


def test_without_the_extra_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(html, "find_spec", lambda name: None if name == "altair" else object())
    with pytest.raises(OptionError, match=r'needs altair.*pip install "trueline\[report\]"'):
        to_html({}, tmp_path / "a.html")


def test_nothing_heavy_is_loaded_before_it_is_needed():
    call = "import sys, trueline.audit.report, trueline.faces.cli; "
    call += "print([name for name in ('jinja2', 'altair', 'vl_convert') if name in sys.modules])"
    paths = {**os.environ, "PYTHONPATH": str(Path(html.__file__).parents[3])}
    done = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, timeout=120, env=paths)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_the_example_has_every_kind_of_chart():
    kinds = {section["chart"]["kind"] for section in example(FEATURES)["sections"] if section["chart"]}
    assert kinds == set(charts.KINDS)
