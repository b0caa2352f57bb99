// A hub with a listeners file, as it is shipped: who comes in, what they may do, and files that are wrong.

import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { openMqtt } from "@interactor/hub/cli/mqtt-session.ts";
import { siteTopics } from "@interactor/shared/wire/topics";
import { cliBundle } from "./demo-process.ts";
import { eventually, type HubProgram, startAgent, startHub } from "./programs.ts";
import { Visitor } from "./visitor.ts";

const conformance = join(import.meta.dirname, "../../hub/conformance.yaml");
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "interactor-listeners-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function fileWith(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  await chmod(path, 0o600);
  return path;
}

/** A client that is gone when the test is. */
async function clientOf(
  hub: HubProgram,
  options: IClientOptions = {},
): Promise<MqttClient & AsyncDisposable> {
  const client = await connectAsync(hub.mqtt, { reconnectPeriod: 0, ...options }, false);
  client.on("error", () => undefined);
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.endAsync(true) });
}

/** `welcome`, or the code of the CONNACK that refuses. */
async function answerTo(hub: HubProgram, options: IClientOptions): Promise<unknown> {
  try {
    await using _client = await clientOf(hub, options);
    return "welcome";
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}

/** Whether SUBACK grants the filter. */
async function isGranted(client: MqttClient, filter: string): Promise<boolean> {
  const answer = await client.subscribeAsync(filter, { qos: 1 }).catch((error: Error) => error.message);
  // The client's words for 0x80.
  if (typeof answer === "string") expect(answer).toBe("Subscribe error: Unspecified error");
  return typeof answer !== "string";
}

/** What the client hears from now on, as `topic=text`. */
function heardBy(client: MqttClient): readonly string[] {
  const heard: string[] = [];
  client.on("message", (topic, payload) => heard.push(`${topic}=${payload.toString()}`));
  return heard;
}

/** Resolves when the hub has cut the client off. */
const cut = (client: MqttClient): Promise<void> => new Promise((resolve) => client.once("close", resolve));

describe("accounts", () => {
  let hub: HubProgram;
  const panel = { username: "panel", password: "secret" };

  beforeAll(async () => {
    const config = await fileWith(
      "accounts.yaml",
      `accounts:
  - name: panel
    password: secret
    publish: [lights/+/level, ix/1/demo/set/#]
    subscribe: [lights/#]
    subscribeNot: [lights/hidden]
  - name: gateway
    password: other
    clientIds: [gateway-*]
    publish: any
    subscribe: any
limits: { topicLevelsMax: 8, topicBytesMax: 300, subscriptionsPerClientMax: 8 }
`,
    );
    hub = await startHub({ env: { INTERACTOR_CONFIG: config } });
  });

  afterAll(() => hub[Symbol.asyncDispose]());

  test.each([
    ["the right password", panel, "welcome"],
    ["a wrong password", { ...panel, password: "wrong" }, 4],
    ["no password", { username: "panel" }, 4],
    ["a name that is no account", { ...panel, username: "nobody" }, 4],
    ["no name at all", {}, 5],
    ["a client id of another account", { ...panel, clientId: "gateway-1" }, 5],
    ["a client id that is not its own", { username: "gateway", password: "other", clientId: "x" }, 5],
    ["a client id of an agent", { ...panel, clientId: "demo/lobby" }, 5],
  ])("with %s", async (_what, options, expected) => {
    expect(await answerTo(hub, options)).toBe(expected);
  });

  test("the command line gives the one that it has", async () => {
    onTestFinished(() => void vi.unstubAllEnvs());
    const address = { url: hub.http, source: "the test" };
    const listener = { message: () => undefined, lost: () => undefined, back: () => undefined };

    await expect(openMqtt(address, listener)).rejects.toMatchObject({
      code: "NOT_ALLOWED",
      message: expect.stringContaining("name an account with INTERACTOR_USER"),
    });
    vi.stubEnv("INTERACTOR_USER", "panel");
    vi.stubEnv("INTERACTOR_PASSWORD", "secret");
    await using session = await openMqtt(address, listener);
    await session.subscribe("lights/#");
  });

  test("over WebSocket they are asked for, too", async () => {
    const url = `${hub.http.replace("http", "ws")}/mqtt`;
    const connect = (options: IClientOptions) => connectAsync(url, { reconnectPeriod: 0, ...options }, false);

    await expect(connect({ ...panel, password: "wrong" })).rejects.toMatchObject({ code: 4 });
    const client = await connect(panel);
    expect(client.connected).toBe(true);
    await client.endAsync(true);
  });

  test("a subscription is granted where a filter of the account covers it, and not where it is denied", async () => {
    await using client = await clientOf(hub, panel);

    expect(await isGranted(client, "lights/+/level")).toBe(true);
    for (const filter of ["#", "+/1/level", "lights/hidden", "ix/1/demo/v/#"])
      expect(await isGranted(client, filter)).toBe(false);
  });

  test("what is published inside its filters arrives, and the first message outside of them cuts", async () => {
    await using listener = await clientOf(hub, { ...panel, clientId: "listener" });
    await listener.subscribeAsync("lights/#", { qos: 1 });
    const heard = heardBy(listener);
    await using client = await clientOf(hub, { ...panel, clientId: "speaker" });

    await client.publishAsync("lights/1/level", "0.5", { qos: 1 });
    const isCut = cut(client);
    client.publish("lights/1/colour", "red", { qos: 1 });
    await isCut;

    await eventually("the right one arrives", () => heard.length > 0);
    expect(heard).toEqual(["lights/1/level=0.5"]);
    expect(await hub.metric("interactor_hub_messages_refused_total", { reason: "not-allowed" })).toBe(1);
  });

  test("two clients of one account take an id over from each other; another account does not get it", async () => {
    await using first = await clientOf(hub, { ...panel, clientId: "kiosk" });
    const isCut = cut(first);

    await using _second = await clientOf(hub, { ...panel, clientId: "kiosk" });
    await isCut;

    expect(await answerTo(hub, { username: "gateway", password: "other", clientId: "kiosk" })).toBe(5);
  });

  test("the will of a client is published with the rights of its account", async () => {
    await using listener = await clientOf(hub, { ...panel, clientId: "mourner" });
    await listener.subscribeAsync("lights/#", { qos: 1 });
    const heard = heardBy(listener);
    const will = { payload: Buffer.from("gone"), qos: 1 as const, retain: false };

    const allowed = await clientOf(hub, { ...panel, will: { topic: "lights/1/level", ...will } });
    const forbidden = await clientOf(hub, { ...panel, will: { topic: "lights/will", ...will } });
    forbidden.stream.destroy();
    allowed.stream.destroy();

    await eventually("the allowed one arrives", () => heard.length > 0);
    expect(heard).toEqual(["lights/1/level=gone"]);
  });

  test("limits of the file are those of the broker", async () => {
    await using deep = await clientOf(hub, { username: "gateway", password: "other", clientId: "gateway-1" });
    await deep.publishAsync("a/b/c/d/e/f/g/h", "", { qos: 1 });
    const isCut = cut(deep);
    deep.publish("a/b/c/d/e/f/g/h/i", "", { qos: 1 });
    await isCut;

    await using long = await clientOf(hub, { username: "gateway", password: "other", clientId: "gateway-2" });
    const isLongCut = cut(long);
    long.publish("a".repeat(301), "", { qos: 1 });
    await isLongCut;

    const counted = (reason: string) => hub.metric("interactor_hub_clients_cut_total", { reason });
    expect([await counted("topic-too-deep"), await counted("topic-too-long")]).toEqual([1, 1]);
  });

  test("a client has as many subscriptions as the file allows", async () => {
    await using client = await clientOf(hub, {
      username: "gateway",
      password: "other",
      clientId: "gateway-3",
    });
    const filters = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];

    const granted = [];
    for (const filter of filters) granted.push(await isGranted(client, filter));

    expect(granted).toEqual([...filters.slice(0, 8).map(() => true), false]);
  });

  test("agents come in without an account, and an account may steer them where a filter of it says so", async () => {
    await using _agent = await startAgent({
      node: "lobby",
      hub: hub.mqtt,
      instances: {
        lights: {
          module: "dmx",
          settings: { universe: 1, artnet: { to: ["127.0.0.1"] }, dimmers: { front: { channel: 1 } } },
        },
      },
    });
    await eventually("it is ready", async () => (await hub.node("lobby"))?.state === "ready");
    await using client = await clientOf(hub, panel);
    const topic = siteTopics("demo").set({ node: "lobby", instance: "lights", port: "front" });
    const body = Buffer.from([0xa0]);

    await client.publishAsync(topic, body, { qos: 1 });

    // It reached the hub's own meaning, where it is not a right command.
    await eventually("the hub takes it in", () => hub.log().includes("refused a message on set"));
    expect(client.connected).toBe(true);
  });
});

