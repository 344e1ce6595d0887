import type { refusal, Requests } from './rest.js';
import type { PendingMessage } from './types.js';
import type { AttachmentView } from './wire.js';

interface Parts {
  requests: Requests;
  refuse: typeof refusal;
  signal: AbortSignal;
  onProgress(progress: number): void;
}

interface Answer {
  status: number;
  text: string;
  header(name: string): string | null;
}

const none = () => null;
const aborted = ({ refuse }: Parts) => refuse(0, { type: 'aborted', title: 'Given up' }, none);
const interrupted = ({ refuse }: Parts) =>
  refuse(0, { type: 'network', title: 'No connection' }, none);

function byXhr(parts: Parts, url: string, body: FormData, token: string) {
  const { signal, onProgress } = parts;
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

async function byFetch(parts: Parts, url: string, body: FormData, token: string) {
  const { signal } = parts;
  const headers = { Authorization: `Bearer ${token}` };
  try {
    const answer = await parts.requests.fetch(url, { method: 'POST', body, signal, headers });
    const text = await answer.text();
    return { status: answer.status, text, header: (name: string) => answer.headers.get(name) };
  } catch {
    throw signal.aborted ? aborted(parts) : interrupted(parts);
  }
}

/** Uploads the file of a message to its room. */
export async function upload(
  requests: Requests,
  /** Handed over, so that this module shares nothing with those that are loaded at once. */
  refuse: typeof refusal,
  item: PendingMessage,
  signal: AbortSignal,
  /** From 0 to 1; of a `fetch`, which cannot tell, only the end. */
  onProgress: (progress: number) => void,
): Promise<AttachmentView> {
  const parts = { requests, refuse, signal, onProgress };
  const { blob = null, name = '', purpose = null } = item.file ?? {};
  if (!blob) throw refuse(410, { type: 'gone', title: 'The file is no longer there' }, none);
  const url = `${requests.url}/api/chat/rooms/${encodeURIComponent(item.room)}/attachments/`;
  const by = typeof XMLHttpRequest === 'undefined' ? byFetch : byXhr;
  for (let renew = false; ; renew = true) {
    const token = await requests.token(renew);
    if (signal.aborted) throw aborted(parts);
    const body = new FormData();
    // Texts before the file are known when it comes.
    if (purpose) body.append('purpose', purpose);
    body.append('file', blob, name);
    const { status, text, header } = await by(parts, url, body, token);
    if (status === 401 && !renew) continue;
    let answer: unknown = null;
    try {
      answer = JSON.parse(text);
    } catch {
      // No JSON: something between us and the server has answered.
    }
    if (status >= 300 || answer === null) throw refuse(status, answer, header);
    onProgress(1);
    return answer as AttachmentView;
  }
}
