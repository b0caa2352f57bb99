/** `interactor devices`: what is plugged into this computer, or into a node's. */
import { type Command, Option } from "commander";
import { nameArgument } from "./arguments.ts";
import { addHubOptions } from "./common-options.ts";
import { example } from "./example.ts";
import { untilInterrupted } from "./interruptible.ts";

export function addDevices(program: Command): void {
  addHubOptions(program.command("devices"))
    .description(
      "what is plugged into this computer, or a node's, what could drive it, and the line for the site file",
    )
    .addOption(
      new Option("--node <name>", "what the agent of this node saw within the last 15 s").argParser(
        nameArgument,
      ),
    )
    .addHelpText(
      "after",
      `${example("interactor devices --node pi-01", "interactor devices --json | jq '.[].path'")}
Without --node it looks at this computer. Paths in /dev/serial/by-id name a thing by its serial number, wherever it is
plugged in.`,
    )
    .action(async (options) => {
      const { runDevices } = await import("./devices.ts");
      await untilInterrupted(() => runDevices(options));
    });
}
