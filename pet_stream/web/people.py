"""The routes of who may sign in: people, their devices, invitations, programs' tokens."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask.typing import ResponseReturnValue

from ..errors import BadRequest, NotAllowed, NotSignedIn
from ..qr_code import qr_svg
from ..rights import ROLES, Right
from .client import current_client
from .current import current_stream
from .json_bodies import read_json
from .session import accounts_authority
from .urls import DASHBOARD, base_url

if TYPE_CHECKING:
    from ..accounts.visitor import Visitor

MAX_DAYS = 3650
_DAY_S = 86_400


def list_people() -> ResponseReturnValue:
    """Answer with everybody and everything that may sign in; without any secret."""
    book = accounts_authority().accounts.book()
    people = []
    for person in book.people:
        row = person.to_json()
        row["has_password"] = row.pop("password_hash") is not None
        row["devices"] = [d.to_json() for d in book.devices if d.person_id == person.id]
        people.append(row)
    hidden = ("secret_hash",)
    return {
        "people": people,
        "tokens": [_without(token.to_json(), hidden) for token in book.tokens],
        "invitations": [_without(one.to_json(), hidden) for one in book.invitations],
    }


def invite() -> ResponseReturnValue:
    """Make a link for one more person: `{"role", "name", "days"}`; `days` limits how long that
    person may come. The link itself is good for ten minutes."""
    body, asker = read_json(), _asker()
    role = _text(body, "role", "guest")
    _check_gives(asker, ROLES.get(role, ()))
    secret = accounts_authority().accounts.invite(
        role,
        name=_text(body, "name"),
        person_ends_at=_ends_at(body),
        made_by=asker.device_id or asker.token_id,
        by=asker.name,
    )
    return _link(secret)


def invite_device() -> ResponseReturnValue:
    """Make a link by which whoever asks signs in with one more device."""
    asker = _asker()
    if asker.person_id is None or asker.role is None:
        raise BadRequest("A token is no person")
    accounts = accounts_authority().accounts
    secret = accounts.invite(
        asker.role, person_id=asker.person_id, made_by=asker.device_id, by=asker.name
    )
    return _link(secret)


def add_token() -> ResponseReturnValue:
    """Make a token for a program: `{"name", "rights", "days"}`. It is shown this once."""
    body, asker = read_json(), _asker()
    rights = body.get("rights")
    if isinstance(rights, list):
        _check_gives(asker, [right for right in Right if right.value in rights])
    token = accounts_authority().accounts.add_token(
        _text(body, "name", "Program"), rights, ends_at=_ends_at(body), by=asker.name
    )
    return {"token": token}


def set_password() -> ResponseReturnValue:
    """Set the password of whoever asks, `{"password"}`; null: none."""
    asker, body = _asker(), read_json()
    if asker.person_id is None:
        raise BadRequest("A token is no person")
    if "password" not in body:
        raise BadRequest("password is missing")
    password, authority = _text(body, "password"), accounts_authority()
    with authority.password_turns.turn(current_client()):
        authority.accounts.set_password(asker.person_id, password, by=asker.name)
    return "", 204


def revoke(kind: str, entry_id: str) -> ResponseReturnValue:
    """Delete a person, a device, a token or an invitation. What it has open ends soon. Raises
    LastOwner: only the command line may leave nobody who can invite."""
    accounts = accounts_authority().accounts
    accounts.revoke(kind, entry_id, by=_asker().name, keeps_an_owner=kind == "people")
    current_stream().grants.check_soon()
    return "", 204


def _asker() -> Visitor:
    """Returns whoever asks. Raises NotSignedIn if only a link was granted a right."""
    visitor = accounts_authority().visitor()
    if visitor is None:
        raise NotSignedIn
    return visitor


def _check_gives(asker: Visitor, rights: Iterable[Right]) -> None:
    """Raises NotAllowed: people and programs can only give rights that they have."""
    for right in rights:
        if right not in asker.rights:
            raise NotAllowed(right.value)


def _link(secret: str) -> dict[str, Any]:
    """The secret stands behind `#`, which browsers send to nobody."""
    url = f"{base_url(current_stream().config.url_prefix)}{DASHBOARD}#invitation={secret}"
    return {
        "url": url,
        "qr_svg": qr_svg(url),
        "expires_in_s": accounts_authority().accounts.invitation_s,
    }


def _ends_at(body: dict[str, Any]) -> int | None:
    days = body.get("days")
    if days is None:
        return None
    if isinstance(days, bool) or not isinstance(days, int | float) or not 0 < days <= MAX_DAYS:
        raise BadRequest(f"days must be a number up to {MAX_DAYS}")
    return int(time.time() + days * _DAY_S)


def _text(body: dict[str, Any], key: str, default: str | None = None) -> Any:
    value = body.get(key, default)
    if not isinstance(value, str | None):
        raise BadRequest(f"{key} must be a string")
    return value


def _without(row: dict[str, object], keys: tuple[str, ...]) -> dict[str, object]:
    return {key: value for key, value in row.items() if key not in keys}
