"""Answers with what our routes and messages are, for programs.

It has no secrets, and is for everybody: a generator of clients need not sign in.
"""

from __future__ import annotations

from flask import Response, current_app, request
from flask.typing import ResponseReturnValue

from .current import current_stream
from .route import Route

Routes = tuple[Route, ...]


def answer_openapi(routes: Routes, websockets: Routes) -> ResponseReturnValue:
    """Answer with the description of those `routes` and `websockets` that the app serves."""
    from .description.document import openapi_json  # lazy: few ask

    prefix = current_stream().config.url_prefix
    served = {(rule.endpoint, rule.rule) for rule in current_app.url_map.iter_rules()}
    is_served = [(f"pet_stream.{r.view.__name__}", prefix + r.rule) in served for r in routes]
    text = openapi_json(
        tuple(r for r, is_there in zip(routes, is_served, strict=True) if is_there),
        websockets,
        base=request.root_path.rstrip("/") + prefix or "/",
        is_open=current_stream().authority.name in ("open", "off"),
    )
    return _answer(text)


def socket_messages() -> ResponseReturnValue:
    """Answer with the messages of both WebSockets."""
    from .description.messages import messages_json  # lazy: few ask

    return _answer(messages_json())


def _answer(text: bytes) -> Response:
    response = Response(text, mimetype="application/json")
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
