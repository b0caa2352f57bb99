/** Who sits at this command line, as owners and stops show it. */
import { randomBytes } from "node:crypto";
import { hostname, userInfo } from "node:os";

/** The end tells two commands of one person apart. */
export const whoAsks = (): string => `cli:${userName()}@${hostname()}#${randomBytes(2).toString("hex")}`;

/** A user that the system does not know by name is its number. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "somebody");
  }
}
