"""Credentials from a secret. `tests/webrtc/test_turn.py` shows them to a real TURN server."""

from __future__ import annotations

from pet_stream.ice_server import IceServer, usable_here
from pet_stream.turn_secret import LIFETIME_S, TurnSecret, with_credentials

SECRET = TurnSecret(b"0123456789abcdef")
NOW_S = 1_800_000_000.75


def test_the_credential_is_what_openssl_makes_of_the_user_name() -> None:
    username, credential = SECRET.credentials("", NOW_S)
    assert username == "1800003600:496dc93fa2d2"
    # printf %s "$username" | openssl dgst -sha1 -hmac 0123456789abcdef -binary | base64
    assert credential == "ecl7XByUfthcGVqE+SZS71kMZtA="


def test_credentials_expire_after_an_hour_and_are_new_each_time() -> None:
    first, later = (SECRET.credentials("cat", NOW_S + s) for s in (0, 10))
    assert int(first[0].partition(":")[0]) == int(NOW_S) + LIFETIME_S == int(NOW_S) + 3600
    assert int(later[0].partition(":")[0]) == int(NOW_S) + LIFETIME_S + 10
    assert first[1] != later[1]


def test_a_holder_is_one_to_the_server_whoever_that_is() -> None:
    """coturn counts by what stands after the colon (`user-quota`)."""
    names = [
        SECRET.credentials(holder, now_s)[0].partition(":")[2]
        for holder, now_s in (("cat", 1), ("cat", 2), ("dog", 1), ("", 1))
    ]
    assert names[0] == names[1]
    assert len(set(names)) == 3
    assert all(name.isalnum() and "cat" not in name for name in names)
    other = TurnSecret(b"another secret of ours").credentials("cat", 1)[0]
    assert other.partition(":")[2] != names[0]


def test_only_a_turn_server_without_credentials_gets_some() -> None:
    stun = IceServer(("stun:a",))
    own = IceServer(("turn:b",), "u", "c")
    bare = IceServer(("turn:c", "turns:c"))
    servers = (stun, own, bare)
    assert with_credentials(servers, None, "cat", NOW_S) == servers
    given = with_credentials(servers, SECRET, "cat", NOW_S)
    assert given[:2] == (stun, own)
    assert (given[2].username, given[2].credential) == SECRET.credentials("cat", NOW_S)
    assert given[2].urls == bare.urls


def test_a_secret_is_in_no_representation() -> None:
    assert "0123" not in repr(SECRET)
    assert "hidden" not in repr(IceServer(("turn:b",), "u", "hidden"))


def test_this_side_uses_the_first_stun_and_the_first_turn_server_that_aiortc_can() -> None:
    servers = (
        IceServer(("stuns:a", "turns:a?transport=udp"), "u", "c"),
        IceServer(("turn:b?transport=tcp", "turn:b"), "u", "d"),
        IceServer(("stun:c", "stun:d")),
    )
    assert usable_here(servers) == (
        IceServer(("turn:b?transport=tcp",), "u", "d"),
        IceServer(("stun:c",)),
    )
    assert usable_here(()) == ()
    assert usable_here([IceServer(("stun:c?transport=udp",))]) == (IceServer(("stun:c",)),)
