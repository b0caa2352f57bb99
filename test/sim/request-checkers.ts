/** What must be true of requests: answered once by each hub that was asked, by the truth, and done once at most. */
import { allowances } from "./allowances.ts";
import type { Observer } from "./observer.ts";
import type { Asked, People } from "./people.ts";
import type { World } from "./world.ts";

type Answers = NonNullable<ReturnType<Observer["replies"]["get"]>>;
type Reply = Answers[number]["reply"];

/** Answers that say so. */
const nobodyKnows = new Set(["no-answer", "node-away", "node-restarted"]);
/** Answers that only a node gives, beside that it has done it. */
const wordsOfNodes = new Set(["held-by-stop", "standing-still", "wrong-type", "ttl"]);

export function checkRequests({ observer, hub }: World, { asked }: People): void {
  for (const each of asked) {
    const answers = observer.replies.get(each.request) ?? [];
    const isOpen =
      each.asks.at(-1)?.hubLife === hub.life && !answers.some((answer) => answer.hub === hub.life);
    if (isOpen) observer.violated("requests", `${each.request} was never answered`);
    checkAnswers(observer, each, answers);
    checkDoing(observer, each, answers);
  }
}

/** Each asking has one answer, and a hub says the same each time. */
function checkAnswers(observer: Observer, { request, asks }: Asked, answers: Answers): void {
  for (const hub of new Set(answers.map((answer) => answer.hub))) {
    const here = answers.filter((answer) => answer.hub === hub);
    const times = asks.filter(({ hubLife }) => hubLife === hub).length;
    if (here.length > times)
      observer.violated("requests", `${request} was asked ${times} times, and answered ${here.length} times`);
    checkAlike(observer, request, here);
  }
}

function checkAlike(observer: Observer, request: string, answers: Answers): void {
  const words = new Set(answers.map(({ reply }) => wordsOf(reply)));
  if (words.size > 1) observer.violated("requests", `${request} was answered ${[...words].join(" and ")}`);
}

/** What was said of it is what inputs saw. */
function checkDoing(observer: Observer, asked: Asked, answers: Answers): void {
  const { request, node, input, value, ttl, asks } = asked;
  const [taken] = observer.taken.get(`${node}/sink/${input}`)?.get(value) ?? [];
  if (taken === undefined && answers.some(({ reply }) => reply.outcome === "done"))
    observer.violated("requests", `${request} was answered done, and no input took it`);
  const began = asks[0]?.at ?? 0;
  const isOneLife = !observer.nodesEndedAt.some((ended) => ended.node === node && ended.at >= began);
  // One life of a node says the same to every hub.
  if (isOneLife)
    checkAlike(
      observer,
      request,
      answers.filter(({ reply }) => isOfNode(reply)),
    );
  if (taken === undefined) return;
  const isOneHub = new Set(asks.map(({ hubLife }) => hubLife)).size === 1;
  // A hub that refuses says nothing of what another one had done.
  const refused = answers.find(({ reply }) =>
    isOneHub || (isOneLife && isOfNode(reply))
      ? reply.outcome !== "done" && !nobodyKnows.has(reply.reason ?? "")
      : false,
  );
  if (refused !== undefined)
    observer.violated("requests", `${request} was ${wordsOf(refused.reply)}, and done`);
  const last = asks.findLast(({ at }) => at <= taken.at)?.at ?? began;
  const late = taken.at - last - ttl;
  if (late > allowances.lateOnSlowWays)
    observer.violated("late is never done", `${request} was done ${late} ms too late`);
}

const isOfNode = ({ outcome, reason = "" }: Reply): boolean => outcome === "done" || wordsOfNodes.has(reason);

const wordsOf = ({ outcome, reason }: Reply): string =>
  reason === undefined ? outcome : `${outcome} (${reason})`;
