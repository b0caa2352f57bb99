/** What the hub and its compiling thread say to each other. Both are of one build, so nothing is checked on the way. */
import type { MessagePort } from "node:worker_threads";
import type { SiteCompiler } from "../../ports/site-compiler.ts";

type Calls = Omit<SiteCompiler, typeof Symbol.asyncDispose>;
export type CallName = keyof Calls;
export type Given<Name extends CallName> = Parameters<Calls[Name]>;
export type Answer<Name extends CallName> = Awaited<ReturnType<Calls[Name]>>;

/** One of the calls, with what it is given and where its answer goes. */
export type Question = {
  [Name in CallName]: { readonly name: Name; readonly given: Given<Name>; readonly answers: MessagePort };
}[CallName];

export type Outcome<Name extends CallName> =
  | { readonly kind: "done"; readonly answer: Answer<Name> }
  /** A fault of ours: the words of an error. */
  | { readonly kind: "failed"; readonly reason: string };
