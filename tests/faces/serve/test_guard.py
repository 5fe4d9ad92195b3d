"""Before every route: one shape of refusal, no traceback, a log line, a measurement."""

from __future__ import annotations

import asyncio
import io
import json
import logging

import pytest

from trueline.errors import OptionError
from trueline.faces.serve import counters
from trueline.faces.serve.access_log import AccessLog
from trueline.faces.serve.rates import Rates
from trueline.faces.serve.refusals import RefusedError
from trueline.faces.serve.service import Named, Service
from trueline.faces.serve.settings import Settings

GOOD = {"region": "south", "rooms": 3, "age": 20.5, "balcony": True}


def test_paths_and_methods(served):
    for method, path, status, reason in [
        ("GET", "/predict", 405, "wrong_method"), ("PUT", "/v2/health/live", 405, "wrong_method"),
        ("DELETE", "/v2/models/flats/infer", 405, "wrong_method"), ("OPTIONS", "/predict", 405, "wrong_method"),
        ("GET", "/docs", 404, "not_found"), ("GET", "/../etc/passwd", 404, "not_found"), ("GET", "/" + "x" * 5000, 404,
        "not_found"), ("GET", "/card/", 404, "not_found"), ("POST", "/predict/", 404, "not_found"),
    ]:  # fmt: skip
        answer = served.client.request(method, path)
        assert (answer.status_code, answer.json()["error"]["reason"]) == (status, reason), path
        assert len(answer.content) < 1000
        if status == 405:
            takes = answer.headers["allow"].split(", ")
            assert method not in takes and takes[0] in answer.json()["error"]["message"]


def test_head_is_get_without_a_body(served):
    for path in ("/", "/v2/health/live", "/card"):
        assert served.client.request("HEAD", path).status_code == 200
    assert served.client.request("HEAD", "/predict").status_code == 405


@pytest.mark.parametrize("end", ["%0A", "%0D", "%00", "/", "%2F", "%20", ";", "."])
@pytest.mark.parametrize("path", ["/status", "/metrics"])
def test_a_path_spelled_otherwise_is_no_way_around_a_scope(serve, path, end):
    """A route's pattern may match more than its path: an end of line after it, say."""
    served = serve(scopes=("predict",))
    headers = {"x-api-key": served.key}
    assert served.client.get(path, headers=headers).status_code == 403
    answer = served.client.get(path + end, headers=headers)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (404, "not_found")


def test_connections_are_closed_one_by_one_while_the_server_stops(served):
    assert "connection" not in served.ask({"rows": [GOOD]}).headers
    served.service.stop_soon()
    for answer in (served.ask({"rows": [GOOD]}), served.client.get("/nowhere")):
        assert answer.headers["connection"] == "close" and answer.status_code in (200, 404)


def test_a_fault_shows_no_traceback(served, monkeypatch, caplog):
    def broken(body):
        raise RuntimeError("secret place")

    monkeypatch.setattr(served.service.reader, "read", broken)
    monkeypatch.setattr(served.service.window, "look", broken)
    with caplog.at_level(logging.ERROR, "trueline.serve"):
        status, error = served.error({"rows": [GOOD]})
        answer = served.client.get("/metrics")
    for text in (json.dumps(error), answer.text):
        assert "internal" in text and "secret" not in text and "Traceback" not in text
    assert status == answer.status_code == 500
    assert caplog.text.count("RuntimeError: secret place") == 2
    assert answer.headers["x-request-id"] in answer.text


def test_names_of_the_host(model):
    from trueline.faces.serve.application import application

    service = Service(Named(model, model.schema, "flats"), Settings(), hosts=["localhost", "127.0.0.1", "::1"])
    app = application(service)

    async def status(host):
        sent = []

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/v2/health/live", "raw_path": b"/v2/health/live",
                 "query_string": b"", "headers": [(b"host", host)], "root_path": "", "http_version": "1.1",
                 "scheme": "http", "server": None, "client": None}  # fmt: skip
        await app(scope, None, send)
        return sent[0]["status"]

    for host in (b"localhost", b"localhost:8000 ", b"127.0.0.1:1", b"[::1]:8000", b"LOCALHOST"):
        assert asyncio.run(status(host)) == 200
    for host in (b"evil.example", b"evil.example:8000", b"", b"localhost.evil.example", b"[::2]:1"):
        assert asyncio.run(status(host)) == 421


def test_rates(serve):
    served = serve(rate="2/hour", scopes=("predict",))
    for _ in range(2):
        assert served.ask({"rows": [GOOD]}, x_api_key=served.key).status_code == 200
    answer = served.ask({"rows": [GOOD]}, x_api_key=served.key)
    assert answer.status_code == 429 and 3500 < int(answer.headers["retry-after"]) <= 3600
    assert served.key.split("_")[1] in answer.json()["error"]["message"]
    assert served.client.get("/v2/health/live").status_code == 200


