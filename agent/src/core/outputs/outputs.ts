/**
 * What this node's instances declare and give. Keeps the latest value of every output that says how something is for
 * those who come late: a route put in place, an instance started again, a hub that knows nothing yet.
 */
import type { Instant } from "@interactor/shared/kernel/units";
import type { Sample } from "@interactor/shared/routing/run-route";
import { findPort } from "@interactor/shared/wire/messages/port";
import type { InstanceDeclaration } from "@interactor/shared/wire/messages/state";
import { parsePortAddress, type PortAddress, portAddress } from "@interactor/shared/wire/names";
import type { Value } from "@interactor/shared/wire/value";
import type { Outbox } from "../outbox/outbox.ts";
import type { Now, Switchboard } from "../switchboard/switchboard.ts";

export interface OutputValue extends Omit<Sample, "unit"> {
  /** Stamped before the node knew the hub's clock. */
  readonly isUnsynchronised: boolean;
}

/**
 * How far a stamp may lie ahead of the node's clock, in µs: by what a clock is set back between the stamping and now. From
 * a module that stamps in another unit it is years. More: refuse.
 */
const stampAheadMax = 24 * 3600 * 1e6;

type Latest = Sample & Pick<OutputValue, "isUnsynchronised">;

export class Outputs {
  readonly #switchboard: Switchboard;
  readonly #outbox: Outbox;
  readonly #declared = new Map<string, InstanceDeclaration>();
  readonly #latest = new Map<string, Latest>();

  constructor(switchboard: Switchboard, outbox: Outbox) {
    this.#switchboard = switchboard;
    this.#outbox = outbox;
  }

  /** By instance. */
  get declared(): ReadonlyMap<string, InstanceDeclaration> {
    return this.#declared;
  }

  /** By `instance/output`. */
  get latest(): ReadonlyMap<string, Sample> {
    return this.#latest;
  }

  /** An instance says what it takes and gives. Returns whether that is news. */
  declare(instance: string, declaration: InstanceDeclaration, now: Now): boolean {
    const isNew = JSON.stringify(this.#declared.get(instance)) !== JSON.stringify(declaration);
    this.#declared.set(instance, declaration);
    if (isNew) this.#forgetOutputs(instance, ({ port }) => findPort(declaration.outputs, port) === undefined);
    this.#switchboard.declare(instance, declaration, now);
    if (isNew) this.#switchboard.catchUp(instance, this.#latest, now);
    return isNew;
  }

  /** An instance is here no more: nor is what it said last. */
  remove(instance: string): void {
    this.#declared.delete(instance);
    this.#forgetOutputs(instance, () => true);
    this.#switchboard.remove(instance);
  }

  /** A value of an output: to the routes placed here, and on its way to the hub. Or what a state is, as its module knows. */
  take(address: PortAddress, { value, at, quality, isUnsynchronised }: OutputValue, now: Now): void {
    const spec = findPort(this.#declared.get(address.instance)?.outputs ?? {}, address.port);
    if (spec === undefined) return this.#switchboard.found(address, value, now);
    const deliver = spec.deliver ?? "latest";
    const isUrgent = spec.urgent === true;
    if (!isUnsynchronised && at - now.wall > stampAheadMax)
      return this.#outbox.wrongTime({ deliver, isUrgent });
    const from = portAddress(address);
    const isAgain = spec.level === true && this.#isNoEdge(from, value);
    const isNews = deliver !== "latest";
    const sample = { value, at, quality, unit: spec.unit ?? "", isNews, isUnsynchronised };
    // What happened once, such as a cue, must not happen again because somebody comes late.
    if (deliver === "latest" || spec.level === true) this.#latest.set(from, sample);
    this.#switchboard.fromOutput(address, isAgain ? { ...sample, isAgain } : sample, now);
    const reading = { from, value, at, quality, isUnsynchronised };
    // From the disk it would be past, and no route would hear how it is.
    const isTold = isAgain && deliver === "durable";
    const way = isTold ? ({ deliver: "latest" } as const) : { deliver, isUrgent };
    this.#outbox.reading({ ...reading, ...way, isHistorical: isAgain }, now.instant);
    return undefined;
  }

  /** A hub that may know nothing gets the latest of everything. */
  sayAgain(at: Instant): void {
    for (const [from, { value, at: takenAt, quality, isUnsynchronised }] of this.#latest) {
      const again = { deliver: "latest", isHistorical: true, isUnsynchronised } as const;
      this.#outbox.reading({ from, value, at: takenAt, quality, ...again }, at);
    }
  }

  /** A contact that is as it was, or is heard of for the first time, says how it is: nobody has pressed it. */
  #isNoEdge(from: string, value: Value): boolean {
    const before = this.#latest.get(from);
    return typeof value === "boolean" && (before === undefined || before.value === value);
  }

  /** What it said last of outputs that it has no longer. */
  #forgetOutputs(instance: string, isGone: (address: PortAddress) => boolean): void {
    for (const from of this.#latest.keys()) {
      const address = parsePortAddress(from);
      if (address.ok && address.value.instance === instance && isGone(address.value))
        this.#latest.delete(from);
    }
  }
}
