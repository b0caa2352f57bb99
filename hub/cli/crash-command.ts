/** `interactor crash …`: what is known of modules that crashed. */
import type { Command } from "commander";
import { addHubOptions } from "./common-options.ts";
import { example } from "./example.ts";
import { untilInterrupted } from "./interruptible.ts";

export function addCrash(program: Command): void {
  const crash = program.command("crash").description("modules that crashed, hung or were ended, and why");
  addHubOptions(crash.command("list"))
    .description("the last crashes, one line for each kind")
    .argument("[place]", "of one node, or of node/instance")
    .addHelpText("after", example("interactor crash list", "interactor crash list pi-01/lamp"))
    .action(async (place, options) => {
      const { runCrashList } = await import("./crash.ts");
      await untilInterrupted(() => runCrashList(place, options));
    });
  addHubOptions(crash.command("show"))
    .description("all that is known of one: where it was, what it was told and said, what it used")
    .argument("<id>", "as `interactor crash list` has it; NODE/ID where two nodes say the same one")
    .addHelpText(
      "after",
      `${example("interactor crash show 5f0c1d2e3a4b5968")}
Settings and secrets are left out. The node keeps its last 32 in its data folder, the hub 64 of each node.`,
    )
    .action(async (id, options) => {
      const { runCrashShow } = await import("./crash.ts");
      await untilInterrupted(() => runCrashShow(id, options));
    });
}
