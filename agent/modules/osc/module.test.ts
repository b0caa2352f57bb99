import { seconds } from "@interactor/shared/sdk/define-module";
import { type Bench, startOnBench } from "@interactor/shared/sdk/testing";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { expect, onTestFinished, test, vi } from "vitest";
import { encodeMessage } from "./codec.ts";
import { definition } from "./module.ts";
import { settings } from "./settings.ts";

const soon = { timeout: 10_000, interval: 5 };
const outputs = { fader: { type: "float", address: "/fader" } };

async function bind(port = 0, address = "127.0.0.1"): Promise<Socket> {
  const socket = createSocket("udp4").bind(port, address);
  await once(socket, "listening");
  return socket;
}

async function freePort(): Promise<number> {
  const socket = await bind();
  const { port } = socket.address();
  socket.close();
  return port;
}

async function start(given: unknown, clock = new VirtualClock()): Promise<Bench> {
  const bench = await startOnBench(definition, given, { clock });
  onTestFinished(() => bench.stop());
  return bench;
}

/** UDP on loopback keeps its order. */
async function sendAll(port: number, packets: readonly Uint8Array[]): Promise<void> {
  const socket = await bind();
  for (const packet of packets) {
    const sent = Promise.withResolvers<unknown>();
    socket.send(packet, port, "127.0.0.1", sent.resolve);
    await sent.promise;
  }
  socket.close();
}

const valuesOf = (bench: Bench, output: string) =>
  bench.emitted.filter((each) => each.output === output).map(({ value }) => value);
const fader = (value: number): Uint8Array =>
  encodeMessage({ address: "/fader", arguments: [{ tag: "f", value }] });

test("a port that another program holds is waited for, and used when it is free", async () => {
  const other = await bind();
  const { port } = other.address();
  const clock = new VirtualClock();
  const bench = await start({ listen: { port, interface: "127.0.0.1" }, outputs }, clock);
  await vi.waitFor(
    () => expect(bench.states).toEqual([expect.stringContaining(`UDP port ${port} is in use`)]),
    soon,
  );

  other.close();
  await vi.waitFor(() => {
    clock.advance(seconds(5));
    expect(bench.states.at(-1)).toBe("running");
  }, soon);
  await sendAll(port, [fader(0.5)]);

  await vi.waitFor(() => expect(valuesOf(bench, "fader")).toEqual([0.5]), soon);
});

test("only those who may are listened to", async () => {
  const port = await freePort();
  const bench = await start({ listen: { port, interface: "127.0.0.1", from: ["192.0.2.1"] }, outputs });
  await vi.waitFor(() => expect(bench.states).toEqual(["running"]), soon);

  await sendAll(port, [fader(0.5)]);

  await vi.waitFor(() => expect(valuesOf(bench, "rejected")).toEqual([1]), soon);
  expect(bench.logged.join()).toContain('stranger 1×; such as "127.0.0.1"');
  expect(valuesOf(bench, "fader")).toEqual([]);
});

test("noise is counted and loses nothing of what comes after it", async () => {
  const port = await freePort();
  const bench = await start({ listen: { port, interface: "127.0.0.1" }, outputs });
  await vi.waitFor(() => expect(bench.states).toEqual(["running"]), soon);

  await sendAll(port, [Uint8Array.of(0, 1, 2), new Uint8Array(0), fader(0.25)]);

  await vi.waitFor(() => expect(valuesOf(bench, "fader")).toEqual([0.25]), soon);
  expect(bench.logged).toEqual([expect.stringContaining("not understood: not-osc 1×")]);
});

test("an instance that listens and sends does both from one port", async () => {
  const port = await freePort();
  const desk = await bind();
  const bench = await start({
    listen: { port, interface: "127.0.0.1" },
    send: { to: ["127.0.0.1"], port: desk.address().port },
    outputs,
    inputs: { hello: { type: "text", address: "/xremote" } },
  });
  await vi.waitFor(() => expect(bench.states).toEqual(["running"]), soon);
  const heard = once(desk, "message");

  bench.apply("hello", "");
  const [bytes, from]: unknown[] = await heard;
  desk.close();

  expect(bytes).toEqual(
    Buffer.from(encodeMessage({ address: "/xremote", arguments: [{ tag: "s", value: "" }] })),
  );
  expect(from).toMatchObject({ port });
});

