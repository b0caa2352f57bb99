/**
 * What was taken in of every node: by session and lane, the number that comes next. It is restored from the journal, so
 * what an agent sends again after a crash of the hub is known as such.
 */
import type { Batch } from "@interactor/shared/wire/batch";
import { type Accepted, Sequence } from "@interactor/shared/wire/sequence";
import type { Session } from "@interactor/shared/wire/session";
import { sessionsPerNodeMax } from "@interactor/shared/wire/limits";
import type { TakenMark } from "./journal-record.ts";

export class Dedupe {
  /** By node, and of each the session heard last at the end. */
  readonly #nodes = new Map<string, Map<Session, Sequence>>();

  /** `taken`: the oldest first. */
  constructor(taken: readonly TakenMark[]) {
    for (const { node, session, lane, next } of taken)
      this.#sequence(node, session).resume(session, lane, next);
  }

  accept(node: string, batch: Batch): Accepted {
    return this.#sequence(node, batch.session).accept(batch);
  }

  #sequence(node: string, session: Session): Sequence {
    const known = this.#nodes.get(node);
    const sessions = known ?? new Map<Session, Sequence>();
    if (known === undefined) this.#nodes.set(node, sessions);
    const sequence = sessions.get(session) ?? new Sequence();
    const isNewest = sessions.size > 0 && [...sessions.keys()].at(-1) === session;
    if (!isNewest) {
      sessions.delete(session);
      sessions.set(session, sequence);
    }
    for (const [oldest] of sessions) {
      if (sessions.size <= sessionsPerNodeMax) break;
      sessions.delete(oldest);
    }
    return sequence;
  }
}
