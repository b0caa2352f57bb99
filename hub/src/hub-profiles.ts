/**
 * Profiles of running modules: asked of a node, and pulled from it piece by piece. One piece is on its way at a time, so
 * that a slow line stays free; what does not come is asked for again, and given up after a while.
 */
import { unreachable } from "@interactor/shared/kernel/assert";
import type { Clock } from "@interactor/shared/kernel/clock";
import { Fault } from "@interactor/shared/kernel/fault";
import { type Millis, millis, seconds } from "@interactor/shared/kernel/units";
import type { ProfileRequest, ProfileView } from "@interactor/shared/wire/api-profile";
import { pieceSumBytes, profileBytesMax, profilePieceBytes } from "@interactor/shared/wire/limits";
import {
  decodeProfileWord,
  encodeProfileOrder,
  type ProfileOrder,
  type ProfileWord,
} from "@interactor/shared/wire/messages/profile";
import type { Log } from "./ports/log.ts";
import type { ProfileDesk } from "./ports/profile-desk.ts";

export interface ProfilesWorld {
  readonly clock: Clock;
  readonly log: Log;
  /** SHA-256. */
  readonly sumOf: (bytes: Uint8Array) => Uint8Array;
}

/** Profiles that the hub has, done or not: 8 MB each. More: the one that was done first is evicted, or it is refused. */
const profilesMax = 4;
/** Beyond its span, for making it: V8 writes it out, and a small machine packs it. */
const makingMax = seconds(60);
/** For a piece. Then it is asked for again. */
const pieceTimeout = seconds(3);
/** Asks for one piece. More: given up. */
const asksMax = 5;
/** Who has asked looks again within a second; one that nobody takes is let go. */
const keptMax = seconds(300);

interface Profile {
  readonly id: number;
  readonly node: string;
  readonly wanted: ProfileRequest;
  state: ProfileView["state"];
  pieces: Uint8Array[];
  got: number;
  total: number;
  sum: Uint8Array;
  asks: number;
  failure: { readonly code: string; readonly reason: string } | undefined;
  cancel: () => void;
}

export class HubProfiles implements ProfileDesk {
  readonly #world: ProfilesWorld;
  readonly #profiles = new Map<number, Profile>();
  #publish: (node: string, payload: Uint8Array) => void = () => undefined;
  #lastId: number;

  constructor(world: ProfilesWorld) {
    this.#world = world;
    // What a node says of one that a former life of the hub asked for is nobody's any more.
    this.#lastId = Math.floor(world.clock.wall() / 1000);
  }

  /** Orders go this way from now on. */
  start(publish: (node: string, payload: Uint8Array) => void): void {
    this.#publish = publish;
  }

  begin(by: string, wanted: ProfileRequest): number {
    this.#makeRoom();
    this.#lastId += 1;
    const id = this.#lastId;
    const { node, instance, what, span_ms: span } = wanted;
    const profile: Profile = {
      id,
      node,
      wanted,
      state: "making",
      pieces: [],
      got: 0,
      total: 0,
      sum: new Uint8Array(0),
      asks: 0,
      failure: undefined,
      cancel: () => undefined,
    };
    this.#profiles.set(id, profile);
    this.#world.log.info("a running module is profiled", { by, node, instance, what, span });
    this.#order(profile, { kind: "begin", id, instance, what, span });
    this.#after(profile, millis(span + makingMax), () =>
      this.#fail(
        profile,
        "PROFILE_TIMEOUT",
        `${node} did not answer in time: it is away, or its agent is older`,
      ),
    );
    return id;
  }

  look(id: number): ProfileView | undefined {
    const profile = this.#profiles.get(id);
    if (profile === undefined) return undefined;
    const { state, got, total, failure } = profile;
    return { id, state, got, total, ...failure };
  }

  file(id: number): Uint8Array | undefined {
    const profile = this.#profiles.get(id);
    return profile?.state === "done" ? joined(profile) : undefined;
  }

  /** Takes what a node says. Returns why it is of no use. */
  heard(node: string, payload: Uint8Array): string | undefined {
    const decoded = decodeProfileWord(payload);
    if (!decoded.ok) return decoded.error;
    const word = decoded.value;
    const profile = this.#profiles.get(word.id);
    if (profile === undefined || profile.node !== node) return "not-asked";
    if (profile.state === "done" || profile.state === "failed") return "late";
    return this.#take(profile, word);
  }

  #take(profile: Profile, word: ProfileWord): string | undefined {
    switch (word.kind) {
      case "failed":
        this.#fail(profile, word.code, word.reason);
        return undefined;
      case "made":
        if (profile.state !== "making") return "twice";
        if (word.total > profileBytesMax) {
          this.#fail(profile, "PROFILE_TOO_LARGE", `it has ${word.total} bytes`);
          return "too-large";
        }
        Object.assign(profile, { state: "coming", total: word.total, sum: word.sum });
        this.#next(profile);
        return undefined;
      case "bytes":
        return this.#piece(profile, word.at, word.data);
      default:
        return unreachable(word);
    }
  }

  #piece(profile: Profile, at: number, data: Uint8Array): string | undefined {
    if (profile.state !== "coming" || at !== profile.got) return "out-of-order";
    const expected = Math.min(profilePieceBytes, profile.total - at);
    if (data.length !== expected) return "wrong-length";
    profile.pieces.push(data.slice());
    profile.got += data.length;
    this.#next(profile);
    return undefined;
  }

  #next(profile: Profile): void {
    profile.asks = 0;
    if (profile.got < profile.total) return this.#ask(profile);
    this.#order(profile, { kind: "drop", id: profile.id });
    const sum = this.#world.sumOf(joined(profile)).subarray(0, pieceSumBytes);
    if (!sum.every((byte, index) => byte === profile.sum[index]))
      return this.#fail(profile, "PROFILE_DAMAGED", "what came is not what the node has sent");
    profile.state = "done";
    return this.#after(profile, keptMax, () => void this.#profiles.delete(profile.id));
  }

  #ask(profile: Profile): void {
    profile.asks += 1;
    if (profile.asks > asksMax)
      return this.#fail(profile, "PROFILE_TIMEOUT", `${profile.node} does not answer any more`);
    this.#order(profile, { kind: "piece", id: profile.id, at: profile.got });
    return this.#after(profile, pieceTimeout, () => this.#ask(profile));
  }

  #fail(profile: Profile, code: string, reason: string): void {
    Object.assign(profile, { state: "failed", failure: { code, reason }, pieces: [] });
    this.#after(profile, keptMax, () => void this.#profiles.delete(profile.id));
  }

  #makeRoom(): void {
    if (this.#profiles.size < profilesMax) return;
    const over = [...this.#profiles.values()].find(({ state }) => state === "done" || state === "failed");
    if (over === undefined)
      throw new Fault("PROFILE_BUSY", `the hub makes ${profilesMax} profiles already: try again later`);
    over.cancel();
    this.#profiles.delete(over.id);
  }

  #order(profile: Profile, order: ProfileOrder): void {
    this.#publish(profile.node, encodeProfileOrder(order));
  }

  #after(profile: Profile, delay: Millis, task: () => void): void {
    profile.cancel();
    profile.cancel = this.#world.clock.after(delay, task);
  }
}

function joined({ pieces, got }: Profile): Uint8Array {
  const whole = new Uint8Array(got);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
