import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const hub = process.env.GEOML_HUB_ADDRESS ?? 'http://127.0.0.1:8000';

/** KaTeX names each font in three formats; every browser that runs these pages reads the first. */
const katexInWoff2: Plugin = {
	name: 'katex-in-woff2',
	enforce: 'pre',
	transform: (code, id) =>
		id.includes('katex.min.css')
			? code.replace(/,url\([^)]*\.(?:woff|ttf)\) format\("[a-z]+"\)/g, '')
			: undefined
};

export default defineConfig({
	plugins: [
		katexInWoff2,
		tailwindcss(),
		paraglideVitePlugin({
			project: './project.inlang',
			outdir: './src/lib/paraglide',
			strategy: ['localStorage', 'preferredLanguage', 'baseLocale'],
			emitTsDeclarations: true
		}),
		sveltekit()
	],
	build: { chunkSizeWarningLimit: 1500 },
	server: {
		proxy: Object.fromEntries(['/api', '/blobs', '/docs', '/health'].map((path) => [path, hub]))
	},
	test: { include: ['src/**/*.test.ts'] }
});
