/** Mistakes made on purpose, each a line of the product: the simulation has to find every one of them. */

export interface Mutation {
  readonly name: string;
  readonly file: string;
  /** Stands there exactly once. */
  readonly replace: string;
  readonly by: string;
  /** The checkers that may be the first to find it: another one would have found something else. */
  readonly foundBy: readonly string[];
}

export const mutations: readonly Mutation[] = [
  {
    name: "an eviction is not reported",
    file: "shared/src/wire/lane-queue.ts",
    replace: `this.#lose(candidate, oldest.entry, { end: "evicted", reason: "overflow" });`,
    by: "",
    foundBy: ["ledger"],
  },
  {
    name: "the dedupe window is off by one",
    file: "shared/src/wire/sequence.ts",
    replace: "Math.max(expected - firstSeq, 0)",
    by: "Math.max(expected - firstSeq - 1, 0)",
    foundBy: ["none twice"],
  },
  {
    name: "an acknowledgement comes before the commit",
    file: "hub/src/adapters/store-sqlite/group-commit.ts",
    replace: "this.#world.write(flight.group).then(",
    by: "for (const answer of flight.answers.splice(0)) answer(true);\n    this.#world.write(flight.group).then(",
    foundBy: ["acknowledged is on disk"],
  },
  {
    name: "what was taken in is forgotten with the hub's life",
    file: "hub/src/core/intake/dedupe.ts",
    replace: "this.#sequence(node, session).resume(session, lane, next);",
    by: "void [node, session, lane, next];",
    foundBy: ["none twice", "order at the hub"],
  },
  {
    name: "a commit that failed counts as made",
    file: "hub/src/adapters/store-sqlite/group-commit.ts",
    replace: "(error: unknown) => this.#failed(flight, error),",
    by: "() => this.#arrived(flight),",
    foundBy: ["acknowledged is on disk"],
  },
  {
    name: "what was on the way is not sent again after a reconnect",
    file: "shared/src/wire/lane-sender.ts",
    replace: "for (const flight of this.#flights) flight.isSent = false;",
    by: "",
    foundBy: ["gaps"],
  },
  {
    name: "what expires in a queue is not counted",
    file: "shared/src/wire/lane-queue.ts",
    replace: `this.#lose(lane, oldest.entry, { end: "expired", reason: "ttl" });`,
    by: "",
    foundBy: ["ledger"],
  },
  {
    name: "the spool does not sync what it writes",
    file: "agent/src/adapters/spool-segments/segment-writer.ts",
    replace: "    await this.#file?.datasync();\n    // A file",
    by: "    // A file",
    foundBy: ["durable is durable"],
  },
  {
    name: "a node does not say what it runs",
    file: "agent/src/agent-apply.ts",
    replace: "this.#runs = content;",
    by: "",
    foundBy: ["convergence"],
  },
  {
    name: "the death of an old connection takes the new one for lost",
    file: "hub/src/core/presence/presence.ts",
    replace: "if (death.session !== session || death.connection !== connection)",
    by: "if (death.session === session && death.connection > connection)",
    foundBy: ["convergence"],
  },
  {
    name: "a late command is done",
    file: "agent/src/core/inbox/inbox.ts",
    replace: 'const refusal = isLate(entry) ? "expired" : this.#do(to, read.value, now);',
    by: "const refusal = this.#do(to, read.value, now);",
    foundBy: ["late is never done"],
  },
  {
    name: "what a hub that died had acknowledged is not routed again",
    file: "hub/src/hub-again.ts",
    replace: "if (sources.size === 0) return;",
    by: "if (sources.size >= 0) return;",
    foundBy: ["an acknowledged event is done"],
  },
  {
    name: "a command is answered and not done",
    file: "agent/src/core/inbox/inbox.ts",
    replace: "refusalOf(this.#switchboard.command(to, command, now))",
    by: 'refusalOf(command === undefined ? this.#switchboard.command(to, command, now) : "taken")',
    foundBy: ["requests"],
  },
  {
    name: "a command that was answered is done again",
    file: "agent/src/core/inbox/inbox.ts",
    replace: "    if (before !== undefined) {\n      this.#sink.result(before);",
    by: "    if (before === null) {\n      this.#sink.result(before);",
    foundBy: ["none twice"],
  },
  {
    name: "what was done is not written down",
    file: "hub/src/core/routing/router.ts",
    replace: "if (mark !== undefined) this.#parts.done?.(mark);",
    by: "",
    foundBy: ["none twice"],
  },
  {
    name: "who of a group is to do it is not written down",
    file: "hub/src/hub-again.ts",
    replace: `    journal.chosen(mark);
    journal.whenWritten((isWritten) => {
      if (!isWritten) return;
      then();
      moved();
    });`,
    by: "    void [journal, mark];\n    then();\n    moved();",
    foundBy: ["none twice"],
  },
  {
    name: "the hub forgets the show stop with its life",
    file: "hub/src/hub-stop.ts",
    replace: "this.#book = new StopBook(kept);",
    by: "this.#book = new StopBook({ ...kept, zones: {} });",
    foundBy: ["show stop"],
  },
  {
    name: "a route moves what the show stop holds",
    file: "agent/src/core/switchboard/ownership.ts",
    replace: "for (const kind of ownerKinds) {",
    by: "for (const kind of ownerKinds.toReversed()) {",
    foundBy: ["show stop"],
  },
  {
    name: "a queue takes any number of messages",
    file: "shared/src/wire/lane-queue.ts",
    replace: "return messages <= this.#limits.messagesMax && this.#hasBytes(",
    by: "return messages > 0 && this.#hasBytes(",
    foundBy: ["bounds"],
  },
  {
    name: "a spool takes any number of bytes",
    file: "agent/src/adapters/spool-segments/spool-segments.ts",
    replace: "while (bytes() > bytesMax || ",
    by: "while (bytes() < 0 || bytesMax < 0 || ",
    foundBy: ["bounds"],
  },
];
