/** How far a revision's files are on their way, in the six words that device management has for it everywhere. */
import { unreachable } from "@interactor/shared/kernel/assert";
import type { ApplyPhase, TransferState } from "@interactor/shared/wire/messages/reported";

/** `undefined`: there is nothing on its way. */
export function transferState(phase: ApplyPhase): TransferState | undefined {
  switch (phase) {
    case "idle":
      return undefined;
    case "fetching":
      return "downloading";
    case "verifying":
      return "downloaded";
    case "held":
    case "preparing":
      return "verified";
    case "applying":
    case "probing":
      return "updating";
    case "applied":
      return "updated";
    case "rejected":
    case "going-back":
    case "rolled-back":
      return "failed";
    default:
      return unreachable(phase);
  }
}
