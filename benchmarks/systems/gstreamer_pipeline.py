"""A GStreamer pipeline with one webrtcbin for each viewer, for the Python that has its bindings.

Reads commands, one JSON object a line, and answers in the same way: {} → {}, {"do": "offer"} →
{"id", "sdp"}, {"do": "answer", "id", "sdp"} → {}.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
gi.require_version("GstSdp", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

TIMEOUT_S = 10
SSRC = 0x70657473
"""Of feeder.c."""


class Viewers:
    def __init__(self, port: int, payload_type: int) -> None:
        caps = (
            f"application/x-rtp,media=video,encoding-name=H264,payload={payload_type},"
            "clock-rate=90000,packetization-mode=(string)1,profile-level-id=(string)42e01f,"
            f"ssrc=(uint){SSRC}"
        )
        self._caps = Gst.Caps.from_string(caps)
        self._pipeline = Gst.parse_launch(
            f"udpsrc address=127.0.0.1 port={port} buffer-size=2000000 caps={caps} "
            "! tee name=tee allow-not-linked=true"
        )
        self._tee = self._pipeline.get_by_name("tee")
        self._viewers: list[Any] = []
        self._pipeline.set_state(Gst.State.PLAYING)

    def offer(self) -> dict[str, object]:
        queue = Gst.ElementFactory.make("queue")
        webrtc = Gst.ElementFactory.make("webrtcbin")
        webrtc.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        webrtc.set_property("latency", 0)
        gathered = threading.Event()

        def on_gathering(*_: object) -> None:
            if webrtc.get_property("ice-gathering-state").value_nick == "complete":
                gathered.set()

        def on_offer(promise: Any, *_: object) -> None:
            promise.wait()
            reply = promise.get_reply()  # the offer lives in it
            offer = reply.get_value("offer")
            webrtc.emit("set-local-description", offer, Gst.Promise.new())

        webrtc.connect("notify::ice-gathering-state", on_gathering)
        self._pipeline.add(queue)
        self._pipeline.add(webrtc)
        queue.link_filtered(webrtc, self._caps)
        webrtc.emit("get-transceiver", 0).set_property(
            "direction", GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY
        )
        webrtc.sync_state_with_parent()
        queue.sync_state_with_parent()
        self._tee.link(queue)
        made = Gst.Promise.new_with_change_func(on_offer, None, None)
        webrtc.emit("create-offer", None, made)
        if not gathered.wait(TIMEOUT_S):
            raise TimeoutError("no candidates")
        self._viewers.append(webrtc)
        sdp = webrtc.get_property("local-description").sdp.as_text()
        return {"id": len(self._viewers) - 1, "sdp": sdp}

    def answer(self, viewer: int, sdp: str) -> dict[str, object]:
        _, message = GstSdp.SDPMessage.new_from_text(sdp)
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        done = Gst.Promise.new()
        self._viewers[viewer].emit("set-remote-description", answer, done)
        done.wait()
        return {}


def main() -> None:
    Gst.init(None)
    viewers = Viewers(int(sys.argv[1]), int(sys.argv[2]))
    threading.Thread(target=GLib.MainLoop().run, daemon=True).start()
    for line in sys.stdin:
        command = json.loads(line)
        if command.get("do") == "offer":
            answer = viewers.offer()
        elif command.get("do") == "answer":
            answer = viewers.answer(command["id"], command["sdp"])
        else:
            answer = {}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
