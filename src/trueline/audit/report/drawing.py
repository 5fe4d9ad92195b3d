"""From a chart to what a page holds: a still picture, a description for the live one, and the code that draws it."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import vl_convert

__all__ = ["CONFIG", "VEGA_LITE", "description", "runtime", "still"]

VEGA_LITE = "6.4"
STILL_WIDTH = 680  # px; the picture then scales with the page
FONT = "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'Liberation Sans', system-ui, sans-serif"

# Colours are the page's own CSS variables, so one picture serves light, dark and paper.
CONFIG: dict[str, Any] = {
    "aria": False,  # the figure carries one text; every mark by itself would be noise
    "background": "transparent",
    "font": FONT,
    "padding": 2,
    "view": {"stroke": None},
    "axis": {
        "domainColor": "var(--strong)", "tickColor": "var(--strong)", "gridColor": "var(--grid)",
        "labelColor": "var(--soft)", "titleColor": "var(--soft)", "titleFontWeight": "normal", "titleFontSize": 12,
        "labelFontSize": 12, "labelLimit": 210, "labelPadding": 5, "labelFlush": False, "titlePadding": 8, "tickSize": 4
    },
    "axisQuantitative": {"tickCount": 6},
    "legend": {
        "labelColor": "var(--ink)", "titleColor": "var(--soft)", "labelFontSize": 12,
        "orient": "top", "direction": "horizontal",
        "title": None, "symbolSize": 90, "columnPadding": 14, "offset": 6,
        "labelLimit": 160,
    },
    "text": {"color": "var(--ink)", "fontSize": 12},
    "rule": {"color": "var(--strong)"},
}  # fmt: skip


def description(spec: dict[str, Any]) -> str:
    """The chart as JSON that cannot end the script element it stands in.

    Parameters
    ----------
    spec : dict
        Vega-Lite.

    Examples
    --------
    >>> description({"name": "</script><!--"})
    '{"name":"\\\\u003c/script\\\\u003e\\\\u003c!--"}'
    """
    text = json.dumps(spec, ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def still(spec: dict[str, Any], name: str) -> str:
    """The chart as a picture: SVG that fits the width it is given.

    Parameters
    ----------
    spec : dict
        Vega-Lite.
    name : str
        Unique on the page; keeps the picture's own identifiers apart from those of others.
    """
    svg = str(vl_convert.vegalite_to_svg({**spec, "width": STILL_WIDTH}, vl_version=VEGA_LITE))
    counted = dict.fromkeys(re.findall(r'\bid="(\w+)"', svg))  # numbered by how many were drawn before in this process
    for number, found in enumerate(counted):
        svg = re.sub(rf'(\bid="|url\(#){found}(?=["\)])', rf"\g<1>{name}-{number}", svg)
    svg = re.sub(r' (?:role|aria-[a-z]+|class|pointer-events|xmlns:xlink|version|font-family)="[^"]*"', "", svg)
    svg = re.sub(r"(\d+\.\d\d)\d+", r"\1", svg)  # a hundredth of a pixel is enough
    return re.sub(
        r'^<svg [^>]*?viewBox="([^"]+)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true" focusable="false">', svg
    )


@cache
def runtime() -> str:
    """The code that draws: Vega, Vega-Lite and Vega-Embed with its interpreter, as one script (0.9 MB)."""
    code = str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE))
    if re.search(r"</script|<!--", code, re.IGNORECASE):
        raise AssertionError("the runtime would end its own script element")
    return code
