/** What the server can be asked for. */

import { Requests, withQuery } from "./requests.js";

export { ApiError } from "./requests.js";

const PROBE_TIMEOUT_MS = 3_000;
/** What has an ETag: the browser asks whether its copy is still good. */
const REVALIDATED = /** @type {RequestInit} */ ({ cache: "no-cache" });
/** A large file, on a slow card. */
const DELETE_TIMEOUT_MS = 60_000;
/** A gigabyte, on a slow card. */
const COPY_TIMEOUT_MS = 180_000;

/** The server behind `base` (`requests.js`). */
export class Api extends Requests {
  // WebRTC

  /** The ICE servers to use; none if the server does not say. */
  async iceServers() {
    try {
      return (await this.#get("/api/webrtc/config", PROBE_TIMEOUT_MS)).ice_servers ?? [];
    } catch (error) {
      if (error.status) return [];
      throw error;
    }
  }

  /**
   * `{type, sdp, pc_id}` for an SDP offer. `replaces`: this page's last `pc_id`, if it had one; `race`:
   * names a try of both ways at once; `camera`: `day`, `night`, or "" for the active one.
   */
  offer(sdp, { replaces = "", race = "", camera = "" } = {}) {
    return this.#post("/api/webrtc/offer", {
      type: "offer",
      sdp,
      ...(replaces && { replaces }),
      ...(race && { race }),
      ...(camera && { camera }),
    });
  }

  /** Gives the viewer's place back; also works while the page goes away. */
  sayGoodbye(pcId) {
    this.sendLast(this.url("/api/webrtc", pcId, "close"));
  }

  // WebSockets and events

  /** The pictures themselves (`stream_messages.js`), for where WebRTC does not work. */
  openStream({ race = "", camera = "" } = {}) {
    let url = this.#socketUrl("/api/stream/h264");
    if (camera) url = withQuery(url, `camera=${camera}`);
    if (race) url = withQuery(url, `race=${race}`);
    return new WebSocket(url);
  }

  /** What changes on the server, told at once (`state_socket.js`). */
  openState() {
    return new WebSocket(this.#socketUrl("/api/stream/ws"));
  }

  /** What the detector sees, for where there is no WebSocket. Holds one of the browser's few
   * connections to a host. */
  openDetections() {
    return new EventSource(this.url("/api/stream/detections"));
  }

  // Camera and recordings

  health() {
    return this.#get("/health", PROBE_TIMEOUT_MS);
  }

  recordingStatus() {
    return this.#get("/api/recording/status", PROBE_TIMEOUT_MS);
  }

  startRecording() {
    return this.#post("/api/recording/start", {});
  }

  /** `id`: no other than this one (409 `other_recording`). */
  stopRecording(id = null) {
    return this.#post("/api/recording/stop", id ? { recording_id: id } : {});
  }

  /** Says that the recording shall go on, where it would end without (`heartbeat_s`). */
  keepRecording() {
    return this.#post("/api/recording/heartbeat", {});
  }

  /** Saves the last `seconds` as a recording. */
  saveClip(seconds) {
    return this.#post("/api/recording/clip", { seconds });
  }

  /** `{recordings, total, total_bytes, revision, repairing, disk}`: `limit` of them, newest first. */
  async recordings(offset, limit) {
    const answer = await this.#get(`/api/recordings?offset=${offset}&limit=${limit}`);
    return { recordings: [], total: 0, ...answer };
  }

  /** `{day, from, to, time_zone, reading, left_out, spans}` of `2026-11-30`; "": of today. */
  timeline(day) {
    const url = this.url("/api/recordings/timeline");
    return this.request(day ? withQuery(url, `day=${day}`) : url, REVALIDATED);
  }

  /** `{time_zone, days: [{day, recordings, starred, duration_s}]}`, oldest first. */
  recordedDays() {
    return this.request(this.url("/api/recordings/days"), REVALIDATED);
  }

  starRecording(name, isStarred) {
    return this.request(this.#recordingUrl(name, "star"), { method: isStarred ? "PUT" : "DELETE" });
  }

  /** Whether it can be brought back. `isStarred`: somebody has said that it may go all the same. */
  async deleteRecording(name, { isStarred = false } = {}) {
    const url = this.#recordingUrl(name);
    let isRestorable = false;
    await this.request(isStarred ? withQuery(url, "starred=1") : url, {
      method: "DELETE",
      timeoutMs: DELETE_TIMEOUT_MS,
      onAnswer: ({ headers }) => (isRestorable = headers.has("Restorable-Until")),
    });
    return isRestorable;
  }

  /** `{recordings, total_bytes, hours}`: what was deleted a short while ago, the last first. */
  bin() {
    return this.#get("/api/recordings/bin");
  }

  restoreRecording(name) {
    return this.request(this.#binUrl(name, "restore"), { method: "POST" });
  }

  /** Deletes it for good. */
  forgetRecording(name) {
    return this.request(this.#binUrl(name), { method: "DELETE", timeoutMs: DELETE_TIMEOUT_MS });
  }

  emptyBin() {
    return this.request(this.#binUrl(), { method: "DELETE", timeoutMs: DELETE_TIMEOUT_MS });
  }

  /** Of a row of the list; null if there is none. The server's own path may lack a proxy's prefix. */
  thumbnailUrl({ name, thumbnail }) {
    if (!thumbnail) return null;
    const [, version = ""] = thumbnail.split("?");
    return withQuery(this.#recordingUrl(name, "thumbnail"), version);
  }

  /**
   * What the detector saw in a recording, a minute at most: `{complete, classes, updates}`.
   * @param {string} name
   * @param {number} fromS seconds from its beginning
   * @param {number} toS
   * @param {AbortSignal} [signal]
   */
  recordedDetections(name, fromS, toS, signal) {
    const url = withQuery(this.#recordingUrl(name, "detections"), `from=${fromS}&to=${toS}`);
    return this.request(url, { cache: "default", signal });
  }

  /**
   * The file itself, or the part of it between two times (seconds).
   *
   * @param {string} name
   * @param {{ download?: boolean, from?: number, to?: number }} [options]
   */
  recordingUrl(name, { download = false, from, to } = {}) {
    const url = this.#recordingUrl(name);
    const query = new URLSearchParams();
    if (download) query.set("download", "1");
    if (from !== undefined) query.set("from", String(from));
    if (to !== undefined) query.set("to", String(to));
    return query.size ? withQuery(url, query.toString()) : url;
  }

  /** `{recording, newer, older}`: its row, and the names of those before and after it. */
  recordingDetails(name) {
    return this.request(this.#recordingUrl(name, "details"));
  }

  /** `{from_s, to_s, size_bytes}`: what a cut there really gives. */
  partOfRecording(name, from, to) {
    const query = `from=${from}&to=${to}`;
    return this.request(withQuery(this.#recordingUrl(name, "part"), query));
  }

  /** Saves that part as a recording of its own: `{recording}`. */
  savePart(name, from, to) {
    const body = JSON.stringify({ from_s: from, to_s: to });
    const headers = { "Content-Type": "application/json" };
    const url = this.#recordingUrl(name, "clip");
    return this.request(url, { method: "POST", headers, body, timeoutMs: COPY_TIMEOUT_MS });
  }

  /** Nobody sees and nothing records from now on. `{paused, cause, ends_at}`, as below. */
  beginPause() {
    return this.#post("/pet-stream/api/pause", {});
  }

  endPause() {
    return this.request(this.url("/pet-stream/api/pause"), { method: "DELETE" });
  }

  // Who may do what

  /** `{auth, name, role, rights}`: who asks. */
  session() {
    return this.#get("/pet-stream/api/session");
  }

  /** By `{invitation, device}`, or by `{name, password, device}`. */
  signIn(body) {
    return this.#post("/pet-stream/api/session", body);
  }

  signOut() {
    return this.request(this.url("/pet-stream/api/session"), { method: "DELETE" });
  }

  /** `{revision, settings}` of what owners may change. */
  settings() {
    return this.#get("/pet-stream/api/settings");
  }

  /**
   * Changes settings, all or none. The answer is as above, with what the new limits delete.
   * @param {Record<string, number | string | boolean | null>} values by name; null: as without the page
   * @param {{ revision?: string, isDryRun?: boolean }} [options] `revision`: only if it is still that
   */
  changeSettings(values, { revision, isDryRun = false } = {}) {
    const url = this.url("/pet-stream/api/settings");
    return this.request(isDryRun ? withQuery(url, "dry_run=1") : url, {
      method: "PATCH",
      headers: {
        "Content-Type": "application/json",
        ...(revision && { "If-Match": `"${revision}"` }),
      },
      body: JSON.stringify(values),
    });
  }

  /** `{people, tokens, invitations}`. */
  people() {
    return this.#get("/pet-stream/api/people");
  }

  /** `{url, qr_svg}` of a link for one more person. */
  invite(body) {
    return this.#post("/pet-stream/api/invitations", body);
  }

  /** The same, for one more device of this person. */
  inviteDevice() {
    return this.#post("/pet-stream/api/devices", {});
  }

  /** `{url, qr_svg, expires_in_s}` of a link to `path`, which carries the right to it. */
  makeLink(path, hours) {
    return this.#post("/pet-stream/api/links", { path, hours });
  }

  setPassword(password) {
    return this.#post("/pet-stream/api/password", { password }, "PUT");
  }

  /** `kind`: people, devices, tokens or invitations. */
  revoke(kind, id) {
    return this.request(this.url("/pet-stream/api", kind, id), { method: "DELETE" });
  }

  /** `{viewers}`: who watches. */
  viewers() {
    return this.#get("/pet-stream/api/viewers");
  }

  /** `{warnings}`: the server's last ones, newest first. */
  warnings() {
    return this.#get("/api/debug/warnings");
  }

  endViewer(id) {
    return this.request(this.url("/pet-stream/api/viewers", id), { method: "DELETE" });
  }

  // Requests

  #socketUrl(path) {
    return new URL(this.url(path), document.baseURI).href.replace(/^http/, "ws");
  }

  #binUrl(...parts) {
    return this.url("/api/recordings/bin", ...parts);
  }

  #recordingUrl(name, ...parts) {
    return this.url("/api/recordings", name, ...parts);
  }

  #get(path, timeoutMs) {
    return this.request(this.url(path), { timeoutMs });
  }

  #post(path, body, method = "POST") {
    const headers = { "Content-Type": "application/json" };
    return this.request(this.url(path), { method, headers, body: JSON.stringify(body) });
  }
}
