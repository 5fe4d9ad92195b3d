"""The door of `ship`: every listed name is there, and nothing is loaded before it is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from trueline import ship


@pytest.mark.parametrize("name", ship.__all__)
def test_every_listed_name_is_there(name):
    value = getattr(ship, name)
    assert value is not None and getattr(ship, name) is value and name in dir(ship)


def test_other_names_are_none():
    with pytest.raises(AttributeError, match="no attribute 'pickle'"):
        ship.pickle  # noqa: B018


def test_the_door_loads_nothing_heavy_and_loading_a_model_none_of_the_extras():
    heavy = ("cryptography", "onnx", "onnxruntime", "mlflow", "sqlalchemy", "fastapi", "jinja2", "altair")
    script = (
        "import sys, trueline.ship\n"
        "assert 'numpy' not in sys.modules\n"
        "trueline.ship.load, trueline.ship.save, trueline.ship.Model\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)
    assert done.stdout.strip() == "[]", done.stderr[-2000:]
