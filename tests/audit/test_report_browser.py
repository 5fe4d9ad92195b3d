"""The page of an audit in a real browser: it loads nothing, answers the mouse and the keyboard, and fits a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit.browser import Browser, chromium
from audit.report_example import example

pytest.importorskip("jinja2")
pytest.importorskip("altair")
pytest.importorskip("vl_convert")

from trueline.audit.report import to_html

pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium: on Debian, apt install chromium")

HOSTILE = ("<img src=x onerror=hacked=1>", "</script><script>hacked=1</script>", "x');hacked=1//", "a\u202eb")
DRAWN = "[...document.querySelectorAll('.live')].every(live => live.querySelector('svg'))"
COLOUR = "getComputedStyle(document.body).backgroundColor"
PARTS = 9


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    to_html(example(), folder / "plain.html")
    to_html(example((HOSTILE * 2), HOSTILE[1], HOSTILE[0]), folder / "hostile.html")
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


def heard(browser: Browser, *methods: str) -> list[dict[str, Any]]:
    browser.ask("0")  # what was said before this has been heard after it
    return [event["params"] for event in browser.events if event.get("method") in methods]


@pytest.mark.parametrize("name", ["plain", "hostile"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_draws_everything_and_loads_nothing(browser, folder, name, width):
    browser.open(folder / f"{name}.html", width=width)
    browser.until(DRAWN)
    assert browser.ask("document.querySelectorAll('.live svg').length") == PARTS
    assert browser.ask("document.querySelectorAll('.still:not([hidden])').length") == 0
    browser.ask("document.querySelectorAll('details').forEach(part => { part.open = true; })")
    assert browser.ask("document.documentElement.scrollWidth") <= width
    assert browser.ask("typeof hacked") == "undefined"
    assert heard(browser, "Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown") == []
    asked = [event["request"]["url"] for event in heard(browser, "Network.requestWillBeSent")]
    assert asked == [(folder / f"{name}.html").resolve().as_uri()]


def test_the_policy_stops_what_it_should(browser, folder):
    browser.open(folder / "plain.html")
    stopped = """new Promise(done => {
        addEventListener("securitypolicyviolation", event => done(event.violatedDirective), { once: true });
        document.body.append(Object.assign(document.createElement("img"), { src: "https://x.example/a.png" }));
    })"""
    assert browser.ask(stopped) == "img-src"


def test_a_chart_answers_the_mouse(browser, folder):
    browser.open(folder / "plain.html")
    browser.until(DRAWN)
    where = """(() => {
        const chart = [...document.querySelectorAll("figure")].find(f => f.textContent.includes("Leverage against"));
        chart.scrollIntoView({ block: "center", behavior: "instant" });
        const mark = [...chart.querySelectorAll(".live path")].find(p => p.getAttribute("fill") === "var(--mark)");
        const box = mark.getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2];
    })()"""
    assert browser.ask("document.getElementById('tip').hidden")
    x, y = browser.ask(where)
    browser.point(x - 3, y - 1)
    browser.point(x, y)
    browser.until("!document.getElementById('tip').hidden")
    said = browser.ask("document.getElementById('tip').innerText").split()
    assert said[:3] == ["row", "1", "leverage"]
    browser.point(2, 2)
    browser.until("document.getElementById('tip').hidden")


def test_a_hostile_name_in_a_hint_is_text(browser, folder):
    browser.open(folder / "hostile.html")
    browser.until(DRAWN)
    where = """(() => {
        const chart = [...document.querySelectorAll("figure")].find(f => f.textContent.includes("One source left"));
        chart.scrollIntoView({ block: "center", behavior: "instant" });
        const mark = [...chart.querySelectorAll(".live path")].find(p => p.getAttribute("fill") === "var(--mark)");
        const box = mark.getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2];
    })()"""
    x, y = browser.ask(where)
    browser.point(x - 3, y)
    browser.point(x, y)
    browser.until("!document.getElementById('tip').hidden")
    assert HOSTILE[0] in browser.ask("document.getElementById('tip').textContent")
    assert browser.ask("document.querySelectorAll('#tip img').length + (typeof hacked === 'undefined' ? 0 : 1)") == 0


def test_a_name_in_the_legend_singles_out_its_line(browser, folder):
    browser.open(folder / "plain.html")
    browser.until(DRAWN)
    faint = """[...[...document.querySelectorAll("figure")].find(f => f.textContent.includes("who does not know"))
        .querySelectorAll(".live path[opacity='0.12']")].length"""
    where = """(() => {
        const name = [...document.querySelectorAll(".live text")].find(text => text.textContent === "trimmed");
        name.scrollIntoView({ block: "center", behavior: "instant" });
        const box = name.getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2];
    })()"""
    assert browser.ask(faint) == 0
    x, y = browser.ask(where)
    browser.point(x, y)
    for kind in ("mousePressed", "mouseReleased"):
        browser.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    browser.until(f"{faint} > 0")


def test_the_keyboard_reaches_findings(browser, folder):
    browser.open(folder / "plain.html")
    browser.press("Tab")
    assert browser.ask("document.activeElement.className") == "skip"
    assert browser.ask("document.activeElement.getBoundingClientRect().left") >= 0
    assert browser.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser.press("Enter")
    browser.until("location.hash === '#findings'")
    browser.ask("document.querySelectorAll('.finding > summary')[1].focus()")
    browser.press("Enter")
    browser.until("document.querySelectorAll('.finding')[1].open")


def test_links_open_what_they_lead_to_and_commands_are_copied(browser, folder):
    browser.open(folder / "plain.html")
    assert not browser.ask("document.getElementById('how-s7-sources').open")
    browser.ask("document.querySelector('a[href=\"#how-s7-sources\"]').click()")
    browser.until("document.getElementById('how-s7-sources').open")
    browser.ask("document.querySelector('.command button').click()")
    browser.until("document.querySelector('.command button').textContent === 'Copied'")
    browser.ask("document.querySelector('#findings-tools button').click()")
    assert browser.ask("[...document.querySelectorAll('.finding')].every(finding => finding.open)")


def test_dark_and_light_and_paper(browser, folder):
    browser.open(folder / "plain.html", prefers_color_scheme="light")
    light = browser.ask(COLOUR)
    browser.open(folder / "plain.html", prefers_color_scheme="dark")
    browser.until(DRAWN)
    assert browser.ask(COLOUR) != light
    shown = "[...document.querySelectorAll('.still')].filter(still => still.getBoundingClientRect().height > 50).length"
    assert browser.ask(shown) == 0
    browser.send("Emulation.setEmulatedMedia", media="print", features=[])
    assert browser.ask(COLOUR) == "rgb(255, 255, 255)"
    assert browser.ask(shown) == PARTS
    browser.send("Emulation.setEmulatedMedia", media="", features=[])
    assert len(browser.paper()) > 50_000


def test_without_scripts_the_pictures_are_there(browser, folder):
    browser.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(folder / "plain.html", width=390)
        shown = (
            "[...document.querySelectorAll('.still svg')].filter(svg => svg.getBoundingClientRect().height > 50).length"
        )
        assert browser.ask(shown) == PARTS
        assert browser.ask("document.documentElement.scrollWidth") <= 390
    finally:
        browser.send("Emulation.setScriptExecutionDisabled", value=False)
