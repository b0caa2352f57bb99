import { expect, test } from "vitest";
import { moduleLimitsDefault } from "@interactor/shared/wire/messages/module-limits";
import { type Ceiling, limitsUnder, pastCeiling } from "./ceiling.ts";

const ceiling = (given: Partial<Ceiling> = {}): Ceiling => ({
  place: "/etc/interactor/ceiling.json",
  modules: undefined,
  reach: {},
  limits: {},
  ...given,
});

test("without a word of the node a module has what the site grants it", () => {
  const asking = { module: "lamp", grants: { host: ["a:1"], pin: ["4"] }, limits: { memoryMb: 4096 } };

  expect(pastCeiling(asking, ceiling())).toBeUndefined();
  expect(limitsUnder(asking, ceiling()).memoryMb).toBe(4096);
});

test("all that is past the ceiling is told at once", () => {
  const asking = {
    module: "lamp",
    grants: { host: ["a.example:443", "b.example:443"], serial: ["/dev/ttyUSB0"], file: ["/etc/shadow"] },
    limits: { memoryMb: 256, handles: 64 },
  };
  const most = ceiling({
    reach: { host: ["a.example"], serial: [] },
    limits: { memoryMb: 128, handles: 64 },
  });

  expect(pastCeiling(asking, most)).toBe(
    "the ceiling of this node (/etc/interactor/ceiling.json) does not let it have " +
      "serial line /dev/ttyUSB0, host b.example:443, 256 MB of memory (at most 128)",
  );
});

test("all of a kind is more than some of it", () => {
  const most = ceiling({ reach: { host: ["a.example:443"], file: ["*"] } });

  expect(pastCeiling({ module: "lamp", grants: { host: ["*"] } }, most)).toMatch(/host \*/);
  expect(pastCeiling({ module: "lamp", grants: { file: ["*", "/etc/x"] } }, most)).toBeUndefined();
});

test("a node may say which modules it runs", () => {
  expect(pastCeiling({ module: "lamp" }, ceiling({ modules: ["blink"] }))).toMatch(
    /does not let lamp run here/,
  );
  expect(pastCeiling({ module: "blink" }, ceiling({ modules: ["blink"] }))).toBeUndefined();
});

test("what nobody asked for is cut down to the ceiling, and is not past it", () => {
  const most = ceiling({ limits: { memoryMb: 64 } });

  expect(pastCeiling({ module: "lamp" }, most)).toBeUndefined();
  expect(limitsUnder({}, most)).toEqual({ ...moduleLimitsDefault, memoryMb: 64 });
});
