/** The keys that lie on the hub. What they may sign is all that a thief of the hub can sign. */
import type { SigningKey } from "./signing-key.ts";

export interface Signer {
  /** Signs what belongs together, that it is still so, and what each node shall run. Made on the first start. */
  readonly online: SigningKey;
  /** The next one, until a root names it: `rotate online` asks for it. Stays the same until `useNext`. */
  next(): Promise<SigningKey>;
  /** From now on `online` is what `next` was. */
  useNext(): Promise<void>;
  /** A key for trying things out, made when it is asked for first. It signs everything, so it must never be more. */
  development(): Promise<SigningKey>;
  /** Removes it: nobody who gets at the hub later finds it. Whether there was one. */
  endDevelopment(): Promise<boolean>;
}
