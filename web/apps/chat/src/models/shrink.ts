/** Pictures are made smaller before they are sent: riders are on 3G, and drawing them anew leaves out
 *  where they were taken. It happens in a worker, so that writing goes on. */
export interface Prepared {
  file: File;
  width?: number;
  height?: number;
}

const PICTURES = new Set(['image/jpeg', 'image/png', 'image/webp']);

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

async function ask(file: File): Promise<Answer> {
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

export async function shrink(file: File): Promise<Prepared> {
  if (!PICTURES.has(file.type)) return { file };
  try {
    const { blob, width, height } = await ask(file);
    const size = width > 0 ? { width, height } : {};
    if (!blob) return { file, ...size };
    const name = blob.type === 'image/jpeg' ? file.name.replace(/\.\w+$/u, '.jpg') : file.name;
    return { file: new File([blob], name, { type: blob.type }), ...size };
  } catch {
    // The server makes it upright and strips it, too.
    return { file };
  }
}
