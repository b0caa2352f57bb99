/**
 * What the plan of a node says of its inputs, beside what their modules declare. A counted input stands there by its name
 * without a number, and those of it that differ stand beside it: `dmx/ch` for all, `dmx/ch7` for one.
 */
import { type DeclaredPorts, stopValue } from "@interactor/shared/bundle/manifest";
import type { InputSpec } from "@interactor/shared/wire/messages/port";
import type { Plan } from "@interactor/shared/wire/messages/plan";
import { portAddress, type PortAddress } from "@interactor/shared/wire/names";
import type { Value } from "@interactor/shared/wire/value";
import { fitted, portNames } from "./input-values.ts";

type PlannedInput = Plan["inputs"][string];

export class PlannedInputs {
  readonly #inputs: Plan["inputs"];

  constructor(inputs: Plan["inputs"]) {
    this.#inputs = inputs;
  }

  get hasBackgrounds(): boolean {
    return Object.values(this.#inputs).some(({ background }) => background !== undefined);
  }

  /** What lies at the bottom of each actuator input of an instance; `undefined`: nothing. */
  *backgrounds(
    instance: string,
    { inputs }: DeclaredPorts,
  ): Iterable<readonly [address: PortAddress, value: Value | undefined]> {
    for (const [port, spec] of Object.entries(inputs)) {
      if (spec.actuator !== true) continue;
      for (const each of portNames(port, spec)) {
        const address = { instance, port: each };
        const level = this.#said(address, spec, "background");
        yield [address, level === undefined ? undefined : fitted(level, spec)];
      }
    }
  }

  failsafe(address: PortAddress, spec: InputSpec): PlannedInput["failsafe"] {
    return this.#said(address, spec, "failsafe");
  }

  /** What the input goes to in a show stop: the plan's word, else the module's. */
  stopValue(address: PortAddress, spec: InputSpec): boolean | number | string | null {
    const stop = this.#said(address, spec, "stop");
    return stopValue(stop === undefined ? spec : { ...spec, stop });
  }

  /** Field by field: one that differs in its stop value alone has the failsafe of all. */
  #said<Field extends keyof PlannedInput>(
    address: PortAddress,
    { count }: InputSpec,
    field: Field,
  ): PlannedInput[Field] {
    const said = this.#at(address)?.[field];
    if (said !== undefined || count === undefined) return said;
    return this.#at({ ...address, port: address.port.replace(/\d+$/, "") })?.[field];
  }

  #at(address: PortAddress): PlannedInput | undefined {
    const key = portAddress(address);
    return Object.hasOwn(this.#inputs, key) ? this.#inputs[key] : undefined;
  }
}
