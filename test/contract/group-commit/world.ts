// A hub and the members of a group as their real cores, in a world that drops, delays, repeats and cuts messages, kills
// everybody, loses what is not on disk, and whose clocks are wrong within what they say. Time is true time in ms.

import { applyAtStart, stepApply } from "@interactor/agent/src/core/apply/apply.ts";
import {
  applyDueAt,
  type ApplyEffect,
  type ApplyEvent,
  type ApplyState,
  type Kept,
  nothingKept,
} from "@interactor/agent/src/core/apply/apply-state.ts";
import {
  answerToUnknown,
  beginGroup,
  type GroupCommit,
  groupDueAt,
  isClockCalm,
  type GroupEvent,
  type GroupStep,
  type KeptRound,
  type Left,
  leftAfter,
  resumeGroup,
  stepGroup,
} from "@interactor/hub/src/core/rollout/group-commit.ts";
import { instant, micros, millis } from "@interactor/shared/kernel/units";
import { type Random, seededRandom } from "@interactor/shared/kernel/random";
import { groupActMax, type MemberWord, type RoundWord } from "@interactor/shared/wire/messages/group-round";

export interface Troubles {
  readonly seed: number;
  /** How many times more wrong than they say clocks are. 1 is the promise. */
  readonly clockLie: number;
}

/** From here on nothing is lost, cut or killed any more. */
const healedAt = 30_000;
const endsAt = 120_000;
const noon = 1_800_000_000_000;

export type Seen =
  | "commit"
  | "abort"
  | "doubt"
  | "killed-while-promised"
  | "hub-killed-in-round"
  | "late-decision"
  | "withdrawn"
  | "forgotten-in-round"
  | "came-back-to-a-commit"
  | "disk-failed";

export class World {
  readonly seen = new Set<Seen>();
  readonly random: Random;
  readonly members: readonly Member[];
  readonly hub: HubSide;
  /** When two revisions ran. */
  mixedAt: number | undefined;
  now = 0;
  #queue: { readonly at: number; readonly order: number; readonly task: () => void }[] = [];
  #order = 0;

  constructor({ seed, clockLie }: Troubles) {
    this.random = seededRandom(seed);
    const count = 2 + Math.floor(this.random.next() * 4);
    this.members = Array.from({ length: count }, (_, index) => new Member(this, `pi-${index}`, clockLie));
    this.hub = new HubSide(this);
  }

  run(): this {
    this.hub.start();
    for (const member of this.members) member.start();
    for (let next = this.#take(); next !== undefined && next.at <= endsAt; next = this.#take()) {
      this.now = next.at;
      next.task();
      const running = new Set(this.members.flatMap(({ runs }) => (runs === undefined ? [] : [runs])));
      if (running.size > 1) this.mixedAt ??= this.now;
    }
    return this;
  }

  get isHealed(): boolean {
    return this.now >= healedAt;
  }

  in(delay: number, task: () => void): void {
    this.#queue.push({ at: this.now + delay, order: this.#order++, task });
  }

  chance(share: number): boolean {
    return this.random.next() < share;
  }

  between(low: number, high: number): number {
    return low + this.random.next() * (high - low);
  }

  /** Sends one way. What is cut, or lost, is gone. */
  send(member: Member, task: () => void): void {
    const copies = this.isHealed ? 1 : this.chance(0.1) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (!this.isHealed && (this.chance(this.hub.loss) || member.isCut)) continue;
      const delay = this.chance(0.05) && !this.isHealed ? this.between(50, 4000) : this.between(0.2, 20);
      this.in(delay, task);
    }
  }

  /** Writes one thing after the other, and answers whether it is there; who dies meanwhile may find either. */
  write(disk: Disk, lives: () => boolean, store: () => void, done: (isWritten: boolean) => void): void {
    const isBroken = !this.isHealed && this.chance(0.02);
    const isSlow = !this.isHealed && this.chance(0.02);
    if (isBroken) this.seen.add("disk-failed");
    const begins = Math.max(this.now, disk.busyUntil);
    const ends = begins + (isSlow ? this.between(100, 5000) : this.between(1, 20));
    disk.busyUntil = ends;
    this.in(this.between(begins, ends) - this.now, () => {
      // A write that failed may be there all the same.
      if (lives() && (!isBroken || this.chance(0.5))) store();
    });
    this.in(ends - this.now, () => {
      if (lives()) done(!isBroken);
    });
  }

  #take() {
    let best = 0;
    for (const [index, each] of this.#queue.entries()) {
      const other = this.#queue[best];
      if (other !== undefined && (each.at < other.at || (each.at === other.at && each.order < other.order)))
        best = index;
    }
    return this.#queue.splice(best, 1)[0];
  }
}

