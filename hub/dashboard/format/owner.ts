/** Who owns an input, in one line. */
import type { OwnerReport } from "@interactor/shared/wire/messages/owners";
import { remainingText } from "./age.ts";

/** `now` in ms of the site's clock. */
export function ownerText(owner: OwnerReport | undefined, now: number): string {
  if (owner === undefined) return "no owner";
  const who = owner.by === "" ? owner.kind : `${owner.kind} · ${owner.by}`;
  if (owner.until === undefined) return who;
  const left = owner.until / 1000 - now;
  return left > 0 ? `${who} · ${remainingText(left)} left` : `${who} · ending`;
}
