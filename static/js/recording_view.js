/** One recording: its row in the list, and how it is played. */

import { element, icon, setText } from "./dom.js";
import { bytes, clock, day, duration, isoDuration, resolution } from "./format.js";
import { text } from "./i18n.js";

/** When it begins, as a Date. */
export function startOf(recording) {
  return new Date(recording.started_at * 1000);
}

export function isRunning({ state }) {
  return state === "recording";
}

export function isRaw({ format }) {
  return format === "h264";
}

/**
 * A `<li data-recording>`. `state` is "", "asking" (whether to delete it), "deleting" or "busy";
 * `on` has what to call for `play`, `star`, `ask`, `keep` and `remove`; `before` is the row that
 * this one takes the place of.
 */
export function recordingRow(recording, state, on, { downloadUrl, thumbnailUrl, before }) {
  const { name } = recording;
  const start = startOf(recording);
  const title = clock(start, { seconds: true });
  const when = element("time", { class: "when", datetime: start.toISOString() }, title);
  const facts = element("span", { class: "facts" }, factsOf(recording).join(" · "));
  const file = element("span", { class: "file", title: name }, name);
  const about = element("div", { class: "about" }, when, facts, file);
  const row = element("li", {
    class: isRunning(recording) ? "row running" : "row",
    "data-recording": name,
    "aria-busy": state === "deleting" || state === "busy" ? "true" : null,
  });
  row.append(thumbnail(recording, title, on.play, thumbnailUrl, before), about);
  if (recording.state === "recovered") {
    about.append(element("span", { class: "facts note" }, text("recordings.recovered.text")));
  }
  if (isRunning(recording)) return row;
  if (state === "deleting") {
    about.append(element("p", { class: "facts working" }, text("recordings.deleting")));
  } else if (state === "asking") about.append(question(name, on));
  else about.append(actions(recording, title, on, downloadUrl));
  return row;
}

/** Wires `[data-playback]`: a video with the browser's own controls, a title, a way to close it. */
export class Playback {
  #place;
  #video;
  #api;
  #name = "";
  #opener = null;

  constructor(place, api) {
    this.#place = place;
    this.#video = place.querySelector("video");
    this.#api = api;
    place.querySelector("[data-playback-close]").addEventListener("click", () => this.close());
    place.addEventListener("keydown", ({ key }) => key === "Escape" && this.close());
    const tells = { loadstart: "loading", waiting: "loading", canplay: "", error: "failed" };
    for (const [type, word] of Object.entries(tells)) {
      this.#video.addEventListener(type, () => this.#tell(word && `playback.${word}`));
    }
  }

  play(recording) {
    this.#opener = document.activeElement?.dataset.name ?? null;
    this.#name = recording.name;
    const start = startOf(recording);
    const title = `${day(start)}, ${clock(start, { seconds: true })}`;
    setText(this.#place.querySelector("[data-playback-title]"), title);
    this.#place.hidden = false;
    this.#video.src = this.#api.recordingUrl(recording.name);
    this.#video.focus();
    this.#place.scrollIntoView({ block: "nearest" });
    this.#video.play().catch(() => {}); // the browser wants a click on its own button
  }

  /** Ends the show; of `name` only, if that is given. */
  close(name = this.#name) {
    if (!this.#name || name !== this.#name) return;
    this.#name = "";
    this.#place.hidden = true;
    this.#video.removeAttribute("src");
    this.#video.load(); // lets go of the connection
    if (this.#opener) document.querySelector(`[data-name="${CSS.escape(this.#opener)}"]`)?.focus();
  }

  #tell(key) {
    const words = key && this.#name ? text(key) : "";
    setText(this.#place.querySelector("[data-playback-state]"), words);
  }
}

function thumbnail(recording, title, onPlay, url, before) {
  const { name, duration_s: seconds } = recording;
  const canPlay = !isRunning(recording) && !isRaw(recording);
  const length = seconds > 0 ? duration(Math.round(seconds)) : "";
  const label = [text("recordings.play.of", { time: title }), length].filter(Boolean).join(", ");
  const picture = element(canPlay ? "button" : "div", {
    class: "thumbnail",
    type: canPlay ? "button" : null,
    "data-play": canPlay ? name : null,
    "data-name": canPlay ? `play ${name}` : null,
    "aria-label": canPlay ? label : null,
  });
  if (url) picture.append(imageOf(url, before));
  picture.append(icon(canPlay ? "play" : "clip"));
  if (length) {
    const attributes = { class: "length", datetime: isoDuration(Math.round(seconds)) };
    picture.append(element("time", attributes, length));
  }
  if (canPlay) picture.addEventListener("click", () => onPlay(recording));
  return picture;
}

/** The same picture stays the same element: it does not flicker. */
function imageOf(url, before) {
  const shown = before?.querySelector("img");
  if (shown?.getAttribute("src") === url) return shown;
  const image = element("img", { src: url, alt: "", loading: "lazy", decoding: "async" });
  image.addEventListener("error", () => image.remove());
  return image;
}

function actions(recording, title, on, downloadUrl) {
  const { name, starred } = recording;
  const star = action("star", name, text("recordings.star"), () => on.star(recording));
  star.setAttribute("aria-pressed", String(Boolean(starred)));
  const remove = action("delete", name, text("recordings.delete.of", { time: title }), () =>
    on.ask(name),
  );
  const download = {
    class: "download action",
    href: downloadUrl,
    download: name,
    title: text("recordings.download"),
    "aria-label": text("recordings.download.of", { time: title }),
    "data-name": `download ${name}`,
  };
  const link = element("a", download, icon("download"));
  return element("div", { class: "actions" }, star, link, remove);
}

function action(kind, name, label, onClick) {
  const button = element("button", {
    type: "button",
    class: `action ${kind}`,
    title: label,
    "aria-label": label,
    "data-name": `${kind} ${name}`,
  });
  button.append(icon(kind));
  button.addEventListener("click", onClick);
  return button;
}

function question(name, on) {
  const answer = (kind) => {
    const label = text(`recordings.${kind}`);
    const attributes = { type: "button", class: `answer ${kind}`, "data-name": `${kind} ${name}` };
    const button = element("button", attributes, label);
    button.addEventListener("click", () => on[kind](name));
    return button;
  };
  const words = text("recordings.delete.sure");
  const attributes = { class: "question", role: "group", "aria-label": words };
  const group = element("div", attributes, element("span", {}, words));
  group.append(answer("remove"), answer("keep"));
  group.addEventListener("keydown", ({ key }) => key === "Escape" && on.keep(name));
  return group;
}

function factsOf(recording) {
  const { size_bytes: size, state, width, height } = recording;
  const facts = [bytes(size)];
  if (width && height) facts.push(resolution(width, height));
  if (isRunning(recording)) facts.unshift(text("recordings.running"));
  else if (state === "recovered") facts.unshift(text("recordings.recovered"));
  return facts;
}
