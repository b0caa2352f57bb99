/** `interactor doctor`: whether a machine is fit for what shall run on it. */
import { type Command, Option } from "commander";
import { nameArgument } from "./arguments.ts";
import { addHubOptions, portOption } from "./common-options.ts";
import { example } from "./example.ts";
import { untilInterrupted } from "./interruptible.ts";

export function addDoctor(program: Command): void {
  addHubOptions(program.command("doctor"))
    .description("what this machine, or a node's, can give and enforce, why it matters, and what to do")
    .addOption(
      new Option("--node <name>", "what the agent of this node last said of its machine").argParser(
        nameArgument,
      ),
    )
    .addOption(
      new Option("--for <what>", "what shall run on this machine")
        .choices(["agent", "hub", "both"])
        .default("both"),
    )
    .option("--config <file>", "the agent's node.json, with what it requires (default: in --data)")
    .option("--sandbox-without <measure...>", "as the agent is given it")
    .addOption(portOption("--http-port", "of the hub (default 8080)", "INTERACTOR_HTTP_PORT"))
    .addOption(portOption("--mqtt-port", "of the hub (default 1883)", "INTERACTOR_MQTT_PORT"))
    .addHelpText(
      "after",
      `${example("sudo interactor doctor --data /var/lib/interactor", "interactor doctor --node pi-01")}
Run it as the user that the agent runs as: another may be allowed less or more. Nothing is changed. The exit code is 1 when
something is missing, 0 when all works, be it with less.`,
    )
    .action(async (options) => {
      const { runDoctor } = await import("./doctor.ts");
      await untilInterrupted(() => runDoctor(options));
    });
}