interface Disk {
  busyUntil: number;
}

interface MemberDisk extends Disk {
  kept: Kept;
}

/** The first revision, which all have when it begins. */
const first = { revision: 0, digest: "0" };

export class Member {
  readonly name: string;
  readonly #world: World;
  readonly #drift: number;
  readonly #bound: number;
  readonly #lie: number;
  disk: MemberDisk = { busyUntil: 0, kept: { ...nothingKept, current: first } };
  state: ApplyState = applyAtStart;
  life = 0;
  isCut = false;
  /** The revision whose routes act and whose instances run; `undefined`: none. */
  runs: number | undefined;
  #bootedAt = 0;
  #isAlive = false;
  /** By how much it knows that the hub's clock was set. */
  #hubSet = 0;
  /** Its connection keeps targets in order. */
  #lastTarget = 0;

  constructor(world: World, name: string, lie: number) {
    this.#world = world;
    this.name = name;
    this.#drift = world.between(-200e-6, 200e-6);
    this.#bound = world.between(0.1, 60);
    this.#lie = lie;
  }

  start(): void {
    this.#boot();
    this.#trouble();
  }

  hear(word: RoundWord): void {
    const { vote } = this.state.vote;
    if (word.kind !== "propose" && vote.kind === "promised" && vote.isSuspended)
      this.#world.seen.add("late-decision");
    this.#step({ kind: "word", word, clock: this.#clock(), at: this.#at() });
  }

