/** Asking before something that cannot be taken back, and for a reason where one is kept. The dialog
 *  itself shows what went wrong, so that nobody has to look elsewhere. */
export interface Question {
  title: string;
  text?: string;
  action: string;
  danger?: boolean;
  /** Whether a reason is asked for. */
  reason?: 'optional' | 'required';
  /** How long it is to last, in seconds; null is until lifted. */
  durations?: boolean;
  run: (answer: { reason: string | undefined; duration: number | undefined }) => Promise<unknown>;
}

class Asking {
  question: Question | null = $state.raw(null);

  ask(question: Question): void {
    this.question = question;
  }
}

export const asking = new Asking();
