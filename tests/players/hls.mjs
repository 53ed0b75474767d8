// hls.js in front of a <video>, with a link or a token in its requests.

import Hls from "hls.js";

/** Plays `url` in `video`; `token`, if there is one, is sent with each request. */
window.playHls = (video, url, token) => {
  const hls = new Hls({
    lowLatencyMode: true,
    maxLiveSyncPlaybackRate: 1.5, // after a stall it catches up
    liveSyncOnStallIncrease: 0,
    xhrSetup: (xhr) => token && xhr.setRequestHeader("Authorization", `Bearer ${token}`),
  });
  window.hlsErrors = [];
  hls.on(Hls.Events.ERROR, (_, { type, details, fatal }) =>
    window.hlsErrors.push({ type, details, fatal }),
  );
  hls.loadSource(url);
  hls.attachMedia(video);
  window.hls = hls;
};

/** How long ago the picture that is shown was taken, in seconds; null before the first. */
window.hlsDelay = () => {
  const date = window.hls.playingDate;
  return date === null ? null : (Date.now() - date.getTime()) / 1000;
};
