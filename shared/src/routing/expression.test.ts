import { describe, expect, test } from "vitest";
import fc from "fast-check";
import type { Value } from "../wire/value.ts";
import { compileExpression, compilerFor } from "./expression.ts";

function run(source: string, value: Value, given: { unit?: string; quality?: number } = {}) {
  const compiled = compileExpression(source);
  if (!compiled.ok) throw new Error(`${source}: ${compiled.error.message}`);
  const result = compiled.value.evaluate({
    value,
    unit: given.unit ?? "",
    quality: given.quality ?? 0,
    from: "pi/sim/distance",
  });
  return result.ok ? result.value : { failed: result.error };
}

function faultOf(source: string) {
  const compiled = compileExpression(source);
  return compiled.ok ? undefined : compiled.error;
}

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const noNumber = { failed: "the result is not a number" };

describe("whatever the number", () => {
  const cases: readonly (readonly [source: string, compute: (value: number) => number])[] = [
    ["value * 2", (value) => value * 2],
    ["value * 2.0", (value) => value * 2],
    ["2 * value", (value) => value * 2],
    ["value / 2", (value) => value / 2],
    ["value + 1", (value) => value + 1],
    ["value - 1", (value) => value - 1],
    ["1 - value", (value) => 1 - value],
    ["value % 7", (value) => value % 7],
    ["-value", (value) => -value],
    ["round(value)", (value) => Math.round(value)],
    ["floor(value)", (value) => Math.floor(value)],
    ["ceil(value)", (value) => Math.ceil(value)],
    ["abs(value)", (value) => Math.abs(value)],
    ["min(value, 5)", (value) => Math.min(value, 5)],
    ["max(value, 0.5)", (value) => Math.max(value, 0.5)],
    ["clamp(value, 0, 100)", (value) => Math.min(Math.max(value, 0), 100)],
    ["round(value * 2 + 1) / 2", (value) => Math.round(value * 2 + 1) / 2],
  ];

  test.each(cases)("%s is what a pocket calculator says", (source, compute) => {
    fc.assert(
      fc.property(fc.oneof(finite, fc.integer(), fc.maxSafeInteger()), (value) => {
        const expected = compute(value);

        const result = run(source, value);

        expect(result).toEqual(Number.isFinite(expected) ? expected : noNumber);
      }),
    );
  });

  test("scale stays inside its target, whichever way that runs", () => {
    fc.assert(
      fc.property(finite, (value) => {
        expect(run("scale(value, 0, 10, 0, 255)", value)).toBeOneOf([
          expect.toSatisfy((each) => each >= 0 && each <= 255),
        ]);
        expect(run("scale(value, 0, 10, 255, 0)", value)).toBeOneOf([
          expect.toSatisfy((each) => each >= 0 && each <= 255),
        ]);
      }),
    );
  });

  test.each([
    "value > 5",
    "value >= 5",
    "value < 5",
    "value <= 5",
    "value == 5",
    "value != 5",
    "value > 5.5",
  ])("%s is true or false", (source) => {
    fc.assert(fc.property(finite, (value) => typeof run(source, value) === "boolean"));
    expect(run(source.replace("value", "7"), 0)).toBe(run(source, 7));
  });
});

test.each<readonly [string, Value, Value]>([
  ["value", true, true],
  ["!value", true, false],
  ["value ? 1 : 0", true, 1],
  ["value ? 255.0 : 0.0", false, 0],
  ['value == "open"', "open", true],
  ['value + "!"', "open", "open!"],
  ['value.startsWith("op")', "open", true],
  ["size(value)", "äöü", 3],
  ["value.roll * 2", { roll: 4 }, 8],
  ["value[1] + 1", [1, 2], 3],
  ["[value, 1]", 2.5, [2.5, 1]],
  ['{"level": value}', 2.5, { level: 2.5 }],
  ["value == null", null, true],
  ["int(value)", 7.9, 7],
  ["double(value)", "2.5", 2.5],
  ["string(value)", 2.5, "2.5"],
  ["9007199254740991", 0, Number.MAX_SAFE_INTEGER],
])("%s of %j is %j", (source, value, expected) => {
  expect(run(source, value)).toEqual(expected);
});

test("unit and quality can be spoken of", () => {
  expect(run('unit == "Cel" && quality == 0', 1, { unit: "Cel" })).toBe(true);
  expect(run("quality > 0", 1, { quality: 2 })).toBe(true);
});

