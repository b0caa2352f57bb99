/** Builders for tests of the dashboard: they name only what matters. */
import { invariant } from "@interactor/shared/kernel/assert";
import type { Birth, InstanceDeclaration } from "@interactor/shared/wire/messages/state";
import { type Session, sessionOf } from "@interactor/shared/wire/session";

export function sessionNumber(byte: number): Session {
  const made = sessionOf(new Uint8Array(8).fill(byte));
  invariant(made !== undefined, "8 bytes are a session");
  return made;
}

export function birthWith(instances: Readonly<Record<string, InstanceDeclaration>>): Birth {
  return {
    v: 1,
    kind: "birth",
    session: sessionNumber(1),
    connection: 1,
    unit: "pi-4-000001",
    agentVersion: "0.1.0",
    at: 1_000_000,
    instances,
  };
}
