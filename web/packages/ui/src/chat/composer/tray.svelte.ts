import { toast } from '../../primitives/toasts.svelte.js';
import { t } from '../../i18n/index.svelte.js';
import { size } from '../../text/format.js';
import { isImage, MAX_FILE_BYTES, refusal } from '../files.js';
import type { Chosen, Prepared } from './sending.js';

/** Files that go with the next message; each is made ready from when it is chosen. */
export class Tray {
  files: readonly Chosen[] = $state.raw([]);

  constructor(private readonly prepare: (file: File) => Promise<Prepared>) {}

  /** What cannot be sent says why and stays away. */
  add(files: Iterable<File>): void {
    for (const file of files) {
      const why = refusal(file);
      if (why) toast.error(t(why, { name: file.name, max: size(MAX_FILE_BYTES) }));
      else this.files = [...this.files, this.#chosen(file)];
    }
  }

  remove(index: number): void {
    forget(this.files[index]);
    this.files = this.files.filter((_, at) => at !== index);
  }

  /** What proves a delivery goes as it was taken: the server reads from it where and when. */
  prove(index: number): void {
    this.files = this.files.map((one, at) => {
      if (at !== index) return one;
      const { file } = one;
      return one.proof
        ? { ...one, proof: false, ready: this.prepare(file) }
        : { ...one, proof: true, ready: Promise.resolve({ file, purpose: 'proof' }) };
    });
  }

  /** Hands them over to be sent. */
  take(): Promise<Prepared>[] {
    const files = this.files.map(({ ready }) => ready);
    this.clear();
    return files;
  }

  clear(): void {
    this.files.forEach(forget);
    this.files = [];
  }

  #chosen(file: File): Chosen {
    const preview = isImage(file.type) ? URL.createObjectURL(file) : null;
    return { file, preview, proof: false, ready: this.prepare(file) };
  }
}

function forget(chosen: Chosen | undefined): void {
  if (chosen?.preview) URL.revokeObjectURL(chosen.preview);
}
