/**
 * What a guest was told and what it said last, as a crash report has it. Every message passes here: they are held as they
 * are, and words are made of them only when somebody needs them.
 */
import { between, type Instant, instant } from "@interactor/shared/kernel/units";
import type { FromGuest, LoadedCode, ToGuest } from "@interactor/shared/sdk/guest-messages";
import { crashMessagesMax } from "@interactor/shared/wire/messages/crash";
import { fromGuestWords, toGuestWords } from "./message-words.ts";

/** A run of an instance, as far as a report names it. */
export interface Ran {
  readonly run: string;
  readonly spec: { readonly name: string; readonly module: string; readonly digest?: string };
}

export class GuestTrail {
  readonly #told = new Recent<ToGuest>();
  readonly #said = new Recent<FromGuest>();
  /** The code of each run, as it said itself. */
  readonly #codes = new Map<string, LoadedCode>();
  #beganAt: Instant = instant(0);
  #lives = 0;

  /** It was opened, for the first time or again. */
  began(at: Instant): void {
    this.#beganAt = at;
    this.#lives += 1;
    this.#told.clear();
    this.#said.clear();
    this.#codes.clear();
  }

  /** It did not begin after all. */
  refused(): void {
    this.#lives -= 1;
  }

  told(message: ToGuest): void {
    if (message[0] !== "ping") this.#told.add(message);
  }

  said(message: FromGuest): void {
    if (message[0] === "pong") return;
    if (message[0] === "declared") this.#codes.set(message[1], message[3]);
    this.#said.add(message);
  }

  /** Of the life that ends `at`, with what ran in it. */
  read(ran: readonly Ran[], at: Instant) {
    const instances = ran.map(({ run, spec: { name, module, digest = "" } }) => {
      const code = this.#codes.get(run);
      return { instance: name, module: code?.module ?? module, version: code?.version ?? "", digest };
    });
    return {
      instances,
      told: this.#told.read().map(toGuestWords),
      said: this.#said.read().map(fromGuestWords),
      upMs: Math.max(Math.round(between(this.#beganAt, at)), 0),
      restarts: Math.max(this.#lives - 1, 0),
    };
  }
}

/** The last few. */
class Recent<Message> {
  #messages: Message[] = [];
  #next = 0;

  add(message: Message): void {
    this.#messages[this.#next] = message;
    this.#next = (this.#next + 1) % crashMessagesMax;
  }

  /** The oldest first. */
  read(): readonly Message[] {
    return [...this.#messages.slice(this.#next), ...this.#messages.slice(0, this.#next)];
  }

  clear(): void {
    this.#messages = [];
    this.#next = 0;
  }
}
