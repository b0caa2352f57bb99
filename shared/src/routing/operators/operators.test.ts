import { describe, expect, test } from "vitest";
import { millis } from "../../kernel/units.ts";
import { playedThrough, type Timed } from "../../testing/played-route.ts";
import { delayedValuesMax, windowReadingsMax } from "../../wire/limits.ts";
import type { Aggregate, Operator } from "../../wire/messages/operator.ts";
import type { Value } from "../../wire/value.ts";

const window = (give: Aggregate): Operator => ({ kind: "window", span, give });
const outOf = (through: readonly Operator[], given: readonly Timed[]) => playedThrough(through, given).out;
const span = millis(100);

describe("throttle", () => {
  const throttle: Operator = { kind: "throttle", span };

  test("lets the first pass, and then the last of each span", () => {
    expect(
      outOf(
        [throttle],
        [
          [0, 1],
          [10, 2],
          [90, 3],
          [250, 4],
        ],
      ),
    ).toEqual([
      [0, 1],
      [100, 3],
      [250, 4],
    ]);
  });

  test("what comes when the span ends comes after what was held", () => {
    expect(
      outOf(
        [throttle],
        [
          [0, 1],
          [50, 2],
          [100, 3],
        ],
      ),
    ).toEqual([
      [0, 1],
      [100, 2],
      [200, 3],
    ]);
  });
});

describe("debounce", () => {
  const debounce: Operator = { kind: "debounce", span };

  test("a value passes when it has stood for the span, the first one too", () => {
    expect(
      outOf(
        [debounce],
        [
          [0, true],
          [500, false],
        ],
      ),
    ).toEqual([
      [100, true],
      [600, false],
    ]);
  });

  test("a button that bounces is pressed once and released once", () => {
    const bounces: Timed[] = [
      [0, true],
      [3, false],
      [6, true],
      [400, false],
      [402, true],
      [404, false],
    ];

    expect(outOf([debounce], bounces)).toEqual([
      [106, true],
      [504, false],
    ]);
  });

  test("a short break is none", () => {
    expect(
      outOf(
        [debounce],
        [
          [0, true],
          [300, false],
          [350, true],
        ],
      ),
    ).toEqual([[100, true]]);
  });

  test("an equal value does not begin the wait anew, also when it is a record", () => {
    const given: Timed[] = [0, 40, 80, 120].map((at) => [at, { tag: [1, "a"] }]);

    expect(outOf([debounce], given)).toEqual([[100, { tag: [1, "a"] }]]);
  });
});

describe("hold", () => {
  const hold: Operator = { kind: "hold", span };

  test.each<readonly [string, Value, Value]>([
    ["true and false", true, false],
    ["numbers", 0.7, 0],
    ["texts", "here", ""],
    ["something and nothing", { here: 1 }, null],
  ])("what is on stays so for the span after it went off: %s", (_what, on, off) => {
    expect(
      outOf(
        [hold],
        [
          [0, on],
          [50, off],
          [80, off],
        ],
      ),
    ).toEqual([
      [0, on],
      [150, off],
    ]);
  });

  test("on again within the span, it never went off", () => {
    expect(
      outOf(
        [hold],
        [
          [0, 1],
          [50, 0],
          [120, 2],
          [150, 0],
        ],
      ),
    ).toEqual([
      [0, 1],
      [120, 2],
      [250, 0],
    ]);
  });

  test("off while nothing is on passes at once", () => {
    expect(
      outOf(
        [hold],
        [
          [0, false],
          [10, false],
        ],
      ),
    ).toEqual([
      [0, false],
      [10, false],
    ]);
  });
});