describe("what does not fit the value is an answer, not an exception", () => {
  test.each<readonly [string, Value]>([
    ["value * 2", "text"],
    ["value * 2", null],
    ["value * 2", true],
    ["round(value)", "7"],
    ["value.roll", 5],
    ["value.roll", { pitch: 1 }],
    ["value[7]", [1]],
    ["value / 0", 5],
    ["value / 0", 0],
    ["1 / 0", 0],
    ["1 % 0", 0],
    ["scale(value, 1, 1, 0, 5)", 1],
    ["value ? 1 : 0", 5],
    ["int(value)", "x".repeat(10_000)],
  ])("%s of %j", (source, value) => {
    const result = run(source, value);

    expect(result).toEqual({ failed: expect.any(String) });
  });

  test("whatever the value", () => {
    const sources = [
      "value * 2",
      "value + 1",
      "round(value)",
      "value.a",
      "value[0]",
      "value > 1",
      "!value",
      "size(value)",
      "value ? 1.0 : 0.0",
    ];
    const anything = fc.anything({ withNullPrototype: false }).filter((each) => each !== undefined);
    fc.assert(
      fc.property(fc.constantFrom(...sources), anything, (source, value) => void run(source, value as Value)),
      { numRuns: 1000 },
    );
  });
});

test.each(['timestamp("2027-01-15T08:00:00Z")', 'duration("5s")', "type(value)", "5u", "uint(5)"])(
  "%s gives something that cannot be sent, and says so",
  (source) => {
    expect(compileExpression(source).ok ? run(source, 1) : { failed: "" }).toEqual({
      failed: expect.any(String),
    });
  },
);

test("a result nested deeper than a payload may be is refused", () => {
  const source = `${"[".repeat(14)}value${"]".repeat(14)}`;

  expect(compileExpression(source).ok ? run(source, 1) : { failed: "" }).toEqual({
    failed: expect.any(String),
  });
});

test("a number that is none is found inside a list too", () => {
  expect(run("[value / 0.0]", 0)).toEqual(noNumber);
});

describe("a bad expression is refused with the place and a hint", () => {
  test.each([
    ["valu * 2", 0, /valu/, /value/],
    ["1 + temperature", 4, /temperature/, /value, unit, quality/],
    ["rond(value)", 0, /rond/, /round/],
    ["round(value, 2)", 0, /round/, /round\(value\)/],
    ["scale(value, 0, 10)", 0, /scale/, /scale\(value, from least, from most, to least, to most\)/],
    ["frobnicate(value)", 0, /frobnicate/, /there are/],
    ["value * ", 8, /./, /ends too early/],
    ["", 0, /./, /./],
  ])("%j", (source, offset, message, hint) => {
    const fault = faultOf(source);

    expect(fault?.offset).toBe(offset);
    expect(fault?.message).toMatch(message);
    expect(fault?.hint).toMatch(hint);
  });

  test.each([
    "value +* 2",
    "(value",
    "value)",
    "value @ 2",
    '"open',
    "value ? 1",
    '1 + "a"',
    "value.",
    "[1, 2",
    "{",
    "value value",
  ])("%j, with a place inside it", (source) => {
    const fault = faultOf(source);

    expect(fault?.message).toEqual(expect.any(String));
    expect(fault?.offset).toBeGreaterThanOrEqual(0);
    expect(fault?.offset).toBeLessThanOrEqual(source.length);
  });

  test("and compiling never throws, whatever the text", () => {
    const piece = fc.constantFrom(
      "value",
      "(",
      ")",
      "[",
      "]",
      "{",
      "}",
      "+",
      "*",
      "?",
      ":",
      ".",
      ",",
      '"',
      "'",
      "1",
      "round",
      "\n",
      "😀",
      "matches",
      "&&",
      "!",
      "in",
      "has",
      "__proto__",
      "constructor",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => void compileExpression(pieces.join(" "))),
      { numRuns: 2000 },
    );
  });

  test.each(["(", "[", "!", "-", '{"a":', "value + ", "value ? value : "])(
    "nor does a long row of %j",
    (piece) => {
      const startedAt = performance.now();

      compileExpression(piece.repeat(Math.floor(2000 / piece.length)));

      expect(performance.now() - startedAt).toBeLessThan(1000);
    },
  );
});

