import { type Millis, millis, seconds } from "@interactor/shared/sdk/define-module";
import { KeptDevice } from "@interactor/shared/sdk/devices";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { expect, onTestFinished, test } from "vitest";
import { lineSpans } from "../../serial-line/limits.ts";
import { Questions } from "./questions.ts";

/** A line that opens always, with somebody behind it who answers or not. */
async function lineTo(answers: () => boolean) {
  const clock = new VirtualClock();
  const told: string[] = [];
  let last = "";
  let asked = 0;
  const questions = new Questions(clock, {
    every: seconds(2),
    ask() {
      asked += 1;
      if (answers()) questions.answered();
    },
    hint: "or is it mute?",
  });
  const device = new KeptDevice(
    { clock, random: { next: () => 0 } },
    {
      open: async () => "line",
      greet: async (_, reports) => questions.greet(reports),
      close: async () => undefined,
    },
    {
      changed({ kind }, complaint) {
        const words = complaint ?? kind;
        if (words !== last) told.push(words);
        last = words;
      },
    },
    lineSpans,
  );
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const pass = async (span: Millis): Promise<void> => {
    for (let passed = 0; passed < span; passed += 50) {
      clock.advance(millis(50));
      await settled();
    }
  };
  device.start();
  await settled();
  onTestFinished(() => device.stop());
  return {
    device,
    pass,
    told: () => told.splice(0),
    asked: () => {
      const count = asked;
      asked = 0;
      return count;
    },
  };
}

test("who answers is ready at once, and asked every two seconds from then on", async () => {
  const line = await lineTo(() => true);

  await line.pass(seconds(1));
  expect(line.told()).toEqual(["opening", "handshaking", "ready"]);
  line.asked();
  await line.pass(seconds(10));

  expect(line.asked()).toBe(5);
  expect(line.told()).toEqual([]);
});

test("one that starts for three seconds when its line is opened is waited for", async () => {
  let isStarted = false;
  const line = await lineTo(() => isStarted);

  await line.pass(seconds(3));
  expect(line.device.state.kind).toBe("handshaking");
  isStarted = true;
  await line.pass(millis(300));

  expect(line.told()).toEqual(["opening", "handshaking", "ready"]);
});

test("what is no widget is lost with words that help, tried anew, and less and less often", async () => {
  const line = await lineTo(() => false);

  await line.pass(seconds(4.5));
  expect(line.told()).toEqual([
    "opening",
    "handshaking",
    "it does not answer as a DMX USB Pro does: is it the right device? (or is it mute?)",
  ]);
  // Its first five lives take 4 s each and the pauses between them 15 s; from then on one is 14 s.
  await line.pass(seconds(45));
  expect(line.told().at(-1)).toContain("tried seldom from now on");
  expect(line.asked()).toBeLessThanOrEqual(6 * 16);
});

test("one that falls silent works badly, is lost, and well again when it answers on the line opened anew", async () => {
  let isSilent = false;
  const line = await lineTo(() => !isSilent);
  await line.pass(seconds(1));
  line.told();

  isSilent = true;
  await line.pass(seconds(14));
  expect(line.told().slice(0, 4)).toEqual([
    "it works badly: it does not answer any more",
    "it does not answer any more",
    "opening",
    "handshaking",
  ]);
  isSilent = false;
  await line.pass(seconds(1));

  expect(line.told()).toEqual(["ready"]);
});

test("one that missed two questions and answers the third was well all the time", async () => {
  let missed = 0;
  const line = await lineTo(() => (missed = (missed + 1) % 3) === 0);
  await line.pass(seconds(1));
  line.told();

  await line.pass(seconds(60));

  expect(line.told()).toEqual([]);
});

test("nobody is asked on a line that is closed", async () => {
  const line = await lineTo(() => true);
  await line.pass(seconds(1));
  await line.device.stop();
  line.asked();

  await line.pass(seconds(10));

  expect(line.asked()).toBe(0);
});
