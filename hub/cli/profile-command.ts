/** `interactor module profile …` on the command line. */
import { type Command, Option } from "commander";
import { seconds } from "@interactor/shared/kernel/units";
import { durationArgument, nameArgument } from "./arguments.ts";
import { addHubOptions } from "./common-options.ts";
import { example } from "./example.ts";
import { untilInterrupted } from "./interruptible.ts";

/** Long enough to see what comes again and again. */
const spanDefault = seconds(5);

export function addProfile(module: Command): void {
  addHubOptions(module.command("profile"))
    .description(
      "look into a running module: where its time goes, or what it holds, as a file for Chrome's DevTools",
    )
    .argument("<node>", "the node it runs on", nameArgument)
    .argument("<instance>", "what it is called there", nameArgument)
    .addOption(
      new Option("--for <time>", "how long it is watched, at most 60s")
        .argParser(durationArgument)
        .default(spanDefault, "5s"),
    )
    .option("--heap", "a snapshot of what it holds, instead")
    .option("--into <file>", "where to (default NODE-INSTANCE.cpuprofile or .heapsnapshot)")
    .addHelpText(
      "after",
      `${example("interactor module profile demo blink --for 10s", "interactor module profile demo dmx --heap")}
It runs on meanwhile; a snapshot of a heap stops it for up to a second, and is made of 24 MB at most. Light modules of the
agent share a thread, and the file has all of them. A file has at most 8 MB on its way (packed), and goes in pieces that
leave room for what is urgent. Of what runs in a sandbox there are no heap snapshots, because a snapshot takes as much
memory again and its cap is kept. A heap holds secrets that are in settings: only who may change the site can ask.`,
    )
    .action(async (node, instance, options) => {
      const { runModuleProfile } = await import("./module-profile.ts");
      await untilInterrupted((signal) => runModuleProfile(node, instance, options, signal));
    });
}
