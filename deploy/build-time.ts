// When what is built was written, the same for everybody who builds it: no clock is asked, and no file's time, which is
// that of whichever machine copied it.

import { execFileSync } from "node:child_process";

import { root } from "./layout.ts";

/** In milliseconds since 1970: SOURCE_DATE_EPOCH, else that of the last commit; 0 where nobody knows. */
export function buildTime(given = process.env["SOURCE_DATE_EPOCH"]): number {
  if (given !== undefined && given !== "") {
    if (!/^\d{1,11}$/.test(given)) throw new Error(`SOURCE_DATE_EPOCH is no number of seconds: ${given}`);
    return Number(given) * 1000;
  }
  try {
    const text = execFileSync("git", ["log", "-1", "--format=%ct"], { cwd: root, stdio: "pipe" });
    return Number(text) * 1000;
  } catch {
    // From an archive, without its history.
    return 0;
  }
}
