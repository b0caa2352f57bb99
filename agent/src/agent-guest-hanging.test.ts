import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { seconds } from "@interactor/shared/kernel/units";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { AgentModules } from "./agent-modules.ts";
import type { Death } from "./core/crashes/crash-book.ts";

const denied = () => Promise.reject(new Error("no such service"));
const noServices = {
  loadStored: denied,
  saveStored: denied,
  connect: denied,
  readFile: denied,
  isSerialLine: denied,
  openSerial: denied,
  flash: denied,
  resting: () => [],
};

/** A lamp whose guest hangs, and says where when a test lets it; real ones: test/contract/module-host. */
function hangingLamp() {
  const clock = new VirtualClock();
  const deaths: Death[] = [];
  const life: string[] = [];
  const where = Promise.withResolvers<string>();
  const gone = Promise.withResolvers<void>();
  const host = new AgentModules(
    {
      clock,
      services: noServices,
      random: { next: () => 0 },
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      crashed: (death) => void deaths.push(death),
      placeOf: ({ module }) => ({
        name: module,
        kind: "worker",
        open() {
          life.push("begun");
          return {
            post: () => undefined,
            hangsAt() {
              life.push("asked where");
              return where.promise;
            },
            end() {
              life.push("told to end");
              return gone.promise;
            },
          };
        },
      }),
    },
    {
      declared: () => undefined,
      started: () => undefined,
      output: () => undefined,
      beat: () => undefined,
      stateChanged: (_instance, { reason }) => void life.push(reason ?? ""),
    },
  );
  host.start({ name: "lamp", module: "lamp", settings: {} });
  clock.advance(seconds(31));
  return { clock, deaths, life, where, gone, host };
}

const died = "the worker died: it did not answer for 30 s; it starts again in 1 s";

test("another one does not begin before one that hangs was told to end", async () => {
  const { clock, deaths, life, where } = hangingLamp();

  clock.advance(seconds(10));
  await turn();
  expect(life).toEqual(["begun", "asked where"]);
  where.resolve("at lamp.ts:7");
  await turn();
  expect(life).toEqual(["begun", "asked where", "told to end", died]);
  clock.advance(seconds(1));

  expect(life.at(-1)).toBe("begun");
  expect(deaths).toMatchObject([{ cause: "hang", stack: "at lamp.ts:7", instances: [{ instance: "lamp" }] }]);
});

test("one that cannot say where is ended all the same", async () => {
  const { life, deaths, where } = hangingLamp();

  where.reject(new Error("it is gone"));
  await turn();

  expect(life.slice(2)).toEqual(["told to end", died]);
  expect(deaths).toMatchObject([{ cause: "hang", stack: "" }]);
});

test("an agent that ends meanwhile ends it at once, waits until it is gone, and tells of it", async () => {
  const { clock, life, deaths, gone, host } = hangingLamp();

  let isOver = false;
  const over = host[Symbol.asyncDispose]().then(() => (isOver = true));
  await turn();
  expect(life).toEqual(["begun", "asked where", "told to end"]);
  expect(isOver).toBe(false);
  gone.resolve();
  await over;
  clock.advance(seconds(100));

  expect(deaths).toMatchObject([{ cause: "hang" }]);
  expect(life).toHaveLength(3);
});

test("so does whoever needs it no more", async () => {
  const { clock, life, gone, host } = hangingLamp();
  gone.resolve();

  await host.stop("lamp");
  clock.advance(seconds(100));

  expect(life).toEqual(["begun", "asked where", "told to end"]);
});
