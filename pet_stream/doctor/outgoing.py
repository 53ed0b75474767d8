"""Asks the servers that the settings have us tell something: media servers and webhooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..outgoing.exchange import Exchange
from ..publish_target import PublishTarget
from ..webhook import Webhook
from .finding import Finding, ok, problem, warning

_LIMIT_S = 3.0
_ADVICE = "Is it running, and is its address right? A token in clear text wants HTTPS."


def check_outgoing(
    targets: Sequence[PublishTarget], webhooks: Sequence[Webhook]
) -> Iterator[Finding]:
    """Ask each whether it is there. Nothing is published, and no event is told."""
    for target in targets:
        yield _check_target(target)
    for webhook in webhooks:
        yield _check_webhook(webhook)


def _check_target(target: PublishTarget) -> Finding:
    name, key = "media server", "PET_STREAM_PUBLISH"
    headers = {} if target.token is None else {"Authorization": f"Bearer {target.token}"}
    try:
        status = Exchange(limit_s=_LIMIT_S).ask("OPTIONS", target.url, headers).status
    except OSError as exc:
        return problem(name, f"{target.shown} can't be asked: {exc}.", _ADVICE)
    if status in (401, 403):
        return problem(
            name, f"{target.shown} answers {status}.", f"Does it know the token in {key}?"
        )
    if status == 404 or status >= 500:
        return problem(name, f"{target.shown} answers {status}.", f"Look at the URL in {key}.")
    return ok(name, f"{target.shown} answers.")


def _check_webhook(webhook: Webhook) -> Finding:
    """By HEAD, which changes nothing; whatever it answers, somebody is there."""
    try:
        Exchange(limit_s=_LIMIT_S).ask("HEAD", webhook.url, {})
    except OSError as exc:
        return warning(
            "webhook",
            f"{webhook.shown} can't be asked: {exc}.",
            "Events wait for it, a day at most.",
        )
    return ok("webhook", f"{webhook.shown} answers.")
