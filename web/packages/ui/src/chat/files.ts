import type { IconName } from '../primitives/icons.js';

/** What may be attached (the server looks at the content again): types, endings, and how large. */
export const MAX_FILE_BYTES = 25 * 1024 * 1024;

const TYPES: Record<string, IconName> = {
  'image/jpeg': 'image',
  'image/png': 'image',
  'image/webp': 'image',
  'image/gif': 'image',
  'application/pdf': 'file',
  'text/plain': 'file',
  'video/mp4': 'video',
  'audio/mp4': 'music',
  'audio/x-m4a': 'music',
  'audio/m4a': 'music',
  'audio/ogg': 'music',
  'audio/webm': 'music',
  'video/webm': 'video',
};

export const ACCEPT = [...Object.keys(TYPES), '.m4a', '.ogg', '.txt'].join(',');

export const isImage = (type: string | null | undefined) => type?.startsWith('image/') ?? false;
export const isAudio = (type: string | null | undefined) => type?.startsWith('audio/') ?? false;
export const isVideo = (type: string | null | undefined) => type?.startsWith('video/') ?? false;

export function fileIcon(type: string | null | undefined): IconName {
  const plain = type?.split(';')[0] ?? '';
  return TYPES[plain] ?? 'file';
}

/** Why a file cannot be attached, as a key of the catalogue, or null. */
export function refusal(file: File): 'file.empty' | 'file.tooLarge' | 'file.type' | null {
  if (file.size === 0) return 'file.empty';
  if (file.size > MAX_FILE_BYTES) return 'file.tooLarge';
  const known =
    (file.type.split(';')[0] ?? '') in TYPES || /\.(m4a|ogg|txt|pdf)$/iu.test(file.name);
  return known ? null : 'file.type';
}
