"""Media servers and webhooks that are there, are not, or refuse."""

from __future__ import annotations

from pet_stream.doctor.finding import Level
from pet_stream.doctor.outgoing import check_outgoing
from pet_stream.publish_target import PublishTarget
from pet_stream.webhook import Webhook
from tests.hooks.receiver import receiving
from tests.publishing.media_server import TOKEN, serving

SECRET = b"0123456789abcdef"


def test_those_that_answer_are_well_and_hear_nothing() -> None:
    with serving() as server, receiving() as receiver:
        targets, webhooks = [PublishTarget(server.url, TOKEN)], [Webhook(receiver.url, SECRET)]
        findings = list(check_outgoing(targets, webhooks))
        assert not server.offers
        assert not receiver.ids
    assert [finding.level for finding in findings] == [Level.OK, Level.OK]


def test_those_that_are_not_there_are_named_without_their_secrets(free_port: int) -> None:
    url = f"http://127.0.0.1:{free_port}/secret-path?key=hidden"
    findings = list(check_outgoing([PublishTarget(url, TOKEN)], [Webhook(url, SECRET)]))
    assert [finding.level for finding in findings] == [Level.PROBLEM, Level.WARNING]
    for finding in findings:
        assert f"127.0.0.1:{free_port}" in finding.message
        told = finding.message + finding.advice
        assert not any(word in told for word in ("secret-path", "hidden", TOKEN))


def test_a_wrong_token_and_a_wrong_url_are_told_apart() -> None:
    for status, advice in ((401, "token"), (403, "token"), (404, "URL"), (503, "URL")):
        with serving() as server:
            server.options = status
            [finding] = check_outgoing([PublishTarget(server.url, TOKEN)], [])
        assert finding.level is Level.PROBLEM
        assert str(status) in finding.message
        assert advice in finding.advice
