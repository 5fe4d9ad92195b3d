"""API keys: who may ask what; the secret is nowhere but with its owner."""

from __future__ import annotations

import hmac
import io
import json
import os
import stat
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from trueline.errors import OptionError
from trueline.faces.serve import keys as module
from trueline.faces.serve.key_file import KeyFile, change_keys, read_keys
from trueline.faces.serve.keys import KeyRing, new_key
from trueline.faces.serve.refusals import RefusedError

GOOD = {"region": "south", "rooms": 3, "age": 20.5, "balcony": True}


def test_scopes(serve):
    served = serve(scopes=("predict",))
    assert served.ask({"rows": [GOOD]}, x_api_key=served.key).status_code == 200
    assert served.ask({"rows": [GOOD]}, authorization=f"Bearer {served.key}").status_code == 200
    assert served.client.get("/metrics", headers={"x-api-key": served.key}).status_code == 403
    assert served.client.get("/status", headers={"x-api-key": served.key}).status_code == 403
    for path in ("/", "/v2/health/live", "/v2/health/ready"):
        assert served.client.get(path).status_code == 200
    for path in ("/metrics", "/card", "/v2", "/v2/models/flats", "/openapi.json", "/status", "/nowhere"):
        assert served.client.get(path).status_code == 401


def test_a_key_for_metrics_opens_metrics_alone(serve):
    served = serve(scopes=("metrics",))
    for path, status in (("/metrics", 200), ("/status", 403), ("/card", 403), ("/openapi.json", 403)):
        assert served.client.get(path, headers={"x-api-key": served.key}).status_code == status


def test_a_key_is_refused_from_the_moment_it_expires():
    until = datetime(2030, 1, 1, tzinfo=UTC)
    key, text = new_key(["predict"], until)
    ring = KeyRing([key])
    assert ring.admit({"x-api-key": text}, "predict", until - timedelta(seconds=1)) is key
    with pytest.raises(RefusedError, match="expired at 2030"):
        ring.admit({"x-api-key": text}, "predict", until)


def test_admin_may_do_all(serve):
    served = serve(scopes=("admin",))
    key = {"x-api-key": served.key}
    assert served.ask({"rows": [GOOD]}, **{"x_api_key": served.key}).status_code == 200
    assert served.client.get("/metrics", headers=key).status_code == 200
    status = served.client.get("/status", headers=key).json()
    assert status["keys"][0]["scopes"] == ["admin"] and "sha256" not in status["keys"][0]


def test_missing_wrong_expired(serve, tmp_path):
    log = io.StringIO()
    served = serve(scopes=("metrics",), log=log)
    old, text = new_key(["predict"], datetime.now(UTC) - timedelta(seconds=1))
    change_keys(tmp_path / "keys.json", lambda kept: [*kept, old])
    time.sleep(1.05)  # the file is looked at once a second
    id_ = served.key.split("_")[1]
    secret = served.key.split("_", 2)[2]
    other = served.key[:-1] + ("A" if served.key[-1] != "A" else "B")
    cases = [
        ({}, 401, "no_key", "API key"),
        ({"x_api_key": "hello"}, 401, "bad_key", "not an API key"),
        ({"x_api_key": other}, 401, "bad_key", id_),
        ({"x_api_key": f"tl_{'0' * 12}_{secret}"}, 401, "bad_key", "0" * 12),
        ({"x_api_key": text}, 401, "bad_key", f"{old.id} expired"),
        ({"x_api_key": served.key}, 403, "wrong_scope", id_),
        ({"authorization": f"Basic {served.key}"}, 401, "no_key", "API key"),
        ({"authorization": f"bearer {served.key}"}, 403, "wrong_scope", id_),
    ]
    for headers, status, reason, words in cases:
        answer = served.ask({"rows": [GOOD]}, **headers)
        error = answer.json()["error"]
        assert (answer.status_code, error["reason"]) == (status, reason) and words in error["message"], headers
        assert secret not in answer.text and (status == 403 or answer.headers["www-authenticate"] == "Bearer")
    served.service.log._write_waiting()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["key"] for line in lines] == [None, None, id_, "0" * 12, old.id, id_, None, id_]
    assert secret not in log.getvalue() and text not in log.getvalue()
    metrics = served.client.get("/metrics", headers={"x-api-key": served.key}).text
    assert secret not in metrics and 'trueline_refusals_total{reason="bad_key"} 4.0' in metrics


