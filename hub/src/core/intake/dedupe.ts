/**
 * What was taken in of every node: by session and lane, the number that comes next. It is restored from the journal, so
 * what an agent sends again after a crash of the hub is known as such.
 */
import { type Accepted, type Numbered, Sequence } from "@interactor/shared/wire/sequence";
import type { Lane } from "@interactor/shared/wire/lanes";
import type { Session } from "@interactor/shared/wire/session";
import { sessionsPerNodeMax } from "@interactor/shared/wire/limits";
import type { TakenMark } from "./journal-record.ts";

export class Dedupe {
  /** By node, and of each the session heard last at the end. */
  readonly #nodes = new Map<string, Map<Session, Sequence>>();
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
