import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { problemLine } from "@interactor/shared/site/yaml-text";
import { brokerLimits } from "../ports/broker.ts";
import { parseListenersFile } from "./listeners-file.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);

/** Every problem as `line:column: path: message (hint)`. */
function problemsOf(text: string): readonly string[] {
  const parsed = parseListenersFile(text);
  return parsed.ok ? [] : parsed.error.map((problem) => problemLine("f", problem).slice("f:".length));
}

function read(text: string) {
  const parsed = parseListenersFile(text);
  if (!parsed.ok) throw new Error(problemsOf(text).join("\n"));
  return parsed.value;
}

/** The one problem of an account that is otherwise right. */
const accountProblems = (text: string): readonly string[] =>
  problemsOf(`accounts:\n  - name: a\n    password: secret\n    ${text}\n`);

test("a file with everything is read as it is written", () => {
  const file = read(`
listeners:
  mqtt: { host: "::1", port: 1884 }
  http: { port: 0 }
accounts:
  - name: panel
    password: secret
    clientIds: [screen, gateway-*]
    publish: [lights/#, ix/1/demo/set/#]
    subscribe: any
    subscribeNot: [lights/secret]
  - name: guest
anonymous: guest
agents: false
limits: { topicLevelsMax: 200, connectTimeout: 2.5s, sessionAgeMax: 48h }
`);

  expect(file.mqtt).toEqual({ host: "::1", port: 1884 });
  expect(file.http).toEqual({ port: 0 });
  expect(file.limits).toEqual({
    ...brokerLimits,
    topicLevelsMax: 200,
    connectTimeout: 2500,
    sessionAgeMax: 172_800_000,
  });
  expect(file.accounts?.agents).toBe(false);
  expect(file.accounts?.anonymous?.name).toBe("guest");
  const [panel, guest] = file.accounts?.accounts ?? [];
  expect(panel).toMatchObject({ clientIds: ["screen", "gateway-*"], subscribe: "any" });
  expect([panel?.isPassword?.(bytes("secret")), panel?.isPassword?.(bytes("Secret"))]).toEqual([true, false]);
  expect(panel?.publish).not.toBe("any");
  expect(panel?.publishOurs.matches("ix/1/demo/set/a/b/c")).toBe(true);
  expect(panel?.publishOurs.matches("lights/1")).toBe(false);
  expect(guest).toMatchObject({ name: "guest", isPassword: undefined, clientIds: "any" });
});

test.each([
  ["an empty file", ""],
  ["a file of comments", "# nothing yet\n"],
  ["a file with other things in it", "listeners: {}\n"],
])("%s leaves all as it is without one", (_what, text) => {
  expect(read(text)).toMatchObject({ mqtt: {}, http: {}, accounts: undefined, limits: brokerLimits });
});

test("a list of no accounts lets nobody in but agents", () => {
  expect(read("accounts: []\n").accounts).toEqual({ accounts: [], anonymous: undefined, agents: true });
});

test("the file for conformance suites is right, and allows all but one filter", () => {
  const file = read(readFileSync(join(import.meta.dirname, "../../conformance.yaml"), "utf8"));

  expect(file.accounts?.anonymous).toMatchObject({ clientIds: "any", publish: "any", subscribe: "any" });
  expect(file.accounts?.anonymous?.subscribeNot.covers("test/nosubscribe")).toBe(true);
  expect(file.limits.topicBytesMax).toBe(65_535);
});

test("the file that docs/broker.md shows is right", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/broker.md"), "utf8");
  const [, shown = "missing"] = /```yaml\n(# hub\.yaml\n[^`]*)```/.exec(page) ?? [];

  const { accounts, limits } = read(shown);

  expect(accounts?.accounts.map(({ name }) => name)).toEqual(["lighting", "guest"]);
  expect(limits.outgoingAgeMax).toBe(10_000);
});

test("everything that is wrong is said at once, each at its place, with what would be right", () => {
  const text = `listeners:
  mqtt: { host: lobby, prt: 1883 }
  http: { port: 99999 }
accounts:
  - name: a
    password: 1234
    publish: "#"
    subscribe: ["a/#/b", 3]
    subscribenot: []
  - nam: x
