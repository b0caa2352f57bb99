// The messages behind the golden vectors: how each is written and read. A vector is three things that must agree:
// `message` (what our code holds), `wire` (what any CBOR library reads) and the bytes.

import {
  type CrashReport,
  decodeCrashReport,
  encodeCrashReport,
} from "@interactor/shared/wire/messages/crash";
import { decodeForget, encodeForget, type Forget } from "@interactor/shared/wire/messages/forget";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeMeasured, encodeMeasured, type Measured } from "@interactor/shared/wire/messages/measured";
import { type Batch, decodeBatch, encodeBatch } from "@interactor/shared/wire/batch";
import { isLane } from "@interactor/shared/wire/lanes";
import { type Command, decodeCommand, encodeCommand } from "@interactor/shared/wire/messages/command";
import { decodeDesired, type Desired, encodeDesired } from "@interactor/shared/wire/messages/desired";
import {
  decodeHubMetric,
  decodeHubState,
  encodeHubMetric,
  encodeHubState,
  type HubMetric,
  type HubState,
} from "@interactor/shared/wire/messages/hub-state";
import {
  decodeNodeLedger,
  encodeNodeLedger,
  type NodeLedger,
} from "@interactor/shared/wire/messages/node-ledger";
import {
  decodePublicValue,
  encodePublicValue,
  type PublicValue,
} from "@interactor/shared/wire/messages/public-value";
import {
  decodeMemberWord,
  decodeRoundWord,
  encodeMemberWord,
  encodeRoundWord,
} from "@interactor/shared/wire/messages/group-words";
import {
  decodeProfileOrder,
  decodeProfileWord,
  encodeProfileOrder,
  encodeProfileWord,
  type ProfileOrder,
  type ProfileWord,
} from "@interactor/shared/wire/messages/profile";
import {
  decodeListen,
  decodeLogWord,
  encodeListen,
  encodeLogWord,
  type Listen,
  type LogWord,
} from "@interactor/shared/wire/messages/log";
import type { MemberWord, RoundWord } from "@interactor/shared/wire/messages/group-round";
import {
  decodePlan,
  decodeTarget,
  encodePlan,
  encodeTarget,
  type Plan,
  type Target,
} from "@interactor/shared/wire/messages/plan";
import {
  decodePiece,
  decodePull,
  encodePiece,
  encodePull,
  type Piece,
  type Pull,
} from "@interactor/shared/wire/messages/pull";
import { decodeReply, encodeReply, type ReplyDocument } from "@interactor/shared/wire/messages/reply";
import { decodeReported, encodeReported, type Reported } from "@interactor/shared/wire/messages/reported";
import {
  decodeNodeState,
  encodeNodeState,
  type NodeStateMessage,
} from "@interactor/shared/wire/messages/state";
import { decodeStopLatch, encodeStopLatch, type StopLatch } from "@interactor/shared/wire/messages/stop";

export interface Vector {
  readonly name: string;
  /** Where such a message is published. */
  readonly topic: string;
  readonly message: unknown;
  readonly wire: unknown;
  readonly bytes: Uint8Array;
}

interface Codec {
  /** What no bytes at all mean, where they are no mistake. */
  readonly ofNothing?: { readonly ok: true; readonly value: unknown };
  encode(message: unknown): Uint8Array;
  decode(
    bytes: Uint8Array,
    message: unknown,
  ): { readonly ok: boolean; readonly value?: unknown; readonly error?: unknown };
}

