import type { refusal } from './rest.js';
import type { AttachmentView } from './wire.js';

export interface UploadParts {
  url: string;
  token: (renew: boolean) => Promise<string>;
  fetch: typeof fetch;
  /** Handed over, so that this module shares nothing with those that are loaded at once. */
  refusal: typeof refusal;
  file: Blob;
  name: string;
  signal: AbortSignal;
  /** From 0 to 1; of a `fetch`, which cannot tell, only the end. */
  onProgress(progress: number): void;
}

interface Answer {
  status: number;
  text: string;
  header(name: string): string | null;
}

const none = () => null;
const aborted = ({ refusal }: UploadParts) =>
  refusal(0, { type: 'aborted', title: 'Given up' }, none);
const interrupted = ({ refusal }: UploadParts) =>
  refusal(0, { type: 'network', title: 'No connection' }, none);

function byXhr(parts: UploadParts, body: FormData, token: string) {
  const { url, signal, onProgress } = parts;
  return new Promise<Answer>((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () =>
      resolve({
        status: request.status,
        text: request.responseText,
        header: (name) => request.getResponseHeader(name),
      });
    request.onerror = () => reject(interrupted(parts));
    request.onabort = () => reject(aborted(parts));
    request.onloadend = () => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort);
    request.open('POST', url);
    request.setRequestHeader('Authorization', `Bearer ${token}`);
    request.send(body);
  });
}

async function byFetch(parts: UploadParts, body: FormData, token: string) {
  const { url, signal, fetch } = parts;
  const headers = { Authorization: `Bearer ${token}` };
  try {
    const answer = await fetch(url, { method: 'POST', body, signal, headers });
    const text = await answer.text();
    return { status: answer.status, text, header: (name: string) => answer.headers.get(name) };
  } catch {
    throw signal.aborted ? aborted(parts) : interrupted(parts);
  }
}

/** Uploads a file to `POST /rooms/{id}/attachments/`, whose URL this is. */
export async function upload(parts: UploadParts): Promise<AttachmentView> {
  const by = typeof XMLHttpRequest === 'undefined' ? byFetch : byXhr;
  for (let renew = false; ; renew = true) {
    const token = await parts.token(renew);
    if (parts.signal.aborted) throw aborted(parts);
    const body = new FormData();
    body.append('file', parts.file, parts.name);
    const { status, text, header } = await by(parts, body, token);
    if (status === 401 && !renew) continue;
    let answer: unknown = null;
    try {
      answer = JSON.parse(text);
    } catch {
      // No JSON: something between us and the server has answered.
    }
    if (status >= 300 || answer === null) throw parts.refusal(status, answer, header);
    parts.onProgress(1);
    return answer as AttachmentView;
  }
}
