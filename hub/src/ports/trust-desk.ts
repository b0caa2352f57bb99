/** What whoever speaks to the hub may ask and bring in matters of trust. Bytes come as they are; nothing of them is believed. */
import type { TrustStanding } from "@interactor/shared/bundle/trust-api";

export interface TrustDesk {
  standing(): TrustStanding;
  /** The newest document of a role: `root`, `targets`, or a publisher's; `3.root`: that root. */
  document(role: string): Promise<Uint8Array | undefined>;
  /** The key that the hub will sign with when a root names it. */
  nextOnlineKey(): Promise<TrustStanding["online"]>;
  /** Each throws a Fault with the code of its refusal. `by`: who brings it, in words. */
  putRoot(
    by: string,
    document: Uint8Array,
    targets?: Uint8Array,
    before?: readonly Uint8Array[],
  ): Promise<void>;
  putTargets(by: string, document: Uint8Array): Promise<void>;
  publish(by: string, word: BroughtWord): Promise<void>;
  /** Returns the path under which it can be installed. */
  publishDevelopment(by: string, manifest: unknown, bundle: Uint8Array): Promise<string>;
}

export interface BroughtWord {
  readonly publisher: string;
  readonly document: Uint8Array;
  readonly files: ReadonlyMap<string, Uint8Array>;
}