/** The content comes from a file of ours; that it has the message's shape is what the test then shows. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names the shape that the vector stands for
function codec<Message>(
  encode: (message: Message) => Uint8Array,
  decode: (bytes: Uint8Array) => ReturnType<Codec["decode"]>,
): Codec {
  return { encode: (message) => encode(message as Message), decode };
}

const batch: Codec = {
  encode: (message) => encodeBatch(message as Batch),
  decode(bytes, message) {
    const { lane } = message as Batch;
    return isLane(lane) ? decodeBatch(bytes, lane) : { ok: false, error: "no lane in the vector" };
  },
};
const nodeState = codec<NodeStateMessage>(encodeNodeState, decodeNodeState);
const stopLatch = codec<StopLatch>(encodeStopLatch, decodeStopLatch);
// An empty document is no target, and takes nothing away.
const target: Codec = {
  ...codec<Target>(encodeTarget, decodeTarget),
  ofNothing: { ok: true, value: undefined },
};
const roundWord = codec<RoundWord>(encodeRoundWord, decodeRoundWord);
const memberWord = codec<MemberWord>(encodeMemberWord, decodeMemberWord);
const profileOrder = codec<ProfileOrder>(encodeProfileOrder, decodeProfileOrder);
const profileWord = codec<ProfileWord>(encodeProfileWord, decodeProfileWord);
const listen = codec<Listen>(encodeListen, decodeListen);
const logWord = codec<LogWord>(encodeLogWord, decodeLogWord);
const command = codec<Command>(encodeCommand, decodeCommand);

/** By the vector's name. A vector without a row here fails the test. */
export const codecs: Readonly<Record<string, Codec>> = {
  "batch-telemetry": batch,
  "batch-columns": batch,
  "batch-control-receipt": batch,
  "batch-control-result": batch,
  "batch-control-clock": batch,
  "batch-down-clock": batch,
  "batch-down-route": batch,
  "batch-down-release": batch,
  "batch-down-event": batch,
  "batch-down-command": batch,
  "batch-down-sent-at": batch,
  birth: nodeState,
  "birth-in-zones": nodeState,
  "birth-spool": nodeState,
  "birth-urgent": nodeState,
  "birth-level": nodeState,
  death: nodeState,
  "death-sleeping": nodeState,
  "hub-state": codec<HubState>(encodeHubState, decodeHubState),
  "hub-state-spread": codec<HubState>(encodeHubState, decodeHubState),
  "hub-metric": codec<HubMetric>(encodeHubMetric, decodeHubMetric),
  "hub-metric-problems": codec<HubMetric>(encodeHubMetric, decodeHubMetric),
  desired: codec<Desired>(encodeDesired, decodeDesired),
  "node-ledger": codec<NodeLedger>(encodeNodeLedger, decodeNodeLedger),
  "desired-group": codec<Desired>(encodeDesired, decodeDesired),
  "desired-budget": codec<Desired>(encodeDesired, decodeDesired),
  "reported-degraded": codec<Reported>(encodeReported, decodeReported),
  "reported-budget": codec<Reported>(encodeReported, decodeReported),
  "desired-through": codec<Desired>(encodeDesired, decodeDesired),
  target,
  "target-held": target,
  "target-group": target,
  plan: codec<Plan>(encodePlan, decodePlan),
  "plan-modules": codec<Plan>(encodePlan, decodePlan),
  "round-propose": roundWord,
  "round-commit": roundWord,
  "round-abort": roundWord,
  "vote-promised": memberWord,
  "vote-refused": memberWord,
  "vote-settled": memberWord,
  "reported-transfer": codec<Reported>(encodeReported, decodeReported),
  "reported-machine": codec<Reported>(encodeReported, decodeReported),
  "reported-devices": codec<Reported>(encodeReported, decodeReported),
  "reported-apply": codec<Reported>(encodeReported, decodeReported),
  reported: codec<Reported>(encodeReported, decodeReported),
  "reported-stopped": codec<Reported>(encodeReported, decodeReported),
  "reported-owned-alike": codec<Reported>(encodeReported, decodeReported),
  "reported-stop-timed": codec<Reported>(encodeReported, decodeReported),
  "reported-health": codec<Reported>(encodeReported, decodeReported),
  "public-value": codec<PublicValue>(encodePublicValue, decodePublicValue),
  "command-set": command,
  "command-release": command,
  "stop-latch": stopLatch,
  "stop-press": stopLatch,
  "stop-release": stopLatch,
  "stop-zone": stopLatch,
  "command-request": command,
  "forget-node": codec<Forget>(encodeForget, decodeForget),
  "pull-content": codec<Pull>(encodePull, decodePull),
  "pull-metadata": codec<Pull>(encodePull, decodePull),
  "piece-bytes": codec<Piece>(encodePiece, decodePiece),
  "piece-missing": codec<Piece>(encodePiece, decodePiece),
  measured: codec<Measured>(encodeMeasured, decodeMeasured),
  "measured-breakers": codec<Measured>(encodeMeasured, decodeMeasured),
  crash: codec<CrashReport>(encodeCrashReport, decodeCrashReport),
  "crash-sandbox": codec<CrashReport>(encodeCrashReport, decodeCrashReport),
  "profile-begin": profileOrder,
  "profile-piece": profileOrder,
  "profile-drop": profileOrder,
  "profiled-made": profileWord,
  "profiled-failed": profileWord,
  "profiled-bytes": profileWord,
  listen,
  "listen-no-more": listen,
  "log-lines": logWord,
  "log-nothing-yet": logWord,
  "command-reply": codec<ReplyDocument>(encodeReply, decodeReply),
};

const folder = join(import.meta.dirname, "../vectors");

/** Every file of the folder, so that none is left out by forgetting it. Its folders hold vectors of other kinds. */
export const vectorFiles = (): readonly string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));

export function readVector(name: string): Vector {
  const content: unknown = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
  const { topic, message, wire } = content as Record<"topic" | "message" | "wire", unknown>;
  const bytes = Buffer.from(
    readFileSync(join(folder, `${name}.cbor.hex`), "utf8").replaceAll(/\s/g, ""),
    "hex",
  );
  return {
    name,
    topic: String(topic),
    message: withBytes(message),
    wire: withBytes(wire),
    bytes: new Uint8Array(bytes),
  };
}

/** JSON has no bytes: they stand as `{"$hex": "…"}`. */
function withBytes(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withBytes);
  if (typeof json !== "object" || json === null) return json;
  if ("$hex" in json) return new Uint8Array(Buffer.from(String(json.$hex), "hex"));
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, withBytes(value)]));
}

export const wireRules = (): string => readFileSync(join(folder, "wire.cddl"), "utf8");
