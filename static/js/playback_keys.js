/** The keys of a recording, and those of the player; the sheet (`key_sheet.js`) shows them. Pure. */

import { LIVE_KEYS } from "./keys.js";

/** @typedef {import("./keys.js").Key} Key */

/** Those of `<pet-stream>`: they are shown with the others. */
export const PLAYER_KEYS = [
  { keys: ["f"], text: "keys.full" },
  { keys: ["p"], text: "keys.small" },
  { keys: ["s"], text: "keys.snapshot" },
  { keys: ["b"], text: "keys.boxes" },
  { keys: ["i"], text: "keys.quality" },
  { keys: ["+", "-"], text: "keys.zoom" },
  { keys: ["0"], text: "keys.whole" },
];

/** @type {Key[]} */
export const PLAYBACK_KEYS = [
  { keys: [" ", "k"], action: "toggle", text: "keys.toggle" },
  { keys: ["ArrowLeft"], action: "skip", value: -5, text: "keys.skip5" },
  { keys: ["ArrowRight"], action: "skip", value: 5, text: "keys.skip5" },
  { keys: ["j"], action: "skip", value: -10, text: "keys.skip10" },
  { keys: ["l"], action: "skip", value: 10, text: "keys.skip10" },
  { keys: [","], action: "step", value: -1, text: "keys.pictures" },
  { keys: ["."], action: "step", value: 1, text: "keys.pictures" },
  { keys: ["<"], action: "speed", value: -1, text: "keys.speed" },
  { keys: [">"], action: "speed", value: 1, text: "keys.speed" },
  { keys: ["Home"], action: "part", value: 0, text: "keys.ends" },
  { keys: ["End"], action: "part", value: 1, text: "keys.ends" },
  ...Array.from("0123456789", (key) => ({
    keys: [key],
    action: "part",
    value: Number(key) / 10,
    text: "keys.digits",
  })),
  { keys: ["n"], action: "next", text: "keys.neighbours" },
  { keys: ["p"], action: "previous", text: "keys.neighbours" },
  { keys: ["x"], action: "cut", text: "keys.cut" },
  { keys: ["i"], action: "begin", text: "keys.bounds" },
  { keys: ["o"], action: "end", text: "keys.bounds" },
  { keys: ["f"], action: "full", text: "keys.full" },
  { keys: ["s"], action: "snapshot", text: "keys.snapshot" },
  { keys: ["b"], action: "boxes", text: "keys.boxes" },
  { keys: ["+", "="], action: "zoom", value: 1, text: "keys.zoom" },
  { keys: ["-"], action: "zoom", value: -1, text: "keys.zoom" },
  ...LIVE_KEYS,
  { keys: ["Escape"], action: "leave", text: "keys.leave" },
];
