// The tasks of a scenario.

import { anyImage, anyValue, goodImage } from "./values.js";

/** A task, good for the most part, with the mark by which the service recognises its call. */
export function anyTask({ world, mark }) {
  const { tape } = world;
  if (world.isHostile()) return anyBadTask({ world, mark });
  return tape.weighted([
    [6, () => ({ type: "ImageToTextTask", body: goodImage(world), capMonsterModule: mark })],
    [4, () => ({ type: "FuzzTask", mark })],
    [
      2,
      () => ({
        type: tape.pick(["RecaptchaV2Task", "TurnstileTask", "HCaptchaTask"]),
        websiteURL: tape.pick(["https://a.example/", "https://b.example/"]),
        websiteKey: "site-key",
        mark,
        ...(tape.chance(30) && {
          proxyType: "http",
          proxyAddress: "p.example",
          proxyPort: world.isHostile() ? tape.pick([0, "80", 7e9]) : 80,
        }),
      }),
    ],
  ])();
}

function anyBadTask({ world, mark }) {
  const { tape } = world;
  return tape.weighted([
    [1, () => ({ type: "ImageToTextTask", body: anyImage(world), capMonsterModule: mark })],
    [
      1,
      () => ({
        type: "ComplexImageTask",
        class: "recaptcha",
        imagesBase64: tape.pick([[goodImage(world)], [], [anyValue(world)], anyValue(world)]),
        metadata: { Grid: "3x3", Task: "x" },
        mark,
      }),
    ],
    [1, () => ({ type: "FuzzTask", mark, value: anyValue(world) })],
    [
      1,
      () => ({
        type: "ImageToTextTask",
        body: goodImage(world),
        numeric: anyValue(world),
        case: anyValue(world),
      }),
    ],
    [2, () => anyValue(world)],
  ])();
}
