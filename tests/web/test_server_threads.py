"""How many requests a server runs at once, as its WSGI environment tells."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from flask import Flask, request

from pet_stream.web.server_threads import can_do_websockets, needs_threads, thread_limit


class Channel:
    """As much of waitress's as is looked at."""

    server = SimpleNamespace(adj=SimpleNamespace(threads=6))

    def check_client_disconnected(self) -> bool:
        return False


ASKED = {"waitress.client_disconnected": Channel().check_client_disconnected}


@pytest.mark.parametrize(
    ("server", "is_threaded", "more", "expected"),
    [
        ("gunicorn/27.0", False, {}, 1),
        ("Werkzeug/3.1", False, {}, 1),
        ("Werkzeug/3.1", True, {}, None),
        ("WSGIServer/0.2", False, {}, 1),
        ("gevent/25.1 Python/3.11", False, {}, 1),
        ("waitress", True, ASKED, 6),
        ("a name of the host's", True, ASKED, 6),
        ("waitress", True, {}, 4),
        ("a server of tomorrow's", True, {}, None),
    ],
)
def test_limits(
    server: str, is_threaded: bool, more: dict[str, object], expected: int | None
) -> None:
    environ = {"SERVER_SOFTWARE": server, "wsgi.multithread": is_threaded, **more}
    assert thread_limit(environ) == expected


def test_uwsgi_tells_no_name() -> None:
    assert thread_limit({"uwsgi.version": b"2.0.30", "wsgi.multithread": False}) == 1
    assert thread_limit({"uwsgi.version": b"2.0.30", "wsgi.multithread": True}) is None


def test_a_test_client_has_no_threads_to_keep_free() -> None:
    with Flask(__name__).test_request_context():
        assert not request.environ["wsgi.multithread"]
        assert thread_limit(request.environ) is None


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("gunicorn/27.0", "--worker-class gthread --threads"),
        ("Werkzeug/3.1", "app.run(threaded=True)"),
        ("waitress", "waitress-serve --threads="),
        ("WSGIServer/0.2", "gunicorn"),
    ],
)
def test_the_sentence_says_what_to_do(server: str, words: str) -> None:
    environ = {"SERVER_SOFTWARE": server, "wsgi.multithread": False}
    assert words in needs_threads(environ)


def test_websockets_need_the_connection() -> None:
    assert can_do_websockets({"gunicorn.socket": object()})
    assert not can_do_websockets({"SERVER_SOFTWARE": "waitress"})
