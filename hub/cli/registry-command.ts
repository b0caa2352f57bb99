/** The part of `interactor module …` that speaks with a hub: modules are signed, published, and looked up. */
import { type Command, Option } from "commander";
import { hubArgument, nameArgument } from "./arguments.ts";
import { addHubOptions } from "./common-options.ts";
import { example } from "./example.ts";
import { untilInterrupted } from "./interruptible.ts";
import { probationArgument } from "./rollout-arguments.ts";

export function addRegistry(module: Command): void {
  addSign(module);
  addPublish(module);
  addRun(module);
  addLookups(module);
}

const hubOptions = (command: Command): Command =>
  command
    .addOption(new Option("--hub <url>", "the hub's address").argParser(hubArgument))
    .option("--data <folder>", "the data folder of a hub on this machine, to find it")
    .option("--json", "for programs");

const pathArgument = ["[path]", "a bundle, or the folder of a module that was built", "."] as const;
const passphraseOption = [
  "--passphrase-file <file>",
  "what the key is encrypted with (else INTERACTOR_KEYS_PASSPHRASE)",
] as const;

const formerKeyOption = [
  "--former-key <file>",
  "his public key before he had this one: what he signed with it is his too",
] as const;
const yesOption = [
  "-y, --yes",
  "sign also what came to his word since it was signed here last, without being asked",
] as const;

function addSign(module: Command): void {
  hubOptions(module.command("sign"))
    .description("sign a bundle as its publisher; the hub is asked what he published before")
    .argument(...pathArgument)
    .addOption(new Option("--publisher <name>", "who signs").argParser(nameArgument).makeOptionMandatory())
    .requiredOption("--key <file>", "his key, as `trust key` makes it")
    .option(...passphraseOption)
    .option(...formerKeyOption)
    .option(...yesOption)
    .addHelpText("after", example("interactor module sign --publisher acme --key acme.pem"))
    .action(async (path, options) => (await import("./module-publish.ts")).runModuleSign(path, options));
}

function addPublish(module: Command): void {
  hubOptions(module.command("publish"))
    .description("bring a bundle to the hub, from which nodes install it")
    .argument(...pathArgument)
    .option("--dev", "unsigned, with the hub's development key: refused when the site has a root of its own")
    .addOption(new Option("--publisher <name>", "who publishes").argParser(nameArgument))
    .option("--key <file>", "sign it at once, with his key")
    .option(...passphraseOption)
    .option(...formerKeyOption)
    .option(...yesOption)
    .addHelpText(
      "after",
      `${example("interactor module publish --dev", "interactor module publish --publisher acme --key acme.pem")}
With --dev the folder of a module is built first. Then \`interactor module run NAME\` puts it on a node.`,
    )
    .action(async (path, options) => (await import("./module-publish.ts")).runModulePublish(path, options));
}

function addRun(module: Command): void {
  addHubOptions(module.command("run"))
    .description("put a published module on a node: into the site's newest revision, applied and awaited")
    .argument("<module>", "its id", nameArgument)
    .addOption(new Option("--node <name>", "which node (default: the only one)").argParser(nameArgument))
    .addOption(
      new Option("--as <name>", "what the instance is called (default: its id)").argParser(nameArgument),
    )
    .option(
      "--set <setting...>",
      "its settings, as name=value, place.name=value, or with a list or a map as JSON",
    )
    .option("--failsafe <words>", "what it moves or lights does when its source is lost, as in a site file")
    .option("-m, --message <words>", "what it is for, as `config history` shows it")
    .addOption(
      new Option("--probation <time>", "how long it must be well until it counts (default 10s)").argParser(
        probationArgument,
      ),
    )
    .option("--override <reason>", "whatever the mode says; the reason is kept")
    .option("-y, --yes", "do not ask; without a terminal it is not asked anyway")
    .option("--no-wait", "do not wait for the node")
    .addHelpText(
      "after",
      `${example(
        "interactor module run blink --node demo --set every=200",
        `interactor module run clock --set place.room=hall 'hours=[9, 12, 18]' 'colours={"day": "white"}'`,
        'interactor module run lamp --as hall --failsafe "hold 5s -> fade 3s -> 0"',
      )}
Again, after it was published anew: the node takes what is new. Comments in the site file stay; the file on this machine
is kept up with it where it is what ran until now. \`interactor config rollback\` takes it back.`,
    )
    .action(async (name, options) => {
      const { runModuleRun } = await import("./module-run.ts");
      await untilInterrupted((signal) => runModuleRun(name, options, signal));
    });
}

function addLookups(module: Command): void {
  hubOptions(module.command("list"))
    .description("modules that were published to the hub")
    .addHelpText("after", example("interactor module list"))
    .action(async (options) => (await import("./module-lookup.ts")).runModuleSearch([], options));
  hubOptions(module.command("search"))
    .description("find modules by their names, publishers, titles, descriptions and tags")
    .argument("<words...>", "beginnings of words; all of them have to be there")
    .addHelpText("after", example("interactor module search light dim"))
    .action(async (words, options) => (await import("./module-lookup.ts")).runModuleSearch(words, options));
  hubOptions(module.command("show"))
    .description("what a module says of itself, its versions, and where it runs")
    .argument("<module>", "its id", nameArgument)
    .addHelpText("after", example("interactor module show lamp"))
    .action(async (id, options) => (await import("./module-lookup.ts")).runModuleShow(id, options));
}