describe("the file for conformance suites", () => {
  let hub: HubProgram;

  beforeAll(async () => {
    hub = await startHub({ env: { INTERACTOR_CONFIG: conformance } });
  });

  afterAll(() => hub[Symbol.asyncDispose]());

  test("lets everybody in, by name or without", async () => {
    expect(await answerTo(hub, {})).toBe("welcome");
    expect(await answerTo(hub, { username: "conformance", password: "conformance" })).toBe("welcome");
    expect(await answerTo(hub, { username: "conformance", password: "wrong" })).toBe(4);
  });

  test("grants every filter but one", async () => {
    await using client = await clientOf(hub);

    for (const filter of ["#", "test/#", "+/nosubscribe", "$SYS/#", "/+/a"])
      expect(await isGranted(client, filter)).toBe(true);
    expect(await isGranted(client, "test/nosubscribe")).toBe(false);
  });

  test("takes topics at the ends of what MQTT allows", async () => {
    await using client = await clientOf(hub);
    const topics = ["a".repeat(65_535), Array(200).fill("a").join("/"), "$TopicA/B", "/", "test/nosubscribe"];
    await client.subscribeAsync("#", { qos: 1 });
    await client.subscribeAsync("$TopicA/#", { qos: 1 });
    const heard = heardBy(client);

    for (const topic of topics) await client.publishAsync(topic, "x", { qos: 1 });

    const ours = () => heard.filter((each) => !each.startsWith("ix/"));
    await eventually("all of them arrive", () => ours().length >= topics.length);
    expect(ours()).toEqual(topics.map((topic) => `${topic}=x`));
  });

  test("takes a client whose id and will are tens of kilobytes", async () => {
    const will = { topic: "w".repeat(10_000), payload: Buffer.alloc(30_000), qos: 1 as const, retain: false };

    await using client = await clientOf(hub, { clientId: "i".repeat(20_000), will });

    expect(client.connected).toBe(true);
  });

  test("says in its metrics what it holds for clients", async () => {
    const usage = ["subscriptions", "sessions_kept", "sessions_away", "retained_messages"].map(
      (name) => `interactor_hub_${name}`,
    );
    const read = () => Promise.all(usage.map((name) => hub.metric(name)));
    const before = await read();
    await using client = await clientOf(hub, { clientId: "keeper", clean: false });

    await client.subscribeAsync(["a/#", "b/#"], { qos: 1 });
    await client.publishAsync("held/1", "x", { qos: 1, retain: true });
    await client.endAsync();

    const risen = async () => (await read()).map((value, index) => (value ?? 0) - (before[index] ?? 0));
    await eventually("all are counted", async () => String(await risen()) === "2,1,1,1");
  });

  test("a client that clears every retained message it sees does no harm to the hub's own", async () => {
    await using client = await clientOf(hub);
    const { hubState } = siteTopics("demo");

    await client.publishAsync(hubState, "", { qos: 1, retain: true });

    await using visitor = await Visitor.connect(hub.mqtt, [hubState]);
    await eventually("the hub's state is still there", () =>
      visitor.heard.some(({ isRetained }) => isRetained),
    );
    expect(visitor.heard[0]?.payload.length).toBeGreaterThan(0);
    expect(client.connected).toBe(true);
  });
});

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

