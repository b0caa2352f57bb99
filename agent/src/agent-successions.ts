/**
 * One version of an instance takes over from another while both run. The new one is brought up beside the old one, with
 * a copy of what that keeps, and tested; nothing of it is heard. Then, at one moment:
 *
 *   inputs are held → the old one finishes what it was told → what it keeps goes over → the new one is heard, and gets
 *   what was held → the old one is stopped
 *
 * What the old one keeps is whole only when it has stopped, so where it keeps something it is stopped before the new one
 * has it; and where it wrote meanwhile the new one begins once more, with that. Whatever fails on the way, the old one goes
 * on with what was held.
 */
import type { Clock } from "@interactor/shared/kernel/clock";
import { messageOf } from "@interactor/shared/kernel/fault";
import { type Millis, seconds } from "@interactor/shared/kernel/units";
import type { Applied } from "@interactor/shared/sdk/context";
import { isSame } from "@interactor/shared/wire/value";
import type { GuestKeeper } from "./agent-guest.ts";
import type { GuestKeeping } from "./agent-guest-world.ts";
import { InstanceStorage, keptBy } from "./agent-storage.ts";
import { HeldInputs, type PlacedRun, Successor } from "./agent-successor.ts";
import type { Log } from "./ports/log.ts";
import type { InstanceSpec, ModuleHostEvents, Succession, Verdict } from "./ports/module-host.ts";
import type { ModuleServices, Stored } from "./ports/module-services.ts";

export interface SuccessionParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly services: ModuleServices;
  readonly events: ModuleHostEvents;
  readonly measured?: GuestKeeping["measured"];
  /** The run of an instance that is heard. */
  readonly serving: (instance: string) => PlacedRun | undefined;
  /** This one is heard from now on. */
  readonly serves: (run: PlacedRun) => void;
  /** The guest for one beside it, or why there can be none. */
  readonly guestBeside: (instance: InstanceSpec) => GuestKeeper | string;
  /** A name that none of its runs has had. */
  readonly nextRun: (instance: string) => string;
  /** Whatever nobody needs there ends. */
  readonly leave: (guest: GuestKeeper) => Promise<void>;
}

/** Code is loaded, what is kept is brought over, and it starts. Longer: it does not. */
const riseMax = seconds(30);
/** The same while inputs are held, of what has done all of it once already. Longer: the old one goes on. */
const riseAgainMax = seconds(2);

/** What it keeps is on disk. Longer: it will be. */
const keepMax = seconds(1);

interface Beside {
  readonly successor: Successor;
  /** What the old one kept when this one began. */
  readonly copied: Stored;
}

export class AgentSuccessions implements Succession {
  readonly #parts: SuccessionParts;
  /** By instance. */
  readonly #beside = new Map<string, Beside>();
  readonly #held = new Map<string, HeldInputs>();

  constructor(parts: SuccessionParts) {
    this.#parts = parts;
  }

