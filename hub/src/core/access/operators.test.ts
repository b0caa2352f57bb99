import { expect, test } from "vitest";
import type { Account } from "./account.ts";
import { mayChangeSite, mayReadSite, signedBy } from "./operators.ts";
import { TopicFilters } from "./topic-filters.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const accountOf = (name: string, publish: readonly string[], password?: string): Account => ({
  name,
  isPassword: password === undefined ? undefined : (given) => new TextDecoder().decode(given) === password,
  clientIds: "any",
  publish: new TopicFilters(publish),
  publishOurs: new TopicFilters(publish),
  subscribe: "any",
  subscribeNot: new TopicFilters([]),
});
const asker = (name: string, password = "") => ({ name, password: bytes(password) });

test("who may watch all values may read what nodes said, or may change the site, and nobody else", () => {
  const reader = (name: string, subscribe: readonly string[], not: readonly string[] = []): Account => ({
    ...accountOf(name, [], "sesame"),
    subscribe: new TopicFilters(subscribe),
    subscribeNot: new TopicFilters(not),
  });
  const anna = { ...reader("anna", []), publishOurs: new TopicFilters(["ix/1/demo/set/#"]) };
  const accounts = [
    anna,
    reader("ben", ["ix/1/demo/v/#"]),
    reader("cleo", ["ix/1/demo/v/pi/#"]),
    reader("dora", ["#"], ["ix/1/demo/v/#"]),
    accountOf("emil", [], "sesame"),
  ];
  const may = (who: ReturnType<typeof asker> | undefined, anonymous?: Account) =>
    mayReadSite("demo", { accounts, anonymous, agents: true }, who);

  const names = ["anna", "ben", "cleo", "dora", "emil"];
  expect(names.filter((name) => may(asker(name, "sesame")))).toEqual(["anna", "ben", "emil"]);
  expect(names.filter((name) => may(asker(name, "guess")))).toEqual([]);
  expect(may(undefined)).toBe(false);
  expect(may(undefined, reader("guest", ["ix/1/demo/#"]))).toBe(true);
  expect(mayReadSite("demo", undefined, undefined)).toBe(true);
});

test("without accounts everybody on this machine may change the site", () => {
  expect(mayChangeSite("demo", undefined, undefined)).toBe(true);
});

test("with accounts one may that may set every input, and has its password", () => {
  const accounts = [
    accountOf("anna", ["ix/1/demo/set/#"], "sesame"),
    accountOf("ben", ["ix/1/demo/set/pi/#"], "sesame"),
    accountOf("cleo", ["ix/1/zoo/#"], "sesame"),
    accountOf("dora", ["ix/1/+/set/#"]),
  ];
  const may = (who: ReturnType<typeof asker> | undefined) =>
    mayChangeSite("demo", { accounts, anonymous: undefined, agents: true }, who);

  expect(may(asker("anna", "sesame"))).toBe(true);
  expect(may(asker("anna", "Sesame"))).toBe(false);
  expect(may(asker("ben", "sesame"))).toBe(false);
  expect(may(asker("cleo", "sesame"))).toBe(false);
  expect(may(asker("dora"))).toBe(true);
  expect(may(asker("nobody"))).toBe(false);
  expect(may(undefined)).toBe(false);
});

test("who does not say who it is has the rights of the anonymous account", () => {
  const anonymous = accountOf("anyone", ["ix/1/demo/set/#"]);
  expect(mayChangeSite("demo", { accounts: [anonymous], anonymous, agents: true }, undefined)).toBe(true);
  const reader = accountOf("reader", []);
  expect(mayChangeSite("demo", { accounts: [reader], anonymous: reader, agents: true }, undefined)).toBe(
    false,
  );
});

test("what is written down has the account that was proven behind what a program says of itself", () => {
  const anyone = accountOf("anyone", ["ix/1/demo/set/#"]);
  const accounts = [accountOf("anna", ["ix/1/demo/set/#"], "sesame"), anyone];
  const options = { accounts, anonymous: anyone, agents: true };

  expect(signedBy(options, asker("anna", "sesame"), "ben@desk")).toBe("ben@desk (anna)");
  expect(signedBy(options, asker("anna", "sesame"), "anna")).toBe("anna");
  expect(signedBy(options, undefined, "anna")).toBe("anna (anyone)");
  expect(signedBy(undefined, asker("anna"), "ben@desk")).toBe("ben@desk");
});
