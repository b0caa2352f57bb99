/** Why a command has nobody to go to. */
import type { Command } from "@interactor/shared/wire/messages/command";
import { findPort } from "@interactor/shared/wire/messages/port";
import type { SiteAddress } from "@interactor/shared/wire/names";
import type { PresenceState } from "../presence/presence.ts";

/** `undefined`: it may go. */
export function whyNot(
  address: SiteAddress,
  command: Command,
  presence: PresenceState,
): "unknown-input" | "expired" | undefined {
  const instances = presence.get(address.node)?.birth.instances ?? {};
  const instance = Object.hasOwn(instances, address.instance) ? instances[address.instance] : undefined;
  if (instance === undefined || findPort(instance.inputs, address.port) === undefined) return "unknown-input";
  return command.ttl === 0 ? "expired" : undefined;
}
