import { seconds, type Value } from "@interactor/shared/sdk/define-module";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { expect, test } from "vitest";
import { encodeMessage } from "./codec.ts";
import { Intake } from "./intake.ts";
import { messagesPerSecondMax, patternsPerSecondMax } from "./limits.ts";

function intake() {
  const clock = new VirtualClock();
  const values: [string, Value][] = [];
  const rejected: string[] = [];
  const messages = { count: 0 };
  const taken = new Intake(
    { on: { type: "bool", address: "/lamp/1/on" }, level: { type: "float", address: "/lamp/1/level" } },
    clock,
    {
      value: (output, value) => void values.push([output, value]),
      message: () => void (messages.count += 1),
      rejected: (reason) => void rejected.push(reason),
    },
  );
  const send = (address: string, value = 1): void =>
    taken.take(encodeMessage({ address, arguments: [{ tag: "f", value }] }));
  return { clock, values, rejected, messages, send };
}

test("a pattern reaches every output that it fits", () => {
  const { values, send } = intake();

  send("/lamp/*/*", 0.5);

  expect(values).toEqual([
    ["on", true],
    ["level", 0.5],
  ]);
});

test("what nobody takes and what is no pattern is said", () => {
  const { rejected, send } = intake();

  send("/lamp/2/on");
  send("/lamp/[1/on");
  send("/lamp/{2,3}/on");
  send(`/lamp/${"*".repeat(200)}`);

  expect(rejected).toEqual(["unmapped", "bad-pattern", "unmapped", "bad-pattern"]);
});

test("a flood is cut off after so many in a second, and heard again in the next", () => {
  const { clock, values, rejected, messages, send } = intake();

  for (let count = 0; count < messagesPerSecondMax + 5; count += 1) send("/lamp/1/on");
  expect(values).toHaveLength(messagesPerSecondMax);
  expect(rejected).toEqual(Array.from({ length: 5 }, () => "too-many"));
  clock.advance(seconds(1));
  send("/lamp/1/on");

  expect(values).toHaveLength(messagesPerSecondMax + 1);
  expect(messages.count).toBe(messagesPerSecondMax + 6);
});

test("new patterns are compared so often in a second only; a known one and plain addresses go on", () => {
  const { values, rejected, send } = intake();

  for (let count = 0; count < patternsPerSecondMax + 1; count += 1) send(`/${count}*`);
  expect(rejected.at(-1)).toBe("too-many");
  send(`/${patternsPerSecondMax - 1}*`);
  expect(rejected.at(-1)).toBe("unmapped");
  send("/lamp/1/on");

  expect(values).toEqual([["on", true]]);
});
