import type { HtmlTagDescriptor, Plugin } from 'vite';

/** The conversation, and what the SDK loads by itself as it begins and with the first list. */
const NEXT = /\/(?:room\/Conversation\.svelte|sdk\/src\/(?:kept|filling)\.ts)$/u;

/** What every page asks for next: a phone far away would otherwise learn of it one round trip after the
 *  other. */
export function preload(): Plugin {
  return {
    name: 'orderchat-preload',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        if (!bundle) return;
        const tags = [link({ rel: 'preload', as: 'fetch', href: '/app/config.json' })];
        const add = (file: string) => {
          const chunk = bundle[file];
          if (chunk?.type !== 'chunk' || html.includes(file)) return;
          tags.push(link({ rel: 'modulepreload', href: `/app/${file}`, fetchpriority: 'low' }));
          for (const style of chunk.viteMetadata?.importedCss ?? []) {
            tags.push(link({ rel: 'preload', as: 'style', href: `/app/${style}` }));
          }
          chunk.imports.forEach(add);
        };
        for (const chunk of Object.values(bundle)) {
          if (chunk.type !== 'chunk') continue;
          if (NEXT.test(chunk.facadeModuleId ?? '')) add(chunk.fileName);
        }
        return tags;
      },
    },
  };
}

const link = (attrs: Record<string, string>): HtmlTagDescriptor => ({
  tag: 'link',
  attrs: { ...attrs, crossorigin: true },
  injectTo: 'head',
});
