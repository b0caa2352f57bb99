/** What became of requests: one that comes again, by way of another hub, is not done again. */
import type { Reply } from "@interactor/shared/wire/messages/reply";
import type { RequestId } from "@interactor/shared/wire/request";

/** Answers remembered: seconds of a busy slider. More: evict the oldest. */
const answersMax = 512;

export class AnsweredRequests {
  readonly #answers = new Map<RequestId, Reply>();

  answerTo(request: RequestId): Reply | undefined {
    return this.#answers.get(request);
  }

  add(reply: Reply): void {
    this.#answers.set(reply.request, reply);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > answersMax && oldest !== undefined) this.#answers.delete(oldest);
  }
}
