/** `interactor rollout …` and `interactor mode`: how a revision comes to a site, and when it may. */
import type { Command } from "commander";
import { countArgument, nameArgument } from "./arguments.ts";
import { addHubOptions } from "./common-options.ts";
import type { RolloutAction } from "./config-client.ts";
import { example } from "./example.ts";
import { untilInterrupted } from "./interruptible.ts";

export function addRollout(program: Command): void {
  const rollout = program.command("rollout").description("how revisions come to their nodes");
  addHubOptions(rollout.command("list"))
    .description("the rollouts since the hub began, the newest first")
    .addHelpText("after", example("interactor rollout list"))
    .action(async (options) => {
      const { runRolloutList } = await import("./rollout.ts");
      await untilInterrupted(() => runRolloutList(options));
    });
  addHubOptions(rollout.command("show"))
    .description("how one stands, node by node, and what happened to it")
    .argument("[revision]", "its number (default: the newest)", countArgument)
    .addHelpText("after", example("interactor rollout show", "interactor rollout show 4 --json"))
    .action(async (revision, options) => {
      const { runRolloutShow } = await import("./rollout.ts");
      await untilInterrupted(() => runRolloutShow(revision, options));
    });
  addAction(rollout, "pause", "begin no node that has not begun; those under way go on");
  addAction(rollout, "resume", "go on with one that is paused");
  addAction(rollout, "abort", "end it; --take-back gives who has it what it had before").option(
    "--take-back",
    "nodes that have it go back too",
  );
  addAction(rollout, "override", "go on whatever the mode says; needs --reason, which is kept");
}

function addAction(rollout: Command, action: RolloutAction, description: string): Command {
  return addHubOptions(rollout.command(action))
    .description(description)
    .argument("[revision]", "its number (default: the newest)", countArgument)
    .option("--reason <words>", "why, as `rollout show` tells it")
    .addHelpText("after", example(`interactor rollout ${action} --reason "the lamp flickers"`))
    .action(async (revision, options) => {
      const { runRolloutAction } = await import("./rollout.ts");
      await untilInterrupted(() => runRolloutAction(action, revision, options));
    });
}

export function addMode(program: Command): void {
  addHubOptions(program.command("mode"))
    .description("what the site and its zones are in; with a name, set it")
    .argument("[zone]", "a zone, or `site` for all of it")
    .argument("[mode]", "one that the site file names", nameArgument)
    .option("--reason <words>", "why, as everybody sees it")
    .addHelpText(
      "after",
      `${example("interactor mode", "interactor mode site open", 'interactor mode foyer maintenance --reason "lamp 3"')}
A zone without a mode of its own is in that of the zone around it. Where a mode has no updates, or an audience, what is
applied waits until the mode changes. Routes read it as hub/mode/<zone>.`,
    )
    .action(async (zone, mode, options) => {
      const { runMode } = await import("./mode.ts");
      await untilInterrupted(() => runMode(zone, mode, options));
    });
}
