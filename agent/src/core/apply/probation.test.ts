import { describe, expect, test } from "vitest";
import { earliest, type Instant, instant, later, millis } from "@interactor/shared/kernel/units";
import { changesBetween } from "@interactor/shared/site/plan-changes";
import { instanceOf, planOf } from "@interactor/shared/testing/plans";
import { comingUpMax, heartbeatMax, firstHeartbeatMax, Probation } from "./probation.ts";

const began = instant(10_000);
const window = millis(5000);
const code = { module: "simulated", version: "2.0.0", digest: "" };
const before = planOf({ sim: instanceOf(), dmx: instanceOf({ module: "dmx" }), old: instanceOf() });
const plan = planOf({ sim: instanceOf({ version: "2.0.0" }), dmx: instanceOf({ module: "dmx" }) });

/** `sim` gets another version, `dmx` stays, `old` goes. */
function watch(...wellBefore: readonly string[]): Probation {
  const changes = changesBetween(before, plan);
  return new Probation({ plan, changes, wellBefore: new Set(wellBefore), window, at: began });
}

function well(): Probation {
  const probation = watch();
  probation.loaded("sim", code);
  probation.stateChanged("sim", { state: "running" });
  return beatUntil(probation, 5000);
}

function beatUntil(probation: Probation, after: number, instance = "sim"): Probation {
  for (let at = 0; at <= after; at += 1000) probation.beat(instance, later(began, millis(at)));
  return probation;
}

const end = later(began, window);

/** Looks whenever it is due, until then, or until there is a verdict. */
function lookUntil(probation: Probation, until: Instant, from = began): string {
  let at = from;
  let reason = reasonAt(probation, at);
  while (reason === "watching" && at < until) {
    at = earliest(later(probation.dueAt(at), millis(1)), until) ?? until;
    reason = reasonAt(probation, at);
  }
  return reason;
}
/** Nothing is waited for any longer. */
const over = later(end, comingUpMax);
const reasonAt = (probation: Probation, at = end) => {
  const verdict = probation.verdict(at);
  return verdict.kind === "unwell" ? verdict.reason : verdict.kind;
};

test("what was seen to run the planned code to the end of its time is well, and not before", () => {
  expect(reasonAt(well(), later(began, millis(4999)))).toBe("watching");
  expect(reasonAt(well())).toBe("well");
});

test("what nobody has seen is not well, whatever it may be", () => {
  expect(reasonAt(beatUntil(watch(), 20_000), over)).toBe("it was not seen which code sim runs");
});

test("an instance that waits for its device is well", () => {
  const probation = well();
  probation.stateChanged("sim", { state: "waiting", reason: "no serial line" });

  expect(reasonAt(probation)).toBe("well");
});

test("an instance that works in part is well, whether it did so before or begins now", () => {
  const probation = well();
  probation.stateChanged("sim", { state: "running", reason: "USB: no USB device is plugged in" });

  expect(reasonAt(probation)).toBe("well");
});

test("what a revision does not change and was unwell before is not its fault", () => {
  const probation = well();
  probation.stateChanged("dmx", { state: "failed", reason: "no network" });
  expect(reasonAt(probation)).toBe("well");

  const worse = watch("dmx");
  worse.stateChanged("dmx", { state: "failed", reason: "no network" });
  expect(reasonAt(worse)).toBe("dmx has failed: no network");
});

test("other code of what a revision does not change came with a renewed agent, and is not its fault", () => {
  const probation = watch("dmx");
  probation.loaded("sim", code);
  probation.loaded("dmx", { module: "dmx", version: "3.0.0", digest: "" });
  for (const name of ["sim", "dmx"]) {
    probation.stateChanged(name, { state: "running" });
    beatUntil(probation, 5000, name);
  }

  expect(reasonAt(probation)).toBe("well");
});

describe("it is unwell at once when an instance", () => {
  test.each<readonly [string, (probation: Probation) => void, string]>([
    [
      "runs other code than planned",
      (seen) => seen.loaded("sim", { ...code, version: "1.0.0" }),
      "sim runs simulated 1.0.0, and not simulated 2.0.0",
    ],
    [
      "has failed",
      (seen) => seen.stateChanged("sim", { state: "failed", reason: "out of memory" }),
      "sim has failed: out of memory",
    ],
    [
      "ended and began again",
      (seen) => seen.stateChanged("sim", { state: "starting", reason: "it threw" }),
      "sim ended and was started again: it threw",
    ],
    [
      "fails its self-test",
      (seen) => seen.selfTest("sim", { failed: "no reading" }),
      "the self-test of sim failed: no reading",
    ],
    [
      "was to be stopped and runs",
      (seen) => seen.stateChanged("old", { state: "running" }),
      "old was not stopped",
    ],
  ])("%s", (_what, happens, reason) => {
    const probation = well();

    happens(probation);

    expect(reasonAt(probation, later(began, millis(100)))).toBe(reason);
  });
});

test("it is unwell when signs of life stop, or never come", () => {
  const stopped = beatUntil(watch(), 1000);
  const silentAt = later(later(began, millis(1000)), heartbeatMax);
  expect(lookUntil(stopped, silentAt)).toBe("watching");
  expect(reasonAt(stopped, later(silentAt, millis(1)))).toBe("sim has given no sign of life for 3 s");

  const never = new Probation({
    plan,
    changes: changesBetween(before, plan),
    wellBefore: new Set(),
    window: millis(60_000),
    at: began,
  });
  expect(lookUntil(never, later(began, firstHeartbeatMax))).toBe("watching");
  expect(reasonAt(never, later(began, millis(firstHeartbeatMax + 1)))).toBe("sim gave no sign of life");
});

describe("silence is not counted", () => {
  test("from before it began", () => {
    const probation = watch();
    probation.beat("sim", later(began, millis(-2500)));
    const silentAt = later(began, heartbeatMax);

    expect(lookUntil(probation, silentAt)).toBe("watching");
    expect(reasonAt(probation, later(silentAt, millis(1)))).toContain("has given no sign of life");
  });

  test("while the agent did not listen itself, but from then on", () => {
    const probation = beatUntil(watch(), 1000);
    lookUntil(probation, later(began, millis(1000)));
    const stalled = later(began, millis(4500));

    expect(reasonAt(probation, stalled)).toBe("watching");
    expect(lookUntil(probation, later(stalled, millis(400)), stalled)).toBe("watching");
    expect(lookUntil(probation, over, later(stalled, millis(400)))).toContain(
      "sim has given no sign of life",
    );
  });
});

test("a self-test that does not end is no self-test that passed", () => {
  const probation = beatUntil(well(), 20_000);
  probation.selfTest("sim", undefined);
  expect(reasonAt(probation)).toBe("watching");
  expect(reasonAt(probation, over)).toBe("the self-test of sim did not end in time");

  probation.selfTest("sim", "passed");
  expect(reasonAt(probation)).toBe("well");
});

test("the reason that is told is the first one", () => {
  const probation = well();
  probation.selfTest("sim", { failed: "no reading" });
  probation.stateChanged("sim", { state: "failed", reason: "it was ended" });

  expect(reasonAt(probation)).toContain("no reading");
});

test("an instance that comes up just after a short probation is waited for", () => {
  const probation = watch();
  expect(reasonAt(probation)).toBe("watching");

  probation.loaded("sim", code);
  probation.stateChanged("sim", { state: "running" });
  probation.beat("sim", end);

  expect(reasonAt(probation, later(end, millis(1)))).toBe("well");
});
