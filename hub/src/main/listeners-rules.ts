/** What is wrong with a listeners file although each of its parts is right. */
import { nearest } from "@interactor/shared/kernel/nearest";
import type { Path } from "@interactor/shared/site/yaml-text";
import { nameLengthMax } from "@interactor/shared/wire/limits";
import { type BrokerLimits, brokerLimits } from "../ports/broker.ts";
import type { WrittenAccount } from "./account-schema.ts";
import type { WrittenFile } from "./listeners-schema.ts";
import { isLoopback } from "./loopback.ts";

export interface Finding {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string;
}

type LineOf = (path: Path) => number;

/** `lineOf` says where an earlier one stands. */
export function findingsIn(file: WrittenFile, lineOf: LineOf): readonly Finding[] {
  const accounts = file.accounts ?? [];
  return [
    ...beyondLoopback(file),
    ...twiceNamed(accounts, lineOf),
    ...withoutPassword(accounts, file.anonymous),
    ...sharedClientIds(accounts, lineOf),
    ...withoutAccounts(file),
    ...unknownAnonymous(accounts, file),
    ...tooSmall(file),
    ...tooSmallForAgents(file),
  ];
}

/** Why MQTT may not be served beyond this machine: whoever reaches it there must have proven who it is. */
export function obstaclesBeyondLoopback(
  file: Pick<WrittenFile, "accounts" | "anonymous" | "agents">,
): readonly Finding[] {
  const found: Finding[] = [];
  if (file.accounts === undefined)
    found.push({
      path: [],
      message: "beyond this machine every client needs an account: there are no `accounts`",
    });
  if (file.anonymous !== undefined)
    found.push({
      path: ["anonymous"],
      message: "beyond this machine every client needs an account: `anonymous` would let everybody in",
    });
  if (file.agents !== false)
    found.push({
      path: ["agents"],
      message:
        "beyond this machine agents cannot be told from others until they are enrolled: say `agents: false`",
    });
  return found;
}

function beyondLoopback(file: WrittenFile): readonly Finding[] {
  const { mqtt, http } = file.listeners ?? {};
  const obstacles = isLoopback(mqtt?.host ?? "localhost") ? [] : obstaclesBeyondLoopback(file);
  if (isLoopback(http?.host ?? "localhost")) return obstacles;
  const message = "the dashboard and the API have no users yet, so they stay on this machine";
  return [
    ...obstacles,
    { path: ["listeners", "http", "host"], message, hint: "127.0.0.1, ::1 or localhost" },
  ];
}

function twiceNamed(accounts: readonly WrittenAccount[], lineOf: LineOf): readonly Finding[] {
  return accounts.flatMap(({ name }, index) => {
    const earlier = accounts.findIndex((other) => other.name === name);
    if (earlier === index) return [];
    const line = lineOf(["accounts", earlier, "name"]);
    const message = `"${name}" is already the name of the account at line ${line}`;
    return [{ path: ["accounts", index, "name"], message }];
  });
}

function withoutPassword(
  accounts: readonly WrittenAccount[],
  anonymous: string | undefined,
): readonly Finding[] {
  return accounts.flatMap(({ name, password }, index) => {
    if (password !== undefined || name === anonymous) return [];
    const message = "password is missing: only the account of `anonymous` may be without";
    return [{ path: ["accounts", index], message }];
  });
}

/** A client that takes another's id takes its session over, with what waits in it. */
function sharedClientIds(accounts: readonly WrittenAccount[], lineOf: LineOf): readonly Finding[] {
  const ids = accounts.flatMap(({ clientIds }, account) =>
    clientIds === "any" ? [] : clientIds.map((id, index) => ({ account, index, id })),
  );
  return ids.flatMap(({ account, index, id }) => {
    const other = ids.find((each) => each.account < account && each.id === id);
    if (other === undefined) return [];
    const line = lineOf(["accounts", other.account, "clientIds", other.index]);
    const message = `"${id}" belongs to the account at line ${line}: a client id has one account`;
    return [{ path: ["accounts", account, "clientIds", index], message }];
  });
}

function withoutAccounts({ accounts, agents }: WrittenFile): readonly Finding[] {
  if (accounts !== undefined || agents === undefined) return [];
  const message = "`agents` has a meaning beside `accounts` only; without them everybody is let in";
  return [{ path: ["agents"], message }];
}

function unknownAnonymous(
  accounts: readonly WrittenAccount[],
  { anonymous }: WrittenFile,
): readonly Finding[] {
  const names = accounts.map(({ name }) => name);
  if (anonymous === undefined || names.includes(anonymous)) return [];
  const all = names.length === 0 ? "there are no accounts" : `there are ${names.join(", ")}`;
  const hint = nearest(anonymous, names) ?? all;
  return [{ path: ["anonymous"], message: `there is no account "${anonymous}"`, hint }];
}

/**
 * What agents send: topics of seven levels with up to four names in them (`ix/1/<site>/v/<node>/<instance>/<port>`),
 * whole payloads, and a CONNECT with the will of a node.
 */
const agentsNeed: readonly (readonly [limit: keyof BrokerLimits, least: number])[] = [
  ["connectBytesMax", brokerLimits.connectBytesMax],
  ["packetBytesMax", brokerLimits.packetBytesMax],
  ["topicLevelsMax", 7],
  ["topicBytesMax", 16 + 4 * nameLengthMax],
];

function tooSmallForAgents({ limits, agents }: WrittenFile): readonly Finding[] {
  if (limits === undefined || agents === false) return [];
  return agentsNeed
    .filter(([name, least]) => limits[name] < least)
    .map(([name, least]) => ({ path: ["limits", name], message: `agents need at least ${least}` }));
}

/** A packet that fits into no buffer behind it would be the end of every client it is for. */
function tooSmall({ limits }: WrittenFile): readonly Finding[] {
  const { packetBytesMax, outgoingBytesMax, unfinishedBytesMax } = limits ?? brokerLimits;
  const found: Finding[] = [];
  if (packetBytesMax * 2 > outgoingBytesMax) {
    const message = `outgoingBytesMax ${outgoingBytesMax} is less than two packets of packetBytesMax ${packetBytesMax}`;
    found.push({ path: ["limits"], message });
  }
  if (packetBytesMax > unfinishedBytesMax) {
    const message = `unfinishedBytesMax ${unfinishedBytesMax} is less than a packet of packetBytesMax ${packetBytesMax}`;
    found.push({ path: ["limits"], message });
  }
  return found;
}
