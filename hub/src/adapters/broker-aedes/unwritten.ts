/**
 * What waits for one store to write it, as the broker sees it: who is to be told, and how much of what each client sent
 * is not on disk yet. That stays a client's own when it connects anew, so that nobody fills the memory of all by coming
 * again and again; and whoever goes leaves nothing here but numbers.
 */
import type { Written } from "../../ports/written.ts";
import { Fifo } from "@interactor/shared/wire/fifo";

export interface Waiting {
  /** Something more is on disk, or could not be brought there. It is told once: who waits on, watches again. */
  told(unwritten: Unwritten): void;
}

/** What a client sent that is not on disk. */
interface Share {
  bytes: number;
  /** Questions that it is in. */
  questions: number;
}

/** What a client has added to a question. */
interface Part {
  readonly client: string;
  readonly share: Share;
  bytes: number;
}

interface Question {
  /** All that is taken with it goes to disk with it. */
  readonly group: number;
  readonly parts: Map<string, Part>;
  /** Of who added last: messages of one client come together, and are counted one by one. */
  last: Part | undefined;
}

export class Unwritten {
  readonly written: Written;
  /** Questions that the store has not answered; it answers in their order. */
  readonly #questions = new Fifo<Question>();
  #last: Question | undefined;
  readonly #shares = new Map<string, Share>();
  #waiting = new Set<Waiting>();
  /** What the store had taken at the last question. */
  #changes = 0;
  #asked = 0;
  #isTellDue = false;
  /** Questions answered so far, and the last of them that was answered with a failure. */
  answered = 0;
  failed = 0;

  constructor(written: Written) {
    this.written = written;
  }

  /**
   * The number of the question whether all that the store has taken so far is on disk; one for each group is enough.
   * `bytes`: what the client has added, if anything is new.
   */
  ask(waiting: Waiting, client: string, bytes: number): number {
    this.#waiting.add(waiting);
    const { changes, group } = this.written;
    const isNew = changes !== this.#changes;
    this.#changes = changes;
    const open = this.#asked > this.answered ? this.#last : undefined;
    if (open !== undefined && (!isNew || open.group === group)) {
      if (isNew) this.#add(open, client, bytes);
      return this.#asked;
    }
    const question: Question = { group, parts: new Map(), last: undefined };
    this.#last = question;
    this.#asked += 1;
    this.#questions.push(question);
    this.#add(question, client, bytes);
    this.written.whenWritten(this.#isAnswered);
    return this.#asked;
  }

  /** Is told with the next answer to anybody's question. */
  watch(waiting: Waiting): void {
    this.#waiting.add(waiting);
  }

  forget(waiting: Waiting): void {
    this.#waiting.delete(waiting);
  }

  /** Of what the client sent, what is not on disk. */
  bytesOf(client: string): number {
    const last = this.#last?.last;
    return (last?.client === client ? last.share : this.#shares.get(client))?.bytes ?? 0;
  }

  readonly #isAnswered = (isWritten: boolean): void => {
    const question = this.#questions.shift();
    this.answered += 1;
    if (!isWritten) this.failed = this.answered;
    if (question !== undefined) this.#release(question);
    if (this.#isTellDue) return;
    // Many are answered with one commit, and everybody is told once.
    this.#isTellDue = true;
    queueMicrotask(() => this.#tell());
  };

  #add(question: Question, client: string, bytes: number): void {
    const part = question.last?.client === client ? question.last : this.#partOf(question, client);
    question.last = part;
    part.bytes += bytes;
    part.share.bytes += bytes;
  }

  #partOf({ parts }: Question, client: string): Part {
    const known = parts.get(client);
    if (known !== undefined) return known;
    const share = this.#shares.get(client) ?? { bytes: 0, questions: 0 };
    this.#shares.set(client, share);
    share.questions += 1;
    const part = { client, share, bytes: 0 };
    parts.set(client, part);
    return part;
  }

  #release({ parts }: Question): void {
    for (const { client, share, bytes } of parts.values()) {
      share.bytes -= bytes;
      share.questions -= 1;
      if (share.questions === 0) this.#shares.delete(client);
    }
  }

  #tell(): void {
    this.#isTellDue = false;
    const told = this.#waiting;
    this.#waiting = new Set();
    for (const waiting of told) waiting.told(this);
  }
}
