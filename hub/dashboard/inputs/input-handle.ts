/** One input as a control sees it: what it holds, who owns it, and how to set it and give it back. */
import { isNodeHere } from "../live/node-record.ts";
import { unreachable } from "@interactor/shared/kernel/assert";
import { millis } from "@interactor/shared/kernel/units";
import { type InputSpec, restOf } from "@interactor/shared/wire/messages/port";
import type { Command } from "@interactor/shared/wire/messages/command";
import { type ReplyDocument, replyWords } from "@interactor/shared/wire/messages/reply";
import type { OwnerReport } from "@interactor/shared/wire/messages/owners";
import type { Reported } from "@interactor/shared/wire/messages/reported";
import type { SiteAddress } from "@interactor/shared/wire/names";
import type { Value } from "@interactor/shared/wire/value";
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { ownerText } from "../format/owner.ts";
import { commandLife } from "../live/limits.ts";
import { useLive } from "../live/live-context.ts";
import type { Live, Sent } from "../live/live.ts";
import { holdFor } from "./hold.ts";

export interface InputHandle {
  readonly address: SiteAddress;
  /** `node-instance-input`, for ids in the page. */
  readonly id: string;
  readonly spec: InputSpec;
  readonly holds: () => Value | undefined;
  /** The same as of the last beat: for texts, which would flicker otherwise. */
  readonly held: ReadonlySignal<Value | undefined>;
  readonly owner: ReadonlySignal<OwnerReport | undefined>;
  readonly ownerLine: ReadonlySignal<string>;
  /** Why it cannot be set now; empty when it can. */
  readonly blocked: ReadonlySignal<string>;
  /** What became of the last command, when it was not done. */
  readonly notice: ReadonlySignal<string>;
  /** It can be given back: it is an actuator, or a state that has a rest. Else it takes what happens, and keeps nothing. */
  readonly isKept: boolean;
  /** Sets it: an actuator for the chosen time, a state until somebody else does. Returns whether the command left. */
  set(value: Value): boolean;
  giveBack(): boolean;
}

/** `holds` says where the input's value is read, when not under its own name. */
export function useInputHandle(
  address: SiteAddress,
  spec: InputSpec,
  holds?: () => Value | undefined,
): InputHandle {
  const live = useLive();
  const { node, instance, port } = address;
  return useMemo(
    () => inputHandle(live, { node, instance, port }, spec, holds),
    [live, node, instance, port, spec, holds],
  );
}

/** A show stop holds every actuator input, and is told once. */
function stopOwner(reported: Reported | undefined): OwnerReport | undefined {
  const latch = reported?.stop?.latches[0];
  return latch === undefined ? undefined : { kind: "stop", by: latch.by, since: latch.at };
}

function inputHandle(
  live: Live,
  address: SiteAddress,
  spec: InputSpec,
  given?: () => Value | undefined,
): InputHandle {
  const { node, instance, port } = address;
  const notice = signal("");
  const owner = computed(() => {
    const reported = live.nodes.value.get(node)?.reported;
    return (
      reported?.owners[`${instance}/${port}`] ?? (spec.actuator === true ? stopOwner(reported) : undefined)
    );
  });
  // What an actuator was given last says nothing once nobody owns it: its module has gone to its own rest.
  const isLeft = (): boolean => spec.actuator === true && owner.peek() === undefined;
  const rest = restOf(spec);
  const holds =
    given ?? (() => (isLeft() ? undefined : (live.values.get(node, instance, port)?.value ?? rest)));
  const ownerLine = (by: OwnerReport | undefined): string =>
    by === undefined && rest !== undefined ? "at rest" : ownerText(by, live.clock.now());
  // A hand sends often: what counts is what became of its last movement.
  let asked = 0;
  const ask = (command: Command): boolean => {
    asked += 1;
    const number = asked;
    const answered = (reply: ReplyDocument) => {
      if (number === asked) notice.value = answerText(reply);
    };
    return say(notice, live.send(address, command, answered));
  };
  const blocked = computed(() => blockedBecause(live, node));
  return {
    address,
    id: `${node}-${instance}-${port}`,
    spec,
    owner,
    blocked,
    notice,
    holds,
    isKept: spec.actuator === true || rest !== undefined,
    held: computed(() => {
      void live.beats.value;
      return holds();
    }),
    ownerLine: computed(() => {
      void live.beats.value;
      return blocked.value === "" ? ownerLine(owner.value) : blocked.value;
    }),
    set: (value) => ask({ kind: "set", value, holdFor: holdFor.peek(), ...common }),
    giveBack: () => ask({ kind: "release", ...common }),
  };
}

const common = { ttl: millis(commandLife), by: "dashboard" } as const;

function blockedBecause(live: Live, node: string): string {
  const link = live.link.value;
  if (link !== "connected") return link === "lost" ? "hub lost" : "connecting";
  const state = live.stateOf(node);
  return isNodeHere(state) ? "" : `${node} is ${state}`;
}

function answerText(reply: ReplyDocument): string {
  if (reply.outcome === "done") return "";
  const words = replyWords(reply);
  return reply.outcome === "refused" ? `refused: ${words}` : `not done: ${words}`;
}

function say(notice: Signal<string>, sent: Sent): boolean {
  switch (sent) {
    case "sent":
      // What it says now holds until the answer comes.
      return true;
    case "hub-lost":
      notice.value = "not sent: the hub is lost";
      return false;
    case "hub-busy":
      notice.value = "not sent: the hub does not answer";
      return false;
    default:
      return unreachable(sent);
  }
}
