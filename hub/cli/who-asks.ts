/** Who sits at this command line, as owners and stops show it. */
import { randomBytes } from "node:crypto";
import { hostname, userInfo } from "node:os";
import { byLengthMax } from "@interactor/shared/wire/limits";

/** The end tells two commands of one person apart, so what is cut of a long name stands before it. */
export function whoAsks(): string {
  const end = `#${randomBytes(2).toString("hex")}`;
  return `${`cli:${userName()}@${hostname()}`.slice(0, byLengthMax - end.length)}${end}`;
}

/** A user that the system does not know by name is its number. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "somebody");
  }
}
