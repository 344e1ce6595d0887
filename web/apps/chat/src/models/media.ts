import { OrderchatError, type Client, type MessageView } from '@orderchat/sdk';

const FRESH_MS = 240_000;

/** Addresses of files that an `img` or `audio` may have. Small pictures are fetched with the token and
 *  kept while the room is open; the files themselves get a short-lived link. */
export class Media {
  readonly #client: Client;
  readonly #small = new Map<string, Promise<string>>();
  readonly #links = new Map<string, { link: Promise<string>; until: number }>();
  readonly #end = new AbortController();

  constructor(client: Client) {
    this.#client = client;
  }

  address(message: MessageView, small: boolean): Promise<string> {
    const path = message.image?.thumbnail_path;
    if (small && path) return this.#thumbnail(path);
    const attachment = message.file?.attachment;
    if (!attachment) return Promise.reject(new Error('the message has no file'));
    const known = this.#links.get(attachment);
    if (known && known.until > Date.now()) return known.link;
    const link = this.#client.fileUrl(attachment).then(({ url }) => url);
    this.#links.set(attachment, { link, until: Date.now() + FRESH_MS });
    link.catch(() => this.#links.delete(attachment));
    return link;
  }

  /** Gives the file to the browser, to be kept. Where a link leads to nothing a browser says nothing: it is made anew,
   *  and tried before. */
  async save({ file, file_name }: MessageView): Promise<void> {
    const { url } = await this.#client.fileUrl(file?.attachment ?? '');
    // Elsewhere (S3) these pages may not ask.
    const trial = await fetch(url, { method: 'HEAD', redirect: 'manual' }).catch(() => null);
    if (!trial?.ok && trial?.type !== 'opaqueredirect')
      throw new OrderchatError({ status: trial?.status ?? 0 });
    const link = document.createElement('a');
    link.href = url;
    link.download = file_name ?? 'file';
    link.click();
  }

  #thumbnail(path: string): Promise<string> {
    let found = this.#small.get(path);
    if (!found) {
      found = this.#client.file(path, this.#end.signal).then((blob) => URL.createObjectURL(blob));
      this.#small.set(path, found);
      found.catch(() => this.#small.delete(path));
    }
    return found;
  }

  close(): void {
    this.#end.abort();
    for (const address of this.#small.values()) address.then(URL.revokeObjectURL, () => undefined);
    this.#small.clear();
  }
}
