/**
 * Groups that change over at one tick: does over the ports what the core in `core/rollout/group-commit.ts` says. Nothing
 * of a round is said before it is on disk; what no disk takes is not said.
 */
import { unreachable } from "@interactor/shared/kernel/assert";
import { type Clock, whenDue } from "@interactor/shared/kernel/clock";
import { messageOf } from "@interactor/shared/kernel/fault";
import { earliest, type Instant, type Micros, seconds } from "@interactor/shared/kernel/units";
import type { MemberWord, RoundWord } from "@interactor/shared/wire/messages/group-round";
import { decodeMemberWord, encodeRoundWord } from "@interactor/shared/wire/messages/group-words";
import type { DocumentFault } from "@interactor/shared/wire/messages/schema";
import { nodeTopics } from "@interactor/shared/wire/topics";
import {
  answerToUnknown,
  beginGroup,
  type GroupCommit,
  groupDueAt,
  type GroupEffect,
  type GroupEvent,
  type GroupStep,
  isClockCalm,
  type KeptRound,
  type Left,
  leftAfter,
  type Now,
  resumeGroup,
  stepGroup,
} from "./core/rollout/group-commit.ts";
import type { Log } from "./ports/log.ts";
import type { RolloutStore } from "./ports/rollout-store.ts";

export interface RoundParts {
  readonly site: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: RolloutStore;
  /** When the site's clock was set last in this life. */
  readonly clockSetAt: () => Instant | undefined;
  readonly publish: (topic: string, payload: Uint8Array) => void;
  readonly over: (revision: number, outcome: "commit" | "abort", why: string, tick: Micros) => void;
}

/** A clock that was set is looked at again so often, until all know it as it is. */
const calmAgainAfter = seconds(1);

interface Awaited {
  readonly revision: number;
  readonly cancel: () => void;
}

export class HubRounds {
  readonly #parts: RoundParts;
  /** Those of the life before. */
  readonly #found: readonly KeptRound[];
  readonly #open = new Map<number, GroupCommit>();
  /** The highest number that a round ever had. */
  #lastId = 0;
  /** Waits for a calm clock. */
  #awaited: Awaited | undefined;
  #cancelTick: (() => void) | undefined;
  #isDone = false;
  #left: Left;
  /** Members whose round nobody knows any more: told once. */
  readonly #lost = new Set<string>();

  constructor(parts: RoundParts) {
    this.#parts = parts;
    const { lastId, open, left = {} } = parts.store.rounds;
    this.#left = left;
    this.#lastId = lastId;
    this.#found = open;
  }

  /** A round of this revision was committed, and some member has not confirmed it. */
  isCommitted(revision: number): boolean {
    return this.#found.some(({ round, outcome }) => round.revision === revision && outcome === "commit");
  }