test.each([
  ["value * (1 / 255)", 255, 1],
  ["value / 2 + 1 / 2", 8, 4.5],
  ["7 / 2", 0, 3.5],
  ["value > 5 ? 1 : 0.5", 7, 1],
])("in %s whole numbers are numbers like all others", (source, value, expected) => {
  const compiled = compileExpression(source);

  const result = compiled.ok ? compiled.value.evaluate({ value, unit: "", quality: 0, from: "" }) : compiled;

  expect(result).toEqual({ ok: true, value: expected });
});

test.each([
  ["value > 1", "bool"],
  ["scale(value, 0, 1, 0, 255)", "double"],
  ["'on'", "string"],
  ["value", "dyn"],
  ["unit == 'm' ? 1.0 : 2.0", "double"],
])("of %s it is known beforehand that it gives a %s", (source, gives) => {
  const compiled = compileExpression(source);

  expect(compiled.ok && compiled.value.gives).toBe(gives);
});

describe("curve", () => {
  test.each([
    ["curve(value, 2)", 0.5, 0.25],
    ["curve(value, 2.2)", 1, 1],
    ["curve(value, 2.2)", -3, 0],
    ["curve(value, 1)", 7, 1],
    ['curve(value, "s")', 0.5, 0.5],
    ['curve(value, "s")', 0.25, 0.15625],
    ["curve(value, [[0, 0], [10, 1], [20, -1]])", 5, 0.5],
    ["curve(value, [[0, 0], [10, 1], [20, -1]])", 10, 1],
    ["curve(value, [[0, 0], [10, 1], [20, -1]])", 15, 0],
    ["curve(value, [[0, 0.1], [10, 1]])", -5, 0.1],
    ["curve(value, [[0, 0.1], [10, 1]])", 50, 1],
    ["curve(scale(value, 0, 4, 1, 0), 2)", 2, 0.25],
  ])("%s of %d is %d", (source, value, expected) => expect(run(source, value)).toBeCloseTo(expected));

  test("stays between its points", () => {
    const ordered = fc.uniqueArray(fc.integer({ min: -100, max: 100 }), { minLength: 2, maxLength: 8 });

    fc.assert(
      fc.property(
        ordered,
        fc.infiniteStream(fc.integer({ min: -9, max: 9 })),
        fc.integer(),
        (xs, levels, value) => {
          const points = xs
            .toSorted((left, right) => left - right)
            .map((at) => [at, levels.next().value ?? 0]);
          const result = run(`curve(value, ${JSON.stringify(points)})`, value);

          const heights = points.map(([, level]) => level ?? 0);
          expect(result).toBeGreaterThanOrEqual(Math.min(...heights));
          expect(result).toBeLessThanOrEqual(Math.max(...heights));
          for (const [at, level] of points)
            expect(run(`curve(value, ${JSON.stringify(points)})`, at ?? 0)).toBe(level);
        },
      ),
      { numRuns: 50 },
    );
  });

  test.each([
    ['curve(value, "S")', 13, '"S" is no curve'],
    ["curve(value, 0)", 13, "this is no curve"],
    ["1 + curve(value, [[0, 0]])", 17, "this is no curve"],
    ["curve(value, [[1, 0], [0, 1]])", 13, "this is no curve"],
    ["curve(value, [[0, 0], [1]])", 13, "this is no curve"],
    ["curve(value, [0, 1])", 13, "this is no curve"],
    ["curve(value, [[0, -true], [1, 1]])", 18, "no such overload: -bool"],
  ])("%s is refused at its place before it runs", (source, offset, message) => {
    expect(faultOf(source)).toMatchObject({ offset, message });
  });

  test("says what there is in place of a wrong curve, and how it is called", () => {
    expect(faultOf('curve(value, "gamma")')?.hint).toMatch(/a gamma above 0, such as 2.2, "s", or points/);
    expect(faultOf("curve(value)")?.hint).toBe('write curve(value, gamma, "s" or points)');
    expect(faultOf("curv(value, 2)")?.hint).toBe("did you mean curve?");
  });

  test.each([
    ["curve(value, 2)", "near", /^curve\(\) takes numbers, not a text$/],
    ["curve(0.5, value)", -1, /^curve\(\) takes a gamma above 0/],
    ["curve(0.5, value)", [[0, 0], "b"], /^curve\(\) takes a gamma above 0/],
  ] as const)("%s fails when the value does not fit", (source, value, words) => {
    expect(run(source, value)).toEqual({ failed: expect.stringMatching(words) });
  });
});

