/**
 * What is seen of the instances of a node, for a probation: it begins when a change is done, and what an instance said
 * while the change went on counts too.
 */
import type { Instant } from "@interactor/shared/kernel/units";
import type { InstanceReport } from "@interactor/shared/wire/messages/reported";
import type { Probation, RunningCode } from "./probation.ts";

interface Sighting {
  code?: RunningCode;
  report?: InstanceReport;
  beatAt?: Instant;
}

export class Sightings {
  readonly #seen = new Map<string, Sighting>();
  /** What is watched now, and who is told that something was seen. */
  #watching: { readonly probation: Probation; readonly look: () => void } | undefined;

  /** Instances that do what they are for, or wait for their device. */
  get well(): ReadonlySet<string> {
    const isWell = ({ report }: Sighting): boolean =>
      report?.state === "running" || report?.state === "waiting";
    return new Set([...this.#seen].filter(([, sighting]) => isWell(sighting)).map(([name]) => name));
  }

  /** It begins anew, under another life. */
  forget(instance: string): void {
    this.#seen.delete(instance);
  }

  loaded(instance: string, code: RunningCode): void {
    this.#of(instance).code = code;
    this.#watching?.probation.loaded(instance, code);
    this.#watching?.look();
  }

  stateChanged(instance: string, report: InstanceReport): void {
    this.#of(instance).report = report;
    this.#watching?.probation.stateChanged(instance, report);
    this.#watching?.look();
  }

  /** A sign of life. Nobody is told at once: there are many. */
  beat(instance: string, at: Instant): void {
    this.#of(instance).beatAt = at;
    this.#watching?.probation.beat(instance, at);
  }

  /** The probation is told what was seen last, and from now on what is seen. */
  watch(probation: Probation, look: () => void): void {
    for (const [instance, { code, report, beatAt }] of this.#seen) {
      if (code !== undefined) probation.loaded(instance, code);
      if (report !== undefined) probation.stateChanged(instance, report);
      if (beatAt !== undefined) probation.beat(instance, beatAt);
    }
    this.#watching = { probation, look };
  }

  unwatch(): void {
    this.#watching = undefined;
  }

  #of(instance: string): Sighting {
    const known = this.#seen.get(instance);
    if (known !== undefined) return known;
    const sighting: Sighting = {};
    this.#seen.set(instance, sighting);
    return sighting;
  }
}
