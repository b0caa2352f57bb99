/** What the hub signs itself: what belongs together, that it is still so, and what each node shall run. */
import type { Metadata, TargetFile, Targets } from "@tufjs/models";
import {
  assignRole,
  delegatedBy,
  filesTargets,
  isSigned,
  readTargets,
  signed,
  signersOf,
  snapshotOf,
  spans,
  timestampOf,
} from "../../../signing/documents.ts";
import type { Signer } from "../../../signing/signer.ts";
import { checkLength } from "./checks.ts";
import type { KeptDocuments } from "./kept-documents.ts";
import type { TrustFiles } from "./trust-files.ts";

export interface VouchingOptions {
  readonly kept: KeptDocuments;
  readonly files: TrustFiles;
  readonly signer: Signer;
  /** In milliseconds since 1970. */
  readonly now: () => number;
}

/** What expires within this is signed anew: a hub that is off over a weekend comes back to nodes that believe it. */
const renewBefore = { assign: 60, snapshot: 20, timestamp: 6 } as const;
const day = 24 * 3600 * 1000;

export class Vouching {
  readonly #options: VouchingOptions;

  constructor(options: VouchingOptions) {
    this.#options = options;
  }

  async putWord(name: string, bytes: Uint8Array): Promise<void> {
    const { files, kept } = this.#options;
    checkLength("targets", name, bytes);
    const document = readTargets(bytes);
    await files.write("metadata", `${document.signed.version}.${encodeURIComponent(name)}.json`, bytes);
    kept.words.set(name, { document, bytes });
  }

  async signAssignments(files: Readonly<Record<string, TargetFile>>): Promise<void> {
    const { signer, now, kept } = this.#options;
    const last = kept.words.get(assignRole)?.document.signed.version ?? 0;
    const vouched = kept.vouched.get(`${assignRole}.json`)?.version ?? 0;
    const version = this.#number(Math.max(last, vouched));
    await this.putWord(assignRole, signed(filesTargets({ version, files, now: now() }), [signer.online]));
  }

  /** Signs what belongs together now, and that it is so. */
  async vouch(): Promise<void> {
    const { signer, now, kept, files } = this.#options;
    // What is signed with a key that no root names, nobody would believe: what is there is good until it expires.
    if (kept.targets === undefined || !this.#isNamed()) return;
    if (this.#isAssignDue(kept.targets.document))
      await this.signAssignments(kept.words.get(assignRole)?.document.signed.targets ?? {});
    const at = now();
    const parts = kept.parts();
    const version = this.#number(kept.snapshot.version);
    const snapshot = signed(snapshotOf(version, parts, at), [signer.online]);
    await files.write("metadata", `${version}.snapshot.json`, snapshot);
    kept.snapshot = { version, until: at + spans.snapshot };
    kept.vouched = new Map(parts);
    const last = this.#number(kept.timestamp.version);
    const timestamp = timestampOf(last, { version, bytes: snapshot }, at);
    await files.write("metadata", "timestamp.json", signed(timestamp, [signer.online]));
    kept.timestamp = { version: last, until: at + spans.timestamp };
    await files.evict();
  }

  /** What is good for longer than it may be was signed by a clock that was ahead. */
  isDue(role: "snapshot" | "timestamp"): boolean {
    const left = this.#options.kept[role].until - this.#options.now();
    return left < renewBefore[role] * day || left > spans[role];
  }

  /** What nodes shall run is the hub's own word: signed anew by another key, before it expires, and when its last is lost. */
  #isAssignDue(targets: Metadata<Targets>): boolean {
    const { signer, now, kept } = this.#options;
    const isOurs = delegatedBy(targets.signed).some(
      ({ name, key }) => name === assignRole && key.keyID === signer.online.key.keyID,
    );
    if (!isOurs) return false;
    const assigned = kept.words.get(assignRole)?.document;
    if (assigned === undefined || !isSigned(targets, assignRole, assigned)) return true;
    const vouched = kept.vouched.get(`${assignRole}.json`)?.version ?? 0;
    const left = Date.parse(assigned.signed.expires) - now();
    return assigned.signed.version < vouched || left < renewBefore.assign * day;
  }

  #isNamed(): boolean {
    const { kept, signer } = this.#options;
    const keys = kept.root === undefined ? [] : signersOf(kept.root.document.signed, "timestamp").keys;
    return keys.some(({ keyID }) => keyID === signer.online.key.keyID);
  }

  /** The clock's milliseconds: a hub that lost its numbers gives none that nodes have seen. */
  #number(last: number): number {
    return Math.max(last + 1, Math.floor(this.#options.now()));
  }
}
