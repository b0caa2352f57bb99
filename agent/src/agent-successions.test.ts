import { expect, test } from "vitest";
import { micros, type Millis, millis, seconds } from "@interactor/shared/kernel/units";
import type { ToGuest } from "@interactor/shared/sdk/guest-messages";
import { instanceOf } from "@interactor/shared/sdk/run-name";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { AgentModules } from "./agent-modules.ts";
import type { Stored } from "./ports/module-services.ts";
import type { GuestEnds } from "./ports/guest-line.ts";
import type { InstanceSpec } from "./ports/module-host.ts";

const ports = {
  inputs: { level: { type: "int" } },
  outputs: { level: { type: "int", deliver: "every" } },
} as const;
const denied = () => Promise.reject(new Error("no such service"));

type Question = Extract<ToGuest[0], "finish" | "end" | "self-test">;
/** What its module does not answer to; `start`: it never serves. */
type Hang = Question | "start" | undefined;

const lamp = (version: string, hangs?: Hang): InstanceSpec => ({
  name: "lamp",
  module: "lamp",
  version,
  settings: hangs,
});

/** A guest each version, whose instances give what they take; real ones: test/contract/module-host. */
function room() {
  const clock = new VirtualClock();
  const ends = new Map<string, GuestEnds>();
  const reports: string[] = [];
  const outputs: string[] = [];
  const warned: string[] = [];
  const saved: Stored[] = [];
  const warn = (line: string): void => void warned.push(line);
  const open = (name: string, guest: GuestEnds) => {
    ends.set(name, guest);
    const hangs = new Map<string, Hang>();
    const version = name.slice("lamp ".length);
    return {
      post: (message: ToGuest) => answer(message, { guest, hangs, version }),
      end: async () => undefined,
    };
  };
  const host = new AgentModules(
    {
      clock,
      services: {
        loadStored: async () => saved.at(-1) ?? {},
        saveStored: async (_name, stored) => void saved.push(stored),
        connect: denied,
        readFile: denied,
        isSerialLine: denied,
        openSerial: denied,
        flash: denied,
        resting: () => [],
      },
      random: { next: () => 0 },
      log: { info: () => undefined, warn, error: warn },
      placeOf: ({ version = "" }) => ({ name: `lamp ${version}`, kind: "sandbox", open }),
    },
    {
      declared: () => undefined,
      started: () => undefined,
      output: ({ value }) => void outputs.push(typeof value === "string" ? value : "no text"),
      beat: () => undefined,
      stateChanged: (_instance, { state, reason }) => void reports.push(reason ?? state),
    },
  );
  /** Until it answers, while time passes in steps. */
  const within = async <Told>(asked: Promise<Told>, step: Millis): Promise<Told> => {
    const over: Told[] = [];
    const told = asked.then((each) => {
      over.push(each);
      return each;
    });
    for (let turn = 0; turn < 1000 && over.length === 0; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (over.length === 0) clock.advance(step);
    }
    return told;
  };
  const send = (value: number): void => host.apply("lamp", "level", { value, at: micros(0), owner: "route" });
  return { clock, host, ends, reports, outputs, warned, saved, within, send };
}

interface Played {
  readonly guest: GuestEnds;
  readonly hangs: Map<string, Hang>;
  readonly version: string;
}

function answer(message: ToGuest, { guest, hangs, version }: Played): void {
  switch (message[0]) {
    case "ping":
      return guest.said(["pong"]);
    case "stop":
      return guest.said(["stopped"]);
    case "start": {
      const { name, settings } = message[1];
      hangs.set(name, settings as Hang);
      guest.said(["declared", name, ports, { module: "lamp", version }]);
      if (settings === "start") return undefined;
      guest.said(["started", name]);
      return guest.said(["running", name]);
    }
    case "inputs":
      for (const [run, , applied] of message[1])
        guest.said(["output", run, "level", `${version}: ${Number(applied?.value)}`, micros(0), 0, false]);
      return undefined;
    case "finish":
    case "end":
    case "self-test":
      if (hangs.get(message[2]) !== message[0]) guest.said(["answer", message[1], undefined]);
      return undefined;
    default:
      return undefined;
  }
}

