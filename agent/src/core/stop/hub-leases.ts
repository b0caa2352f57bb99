/**
 * Leases on the hub's life: inputs that shall not go on when the hub is not heard for so long. Off unless an input
 * has one, because routes on a node run without the hub.
 */
import type { DeclaredPorts } from "@interactor/shared/bundle/manifest";
import { earliest, type Instant, later, type Millis } from "@interactor/shared/kernel/units";
import { findPort } from "@interactor/shared/wire/messages/port";
import { type PortAddress, portAddress } from "@interactor/shared/wire/names";
import type { Now } from "../switchboard/switchboard.ts";

export interface LeaseSink {
  /** The input goes to its stop value and stays there. */
  lapse(address: PortAddress, by: string, now: Now): void;
  renew(address: PortAddress, now: Now): void;
}

/** An instance, and how long its inputs go on when the hub is not heard. */
export interface Leased {
  readonly name: string;
  readonly leases?: Readonly<Record<string, Millis>>;
}

interface Lease {
  readonly address: PortAddress;
  readonly span: Millis;
  isLapsed: boolean;
}

export class HubLeases {
  readonly #sink: LeaseSink;
  #leases: readonly Lease[];
  #heardAt: Instant;

  /** A node that starts gives the hub as long as one that has just heard it. */
  constructor(instances: readonly Leased[], sink: LeaseSink, startedAt: Instant) {
    this.#sink = sink;
    this.#heardAt = startedAt;
    this.#leases = leasesOf(instances);
  }

  /** Other instances, or other leases of them. What has lapsed and has none any more goes on. */
  renewed(instances: readonly Leased[], now: Now): void {
    const lapsed = new Set(this.#leases.filter(({ isLapsed }) => isLapsed).map(keyOf));
    const before = this.#leases;
    this.#leases = leasesOf(instances).map((lease) => ({ ...lease, isLapsed: lapsed.has(keyOf(lease)) }));
    const kept = new Set(this.#leases.map(keyOf));
    for (const lease of before)
      if (lease.isLapsed && !kept.has(keyOf(lease))) this.#sink.renew(lease.address, now);
  }

  /** Inputs of the instance that have a lease and are no actuators: nothing would come of it. */
  misplaced(instance: string, { inputs }: DeclaredPorts): readonly string[] {
    const ports = this.#leases.filter(({ address }) => address.instance === instance);
    return ports
      .map(({ address }) => address.port)
      .filter((port) => findPort(inputs, port)?.actuator !== true);
  }

  /** Something came from the hub. */
  heard(now: Now): void {
    this.#heardAt = now.instant;
    for (const lease of this.#leases) {
      if (!lease.isLapsed) continue;
      lease.isLapsed = false;
      this.#sink.renew(lease.address, now);
    }
  }

  /** Lets leases lapse that have run out. Returns when the next one does. */
  tick(now: Now): Instant | undefined {
    let next: Instant | undefined;
    for (const lease of this.#leases) {
      if (lease.isLapsed) continue;
      const due = later(this.#heardAt, lease.span);
      if (due > now.instant) {
        next = earliest(next, due);
        continue;
      }
      lease.isLapsed = true;
      this.#sink.lapse(lease.address, `lease: the hub was not heard for ${lease.span / 1000} s`, now);
    }
    return next;
  }
}

const leasesOf = (instances: readonly Leased[]): readonly Lease[] =>
  instances.flatMap(({ name, leases = {} }) =>
    Object.entries(leases).map(([port, span]) => ({
      address: { instance: name, port },
      span,
      isLapsed: false,
    })),
  );

/** With its span: a longer one has not run out. */
const keyOf = ({ address, span }: Lease): string => `${portAddress(address)} ${span}`;
