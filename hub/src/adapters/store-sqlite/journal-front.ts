/** The journal as the hub has it: what it is given is gathered, and committed with what else came. */
import type { Journal } from "../../ports/journal.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { JournalGather, JournalGroup } from "./journal-group.ts";

/** What lies behind it, and what that held when it was opened. */
export interface JournalBehind extends Pick<Journal, "taken" | "kept" | "recent" | "stamp" | "usage"> {
  close(): Promise<void>;
}

export function journalBefore(
  behind: JournalBehind,
  gather: JournalGather,
  commit: GroupCommit<JournalGroup>,
): Journal {
  let changes = 0;
  const then =
    <Given>(take: (given: Given) => void) =>
    (given: Given): void => {
      changes += 1;
      take(given);
      commit.changed();
    };
  return {
    taken: behind.taken,
    kept: behind.kept,
    append: then((record) => gather.add(record)),
    born: then((birth) => gather.kept.born(birth)),
    chosen: then((mark) => gather.kept.chosen(mark)),
    done: then((mark) => gather.kept.done(mark)),
    gone: then((node) => gather.kept.forget(node)),
    recent: (span, limits) => behind.recent(span, limits),
    stamp: () => behind.stamp(),
    forget: (node, session) => gather.forget(node, session),
    whenWritten: (done) => commit.whenWritten(done),
    get group() {
      return commit.group;
    },
    get waitingBytes() {
      return commit.waitingBytes;
    },
    get changes() {
      return changes;
    },
    get problem() {
      return commit.problem;
    },
    get usage() {
      return behind.usage;
    },
    [Symbol.asyncDispose]: () => behind.close(),
  };
}
