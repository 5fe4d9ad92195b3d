"""The page at ``/``: one file without addresses in it, the same for every model.

What it shows of a model it asks for like any other caller, and writes as text: a name can be no markup there.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

__all__ = ["page"]

HERE = Path(__file__).parent


def page() -> tuple[bytes, str]:
    """The page, and the policy that lets a browser run this script and nothing else, and ask nobody but us.

    Examples
    --------
    >>> content, policy = page()
    >>> b"://" in content, "default-src 'none'" in policy
    (False, True)
    """
    frame, style, script = ((HERE / name).read_text(encoding="utf-8") for name in ("page.html", "page.css", "page.js"))
    print_ = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{print_}'; style-src 'unsafe-inline'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return frame.replace("/*style*/", style).replace("/*script*/", script).encode(), policy
