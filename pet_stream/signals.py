"""What happens at the camera, as signals of blinker, which Flask's own are, too.

    from pet_stream import signals

    @signals.recording_ended.connect_via(app)
    def upload(app, event):
        ...

The sender is the Flask app, `event` a `pet_stream.hooks.event.Event`. Receivers are called one
after the other in a thread of ours (`pet-stream-hooks`), outside of any request and app context.
One that takes long delays those after it, and webhooks, but no picture. Errors in it are logged.
The same events go to `PET_STREAM_WEBHOOKS`; docs/hooks.md has a table of them.
"""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

recording_started = _signals.signal("recording.started")
recording_ended = _signals.signal("recording.ended")
recording_recovered = _signals.signal("recording.recovered")
camera_offline = _signals.signal("camera.offline")
camera_back = _signals.signal("camera.back")
disk_low = _signals.signal("disk.low")
viewer_came = _signals.signal("viewer.came")
viewer_went = _signals.signal("viewer.went")
signed_in = _signals.signal("sign_in")

ALL = {signal.name: signal for signal in _signals.values()}
"""By the names of the events."""


def has_receivers(sender: object) -> bool:
    """Whether anybody may want to hear of what happens at the camera of this app."""
    return any(signal.has_receivers_for(sender) for signal in ALL.values())
