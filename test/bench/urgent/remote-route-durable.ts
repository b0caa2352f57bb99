/** A reading that is journalled on its way from node to node, beside a message over mosquitto that nobody keeps. */
import { setTimeout as sleep } from "node:timers/promises";
import { lane } from "@interactor/shared/wire/lanes";
import { LightClient } from "../../e2e/delivery/light-client.ts";
import { LightNode } from "../../e2e/delivery/light-node.ts";
import { eventually, startHub } from "../../e2e/programs.ts";
import { type Bench, type BenchContext, Samples } from "../bench.ts";
import { startBroker } from "../broker/subject-process.ts";
import { launchMosquitto } from "../broker/subjects.ts";
import { addLatencies } from "./latencies.ts";

const runs = 3;
const rates = [1000, 5000];
/** In s: each rate, and before it, so that the code is warm that is measured. */
const spans = { warm: 1, measured: 4 };
/** Timers tell time in ms: what is due goes so often, each by itself. */
const tick = 1;
const arrivalMax = 5000;
/** What stands for the batch of one reading, which is as long. */
const payloadBytes = 60;

export const remoteRouteDurable: Bench = {
  name: "remote-route-durable",
  about: "a reading from node to node, journalled before it is routed, at 1,000 and 5,000 a second",
  run,
};

/** Publishes the time, in ms; what arrives of it is told to whoever asked. */
interface Way extends AsyncDisposable {
  publish(at: number): void;
}
type OpenWay = (arrived: (sentAt: number) => void) => Promise<Way>;

async function run({ signal, progress }: BenchContext) {
  const samples = new Samples(remoteRouteDurable.name);
  for (let count = 1; count <= runs; count += 1) {
    for (const [subject, open] of Object.entries({ interactor: overHub, mosquitto: overMosquitto })) {
      progress(`run ${count} of ${runs}: ${subject}`);
      let lates: number[] = [];
      await using way = await open((sentAt) => void lates.push(performance.now() - sentAt));
      for (const rate of rates) {
        await publish(way, rate, spans.warm, signal);
        await eventually("what warms up", () => lates.length === rate * spans.warm, arrivalMax);
        lates = [];
        await publish(way, rate, spans.measured, signal);
        const wanted = rate * spans.measured;
        await eventually(`each of ${wanted} messages`, () => lates.length === wanted, arrivalMax);
        addLatencies(samples, subject, `at ${rate} /s`, lates);
        lates = [];
      }
    }
  }
  return samples.rows();
}

async function publish(way: Way, rate: number, span: number, signal: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  for (let sent = 0; sent < rate * span;) {
    const due = Math.min(((performance.now() - startedAt) * rate) / 1000, rate * span);
    for (; sent < due; sent += 1) way.publish(performance.now());
    await sleep(tick, undefined, { signal });
  }
}

const overHub: OpenWay = async (arrived) => {
  await using stack = new AsyncDisposableStack();
  const routes = "routes:\n  - { name: level, from: source/sim/level, to: target/sim/level }\n";
  const hub = stack.use(await startHub({ routes }));
  const at = { port: hub.place.mqttPort ?? 0, site: "demo" };
  const level = { type: "float" } as const;
  stack.use(
    await LightNode.connect({ ...at, node: "target", inputs: { level } }, (batch, confirm) => {
      for (const { body } of batch.entries) arrived(Number(body));
      confirm();
    }),
  );
  const outputs = { level: { ...level, deliver: "every" } } as const;
  const source = stack.use(await LightNode.connect({ ...at, node: "source", outputs }));
  const kept = stack.move();
  return {
    publish: (sentAt) => source.publish(lane.telemetry, "level", [sentAt]),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
};

const overMosquitto: OpenWay = async (arrived) => {
  await using stack = new AsyncDisposableStack();
  const { port } = stack.use(await startBroker(launchMosquitto));
  const subscriber = { port, clientId: "target", filters: ["level"] };
  stack.use(await LightClient.connect(subscriber, (_topic, payload) => arrived(payload.readDoubleLE(0))));
  const source = stack.use(
    await LightClient.connect({ port, clientId: "source", filters: [] }, () => undefined),
  );
  const kept = stack.move();
  return {
    publish(sentAt) {
      const payload = Buffer.alloc(payloadBytes);
      payload.writeDoubleLE(sentAt);
      source.publish("level", payload);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
};
