/** `interactor config plan|apply|history|show|rollback`: what is done with a site by the hub. */
import { Argument, type Command, Option } from "commander";
import { countArgument, nameArgument } from "./arguments.ts";
import { addHubOptions } from "./common-options.ts";
import { example } from "./example.ts";
import { untilInterrupted } from "./interruptible.ts";
import { siteFileMeant } from "./site-files.ts";
import { probationArgument, thresholdArgument, wavesArgument } from "./rollout-arguments.ts";

/** Revisions that are listed when nobody says how many. */
const historyDefault = 20;

export function addRevisions(config: Command): void {
  addPlan(config);
  addApply(config);
  addHistory(config);
  addShow(config);
  addRollback(config);
}

const revisionArgument = (): Argument =>
  new Argument("<revision>", "its number, as `config history` has it").argParser(countArgument);

function addPlan(config: Command): void {
  addHubOptions(config.command("plan"))
    .description("what applying a site file would change, and on which nodes; nothing is done")
    .argument("[file]", "the site's first file (default: site.yaml, here or in --data); - is what comes in")
    .option("--against <recording>", "play a recording with the file and with what runs, and compare")
    .option("--exit-code", "exit with 1 when something would change")
    .addHelpText(
      "after",
      `${example("interactor config plan", "interactor journal export yesterday.ixrec --since 24h", "interactor config plan --against yesterday.ixrec")}
What is wrong with the file is told as \`config check\` does, exit code 7. With --against: which inputs would have been
told something else and when first, which routes are slower, and a hash of all that the routes gave, which is the same
for the same recording and the same routes. What modules would have done with it is not played, nor modes, nor
which node of a group takes a value.`,
    )
    .action(async (file, options) => {
      const { runPlan } = await import("./config-plan.ts");
      await untilInterrupted(() => runPlan(siteFileMeant(file, options.data), options));
    });
}

function addRolloutOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--waves <list>",
        "1,10%,50%: so many nodes first, or a group's; the rest comes last",
      ).argParser(wavesArgument),
    )
    .addOption(
      new Option("--threshold <count>", "pause when more nodes fail: 3 or 2%").argParser(thresholdArgument),
    )
    .addOption(
      new Option(
        "--probation <time>",
        "how long a node must be well until it counts, 0 for not at all (default 10s)",
      ).argParser(probationArgument),
    )
    .addOption(
      new Option("--group <name>", "all nodes of this group at one moment, or none").argParser(nameArgument),
    )
    .option("--override <reason>", "whatever the mode says; the reason is kept")
    .option("--no-wait", "do not wait for the nodes");
}

const endWords = `
Exit codes: 0 it runs on every node that is here (one that is away gets it when it is back), 8 the revision is made and
is not everywhere (paused, waiting for the mode, or failed on a node), 7 the file is wrong, 4 the mode or the account
does not allow it, 1 anything else, such as that somebody applied another one meanwhile.
Ctrl-C ends the watching; the rollout goes on.`;

function addApply(config: Command): void {
  addRolloutOptions(addHubOptions(config.command("apply")))
    .description("make a revision of a site file, and bring it to the nodes")
    .argument("[file]", "the site's first file (default: site.yaml, here or in --data); - is what comes in")
    .requiredOption("-m, --message <words>", "what it is for, as `config history` shows it")
    .option("--now", "not at all when a mode would hold it back")
    .option("-y, --yes", "do not ask; without a terminal it is not asked anyway")
    .addHelpText(
      "after",
      `${example('interactor config apply -m "the foyer is brighter"', "interactor config apply gallery/site.yaml -m new --waves 1,10%,50% --threshold 2%")}
A node restarts only what changed, and goes back by itself to what it had when it is not well.${endWords}`,
    )
    .action(async (file, options) => {
      const { runApply } = await import("./config-apply.ts");
      await untilInterrupted((signal) => runApply(siteFileMeant(file, options.data), options, signal));
    });
}

function addHistory(config: Command): void {
  addHubOptions(config.command("history"))
    .description("the revisions there are, the newest first")
    .addOption(new Option("--count <n>", "at most so many").argParser(countArgument).default(historyDefault))
    .addHelpText("after", example("interactor config history"))
    .action(async (options) => {
      const { runHistory } = await import("./config-history.ts");
      await untilInterrupted(() => runHistory(options));
    });
}

function addShow(config: Command): void {
  addHubOptions(config.command("show"))
    .description("the files of a revision, as they were applied")
    .addArgument(revisionArgument())
    .option("--file <name>", "one of several")
    .addHelpText("after", example("interactor config show 3", "interactor config show 3 > site.yaml"))
    .action(async (number, options) => {
      const { runShow } = await import("./config-history.ts");
      await untilInterrupted(() => runShow(number, options));
    });
}

function addRollback(config: Command): void {
  addRolloutOptions(addHubOptions(config.command("rollback")))
    .description("make a revision with what an earlier one said, and bring it to the nodes")
    .addArgument(revisionArgument())
    .option("-m, --message <words>", "why (default: back to revision …)")
    .addHelpText(
      "after",
      `${example('interactor config rollback 3 -m "the fog was too much"')}
Your site file stays as it is: \`config show\` gives the one that runs now.${endWords}`,
    )
    .action(async (number, options) => {
      const { runRollback } = await import("./config-apply.ts");
      await untilInterrupted((signal) => runRollback(number, options, signal));
    });
}
