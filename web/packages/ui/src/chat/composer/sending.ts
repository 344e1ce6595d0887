/** A file made ready for sending, and how large a picture it is. */
export interface Prepared {
  file: File;
  width?: number;
  height?: number;
  /** A photo that proves the delivery: sent as it was taken. */
  purpose?: 'proof';
}

export interface Sending {
  text: string;
  files: Promise<Prepared>[];
}

/** What the composer is about: a new message, an answer to one, or a change of one. */
export type Mode =
  | { kind: 'new' }
  | { kind: 'reply'; id: string; name: string; excerpt: string }
  | { kind: 'edit'; id: string; original: string };

/** A file that was chosen and not sent yet. */
export interface Chosen {
  file: File;
  preview: string | null;
  proof: boolean;
  ready: Promise<Prepared>;
}
