"""Debian's Firefox ESR, driven by WebDriver BiDi, without geckodriver."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from .bidi import BidiSession
from .processes import Process

EXECUTABLE = "firefox-esr"
START_TIMEOUT_S = 60.0

PREFERENCES: dict[str, object] = {
    # nothing of its own on the network
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.newtabpage.activity-stream.feeds.topsites": False,
    "browser.region.network.url": "",
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.prefetch-next": False,
    "services.settings.server": "data:,#no-remote-settings",
    "toolkit.telemetry.server": "",
    # no questions, no first-run pages
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "termsofuse.bypassNotification": True,
    # play without a click
    "media.autoplay.default": 0,
}

NO_PREFERENCES: Mapping[str, object] = MappingProxyType({})


@contextmanager
def firefox(
    folder: Path, preferences: Mapping[str, object] = NO_PREFERENCES
) -> Iterator[BidiSession]:
    """A headless Firefox with a new profile in `folder`, ended with the block."""
    profile = folder / "profile"
    profile.mkdir()
    all_preferences = {**PREFERENCES, **preferences}
    lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in all_preferences.items()]
    (profile / "user.js").write_text("\n".join(lines) + "\n")
    command = [EXECUTABLE, "--headless", "--no-remote", "--remote-debugging-port", "0"]
    environment = {**os.environ, "HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"}
    process = Process(
        [*command, "--profile", str(profile), "about:blank"], env=environment, cwd=folder
    )
    try:
        line = process.wait_for_line(r"WebDriver BiDi listening on (ws://\S+)", START_TIMEOUT_S)
        session = BidiSession(line[1])
        try:
            yield session
        finally:
            session.close()
    finally:
        process.stop()
