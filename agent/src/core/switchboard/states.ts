/**
 * Inputs that are a state and no actuator, such as a blackout, a master or a scene: they declare what they are at rest.
 * Nobody's word is stronger than another's there. The last one counts, and beneath what a person said lies what a route did,
 * so that it comes back when the person lets go. At rest such an input is nobody's.
 */
import type { Micros } from "@interactor/shared/kernel/units";
import type { DeclaredPorts } from "@interactor/shared/bundle/manifest";
import { type InputSpec, restOf } from "@interactor/shared/wire/messages/port";
import type { PortAddress } from "@interactor/shared/wire/names";
import type { Value } from "@interactor/shared/wire/value";
import { isSameValue, portNames } from "./input-values.ts";
import type { Claim, OwnershipStack } from "./ownership.ts";

/** What somebody says of a state: a person, a route, or its module, which has it from an earlier life. */
export type SpeakerKind = "manual" | "route" | "background";

const speakers = ["manual", "route", "background"] as const satisfies readonly SpeakerKind[];

/** The input is now as `kind` says, until anybody says otherwise. */
export function setState(
  stack: OwnershipStack,
  { kind, claim, rest }: { readonly kind: SpeakerKind; readonly claim: Claim; readonly rest: Value },
  at: Micros,
): void {
  stack.claim(kind, claim, at);
  for (const other of speakers) {
    // What a person has said a route may overtake. What a route says is still so when the person lets go.
    if (other !== kind && (other !== "route" || kind === "background")) stack.release(other, at);
  }
  const isAtRest = speakers.every((each) => isSameValue(stack.claimOf(each)?.value ?? rest, rest));
  if (isAtRest) for (const each of speakers) stack.release(each, at);
}

/** The states among the inputs of an instance, at their rest. */
export function statesAtRest(
  instance: string,
  { inputs }: DeclaredPorts,
): readonly (readonly [address: PortAddress, rest: Value])[] {
  return Object.entries(inputs).flatMap(([port, spec]: readonly [string, InputSpec]) => {
    const rest = restOf(spec);
    if (rest === undefined) return [];
    return portNames(port, spec).map((each) => [{ instance, port: each }, rest] as const);
  });
}

/** What each route said last of a state. Said again it changes nothing, whatever a person did meanwhile. */
export class Said {
  /** By input, `instance/input`, and route. */
  readonly #said = new Map<string, Map<string, Value>>();

  /** Whether that is news. */
  says(input: string, route: string, value: Value): boolean {
    const said = this.#said.get(input) ?? new Map<string, Value>();
    const before = said.get(route);
    if (before !== undefined && isSameValue(before, value)) return false;
    this.#said.set(input, said.set(route, value));
    return true;
  }

  lets(input: string, route: string): void {
    this.#said.get(input)?.delete(route);
  }

  forget(input: string): void {
    this.#said.delete(input);
  }

  /** Routes that have said something, by input. */
  *routes(): Iterable<readonly [input: string, route: string]> {
    for (const [input, said] of this.#said) for (const route of said.keys()) yield [input, route];
  }
}
