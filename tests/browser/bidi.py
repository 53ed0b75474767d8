"""A small client of WebDriver BiDi (https://w3c.github.io/webdriver-bidi/) over one WebSocket."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.waiting import TIMEOUT_S

from .websocket import WebSocketClient, WebSocketClosed


class BidiError(Exception):
    """The browser refused a command, or a script threw."""


class BidiSession:
    """One session, driving one `tab`. Commands wait for their answers; `events` keeps events."""

    def __init__(self, url: str, timeout_s: float = 2 * TIMEOUT_S) -> None:
        self.events: list[dict[str, Any]] = []
        self._timeout_s = timeout_s
        self._last_id = 0
        self._socket = WebSocketClient(f"{url}/session", timeout_s)
        self.command("session.new", capabilities={})
        self.command("session.subscribe", events=["log.entryAdded", "network.responseCompleted"])
        self.tab: str = self.command("browsingContext.getTree")["contexts"][0]["context"]

    def close(self) -> None:
        try:
            self.command("browser.close")
        except WebSocketClosed:
            pass
        finally:
            self._socket.close()

    @contextmanager
    def private_tab(self) -> Iterator[None]:
        """The tab that is driven: one with cookies and storage of its own, and no events yet."""
        user = self.command("browser.createUserContext")["userContext"]
        created = self.command("browsingContext.create", type="tab", userContext=user)
        self.tab = created["context"]
        self.events.clear()
        try:
            yield
        finally:
            self.command("browser.removeUserContext", userContext=user)

    def command(self, method: str, **params: Any) -> dict[str, Any]:
        """Raises BidiError when the browser says no, TimeoutError when it says nothing."""
        self._last_id += 1
        self._socket.send(json.dumps({"id": self._last_id, "method": method, "params": params}))
        deadline = time.monotonic() + self._timeout_s
        while True:
            message = self._receive(deadline, method)
            if message.get("id") != self._last_id:
                continue
            if message["type"] == "error":
                raise BidiError(f"{method}: {message['error']}: {message['message']}")
            result: dict[str, Any] = message["result"]
            return result

    def goto(self, url: str) -> None:
        self.command("browsingContext.navigate", context=self.tab, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, promises awaited. It must be JSON."""
        result = self.command(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then(value => JSON.stringify(value))",
            target={"context": self.tab},
            awaitPromise=True,
        )
        if result["type"] == "exception":
            raise BidiError(result["exceptionDetails"]["text"])
        text = result["result"].get("value")
        return None if text is None else json.loads(text)

    def wait_until(self, expression: str, timeout_s: float = TIMEOUT_S) -> Any:
        """The first true value of `expression`, looked at every 20 ms."""
        failure = json.dumps(f"not within {timeout_s:g} s: {expression}")
        return self.evaluate(
            f"""new Promise((resolve, reject) => {{
                const deadline = performance.now() + {timeout_s * 1000};
                const look = () => {{
                    const value = {expression};
                    if (value) resolve(value);
                    else if (performance.now() < deadline) setTimeout(look, 20);
                    else reject(new Error({failure}));
                }};
                look();
            }})"""
        )

    def click(self, selector: str) -> None:
        """Click where a person would: in the middle of the element."""
        x, y = self.evaluate(
            f"""(() => {{
                const find = (root) => root.querySelector({json.dumps(selector)}) ?? [
                    ...root.querySelectorAll('*')
                ].map((node) => node.shadowRoot && find(node.shadowRoot)).find(Boolean);
                const element = find(document);
                element.scrollIntoView({{block: 'center', behavior: 'instant'}});
                const box = element.getBoundingClientRect();
                return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
            }})()"""
        )
        actions = [
            {"type": "pointerMove", "x": x, "y": y},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        source = {"type": "pointer", "id": "mouse", "actions": actions}
        self.command("input.performActions", context=self.tab, actions=[source])

    def screenshot_base64(self) -> str:
        """The visible part of the page, PNG."""
        data: str = self.command("browsingContext.captureScreenshot", context=self.tab)["data"]
        return data

    def javascript_errors(self) -> list[str]:
        """What the page's scripts threw so far, and what the console got as an error."""
        return [
            entry["text"]
            for entry in self.events_of("log.entryAdded", lambda entry: entry["level"] == "error")
        ]

    def events_of(
        self, method: str, matches: Callable[[dict[str, Any]], bool] = lambda params: True
    ) -> list[dict[str, Any]]:
        return [
            event["params"]
            for event in self.events
            if event["method"] == method and matches(event["params"])
        ]

    def _receive(self, deadline: float, method: str) -> dict[str, Any]:
        try:
            text = self._socket.receive(deadline - time.monotonic())
        except TimeoutError:
            raise TimeoutError(f"{method}: no answer within {self._timeout_s:g} s") from None
        message: dict[str, Any] = json.loads(text)
        if message["type"] == "event":
            self.events.append(message)
        return message
