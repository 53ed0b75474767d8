"""What a media server may answer, and where it may send us."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message

import pytest

from pet_stream.ice_server import IceServer
from pet_stream.outgoing.exchange import Answer, Exchange
from pet_stream.publish_target import PublishTarget
from pet_stream.publishing.whip import MAX_ICE_SERVERS, Refused, WhipClient, ice_servers

URL = "https://sfu.example/whip/room"
SDP = {"Content-Type": "application/sdp"}


class Script(Exchange):
    """Gives prepared answers, and notes what is asked."""

    def __init__(self, *answers: tuple[int, Mapping[str, str]]) -> None:
        super().__init__()
        self.asked: list[tuple[str, str]] = []
        self._answers = list(answers)

    def ask(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None
    ) -> Answer:
        self.asked.append((method, url))
        assert headers["Authorization"] == "Bearer t"
        status, fields = self._answers.pop(0)
        message = Message()
        for name, value in fields.items():
            message[name] = value
        return Answer(status, message, b"v=0\r\n")


def client(script: Script) -> WhipClient:
    return WhipClient(PublishTarget(URL, "t"), script)


def test_a_session_is_made_and_ended() -> None:
    script = Script((201, {**SDP, "Location": "../s/1"}), (200, {}))
    whip = client(script)
    session = whip.publish("offer")
    assert (session.sdp, session.url) == ("v=0\r\n", "https://sfu.example/s/1")
    whip.end(session)
    assert script.asked == [("POST", URL), ("DELETE", "https://sfu.example/s/1")]


def test_a_redirect_may_lead_to_another_host() -> None:
    script = Script((307, {"Location": "https://b.example/w"}), (201, {**SDP, "Location": "/s"}))
    assert client(script).publish("offer").url == "https://b.example/s"


@pytest.mark.parametrize(
    "location",
    [
        "http://sfu.example/w",
        "file:///etc/passwd",
        "",
        "https://a:99999/",
        "mailto:a",
        "https://[",
        "//[x",
        "/caf\u00e9",
        "https://127.0.0.1/",
        "https://[::1]:8080/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest",
        "https://[fe80::1%25eth0]/",
        "https://LOCALHOST./",
    ],
)
@pytest.mark.parametrize("status", [201, 307, 308])
def test_nobody_is_sent_from_https_to_http_to_this_machine_or_nowhere(
    status: int, location: str
) -> None:
    script = Script((status, {**SDP, "Location": location}))
    with pytest.raises(Refused):
        client(script).publish("offer")
    assert len(script.asked) == 1


@pytest.mark.parametrize(
    ("status", "fields", "said"),
    [
        (200, SDP, "it answers 200"),
        (302, {"Location": "/x"}, "it answers 302"),
        (401, {}, "it answers 401"),
        (201, SDP, "no WHIP server"),
        (201, {"Location": "/s", "Content-Type": "text/html"}, "no WHIP server"),
    ],
)
def test_what_is_no_whip_is_said(status: int, fields: Mapping[str, str], said: str) -> None:
    with pytest.raises(Refused, match=said):
        client(Script((status, fields))).publish("offer")


def test_the_host_of_the_setting_may_send_us_elsewhere_on_itself() -> None:
    script = Script((307, {"Location": "//127.0.0.1:8889/w"}), (201, {**SDP, "Location": "/s"}))
    whip = WhipClient(PublishTarget("http://127.0.0.1/whip", "t"), script)
    assert whip.publish("offer").url == "http://127.0.0.1:8889/s"


@pytest.mark.parametrize(
    ("text", "seconds"), [("9" * 9, 300.0), ("5", 5.0), ("-1", 0.0), ("Fri", 0.0), ("", 0.0)]
)
def test_a_wait_that_is_asked_for_counts(text: str, seconds: float) -> None:
    with pytest.raises(Refused) as caught:
        client(Script((503, {"Retry-After": text}))).publish("offer")
    assert caught.value.retry_after_s == seconds


def test_ice_servers_of_link_headers() -> None:
    links = [
        '<stun:stun.example:3478>; rel="ice-server", '
        '<turn:turn.example:3478?transport=udp>; rel="ice-server"; username="a\\"b"; '
        'credential="c;d,e"; credential-type="password"',
        "<turns:turn.example:443?transport=tcp>; rel=ice-server; username=u; credential=p",
    ]
    assert ice_servers(links) == (
        IceServer(("stun:stun.example:3478",)),
        IceServer(("turn:turn.example:3478?transport=udp",), 'a"b', "c;d,e"),
        IceServer(("turns:turn.example:443?transport=tcp",), "u", "p"),
    )


@pytest.mark.parametrize(
    "link",
    [
        "",
        "garbage",
        '<https://a>; rel="ice-server"',
        '<stun:a>; rel="next"',
        "<stun:a>",
        '<turn:a>; rel="ice-server"',
        '<turn:a>; rel="ice-server"; username=u; credential=p; credential-type="oauth"',
        '<stun:a b>; rel="ice-server"',
        "<" * 10_000,
        '<stun:a>; rel="' + "\\" * 9_000,
    ],
)
def test_what_is_no_ice_server_is_left_out(link: str) -> None:
    assert ice_servers([link]) == ()


def test_ice_servers_are_bounded() -> None:
    assert len(ice_servers(['<stun:a>; rel="ice-server"'] * 100)) == MAX_ICE_SERVERS
