import adapter from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

// The committed build, which the binary embeds; `npm run verify` builds elsewhere and compares.
const build = process.env.GEOML_HUB_UI_BUILD ?? '../assets/ui';

/** @type {import('@sveltejs/kit').Config} */
export default {
	preprocess: vitePreprocess(),
	kit: {
		adapter: adapter({
			pages: build,
			assets: build,
			fallback: 'index.html',
			precompress: true
		}),
		// A fixed name keeps the build the same byte for byte; a changed build has other file names anyway.
		version: { name: 'geoml-hub' },
		output: { bundleStrategy: 'split' },
		alias: { $messages: 'src/lib/paraglide/messages.js', $paraglide: 'src/lib/paraglide' }
	}
};
