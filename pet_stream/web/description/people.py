"""Signing in, and who else may come: people, devices, invitations, tokens, links."""

from __future__ import annotations

from ...errors import AccountsUnusable, BadRequest, LastOwner, NotFound, NotSignedIn, TooMany
from ...rights import ROLES, Right
from ..links import MAX_OWNERS_HOURS, MAX_PATH_CHARACTERS
from ..people import MAX_DAYS
from .json_schema import (
    BOOLEAN,
    COUNT,
    INTEGER,
    TEXT,
    Schema,
    described,
    nullable,
    record,
    ref,
    rows,
    up_to,
    word,
)
from .operation import Answer, Body, Operation

_RIGHT = word(*(right.value for right in Right))
_ROLE = word(*ROLES)
_DAYS = nullable(up_to(MAX_DAYS, above=0))
_ENDS_AT = nullable(described(INTEGER, "Seconds since 1970; null: it does not end."))
_NO_ACCOUNTS = NotFound

OPERATIONS = {
    "GET /pet-stream/api/session": Operation(
        "Who asks, and what that person may do",
        'who asks: `{"auth", "name", "role", "rights"}`; `auth` is `open`, `off`, `host` or '
        "`builtin` ([rights.md](rights.md))",
        answers=(Answer("Who asks", ref("Session")),),
    ),
    "POST /pet-stream/api/session": Operation(
        "Sign in",
        'signs in, by `{"invitation", "device"}` or by `{"name", "password", "device"}`; sets the '
        "cookie. Wrong: 401; again and again by password: 429",
        body=Body({"anyOf": [ref("SignInByInvitation"), ref("SignInByPassword")]}, True),
        answers=(Answer("Who has signed in", ref("SignedIn"), headers=("Set-Cookie",)),),
        errors=(AccountsUnusable, _NO_ACCOUNTS, NotSignedIn, TooMany),
    ),
    "DELETE /pet-stream/api/session": Operation(
        "Sign out",
        "signs this browser out",
        answers=(Answer("It is signed out", status=204, headers=("Set-Cookie",)),),
        errors=(AccountsUnusable, _NO_ACCOUNTS, NotSignedIn),
    ),
    "GET /pet-stream/api/people": Operation(
        "Everybody and everything that may sign in",
        "people with their devices, tokens, invitations; no secrets",
        answers=(Answer("They", ref("People")),),
        errors=(_NO_ACCOUNTS,),
    ),
    "POST /pet-stream/api/invitations": Operation(
        "Invite somebody",
        '`{"role", "name", "days"}` → `{"url", "qr_svg", "expires_in_s"}`: a link that is good '
        "once. `days`: how long that person may come",
        body=Body(ref("InvitationWish")),
        answers=(Answer("The link", ref("Link")),),
        errors=(_NO_ACCOUNTS, TooMany),
        needs_person=True,
    ),
    "POST /pet-stream/api/devices": Operation(
        "Invite one more device of one's own",
        "the same, for one more device of whoever asks",
        answers=(Answer("The link", ref("Link")),),
        errors=(BadRequest, _NO_ACCOUNTS, TooMany),
        needs_person=True,
    ),
    "POST /pet-stream/api/links": Operation(
        "Make a link that carries its right",
        '`{"path", "hours"}` → `{"url", "qr_svg", "expires_in_s"}`: a [link](rights.md#links) that '
        "carries its right. `path` is `/pet-stream/`, `/whep`, `/api/stream/live.mp4`, "
        "`/api/stream/live.h264`, `/api/stream/index.m3u8`, `/api/snapshot.jpg`, "
        "`/api/recordings/<name>` or its `/thumbnail`",
        body=Body(ref("LinkWish"), is_required=True),
        answers=(Answer("The link", ref("Link")),),
        errors=(_NO_ACCOUNTS,),
        needs_person=True,
    ),
    "POST /pet-stream/api/tokens": Operation(
        "Make a token for a program",
        '`{"name", "rights", "days"}` → `{"token"}`, which is shown this once',
        body=Body(ref("TokenWish"), is_required=True),
        answers=(Answer("The token", ref("Token")),),
        errors=(_NO_ACCOUNTS, TooMany),
        needs_person=True,
    ),
    "DELETE /pet-stream/api/<kind>/<entry_id>": Operation(
        "Revoke a person, device, token or invitation",
        "deletes one of the `people`, `devices`, `tokens` or `invitations`",
        answers=(Answer("It is deleted", status=204),),
        errors=(_NO_ACCOUNTS, LastOwner),
        needs_person=True,
    ),
    "PUT /pet-stream/api/password": Operation(
        "Set one's own password",
        '`{"password"}`: that of whoever asks; `null`: none',
        body=Body(ref("Password"), is_required=True),
        answers=(Answer("It is set", status=204),),
        errors=(_NO_ACCOUNTS,),
        needs_person=True,
    ),
}

SCHEMAS: dict[str, Schema] = {
    "Session": record(
        "has_people",
        auth=word("open", "off", "host", "builtin"),
        name=nullable(TEXT),
        role=nullable(_ROLE),
        rights=rows(_RIGHT),
        has_people=BOOLEAN,
    ),
    "SignInByInvitation": record("device name", invitation=TEXT, device=TEXT, name=TEXT),
    "SignInByPassword": record("device", name=TEXT, password=TEXT, device=TEXT),
    "SignedIn": record(name=TEXT, role=nullable(_ROLE), rights=rows(_RIGHT)),
    "People": record(
        people=rows(ref("Person")),
        tokens=rows(ref("TokenEntry")),
        invitations=rows(ref("InvitationEntry")),
    ),
    "Person": record(
        id=TEXT,
        name=TEXT,
        role=_ROLE,
        added_at=COUNT,
        ends_at=_ENDS_AT,
        has_password=BOOLEAN,
        devices=rows(ref("Device")),
    ),
    "Device": record(id=TEXT, person_id=TEXT, name=TEXT, added_at=COUNT, seen_at=COUNT),
    "TokenEntry": record(id=TEXT, name=TEXT, rights=rows(_RIGHT), added_at=COUNT, ends_at=_ENDS_AT),
    "InvitationEntry": record(
        id=TEXT,
        role=_ROLE,
        name=nullable(TEXT),
        person_id=nullable(TEXT),
        made_by=nullable(TEXT),
        ends_at=COUNT,
        person_ends_at=_ENDS_AT,
    ),
    "InvitationWish": record(
        "role name days", role={**_ROLE, "default": "guest"}, name=nullable(TEXT), days=_DAYS
    ),
    "TokenWish": record("name days", name=TEXT, rights={**rows(_RIGHT), "minItems": 1}, days=_DAYS),
    "LinkWish": record(
        "hours",
        path={"type": "string", "pattern": "^/", "maxLength": MAX_PATH_CHARACTERS},
        hours={**up_to(MAX_OWNERS_HOURS, above=0), "default": 1},
    ),
    "Link": record(url=TEXT, qr_svg=TEXT, expires_in_s=COUNT),
    "Token": record(token=TEXT),
    "Password": record(password=nullable(TEXT)),
}
