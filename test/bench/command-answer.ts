/** From a command that asks to its answer: to the hub, to the node, and back on the topic of the request. */
import { randomBytes } from "node:crypto";
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connectAsync } from "mqtt";
import { seconds } from "@interactor/shared/kernel/units";
import { encodeCommand } from "@interactor/shared/wire/messages/command";
import { decodeReply } from "@interactor/shared/wire/messages/reply";
import { requestOf } from "@interactor/shared/wire/request";
import { siteTopics } from "@interactor/shared/wire/topics";
import { eventually, startAgent, startHub } from "../e2e/programs.ts";
import { type Bench, type BenchContext, percentile, Samples } from "./bench.ts";

const runs = 3;
const pace = { questions: 1000, interval: 2 };

export const commandAnswer: Bench = {
  name: "command-answer",
  about: "a command that asks, over the hub to its node, and the answer on the way back",
  run,
};

async function run({ signal, progress }: BenchContext) {
  const samples = new Samples(commandAnswer.name);
  const settings = { universe: 1, sacn: { interface: "127.0.0.1" }, dimmers: { front: { channel: 1 } } };
  await using hub = await startHub();
  await using _agent = await startAgent({
    node: "pi",
    hub: hub.mqtt,
    instances: { lights: { module: "dmx", settings } },
  });
  await eventually("the input", async () => (await hub.node("pi"))?.instances["lights"]?.inputs["front"]);
  const topics = siteTopics("demo");
  const client = await connectAsync(hub.mqtt, { clientId: "bench" });
  // What we measure is not what this client's own kernel holds back.
  if (client.stream instanceof Socket) client.stream.setNoDelay(true);
  try {
    await client.subscribeAsync(topics.replies, { qos: 1 });
    for (let count = 1; count <= runs; count += 1) {
      progress(`run ${count} of ${runs}: ${pace.questions} questions, ${pace.interval} ms apart`);
      const askedAt = new Map<string, number>();
      const took: number[] = [];
      client.removeAllListeners("message");
      client.on("message", (_topic, payload) => {
        const reply = decodeReply(payload);
        const at = reply.ok && reply.value.outcome === "done" ? askedAt.get(reply.value.request) : undefined;
        if (at !== undefined) took.push(performance.now() - at);
      });
      for (let question = 0; question < pace.questions; question += 1) {
        const request = requestOf(randomBytes(8));
        const asks = {
          value: question / pace.questions,
          holdFor: seconds(1),
          ttl: seconds(2),
          by: "bench",
          request,
        };
        askedAt.set(request, performance.now());
        client.publish(
          topics.set({ node: "pi", instance: "lights", port: "front" }),
          Buffer.from(encodeCommand({ kind: "set", ...asks })),
          { qos: 1 },
        );
        await sleep(pace.interval, undefined, { signal });
      }
      await eventually("every answer", () => took.length === pace.questions);
      for (const [metric, share] of [
        ["p50", 0.5],
        ["p99", 0.99],
        ["max", 1],
      ] as const) {
        samples.add("interactor", `question to answer, ${metric}`, "ms", percentile(took, share));
      }
    }
  } finally {
    await client.endAsync(true);
  }
  return samples.rows();
}