def test_every_key_has_a_rate_of_its_own_and_an_address_has_one_for_all_of_its_ports(serve):
    first, server = serve(scopes=("predict",)), serve(rate="2/hour", scopes=("predict",))
    for key in (first.key, server.key):
        asked = [server.ask({"rows": [GOOD]}, x_api_key=key).status_code for _ in range(3)]
        assert asked == [200, 200, 429]
    open_to_all, sent = serve(rate="2/hour"), []

    async def send(message):
        sent.append(message.get("status"))

    for host, port in (("10.0.0.1", 1), ("10.0.0.1", 2), ("10.0.0.1", 3), ("10.0.0.2", 4)):
        asyncio.run(open_to_all.app({"type": "http", "method": "GET", "path": "/card", "headers": [],
                                     "client": (host, port)}, None, send))  # fmt: skip
    assert [status for status in sent if status] == [200, 200, 429, 200]


@pytest.mark.parametrize("rate", ["", "x", "0/minute", "-1/minute", "1/fortnight", "60"])
def test_no_rate(rate):
    with pytest.raises(OptionError, match="60/minute"):
        Rates(rate)


def test_of_several_rates_every_one_holds():
    rates = Rates("9/second;2/hour")
    rates.take("key 3")
    rates.take("key 3")
    with pytest.raises(RefusedError, match="2 per 1 hour"):
        rates.take("key 3")


def test_counts_expire_and_callers_are_forgotten(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(counters.time, "time", lambda: now[0])
    monkeypatch.setattr(counters, "MOST", 10)
    rates = Rates("2/minute")
    for caller in range(10):
        rates.take(f"key {caller}")
        rates.take(f"key {caller}")
    with pytest.raises(RefusedError):
        rates.take("key 3")
    now[0] += 61
    rates.take("key 3")
    rates.take("key 99")
    assert len(rates._counted.storage._counts) == 2


def test_too_many_at_once(serve):
    served = serve(in_flight=1)
    served.service.reading = 1
    answer = served.ask({"rows": [GOOD]})
    assert answer.status_code == 503 and answer.headers["retry-after"] == "1"
    served.service.reading = 0
    assert served.ask({"rows": [GOOD]}).status_code == 200 and served.service.reading == 0


def test_a_body_that_was_refused_leaves_its_place_to_others(serve):
    served = serve(in_flight=1, max_body=100)
    for body in (b"x" * 101, b"{"):
        assert served.ask(body).status_code in (400, 413) and served.service.reading == 0


def test_the_log(serve):
    log = io.StringIO()
    served = serve(log=log)
    answer = served.ask({"rows": [GOOD, GOOD]})
    served.ask(b"{")
    served.client.get("/a%0Ab%22c%E2%80%AE" + "x" * 500)
    served.service.log._write_waiting()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    first, second, third = lines
    assert first["id"] == answer.headers["x-request-id"] and first["rows"] == 2 and first["status"] == 200
    assert (first["method"], first["path"], first["key"], first["reason"]) == ("POST", "/predict", None, None)
    assert first["ms"] > 0 and first["time"].endswith("Z") and first["client"] == "127.0.0.1"
    assert (second["status"], second["reason"]) == (400, "malformed")
    assert third["path"].startswith('/a\nb"c\u202e') and len(third["path"]) <= 200
    assert len({line["id"] for line in lines}) == 3


def test_a_reader_who_left_or_sleeps_stops_nobody(tmp_path):
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    log = AccessLog(Gone())
    log.add("1", None, "c", "GET", "/", 200, 0.1, 0, None)
    log._write_waiting()
    log.add("2", None, "c", "GET", "/", 200, 0.1, 0, None)
    kept = io.StringIO()
    slow = AccessLog(kept, most=10)
    for i in range(25):
        slow.add(str(i), None, "c", "GET", "/", 200, 0.1, 0, None)
    slow.start()
    slow.stop()
    lines = [json.loads(line) for line in kept.getvalue().splitlines()]
    assert [line.get("id") for line in lines] == [*map(str, range(15, 25)), None]
    assert lines[-1]["log_lines_dropped"] == 15


def test_websockets_are_turned_away(served):
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(served.app({"type": "websocket", "path": "/predict"}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_a_caller_who_left_is_noted(serve):
    log = io.StringIO()
    served = serve(log=log)

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        raise AssertionError("there is nobody")

    scope = {"type": "http", "method": "POST", "path": "/predict", "headers": [(b"content-type", b"application/json")],
             "client": ("10.0.0.1", 5)}  # fmt: skip
    asyncio.run(served.app(scope, receive, send))
    served.service.log._write_waiting()
    assert json.loads(log.getvalue())["status"] == 499


def test_names_that_are_no_path(model):
    for name in ("../../x", "a/b", "", "a\0", "x" * 200, "-x"):
        with pytest.raises(ValueError, match="no name"):
            Service(Named(model, model.schema, name), Settings())
