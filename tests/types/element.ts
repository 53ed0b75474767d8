/** A page in TypeScript, as `static/types/pet-stream.d.ts` lets people write it. Only checked (`make lint`). */

import type { PetStream } from "../../static/js/player.js";
import type { PetStreamBox, PetStreamElement, PetStreamState } from "../../static/types/pet-stream.js";

/** What is promised beyond the attributes, which are properties by a loop, is there. */
type Attributes = "src" | "camera" | "label" | "decoder" | "pauseAfter" | "controls" | "autoplay" | "fit";
type Loose = "state" | "transport" | "stats";
export const promised = (element: PetStream): Omit<PetStreamElement, Attributes | Loose> => element;

const player = document.createElement("pet-stream");
player.src = "http://pi:8080";
player.fit = "cover";
player.hold();

const found = document.querySelector("pet-stream");
found?.addEventListener("pet-stream:state", ({ detail }) => {
  const state: PetStreamState = detail.state;
  console.log(state, detail.reason, detail.words);
});
found?.addEventListener("pet-stream:detections", ({ detail }) => {
  const boxes: PetStreamBox[] = detail.boxes;
  console.log(detail.at?.toISOString(), boxes.map(({ name, confidence }) => `${name} ${confidence}`));
});

export async function save(element: PetStreamElement): Promise<string> {
  const stats = await element.stats();
  return stats ? element.snapshot() : "";
}

// @ts-expect-error: no such state
export const wrong: PetStreamState = "asleep";
// @ts-expect-error: what is, is not to be set
player.state = "live";