describe("lookup", () => {
  test.each<readonly [string, Value, Value]>([
    ['lookup(value, {"red": 0.1, "blue": 0.6}, 0)', "blue", 0.6],
    ['lookup(value, {"red": 0.1}, 0)', "green", 0],
    ['lookup(value, {1: "one", 2: "two"}, "many")', 2, "two"],
    ['lookup(value, {1: "one"}, "many")', 1.5, "many"],
    ["lookup(value, {true: 1, false: 0.2}, 0)", false, 0.2],
    ["lookup(value, [10, 20, 30], -1)", 2, 30],
    ["lookup(value, [10, 20, 30], -1)", 3, -1],
    ["lookup(value, [10, 20, 30], -1)", -1, -1],
    ["lookup(value, [10, 20, 30], -1)", 0.5, -1],
    ['lookup(value, {"a": 1}, 0)', "constructor", 0],
    ['lookup(value, {"a": 1}, 0)', null, 0],
    ['lookup("a", value, 0)', { a: 7 }, 7],
    ['lookup("a", value, 0)', 5, 0],
    ['lookup(value, {"a": [1, 2]}, [])', "a", [1, 2]],
  ])("%s of %j is %j", (source, value, expected) => expect(run(source, value)).toEqual(expected));

  test("is refused without a table, and says how it is written", () => {
    expect(faultOf("lookup(value, 3, 0)")).toMatchObject({
      offset: 14,
      message: "lookup() takes a map or a list",
    });
    expect(faultOf("lookup(value, {})")?.hint).toBe("write lookup(value, map or list, otherwise)");
  });
});

test("an expression knows which output a value comes from", () => {
  expect(run('from.startsWith("pi/")', 1)).toBe(true);
});

const nested = (count: number, around: (inner: string) => string, inmost: string): string =>
  count === 0 ? inmost : around(nested(count - 1, around, inmost));
const tenEach = (count: number, inmost: string): string =>
  nested(count, (inner) => `[0,1,2,3,4,5,6,7,8,9].all(a, ${inner})`, inmost);