anonymous: 5
agents: no
limits: { topicBytesMax: 0, connectTimeout: 5, sessionMax: 1 }
`;

  expect(problemsOf(text)).toEqual([
    "2:17: listeners.mqtt.host: a host is an address such as 127.0.0.1 or ::1, or localhost",
    '2:24: listeners.mqtt.prt: "prt" is unknown here (did you mean port?)',
    "3:17: listeners.http.port: a port is a whole number from 0 (any free one) to 65535",
    "6:15: accounts[0].password: a password is a text of 1 to 256 characters; put a number in quotes",
    "7:14: accounts[0].publish: a list of topic filters such as [sensors/#], or any",
    "8:17: accounts[0].subscribe[0]: a topic filter is a text such as lights/+/level or sensors/#",
    "8:26: accounts[0].subscribe[1]: a topic filter is a text such as lights/+/level or sensors/#",
    '9:5: accounts[0].subscribenot: "subscribenot" is unknown here (did you mean subscribeNot?)',
    "10:5: accounts[1].name: name is missing: a name is a text of 1 to 64 characters; put a number in quotes",
    '10:5: accounts[1].nam: "nam" is unknown here (did you mean name?)',
    "11:12: anonymous: the name of the account for clients without a user name",
    "12:9: agents: true or false",
    "13:26: limits.topicBytesMax: a whole number from 1 to 65535",
    "13:45: limits.connectTimeout: a duration with its unit, such as 500ms, 5s or 1m, and at most 1m",
    '13:48: limits.sessionMax: "sessionMax" is unknown here (did you mean sessionsMax?)',
  ]);
});

test("what is wrong between its parts is said at once, too", () => {
  const text = `listeners:
  http: { host: 10.0.0.1 }
accounts:
  - name: alpha
    clientIds: [x]
  - name: alpha
    password: secret
    clientIds: [x, y*]
