import { expect, test } from "vitest";
import { instant, micros, millis, seconds } from "@interactor/shared/kernel/units";
import type { ToGuest } from "@interactor/shared/sdk/guest-messages";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { AgentCrashes } from "./agent-crashes.ts";
import { AgentModules, type ModulesOptions } from "./agent-modules.ts";
import type { GuestEnds } from "./ports/guest-line.ts";

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

/** Guests that are there and answer nothing but pings; a test ends them. Real ones: test/contract/module-host. */
function room(given: Partial<ModulesOptions> = {}) {
  const clock = new VirtualClock();
  const opened: GuestEnds[] = [];
  const told: ToGuest[] = [];
  const reports: string[] = [];
  const escalated: string[] = [];
  const words: string[] = [];
  const loading = { isSlow: false };
  const say = (line: string): void => void words.push(line);
  const host = new AgentModules(
    {
      clock,
      services: noServices,
      random: { next: () => 0 },
      log: { info: say, warn: say, error: say },
      placeOf: ({ module }) => ({
        name: module,
        kind: "worker",
        open(_name, ends) {
          opened.push(ends);
          return {
            post(message) {
              told.push(message);
              if (loading.isSlow) return;
              if (message[0] === "ping") ends.said(["pong"]);
              if (message[0] === "start") ends.said(["running", message[1].name]);
            },
            end: () => Promise.resolve(),
          };
        },
      }),
      ...given,
    },
    {
      declared: () => undefined,
      started: () => undefined,
      output: () => undefined,
      beat: () => undefined,
      stateChanged: (instance, { state, reason }) => void reports.push(`${instance}: ${reason ?? state}`),
      escalated: (instance, reason) => void escalated.push(`${instance}: ${reason}`),
    },
  );
  const end = (reason: string): void => opened.at(-1)?.ended(reason, { cause: "error" });
  const refuse = (reason: string): void => opened.at(-1)?.ended(reason);
  return { clock, host, opened, told, reports, escalated, words, end, refuse, loading };
}

test("what is no fit is not taken from a revision, and started where it has proved itself", async () => {
  const { host, told } = room({ misfit: () => "it is for another agent" });
  const left = { name: "left", module: "lamp", settings: 1 };

  expect(await host.prepare(left)).toBe("it is for another agent");
  host.start(left);

  expect(told.map(([kind]) => kind)).toContain("start");
});

test("a guest that dies starts again, later each time, with all that it ran", () => {
  const { clock, host, opened, told, reports, end } = room();
  host.start({ name: "left", module: "lamp", settings: 1 });
  host.start({ name: "right", module: "lamp", settings: 2 });

  end("it fell");
  clock.advance(millis(999));
  expect(opened).toHaveLength(1);
  told.length = 0;
  clock.advance(millis(1));

  expect(opened).toHaveLength(2);
  expect(told.filter(([kind]) => kind === "start")).toHaveLength(2);
  expect(reports).toContain("left: the worker died: it fell; it starts again in 1 s");
  end("it fell");
  expect(reports).toContain("right: the worker died: it fell; it starts again in 2 s");
});

test("one that ends too often is told of, and is tried again all the same", () => {
  const { clock, host, opened, reports, escalated, end } = room();
  host.start({ name: "left", module: "lamp", settings: {} });
  host.start({ name: "right", module: "lamp", settings: {} });

  for (let time = 0; time < 5; time++) {
    end("it fell");
    clock.advance(seconds(10));
  }
  expect(escalated).toEqual([]);
  end("it fell at last");

  expect(escalated).toEqual(["left: it fell at last", "right: it fell at last"]);
  expect(reports.at(-1)).toMatch(/it ended 6 times, and never ran for 300 s; it starts again in 60 s$/);
  clock.advance(seconds(60));
  expect(opened).toHaveLength(7);
});

test.each([7, 30, 280])("one that runs for %d s each time is told of too", (life) => {
  const { clock, host, escalated, end } = room();
  host.start({ name: "left", module: "lamp", settings: {} });

  for (let time = 0; time < 6; time++) {
    clock.advance(seconds(life));
    end("it fell");
    clock.advance(seconds(10));
  }

  expect(escalated).toEqual(["left: it fell"]);
});

test("one that ran well in between is not", () => {
  const { clock, host, escalated, end } = room();
  host.start({ name: "left", module: "lamp", settings: {} });

  for (let time = 0; time < 20; time++) {
    end("it fell");
    clock.advance(seconds(time % 5 === 4 ? 360 : 60));
  }

  expect(escalated).toEqual([]);
});

