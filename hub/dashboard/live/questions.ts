/** What the page has asked and waits to hear of. Answers of others pass by on the same topics. */
import type { ReplyDocument } from "@interactor/shared/wire/messages/reply";
import type { RequestId } from "@interactor/shared/wire/request";
import { questionsMax } from "./limits.ts";

export class Questions {
  readonly #open = new Map<RequestId, (reply: ReplyDocument) => void>();

  add(request: RequestId, answered: (reply: ReplyDocument) => void): void {
    this.#open.set(request, answered);
    const [oldest] = this.#open.keys();
    if (this.#open.size > questionsMax && oldest !== undefined) this.#open.delete(oldest);
  }

  answer(reply: ReplyDocument): void {
    const answered = this.#open.get(reply.request);
    this.#open.delete(reply.request);
    answered?.(reply);
  }
}
