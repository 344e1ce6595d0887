/** The worker that draws pictures anew, loaded with the first of them. */
// A worker's address must be trusted by name; this one is of these pages.
const policy = (
  globalThis as {
    trustedTypes?: {
      createPolicy(name: string, rules: object): { createScriptURL(url: string): unknown };
    };
  }
).trustedTypes?.createPolicy('orderchat-worker', { createScriptURL: (url: string) => url });

let worker: Worker | null = null;
let last = 0;
const waiting = new Map<number, (answer: Answer) => void>();

export interface Answer {
  id: number;
  blob: Blob | null;
  width: number;
  height: number;
}

export async function draw(file: File): Promise<Answer> {
  if (!worker) {
    const { default: url } = await import('./shrink.worker.js?worker&url');
    worker = new Worker((policy ? policy.createScriptURL(url) : url) as string, { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
      waiting.get(data.id)?.(data);
      waiting.delete(data.id);
    });
    worker.addEventListener('error', () => {
      for (const [id, done] of waiting) done({ id, blob: null, width: 0, height: 0 });
      waiting.clear();
    });
  }
  const id = ++last;
  return new Promise((done) => {
    waiting.set(id, done);
    worker?.postMessage({ id, file });
  });
}
