/**
 * The listeners file (`interactor hub --config`): where the hub listens, who may come in, and the bounds of the
 * broker. Every problem is reported at once, each with its line and column and what would be right.
 */
import type * as z from "zod";
import { nearest } from "@interactor/shared/kernel/nearest";
import { failed, ok, type Result } from "@interactor/shared/kernel/result";
import { type Path, type Problem, YamlText } from "@interactor/shared/site/yaml-text";
import type { AccountsOptions } from "../core/access/account.ts";
import { type BrokerLimits, brokerLimits } from "../ports/broker.ts";
import { accountsFrom } from "./accounts-from.ts";
import { findingsIn, obstaclesBeyondLoopback } from "./listeners-rules.ts";
import { keysAt, listenersSchema, type WrittenFile } from "./listeners-schema.ts";

export interface ListenersFile {
  readonly mqtt: Partial<Listener>;
  readonly http: Partial<Listener>;
  /** `undefined`: the file says nothing about who may come in. */
  readonly accounts: AccountsOptions | undefined;
  readonly limits: BrokerLimits;
  /** Why MQTT may not be served beyond this machine; empty: it may. */
  readonly obstacles: readonly string[];
}

interface Listener {
  readonly host: string;
  readonly port: number;
}

/** What the file says, or everything that is wrong with it. */
export function parseListenersFile(text: string): Result<ListenersFile, readonly Problem[]> {
  const yaml = new YamlText(text);
  if (yaml.problems.length > 0) return failed(yaml.problems);
  // A file that is empty, or all comment, says nothing.
  const parsed = listenersSchema.safeParse(yaml.value ?? {}, { reportInput: true });
  if (!parsed.success)
    return failed(inOrder(parsed.error.issues.flatMap((issue) => problemsOf(yaml, issue, []))));
  const written = parsed.data;
  const findings = findingsIn(written, (path) => yaml.positionOf(path).line);
  if (findings.length > 0)
    return failed(inOrder(findings.map(({ path, message, hint }) => yaml.problemAt(path, message, hint))));
  return ok({
    mqtt: given(written.listeners?.mqtt),
    http: given(written.listeners?.http),
    accounts: written.accounts && accountsFrom(written.accounts, written),
    limits: written.limits ?? brokerLimits,
    obstacles: obstaclesBeyondLoopback(written).map(({ message }) => message),
  });
}

/** What is left out is left to the options. */
function given({ host, port }: NonNullable<WrittenFile["listeners"]>["mqtt"] & {} = {}): Partial<Listener> {
  return { ...(host !== undefined && { host }), ...(port !== undefined && { port }) };
}

function problemsOf(yaml: YamlText, issue: z.core.$ZodIssue, above: Path): Problem[] {
  const path = [...above, ...issue.path.filter((step) => typeof step !== "symbol")];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const known = keysAt(path);
      const hint = nearest(key, known) ?? `there are ${known.join(", ")}`;
      return yaml.problemAtKey(path, key, `"${key}" is unknown here`, hint);
    });
  }
  // A list that is wrong inside is a list: what is wrong with it says more than that it is not the word `any`.
  const inside =
    issue.code === "invalid_union"
      ? issue.errors.find((branch) => branch.every((each) => each.path.length > 0))
      : undefined;
  if (inside !== undefined) return inside.flatMap((each) => problemsOf(yaml, each, path));
  const isMissing = issue.code === "invalid_type" && issue.input === undefined && path.length > 0;
  return [yaml.problemAt(path, isMissing ? `${path.at(-1)} is missing: ${issue.message}` : issue.message)];
}

const inOrder = (problems: readonly Problem[]): readonly Problem[] =>
  problems.toSorted((left, right) => left.line - right.line || left.column - right.column);
