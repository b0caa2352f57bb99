// An agent on a Pi: it speaks to its hub when its modules have said what they take, however slowly they start.

import { expect, test } from "vitest";
import { Agent } from "../../agent/src/agent.ts";
import { openStateStore } from "../../agent/src/adapters/state-store-files.ts";
import type { ModuleHostEvents } from "../../agent/src/ports/module-host.ts";
import { seededRandom } from "@interactor/shared/kernel/random";
import { millis, seconds } from "@interactor/shared/kernel/units";
import { sessionNumber } from "@interactor/shared/testing/builders";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { memoryApplyStore, noSecrets, nothingFetched } from "./apply/memory-apply-store.ts";
import { emptyFolder } from "./folders.ts";

/** An agent with two instances that nobody has heard, and how often it has turned to its hub. */
async function started() {
  const clock = new VirtualClock();
  const say = (): void => undefined;
  const log = { info: say, warn: say, error: say };
  const heard: ModuleHostEvents[] = [];
  let opened = 0;
  const options = { site: "room", node: "pi", unit: "u", version: "1", session: sessionNumber(1), zones: [] };
  const instances = ["light", "sensor"].map((name) => ({ name, module: name, settings: {} }));
  const agent = new Agent(
    { ...options, instances },
    {
      clock: Object.assign(clock, { isSynchronised: true, own: () => clock.wall(), steer: say }),
      random: seededRandom(1),
      log,
      store: await openStateStore(emptyFolder()),
      applyStore: memoryApplyStore(),
      files: nothingFetched,
      secrets: noSecrets,
      restart: say,
      link: {
        open: () => {
          opened += 1;
          return { publish: say, close: () => Promise.resolve() };
        },
      },
      openHost: (events) => {
        heard.push(events);
        const agrees = () => Promise.resolve(undefined);
        return {
          start: say,
          apply: say,
          prepare: agrees,
          selfTest: agrees,
          reconfigure: agrees,
          stop: agrees,
          [Symbol.asyncDispose]: agrees,
        };
      },
    },
  );
  await agent.start();
  return {
    clock,
    opened: () => opened,
    declare: (instance: string) =>
      heard[0]?.declared(instance, { inputs: {}, outputs: {} }, { module: instance, version: "1" }),
    fail: (instance: string) => heard[0]?.stateChanged(instance, { state: "failed", reason: "no lamp" }),
  };
}

test("it waits for a module that takes four seconds to start, and not for one that cannot", async () => {
  const { clock, opened, declare, fail } = await started();
  fail("light");
  clock.advance(seconds(4));
  expect(opened()).toBe(0);

  declare("sensor");

  expect(opened()).toBe(1);
  clock.advance(seconds(4));
  expect(opened()).toBe(1);
});

test("a module that says nothing keeps its node away for five seconds and no longer", async () => {
  const { clock, opened } = await started();

  clock.advance(millis(4999));
  expect(opened()).toBe(0);
  clock.advance(millis(1));

  expect(opened()).toBe(1);
});
