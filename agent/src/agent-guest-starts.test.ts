import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { millis, seconds } from "@interactor/shared/kernel/units";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { startMax } from "./agent-guest-starts.ts";
import { AgentModules } from "./agent-modules.ts";
import type { Death } from "./core/crashes/crash-book.ts";
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

/** One guest, which says what a test says for it; real ones: test/contract/module-host. */
function startedLamp() {
  const clock = new VirtualClock();
  const [deaths, reports]: [Death[], string[]] = [[], []];
  const guest: { ends?: GuestEnds; isSilent?: boolean; verdict?: string } = {};
  const host = new AgentModules(
    {
      clock,
      services: noServices,
      random: { next: () => 0 },
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      crashed: (death) => void deaths.push(death),
      without: (text) => text.replaceAll("hunter2", "(secret)"),
      placeOf: ({ module }) => ({
        name: module,
        kind: "sandbox",
        open(_name, ends) {
          guest.ends = ends;
          return {
            post: (message) => {
              if (message[0] === "ping" && guest.isSilent !== true) ends.said(["pong"]);
              if (message[0] === "prepare") ends.said(["answer", message[1], guest.verdict]);
            },
            end: () => Promise.resolve(),
          };
        },
      }),
    },
    {
      declared: () => undefined,
      started: () => undefined,
      output: () => undefined,
      beat: () => undefined,
      stateChanged: (_instance, { state, reason }) => void reports.push(`${state}: ${reason}`),
    },
  );
  host.start({ name: "lamp", module: "lamp", settings: {} });
  host.start({ name: "beside", module: "lamp", settings: {} });
  guest.ends?.said(["started", "beside"]);
  return { clock, deaths, reports, guest, host };
}

test("a start that fails is told once, of its own instance and without secrets", () => {
  const { deaths, reports, guest } = startedLamp();

  for (let time = 0; time < 100; time++)
    guest.ends?.said(["failed", "lamp", "hunter2 is wrong", "Error: x\n at y"]);

  expect(deaths).toHaveLength(1);
  expect(deaths[0]).toMatchObject({
    cause: "start",
    reason: "it did not start: (secret) is wrong",
    stack: "Error: x\n at y",
    instances: [{ instance: "lamp" }],
  });
  expect(reports.at(-1)).toBe("failed: (secret) is wrong");
});

test("a secret is taken out whole of whatever it says, and what is left is cut after that", async () => {
  const { deaths, reports, guest, host } = startedLamp();
  const long = `${"x".repeat(1020)}hunter2`;

  guest.ends?.said(["waiting", "beside", long]);
  guest.verdict = long;
  const verdict = await host.prepare({ name: "lamp", module: "lamp", settings: {} });
  guest.ends?.said(["failed", "lamp", long, ""]);

  const told = `${"x".repeat(1020)}(se…`;
  expect(reports).toEqual([`waiting: ${told}`, `failed: ${told}`]);
  expect(verdict).toBe(told);
  expect(deaths.map(({ reason }) => reason)).toEqual([`it did not start: ${told}`]);
});

test("one that has started cannot say afterwards that it did not", () => {
  const { deaths, guest } = startedLamp();

  guest.ends?.said(["failed", "beside", "no"]);

  expect(deaths).toEqual([]);
});

test("a start that takes too long is told, and waited for", () => {
  const { clock, deaths, reports, guest } = startedLamp();

  clock.advance(millis(startMax - 1));
  expect(deaths).toEqual([]);
  clock.advance(seconds(60));

  expect(deaths).toMatchObject([
    { cause: "start", reason: "it has not started for 30 s: its start waits for something" },
  ]);
  guest.ends?.said(["running", "lamp"]);
  expect(reports.at(-1)).toBe("running: undefined");
});

test("one that fails after it was told to take too long is told to have failed too", () => {
  const { clock, deaths, guest } = startedLamp();

  clock.advance(seconds(60));
  guest.ends?.said(["failed", "lamp", "no such lamp", ""]);
  guest.ends?.said(["failed", "lamp", "no such lamp", ""]);

  expect(deaths.map(({ reason }) => reason)).toEqual([
    "it has not started for 30 s: its start waits for something",
    "it did not start: no such lamp",
  ]);
});

test("one that takes too long is told when its guest answers again, if it did not just then", () => {
  const { clock, deaths, guest } = startedLamp();

  clock.advance(seconds(27));
  guest.isSilent = true;
  clock.advance(seconds(4));
  expect(deaths).toEqual([]);
  guest.isSilent = false;
  guest.ends?.said(["pong"]);
  clock.advance(seconds(5));

  expect(deaths.map(({ cause }) => cause)).toEqual(["start"]);
});

test("of a guest that hangs while it starts only that is told", () => {
  const { clock, deaths, guest } = startedLamp();
  guest.isSilent = true;

  clock.advance(seconds(40));

  expect(deaths.length).toBeGreaterThan(0);
  expect(new Set(deaths.map(({ cause }) => cause))).toEqual(new Set(["hang"]));
});

test("of one that ended or was stopped before it had started nothing is awaited any more", async () => {
  const { clock, deaths, guest, host } = startedLamp();

  void host.stop("lamp");
  // It is told to end what is beside it first.
  await turn();
  guest.ends?.said(["failed", "lamp", "no"]);
  clock.advance(seconds(120));

  expect(deaths.filter(({ instances }) => instances.some(({ instance }) => instance === "lamp"))).toEqual([]);
});