test.each([
  ["start", "it did not start within 30 s"],
  ["self-test", "it did not answer in 10 s"],
] as const)("one that hangs in its %s is given up, and the old one goes on", async (where, words) => {
  const { host, within, outputs, send, reports } = room();
  host.start(lamp("1"));

  const verdict = await within(host.beside.start(lamp("2", where)), seconds(1));
  send(7);
  await Promise.resolve();

  expect(verdict).toBe(words);
  expect(outputs).toEqual(["1: 7"]);
  expect(reports).toEqual(["running"]);
  expect(await host.beside.takeOver("lamp")).toBe("nothing was started beside it");
});

test("one that does not finish in time is not waited for, and that is told", async () => {
  const { host, within, outputs, send, warned } = room();
  host.start(lamp("1", "finish"));
  await within(host.beside.start(lamp("2")), millis(1));

  const taking = host.beside.takeOver("lamp");
  send(7);
  expect(await within(taking, millis(100))).toBeUndefined();

  expect(outputs).toEqual(["2: 7"]);
  expect(warned).toEqual(["lamp had not finished when another took over from it: it did not answer in 5 s"]);
});

test("what dies after it was brought up does not take over, and what was held goes to the old one", async () => {
  const { host, within, outputs, ends, send, reports } = room();
  host.start(lamp("1"));
  await within(host.beside.start(lamp("2")), millis(1));

  const taking = host.beside.takeOver("lamp");
  send(7);
  ends.get("lamp 2")?.ended("it fell", { cause: "error" });
  expect(await within(taking, millis(10))).toBe("the sandbox died: it fell");

  expect(outputs).toEqual(["1: 7"]);
  expect(reports).toEqual(["running"]);
});

test("one that died has nothing to finish: what was started beside it takes over at once", async () => {
  const { host, within, outputs, ends, send, reports } = room();
  host.start(lamp("1"));
  ends.get("lamp 1")?.ended("it fell", { cause: "error" });
  expect(await within(host.beside.start(lamp("2")), millis(1))).toBeUndefined();

  expect(await within(host.beside.takeOver("lamp"), millis(1))).toBeUndefined();
  send(7);
  await Promise.resolve();

  expect(outputs).toEqual(["2: 7"]);
  expect(reports).toEqual(["running", "the sandbox died: it fell; it starts again in 1 s", "running"]);
});

test("what comes while nobody may have it is bounded: the oldest gives way, and that is told", async () => {
  const { host, within, outputs, send, warned } = room();
  host.start(lamp("1", "finish"));
  await within(host.beside.start(lamp("2")), millis(1));

  const taking = host.beside.takeOver("lamp");
  for (let message = 1; message <= 10_003; message += 1) send(message);
  await within(taking, millis(100));

  expect(outputs.length).toBe(10_000);
  expect(outputs[0]).toBe("2: 4");
  expect(warned).toContain("3 messages for lamp were too many while it changed");
});

test("a disk that does not take what goes over leaves the old one to go on with it", async () => {
  const { host, within, outputs, ends, send, saved } = room();
  host.start(lamp("1"));
  expect(await within(host.beside.start(lamp("2")), millis(1))).toBeUndefined();
  const rising = "lamp@1";
  expect(instanceOf(rising)).toBe("lamp");
  ends.get("lamp 2")?.said(["ask", rising, 1, ["set", "look", "dark"]]);
  Object.defineProperty(saved, "push", {
    value: () => {
      throw new Error("the disk is full");
    },
  });

  const taking = host.beside.takeOver("lamp");
  send(7);
  expect(await within(taking, millis(1))).toBe("the disk is full");

  expect(outputs).toEqual(["1: 7"]);
  expect(saved).toEqual([]);
});

test("what was started beside is ended when it is not needed, and with the instance", async () => {
  const { host, within, reports } = room();
  host.start(lamp("1"));
  await within(host.beside.start(lamp("2")), millis(1));

  await within(host.beside.end("lamp"), millis(1));
  expect(await host.beside.takeOver("lamp")).toBe("nothing was started beside it");
  await within(host.beside.start(lamp("2")), millis(1));
  await within(host.stop("lamp"), millis(1));

  expect(host.beside.has("lamp")).toBe(false);
  expect(await host.beside.start(lamp("2"))).toBe("it does not run");
  expect(reports).toEqual(["running"]);
});
