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
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif"

# Colours are the page's own CSS variables, so one picture serves light, dark and paper.
CONFIG: dict[str, Any] = {
    "aria": False,  # the figure carries one text; every mark by itself would be noise
    "background": "transparent",
    "font": FONT,
    "padding": 2,
    "view": {"stroke": None},
    "axis": {
        "domainColor": "var(--strong)", "tickColor": "var(--strong)", "gridColor": "var(--grid)", "labelColor": "var(--soft)",
        "titleColor": "var(--soft)", "titleFontWeight": "normal", "titleFontSize": 12, "labelFontSize": 12,
        "labelLimit": 130, "titlePadding": 8, "labelPadding": 5, "tickSize": 4,
    },
    "legend": {
        "labelColor": "var(--ink)", "titleColor": "var(--soft)", "labelFontSize": 12, "orient": "top", "direction": "horizontal",
        "title": None, "symbolStrokeWidth": 2.5, "symbolType": "stroke", "symbolSize": 180, "columnPadding": 14, "offset": 6,
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
    fixed = {**spec, "width": STILL_WIDTH}
    svg = vl_convert.vegalite_to_svg(fixed, vl_version=VEGA_LITE)
    svg = re.sub(r'\b(id="|url\(#|href="#)(?=(?:clip|gradient)\w*\d)', rf"\g<1>{name}-", svg)
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
