import { createSocket } from "node:dgram";
import { once } from "node:events";
import { millis } from "@interactor/shared/sdk/define-module";
import { type Bench, startOnBench } from "@interactor/shared/sdk/testing";
import { VirtualClock } from "@interactor/shared/testing/virtual-clock";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { decodeArtPoll, artPollReplyPacket } from "./artnet-poll.ts";
import { definition } from "./module.ts";
import { healthOf, recordOf, type Way } from "./ways.ts";

const out = (name: string, more: Partial<Way> = {}): Way => ({ name, failure: undefined, ...more });
const sacn = out("sACN", { reaches: "multicast" });
const usb = out("USB", { failure: "no USB device with serial number 7 is plugged in" });
const isOld = false;

describe("an instance", () => {
  test("runs while all of its ways are of use", () => {
    expect(healthOf({ out: [sacn], in: [out("Art-Net")] }, isOld)).toEqual({ kind: "running" });
  });

  test("is degraded while one of them is not, whichever", () => {
    expect(healthOf({ out: [sacn, usb], in: [] }, isOld)).toEqual({
      kind: "degraded",
      reason: "USB: no USB device with serial number 7 is plugged in",
    });
    expect(healthOf({ out: [sacn], in: [out("USB", { failure: "it is away" })] }, isOld)).toEqual({
      kind: "degraded",
      reason: "USB cannot be received: it is away",
    });
    expect(healthOf({ out: [usb], in: [out("sACN")] }, isOld)).toMatchObject({
      kind: "degraded",
      reason: expect.stringContaining("no output can send (USB: no USB device"),
    });
    expect(healthOf({ out: [{ ...sacn, trouble: "send ENETUNREACH 10.0.0.7" }], in: [] }, isOld)).toEqual({
      kind: "degraded",
      reason: "sACN: send ENETUNREACH 10.0.0.7",
    });
  });

  test("waits when none is left", () => {
    const ways = { out: [usb], in: [out("sACN", { failure: "bind EADDRINUSE" })] };

    expect(healthOf(ways, isOld)).toEqual({
      kind: "waiting",
      reason:
        "no output can send (USB: no USB device with serial number 7 is plugged in); " +
        "sACN cannot be received: bind EADDRINUSE",
    });
    expect(healthOf(ways, true).kind).toBe("waiting");
  });

  test("is not degraded yet by what may still answer", () => {
    expect(healthOf({ out: [sacn, usb], in: [] }, true)).toEqual({ kind: "running" });
  });

  test("tells whom each way reaches, by 32 names at most", () => {
    const to = Array.from({ length: 40 }, (_, index) => `10.0.0.${index}`);

    expect(recordOf({ out: [{ ...sacn, to }, usb], in: [out("Art-Net")] })).toEqual({
      out: [
        { name: "sACN", reaches: "multicast", to: to.slice(0, 32) },
        { name: "USB", problem: "no USB device with serial number 7 is plugged in" },
      ],
      in: [{ name: "Art-Net" }],
    });
  });
});

/** An address from the range for documentation: no node has it. */
const nobodys = "192.0.2.1";
const loopback = { to: ["127.0.0.1"], port: 9, interface: "127.0.0.1" };
const soon = { timeout: 10_000, interval: 5 };

class Stage {
  readonly clock = new VirtualClock();
  readonly bench: Bench;

  private constructor(bench: Bench, clock: VirtualClock) {
    this.bench = bench;
    this.clock = clock;
  }

  static async start(settings: object): Promise<Stage> {
    const clock = new VirtualClock();
    const stage = new Stage(await startOnBench(definition, { universe: 1, ...settings }, { clock }), clock);
    onTestFinished(async () => {
      let isStopped = false;
      void stage.bench.stop().then(() => (isStopped = true));
      await vi.waitFor(() => {
        clock.advance(millis(30));
        expect(isStopped).toBe(true);
      }, soon);
    });
    return stage;
  }

  get state(): string | undefined {
    return this.bench.states.at(-1);
  }

  get ways(): unknown {
    return this.bench.emitted.findLast(({ output }) => output === "ways")?.value;
  }

  /** What is sent on the way takes its own time, which is none of the stage's. */
  async until(isSo: () => void): Promise<void> {
    await vi.waitFor(async () => {
      this.clock.advance(millis(100));
      await new Promise((resolve) => setImmediate(resolve));
      isSo();
    }, soon);
  }

  async pass(span: number): Promise<void> {
    for (let passed = 0; passed < span; passed += 100) {
      this.clock.advance(millis(100));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

test("one output that cannot be opened beside another that sends makes the instance degraded, once", async () => {
  const stage = await Stage.start({ artnet: loopback, sacn: { interface: nobodys } });

  await stage.pass(6000);

  const reason = `bind EADDRNOTAVAIL ${nobodys}`;
  expect(stage.bench.states).toEqual(["running", `degraded: sACN: ${reason}`]);
  expect(stage.ways).toEqual({
    out: [
      { name: "sACN", reaches: "multicast", to: ["239.255.0.1"], problem: reason },
      { name: "Art-Net", reaches: "1 address" },
    ],
    in: [],
  });
});

test("one address of an output that nothing can be sent to makes it degraded, and is named", async () => {
  // From loopback there is no way out.
  const stage = await Stage.start({ sacn: { ...loopback, to: [nobodys, "127.0.0.1"] } });

  await stage.pass(6000);

  expect(stage.state).toMatch(/^degraded: sACN: send E\w+ 192\.0\.2\.1:9$/u);
});

test("a desk that cannot be received makes the instance degraded, and what it sends goes on", async () => {
  const stage = await Stage.start({ artnet: loopback, receive: { usb: { path: "/dev/no-such-widget" } } });
  stage.bench.apply("ch1", 5);

  await stage.until(() => expect(stage.state).toMatch(/^degraded: USB cannot be received: .*is not there/u));

  const frames = (): number =>
    Number(stage.bench.emitted.findLast(({ output }) => output === "frames")?.value ?? 0);
  const before = frames();
  await stage.until(() => expect(frames()).toBeGreaterThan(before));
});

test("of Art-Net it is told how many nodes have asked for it, and that none has", async () => {
  const node = createSocket({ type: "udp4", reuseAddr: true });
  onTestFinished(() => void node.close());
  let isOn = false;
  node.on("message", (packet, from) => {
    if (!isOn || decodeArtPoll(packet) === undefined) return;
    const own = { address: "127.0.0.2", name: "lamp", report: "" };
    node.send(artPollReplyPacket(own, { portAddress: 0, direction: "shows" }, 1), from.port, from.address);
  });
  node.bind(0, "127.0.0.2");
  await once(node, "listening");
  const { port } = node.address();
  const artnet = { interface: "127.0.0.1", port, poll: ["127.0.0.2"] };

  const stage = await Stage.start({ sacn: loopback, artnet });

  await stage.until(() => expect(stage.state).toBe("degraded: Art-Net: no node has asked for it"));
  isOn = true;
  await stage.until(() => expect(stage.state).toBe("running"));
  expect(stage.ways).toMatchObject({ out: [{}, { name: "Art-Net", reaches: "1 node", to: ["127.0.0.2"] }] });
  isOn = false;
  await stage.until(() => expect(stage.state).toBe("degraded: Art-Net: no node has asked for it"));
  expect(stage.ways).toMatchObject({
    out: [{}, { reaches: "0 nodes", problem: "no node has asked for it" }],
  });
});