  /** What the hub desires, which it says again at each connection. */
  desire(revision: number): void {
    if (revision === 0 || revision < this.#lastTarget) return;
    this.#lastTarget = revision;
    const hold = { kind: "group", group: "stage" } as const;
    const target = { v: 1, revision, digest: `${revision}`, bytes: 1, hold, probation: millis(500) } as const;
    this.#step({ kind: "target", target, at: this.#at() });
  }

  /** The link is there again. */
  connected(): void {
    if (!this.#isAlive) return;
    this.#hubSet = this.#world.hub.set;
    this.#step({ kind: "connected", clock: this.#clock(), at: this.#at() });
    this.#world.send(this, () => this.desire(this.#world.hub.wanted));
  }

  #boot(): void {
    this.life += 1;
    this.#isAlive = true;
    this.#lastTarget = 0;
    this.disk.busyUntil = 0;
    this.#bootedAt = this.#world.now;
    this.state = applyAtStart;
    this.#step({ kind: "started", kept: this.disk.kept, at: this.#at() });
    this.#learn();
    this.#world.in(this.#world.between(10, 200), () => this.connected());
  }

  #kill(): void {
    if (!this.#isAlive) return;
    if (this.state.vote.vote.kind === "promised") this.#world.seen.add("killed-while-promised");
    this.#isAlive = false;
    this.life += 1;
    this.runs = undefined;
    this.#world.in(this.#world.between(50, 6000), () => this.#boot());
    // Somebody believes that it does not come back, and the site goes on naming it.
    if (this.#world.chance(0.5))
      this.#later(this.#world.between(10, 3000), () => {
        if (!this.#isAlive) this.#world.hub.forget(this);
      });
  }

  #trouble(): void {
    this.#world.in(this.#world.between(200, 5000), () => {
      if (this.#world.isHealed) {
        this.isCut = false;
        this.connected();
        return;
      }
      if (this.isCut || this.#world.chance(0.5)) {
        this.isCut = !this.isCut;
        if (!this.isCut) this.connected();
      } else if (this.#world.chance(0.4)) this.#kill();
      this.#trouble();
    });
  }

  /** It asks the hub for its clock every now and then. */
  #learn(): void {
    if (!this.isCut) this.#hubSet = this.#world.hub.set;
    this.#later(this.#world.between(2000, 16_000), () => this.#learn());
  }

  #step(event: ApplyEvent): void {
    if (!this.#isAlive) return;
    const { state, effects } = stepApply(this.state, event);
    this.state = state;
    for (const effect of effects) this.#perform(effect);
    const due = applyDueAt(this.state);
    if (due === undefined) return;
    // A busy node is a little late.
    const late = this.#world.between(0, groupActMax * 0.9);
    this.#later(Math.max((due - this.#at()) / (1 + this.#drift), 0) + late, () => {
      if ((applyDueAt(this.state) ?? Infinity) <= this.#at()) this.#step({ kind: "tick", at: this.#at() });
    });
  }

  #perform(effect: ApplyEffect): void {
    switch (effect.kind) {
      case "say":
        return this.#world.send(this, () => this.#world.hub.hear(this, effect.word));
      case "suspend":
        this.runs = undefined;
        if (effect.isInDoubt) this.#world.seen.add("doubt");
        return undefined;
      case "resume":
        this.runs = this.state.kept.current?.revision;
        return undefined;
      case "keep":
        return this.#write(effect.kept, (isKept) =>
          this.#step({ kind: isKept ? "kept" : "not-kept", at: this.#at() }),
        );
      case "write-vote":
        return this.#write(effect.kept, (isKept) => {
          const { vote } = effect;
          const at = this.#at();
          this.#step(
            isKept
              ? { kind: "vote-written", vote, clock: this.#clock(), at }
              : { kind: "vote-not-written", vote, at },
          );
        });
      case "write":
        return this.#write(effect.kept, (isKept) =>
          this.#answer(effect.attempt, isKept ? undefined : "the disk"),
        );
      case "switch":
        this.runs = undefined;
        return this.#later(this.#world.between(1, 50), () => {
          if (effect.attempt === this.state.attempt) this.runs = effect.to?.revision;
          this.#answer(effect.attempt);
        });
      case "probe": {
        const isUnwell = !this.#world.isHealed && this.#world.chance(0.15);
        if (isUnwell) this.#world.seen.add("withdrawn");
        return this.#later(500, () => this.#answer(effect.attempt, isUnwell ? "unwell" : undefined));
      }
      case "fetch":
      case "verify":
      case "prepare":
        return this.#later(this.#world.between(1, 100), () => this.#answer(effect.attempt));
      case "drop":
        return undefined;
      case "restart":
        return this.#kill();
    }
  }

  #answer(attempt: number, reason?: string): void {
    const at = this.#at();
    if (reason === undefined) return this.#step({ kind: "done", attempt, at });
    return this.#step({ kind: "failed", attempt, code: "UNHEALTHY", reason, isPassing: false, at });
  }

  /** In this life. */
  #later(delay: number, task: () => void): void {
    const { life } = this;
    this.#world.in(delay, () => {
      if (life === this.life) task();
    });
  }

  #write(kept: Kept, done: (isWritten: boolean) => void): void {
    const { life } = this;
    const store = () => void (this.disk.kept = kept);
    this.#world.write(this.disk, () => life === this.life, store, done);
  }

  #at() {
    return instant((this.#world.now - this.#bootedAt) * (1 + this.#drift));
  }

  #clock() {
    // Some time after it began it has asked the hub for its clock.
    if (this.#at() < 500) return undefined;
    const wrong = this.#world.between(-1, 1) * this.#bound * this.#lie;
    return {
      wall: micros((noon + this.#world.now + this.#hubSet + wrong) * 1000),
      error: millis(this.#bound),
    };
  }
}

interface HubDisk extends Disk {
  kept: KeptRound | undefined;
  lastId: number;
  left: Left;
}

class HubSide {
  readonly #world: World;
  readonly loss: number;
  disk: HubDisk = { busyUntil: 0, kept: undefined, lastId: 0, left: {} };
  group: GroupCommit | undefined;
  /** The revision that all shall come to. */
  wanted = 0;
  /** Since nothing is lost any more, a round was committed. */
  #isDone = false;
  #life = 0;
  #isAlive = true;
  /** By how much its clock was set, in ms. */
  set = 0;
  #setAt: number | undefined;

  constructor(world: World) {
    this.#world = world;
    this.loss = world.chance(0.3) ? 0 : world.between(0, 0.4);
  }

  start(): void {
    this.#next();
    this.#trouble();
  }

  hear(member: Member, word: MemberWord): void {
    if (!this.#isAlive) return;
    if (this.group !== undefined && word.id === this.group.kept.round.id) {
      return this.#step({ kind: "said", node: member.name, word, now: this.#now() });
    }
    if (word.kind !== "promised") return;
    const answer = answerToUnknown(word.id, this.disk.lastId, this.disk.left[member.name]);
    if (answer?.kind === "commit") this.#world.seen.add("came-back-to-a-commit");
    if (answer !== undefined) this.#world.send(member, () => member.hear(answer));
  }

  forget({ name }: Member): void {
    if (!this.#isAlive || this.group === undefined) return;
    this.#world.seen.add("forgotten-in-round");
    this.#step({ kind: "forgotten", node: name, now: this.#now() });
  }

  #next(): void {
    const life = this.#life;
    if (this.#isDone) return;
    this.#world.in(this.#world.between(10, 1000), () => {
      if (life !== this.#life || this.group !== undefined) return;
      const id = this.disk.lastId + 1;
      this.wanted = id;
      for (const member of this.#world.members) this.#world.send(member, () => member.desire(id));
    });
    this.#world.in(this.#world.between(1200, 2500), () => {
      if (life !== this.#life || !this.#isAlive || this.group !== undefined) return;
      if (
        !isClockCalm(this.#setAt === undefined ? undefined : instant(this.#setAt), instant(this.#world.now))
      )
        return this.#next();
      const id = this.wanted;
      const members = this.#world.members.map(({ name }) => name);
      this.#take(beginGroup({ id, group: "stage", revision: id, digest: "", members }, this.#now()));
    });
  }

  #trouble(): void {
    this.#world.in(this.#world.between(500, 12_000), () => {
      if (this.#world.isHealed) return;
      if (this.#world.chance(0.1)) {
        this.set += this.#world.chance(0.5) ? this.#world.between(-50, 50) : this.#world.between(-3000, 3000);
        this.#setAt = this.#world.now;
      } else this.#kill();
      this.#trouble();
    });
  }

  #kill(): void {
    if (!this.#isAlive) return;
    if (this.group !== undefined) this.#world.seen.add("hub-killed-in-round");
    this.#life += 1;
    this.#isAlive = false;
    this.group = undefined;
    this.#world.in(this.#world.between(50, 4000), () => {
      this.#isAlive = true;
      this.disk.busyUntil = 0;
      if (this.disk.kept === undefined) this.#next();
      else this.#take(resumeGroup(this.disk.kept, this.#now()));
      for (const member of this.#world.members) member.connected();
    });
  }

  #step(event: GroupEvent): void {
    if (this.group !== undefined) this.#take(stepGroup(this.group, event));
  }

  #take({ state, effects }: GroupStep): void {
    const life = this.#life;
    this.group = state;
    for (const effect of effects) {
      switch (effect.kind) {
        case "write":
          this.#write(
            { kept: effect.kept, lastId: Math.max(this.disk.lastId, effect.kept.round.id) },
            (isWritten) => this.#step({ kind: isWritten ? "written" : "not-written", now: this.#now() }),
          );
          break;
        case "say": {
          const member = this.#world.members.find(({ name }) => name === effect.node);
          if (member !== undefined) this.#world.send(member, () => member.hear(effect.word));
          break;
        }
        case "decided":
          this.#world.seen.add(effect.outcome);
          if (this.#world.isHealed && effect.outcome === "commit") this.#isDone = true;
          break;
        case "over":
          this.group = undefined;
          this.#write({ kept: undefined, left: leftAfter(this.disk.left, state.kept) }, () => this.#next());
          break;
      }
    }
    const due = this.group === undefined ? undefined : groupDueAt(this.group);
    if (due === undefined) return;
    this.#world.in(Math.max(due - this.#now().at, 0), () => {
      const isDue = this.group !== undefined && (groupDueAt(this.group) ?? Infinity) <= this.#now().at;
      if (life === this.#life && this.#isAlive && isDue) this.#step({ kind: "tick", now: this.#now() });
    });
  }

  #write(part: Partial<HubDisk>, done: (isWritten: boolean) => void): void {
    const life = this.#life;
    const store = () => void Object.assign(this.disk, part);
    this.#world.write(this.disk, () => life === this.#life, store, done);
  }

  #now() {
    return { at: instant(this.#world.now), wall: micros((noon + this.#world.now + this.set) * 1000) };
  }
}
