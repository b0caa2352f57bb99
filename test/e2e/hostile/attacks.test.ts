// Whoever attacks is refused with a reason, the hub does not grow, and nobody else notices. Every row is an attack
// on the hub as it is shipped, before CONNECT or after it, over TCP or a WebSocket, again and again until its time
// is over.

import { afterAll, beforeEach, expect, test } from "vitest";
import { type Attack, type Phase, Scene } from "./attack.ts";
import { attacksWithClients } from "./attacks-with-clients.ts";
import { attacksWithHttp } from "./attacks-with-http.ts";
import { attacksWithMessages } from "./attacks-with-messages.ts";
import { attacksWithQuestions } from "./attacks-with-questions.ts";
import { attacksWithPieces, slowAttacksWithPieces } from "./attacks-with-pieces.ts";
import { BesiegedHub, refusals } from "./besieged-hub.ts";
import { isLong } from "./length.ts";
import type { Transport } from "./raw-connection.ts";

/** What a hub may grow by while it is attacked. */
const growthBytesMax = 50e6;
/** What the bystanders keep of their rate. */
const shareMin = 0.9;
/** A stop that the rate alone would not show, because what was held up comes after it. */
const pauseMax = 1000;
const usualSeconds = isLong ? 30 : 2;

const attacks = [
  ...attacksWithPieces,
  ...attacksWithClients,
  ...attacksWithHttp,
  ...attacksWithMessages,
  ...attacksWithQuestions,
  ...(isLong ? slowAttacksWithPieces : []),
];

/** What `npm test` has the time for; `npm run test:long` tries all of them. */
const usual =
  /256 MB|silent connections$|HTTP port$|retained messages of 1 KB$|subscriptions without end|QoS 2|a byte a second|a packet of 200 KB|no end|never come back|confirm nothing|takes nothing of/;

const rows = attacks.filter(({ name }) => isLong || usual.test(name)).flatMap(rowsOf);

/** Each way over each transport; in `npm test` the first and the last of them. */
function rowsOf(attack: Attack): readonly (readonly [string, Transport, Phase, Attack])[] {
  const ways = attack.on.flatMap((transport) =>
    attack.phases.map((phase): readonly [string, Transport, Phase, Attack] => [
      attack.name,
      transport,
      phase,
      attack,
    ]),
  );
  return isLong ? ways : ways.filter((_way, index) => index === 0 || index === ways.length - 1);
}

let hub: BesiegedHub | undefined;

/** What may stay of one attack without hiding what the next one does. */
const leftBytesMax = 15e6;

beforeEach(async () => {
  // A long run has the time to begin anew each time.
  if (hub !== undefined && (isLong || !(await hub.isAsBefore(leftBytesMax)))) {
    await hub[Symbol.asyncDispose]();
    hub = undefined;
  }
  hub ??= await BesiegedHub.open();
});

afterAll(async () => {
  await hub?.[Symbol.asyncDispose]();
});

test.each(rows)(
  "%s, by %s %s: refused with its reason, and nobody else notices",
  { timeout: (usualSeconds + 60) * 1000 },
  async (_name, transport, phase, attack) => {
    const besieged = hub;
    if (besieged === undefined) throw new Error("there is no hub");
    const seconds = Math.max(usualSeconds, attack.secondsMin ?? 0);
    await besieged.look();

    {
      using scene = new Scene(besieged.program, transport, phase, seconds);
      await attack.run(scene);
      await scene.end();
    }
    const siege = await besieged.look();

    const figures = JSON.stringify({ name: attack.name, transport, phase, ...siege });
    if (isLong) console.log(figures);
    besieged.expectSound();
    expect.soft(siege.bystanderShare, figures).toBeGreaterThanOrEqual(shareMin);
    expect.soft(siege.pauseMax, figures).toBeLessThan(pauseMax);
    expect.soft(siege.growth, figures).toBeLessThan(growthBytesMax);
    if (attack.reasons.length === 0) return;
    const outcomes = attack.outcomes ?? refusals;
    const isMet = (reason: string) => outcomes.some((outcome) => (siege.faults[outcome][reason] ?? 0) > 0);
    const met = attack.reasons.filter(isMet);
    expect.soft(met, `of ${attack.reasons.join(", ")}: ${figures}`).not.toEqual([]);
    for (const reason of met) expect.soft(besieged.log).toContain(reason);
  },
);
