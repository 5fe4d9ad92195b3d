"""Tables of coefficients: what is read, how many digits were written, what is refused."""

from __future__ import annotations

import pytest

from trueline.errors import ColumnsError, DataError, ReadError
from trueline.models.coefficient_table import half_units, read_coefficients


@pytest.mark.parametrize("text", [
    "name,coefficient\nintercept,1.50\nsize,2.25\n", "size,2.25\nconst,1.50\n", "\ufeffterm,se,estimate\n(Intercept),9,"
    "1.50\nsize,9,2.25\n", '"",Estimate,"Std. Error"\n"(Intercept)",1.50,0.1\n"size",2.25,0.2\n',
])  # fmt: skip
def test_the_ways_that_programs_write_tables(text, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    table = read_coefficients(path)
    assert table.values == {"size": 2.25} and table.intercept == 1.5
    assert table.halves == pytest.approx({"size": 0.005, "": 0.005})
    assert table.line(("size",)).coef == [2.25] and table.line(None).fit_intercept


def test_digits_written():
    assert half_units({"a": "1.2500", "b": "100.1234"}) == pytest.approx({"a": 5e-5, "b": 5e-5})
    assert half_units({"a": "0.1234", "b": "100.123"}) == pytest.approx({"a": 5e-5, "b": 5e-4})
    assert half_units({"a": "1e-3", "b": "2.5"}) == pytest.approx({"a": 5e-4, "b": 0.05})
    assert half_units({"a": repr(1 / 3), "b": "2.5"}) == {} == half_units({"a": "many"})


@pytest.mark.parametrize(("text", "message"), [("size,1\nsize,2\n", "line 2.*given twice"), ("size\n", "line 1"),
                                               ("size,1\nrooms,many\n", "line 2.*many"), ("", "line 1"),
                                               ("const,1\nintercept,2\n", "given twice")])  # fmt: skip
def test_a_bad_table_is_refused_with_its_line(text, message, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises((ReadError, DataError), match=message):
        read_coefficients(path)
    with pytest.raises(OSError):
        read_coefficients(tmp_path / "none.csv")


def test_names_that_only_one_side_has_are_all_told():
    table = read_coefficients({"size": 1.0, "garden": 2.0})
    with pytest.raises(ColumnsError, match="age: not in the table") as refused:
        table.line(("size", "age"))
    assert "garden: in the table, not in X" in str(refused.value) and table.intercept is None
    with pytest.raises(ColumnsError, match="no coefficient"):
        read_coefficients({"intercept": 1.0}).line(None)
