// WHEP players of others, each behind the same call; esbuild makes one script of it and them.

import { WebRTCPlayer } from "@eyevinn/webrtc-player";
import { MediaMTXWebRTCReader } from "mediamtx-webrtc-react";
import { WHEPClient } from "whip-whep/whep.js";

/** Each plays `url` in `video`, with `token` if there is one, and returns how to stop it. */
window.players = {
  "whip-whep": (video, url, token) => {
    const connection = new RTCPeerConnection();
    connection.addTransceiver("video", { direction: "recvonly" });
    connection.ontrack = ({ streams }) => (video.srcObject = streams[0]);
    const client = new WHEPClient();
    client.view(connection, url, token);
    return () => client.stop();
  },
  "@eyevinn/webrtc-player": (video, url, token) => {
    const player = new WebRTCPlayer({ video, type: "whep", iceServers: [] });
    player.load(new URL(url), token && `Bearer ${token}`);
    return () => player.unload();
  },
  "mediamtx-webrtc-react": (video, url, token) => {
    const onTrack = ({ streams }) => (video.srcObject = streams[0]);
    const onError = (error) => console.error(error);
    const settings = { url, onTrack, onError, ...(token && { token }) };
    const reader = new MediaMTXWebRTCReader(settings);
    return () => reader.close();
  },
};
