/** The dashboard: puts player, record button, recordings and health together. */

import "./player.js";
import { setText } from "./dom.js";
import { HealthLine } from "./health.js";
import { language, translate } from "./i18n.js";
import { RecorderPanel } from "./recorder.js";
import { RecordingsPanel } from "./recordings.js";

const find = (selector) => document.querySelector(selector);

document.documentElement.lang = language();
translate(document);

const player = find("pet-stream");
const spoken = find("[data-announce]");
const recorder = new RecorderPanel(find("[data-record-panel]"), player.api);
const recordings = new RecordingsPanel(find("[data-recordings-panel]"), player.api);
const health = new HealthLine(find("[data-health]"), player.api);

const announce = ({ detail }) => setText(spoken, detail);
recorder.addEventListener("announce", announce);
health.addEventListener("announce", announce);
recorder.addEventListener("change", () => recordings.refresh());
player.api.addEventListener("reachable", () => recordings.refresh());
player.addEventListener("pet-stream:state", () => health.refresh());

recorder.start();
recordings.start();
health.start();
