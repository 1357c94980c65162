import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  base: '/static/',
  // static/public is served by Django itself; Vite must not copy it into the bundle.
  publicDir: false,
  resolve: {
    // vtk.js asks for xmlbuilder2, which asks for Node's `events`, and the page dies with
    // "Class extends value undefined". Only vtk.js's XML writers use it, and we write none.
    alias: { xmlbuilder2: at('./static/src/xmlbuilder2_stub.js') },
  },
  build: {
    outDir: at('./static/build'),
    emptyOutDir: true,
    manifest: 'manifest.json',
    target: 'es2022',
    chunkSizeWarningLimit: 8000,
    rollupOptions: {
      input: [at('./static/src/viewer.js'), at('./static/src/worklist.js')],
    },
  },
  worker: { format: 'es' },
});
