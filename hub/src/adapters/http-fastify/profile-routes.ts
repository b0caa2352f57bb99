/**
 * Profiles over HTTP: begun, looked at until they are done, and taken. All by POST, which is for those who may change the
 * site: a heap holds what a module holds, secrets too.
 */
import type { FastifyInstance } from "fastify";
import { Fault } from "@interactor/shared/kernel/fault";
import { profileRequest, profilesPath } from "@interactor/shared/wire/api-profile";
import type { ProfileDesk } from "../../ports/profile-desk.ts";
import type { Signed } from "./asker.ts";

interface OfOne {
  readonly Params: { readonly id: string };
}

export function routeProfiles(app: FastifyInstance, desk: ProfileDesk, signed: Signed): void {
  app.post(profilesPath, async (request, reply) => {
    const parsed = profileRequest.safeParse(request.body);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return reply.code(400).send({ error: `${issue?.path.join(".")}: ${issue?.message}` });
    }
    try {
      return await reply.code(201).send(desk.look(desk.begin(signed(request, request.ip), parsed.data)));
    } catch (error) {
      // A refusal is an answer; anything else is a bug, and has its own.
      if (!(error instanceof Fault)) throw error;
      return reply.code(422).send({ code: error.code, error: error.message });
    }
  });
  app.post<OfOne>(
    `${profilesPath}/:id`,
    async ({ params }, reply) => desk.look(Number(params.id)) ?? reply.code(404).send(none),
  );
  app.post<OfOne>(`${profilesPath}/:id/file`, async ({ params }, reply) => {
    const file = desk.file(Number(params.id));
    if (file === undefined) return reply.code(404).send(none);
    return reply.type("application/gzip").send(Buffer.from(file));
  });
}

const none = { error: "there is no such profile, or it is not done: begin it again" };
