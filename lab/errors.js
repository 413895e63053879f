/** Something a reader should be told; the message is a sentence that says what happened and what to do. */
export class EngineError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = "EngineError";
  }
}
