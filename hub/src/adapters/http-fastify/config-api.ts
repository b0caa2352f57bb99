/**
 * The site over HTTP: plan, revisions, rollouts, modes. What writes is taken as JSON only, from no page of another origin,
 * and, with accounts, from one that may set every input.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import * as z from "zod/mini";
import { messageOf } from "@interactor/shared/kernel/fault";
import type { Result } from "@interactor/shared/kernel/result";
import { siteFilesBytesMax } from "@interactor/shared/site/limits";
import {
  applyRequest,
  configPaths,
  modeRequest,
  overrideRequest,
  planRequest,
  rollbackRequest,
  rolloutActionRequest,
  rolloutActions,
  swapPath,
  swapRequest,
} from "@interactor/shared/wire/api-config";
import { name } from "@interactor/shared/wire/messages/schema";
import type { Refusal, SiteControl } from "../../ports/site-control.ts";
import { readersOnly, refusalToChange, signedWith, turnAway } from "./asker.ts";

/** Sites that are compiled or wait for it. More: refuse, for each may have 8 MB and take a second. */
const compilesMax = 4;
/** Revisions that are told at a time when nobody says how many; the history has at most 600. */
const historyDefault = 50;
/** A large site on a slow machine is compiled, compared and written within this, in ms. Longer: the connection is cut. */
const answerMax = 120_000;

const statusOf = {
  invalid: 422,
  "bad-request": 400,
  closed: 403,
  conflict: 409,
  "not-found": 404,
  "too-large": 413,
  unavailable: 503,
} as const satisfies Record<Refusal["kind"], number>;

/** `more`: what nobody else may do either who may not change the site. */
export async function routeConfigApi(
  app: FastifyInstance,
  control: SiteControl,
  more: (api: FastifyInstance) => void,
): Promise<void> {
  await app.register(async (api: FastifyInstance) => {
    api.setErrorHandler((error, request, reply) =>
      answerError(error, reply, request.routeOptions.bodyLimit ?? 0),
    );
    api.addHook("onRequest", async (request, reply) => {
      if (request.method !== "POST") return undefined;
      const turned = refusalToChange(request, control);
      return turned === undefined ? undefined : turnAway(reply, turned);
    });
    routeRevisions(api, control);
    routeRollouts(api, control);
    routeModes(api, control);
    routeNodes(api, control);
    more(api);
  }, {});
}

function routeRevisions(api: FastifyInstance, control: SiteControl): void {
  const large = { bodyLimit: siteFilesBytesMax };
  const read = { onRequest: readersOnly(control) };
  const atATime = limited();
  const signed = signedWith(control);
  api.post(configPaths.plan, large, (request, reply) =>
    withBody(request, reply, planRequest, (files) =>
      atATime(request, reply, async () => answer(reply, await control.plan(files))),
    ),
  );
  api.post(configPaths.revisions, large, (request, reply) =>
    withBody(request, reply, applyRequest, (asked) =>
      atATime(request, reply, async () => {
        const author = signed(request, asked.author);
        return answerMade(reply, await control.apply({ ...asked, author }));
      }),
    ),
  );
  api.post(`${configPaths.revisions}/:number/rollback`, (request, reply) =>
    withBody(request, reply, rollbackRequest, (asked) =>
      withNumbers(request, reply, ["number"], ([number = 0]) =>
        atATime(request, reply, async () => {
          const author = signed(request, asked.author);
          return answerMade(reply, await control.rollback(number, { ...asked, author }));
        }),
      ),
    ),
  );
  api.get(configPaths.revisions, async (request, reply) => {
    const asked = z.object({ count: z.optional(numberText) }).safeParse(request.query);
    if (!asked.success) return reply.code(400).send({ error: "count is a whole number" });
    return { revisions: control.revisions(asked.data.count ?? historyDefault) };
  });
  api.get(`${configPaths.revisions}/:number`, read, (request, reply) =>
    withNumbers(request, reply, ["number"], ([number = 0]) =>
      atATime(request, reply, async () => answer(reply, await control.revision(number))),
    ),
  );
  api.get(`${configPaths.revisions}/:before/diff/:after`, read, (request, reply) =>
    withNumbers(request, reply, ["before", "after"], ([before = 0, after = 0]) =>
      atATime(request, reply, async () => answer(reply, await control.diff(before, after))),
    ),
  );
}