test("one that cannot begin again is no crash of its module: it is tried until it can, and what is wrong is told once", () => {
  const deaths: string[] = [];
  const { clock, host, opened, reports, escalated, end, refuse, loading } = room({
    crashed: ({ reason, restarts }) => void deaths.push(`${reason} after ${restarts} restarts`),
  });
  host.start({ name: "left", module: "lamp", settings: {} });
  end("it fell");
  reports.length = 0;

  loading.isSlow = true;
  clock.advance(seconds(1));
  for (let time = 0; time < 100; time++) {
    refuse("its bundle is damaged");
    clock.advance(seconds(2));
  }
  expect(opened).toHaveLength(102);
  expect([reports, escalated]).toEqual([["left: its bundle is damaged"], []]);

  refuse("its bundle is damaged");
  loading.isSlow = false;
  clock.advance(seconds(2));
  expect(reports).toEqual(["left: its bundle is damaged", "left: running"]);
  end("it fell once more");
  expect(deaths).toEqual(["it fell after 0 restarts", "it fell once more after 1 restarts"]);
});

test("one that takes long to load when it starts again is not said to have failed again", () => {
  const { clock, host, opened, reports, end, loading } = room();
  host.start({ name: "left", module: "lamp", settings: {} });
  end("it fell");
  loading.isSlow = true;
  clock.advance(seconds(4));
  expect(opened).toHaveLength(2);
  reports.length = 0;

  opened.at(-1)?.said(["pong"]);

  expect(reports).toEqual([]);
});

test("what the node cannot do without is its problem while it is away, and no longer", async () => {
  const { clock, host, end } = room();
  host.start({ name: "left", module: "lamp", settings: {}, isCritical: true });
  host.start({ name: "right", module: "lamp", settings: {} });
  expect(host.problem).toBeUndefined();

  end("it fell");

  expect(host.problem).toBe(
    "the node cannot do without left: the worker died: it fell; it starts again in 1 s",
  );
  clock.advance(seconds(1));
  expect(host.problem).toBeUndefined();
});

test("a guest whose last instance is stopped is ended, and does not come back", async () => {
  const { clock, host, opened, told, end } = room();
  host.start({ name: "left", module: "lamp", settings: {} });

  const stopped = host.stop("left");
  const asked = told.find(([kind]) => kind === "end");
  opened.at(-1)?.said(["answer", asked?.[0] === "end" ? asked[1] : 0, undefined]);
  // It says that all have ended when it is told to stop.
  await Promise.resolve();
  await Promise.resolve();
  opened.at(-1)?.said(["stopped"]);
  clock.advance(seconds(2));
  await stopped;

  end("too late");
  clock.advance(seconds(120));
  expect(opened).toHaveLength(1);
  expect(clock.now()).toBeGreaterThan(instant(0));
});

test("a secret in a guest's last words stands nowhere, wherever in them it is", async () => {
  const none = () => Promise.resolve();
  const ownTime = { own: () => micros(0), steer: () => undefined, isSynchronised: true };
  const siteClock = Object.assign(new VirtualClock(), ownTime);
  using crashes = new AgentCrashes(
    { site: "demo", node: "pi", version: "1.0.0" },
    {
      clock: siteClock,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      store: { load: () => Promise.resolve([]), save: none, remove: none },
      digestOf: () => "ab".repeat(32),
    },
  );
  const secret = "correct-horse-battery-staple";
  await crashes.hiding({ read: () => Promise.resolve(secret) }).read({ env: "TOKEN" });
  const { tellable } = crashes;
  const { clock, host, opened, reports, escalated, words } = room({ tellable });
  host.start({ name: "left", module: "lamp", settings: 1 });

  for (let life = 0; life < 6; life += 1) {
    const reason = `Error: ${"x".repeat(170 + 25 * life)} ${secret} ${"y".repeat(400)}`;
    opened.at(-1)?.ended(`it ended with code 1: ${reason}`, { cause: "error" });
    clock.advance(seconds(60));
  }

  const said = [...reports, ...escalated, ...words];
  expect(said.filter((line) => line.includes("(secret)")).length).toBeGreaterThan(6);
  expect(said.filter((line) => line.includes(secret.slice(0, 8)))).toEqual([]);
  expect(escalated).toHaveLength(1);
  // A line that a guest makes as long as it likes is told no longer than a report has it.
  expect(Math.max(...said.map(({ length }) => length))).toBeLessThan(600);
});
