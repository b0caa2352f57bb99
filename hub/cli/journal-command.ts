/** `interactor journal …`: what the hub took in, to take away and to play again. */
import { type Command, InvalidArgumentError } from "commander";
import { parseDuration } from "@interactor/shared/kernel/duration";
import { addHubOptions } from "./common-options.ts";
import { example } from "./example.ts";
import { untilInterrupted } from "./interruptible.ts";

const sinceDefault = "1h";

export function addJournal(program: Command): void {
  const journal = program.command("journal").description("what nodes sent: take it away, play it again");
  addExport(journal);
  addReplay(journal);
}

function addExport(journal: Command): void {
  addHubOptions(journal.command("export"))
    .description("write what the hub took in into a file, for `config plan --against`")
    .argument("<file>", "where, such as yesterday.ixrec; what is there is written over")
    .option("--since <time>", "so long ago, or a time (default 1h)", timeArgument)
    .option("--until <time>", "the same (default: now)", timeArgument)
    .addHelpText(
      "after",
      `${example("interactor journal export opening.ixrec --since 2026-11-20T18:00:00Z --until 2026-11-20T23:00:00Z")}
Every value of every output is in it, with its time and address: who may not see the visitors may not see the file.
At most a million values; it says when it was full. When no hub answers, the journal in --data is read.`,
    )
    .action(async (file, options) => {
      const { runExport } = await import("./journal.ts");
      const since = options.since ?? timeArgument(sinceDefault);
      await untilInterrupted((signal) => runExport(file, { ...options, since }, signal));
    });
}

function addReplay(journal: Command): void {
  journal
    .command("replay")
    .description("what the routes of a site file make of a recording, without a hub")
    .argument("<recording>", "a file of `journal export`")
    .argument("[file]", "the site's first file", "site.yaml")
    .option("--print", "every output, a line each")
    .option("--json", "for programs")
    .option("--no-color", "no colours")
    .addHelpText(
      "after",
      `${example("interactor journal replay opening.ixrec site.yaml --print")}
The clock is the recording's: a day takes seconds. The hash at the end is of all outputs: the same recording and the
same routes have the same, on every machine.`,
    )
    .action(async (recording, file, options) => {
      const { runReplay } = await import("./journal.ts");
      await untilInterrupted(async () => runReplay(recording, file, options));
    });
}

/** `2h` ago, or `2026-11-20T18:00:00Z`. */
function timeArgument(text: string): Date {
  const ago = parseDuration(text);
  // A day has 24 h for whoever looks back.
  const days = /^(\d{1,3})d$/.exec(text);
  const span = ago.ok ? ago.value : days === null ? undefined : Number(days[1]) * 24 * 3_600_000;
  const at = span === undefined ? new Date(text) : new Date(Date.now() - span);
  if (!Number.isNaN(at.getTime()) && at.getTime() >= 0) return at;
  throw new InvalidArgumentError("write 2h, 3d or a time such as 2026-11-20T18:00:00Z.");
}
