/** The inside of the compiling thread: answers one question after the other. */
import type { MessagePort } from "node:worker_threads";
import { messageOf } from "@interactor/shared/kernel/fault";
import { compilerHere } from "./compiling.ts";
import type { Question } from "./messages.ts";

export function serveCompiler(port: MessagePort, site: string, interactor?: string): void {
  const compiler = compilerHere(site, interactor);
  const answerTo = (question: Question): Promise<unknown> => {
    switch (question.name) {
      case "compile":
        return compiler.compile(...question.given);
      case "routesAlone":
        return compiler.routesAlone(...question.given);
      case "open":
        return compiler.open(...question.given);
      case "textsOf":
        return compiler.textsOf(...question.given);
      case "compare":
        return compiler.compare(...question.given);
    }
  };
  port.on("message", (question: Question) => {
    const { answers } = question;
    answerTo(question).then(
      (answer) => answers.postMessage({ kind: "done", answer }, []),
      (error: unknown) => answers.postMessage({ kind: "failed", reason: messageOf(error) }, []),
    );
  });
}
