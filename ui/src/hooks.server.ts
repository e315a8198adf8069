import type { Handle } from '@sveltejs/kit';
import { existsSync, readFileSync } from 'node:fs';

/** What the build made of each source file. */
type Manifest = Record<string, { file: string; imports?: string[] }>;

const MANIFEST = '.svelte-kit/output/client/.vite/manifest.json';
/** The parts of a repository's page: its frame, the card in it, and the page that tells what went wrong. */
const PARTS = /routes\/(?:.*\[name\]\/\+(?:layout|page)|\+error)\.svelte"/;

const manifest = (): Manifest => (existsSync(MANIFEST) ? JSON.parse(readFileSync(MANIFEST, 'utf8')) : {});

/** The faces that every page begins with, and the one of code, which stands on every repository's. */
const FACES = [
	'sans-latin-400-normal',
	'sans-latin-500-normal',
	'sans-latin-600-normal',
	'serif-latin-600-normal'
];
const FACE_OF_CODE = ['mono-latin-400-normal'];

/** Addresses of faces. One that is there before the first layout saves a second. */
function faces(wanted: string[]): string[] {
	const files = Object.entries(manifest()).filter(([name]) =>
		wanted.some((face) => name.endsWith(`${face}.woff2`))
	);
	return files.map(([, { file }]) => `/${file}`);
}

const FACE = { rel: 'preload', as: 'font', type: 'font/woff2', crossOrigin: 'anonymous' };

function faceLinks(): string {
	const { crossOrigin, ...rest } = FACE;
	const attributes = Object.entries({ ...rest, crossorigin: crossOrigin }).map(
		([name, value]) => `${name}="${value}"`
	);
	return faces(FACES)
		.map((href) => `<link ${attributes.join(' ')} href="${href}" />`)
		.join('\n\t\t');
}

/** The modules of a repository's page that the browser would learn of only when it has run those before. */
function repositoryModules(): string[] {
	const made = manifest();
	const isPart = (name: string) => name.includes('/nodes/') && PARTS.test(readFileSync(name, 'utf8'));
	const found = new Set<string>();
	const take = (name: string) => {
		const { file, imports = [] } = made[name]!;
		if (found.has(file)) return;
		found.add(file);
		imports.forEach(take);
	};
	Object.keys(made).filter(isPart).forEach(take);
	return [...found].map((file) => `/${file}`);
}

/** Attributes of the links that a repository's page adds. */
function repositoryLinks(): object[] {
	return [
		...repositoryModules().map((href) => ({ rel: 'modulepreload', href })),
		...faces(FACE_OF_CODE).map((href) => ({ ...FACE, href }))
	];
}

/** Runs when the page is built, the one thing that is made on the other side than the browser's. */
export const handle: Handle = ({ event, resolve }) =>
	resolve(event, {
		transformPageChunk: ({ html }) =>
			html
				.replace('%geoml.faces%', faceLinks())
				.replace('%geoml.repository%', JSON.stringify(repositoryLinks()))
	});
