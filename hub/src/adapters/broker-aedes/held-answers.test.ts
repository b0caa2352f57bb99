import { expect, test } from "vitest";
import { noBrokerStore } from "../../ports/broker-store.ts";
import { HeldAnswers } from "./held-answers.ts";
import { Unwritten } from "./unwritten.ts";

test("answers are one run of bytes in their order, however many there are", () => {
  const held = new HeldAnswers(undefined, 0);
  for (let packetId = 1; packetId <= 300; packetId += 1) held.short(0x40, packetId);
  const packet = Buffer.from([0x90, 3, 1, 45, 1]);
  held.add(packet);

  expect(held.count).toBe(301);
  expect(held.bytes).toHaveLength(300 * 4 + packet.length);
  expect([...held.bytes.subarray(0, 8)]).toEqual([0x40, 2, 0, 1, 0x40, 2, 0, 2]);
  expect([...held.bytes.subarray(299 * 4)]).toEqual([0x40, 2, 1, 44, ...packet]);
});

test("an answer that is longer than what there is room for is whole", () => {
  const held = new HeldAnswers(undefined, 0);
  held.short(0x40, 1);
  const packet = Buffer.alloc(1000, 7);
  held.add(packet);

  expect(held.bytes.subarray(4).equals(packet)).toBe(true);
});

test("what waits for the same question is due with them, and what waits for another is not", () => {
  const [unwritten, other] = [new Unwritten(noBrokerStore), new Unwritten(noBrokerStore)];
  const held = new HeldAnswers(unwritten, 1);

  expect([held.isOf(unwritten, 1), held.isOf(unwritten, 2), held.isOf(other, 1)]).toEqual([
    true,
    false,
    false,
  ]);
});
