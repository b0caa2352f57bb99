import { describe, expect, test } from "vitest";
import { birthOf, noon } from "@interactor/shared/testing/builders";
import { nodesMax } from "@interactor/shared/wire/limits";
import { nodeTopics, siteTopics } from "@interactor/shared/wire/topics";
import { nobody, stepPresence } from "../presence/presence.ts";
import type { Account, AccountsOptions } from "./account.ts";
import { Gate } from "./gate.ts";
import { TopicFilters } from "./topic-filters.ts";
import { UnitBook } from "./unit-book.ts";

const site = "demo";
const pi = nodeTopics(site, "pi");

/** An account with its name as its password, and the rights of everybody unless they are given. */
function accountOf({ publishes = ["#"], subscribes = ["#"], ...given }: GivenAccount): Account {
  return {
    isPassword: (bytes) => Buffer.from(bytes).toString() === given.name,
    clientIds: "any",
    publish: new TopicFilters(publishes),
    publishOurs: new TopicFilters(publishes.filter((filter) => filter.startsWith("ix/"))),
    subscribe: new TopicFilters(subscribes),
    subscribeNot: new TopicFilters([]),
    ...given,
  };
}

type GivenAccount = Partial<Account> & {
  readonly name: string;
  readonly publishes?: readonly string[];
  readonly subscribes?: readonly string[];
};

function gateWith(accounts: readonly Account[], given: Partial<AccountsOptions> = {}): Gate {
  return new Gate(site, { accounts, anonymous: undefined, agents: true, ...given }, nobodyKept());
}

/** Nobody filled a node yet. */
function nobodyKept(): UnitBook {
  return new UnitBook({}, false);
}

const bytes = (text: string): Uint8Array => Buffer.from(text);

/** What becomes of a client: `welcome`, or why it is refused. */
function admission(gate: Gate, id: string, user: string, password?: string): string {
  const entrance = gate.admit(
    { id, user, password: password === undefined ? undefined : bytes(password) },
    nobody,
  );
  return entrance.kind === "welcome" ? entrance.kind : entrance.because;
}

describe("who comes in", () => {
  const panel = accountOf({ name: "panel" });
  const guest = accountOf({ name: "guest", isPassword: undefined });

  test("without accounts everybody does", () => {
    const gate = new Gate(site, undefined, nobodyKept());

    expect(admission(gate, "x", "", undefined)).toBe("welcome");
    expect(admission(gate, "x", "whoever", "whatever")).toBe("welcome");
  });

  test.each([
    ["its password", "panel", "panel", "welcome"],
    ["a wrong password", "panel", "panels", "bad-credentials"],
    ["an empty password", "panel", "", "bad-credentials"],
    ["no password", "panel", undefined, "bad-credentials"],
    ["a name that is no account", "nobody", "panel", "bad-credentials"],
    ["a name that every object has", "constructor", "panel", "bad-credentials"],
    ["no name", "", undefined, "not-allowed"],
  ])("a client with %s", (_what, user, password, expected) => {
    expect(admission(gateWith([panel, guest]), "x", user, password)).toBe(expected);
  });

  test("a client without a user name acts as the anonymous account", () => {
    const gate = gateWith([panel, guest], { anonymous: panel });

    expect(admission(gate, "x", "")).toBe("welcome");
    expect(gate.maySubscribe({ id: "x", user: "" }, "a")).toBe(true);
  });

  test("a password without a user name proves nothing", () => {
    expect(admission(gateWith([guest], { anonymous: guest }), "x", "", "p")).toBe("bad-credentials");
  });

  test("an account without a password takes none", () => {
    expect(admission(gateWith([guest]), "x", "guest")).toBe("welcome");
    expect(admission(gateWith([guest]), "x", "guest", "p")).toBe("bad-credentials");
  });
});

