/** `interactor trust init`: the keys of a site. */
import { join } from "node:path";
import { firstDocuments, rootKeys } from "../signing/ceremony.ts";
import { keyFrom } from "../signing/signing-key.ts";
import { commandFault } from "./exit.ts";
import type { HubOptions } from "./hub-client.ts";
import { trustClient } from "./trust-client.ts";
import { type KeyOptions, makeKeyFile, passphraseOf, writeNew } from "./trust-keys.ts";

export async function runTrustInit(
  options: HubOptions & KeyOptions & { readonly json?: boolean },
): Promise<void> {
  const folder = options.keys[0] ?? "trust-keys";
  const client = await trustClient(options);
  const { kind, online } = await client.standing();
  if (kind === "real")
    throw commandFault("FAILED", "this site has a root already: interactor trust rotate hands it on");
  const passphrase = passphraseOf(options);
  const root = Array.from({ length: rootKeys }, (_, index) =>
    makeKeyFile(folder, `root-${index + 1}`, passphrase),
  );
  const targets = makeKeyFile(folder, "targets", passphrase);
  const documents = firstDocuments({ root, targets, online: keyFrom(online), now: Date.now() });
  writeNew(join(folder, "root.json"), documents.root);
  await client.bring("root", documents.root);
  await client.bring("targets", documents.targets);
  const words = [
    `keys are in ${folder}${passphrase === undefined ? ", not encrypted: a passphrase would keep them from whoever finds them" : ""}`,
    "keep root-1.pem, root-2.pem and root-3.pem in different places, and none of them on the hub: two hand trust on",
    ...(kind === "development"
      ? ["the development keys are set aside: nodes that have their root need this one"]
      : []),
    "next: interactor trust key NAME; interactor trust add-publisher NAME --key NAME.pub.pem",
  ];
  process.stdout.write(
    options.json === true ? `${JSON.stringify({ keys: folder, root: 1 })}\n` : `${words.join("\n")}\n`,
  );
}
