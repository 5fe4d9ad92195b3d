"""The page at ``/`` in a real browser, against a live server: somebody fills the form and reads the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import httpx
import numpy as np
import pytest

from audit.browser import chromium
from faces.serve.visitor import Visitor
from trueline.faces.serve.service import Named

pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium: on Debian, apt install chromium")

GOOD = {"region": "south", "rooms": 3, "age": 20.5, "balcony": True}
HOSTILE = {"region": "<img src=x onerror=hacked=1>", "rooms": "</script><script>hacked=1</script>",
           "age": "o'clock $(id) \"x\" \\", "balcony": "'-alert`1`-'"}  # fmt: skip
LEVELS = ("<b>north</b>", " south", '"west')
COLOUR = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    with Visitor(tmp_path_factory.mktemp("browser")) as visitor:
        yield visitor


def asked_for(visitor: Visitor) -> float:
    """The number on the page."""
    visitor.answer()
    return float(visitor.ask("document.querySelector('#answer output').textContent"))


def expected(port: int, row: dict[str, object], **headers: str) -> float:
    answer = httpx.post(f"http://127.0.0.1:{port}/predict", json={"rows": [row]}, headers=headers)
    return float(answer.json()["predictions"][0])


def quiet(visitor: Visitor) -> bool:
    """Nothing on the console, nothing asked of anybody else."""
    said = visitor.heard("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
    asked = [event["request"]["url"] for event in visitor.heard("Network.requestWillBeSent")]
    return not said and all(url.startswith(("http://127.0.0.1:", "data:,")) for url in asked)


def test_a_filled_form_is_answered_by_the_model(visitor, listening, model):
    port, _ = listening()
    visitor.visit(port)
    for label, text in {"region": "south", "rooms": "3", "age": "20.5", "balcony": "true"}.items():
        visitor.fill(label, text)
    visitor.click("#try button")
    features = np.array([[1.0, 0.0, 3.0, 20.5, 1.0]])
    assert asked_for(visitor) == expected(port, GOOD) == pytest.approx(float(model.predict(features)[0]), rel=1e-14)
    assert "price" in visitor.answer() and quiet(visitor)


@pytest.mark.parametrize("level", ["north", "west"])
def test_a_category_is_chosen(visitor, listening, level):
    port, _ = listening()
    visitor.visit(port)
    rest = {"rooms": "2", "age": "10", "balcony": "false"}
    for label, text in {"region": level, **rest}.items():
        visitor.fill(label, text)
    visitor.click("#try button")
    assert asked_for(visitor) == expected(port, {"region": level, "rooms": 2, "age": 10, "balcony": False})


@pytest.mark.parametrize(
    ("typed", "number"), [(".5", 0.5), ("+3.", 3), ("007", 7), ("1e1", 10), (" 20.50 ", 20.5), ("-0", 0)]
)
def test_numbers_as_people_type_them(visitor, listening, typed, number):
    port, _ = listening()
    visitor.visit(port)
    visitor.fill("age", typed)
    visitor.click("#try button")
    shown = asked_for(visitor)
    [row] = json.loads(visitor.ask("document.querySelector('#curl').textContent.split(\"-d '\")[1].slice(0, -1)"))[
        "rows"
    ]
    assert row["age"] == number and shown == expected(port, row)


def test_a_bad_value_is_refused_with_its_reason(visitor, listening):
    port, _ = listening()
    visitor.visit(port)
    visitor.fill("rooms", "2")
    visitor.fill("age", "old")
    visitor.click("#try button")
    assert visitor.answer() == "age: text, not a number"
    assert visitor.ask("document.activeElement.labels[0].firstChild.data") == "age"
    assert visitor.ask("document.querySelectorAll('[aria-invalid=true]').length") == 1
    visitor.fill("age", "200")  # beyond training: answered, and flagged
    assert (
        visitor.ask("document.querySelector('#answer').innerText + document.querySelectorAll('[aria-invalid]').length")
        == "0"
    )
    visitor.click("#try button")
    assert "age: outside 0 to 79.9, the range of training" in visitor.answer() and "first" not in visitor.answer()


def test_an_answer_does_not_outlive_its_question(visitor, listening):
    port, _ = listening()
    visitor.visit(port)
    visitor.click("#try button")
    before = asked_for(visitor)
    visitor.fill("rooms", "1")
    assert visitor.ask("document.querySelector('#answer').innerText") == ""
    visitor.click("#try button")
    assert asked_for(visitor) != before


def test_the_keyboard_is_enough(visitor, listening):
    port, _ = listening()
    visitor.visit(port)
    visitor.strike("Tab")
    assert visitor.ask("document.activeElement.labels[0].textContent") == "region"
    assert visitor.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    visitor.strike("ArrowDown")
    for text in ("3", "20.5"):
        visitor.strike("Tab")
        visitor.type(text)
    visitor.strike("Tab")
    visitor.strike("ArrowDown")
    visitor.strike("Tab")
    assert visitor.ask("document.activeElement.textContent") == "Predict"
    visitor.strike("Enter")
    assert asked_for(visitor) == expected(port, GOOD)


def test_names_with_markup_are_text(visitor, listening, model):
    columns = tuple(replace(column, name=HOSTILE[column.name], levels=column.levels and LEVELS)
                    for column in model.schema.columns)  # fmt: skip
    schema = replace(model.schema, columns=columns, target="</h1><b>price")
    port, _ = listening(named=Named(replace(model, schema=schema, reference=None), schema, "evil"))
    visitor.visit(port)
    for label, text in zip(HOSTILE.values(), (LEVELS[1], "3", "20.5", "true"), strict=True):
        visitor.fill(label, text)
    visitor.click("#try button")
    row = dict(zip(HOSTILE.values(), (LEVELS[1], 3, 20.5, True), strict=True))
    assert asked_for(visitor) == expected(port, row)
    visitor.fill(HOSTILE["age"], "<i>old</i>")
    visitor.click("#try button")
    assert HOSTILE["age"] in visitor.answer()
    assert visitor.ask("typeof hacked === 'undefined' && document.querySelectorAll('img, i, b').length === 0")


def test_keys_are_asked_for(visitor, listening):
    port, served = listening(scopes=("predict",), round=-2)
    visitor.visit(port)
    assert visitor.ask("document.querySelector('#model').hidden && document.activeElement.id === 'key'")
    visitor.type("tl_nope")
    visitor.strike("Enter")
    visitor.until("document.querySelector('#refused').textContent !== ''")
    assert "not an API key" in visitor.ask("document.querySelector('#refused').textContent")
    visitor.type(f" {served.key} ")
    visitor.strike("Enter")
    visitor.until("!document.querySelector('#model').hidden")
    assert visitor.ask("document.activeElement.labels[0].textContent") == "region"  # goes on where the key let in
    visitor.fill("region", "south")
    visitor.click("#try button")
    row = {"region": "south", "rooms": 5, "age": 39.95, "balcony": False}
    assert asked_for(visitor) == expected(port, row, **{"x-api-key": served.key})
    assert "multiples of 100" in visitor.ask("document.querySelector('#hidden').textContent")
    shown = visitor.ask(
        "document.documentElement.outerHTML + location.href + JSON.stringify([localStorage, sessionStorage])"
    )
    assert served.key not in shown and "YOUR-KEY" in shown


@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_has_a_light_and_a_dark_side(visitor, listening, width):
    port, _ = listening()
    colours = set()
    for scheme in ("light", "dark"):
        visitor.visit(port, width=width, prefers_color_scheme=scheme)
        visitor.fill("age", "1.7e308")
        visitor.click("#try button")
        visitor.answer()
        assert visitor.ask("document.documentElement.scrollWidth") <= width
        colours.add(visitor.ask(COLOUR))
    assert len(colours) == 2 and quiet(visitor)


def test_a_server_that_is_gone(visitor, listening):
    port, served = listening()
    visitor.visit(port)
    served.service.hosts = frozenset({"elsewhere"})
    visitor.click("#try button")
    assert "answers to elsewhere" in visitor.answer()
    visitor.ask("window.fetch = () => Promise.reject(new TypeError('no network'))")
    visitor.click("#try button")
    visitor.until("document.querySelector('#answer').innerText === 'the server cannot be reached'")
