/** A file that cannot be segmented: the message says what is the matter and what to do. */
export class Unreadable extends Error {
  constructor(what, advice) {
    super(`${what}. ${advice}.`);
    this.name = "Unreadable";
  }
}
