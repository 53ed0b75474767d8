"""The routes by which a browser signs in and out, and learns who it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from flask import Response, g, jsonify
from flask.typing import ResponseReturnValue

from ..errors import AccountsUnusable, BadRequest, NotAllowed, NotFound, NotSignedIn
from ..rights import Right
from .access import has_right
from .client import current_client
from .cookies import clear_cookie, set_cookie
from .current import current_stream
from .json_bodies import read_json

if TYPE_CHECKING:
    from ..accounts.accounts import SignedIn
    from .accounts_authority import AccountsAuthority

UNNAMED_DEVICE = "Browser"


def show_session() -> ResponseReturnValue:
    """Answer with who asks, and what that person may do."""
    return describe_session()


def describe_session() -> dict[str, Any]:
    """Returns who asks, and what that person may do. Raises AccountsUnusable."""
    authority = current_stream().authority
    answer: dict[str, Any] = {
        "auth": authority.name,
        "rights": [right.value for right in Right if visitor_has(right)],
        "name": None,
        "role": None,
    }
    if authority.name == "builtin":
        builtin = accounts_authority()
        visitor = builtin.visitor()
        answer["has_people"] = builtin.accounts.has_people
        if visitor is not None:
            answer |= {"name": visitor.name, "role": visitor.role}
    return answer


def visitor_has(right: Right) -> bool:
    """Whether whoever asks has `right`; also on a page, which anybody may open."""
    authority = current_stream().authority
    if authority.name != "builtin":
        return has_right(right)
    try:
        accounts_authority().grant_to_visitor(right)
    except (AccountsUnusable, NotAllowed, NotSignedIn):
        return False
    return True


def sign_in() -> ResponseReturnValue:
    """Sign in by `{"invitation", "device"}`, or by `{"name", "password", "device"}`.

    Raises NotSignedIn, BadRequest; for a password also TooMany after wrong tries, and Busy.
    """
    authority, client = accounts_authority(), current_client()
    body = read_json()
    device = _text(body, "device") or UNNAMED_DEVICE
    invitation, name, password = (_text(body, k) for k in ("invitation", "name", "password"))
    if invitation is not None:
        signed_in = authority.accounts.accept(invitation, device=device, name=name)
        return _welcome(signed_in, device)
    if name is None or password is None:
        raise BadRequest("Sign in by an invitation, or by name and password")
    authority.attempts.begin(client)
    with authority.password_turns.turn(client):
        signed_in = authority.accounts.sign_in(name, password, device=device)
    authority.attempts.note_right(client)
    return _welcome(signed_in, device)


def sign_out() -> ResponseReturnValue:
    """Forget this browser. What it has open ends soon."""
    authority = accounts_authority()
    visitor = authority.visitor()
    if visitor is None or visitor.device_id is None:
        raise NotSignedIn
    authority.accounts.revoke("devices", visitor.device_id, by=visitor.name)
    current_stream().grants.check_soon()
    g.pop("pet_stream_signed_in")
    response = Response(status=204)
    clear_cookie(response, authority.accounts.cookie_name)
    return response


def accounts_authority() -> AccountsAuthority:
    """Returns who decides here. Raises NotFound if it is not our accounts."""
    authority = current_stream().authority
    if authority.name != "builtin":
        raise NotFound("There are no accounts here: PET_STREAM_AUTH is not builtin")
    return cast("AccountsAuthority", authority)


def _welcome(signed_in: SignedIn, device: str) -> Response:
    visitor = signed_in.visitor
    told = {"name": visitor.name, "role": visitor.role, "device": device}
    current_stream().hooks.tell("sign_in", told)
    rights = [right.value for right in Right if right in visitor.rights]
    response = jsonify(name=visitor.name, role=visitor.role, rights=rights)
    set_cookie(response, signed_in.cookie)
    return response


def _text(body: dict[str, Any], key: str) -> str | None:
    value = body.get(key)
    if not isinstance(value, str | None):
        raise BadRequest(f"{key} must be a string")
    return value