describe("client ids", () => {
  const any = accountOf({ name: "any" });
  const other = accountOf({ name: "other" });
  const listed = accountOf({ name: "listed", clientIds: ["screen", "gateway-*"] });

  test.each([
    ["screen", "welcome"],
    ["gateway-7", "welcome"],
    ["gateway-", "welcome"],
    ["screen2", "not-allowed"],
    ["gateway", "not-allowed"],
    ["", "not-allowed"],
  ])("of a list: %j", (id, expected) => {
    expect(admission(gateWith([listed]), id, "listed", "listed")).toBe(expected);
  });

  test("an id that one account names is not for one that may have any", () => {
    const gate = gateWith([any, listed]);

    expect(admission(gate, "gateway-7", "any", "any")).toBe("not-allowed");
    expect(admission(gate, "panel", "any", "any")).toBe("welcome");
  });

  test("the longer beginning has the id, and the id itself before both", () => {
    const wide = accountOf({ name: "wide", clientIds: ["g*"] });
    const exact = accountOf({ name: "exact", clientIds: ["gateway-1"] });
    const gate = gateWith([wide, listed, exact]);

    const holders = ["g1", "gateway-2", "gateway-1"].map((id) =>
      ["wide", "listed", "exact"].filter((name) => admission(gate, id, name, name) === "welcome"),
    );

    expect(holders).toEqual([["wide"], ["listed"], ["exact"]]);
  });

  test("an id that one account has used is not another's: it would take the session over", () => {
    const gate = gateWith([any, other]);

    expect(admission(gate, "x", "any", "any")).toBe("welcome");
    expect(admission(gate, "x", "other", "other")).toBe("not-allowed");
    expect(admission(gate, "x", "any", "any")).toBe("welcome");
  });

  test("a wrong password claims no id", () => {
    const gate = gateWith([any, other]);

    expect(admission(gate, "x", "any", "wrong")).toBe("bad-credentials");
    expect(admission(gate, "x", "other", "other")).toBe("welcome");
  });

  test("an account that uses ids without end pushes out its own, never another's", () => {
    const gate = gateWith([any, other]);
    admission(gate, "mine", "any", "any");

    for (let number = 0; number < 4002; number++) admission(gate, `flood-${number}`, "other", "other");

    expect(admission(gate, "mine", "other", "other")).toBe("not-allowed");
    const taken = ["flood-0", "flood-1", "flood-2"].map((id) => admission(gate, id, "any", "any"));
    expect(taken).toEqual(["welcome", "welcome", "not-allowed"]);
  });
});

describe("agents beside accounts", () => {
  const all = accountOf({ name: "all", publish: "any", subscribe: "any" });

  test("come in with their unit and without a password, and have their own rights alone", () => {
    const gate = gateWith([all]);
    const agent = { id: "demo/pi", user: "unit-1" };

    expect(admission(gate, agent.id, agent.user)).toBe("welcome");
    expect(gate.publishRight(agent, pi.state)).toMatchObject({ kind: "ours", from: "pi" });
    expect(gate.publishRight(agent, "light/1")).toEqual({ kind: "forbidden" });
    expect(gate.maySubscribe(agent, pi.desired)).toBe(true);
    expect(gate.maySubscribe(agent, "#")).toBe(false);
  });

  test("whose unit has the name of an account are agents all the same", () => {
    const gate = gateWith([all], { anonymous: all });

    expect(admission(gate, "demo/pi", "all")).toBe("welcome");
    expect(gate.publishRight({ id: "demo/pi", user: "all" }, "light/1")).toEqual({ kind: "forbidden" });
  });

  test("no account gets the id of an agent", () => {
    expect(admission(gateWith([all]), "demo/pi", "all", "all")).toBe("not-allowed");
  });

  test("are refused where the file says so, and their ids are like all others", () => {
    const gate = gateWith([all], { agents: false });

    expect(admission(gate, "demo/pi", "unit-1")).toBe("bad-credentials");
    expect(admission(gate, "demo/pi", "")).toBe("not-allowed");
    expect(admission(gate, "demo/pi", "all", "all")).toBe("welcome");
    expect(gate.publishRight({ id: "demo/pi", user: "all" }, pi.state)).toEqual({ kind: "vain" });
  });

  test("of another unit do not fill a node that is filled", () => {
    const step = stepPresence(nobody, {
      kind: "birth",
      at: noon,
      node: "pi",
      birth: birthOf({ unit: "unit-1" }),
    });
    const presence = step.ok ? step.state : nobody;
    const admit = (user: string) =>
      gateWith([all]).admit({ id: "demo/pi", user, password: undefined }, presence).kind;

    expect([admit("unit-1"), admit("unit-2")]).toEqual(["welcome", "refused"]);
  });
});

