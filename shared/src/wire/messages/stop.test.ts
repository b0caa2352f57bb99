import { expect, test } from "vitest";
import { millis } from "../../kernel/units.ts";
import { byLengthMax } from "../limits.ts";
import { decodeCommand, encodeCommand } from "./command.ts";
import { decodeStopLatch, encodeStopLatch } from "./stop.ts";

const long = "🎭".repeat(50_000);

test("a stop is never refused for the length of a name: it is cut", () => {
  const decoded = decodeStopLatch(
    encodeStopLatch({
      v: 1,
      latched: true,
      by: long,
      at: 1,
      latches: [{ id: "a", by: "x".repeat(4096), at: 1 }],
    }),
  );

  expect(decoded).toMatchObject({ ok: true, value: { latched: true } });
  if (!decoded.ok) return;
  expect(decoded.value.by.length).toBeLessThanOrEqual(byLengthMax);
  expect(decoded.value.by.isWellFormed()).toBe(true);
  expect(decoded.value.latches?.[0]?.by).toBe(`${"x".repeat(byLengthMax - 1)}…`);
});

test("a command is cut the same, and a short name stays as it is", () => {
  const command = { kind: "release", ttl: millis(5), by: "x".repeat(byLengthMax) } as const;

  expect(decodeCommand(encodeCommand(command))).toEqual({ ok: true, value: command });
  expect(decodeCommand(encodeCommand({ ...command, by: long }))).toMatchObject({ ok: true });
});
