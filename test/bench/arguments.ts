/** What somebody asks of `npm run bench`. */
import { parseArgs } from "node:util";
import { messageOf } from "@interactor/shared/kernel/fault";
import type { Bench } from "./bench.ts";

export type Asked =
  | { readonly kind: "run"; readonly benches: readonly Bench[]; readonly isMarkdown: boolean }
  | { readonly kind: "profile"; readonly load: string }
  | { readonly kind: "print"; readonly text: string }
  | { readonly kind: "wrong"; readonly text: string };

/** `profiled`: the loads that `--profile` takes. */
export function readArguments(
  args: readonly string[],
  benches: readonly Bench[],
  profiled: readonly string[],
): Asked {
  const flag = { type: "boolean" } as const;
  try {
    const options = {
      list: flag,
      help: { ...flag, short: "h" },
      markdown: flag,
      profile: { type: "string" },
    } as const;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    if (values.help === true) return { kind: "print", text: helpOf(benches) };
    if (values.list === true) return { kind: "print", text: listOf(benches) };
    if (values.profile !== undefined) return profileOf(values.profile, positionals, profiled);
    const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
    if (unknown.length > 0) {
      return { kind: "wrong", text: `bench: no bench ${unknown.join(", ")}; there are\n${listOf(benches)}` };
    }
    const isWanted = ({ name }: Bench) => positionals.length === 0 || positionals.includes(name);
    return { kind: "run", benches: benches.filter(isWanted), isMarkdown: values.markdown === true };
  } catch (error) {
    return { kind: "wrong", text: `bench: ${messageOf(error)}\n${helpOf(benches)}` };
  }
}

function profileOf(load: string, others: readonly string[], profiled: readonly string[]): Asked {
  if (profiled.includes(load) && others.length === 0) return { kind: "profile", load };
  return { kind: "wrong", text: `bench: --profile takes one of ${profiled.join(", ")}, and nothing else` };
}

const listOf = (benches: readonly Bench[]): string =>
  benches.map(({ name, about }) => `  ${name.padEnd(18)} ${about}`).join("\n");

const helpOf = (
  benches: readonly Bench[],
): string => `Usage: npm run bench -- [BENCH…] [--markdown] [--list] [--help]
       npm run bench -- --profile LOAD

Measures, prints a table, and writes it with facts about the machine to bench-results.json. --markdown prints the
brokers' comparison as Markdown. --profile puts one load on the hub under Node's CPU profiler, writes the profile to
test/artifacts and prints where most of the time went. Without a name, all:
${listOf(benches)}

test/bench/README.md says how the figures come about and what they do not say.`;
