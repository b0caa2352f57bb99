// The generator itself, built and put on stock Aedes, on its own relay and on programs that are no brokers.
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished } from "vitest";
import { requires } from "../../e2e/requires.ts";
import { buildGenerator, type Generator, optionsOf } from "./generator.ts";
import { type SubjectName, subjectsWith } from "./subjects.ts";
import type { RunningBroker } from "./subject-process.ts";

const test = requires("gcc");
const signal = AbortSignal.timeout(60_000);
let generator: Generator | undefined;

beforeAll(async () => {
  // Where the compiler is missing the tests are skipped, and where it is not the build must succeed.
  generator = await buildGenerator().catch((error: unknown) => {
    if (process.env["CI"] === "true") throw error;
    return undefined;
  });
});
afterAll(async () => generator?.[Symbol.asyncDispose]());

function built(): Generator {
  if (generator === undefined) throw new Error("load.c does not compile");
  return generator;
}

async function started(name: SubjectName): Promise<RunningBroker> {
  const subject = subjectsWith(built()).find((each) => each.name === name);
  if (subject === undefined) throw new Error(`no subject ${name}`);
  const broker = await subject.start();
  onTestFinished(() => broker[Symbol.asyncDispose]());
  return broker;
}

const run = (mode: string, { port, pid }: RunningBroker, options: Readonly<Record<string, number>> = {}) =>
  built().run([mode, ...optionsOf({ seconds: 1, warm: 0.1, port, pid, ...options })], signal);

test.each([0, 1])("a second of fan-in on stock Aedes at QoS %d is delivered and paid for", async (qos) => {
  const figures = await run("fan-in", await started("aedes"), { qos, publishers: 10 });

  expect(figures["delivered"]).toBeGreaterThan(0);
  expect(figures["cpu_s_per_100k"]).toBeGreaterThan(0);
  expect(figures["load_cpu_s_per_100k"]).toBeGreaterThan(0);
  expect(figures).toMatchObject({ lost: 0, repeated: 0, misordered: 0 });
});

test("a spaced load comes at its rate", async () => {
  const { rate = 0, lost } = await run("pairs", await started("ceiling"), { publishers: 5, rate: 1000 });

  expect(rate).toBeGreaterThan(900);
  expect(rate).toBeLessThan(1100);
  expect(lost).toBe(0);
});

test("every kind of load runs on the relay", async () => {
  const relay = await started("ceiling");
  const loads = {
    "fan-out": { subscribers: 10 },
    wildcards: { publishers: 4, subscribers: 4, filters: 40 },
    connections: { clients: 100, seconds: 0.1 },
    storm: { clients: 4, seconds: 0.2 },
  };
  for (const [mode, options] of Object.entries(loads)) {
    const { rate } = await run(mode, relay, options);
    expect(rate).toBeGreaterThan(0);
  }
});

test("while subscribers stall the others are counted", async () => {
  const options = { subscribers: 4, stalled: 1, rate: 400, seconds: 2, payload: 1000 };
  const figures = await run("stall", await started("ceiling"), options);

  expect(figures["least_received"]).toBeGreaterThan(150);
  expect(figures["published"]).toBeLessThanOrEqual(201);
});

describe("a bad end has words and no figures:", () => {
  test("the broker dies", async () => {
    const broker = await started("aedes");
    const running = run("fan-in", broker, { seconds: 20 });
    const death = wait(700).then(() => process.kill(broker.pid, "SIGKILL"));

    await expect(running).rejects.toThrow(/the broker closed the connection|is gone/);
    await death;
  });

  test("there is no broker", async () => {
    const broker = await started("aedes");
    await broker.stop();

    await expect(built().run(["fan-in", "--port", String(broker.port)], signal)).rejects.toThrow(
      "cannot connect",
    );
  });

  test("nobody answers", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void silent.close());
    await once(silent, "listening");
    const address = silent.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const running = built().run(["fan-in", ...optionsOf({ port, timeout: 0.3 })], signal);

    await expect(running).rejects.toThrow("0 of 101 connected in time");
  });

  test.each([[["fan-in", "--qos", "3", "--port", "1"]], [["fan-on", "--port", "1"]], [["fan-in"]]])(
    "it is asked for %j",
    async (args) => {
      await expect(built().run(args, signal)).rejects.toThrow(/takes a number|no mode|is needed/);
    },
  );
});
