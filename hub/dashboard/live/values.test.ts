import { micros } from "@interactor/shared/kernel/units";
import { entryFlag, quality } from "@interactor/shared/wire/entry";
import { encodePublicValue, type PublicValue } from "@interactor/shared/wire/messages/public-value";
import { siteTopics } from "@interactor/shared/wire/topics";
import type { Value } from "@interactor/shared/wire/value";
import { expect, test } from "vitest";
import { historiesMax, valuesMax } from "./limits.ts";
import { Values } from "./values.ts";

const topicOf = (port: string, node = "stage"): string =>
  siteTopics("demo").value({ node, instance: "probe", port });
const bytesOf = (value: Value, more: Partial<PublicValue> = {}): Uint8Array =>
  encodePublicValue({ at: micros(1_000_000_000), quality: quality.good, flags: 0, value, ...more });
const anyHistory = (): Values => new Values(() => true);

test("the last value stands with its time and its quality", () => {
  const values = anyHistory();

  const outcomes = [1, 2].map((value) =>
    values.take(topicOf("t"), bytesOf(value, { quality: quality.stale }), 0),
  );

  expect(outcomes).toEqual(["new", "updated"]);
  expect(values.get("stage", "probe", "t")).toMatchObject({
    value: 2,
    at: 1_000_000,
    quality: 1,
    revision: 2,
  });
});

test("numbers and switches have a history, texts have an empty one", () => {
  const values = anyHistory();
  for (const value of [true, 3.5, "text"]) values.take(topicOf("t"), bytesOf(value), 0);
  const seen: number[] = [];

  values.get("stage", "probe", "t")?.history?.visit(0, (_at, low, high) => seen.push(low, high));

  expect(seen).toEqual([1, 3.5]);
});

test("a node whose clock nobody has set is dated by its arrival", () => {
  const values = anyHistory();

  values.take(topicOf("t"), bytesOf(1, { at: micros(5), flags: entryFlag.clockUnsynchronised }), 77_000);

  expect(values.get("stage", "probe", "t")?.at).toBe(77_000);
  expect(values.lastOf("stage")).toBe(77_000);
});

test("a retained value that is taken away is forgotten", () => {
  const values = anyHistory();
  values.take(topicOf("t"), bytesOf(1), 0);

  expect(values.take(topicOf("t"), new Uint8Array(), 0)).toBe("forgotten");
  expect(values.take(topicOf("t"), new Uint8Array(), 0)).toBe("not-ours");
  expect([...values.all()]).toEqual([]);
});

test.each([
  ["random bytes", Uint8Array.of(0xff, 0x00, 0x13), "indefinite-length"],
  ["half a message", bytesOf(1).subarray(0, 5), "truncated"],
  ["another shape", Uint8Array.of(0x01), "wrong-shape"],
  ["a newer version", Uint8Array.of(0x85, 0x02, 0x00, 0x00, 0x00, 0x00), "unknown-version"],
])("%s changes nothing", (_name, payload, expected) => {
  const values = anyHistory();
  values.take(topicOf("t"), bytesOf(1), 0);

  expect(values.take(topicOf("t"), payload, 0)).toBe(expected);
  expect(values.get("stage", "probe", "t")).toMatchObject({ value: 1, revision: 1 });
});

test("a topic that is no value's is passed over", () => {
  expect(anyHistory().take("ix/1/demo/v/stage/probe/UPPER", bytesOf(1), 0)).toBe("not-ours");
});

test("past their limits values are refused and histories are not begun", () => {
  const values = anyHistory();
  for (let index = 0; index < valuesMax; index++) values.take(topicOf(`p${index}`), bytesOf(null), 0);

  expect(values.take(topicOf("one-more"), bytesOf(1), 0)).toBe("refused");
  expect([...values.all()].filter(({ history }) => history !== undefined)).toHaveLength(historiesMax);
});
