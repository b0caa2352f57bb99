// A hub as a node sees it, on the real broker: it says what the node shall come to, and remembers what the node says.

import { createHash } from "node:crypto";
import { millis } from "@interactor/shared/kernel/units";
import { emptyPlan } from "@interactor/shared/site/plan-changes";
import { encodePlan, encodeTarget, type Plan, type Target } from "@interactor/shared/wire/messages/plan";
import { decodeReported, type Reported } from "@interactor/shared/wire/messages/reported";
import { type Birth, decodeNodeState } from "@interactor/shared/wire/messages/state";
import { nodeTopics } from "@interactor/shared/wire/topics";
import { eventually } from "../programs.ts";
import { openTameBroker } from "../tame-broker.ts";

export const node = "pi";
const topics = nodeTopics("demo", node);

export const digestOf = (plan: Plan): string => createHash("sha256").update(encodePlan(plan)).digest("hex");

export interface TargetHub extends AsyncDisposable {
  /** `mqtt://…` */
  readonly address: string;
  readonly reported: Reported | undefined;
  readonly birth: Birth | undefined;
  /** What came on a topic of the node, oldest first. */
  heard(leaf: "vote" | "desired"): readonly Uint8Array[];
  say(leaf: "round" | "desired", payload: Uint8Array): void;
  /** What the node has said until now. */
  forget(): void;
  /** Says what the node shall come to; `undefined` fields are as in a small change. */
  target(revision: number, plan: Partial<Plan>, given?: Partial<Target>): void;
  /** Until the node has come to an end of its way to this revision. */
  cameTo(revision: number, phase: NonNullable<Reported["apply"]>["phase"]): Promise<Reported>;
}

export async function openTargetHub(port = 0): Promise<TargetHub> {
  let reported: Reported | undefined;
  let birth: Birth | undefined;
  const heard = new Map<string, Uint8Array[]>();
  const broker = await openTameBroker((topic, payload) => {
    heard.set(topic, [...(heard.get(topic) ?? []), payload]);
    const said = topic === topics.reported ? decodeReported(payload) : undefined;
    if (said?.ok === true) reported = said.value;
    const state = topic === topics.state ? decodeNodeState(payload) : undefined;
    if (state?.ok === true && state.value.kind === "birth") birth = state.value;
  }, port);
  const say = (leaf: "round" | "desired", payload: Uint8Array): void =>
    broker.publish(topics[leaf], payload, { retain: leaf === "desired", qos: 1 });
  return {
    address: `mqtt://127.0.0.1:${broker.port}`,
    get reported() {
      return reported;
    },
    get birth() {
      return birth;
    },
    heard: (leaf) => heard.get(topics[leaf]) ?? [],
    say,
    forget() {
      reported = undefined;
      birth = undefined;
      heard.clear();
    },
    target(revision, given, more = {}) {
      const plan = { ...emptyPlan, ...given };
      const bytes = encodePlan(plan);
      say(
        "desired",
        encodeTarget({
          v: 1,
          revision,
          digest: digestOf(plan),
          bytes: bytes.length,
          plan: bytes,
          hold: { kind: "none" },
          probation: millis(300),
          ...more,
        }),
      );
    },
    cameTo: (revision, phase) =>
      eventually(
        `revision ${revision} is ${phase}`,
        () => {
          const apply = reported?.apply;
          if (apply?.revision !== revision || apply.phase !== phase) return undefined;
          return reported;
        },
        30_000,
      ).catch((error: unknown) => {
        throw new Error(`it says ${JSON.stringify(reported?.apply)}`, { cause: error });
      }),
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}
