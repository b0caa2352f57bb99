/** `interactor devices`, on the computer that the things are plugged into. */
import type { Command } from "commander";
import { example } from "./example.ts";

export function addDevices(program: Command): void {
  program
    .command("devices")
    .description("what is plugged into this computer, what could drive it, and the line for the site file")
    .option("--json", "for programs")
    .option("--no-color", "no colours")
    .addHelpText(
      "after",
      `${example("interactor devices", "interactor devices --json | jq '.[].path'")}
Run it on the node itself. Paths in /dev/serial/by-id name a thing by its serial number, wherever it is plugged in.`,
    )
    .action(async (options) => {
      const { runDevices } = await import("./devices.ts");
      await runDevices(options);
    });
}