  /** What is brought up under this name; `undefined`: nothing. */
  rising(run: string): Successor | undefined {
    return [...this.#beside.values()].find(({ successor }) => successor.placed.run === run)?.successor;
  }

  /** Returns whether an input's change waits here. */
  holds(instance: string, input: string, applied: Applied | undefined): boolean {
    const held = this.#held.get(instance);
    held?.take([instance, input, applied]);
    return held !== undefined;
  }

  has(instance: string): boolean {
    return this.#parts.serving(instance) !== undefined;
  }

  async start(spec: InstanceSpec): Promise<Verdict> {
    const { serving, guestBeside } = this.#parts;
    await this.end(spec.name);
    const old = serving(spec.name);
    if (old === undefined) return "it does not run";
    const guest = guestBeside(spec);
    if (typeof guest === "string") return guest;
    let verdict: Verdict;
    try {
      verdict = await this.#rise(spec, guest, await old.storage.all(), riseMax);
      verdict ??= await this.#selfTest(spec.name);
    } catch (error) {
      verdict = messageOf(error);
    }
    if (verdict !== undefined) await this.end(spec.name);
    // Nothing may have been started in it.
    await this.#parts.leave(guest);
    return verdict;
  }

  async end(instance: string): Promise<void> {
    const beside = this.#beside.get(instance);
    if (beside === undefined) return;
    this.#beside.delete(instance);
    await this.#stop(beside.successor.placed, this.#parts.serving(instance)?.spec);
  }

  async takeOver(instance: string): Promise<Verdict> {
    const old = this.#parts.serving(instance);
    if (old === undefined || !this.#beside.has(instance)) return "nothing was started beside it";
    const held = new HeldInputs();
    this.#held.set(instance, held);
    // What its inputs hold is told to nobody but whoever takes over.
    this.#parts.events.started(instance);
    held.open(old.guest.takeHeld(old.run));
    const verdict = await this.#change(old).catch(messageOf);
    const successor = this.#beside.get(instance)?.successor;
    if (verdict === undefined && successor !== undefined) {
      this.#heard(successor, held);
      await this.#stop(old, successor.placed.spec);
      return undefined;
    }
    await this.end(instance);
    await this.#goOn(old, held);
    return verdict ?? ended;
  }

  /** Nothing is waited for any more. */
  over(): void {
    for (const { successor } of this.#beside.values()) successor.end();
  }

  async #rise(spec: InstanceSpec, guest: GuestKeeper, copied: Stored, longest: Millis): Promise<Verdict> {
    const { clock, nextRun, services } = this.#parts;
    const version = spec.isBack === true ? spec.version : undefined;
    const kept = await keptBy(version, spec.name, copied, services);
    const storage = new InstanceStorage(spec, services, kept);
    const successor = new Successor({ run: nextRun(spec.name), spec, storage, guest });
    this.#beside.set(spec.name, { successor, copied });
    guest.start(successor.placed);
    return successor.up(clock, longest);
  }

  async #selfTest(instance: string): Promise<Verdict> {
    const placed = this.#beside.get(instance)?.successor.placed;
    return placed === undefined ? ended : placed.guest.selfTest(placed.run);
  }

  /** Until the one beside it may be heard. */
  async #change(old: PlacedRun): Promise<Verdict> {
    const { name } = old.spec;
    const unfinished = await old.guest.finish(old.run);
    if (unfinished !== undefined) {
      const words = `${name} had not finished when another took over from it: ${unfinished}`;
      this.#parts.log.warn(words, { instance: name });
    }
    const before = this.#beside.get(name)?.successor.problem;
    if (before !== undefined) return before;
    if (old.storage.isUsed) await old.guest.stop(old.run, this.#beside.get(name)?.successor.placed.spec);
    const stored = await old.storage.seal();
    const beside = this.#beside.get(name);
    if (beside === undefined) return ended;
    if (!isSame(beside.copied, stored)) {
      const { spec, guest, run } = beside.successor.placed;
      await guest.stop(run, spec);
      const again = await this.#rise(spec, guest, stored, riseAgainMax);
      if (again !== undefined) return again;
    }
    const successor = this.#beside.get(name)?.successor;
    if (successor !== undefined) await this.#keep(successor.placed, stored);
    return successor === undefined ? ended : successor.problem;
  }

  /**
   * A disk that refuses keeps it from taking over. What has to wait for its turn to be written is on its way, and found
   * by whoever asks for it.
   */
  async #keep({ spec: { name }, storage }: PlacedRun, before: Stored): Promise<void> {
    const { clock, log } = this.#parts;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(keepMax, resolve);
    const keeping = storage.keep(before);
    keeping.catch((error: unknown) =>
      log.error(`${name}: what it keeps did not go over: ${messageOf(error)}`, { instance: name }),
    );
    await Promise.race([keeping, late]);
    cancel();
  }

  #heard(successor: Successor, held: HeldInputs): void {
    const { events, log, measured, serves } = this.#parts;
    const { placed, risen } = successor;
    const { name } = placed.spec;
    this.#beside.delete(name);
    serves(placed);
    if (successor.metrics !== undefined) measured?.(name, successor.metrics);
    if (risen !== undefined) {
      events.tookOver?.(placed.spec);
      events.declared(name, risen.ports, risen.code);
      events.stateChanged(name, risen.report);
      for (const output of risen.latest) events.output(output);
      const { module, version } = risen.code;
      log.info(`instance ${name}: ${module} ${version} took over`, { instance: name, module, version });
    }
    // What it has declared may have moved inputs that it alone has: they come after what was held.
    this.#held.delete(name);
    for (const [, input, applied] of risen === undefined ? [] : held.all(risen.ports))
      placed.guest.apply(placed.run, input, applied);
    if (held.evicted > 0) log.warn(`${held.evicted} messages for ${name} were too many while it changed`);
  }

  /** It serves as before. Where it had to be stopped it begins once more. */
  async #goOn(old: PlacedRun, held: HeldInputs): Promise<void> {
    const { clock, events, nextRun } = this.#parts;
    const { name } = old.spec;
    old.storage.unseal();
    if (old.guest.runs.some(({ run }) => run === old.run)) {
      this.#held.delete(name);
      for (const [, input, applied] of held.news) old.guest.apply(old.run, input, applied);
      return;
    }
    const successor = new Successor({ ...old, run: nextRun(name) });
    this.#beside.set(name, { successor, copied: {} });
    old.guest.start(successor.placed);
    const verdict = await successor.up(clock, riseMax);
    this.#heard(successor, held);
    if (verdict !== undefined) events.stateChanged(name, { state: "failed", reason: verdict });
  }

  /** `next`: what serves by its name afterwards. */
  async #stop({ guest, run }: PlacedRun, next: InstanceSpec | undefined): Promise<void> {
    await guest.stop(run, next);
    await this.#parts.leave(guest);
  }
}

const ended = "it was ended";