function routeRollouts(api: FastifyInstance, control: SiteControl): void {
  const signed = signedWith(control);
  api.get(configPaths.rollouts, async () => ({ rollouts: control.rollouts() }));
  api.get(`${configPaths.rollouts}/:revision`, (request, reply) =>
    withNumbers(request, reply, ["revision"], async ([revision = 0]) =>
      answer(reply, control.rollout(revision)),
    ),
  );
  for (const action of rolloutActions) {
    api.post(`${configPaths.rollouts}/:revision/${action}`, (request, reply) =>
      withBody(request, reply, action === "override" ? overrideRequest : rolloutActionRequest, (asked) =>
        withNumbers(request, reply, ["revision"], async ([revision = 0]) =>
          answer(reply, control.act(revision, action, { ...asked, by: signed(request, asked.by) })),
        ),
      ),
    );
  }
}

function routeModes(api: FastifyInstance, control: SiteControl): void {
  const signed = signedWith(control);
  api.get(configPaths.modes, async () => control.modes());
  api.post(configPaths.modes, (request, reply) =>
    withBody(request, reply, modeRequest, async (asked) =>
      answer(reply, await control.setMode({ ...asked, by: signed(request, asked.by) })),
    ),
  );
}

function routeNodes(api: FastifyInstance, control: SiteControl): void {
  const signed = signedWith(control);
  api.post(swapPath(":node"), (request, reply) =>
    withBody(request, reply, swapRequest, (asked) => {
      const given = z.object({ node: name }).safeParse(request.params);
      const by = signed(request, asked.by);
      if (given.success) return answer(reply, control.swap(given.data.node, { ...asked, by }));
      return reply.code(400).send({ error: "a node's name is of a-z, 0-9, - and _" });
    }),
  );
}

type Answered = FastifyReply | Promise<FastifyReply>;

/** A second one waits for the first; past a few nobody waits. */
function limited() {
  let compiling = 0;
  return async (
    { raw }: FastifyRequest,
    reply: FastifyReply,
    task: () => Promise<FastifyReply>,
  ): Promise<FastifyReply> => {
    if (compiling >= compilesMax)
      return reply
        .code(503)
        .send({ error: `${compilesMax} sites are being compiled; ask again in a moment` });
    compiling += 1;
    // A client that waits for its answer is not one that takes nothing of it.
    const { timeout = 0 } = raw.socket;
    raw.socket.setTimeout(answerMax);
    try {
      return await task();
    } finally {
      compiling -= 1;
      raw.socket.setTimeout(timeout);
    }
  };
}

async function withBody<Body>(
  request: FastifyRequest,
  reply: FastifyReply,
  schema: z.ZodMiniType<Body>,
  then: (body: Body) => Answered,
): Promise<FastifyReply> {
  const parsed = schema.safeParse(request.body);
  if (parsed.success) return then(parsed.data);
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "the request" : issue.path.join(".");
  return reply.code(400).send({ error: `${where}: ${issue?.message ?? "is not as it should be"}` });
}

const numberText = z.pipe(z.string().check(z.regex(/^\d{1,15}$/)), z.transform(Number));

async function withNumbers(
  request: FastifyRequest,
  reply: FastifyReply,
  names: readonly string[],
  then: (numbers: readonly number[]) => Answered,
): Promise<FastifyReply> {
  const given = z.record(z.string(), z.string()).safeParse(request.params);
  const numbers = names.map((name) => numberText.safeParse(given.success ? given.data[name] : undefined));
  const read = numbers.flatMap((each) => (each.success ? [each.data] : []));
  if (read.length === names.length) return then(read);
  return reply.code(400).send({ error: "the number of a revision is a whole number" });
}

function answer<Value>(reply: FastifyReply, result: Result<Value, Refusal>): FastifyReply {
  if (result.ok) return reply.send(result.value);
  const { kind, ...words } = result.error;
  return reply.code(statusOf[kind]).send(words);
}

function answerMade(reply: FastifyReply, made: Awaited<ReturnType<SiteControl["apply"]>>): FastifyReply {
  return answer(made.ok && !made.value.unchanged ? reply.code(201) : reply, made);
}

/** What fastify or we did not expect: with its status where it has one. */
function answerError(error: unknown, reply: FastifyReply, bytesMax: number): FastifyReply {
  const known = z.object({ statusCode: z.number() }).safeParse(error);
  const status = known.success ? known.data.statusCode : 500;
  const words =
    status === 413 ? `what is sent is too large: the hub takes ${bytesMax} bytes here` : messageOf(error);
  return reply.code(status).send({ error: words });
}