  /** Goes on with the rounds of the life before: members can be told from now on. */
  resume(): void {
    for (const kept of this.#found) this.#take(kept.round.id, resumeGroup(kept, this.#now()));
  }

  begin(revision: number, group: string, members: readonly string[]): void {
    const { clock, clockSetAt } = this.#parts;
    this.#awaited?.cancel();
    this.#awaited = undefined;
    if (this.#isDone) return;
    if (!isClockCalm(clockSetAt(), clock.now())) {
      const cancel = clock.after(calmAgainAfter, () => this.begin(revision, group, members));
      this.#awaited = { revision, cancel };
      return;
    }
    const id = this.#lastId + 1;
    this.#lastId = id;
    // The members' digests differ; which plan each has prepared it knows by the revision.
    this.#take(id, beginGroup({ id, group, revision, digest: "", members }, this.#now()));
  }

  abort(revision: number, why: string): void {
    if (this.#awaited?.revision === revision) {
      this.#awaited.cancel();
      this.#awaited = undefined;
      this.#parts.over(revision, "abort", why, this.#parts.clock.wall());
    }
    for (const [id, { kept }] of this.#open)
      if (kept.round.revision === revision) this.#step(id, { kind: "abort", why, now: this.#now() });
  }

  /** A member says something. Returns why it is refused. */
  said(node: string, payload: Uint8Array): DocumentFault | undefined {
    const decoded = decodeMemberWord(payload);
    if (!decoded.ok) return decoded.error;
    const word = decoded.value;
    if (this.#open.has(word.id)) this.#step(word.id, { kind: "said", node, word, now: this.#now() });
    else if (word.kind === "promised") this.#answer(node, word);
    else if (word.kind === "settled" && this.#leftOf(node) === word.id) this.#hasHeard(node);
    return undefined;
  }

  /** The node was taken out of the site. */
  forgotten(node: string): void {
    for (const id of this.#open.keys()) this.#step(id, { kind: "forgotten", node, now: this.#now() });
  }

  end(): void {
    this.#isDone = true;
    this.#awaited?.cancel();
    this.#cancelTick?.();
  }

  #leftOf(node: string): number | undefined {
    return Object.hasOwn(this.#left, node) ? this.#left[node] : undefined;
  }

  #hasHeard(node: string): void {
    this.#left = Object.fromEntries(Object.entries(this.#left).filter(([each]) => each !== node));
    void this.#save().catch(() => undefined);
  }

  #answer(node: string, { id }: MemberWord): void {
    const answer = answerToUnknown(id, this.#lastId, this.#leftOf(node));
    if (answer !== undefined) return this.#say(node, answer);
    if (this.#lost.has(node)) return undefined;
    this.#lost.add(node);
    const words = `${node} waits for the end of a change-over that this hub knows nothing of: its rollouts.sqlite was lost`;
    return this.#parts.log.error(`${words}; set its agent's data folder aside and start it again`, { id });
  }

  #say(node: string, word: RoundWord): void {
    this.#parts.publish(nodeTopics(this.#parts.site, node).round, encodeRoundWord(word));
  }

  #step(id: number, event: GroupEvent): void {
    const group = this.#open.get(id);
    if (group !== undefined) this.#take(id, stepGroup(group, event));
  }

  #take(id: number, { state, effects }: GroupStep): void {
    this.#open.set(id, state);
    for (const effect of effects) this.#perform(id, effect);
    this.#tickWhenDue();
  }

  #perform(id: number, effect: GroupEffect): void {
    switch (effect.kind) {
      case "write":
        return void this.#write(id);
      case "say":
        return this.#say(effect.node, effect.word);
      case "decided": {
        const { round } = this.#open.get(id)?.kept ?? {};
        if (round === undefined) return undefined;
        return this.#parts.over(round.revision, effect.outcome, effect.why, round.tick);
      }
      case "over":
        this.#forget(id);
        return void this.#save().catch(() => undefined);
      default:
        return unreachable(effect);
    }
  }

  #forget(id: number): void {
    const over = this.#open.get(id);
    if (over !== undefined) this.#left = leftAfter(this.#left, over.kept);
    this.#open.delete(id);
  }

  async #write(id: number): Promise<void> {
    try {
      await this.#save();
      this.#step(id, { kind: "written", now: this.#now() });
    } catch (error) {
      this.#parts.log.error("a change-over of a group cannot be kept on disk", { cause: messageOf(error) });
      this.#step(id, { kind: "not-written", now: this.#now() });
    }
  }

  #save(): Promise<void> {
    const open = [...this.#open.values()].map(({ kept }) => kept);
    const left = Object.keys(this.#left).length === 0 ? {} : { left: this.#left };
    return this.#parts.store.saveRounds({ lastId: this.#lastId, open, ...left });
  }

  #tickWhenDue(): void {
    const { clock } = this.#parts;
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    if (this.#isDone) return;
    let due: Instant | undefined;
    for (const group of this.#open.values()) due = earliest(due, groupDueAt(group));
    if (due === undefined) return;
    this.#cancelTick = whenDue(clock, due, () => {
      for (const id of this.#open.keys()) this.#step(id, { kind: "tick", now: this.#now() });
    });
  }

  #now(): Now {
    return { at: this.#parts.clock.now(), wall: this.#parts.clock.wall() };
  }
}
