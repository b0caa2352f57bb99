/** What somebody asks of `npm run bench`. */
import { parseArgs } from "node:util";
import { messageOf } from "@interactor/shared/kernel/fault";
import type { Bench } from "./bench.ts";

export type Asked =
  | { readonly kind: "run"; readonly benches: readonly Bench[] }
  | { readonly kind: "print"; readonly text: string }
  | { readonly kind: "wrong"; readonly text: string };

export function readArguments(args: readonly string[], benches: readonly Bench[]): Asked {
  const flag = { type: "boolean" } as const;
  try {
    const options = { list: flag, help: { ...flag, short: "h" } } as const;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    if (values.help === true) return { kind: "print", text: helpOf(benches) };
    if (values.list === true) return { kind: "print", text: listOf(benches) };
    const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
    if (unknown.length > 0) {
      return { kind: "wrong", text: `bench: no bench ${unknown.join(", ")}; there are\n${listOf(benches)}` };
    }
    const isWanted = ({ name }: Bench) => positionals.length === 0 || positionals.includes(name);
    return { kind: "run", benches: benches.filter(isWanted) };
  } catch (error) {
    return { kind: "wrong", text: `bench: ${messageOf(error)}\n${helpOf(benches)}` };
  }
}

const listOf = (benches: readonly Bench[]): string =>
  benches.map(({ name, about }) => `  ${name.padEnd(16)} ${about}`).join("\n");

const helpOf = (benches: readonly Bench[]): string => `Usage: npm run bench -- [BENCH…] [--list] [--help]

Measures, prints a table, and writes it with facts about the machine to bench-results.json. Without a name, all:
${listOf(benches)}

test/bench/README.md says how the figures come about and what they do not say.`;
