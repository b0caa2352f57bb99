/** `interactor trust show`: how trust stands. */
import type { TrustStanding } from "@interactor/shared/bundle/trust-api";
import type { HubOptions } from "./hub-client.ts";
import { printable } from "./output.ts";
import { trustClient } from "./trust-client.ts";

export async function runTrustShow(options: HubOptions & { readonly json?: boolean }): Promise<void> {
  const standing = await (await trustClient(options)).standing();
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(standing)}\n`
      : `${linesOf(standing).map(printable).join("\n")}\n`,
  );
}

export function linesOf({ kind, root, targets, publishers, problems }: TrustStanding): readonly string[] {
  if (kind === "none")
    return ["no root yet: interactor trust init makes one; interactor module publish --dev does without"];
  const [name, threshold] = [kind === "development" ? "DEVELOPMENT root" : "root", root?.threshold ?? 1];
  return [
    `${name} ${root?.version}, ${threshold} of ${root?.keys.length} keys, until ${day(root?.expires)}`,
    ...(targets === undefined
      ? []
      : [`who may publish: version ${targets.version}, until ${day(targets.expires)}`]),
    ...publishers.map(
      ({ name, files, key, expires }) =>
        `  ${name}  ${files} files  key ${key.slice(0, 12)}${expires === undefined ? "" : `  until ${day(expires)}`}`,
    ),
    ...problems.map((problem) => `! ${problem}`),
  ];
}

const day = (time: string | undefined): string => time?.slice(0, 10) ?? "?";