describe("delay", () => {
  const delay: Operator = { kind: "delay", span };

  test("every value passes so much later, in its order", () => {
    expect(
      outOf(
        [delay],
        [
          [0, 1],
          [1, 2],
          [1, 3],
          [99, 4],
        ],
      ),
    ).toEqual([
      [100, 1],
      [101, 2],
      [101, 3],
      [199, 4],
    ]);
  });

  test("more than it has room for: the oldest gives way, and that is counted with words", () => {
    const many = Array.from({ length: delayedValuesMax + 3 }, (_, index): Timed => [0, index]);

    const { out, runner } = playedThrough([delay], many);

    expect(out.map(([, value]) => value)).toEqual(many.slice(3).map(([, value]) => value));
    expect(runner.failed).toBe(3);
    expect(runner.error).toMatch(/^through\[0\] delay: .* the oldest gave way$/);
  });

  test("large values have less room", () => {
    const { out } = playedThrough(
      [delay],
      Array.from({ length: 20 }, (_, index): Timed => [index, "x".repeat(4096)]),
    );

    expect(out.length).toBe(8);
  });

  test("one that is larger than all room passes by itself", () => {
    expect(outOf([delay], [[0, "x".repeat(70_000)]])).toHaveLength(1);
  });
});

test("of two steps that are due together the later one goes first: what it has came before", () => {
  const through: readonly Operator[] = [
    { kind: "throttle", span },
    { kind: "debounce", span },
  ];

  expect(
    outOf(through, [
      [0, 1],
      [50, 2],
    ]),
  ).toEqual([
    [100, 1],
    [200, 2],
  ]);
});

describe("hysteresis", () => {
  test("true from one threshold, false from the other, and in between what it was", () => {
    const out = outOf(
      [{ kind: "hysteresis", on: 0.6, off: 0.4 }],
      [
        [0, 0.5],
        [1, 0.6],
        [2, 0.5],
        [3, 0.4],
        [4, 0.59],
        [5, 9],
      ],
    );

    expect(out).toEqual([
      [0, false],
      [1, true],
      [3, false],
      [5, true],
    ]);
  });

  test("the other way round when on is below off: near is true", () => {
    const out = outOf(
      [{ kind: "hysteresis", on: 1, off: 1.2 }],
      [
        [0, 3],
        [1, 1],
        [2, 1.1],
        [3, 1.2],
      ],
    );

    expect(out).toEqual([
      [0, false],
      [1, true],
      [3, false],
    ]);
  });
});

describe("deadband", () => {
  test("a number passes when it is far enough from the one that passed last", () => {
    const out = outOf(
      [{ kind: "deadband", by: 0.5 }],
      [
        [0, 1],
        [1, 1.4],
        [2, 1.5],
        [3, 1.1],
        [4, 1],
      ],
    );

    expect(out).toEqual([
      [0, 1],
      [2, 1.5],
      [4, 1],
    ]);
  });
});