def test_the_comparison_takes_constant_time_and_always_happens(monkeypatch):
    compared = []
    monkeypatch.setattr(module.hmac, "compare_digest", lambda a, b: compared.append((a, b)) or hmac_equal(a, b))
    key, text = new_key(["predict"])
    ring = KeyRing([key])
    ring.admit({"x-api-key": text}, "predict")
    with pytest.raises(RefusedError):
        ring.admit({"x-api-key": f"tl_{'0' * 12}_{text.split('_', 2)[2]}"}, "predict")
    assert len(compared) == 2 and all(len(a) == len(b) == 64 for a, b in compared)


hmac_equal = hmac.compare_digest


def test_the_file_keeps_hashes_alone_readable_by_its_owner_alone(tmp_path):
    path = tmp_path / "keys.json"
    key, text = new_key(["predict", "metrics"], note="billing")
    change_keys(path, lambda keys: [key])
    assert text.split("_", 2)[2] not in path.read_text() and read_keys(path) == [key]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_keys_made_at_once_are_all_kept(tmp_path):
    path = tmp_path / "keys.json"
    made = [new_key(["predict"])[0] for _ in range(8)]
    threads = [threading.Thread(target=change_keys, args=(path, lambda kept, key=key: [*kept, key])) for key in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {key.id for key in read_keys(path)} == {key.id for key in made}


def test_a_revoked_key_is_refused_without_a_restart(tmp_path):
    path = tmp_path / "keys.json"
    key, text = new_key(["predict"])
    change_keys(path, lambda keys: [key])
    watched = KeyFile(path)
    watched.ring().admit({"x-api-key": text}, "predict")
    change_keys(path, lambda keys: [])
    watched._looked -= 2
    with pytest.raises(RefusedError):
        watched.ring().admit({"x-api-key": text}, "predict")


def test_keys_stay_in_force_where_their_file_is_damaged_or_gone(tmp_path):
    path, told = tmp_path / "keys.json", []
    key, text = new_key(["predict"])
    change_keys(path, lambda keys: [key])
    watched = KeyFile(path, told.append)
    path.write_text("{")
    watched._looked -= 2
    assert watched.ring().admit({"x-api-key": text}, "predict") == key and "no file of API keys" in told[0]
    os.unlink(path)
    watched._looked -= 2
    assert watched.ring().admit({"x-api-key": text}, "predict") == key and len(told) == 2


@pytest.mark.parametrize("change", [
    {"id": "../../x"}, {"sha256": "00"}, {"scopes": []}, {"scopes": ["root"]}, {"scopes": "admin"}, {"expires": "soon"},
    {"expires": "2026-01-01T00:00:00"}, {"expires": 7}, {"more": 1},
], ids=str)  # fmt: skip
def test_a_damaged_file_is_refused_by_name(tmp_path, change):
    path = tmp_path / "keys.json"
    change_keys(path, lambda keys: [new_key(["predict"])[0]])
    values = json.loads(path.read_text())
    values["keys"][0] |= change
    path.write_text(json.dumps(values))
    with pytest.raises(OptionError, match=r"keys\.json: key 1"):
        read_keys(path)


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"format": 2, "keys": []}', '{"format": 1, "keys": 3}', "[" * 99_999]
)
def test_other_files_are_no_keys(tmp_path, content):
    (tmp_path / "keys.json").write_text(content)
    with pytest.raises(OptionError, match="no file of API keys"):
        read_keys(tmp_path / "keys.json")
