/** `interactor log` on the command line. */
import type { Command } from "commander";
import { countArgument, timeoutArgument } from "./arguments.ts";
import { addHubOptions } from "./common-options.ts";
import { example } from "./example.ts";
import { untilInterrupted } from "./interruptible.ts";

export function addLog(program: Command): void {
  addHubOptions(program.command("log"))
    .description("what the modules of a node log, and how their instances are, from now on")
    .argument("<place>", "a node, or node/instance")
    .option("--count <n>", "end after so many lines", countArgument)
    .option("--timeout <time>", "end after 10s or 5m; a bare number is seconds", timeoutArgument)
    .addHelpText(
      "after",
      `${example("interactor log demo/blink", "interactor log demo --json --timeout 10 | jq .words")}
A line is what a module gives to context.log, or in brackets what became of its instance. Nodes send lines only while
somebody reads them, a few hundred a second at most, without the secrets they were given; what was logged before is in
the agent's own log on the node (journalctl -u interactor-agent). With --count a timeout is a failure (exit code 124).`,
    )
    .action(async (place, options) => {
      const { runLog } = await import("./log.ts");
      await untilInterrupted((signal) => runLog(place, options, signal));
    });
}