describe("window", () => {
  test.each<readonly [Aggregate, readonly Timed[]]>([
    [
      "avg",
      [
        [0, 2],
        [50, 3],
        [100, 4],
        [160, 6],
        [160, 5],
      ],
    ],
    [
      "min",
      [
        [0, 2],
        [50, 2],
        [100, 4],
        [160, 6],
        [160, 4],
      ],
    ],
    [
      "max",
      [
        [0, 2],
        [50, 4],
        [160, 6],
        [160, 6],
      ],
    ],
    [
      "count",
      [
        [0, 1],
        [50, 2],
        [100, 1],
        [150, 0],
        [160, 1],
        [160, 2],
        [260, 0],
      ],
    ],
    [
      "rate",
      [
        [0, 10],
        [50, 20],
        [100, 10],
        [150, 0],
        [160, 10],
        [160, 20],
        [260, 0],
      ],
    ],
  ])("%s is of what came in the last span, also when nothing comes any more", (give, expected) => {
    expect(
      outOf(
        [window(give)],
        [
          [0, 2],
          [50, 4],
          [160, 6],
          [160, 4],
        ],
      ),
    ).toEqual(expected);
  });

  test("count and rate take what is no number, the others do not", () => {
    expect(
      outOf(
        [window("count")],
        [
          [0, "a"],
          [1, null],
        ],
      ),
    ).toEqual([
      [0, 1],
      [1, 2],
      [100, 1],
      [101, 0],
    ]);
    expect(playedThrough([window("avg")], [[0, "a"]]).runner.error).toBe(
      "through[0] window: the avg of a window takes numbers, not a text",
    );
  });

  test("more than it tells apart: the count stays right, and neighbours leave together", () => {
    const many = Array.from({ length: 4 * windowReadingsMax }, (_, index): Timed => [index / 100, index]);

    const { out } = playedThrough([window("count")], many);

    const counts = out.map(([, value]) => value);
    expect(counts.slice(0, many.length)).toEqual(many.map((_, index) => index + 1));
    expect(counts.at(-1)).toBe(0);
    expect(counts.length - many.length).toBeLessThanOrEqual(windowReadingsMax);
  });

  describe("a reading each ms is forgotten after five seconds, give or take what it tells apart:", () => {
    const seconds5 = millis(5000);
    const slack = Math.ceil(5000 / windowReadingsMax);
    const each = Array.from({ length: 20_000 }, (_, at): Timed => [at, at === 3000 ? 100 : 1]);
    const over = (give: Aggregate) =>
      new Map(outOf([{ kind: "window", span: seconds5, give }], each).filter(([at]) => at < 20_000));

    test.each<readonly [Aggregate, number]>([
      ["count", 5000],
      ["rate", 1000],
    ])("%s", (give, expected) => {
      const out = over(give);
      for (let at = 5000; at < 20_000; at += 1) {
        expect(out.get(at)).toBeGreaterThanOrEqual(expected);
        expect(out.get(at)).toBeLessThanOrEqual(expected * (1 + slack / 5000));
      }
    });

    test("max comes back after a spike", () => {
      const out = over("max");
      const back = [...out].find(([at, value]) => at > 3000 && value === 1)?.[0] ?? Infinity;
      expect([out.get(2999), out.get(3000), out.get(7999)]).toEqual([1, 100, 100]);
      expect(back).toBeGreaterThanOrEqual(8000);
      expect(back).toBeLessThanOrEqual(8000 + slack);
    });
  });
});

test.each<readonly [Operator, Value]>([
  [{ kind: "deadband", by: 1 }, 1],
  [{ kind: "hysteresis", on: 1, off: 0 }, true],
  [window("avg"), 1],
  [window("min"), 1],
  [window("max"), 1],
])("null passes $kind and lets go, and what comes behind it begins anew", (operator, one) => {
  const nearOrNothing: Operator = { kind: "map", expression: "value < 3 ? 1.0 : null" };
  const { out, runner } = playedThrough(
    [nearOrNothing, operator],
    [
      [0, 2],
      [10, 4],
      [20, 2],
      [30, 4],
    ],
  );

  expect(out).toEqual([
    [0, one],
    [10, null],
    [20, one],
    [30, null],
  ]);
  expect([runner.failed, runner.due]).toEqual([0, undefined]);
});

test("null passes a deadband and a hysteresis once, and a window with each that comes", () => {
  const nothing: readonly Timed[] = [
    [0, null],
    [10, null],
  ];

  expect(outOf([{ kind: "deadband", by: 1 }], nothing)).toEqual([[0, null]]);
  expect(outOf([{ kind: "hysteresis", on: 1, off: 0 }], nothing)).toEqual([[0, null]]);
  expect(outOf([window("avg")], nothing)).toEqual(nothing);
});

test.each<readonly [Operator, Value, string]>([
  [{ kind: "hysteresis", on: 1, off: 0 }, "near", "hysteresis takes numbers, not a text"],
  [{ kind: "deadband", by: 1 }, true, "deadband takes numbers, not true"],
  [{ kind: "deadband", by: 1 }, Number.NaN, "deadband takes numbers, not NaN"],
  [{ kind: "when", expression: "value" }, 1, "the result is not true or false"],
  [{ kind: "map", expression: "value.x" }, { y: 1 }, "No such key: x"],
])("$kind says which step could not take the value, and goes on", (operator, value, words) => {
  const { runner, out } = playedThrough([{ kind: "when", expression: "true" }, operator], [[0, value]]);

  expect(runner.error).toBe(`through[1] ${operator.kind}: ${words}`);
  expect([runner.failed, runner.passed, out.length]).toEqual([1, 0, 0]);
});
