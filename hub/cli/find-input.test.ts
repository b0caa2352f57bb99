import { expect, test } from "vitest";
import { Fault } from "@interactor/shared/kernel/fault";
import type { NodesResponse } from "@interactor/shared/wire/api";
import { exitCode, exitCodeOf } from "./exit.ts";
import { findInput, readAddress } from "./find-input.ts";

const site: NodesResponse = {
  site: "demo",
  hub_version: "0.1.0",
  hub_routes: {},
  nodes: [
    {
      node: "demo",
      state: "ready",
      reasons: [],
      since: "2026-11-21T04:00:00.000Z",
      unit: "pi",
      agent_version: "0.1.0",
      last_seen: "2026-11-21T04:00:00.000Z",
      revision: 1,
      converged: true,
      queued: 0,
      instances: {
        dmx: {
          module: "dmx",
          version: "0.1.0",
          state: "running",
          inputs: {
            front: { type: "float", min: 0, max: 1, actuator: true },
            ch: { type: "int", count: 512 },
          },
          outputs: { frames: { type: "int" } },
        },
      },
      owners: { "dmx/front": { kind: "route", by: "approach", since: "2026-11-21T04:00:00.000Z" } },
      routes: {},
    },
  ],
};

function failureOf(address: string): { readonly code: number; readonly message: string } {
  try {
    findInput(site, readAddress(address));
  } catch (error) {
    if (error instanceof Fault) return { code: exitCodeOf(error), message: error.message };
    throw error;
  }
  throw new Error(`${address} was found`);
}

test("an input is found with what it declares and who owns it", () => {
  const { spec, owner } = findInput(site, readAddress("demo/dmx/front"));

  expect(spec).toMatchObject({ type: "float", max: 1 });
  expect(owner).toMatchObject({ kind: "route", by: "approach" });
});

test("a counted input is found by each of its names, and by no other", () => {
  expect(findInput(site, readAddress("demo/dmx/ch512")).spec.type).toBe("int");
  expect(failureOf("demo/dmx/ch513")).toEqual({
    code: exitCode.notFound,
    message: 'no input "ch513" on demo/dmx; there is ch1 to ch512',
  });
  expect(failureOf("demo/dmx/ch").code).toBe(exitCode.notFound);
});

test.each([
  ["dem/dmx/front", "did you mean demo?"],
  ["demo/dxm/front", "did you mean dmx?"],
  ["demo/dmx/frnt", "did you mean front?"],
  ["demo/dmx/other", "there is front, ch1 to ch512"],
  ["demo/dmx/frames", "is an output"],
  ["demo/constructor/x", "there is dmx"],
])("%s is not found, and the words help", (address, words) => {
  const { code, message } = failureOf(address);

  expect(code).toBe(exitCode.notFound);
  expect(message).toContain(words);
});

test.each(["", "demo", "demo/dmx", "demo/dmx/front/x", "Demo/dmx/front", "demo/dmx/", "#"])(
  "%j is no address",
  (address) => {
    expect(failureOf(address).code).toBe(exitCode.usage);
  },
);
