import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';

/**
 * Loads the modules of Node.js when the module that imports them is evaluated. Left alone, every `import 'node:https'` of a bundle
 * moves to its top, so that `--version` would load TLS.
 */
export const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup(build) {
    build.onResolve({ filter: /^[a-z_:]+(\/[a-z0-9]+)?$/ }, ({ path }) => {
      const name = path.replace(/^node:/, '');
      const known = path.startsWith('node:') || builtinModules.includes(name);
      return known ? { path: name, namespace: 'builtin' } : undefined;
    });
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(`node:${path}`)});`,
    }));
  },
};
