/** The fields of the settings' dialog: what each is called, which values it offers, how it is asked for. */

import { element } from "./dom.js";
import { bytes } from "./format.js";
import { hasText, said, text } from "./i18n.js";
import { LANGUAGES } from "./language.js";

/**
 * @typedef {number | string | boolean} Value
 * @typedef {object} Setting a row of the server's answer
 * @property {string} name
 * @property {string} key
 * @property {Value} value
 * @property {Value} default what counts without the page
 * @property {string} origin
 * @property {string} origin_detail
 * @property {boolean} is_fixed
 * @property {"number" | "whole" | "text" | "choice" | "flag"} kind
 * @property {number} [minimum]
 * @property {number} [maximum]
 * @property {string[]} [choices]
 * @property {number} [max_characters]
 */

/** The parts of the dialog, in order, and which settings each has; others come last. */
export const SECTIONS = [
  { name: "camera", settings: ["camera_name"] },
  { name: "keeping", settings: ["keep_days", "keep_mb", "keep_free_mb", "bin_hours"] },
  {
    name: "recording",
    settings: ["preroll_seconds", "replay_seconds", "max_recording_minutes", "resume_recording"],
  },
  { name: "language", settings: ["language"] },
];

/** What is offered where a number is hard, and its unit: one of the page's for `step` of the server's. */
const NUMBERS = {
  keep_days: { offers: [0, 1, 3, 7, 14, 30, 90, 365], unit: "days", step: 1 },
  keep_mb: { offers: [0, 5e3, 10e3, 20e3, 50e3, 100e3, 200e3, 500e3], unit: "gigabytes", step: 1e3 },
  keep_free_mb: { offers: [0, 500, 1e3, 2e3, 5e3, 10e3, 20e3], unit: "gigabytes", step: 1e3 },
  bin_hours: { offers: [0, 1, 6, 24, 72, 168], unit: "hours", step: 1 },
  preroll_seconds: { offers: [0, 3, 5, 10, 15, 30, 60], unit: "seconds", step: 1 },
  replay_seconds: { offers: [0, 10, 15, 30, 60, 120, 300], unit: "seconds", step: 1 },
  max_recording_minutes: { offers: [0, 5, 10, 30, 60, 120, 360, 720, 1440], unit: "minutes", step: 1 },
};
const OTHER = "other";

/** A value of a setting in words. Pure, apart from the reader's language. */
export function valueWords(name, value) {
  if (typeof value === "boolean") return text(value ? "settings.on" : "settings.off");
  if (name === "language") return LANGUAGES[value] ?? text("settings.language.auto");
  if (!value && hasText(`settings.${name}.none`)) return text(`settings.${name}.none`);
  if (typeof value !== "number") return value;
  const unit = NUMBERS[name]?.unit;
  if (unit === "gigabytes" && value < 1e3) return bytes(value * 1e6);
  if (unit === "gigabytes") return text("settings.gigabytes", { count: value / 1e3 });
  if (unit === "minutes" && value >= 60 && value % 60 === 0) {
    return text("settings.hours", { count: value / 60 });
  }
  return unit ? text(`settings.${unit}`, { count: value }) : String(value);
}

/** Who has set it, in words. @param {Setting} setting */
export function originWords({ origin, origin_detail: detail, is_fixed: isFixed }) {
  const words = text(`settings.origin.${origin}`, { detail });
  return isFixed ? text("settings.fixed", { origin: words }) : words;
}

/** The values that are offered for a number: the usual ones, and those it has. Pure. */
export function offersOf(name, ...values) {
  const all = new Set([...NUMBERS[name].offers, ...values]);
  return [...all].sort((one, other) => one - other);
}

/** What a person typed, in the server's unit; null for what is no such number. Pure. */
export function typedNumber(typed, { name, kind, minimum = 0, maximum = Infinity }) {
  const entered = typed.trim().normalize("NFKC").replace(",", ".");
  if (!/^\d+(\.\d+)?$/.test(entered)) return null;
  const value = Number(entered) * (NUMBERS[name]?.step ?? 1);
  const given = kind === "whole" ? Math.round(value) : value;
  const isLost = given === 0 && value > 0; // 0 mostly means something else
  return !isLost && given >= minimum && given <= maximum ? given : null;
}

/**
 * The control of a setting, which calls `onChange` with the new value, or null where what was typed
 * can't be one.
 * @param {Setting} setting
 * @param {Value} value
 * @param {(value: Value | null) => void} onChange
 * @returns {{ node: HTMLElement, control: HTMLElement }} `control` is what a label belongs to
 */
export function controlOf(setting, value, onChange) {
  const make = { text: textControl, choice: choiceControl, flag: flagControl }[setting.kind];
  if (make) return make(setting, value, onChange);
  const isUsual = setting.name in NUMBERS;
  return (isUsual ? offerControl : numberControl)(setting, value, onChange);
}

function textControl({ name, max_characters: most, is_fixed: isFixed }, value, onChange) {
  const placeholder = text(`settings.${name}.none`);
  const control = input(isFixed, { maxlength: String(most), value, placeholder, autocomplete: "off" });
  control.addEventListener("input", () => onChange(control.value.trim()));
  return { node: control, control };
}

function flagControl({ is_fixed: isFixed }, value, onChange) {
  const control = input(isFixed, { type: "checkbox" });
  control.checked = value;
  control.addEventListener("change", () => onChange(control.checked));
  return { node: control, control };
}

function choiceControl({ name, choices, is_fixed: isFixed }, value, onChange) {
  const control = select(
    isFixed,
    choices.map((choice) => [choice, valueWords(name, choice)]),
    value,
  );
  control.addEventListener("change", () => onChange(control.value));
  return { node: control, control };
}

function numberControl(setting, value, onChange) {
  const shown = value / (NUMBERS[setting.name]?.step ?? 1);
  const control = input(setting.is_fixed, { inputmode: "decimal", value: String(shown) });
  control.addEventListener("input", () => {
    const typed = typedNumber(control.value, setting);
    control.setAttribute("aria-invalid", String(typed === null));
    onChange(typed);
  });
  return { node: control, control };
}

/** What is usual to choose from, and a field for another number. */
function offerControl(setting, value, onChange) {
  const { name, is_fixed: isFixed, default: usual } = setting;
  const { unit } = NUMBERS[name];
  const offers = offersOf(name, setting.value, usual, value);
  const control = select(
    isFixed,
    [...offers.map((offer) => [offer, valueWords(name, offer)]), [OTHER, text("settings.other")]],
    value,
  );
  const typed = numberControl(setting, value, onChange).node;
  typed.setAttribute("aria-label", `${text(`settings.${name}`)}, ${text(`settings.in.${unit}`)}`);
  const own = element("span", { class: "own", hidden: "" }, typed, said("span", `settings.in.${unit}`));
  control.addEventListener("change", () => {
    const isOther = control.value === OTHER;
    own.hidden = !isOther;
    if (!isOther) return onChange(Number(control.value));
    typed.select();
    typed.focus();
  });
  return { node: element("span", { class: "choice" }, control, own), control };
}

function input(isFixed, attributes) {
  const node = /** @type {HTMLInputElement} */ (element("input", attributes));
  node.disabled = isFixed;
  return node;
}

function select(isFixed, options, value) {
  const nodes = options.map(([each, words]) => element("option", { value: String(each) }, words));
  const node = /** @type {HTMLSelectElement} */ (element("select", {}, ...nodes));
  node.value = String(value);
  node.disabled = isFixed;
  return node;
}
