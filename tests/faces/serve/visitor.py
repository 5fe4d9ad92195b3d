"""Somebody who visits a served page in a real browser, with a mouse, a keyboard and eyes."""

from __future__ import annotations

import json
from typing import Any

from audit.browser import Browser

__all__ = ["Visitor"]

SHOWN = "#entry:not([hidden]), #model:not([hidden])"
CODES = {"Tab": 9, "Enter": 13, "ArrowDown": 40, "ArrowUp": 38}


class Visitor(Browser):
    """A browser on the page of a server."""

    def visit(self, port: int, width: int = 1280, height: int = 900, **features: str) -> None:
        """Open the page, and wait until it shows the model or asks for a key."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)  # fmt: skip
        named = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.send("Emulation.setEmulatedMedia", features=named)
        self.events.clear()
        self.send("Page.navigate", url=f"http://127.0.0.1:{port}/")
        self.until(f"document.readyState === 'complete' && !!document.querySelector({SHOWN!r})")

    def type(self, text: str) -> None:
        """Into what has the focus, in the place of what is there."""
        self.ask("document.activeElement.select && document.activeElement.select()")
        self.send("Input.insertText", text=text)

    def fill(self, label: str, text: str) -> None:
        """The field of this label, found as a person finds it."""
        self.ask(f"""(() => {{
            const wanted = {json.dumps(label)};
            [...document.querySelectorAll("label")].find(label => label.firstChild.data === wanted).control.focus();
        }})()""")
        if self.ask("document.activeElement.tagName") == "SELECT":
            self.ask(f"""(() => {{
                const field = document.activeElement;
                field.value = [...field.options].find(option => option.value === {json.dumps(text)}).value;
                field.dispatchEvent(new Event("input", {{ bubbles: true }}));
            }})()""")
        else:
            self.type(text)

    def click(self, what: str) -> None:
        """The middle of an element, with the mouse."""
        x, y = self.ask(f"""(() => {{
            const found = document.querySelector({json.dumps(what)});
            found.scrollIntoView({{ block: "center", behavior: "instant" }});
            const box = found.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }})()""")
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def strike(self, key: str) -> None:
        """One key of the keyboard."""
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=CODES[key],
                      **(text if kind == "keyDown" else {}))  # fmt: skip

    def answer(self) -> str:
        """What the form says once it has asked."""
        self.until("document.querySelector('#answer').childNodes.length > 0")
        return str(self.ask("document.querySelector('#answer').innerText"))

    def heard(self, *methods: str) -> list[dict[str, Any]]:
        """What the browser had to report since the page was opened."""
        self.ask("0")  # what was said before this has been heard after it
        return [event["params"] for event in self.events if event.get("method") in methods]
