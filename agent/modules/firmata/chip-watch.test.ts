import { expect, test } from "vitest";
import { ChipWatch } from "./chip-watch.ts";
import { chipAnswersMin, chipMissesMax } from "./limits.ts";

const resting = [0x40, 0, 0, 0, 0, 0, 0xf0, 0xb0, 0, 0, 0, 0, 0, 0];
const asleep = resting.map(() => 0);

function watched() {
  const said: string[] = [];
  const watch = new ChipWatch({
    wake: () => void said.push("wake"),
    lost: () => void said.push("lost"),
    back: () => void said.push("back"),
  });
  const times = (count: number, act: () => void): void => {
    for (let time = 0; time < count; time += 1) act();
  };
  return { said, watch, times };
}

test("one that answers is well from its first word on, and one answer that is missed changes nothing", () => {
  const { said, watch, times } = watched();
  expect(watch.isWell).toBe(false);

  watch.answered(resting);
  times(chipMissesMax - 1, () => watch.missed());
  watch.look();
  watch.answered(resting);

  expect(watch.isWell).toBe(true);
  expect(said).toEqual([]);
});

test.each([
  ["is missed again and again", (watch: ChipWatch) => watch.said("I2C: no answer")],
  [
    "gives StandardFirmata nothing, which says its last answer again",
    (watch: ChipWatch) => {
      watch.said("I2C: Too few bytes received");
      watch.answered(resting);
    },
  ],
  ["sleeps", (watch: ChipWatch) => watch.answered(asleep)],
  ["answers with nothing", (watch: ChipWatch) => watch.answered([])],
  ["is not heard of at all", (watch: ChipWatch) => watch.look()],
])("one that %s is lost, woken with each look, and believed when it answered for a while", (_how, fail) => {
  const { said, watch, times } = watched();
  watch.answered(resting);
  watch.look();

  times(chipMissesMax, () => fail(watch));
  expect(watch.isWell).toBe(false);
  watch.look();
  expect(said.at(0)).toBe("lost");
  expect(said.at(-1)).toBe("wake");

  times(chipAnswersMin - 1, () => watch.answered(resting));
  expect(watch.isWell).toBe(false);
  watch.answered(resting);
  expect(watch.isWell).toBe(true);
  expect(said.filter((word) => word === "back")).toHaveLength(1);
});

test("answers on both sides of a miss do not count as a while", () => {
  const { watch, times } = watched();
  times(chipMissesMax, () => watch.missed());

  times(chipAnswersMin - 1, () => watch.answered(resting));
  watch.missed();
  times(chipAnswersMin - 1, () => watch.answered(resting));

  expect(watch.isWell).toBe(false);
});

test("one that gives StandardFirmata nothing now and then is well, and so is one whose board says other things", () => {
  const { said, watch, times } = watched();

  times(10 * chipMissesMax, () => {
    watch.said("I2C: Too few bytes received");
    watch.answered(resting);
    watch.said("I2C: Too many bytes received");
    watch.answered(resting);
  });

  expect(watch.isWell).toBe(true);
  expect(said).toEqual([]);
});
