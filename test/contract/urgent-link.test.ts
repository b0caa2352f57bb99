// The agent's link, with everything that waits for it in one piece: what is urgent is handed over first.

import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { generate, type Packet, parser } from "mqtt-packet";
import { expect, onTestFinished, test } from "vitest";
import { mqttLink } from "@interactor/agent/src/adapters/hub-link-mqtt/hub-link-mqtt.ts";
import { lane } from "@interactor/shared/wire/lanes";
import { nodeTopics } from "@interactor/shared/wire/topics";

const topics = nodeTopics("demo", "pi");
const backlog = 500;

/** Bytes of a broker at its least: it accepts, and says what it has to say once the node has subscribed. */
async function serve(said: Buffer): Promise<number> {
  const server = createServer((socket) => {
    const answer = (packet: Packet): void => {
      if (packet.cmd === "connect")
        socket.write(generate({ cmd: "connack", returnCode: 0, sessionPresent: false }));
      if (packet.cmd === "subscribe" && packet.messageId !== undefined) {
        const granted = packet.subscriptions.map(() => 1);
        const suback = generate({ cmd: "suback", messageId: packet.messageId, granted });
        socket.write(Buffer.concat([suback, said]));
      }
    };
    const parsing = parser();
    parsing.on("packet", answer);
    socket.on("data", (bytes: Buffer) => parsing.parse(bytes));
    socket.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const publish = (topic: string): Buffer =>
  generate({ cmd: "publish", topic, payload: Buffer.from("-"), qos: 0, retain: false, dup: false });

test("critical messages and stops overtake what came before them", async () => {
  const stop = `${topics.stopBase}all`;
  const said = [
    ...Array.from({ length: backlog }, () => publish(topics.down(lane.telemetry))),
    publish(topics.down(lane.critical)),
    publish(stop),
  ];
  const port = await serve(Buffer.concat(said));
  const heard: string[] = [];
  const { promise: allHeard, resolve } = Promise.withResolvers<void>();

  const connection = mqttLink(`mqtt://127.0.0.1:${port}`).open(
    {
      clientId: "demo/pi",
      unit: "pi",
      will: { topic: topics.state, payload: Buffer.from("-") },
      subscriptions: [topics.downAll, topics.stopAll],
      urgent: [topics.stopBase, topics.down(lane.critical)],
    },
    {
      connected: () => undefined,
      message(topic) {
        heard.push(topic);
        if (heard.length === said.length) resolve();
      },
      heard: () => undefined,
      closed: () => undefined,
    },
  );
  await allHeard;
  await connection.close();

  expect(heard.slice(0, 2)).toEqual([topics.down(lane.critical), stop]);
});
