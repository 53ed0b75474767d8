"""Waits for the signal to stop, and meanwhile tells the service manager how the server is."""

from __future__ import annotations

from collections.abc import Callable

from ..process.service_notify import ServiceManager
from ..process.stop_signals import StopSignals
from ..stream import Stream


def wait_and_tell(
    stop_signals: StopSignals,
    status: Callable[[], str],
    is_alive: Callable[[], bool],
    manager: ServiceManager | None = None,
    reload: Callable[[], object] = lambda: None,
) -> None:
    """Return when a signal to stop has come; `reload` when one asks for that. In the main thread,
    which has nothing else to do: while it can't run either, nobody says that the server lives."""
    manager = manager or ServiceManager()

    def reload_and_tell() -> None:
        with manager.reloading():
            reload()

    manager.ready(status())
    while not stop_signals.wait(manager.look_interval_s, reload_and_tell):
        manager.look(status(), is_alive=is_alive())
    manager.stopping()


def status_of(stream: Stream) -> str:
    """Returns one line for `systemctl status`: what does not work comes first."""
    camera = stream.camera_status
    words = [str(part.reason) for part in stream.parts if not part.is_well]
    words.append(f"camera {camera.state}" + (f" ({camera.reason})" if camera.reason else ""))
    words.append(f"{stream.places.active_count} viewers")
    if stream.recorder.status.is_recording:
        words.append("recording")
    return ", ".join(words)
