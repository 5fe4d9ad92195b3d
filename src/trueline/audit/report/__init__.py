"""The audit as one page: an HTML file that opens offline, in light, dark and on paper."""

from __future__ import annotations

from .html import to_html

__all__ = ["to_html"]
