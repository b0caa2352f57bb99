import { expect, test } from "vitest";
import { wayWords } from "./ways.ts";

test("each way is told with whom it reaches, or with what is wrong", () => {
  const ways = {
    out: [
      { name: "sACN", reaches: "multicast", to: ["239.255.0.1"] },
      { name: "Art-Net", reaches: "0 nodes", to: [], problem: "no node has asked for it" },
    ],
    in: [{ name: "USB" }],
  };

  expect(wayWords(ways)).toEqual([
    { words: "sACN: multicast", isIll: false },
    { words: "Art-Net: no node has asked for it", isIll: true },
    { words: "USB in", isIll: false },
  ]);
});

test.each([undefined, null, 7, "out", [], { out: 1 }, { out: [null, 7, {}, { name: 7 }] }])(
  "what says no ways, such as %j, has no words",
  (ways) => {
    expect(wayWords(ways)).toEqual([]);
  },
);
