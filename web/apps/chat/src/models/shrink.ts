/** Pictures are made smaller before they are sent: riders are on 3G, and drawing them anew leaves out
 *  where they were taken. It happens in a worker, so that writing goes on. */
export interface Prepared {
  file: File;
  width?: number;
  height?: number;
}

const PICTURES = new Set(['image/jpeg', 'image/png', 'image/webp']);

export async function shrink(file: File): Promise<Prepared> {
  if (!PICTURES.has(file.type)) return { file };
  try {
    const { blob, width, height } = await (await import('./drawing.js')).draw(file);
    const size = width > 0 ? { width, height } : {};
    if (!blob) return { file, ...size };
    const name = blob.type === 'image/jpeg' ? file.name.replace(/\.\w+$/u, '.jpg') : file.name;
    return { file: new File([blob], name, { type: blob.type }), ...size };
  } catch {
    // The server makes it upright and strips it, too.
    return { file };
  }
}