describe("what an account publishes", () => {
  const light = { id: "x", user: "light" };
  const set = siteTopics(site).set({ node: "pi", instance: "lights", port: "front" });
  const right = (topic: string, given: Omit<GivenAccount, "name"> = {}) =>
    gateWith([accountOf({ name: "light", ...given })]).publishRight(light, topic).kind;

  test.each([
    ["lights/+/level", "lights/1/level", "free"],
    ["lights/+/level", "lights/1", "forbidden"],
    ["#", "anything/at/all", "free"],
    ["#", "$SYS/load", "forbidden"],
    ["#", "ixion", "free"],
    ["#", "ix", "vain"],
    ["#", "ix/2/x", "vain"],
    ["#", set, "vain"],
    ["+/1/#", set, "vain"],
    ["#", pi.state, "vain"],
    ["ix/1/demo/set/#", set, "ours"],
    ["ix/1/demo/stop/#", siteTopics(site).stop("all"), "ours"],
    ["ix/1/demo/stop/#", set, "forbidden"],
    ["ix/#", set, "ours"],
    ["ix/#", pi.state, "vain"],
    ["ix/#", pi.down(0), "vain"],
    ["ix/#", pi.hubState, "vain"],
    ["ix/#", "ix/1/other/stop/all", "vain"],
  ])("allowed %s, at %s: %s", (filter, topic, expected) => {
    expect(right(topic, { publishes: [filter] })).toBe(expected);
  });

  test("may be any topic, but ours", () => {
    expect(right("$SYS/load", { publish: "any" })).toBe("free");
    expect(right(set, { publish: "any" })).toBe("vain");
  });

  test("is nothing when it is gone, or never was", () => {
    const gate = gateWith([accountOf({ name: "light" })]);

    expect(gate.publishRight({ id: "", user: "" }, "a").kind).toBe("forbidden");
    expect(gate.publishRight({ id: "x", user: "nobody" }, "a").kind).toBe("forbidden");
    expect(gate.maySubscribe({ id: "x", user: "nobody" }, "a")).toBe(false);
  });
});

test("a filter that is denied is denied by itself: wider ones that are allowed still see its topics", () => {
  const account = accountOf({ name: "a", subscribeNot: new TopicFilters(["test/nosubscribe", "secret/#"]) });
  const gate = gateWith([account]);
  const asked = ["test/nosubscribe", "secret", "secret/+", "secret/#", "test/#", "test/+", "#", "$SYS/#"];

  const allowed = asked.filter((filter) => gate.maySubscribe({ id: "x", user: "a" }, filter));

  expect(allowed).toEqual(["test/#", "test/+", "#"]);
});

test("a unit comes into a node that another one fills only by a swap, and then the other one does not", () => {
  const step = stepPresence(nobody, { kind: "birth", at: noon, node: "pi", birth: birthOf({ unit: "old" }) });
  expect.assert(step.ok);
  const units = nobodyKept();
  units.born("pi", "old");
  const gate = new Gate(site, undefined, units);
  const admit = (user: string, presence = step.state) => {
    const entrance = gate.admit({ id: "demo/pi", user, password: undefined }, presence);
    return entrance.kind === "welcome" ? entrance.kind : entrance.reason;
  };

  expect(admit("new")).toBe('node "pi" is filled by unit old; unit new was refused');
  expect(admit("new", nobody)).toContain("also while that is away; unit new was refused");
  expect(admit("old")).toBe("welcome");
  units.swap("pi", "old", undefined);
  expect(admit("new")).toBe("welcome");
  expect(admit("old")).toBe('unit old was taken out of node "pi" by a swap, and was refused');
});

test("into a site that is full, nodes that it knows come in, and others are refused in words", () => {
  let presence = nobody;
  for (let index = 0; index < nodesMax; index++) {
    const step = stepPresence(presence, { kind: "birth", at: noon, node: `n${index}`, birth: birthOf() });
    if (step.ok) presence = step.state;
  }
  const gate = new Gate(site, undefined, nobodyKept());
  const admit = (id: string) => gate.admit({ id, user: "unit-1", password: undefined }, presence);

  expect(admit("demo/pi")).toEqual({
    kind: "refused",
    because: "not-allowed",
    reason: `node "pi" was refused: the site has ${nodesMax} nodes, and all are here`,
  });
  expect(admit("demo/n7").kind).toBe("welcome");
  expect(admit("panel").kind).toBe("welcome");
});
