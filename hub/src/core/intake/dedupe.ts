/**
 * What was taken in of every node: by session and lane, the number that comes next. It is restored from the journal, so
 * what an agent sends again after a crash of the hub is known as such.
 */
import { type Accepted, type Numbered, Sequence } from "@interactor/shared/wire/sequence";
import type { Session } from "@interactor/shared/wire/session";
import { nodesMax, sessionsPerNodeMax } from "@interactor/shared/wire/limits";
import type { TakenMark } from "./journal-record.ts";

export class Dedupe {
  /** By node, and of each the session heard last at the end. */
  readonly #nodes = new Map<string, Map<Session, Sequence>>();
  /** Nodes that nobody knows any more, the longest forgotten first. What is on its way from them may yet come. */
  readonly #forgotten = new Set<string>();
  /** Of each node the session heard last, so that nothing is moved for most batches. */
  readonly #latest = new Map<string, { readonly session: Session; readonly sequence: Sequence }>();
  readonly #forgot: (node: string, session: Session) => void;

  /** `taken`: the oldest first. `forgot`: a session gave way to newer ones. */
  constructor(taken: readonly TakenMark[], forgot: (node: string, session: Session) => void) {
    this.#forgot = forgot;
    for (const { node, session, lane, next } of taken)
      this.#sequence(node, session).resume(session, lane, next);
  }

  /** `spool`: the session of the node's spool, which is remembered however many lives come and go beside it. */
  accept(node: string, batch: Numbered, spool: Session | undefined): Accepted {
    const latest = this.#latest.get(node);
    if (latest?.session === batch.session) return latest.sequence.accept(batch);
    const sequence = this.#sequence(node, batch.session);
    this.#evict(node, spool);
    return sequence.accept(batch);
  }

  /** The node is forgotten. When as many more are as a site may have, what was taken of it is forgotten too. */
  forget(node: string): void {
    this.#forgotten.delete(node);
    this.#forgotten.add(node);
    for (const oldest of this.#forgotten) {
      if (this.#forgotten.size <= nodesMax) break;
      this.#forgotten.delete(oldest);
      for (const session of this.#nodes.get(oldest)?.keys() ?? []) this.#forgot(oldest, session);
      this.#nodes.delete(oldest);
      this.#latest.delete(oldest);
    }
  }

  /** The node is known again. */
  remember(node: string): void {
    this.#forgotten.delete(node);
  }

  #sequence(node: string, session: Session): Sequence {
    const sessions = this.#nodes.get(node) ?? new Map<Session, Sequence>();
    this.#nodes.set(node, sessions);
    const sequence = sessions.get(session) ?? new Sequence();
    sessions.delete(session);
    sessions.set(session, sequence);
    this.#latest.set(node, { session, sequence });
    return sequence;
  }

  #evict(node: string, spool: Session | undefined): void {
    const sessions = this.#nodes.get(node) ?? new Map<Session, Sequence>();
    for (const oldest of sessions.keys()) {
      if (sessions.size <= sessionsPerNodeMax) return;
      if (oldest === spool) continue;
      sessions.delete(oldest);
      this.#forgot(node, oldest);
    }
  }
}
