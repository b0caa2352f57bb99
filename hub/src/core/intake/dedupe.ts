/**
 * What was taken in of every node: by session and lane, the number that comes next. It is restored from the journal, so
 * what an agent sends again after a crash of the hub is known as such.
 */
import { type Accepted, type Numbered, Sequence } from "@interactor/shared/wire/sequence";
import type { Lane } from "@interactor/shared/wire/lanes";
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

  /** `taken`: the oldest first. */
  constructor(taken: readonly TakenMark[]) {
    for (const { node, session, lane, next } of taken)
      this.#sequence(node, session).resume(session, lane, next);
  }

  /** `spool`: the session of the node's spool, which is remembered however many lives come and go beside it. */
  accept(node: string, batch: Numbered, spool: Session | undefined): Accepted {
    return this.#sequence(node, batch.session, spool).accept(batch);
  }

  /** The number that comes next in a lane of a session; `undefined`: nothing of it was taken. */
  nextOf(node: string, session: Session, lane: Lane): number | undefined {
    return this.#nodes.get(node)?.get(session)?.nextOf(lane);
  }

  /** The node is forgotten. When as many more are as a site may have, what was taken of it is forgotten too. */
  forget(node: string): void {
    this.#forgotten.delete(node);
    this.#forgotten.add(node);
    for (const oldest of this.#forgotten) {
      if (this.#forgotten.size <= nodesMax) break;
      this.#forgotten.delete(oldest);
      this.#nodes.delete(oldest);
      this.#latest.delete(oldest);
    }
  }

  /** The node is known again. */
  remember(node: string): void {
    this.#forgotten.delete(node);
  }

  #sequence(node: string, session: Session, spool?: Session): Sequence {
    const latest = this.#latest.get(node);
    if (latest?.session === session) return latest.sequence;
    const sessions = this.#nodes.get(node) ?? new Map<Session, Sequence>();
    this.#nodes.set(node, sessions);
    const sequence = sessions.get(session) ?? new Sequence();
    sessions.delete(session);
    sessions.set(session, sequence);
    for (const [oldest] of sessions) {
      if (sessions.size <= sessionsPerNodeMax) break;
      if (oldest !== spool) sessions.delete(oldest);
    }
    this.#latest.set(node, { session, sequence });
    return sequence;
  }
}
