/** `interactor trust init`: the keys of a site. After a cut it goes on with what it made. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TrustStanding } from "@interactor/shared/bundle/trust-api";
import { firstDocuments, rootKeys } from "../signing/ceremony.ts";
import { readRoot, signersOf } from "../signing/documents.ts";
import { keyFrom } from "../signing/signing-key.ts";
import { commandFault } from "./exit.ts";
import type { HubOptions } from "./hub-client.ts";
import { type TrustClient, trustClient } from "./trust-client.ts";
import { keptKeyFile, type KeyOptions, passphraseOf, writeNew } from "./trust-keys.ts";
import { remember, rememberForEver } from "./trust-memory.ts";

interface Documents {
  readonly root: Uint8Array;
  readonly targets: Uint8Array;
}

export async function runTrustInit(
  options: HubOptions & KeyOptions & { readonly json?: boolean },
): Promise<void> {
  const folder = options.keys[0] ?? "trust-keys";
  const client = await trustClient(options);
  const standing = await client.standing();
  const passphrase = passphraseOf(options);
  const made = madeBefore(folder, standing);
  if (standing.kind === "real" && (standing.root?.version !== 1 || !(await isHubs(made, client))))
    throw commandFault("FAILED", "this site has a root already: interactor trust rotate hands it on");
  const { root, targets } = made ?? makeAll(folder, standing, passphrase);
  // Not before root.json is there: what a cut left without it never came into force.
  rememberForEver([folder], "root", root);
  rememberForEver([folder], "targets", targets);
  if (standing.targets === undefined || standing.kind !== "real") await client.bring("root", root, targets);
  const words = [
    `keys are in ${folder}${passphrase === undefined ? ", not encrypted: a passphrase would keep them from whoever finds them" : ""}`,
    "keep root-1.pem, root-2.pem and root-3.pem in different places, and none of them on the hub: two hand trust on",
    ...(standing.kind === "development"
      ? ["the development keys are set aside: nodes that have their root need this one"]
      : []),
    "next: interactor trust key NAME; interactor trust add-publisher NAME --key NAME.pub.pem",
  ];
  process.stdout.write(
    options.json === true ? `${JSON.stringify({ keys: folder, root: 1 })}\n` : `${words.join("\n")}\n`,
  );
}

/** root.json is written last: where it is, all of it is. */
function makeAll(folder: string, { online }: TrustStanding, passphrase: string | undefined): Documents {
  if (existsSync(join(folder, "root.json")))
    throw commandFault(
      "FAILED",
      `${join(folder, "root.json")} is there already, of a site that began with it: name another folder with --keys`,
    );
  if (existsSync(join(folder, "root-1.pem"))) process.stderr.write(`it goes on with the keys in ${folder}\n`);
  const root = Array.from({ length: rootKeys }, (_, index) =>
    keptKeyFile(join(folder, `root-${index + 1}.pem`), passphrase),
  );
  const targets = keptKeyFile(join(folder, "targets.pem"), passphrase);
  const documents = firstDocuments({ root, targets, online: keyFrom(online), now: Date.now() });
  remember([join(folder, "targets.json")], documents.targets);
  writeNew(join(folder, "root.json"), documents.root);
  return documents;
}

function madeBefore(folder: string, { kind, online }: TrustStanding): Documents | undefined {
  const [root, targets] = [join(folder, "root.json"), join(folder, "targets.json")];
  if (!existsSync(root) || !existsSync(targets)) return undefined;
  const documents = { root: readFileSync(root), targets: readFileSync(targets) };
  const isOurs = signersOf(readRoot(documents.root).signed, "timestamp").keys.some(
    ({ keyID }) => keyID === online.keyid,
  );
  if (!isOurs && kind !== "real")
    throw commandFault(
      "FAILED",
      `the keys in ${folder} are of another hub: name another folder with --keys; if this is that hub on a new card: interactor trust rotate online`,
    );
  return documents;
}

/** Whether the hub has this root: the answer was lost, or what belongs to it. */
async function isHubs(made: Documents | undefined, client: TrustClient): Promise<boolean> {
  return made !== undefined && Buffer.from(await client.document("root")).equals(made.root);
}