/** `interactor hub …` until it ends; it is expected to, at once. */
async function refusedHub(...options: readonly string[]): Promise<Ended> {
  const args = [cliBundle, "hub", "--data", join(folder, "data"), "--http-port", "0", "--mqtt-port", "0"];
  const child = spawn(process.execPath, [...args, ...options], { stdio: ["ignore", "ignore", "pipe"] });
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  const stderr = Buffer.concat(await child.stderr.toArray()).toString();
  clearTimeout(timer);
  if (child.exitCode === null) await new Promise((resolve) => child.once("exit", resolve));
  return { code: child.exitCode, stderr };
}

describe("a hub does not start", () => {
  test("with a file that is wrong, and says all that is", async () => {
    const path = await fileWith("wrong.yaml", "agent: yes\naccounts:\n  - name: a\n    password: 5\n");

    expect(await refusedHub("--config", path)).toEqual({
      code: 2,
      stderr: `interactor hub: the listeners file cannot be used:
  ${path}:1:1: agent: "agent" is unknown here (did you mean agents?)
  ${path}:4:15: accounts[0].password: a password is a text of 1 to 256 characters; put a number in quotes
`,
    });
  });

  test("without the file it is told to read", async () => {
    const { code, stderr } = await refusedHub("--config", join(folder, "none.yaml"));

    expect(code).toBe(2);
    expect(stderr).toContain("cannot read the listeners file: ENOENT");
  });

  test("beyond this machine while it would let in whoever comes", async () => {
    const everybody = await refusedHub("--host", "0.0.0.0");
    const open = await refusedHub("--config", conformance, "--host", "0.0.0.0");

    expect([everybody.code, open.code]).toEqual([2, 2]);
    expect(everybody.stderr).toContain("host 0.0.0.0: until there is authentication");
    expect(open.stderr).toContain("`anonymous` would let everybody in");
  });

  test("beyond this machine with passwords that everybody here may read", async () => {
    const path = await fileWith(
      "network.yaml",
      "listeners: { mqtt: { host: 127.0.0.2 } }\naccounts: [{ name: a, password: secret }]\nagents: false\n",
    );
    await chmod(path, 0o644);

    const { code, stderr } = await refusedHub("--config", path);

    expect(code).toBe(2);
    expect(stderr).toContain(`others may read it: chmod o-rwx ${path}`);
  });

  test("in the folder of a hub that runs", async () => {
    await using hub = await startHub();

    const { code, stderr } = await refusedHub("--config", conformance, "--data", hub.data);

    expect(code).toBe(2);
    expect(stderr).toContain(`the data folder ${hub.data} is used by another hub`);
  });
});

test("beyond loopback's first address a hub with accounts alone serves them, and no agent", async () => {
  const config = await fileWith(
    "two.yaml",
    `listeners: { mqtt: { host: 127.0.0.2 } }
accounts: [{ name: a, password: secret, publish: [x] }]
agents: false
`,
  );
  await using hub = await startHub({ env: { INTERACTOR_CONFIG: config } });

  expect(hub.mqtt).toMatch(/^mqtt:\/\/127\.0\.0\.2:/);
  expect(hub.http).toMatch(/^http:\/\/127\.0\.0\.1:/);
  expect(await answerTo(hub, { username: "a", password: "secret" })).toBe("welcome");
  expect(await answerTo(hub, { clientId: "demo/pi", username: "unit-1" })).toBe(4);
});
