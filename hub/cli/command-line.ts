/** Every subcommand with its options and help. What it does is loaded only when it runs. */
import { Argument, Command, Option } from "commander";
import { countArgument, durationArgument, nameArgument, timeoutArgument } from "./arguments.ts";
import { addHubOptions, folderOption, portOption, siteOption } from "./common-options.ts";
import { addConfig } from "./config-command.ts";
import { addCrash } from "./crash-command.ts";
import { addDevices } from "./devices-command.ts";
import { addDoctor } from "./doctor-command.ts";
import { example } from "./example.ts";
import { untilInterrupted } from "./interruptible.ts";
import { addModule } from "./module-command.ts";
import { addTrust } from "./trust-command.ts";
import { addJournal } from "./journal-command.ts";
import { addLog } from "./log-command.ts";
import { addMode, addRollout } from "./rollout-command.ts";
import { addRoute } from "./route-command.ts";
import { version } from "./version.ts";

export function commandLine(): Command {
  const program = new Command("interactor")
    .description("Turns a fleet of Raspberry Pis into one instrument.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) });
  addDemo(program);
  addHub(program);
  addAgent(program);
  addNodes(program);
  addNode(program);
  addTap(program);
  addLog(program);
  addSet(program);
  addWhy(program);
  addStop(program);
  addLedger(program);
  addConfig(program);
  addDevices(program);
  addRoute(program);
  addModule(program);
  addTrust(program);
  addRollout(program);
  addMode(program);
  addJournal(program);
  addCrash(program);
  addDoctor(program);
  return program.addHelpText("after", "\n`interactor <command> --help` shows options and an example.");
}

/** One line: commander puts its suggestion on a line of its own, and a point before it. */
function oneLine(text: string): string {
  const words = text
    .trim()
    .replace(/^error:/, "interactor:")
    .replaceAll(/\s*\n\s*/g, " ");
  return `${words.replace(/\.$/, "")}; see \`interactor --help\`\n`;
}

function addDemo(program: Command): void {
  program
    .command("demo")
    .description("hub and agent with simulated sensors and a DMX universe, on this machine")
    .addOption(folderOption("keep everything here", ".interactor"))
    .addOption(portOption("--http-port", "dashboard and API; 0: a free one", "INTERACTOR_HTTP_PORT"))
    .addOption(portOption("--mqtt-port", "MQTT; 0: a free one", "INTERACTOR_MQTT_PORT"))
    .addOption(siteOption())
    .option("--no-color", "no colours")
    .addHelpText(
      "after",
      `${example("interactor demo --data /tmp/demo --http-port 9000")}
Ports are 8080 and 1883, or free ones when those are taken. Its site.yaml lies in the data folder: edit it while it runs,
then \`interactor config plan\` and \`interactor config apply\`. Ctrl-C ends everything.`,
    )
    .action(async (options) => {
      const { runDemo } = await import("./demo.ts");
      process.exit(await runDemo(options));
    });
}

function addHub(program: Command): void {
  program
    .command("hub")
    .description("run the hub in the foreground")
    .addOption(folderOption("its data", ".interactor/hub"))
    .addOption(siteOption())
    .addOption(new Option("--host <address>", "listen here (default 127.0.0.1)").env("INTERACTOR_HOST"))
    .addOption(portOption("--http-port", "dashboard and API (default 8080)", "INTERACTOR_HTTP_PORT"))
    .addOption(portOption("--mqtt-port", "MQTT (default 1883)", "INTERACTOR_MQTT_PORT"))
    .addOption(
      new Option("--routes <file>", "the routes (default routes.yaml in --data)").env("INTERACTOR_ROUTES"),
    )
    .addOption(
      new Option(
        "--config <file>",
        "listeners, accounts and limits (default: everybody, on this machine)",
      ).env("INTERACTOR_CONFIG"),
    )
    .addOption(
      new Option("--any-unit", "any computer may fill a node that is away").env("INTERACTOR_ANY_UNIT"),
    )
    .addHelpText(
      "after",
      `${example(
        "interactor hub --data /var/lib/interactor-hub --site gallery",
        "interactor hub --config hub/conformance.yaml --mqtt-port 1884",
      )}
Options and the environment are stronger than the file of --config; docs/broker.md shows such a file.`,
    )
    .action(() => foreground("hub"));
}

function addAgent(program: Command): void {
  program
    .command("agent")
    .description("run an agent in the foreground")
    .addOption(folderOption("its data", ".interactor/agent"))
    .addOption(siteOption())
    .addOption(
      new Option("--node <name>", "the node it fills (default: this machine's name)")
        .argParser(nameArgument)
        .env("INTERACTOR_NODE"),
    )
    .addOption(
      new Option("--hub <url>", "the hub's broker (default mqtt://127.0.0.1:1883)").env(
        "INTERACTOR_HUB_MQTT",
      ),
    )
    .addOption(
      new Option("--config <file>", "its instances (default node.json in --data)").env("INTERACTOR_CONFIG"),
    )
    .addOption(
      new Option(
        "--zone <name...>",
        "zones it is in beside those of the site file, for a show stop; may be repeated",
      ).env("INTERACTOR_ZONES"),
    )
    .addOption(
      new Option(
        "--sandbox-without <measure...>",
        "run modules of others also without: user, namespaces, system-calls",
      ).env("INTERACTOR_SANDBOX_WITHOUT"),
    )
    .addOption(
      new Option(
        "--trust-root <file>",
        "whose modules it installs (default trust-root.json in --data): the root.json of `interactor trust init`",
      ).env("INTERACTOR_TRUST_ROOT"),
    )
    .addOption(
      new Option(
        "--secrets <folder>",
        "the only folder that files of secrets are read from (default /etc/interactor/secrets)",
      ).env("INTERACTOR_SECRETS"),
    )
    .addOption(
      new Option(
        "--ceiling <file>",
        "the most that modules of others may have here (default /etc/interactor/ceiling.json)",
      ).env("INTERACTOR_CEILING"),
    )
    .addHelpText(
      "after",
      example("interactor agent --node pi-01 --hub mqtt://10.0.0.2:1883 --config node.json"),
    )
    .action(() => foreground("agent"));
}

/** Options were checked here only to be refused early; the program reads them again, and the environment. */
async function foreground(name: "hub" | "agent"): Promise<void> {
  const { runInForeground } = await import("./bundles.ts");
  await runInForeground(name, process.argv.slice(process.argv.indexOf(name) + 1));
}

function addNodes(program: Command): void {
  addHubOptions(program.command("nodes"))
    .description("the nodes of the site and how they are")
    .addOption(
      new Option("-o, --output <format>", "how to print").choices(["table", "wide", "json"]).default("table"),
    )
    .option("-w, --watch", "again every second, until Ctrl-C")
    .addHelpText("after", example("interactor nodes", "interactor nodes --json | jq '.nodes[].node'"))
    .action(async (options) => {
      const { runNodes } = await import("./nodes.ts");
      await untilInterrupted((signal) => runNodes(options, signal));
    });
}

function addNode(program: Command): void {
  const node = program.command("node").description("what is done with one node");
  addHubOptions(node.command("forget"))
    .description("forget a node that was taken down, so that it is not shown as lost for ever")
    .argument("<node>", "one that is not here", nameArgument)
    .addHelpText(
      "after",
      `${example("interactor node forget pi-07")}
What waits for it ends, and its last values go. A node that is here is not forgotten; one that comes back is known again.`,
    )
    .action(async (name, options) => {
      const { runForget } = await import("./forget.ts");
      await untilInterrupted((signal) => runForget(name, options, signal));
    });
  addSwap(node);
}

function addSwap(node: Command): void {
  addHubOptions(node.command("swap"))
    .description("let another unit fill a node: say what to do, and wait until it is there")
    .argument("<node>", "the node whose unit is replaced", nameArgument)
    .option(
      "--unit <unit>",
      "only this one, as the log of the hub names it when it is refused (default: any other)",
    )
    .option("--timeout <time>", "wait so long for the other unit (default: until Ctrl-C)", timeoutArgument)
    .addHelpText(
      "after",
      `${example("interactor node swap pi-07")}
A node is a role; the unit that came first fills it, and another one is refused until this. Whoever comes next gets what
the node shall run, and takes over when the old unit is still here; that one is refused from then on.`,
    )
    .action(async (name, options) => {
      const { runSwap } = await import("./node-swap.ts");
      await untilInterrupted((signal) => runSwap(name, options, signal));
    });
}

function addTap(program: Command): void {
  addHubOptions(program.command("tap"))
    .description("print what passes, a line a message")
    .argument("<filter>", "node/instance/port with + for any one and # for the rest, or a topic under ix/")
    .option("--raw", "every value of one output as it comes, not twenty a second")
    .option("--count <n>", "end after so many messages", countArgument)
    .option("--timeout <time>", "end after 10s or 5m; a bare number is seconds", timeoutArgument)
    .addHelpText(
      "after",
      `${example("interactor tap 'demo/sim/+'", "interactor tap '#' --json --count 5 --timeout 10", "interactor tap --raw demo/sim/distance")}
With --count a timeout is a failure (exit code 124); without, it is how long to watch (exit code 0).
The last known values come first; --json marks them "retained".`,
    )
    .action(async (filter, options) => {
      const { runTap } = await import("./tap.ts");
      await untilInterrupted((signal) => runTap(filter, options, signal));
    });
}

function addSet(program: Command): void {
  addHubOptions(program.command("set"))
    .description("give an input a value by hand, for a while")
    .argument("<input>", "node/instance/input")
    .argument("[value]", "on, off, a number, a text, or bytes as 0x00ff")
    .option("--for <time>", "hold it so long (default 10s, at most 24h)", durationArgument)
    .option("--release", "give the input back now")
    .option("--timeout <time>", "wait so long for the node's word (default 3s)", timeoutArgument)
    .addHelpText(
      "after",
      `${example("interactor set demo/dmx/front 0.5 --for 30s", "interactor set demo/dmx/front --release")}
A value set by hand is stronger than a route; a show stop is stronger than both.`,
    )
    .action(async (input, value, options) => {
      const { runSet } = await import("./set.ts");
      await untilInterrupted((signal) => runSet(input, value, options, signal));
    });
}

function addWhy(program: Command): void {
  addHubOptions(program.command("why"))
    .description("who owns an input, since when, and what waits beneath; how a node or an instance is")
    .argument("<what>", "node/instance/input, node/instance, or a node")
    .addHelpText("after", example("interactor why demo/dmx/front", "interactor why demo/dmx"))
    .action(async (input, options) => {
      const { runWhy } = await import("./why.ts");
      await untilInterrupted((signal) => runWhy(input, options, signal));
    });
}

function addStop(program: Command): void {
  const words = `
A stop holds, over restarts too, until it is released: outputs are where they declare for a stop, and go where they
should be by then when it is. It is not a safety function: wire an emergency stop beside it.`;
  // `release` is an argument and no command of its own: options stand before or after it.
  addHubOptions(program.command("stop"))
    .description("stop the show, or release it again")
    .addArgument(new Argument("[what]", "to let go again").choices(["release"]))
    .option("--zone <name>", "a zone alone (default all)", nameArgument)
    .option("--timeout <time>", "wait so long for the nodes' word (default 3s)", timeoutArgument)
    .addHelpText(
      "after",
      `${example("interactor stop", "interactor stop --zone foyer", "interactor stop release")}${words}`,
    )
    .action(async (what, options) => {
      const { runStop } = await import("./stop.ts");
      await untilInterrupted((signal) => runStop(what === "release", options, signal));
    });
}

function addLedger(program: Command): void {
  addHubOptions(program.command("ledger"))
    .description("how every message ended, and whether one is missing")
    .argument("[node]", "one node (default: all)", nameArgument)
    .option("--check", "exit with 1 when messages are missing that nobody accounts for")
    .addHelpText(
      "after",
      `${example("interactor ledger pi-01", "interactor ledger --check && echo all accounted for")}
MADE = ARRIVED + WAITING + TOO LATE + REPLACED + OVERFLOW + REFUSED + CRASHED + MISSING: each message ends in one
of these. REPLACED by a newer value is normal; MISSING is a bug.`,
    )
    .action(async (node, options) => {
      const { runLedger } = await import("./ledger.ts");
      await untilInterrupted(() => runLedger(node, options));
    });
}