anonymous: alfa
limits: { packetBytesMax: 20000000 }
`;

  expect(problemsOf(text)).toEqual([
    "2:17: listeners.http.host: the dashboard and the API have no users yet, so they stay on this machine (127.0.0.1, ::1 or localhost)",
    "4:5: accounts[0]: password is missing: only the account of `anonymous` may be without",
    '6:11: accounts[1].name: "alpha" is already the name of the account at line 4',
    '8:17: accounts[1].clientIds[0]: "x" belongs to the account at line 5: a client id has one account',
    '9:12: anonymous: there is no account "alfa" (did you mean alpha?)',
    "10:9: limits: outgoingBytesMax 4194304 is less than two packets of packetBytesMax 20000000",
    "10:9: limits: unfinishedBytesMax 4194304 is less than a packet of packetBytesMax 20000000",
  ]);
});

describe("one thing that is wrong", () => {
  test.each([
    ["- a\n", "1:1: the file is a map of listeners, accounts, anonymous, agents and limits"],
    ["listener: {}\n", '1:1: listener: "listener" is unknown here (did you mean listeners?)'],
    [
      "agents: true\n",
      "1:9: agents: `agents` has a meaning beside `accounts` only; without them everybody is let in",
    ],
    ["anonymous: guest\n", '1:12: anonymous: there is no account "guest" (there are no accounts)'],
    ["accounts: {}\n", "1:11: accounts: accounts are a list, each with a name and what it may do"],
    ["accounts: [guest]\n", "1:12: accounts[0]: an account is a map with at least a name"],
    ["limits: 5\n", "1:9: limits: a map of names of limits and their values"],
    ["limits: { inFlightMax: 70000 }\n", "1:24: limits.inFlightMax: a whole number from 1 to 65535"],
    // No agent could come in.
    [
      "limits: { subscriptionsPerClientMax: 5 }\n",
      "1:38: limits.subscriptionsPerClientMax: a whole number from 8 to 1000000",
    ],
    ["limits: { inFlightMax: 1.5 }\n", "1:24: limits.inFlightMax: a whole number from 1 to 65535"],
    [
      "listeners: { mqtt: 1883 }\n",
      "1:20: listeners.mqtt: a listener is a map of host and port, such as { host: 127.0.0.1, port: 1883 }",
    ],
  ])("in %j", (text, expected) => {
    expect(problemsOf(text)).toEqual([expected]);
  });

  test.each([
    [
      "clientIds: [a, '*']",
      "4:20: accounts[0].clientIds[1]: a client id, or the beginning of ids with a * behind it, such as gateway-*",
    ],
    [
      "clientIds: every",
      "4:16: accounts[0].clientIds: a list of client ids such as [panel, gateway-*], or any",
    ],
    [
      "publish: [a+]",
      "4:15: accounts[0].publish[0]: a topic filter is a text such as lights/+/level or sensors/#",
    ],
    [
      "publish: ['']",
      "4:15: accounts[0].publish[0]: a topic filter is a text such as lights/+/level or sensors/#",
    ],
    ["publish:", "4:13: accounts[0].publish: a list of topic filters such as [sensors/#], or any"],
  ])("in an account with %s", (text, expected) => {
    expect(accountProblems(text)).toEqual([expected]);
  });

  test("in a password that looks like a hash", () => {
    expect(problemsOf("accounts:\n  - name: a\n    password: scrypt:abc\n")).toEqual([
      "3:15: accounts[0].password: hashes of passwords are not read yet: write it out",
    ]);
  });
});

describe("beyond this machine", () => {
  const listening = (rest: string): string => `listeners: { mqtt: { host: 0.0.0.0 } }\n${rest}`;

  test("clients need accounts with passwords, and agents cannot come in yet", () => {
    const open = listening("accounts: [{ name: a }]\nanonymous: a\n");

    expect(problemsOf(open)).toEqual([
      "1:1: agents: beyond this machine agents cannot be told from others until they are enrolled: say `agents: false`",
      "3:12: anonymous: beyond this machine every client needs an account: `anonymous` would let everybody in",
    ]);
    expect(problemsOf(listening(""))).toEqual([
      "1:1: beyond this machine every client needs an account: there are no `accounts`",
      "1:1: agents: beyond this machine agents cannot be told from others until they are enrolled: say `agents: false`",
    ]);
  });

  test("a file that keeps to it may be served", () => {
    const file = read(listening("accounts: [{ name: a, password: secret }]\nagents: false\n"));

    expect(file.mqtt.host).toBe("0.0.0.0");
    expect(file.obstacles).toEqual([]);
  });

  test("a file for this machine says why it could not be", () => {
    expect(read("accounts: []\n").obstacles).toEqual([
      "beyond this machine agents cannot be told from others until they are enrolled: say `agents: false`",
    ]);
  });
});

test("limits that would shut agents out are refused where agents come in", () => {
  const limits =
    "limits: { topicLevelsMax: 6, topicBytesMax: 267, connectBytesMax: 1023, packetBytesMax: 264191 }\n";

  expect(problemsOf(limits)).toEqual([
    "1:27: limits.topicLevelsMax: agents need at least 7",
    "1:45: limits.topicBytesMax: agents need at least 268",
    "1:67: limits.connectBytesMax: agents need at least 1024",
    "1:89: limits.packetBytesMax: agents need at least 264192",
  ]);
  expect(problemsOf(`accounts: []\nagents: false\n${limits}`)).toEqual([]);
});

test.each(Object.keys(brokerLimits))("the limit %s can be set, and only to what is sane", (name) => {
  const isSpan = /(Timeout|AgeMax)$/.test(name);
  // An agent needs some of one.
  const low = isSpan ? "1ms" : name === "subscriptionsPerClientMax" ? "8" : "1";
  const wrong = isSpan ? ["0s", "9000h", "-1s", "5"] : ["0", "-1", "99999999999", "'5'"];

  // A limit of one packet byte is sane by itself; what it breaks is said beside it.
  expect(
    problemsOf(`accounts: []\nagents: false\nlimits: { ${name}: ${low} }\n`).filter((line) =>
      line.includes(`limits.${name}:`),
    ),
  ).toEqual([]);
  for (const value of wrong) expect(problemsOf(`limits: { ${name}: ${value} }\n`)).toHaveLength(1);
});
