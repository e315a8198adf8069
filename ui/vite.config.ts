import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';

const hub = process.env.GEOML_HUB_ADDRESS ?? 'http://127.0.0.1:8000';

export default defineConfig({
	plugins: [
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