test("what is applied while there is no socket is refused and not kept", async () => {
  const other = await bind();
  const { port } = other.address();
  const bench = await start({
    listen: { port, interface: "127.0.0.1" },
    send: { to: ["127.0.0.1"], port: 9 },
    inputs: { go: { type: "bool", address: "/go" } },
  });
  await vi.waitFor(() => expect(bench.states).toHaveLength(1), soon);

  bench.apply("go", true);
  other.close();

  expect(valuesOf(bench, "unsent")).toEqual([1]);
  expect(bench.logged).toEqual(['warn not sent: not-open 1×; such as "go: true"']);
});

test("a stopped instance lets go of its port", async () => {
  const port = await freePort();
  const bench = await startOnBench(
    definition,
    { listen: { port, interface: "127.0.0.1" }, outputs },
    { clock: new VirtualClock() },
  );
  await vi.waitFor(() => expect(bench.states).toEqual(["running"]), soon);

  await bench.stop();
  const next = await bind(port);

  next.close();
});

const least = { listen: { port: 9000 } };
test.each([
  [{}, "listen or send is needed"],
  [{ ...least, port: 1 }, "port"],
  [{ listen: { port: 0 } }, "port"],
  [{ listen: { port: 9000, group: "192.168.1.1" } }, "multicast"],
  [{ listen: { port: 9000, from: ["desk.local"] } }, "IPv4"],
  [{ ...least, inputs: { go: { type: "bool", address: "/go" } } }, 'inputs need \\"send\\"'],
  [{ send: { to: ["10.0.0.1"], port: 9 }, outputs }, 'outputs need \\"listen\\"'],
  [{ ...least, outputs: { a: { type: "float", address: "fader" } } }, "/1/fader1"],
  [{ ...least, outputs: { a: { type: "float", address: "/fader*" } } }, "each port has one address"],
  [{ ...least, outputs: { a: { type: "float", address: "/a", argument: "none" } } }, "its type is bool"],
  [
    {
      send: { to: ["10.0.0.1"], port: 9 },
      inputs: { a: { type: "int", address: "/a", argument: "none" } },
    },
    "its type is bool",
  ],
  [{ ...least, outputs: { a: { type: "record", address: "/a", argument: 1 } } }, "leave argument out"],
  [
    { send: { to: ["10.0.0.1"], port: 9 }, inputs: { a: { type: "text", address: "/a", tag: "i" } } },
    "a text is sent as s",
  ],
])("settings %j are refused and %s is named", (given, words) => {
  const parsed = settings.safeParse(given);

  expect(parsed.success ? "accepted" : JSON.stringify(parsed.error.issues)).toContain(words);
});

test("a self-test fails while another program holds the port, and passes when it is ours", async () => {
  const other = await bind();
  const { port } = other.address();
  const clock = new VirtualClock();
  const bench = await start({ listen: { port, interface: "127.0.0.1" }, outputs }, clock);
  await vi.waitFor(() => expect(bench.states).toHaveLength(1), soon);
  const asked = bench.selfTest();
  await untilAnswered(asked, clock);
  expect(await asked).toContain(`UDP port ${port} is in use`);

  other.close();
  const again = bench.selfTest();
  await untilAnswered(again, clock);
  expect(await again).toBeUndefined();
});

/** In steps, so that a try that the time allows is over before the next. */
async function untilAnswered(asked: Promise<unknown>, clock: VirtualClock): Promise<void> {
  let isAnswered = false;
  void asked.then(() => (isAnswered = true));
  await vi.waitFor(() => {
    clock.advance(seconds(0.5));
    expect(isAnswered).toBe(true);
  }, soon);
}