describe("no value makes an expression run for long:", () => {
  test.each([
    ['value.matches("(a+)+$")', 14, /^what is repeated must not hold a repetition/],
    ['value.matches("a.*b.*c")', 14, /^the pattern can take very long/],
    ["value.matches(unit)", 14, /^matches\(\) takes a pattern that stands there/],
    ['value.matches("(")', 14, /^Invalid regular expression/],
    ["value.all(x, value.all(y, x != y))", 13, /^a loop over a value inside another loop/],
    ["value.all(x, x.all(y, x.all(z, z)))", 22, /^a loop over a value inside another loop/],
    ["value.filter(x, x in value)", 16, /^a loop over a value inside another loop/],
    ["value.map(x, value.map(y, y)).size() > 1", 13, /^a loop over a value inside another loop/],
    [tenEach(9, "true"), undefined, /^too many loops inside each other/],
    [tenEach(6, "true"), undefined, /^the loops here can take very long/],
    [nested(7, (inner) => `[1].map(a, ${inner})`, "1"), undefined, /^too many loops inside each other/],
    [nested(7, (inner) => `cel.bind(a, value + value, ${inner})`, "1"), undefined, /^too many loops/],
    ["value.map(x, value + [x])", 13, /^\+ in a loop, of what may be lists/],
    ["value.all(x, value == [x] + value)", undefined, /./],
    ["value.all(x, value == value)", 0, /^the loops here can take very long/],
    ["value.map(x, value).all(y, y.all(z, z))", undefined, /^the loops here/],
  ])("%s is refused at its place", (source, offset = expect.any(Number), words) => {
    expect(faultOf(source)).toMatchObject({
      offset,
      message: expect.stringMatching(words),
      hint: expect.any(String),
    });
  });

  test.each<readonly [string, Value, Value]>([
    ['value.matches("^[a-z]+-[0-9]+$")', "lamp-12", true],
    ['value.matches("(red|blue)")', "a blue one", true],
    [
      "value.exists(room, room.lamps.exists(lamp, lamp.on))",
      [{ lamps: [{ on: false }, { on: true }] }],
      true,
    ],
    ["[1, 2].all(x, value.exists(y, y == x))", [2, 1], true],
    ["value.filter(x, x > 1).map(x, x * 2)", [1, 2, 3], [4, 6]],
    ["value.filter(x, x in [1, 3])", [1, 2, 3], [1, 3]],
    ['"a" in value && value.a > 1', { a: 2 }, true],
    ["value.map(x, x.level + x.offset)", [{ level: 1, offset: 2 }], [3]],
    ["value.map(x, x + 1)", [1, 2], [2, 3]],
    ['value.map(x, x + "s")', ["lamp"], ["lamps"]],
    ['value.lamps.map(x, value.hall + "/" + x)', { hall: "h", lamps: ["a"] }, ["h/a"]],
    ["value.lamps.filter(x, x.name == value.name)", { lamps: [], name: "a" }, []],
    ["value.lamps.map(x, x.level + double(value.offset))", { lamps: [{ level: 1 }], offset: 2 }, [3]],
    [tenEach(3, "a < 10"), 0, true],
    [
      "[1, 2, 3].map(x, [1, 2, 3].map(y, x * y + value))",
      1,
      [
        [2, 3, 4],
        [3, 5, 7],
        [4, 7, 10],
      ],
    ],
    [`value.filter(x, x in [${Array.from({ length: 400 }, (_, index) => index).join(",")}])`, [7, 700], [7]],
  ])("%s of %j is %j", (source, value, expected) => expect(run(source, value)).toEqual(expected));

  test("a result that is larger than anybody could send is none", () => {
    const many = Array.from({ length: 1000 }, (_, index) => index);

    expect(run("value.map(x, value)", many)).toEqual({ failed: "the result is too large" });
  });

  test.each(['value.matches("^[a-z]+-[0-9]+$")', 'value.matches("x(a|b)y")', "value.size() > 3"])(
    "%s is done with the longest text at once",
    (source) => {
      const startedAt = performance.now();

      run(source, "a".repeat(80_000));

      expect(performance.now() - startedAt).toBeLessThan(500);
    },
  );
});

describe("null lets go", () => {
  test.each<readonly [source: string, gives: string, yes: Value, no: Value]>([
    ["value ? 1.0 : null", "double", 1, null],
    ["value ? null : 1", "double", null, 1],
    ['value ? "on" : null', "string", "on", null],
    ["value ? value : null", "dyn", true, null],
    ["value ? 1 : dyn(null)", "double", 1, null],
    ['value ? (0.5 + 0.5) * 2 : (from == "" ? 1 : null)', "double", 2, null],
    ["value ? [1, 2] : null", "list<double>", [1, 2], null],
    ["null", "null", null, null],
  ])("%s gives %s, or null", (source, gives, yes, no) => {
    const compiled = compileExpression(source);

    expect(compiled).toMatchObject({ ok: true, value: { gives, letsGo: true } });
    expect([run(source, true), run(source, false)]).toEqual([yes, no]);
  });

  test.each([
    "value ? 1.0 : 0.0",
    "value == null ? 1.0 : 0.0",
    "max(value, 1)",
    'lookup(value, {"a": 1}, null)',
  ])("%s does not as it is written", (source) => {
    expect(compileExpression(source)).toMatchObject({ ok: true, value: { letsGo: false } });
  });

  test("what is not in a table is let go", () => {
    expect(["a", "b"].map((value) => run('lookup(value, {"a": 0.1}, null)', value))).toEqual([0.1, null]);
  });

  test("a mistake is told where it stands, and branches are of one kind beside null", () => {
    expect(faultOf("value ? null : 1 + nul")).toMatchObject({ offset: 19 });
    expect(faultOf("value ? null : [null, value ? null : nul]")).toMatchObject({ offset: 37 });
    expect(faultOf('value ? (unit == "" ? 1.0 : "on") : null')?.message).toContain("same type");
    expect(faultOf('unit == "" ? 1.0 : (value ? "on" : null)')?.message).toContain("same type");
  });

  test("an expression that is no route's has no use for it", () => {
    expect(compilerFor({ value: "dyn" })("value ? 1.0 : null").ok).toBe(false);
  });
});
