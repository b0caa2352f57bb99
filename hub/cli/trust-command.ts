/** `interactor trust …`: whose modules nodes install. The keys lie where people keep them, not on the hub. */
import { Argument, type Command, Option } from "commander";
import { hubArgument, nameArgument } from "./arguments.ts";
import { example } from "./example.ts";

export function addTrust(program: Command): void {
  const trust = program.command("trust").description("whose modules nodes install, and by which keys");
  addShow(trust);
  addInit(trust);
  addKey(trust);
  addRotate(trust);
  addPublisher(trust);
  addRevoke(trust);
  addRestore(trust);
}

const hubOptions = (command: Command): Command =>
  command
    .addOption(new Option("--hub <url>", "the hub's address").argParser(hubArgument))
    .option("--data <folder>", "the data folder of a hub on this machine, to find it")
    .option("--json", "for programs");

const keyOptions = (command: Command): Command =>
  hubOptions(command)
    .addOption(
      new Option("--keys <folder...>", "where offline keys lie; may be several").default(["trust-keys"]),
    )
    .option("--passphrase-file <file>", "what the keys are encrypted with (else INTERACTOR_KEYS_PASSPHRASE)");

/** Of what goes on from something that was signed before. */
const nextOptions = (command: Command): Command =>
  keyOptions(command).option(
    "-y, --yes",
    "do not ask; without a terminal it is asked for only where more changed than this since it was signed here last",
  );

function addShow(trust: Command): void {
  hubOptions(trust.command("show"))
    .description("how trust stands: root, publishers, what expires")
    .addHelpText("after", example("interactor trust show"))
    .action(async (options) => (await import("./trust-show.ts")).runTrustShow(options));
}

function addInit(trust: Command): void {
  keyOptions(trust.command("init"))
    .description("make the keys of a site and tell the hub: from then on it takes signed modules only")
    .addHelpText(
      "after",
      `${example("interactor trust init --keys /media/stick --passphrase-file words")}
Makes root-1.pem, root-2.pem, root-3.pem and targets.pem. Two of the three roots are needed to hand trust on: keep them in
different places, and none of them on the hub. root.json is what nodes are given, and has to lie with the keys wherever they
are used, as targets.json has: nothing that a hub shows is signed unless it follows from them. After a cut, run it again.`,
    )
    .action(async (options) => (await import("./trust-init.ts")).runTrustInit(options));
}

function addKey(trust: Command): void {
  trust
    .command("key")
    .description("make a publisher's key: NAME.pem stays with him, NAME.pub.pem is for add-publisher")
    .argument("<name>", "the publisher", nameArgument)
    .option("--passphrase-file <file>", "encrypt it (else INTERACTOR_KEYS_PASSPHRASE)")
    .addHelpText("after", example("interactor trust key acme"))
    .action(async (name, options) => (await import("./trust-publishers.ts")).runTrustKey(name, options));
}

function addRotate(trust: Command): void {
  nextOptions(trust.command("rotate"))
    .description("hand on to new keys: of the root, of who may publish, or of the hub")
    .addArgument(new Argument("<role>", "whose").choices(["root", "targets", "online"]))
    .option("--into <folder>", "where new keys are written (default: the first of --keys)")
    .addHelpText(
      "after",
      `${example("interactor trust rotate online --keys /media/a /media/b", "interactor trust rotate root --keys /media/a /media/b --into /media/new")}
Needs two of the three root keys, and a root.json in one of the folders. online: after somebody got at the hub, also brings nodes back from numbers far ahead.`,
    )
    .action(async (role, options) => (await import("./trust-rotate.ts")).runTrustRotate(role, options));
}

function addPublisher(trust: Command): void {
  nextOptions(trust.command("add-publisher"))
    .description("let somebody publish modules/NAME/…, or give him another key")
    .argument("<name>", "the publisher", nameArgument)
    .requiredOption("--key <file>", "his public key, as `trust key` writes it")
    .addHelpText(
      "after",
      example("interactor trust add-publisher acme --key acme.pub.pem --keys /media/stick"),
    )
    .action(async (name, options) => (await import("./trust-publishers.ts")).runAddPublisher(name, options));
}

function addRevoke(trust: Command): void {
  nextOptions(trust.command("revoke"))
    .description("let somebody publish no more: what he published is not installed any more")
    .argument("<name>", "the publisher", nameArgument)
    .addHelpText(
      "after",
      `${example("interactor trust revoke acme --keys /media/stick")}
What runs goes on running: assign something else to stop it.`,
    )
    .action(async (name, options) => (await import("./trust-publishers.ts")).runRevoke(name, options));
}

function addRestore(trust: Command): void {
  hubOptions(trust.command("restore"))
    .description(
      "bring a hub back what it has lost: roots in their order, and who may publish. No key is needed",
    )
    .addOption(
      new Option("--keys <folder...>", "where root.json and signed/ lie; may be several").default([
        "trust-keys",
      ]),
    )
    .addHelpText(
      "after",
      `${example("interactor trust restore --keys /media/a /media/b")}
For a hub that was restored from an old backup, whose disk was damaged, or that lies on a new card: nodes that are ahead of it
install nothing (TRUST_HUB_BEHIND, TRUST_ROLLBACK) until it has again what they went by. What was signed lies in signed/ beside the keys.
A folder with a hub's own 3.root.json, as in trust/repository/metadata of a backup, will do as well.`,
    )
    .action(async (options) => (await import("./trust-restore.ts")).runTrustRestore(options));
}
