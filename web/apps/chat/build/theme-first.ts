import type { Plugin } from 'vite';

/** Runs before anything is painted: a chosen theme that is not the system's would flash otherwise. It
 *  is a file of its own because the pages' policy allows no inline script. */
const CODE = `try{var t=JSON.parse(localStorage.getItem('orderchat.preferences')||'{}').theme;if(t==='light'||t==='dark')document.documentElement.dataset.theme=t}catch(e){}`;

export function themeFirst(): Plugin {
  let reference: string | undefined;
  return {
    name: 'orderchat-theme-first',
    buildStart() {
      if (this.meta.watchMode || this.environment.mode === 'dev') return;
      reference = this.emitFile({ type: 'asset', name: 'theme.js', source: CODE });
    },
    transformIndexHtml: {
      order: 'post',
      handler(_html, context) {
        if (!reference || !context.bundle)
          return [{ tag: 'script', children: CODE, injectTo: 'head-prepend' }];
        return [
          {
            tag: 'script',
            attrs: { src: `/app/${this.getFileName(reference)}` },
            injectTo: 'head-prepend',
          },
        ];
      },
    },
  };
}
