import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import icons from 'unplugin-icons/vite';
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

/**
 * The chart library makes a formatter of numbers and asks for the time zone when it comes, which takes a slow machine 100 ms.
 * Our charts bring words of their own for their axes and have no need of either.
 */
const chartWithoutFormatters: Plugin = {
	name: 'chart-without-formatters',
	enforce: 'pre',
	transform(code, id) {
		if (!id.includes('uPlot.esm.js')) return undefined;
		const withoutNumbers = code.replace(/new Intl\.NumberFormat\([^)]*\)/, '{ format: String }');
		const lean = withoutNumbers.replace('new Intl.DateTimeFormat().resolvedOptions().timeZone', 'undefined');
		if (withoutNumbers === code || lean === withoutNumbers)
			this.error('the chart library makes its formatters in another way');
		return lean;
	}
};

/**
 * An icon is a fixed piece of SVG with two attributes of its own, which the browser copies; a component that is told its
 * shapes one by one costs a slow machine some milliseconds an icon.
 */
const iconComponent = {
	extension: 'svelte',
	compiler: (svg: string) =>
		`<script>const { class: look, label } = $props();</script>` +
		svg.replace('<svg', '<svg class={look} aria-label={label} aria-hidden={label === undefined}')
};

/**
 * Each request costs a browser about as much as a kilobyte and a slow machine some milliseconds, so code that comes together
 * is kept together: what every page begins with is one file, what home adds another, what a repository adds a third, each
 * with all that it needs. What only other pages share are few files.
 */
const chunks = [
	{
		name: 'frame',
		test: /client-optimized\/(?:app|nodes\/0)\.js$|runtime\/client\/entry\.js$|routes\/\+error\.svelte$/,
		priority: 4
	},
	{ name: 'home', test: /routes\/\+page\.svelte$/, priority: 3 },
	{ name: 'repository', test: /\[name\]\/\+(?:layout|page)\.svelte$/, priority: 2 },
	{ name: 'chart', test: /node_modules\/uplot\//, priority: 2 },
	{
		name: 'shared',
		tags: ['$initial' as const],
		minShareCount: 2,
		entriesAware: true,
		entriesAwareMergeThreshold: 24_000,
		priority: 1
	}
];

/**
 * What a page begins with runs at once, so Chromium compiles all of it beside the page while it comes, instead of each
 * function when it is first called (explicit compile hints of V8): a tenth of the time on a slow machine.
 */
const compileAtOnce = ({ name }: { name: string }) =>
	['frame', 'home', 'repository', 'chart'].includes(name) ? '//# allFunctionsCalledOnLoad' : '';

export default defineConfig({
	plugins: [
		katexInWoff2,
		chartWithoutFormatters,
		tailwindcss(),
		paraglideVitePlugin({
			project: './project.inlang',
			outdir: './src/lib/paraglide',
			strategy: ['localStorage', 'preferredLanguage', 'baseLocale'],
			emitTsDeclarations: true
		}),
		icons({ compiler: iconComponent, scale: 1 }),
		sveltekit()
	],
	build: { chunkSizeWarningLimit: 1500 },
	worker: { format: 'es' },
	// The build tool runs the other half, which nobody is served, to look at it; it would meet code that needs a browser.
	environments: {
		client: {
			build: { rolldownOptions: { output: { codeSplitting: { groups: chunks }, postBanner: compileAtOnce } } }
		}
	},
	server: {
		proxy: Object.fromEntries(['/api', '/blobs', '/docs', '/health'].map((path) => [path, hub]))
	},
	test: { include: ['src/**/*.test.ts'] }
});
