/** A guest that hangs, between its death and its end: it is found out where, unless somebody wants it gone at once. */
import type { GuestEnd, GuestLine } from "./ports/guest-line.ts";

/** `ended` hears of it with all that is known, as soon as it was told to end: now, or later if it is returned. */
export function endCrashed(
  line: GuestLine | undefined,
  end: GuestEnd,
  ended: (end: GuestEnd) => void,
): HangingGuest | undefined {
  const known = { ...line?.usage, ...end };
  if (end.cause === "hang" && line?.hangsAt !== undefined)
    return new HangingGuest(line, (stack) => ended({ ...known, stack }));
  void line?.end();
  ended(known);
  return undefined;
}

export class HangingGuest implements AsyncDisposable {
  readonly #hurried = Promise.withResolvers<string>();
  readonly #gone: Promise<void>;

  /** `ended`: it was told to end, so that another one may take its place. `stack`: where it was, as far as it said. */
  constructor(line: GuestLine, ended: (stack: string) => void) {
    this.#gone = this.#end(line, ended);
  }

  /** At once, and until it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#hurried.resolve("");
    await this.#gone;
  }

  async #end(line: GuestLine, ended: (stack: string) => void): Promise<void> {
    const stack = await Promise.race([this.#hurried.promise, placeOf(line)]);
    const gone = line.end();
    ended(stack);
    await gone;
  }
}

async function placeOf(line: GuestLine): Promise<string> {
  try {
    return (await line.hangsAt?.()) ?? "";
  } catch {
    return "";
  }
}
